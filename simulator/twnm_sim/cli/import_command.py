"""`twnm-sim import`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from twnm_sim.cli.run_options import Overwrite, Resume, choose_mode, choose_workers, local_folder

if TYPE_CHECKING:
    from twnm_sim.measured.run import ImportPlan, ImportSummary


class SplitChoice(StrEnum):
    """Where rooms may be used."""

    train = "train"
    validation = "validation"
    test = "test"


_WHAT, _SAID, _WHERE = "What is imported", "What is said of it", "Where and how"


def import_rooms(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOFA...",
            help="SOFA files or their URLs, or folder:PATH of stereo files with a positions.csv.",
        ),
    ],
    out: Annotated[
        str, typer.Option(metavar="DIR", help="Root folder; shards go to DIR/brirs.", rich_help_panel=_WHERE)
    ],
    sample_rate: Annotated[int, typer.Option(help="Hz; responses are resampled.", rich_help_panel=_WHAT)] = 44100,
    max_duration: Annotated[
        float | None,
        typer.Option(help="Seconds after which responses are cut.", show_default="whole", rich_help_panel=_WHAT),
    ] = None,
    room: Annotated[
        str | None,
        typer.Option(
            help="The room's name, one for all that is given; one name is one split.",
            show_default="the file's",
            rich_help_panel=_SAID,
        ),
    ] = None,
    head: Annotated[
        str | None, typer.Option(help="The dummy head.", show_default="the file's", rich_help_panel=_SAID)
    ] = None,
    license: Annotated[  # noqa: A002
        str | None, typer.Option(help="SPDX id.", show_default="the file's field, if it reads", rich_help_panel=_SAID)
    ] = None,
    citation: Annotated[
        str | None, typer.Option(help="What to cite.", show_default="the file's", rich_help_panel=_SAID)
    ] = None,
    source_url: Annotated[
        str | None, typer.Option(help="Where the data is from.", show_default="the file's", rich_help_panel=_SAID)
    ] = None,
    split: Annotated[
        SplitChoice | None,
        typer.Option(help="The split of every room given.", show_default="by the room's name", rich_help_panel=_SAID),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes.", show_default="all cores", rich_help_panel=_WHERE)
    ] = None,
    shard_size: Annotated[
        str, typer.Option(help="Rooms (64) or predicted bytes (500MB, 1GB).", rich_help_panel=_WHERE)
    ] = "1GB",
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Import measured rooms into a library of responses, with the records of rendered ones.

    Run the same command again after any interruption: it finishes what is missing, byte for byte.
    """
    from twnm_sim.measured.run import ImportRequest, plan_import
    from twnm_sim.measured.sets import Given

    mode, processes = choose_mode(resume, overwrite), choose_workers(workers)
    request = ImportRequest(
        specs=tuple(sources),
        out=local_folder(out),
        given=Given(license=license, citation=citation, source_url=source_url, head=head, room=room),
        sample_rate=sample_rate,
        max_duration_s=max_duration,
        split=None if split is None else split.value,
        shard_size=shard_size,
        workers=processes,
        mode=mode,
    )
    _print_summary(_run_with_progress(plan_import(request)))


def _run_with_progress(plan: "ImportPlan") -> "ImportSummary":
    from twnm_shards.progress import showing
    from twnm_sim.measured.run import run_import

    with showing("import", plan.job.samples, "rooms") as show:
        return run_import(plan, lambda progress: show(progress.samples_done))


def _print_summary(summary: "ImportSummary") -> None:
    from twnm_schemas.licences import may_publish

    typer.echo(
        f"{summary.folder}: {summary.samples} listener pose(s) of {summary.rooms} measured room(s), "
        f"{summary.positions} position(s), {summary.bytes / 1e6:.1f} MB, {', '.join(summary.licenses)}"
    )
    for spdx in summary.licenses:
        if not may_publish(spdx):
            typer.echo(f"{spdx} does not allow publishing; if the terms are known, import again with --license.")
