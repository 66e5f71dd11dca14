"""`twnm-sim compose` and `twnm-sim scene-spec`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twnm_sim.cli.amounts import say_bytes, say_count, say_time
from twnm_sim.cli.run_options import Overwrite, Resume, SplitChoice, Workers, choose_mode, choose_workers, local_folder
from twnm_sim.cli.scene_options import read_scene_spec

if TYPE_CHECKING:
    from twnm_sim.scenes.run import ScenePlan, SceneSummary


class Profile(StrEnum):
    """Which licences may go into scenes, and whether audio is stored."""

    open = "open"
    research_nc = "research-nc"
    recipe = "recipe"


_WHAT, _WHERE = "What is composed", "Where and how"
_MANY = "Repeat the option for more."


def compose(
    brirs: Annotated[
        list[str],
        typer.Option(metavar="URL", help=f"Folder, tar, pattern or URL of a library. {_MANY}", rich_help_panel=_WHAT),
    ],
    clips: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help=f"As for clips scan, or a catalog. {_MANY}",
            show_default="builtin",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    license: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option(
            metavar="SPDX",
            help="Licence of clips whose own is not known.",
            show_default=False,
            rich_help_panel=_WHAT,
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(help="Only these classes, with commas.", show_default="all", rich_help_panel=_WHAT),
    ] = None,
    include: Annotated[
        str | None,
        typer.Option(help="Classes that are in every scene, with commas.", show_default="none", rich_help_panel=_WHAT),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(help="any: one class may sound twice.", show_default="distinct", rich_help_panel=_WHAT),
    ] = None,
    n: Annotated[int, typer.Option("--n", help="How many scenes.", rich_help_panel=_WHAT)] = 1000,
    out: Annotated[
        str, typer.Option(metavar="DIR", help="Root folder; shards go to DIR/scenes/SPLIT.", rich_help_panel=_WHERE)
    ] = "data",
    seed: Annotated[int, typer.Option(help="Everything random follows from it.", rich_help_panel=_WHAT)] = 0,
    split: Annotated[
        SplitChoice, typer.Option(help="all: 90, 5 and 5 parts, as far as there are rooms.", rich_help_panel=_WHAT)
    ] = SplitChoice.all,
    spec: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Scene spec as JSON; see twnm-sim scene-spec.", rich_help_panel=_WHAT),
    ] = None,
    sources: Annotated[
        str | None, typer.Option(help="How many: 3, or 2-4.", show_default="1-4", rich_help_panel=_WHAT)
    ] = None,
    want: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORDS",
            help=f'What places must fulfil, as in "farthest by 2x". {_MANY}',
            show_default=False,
            rich_help_panel=_WHAT,
        ),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(help="Only simulated, or only measured rooms.", show_default="both", rich_help_panel=_WHAT),
    ] = None,
    hrtf: Annotated[
        str | None,
        typer.Option(help="The head that the library must have.", show_default="any", rich_help_panel=_WHAT),
    ] = None,
    sample_rate: Annotated[
        int | None,
        typer.Option(help="The rate in Hz that the library must have.", show_default="any", rich_help_panel=_WHAT),
    ] = None,
    duration: Annotated[float | None, typer.Option(help="Seconds.", show_default="5", rich_help_panel=_WHAT)] = None,
    loudness: Annotated[
        str | None,
        typer.Option(help="-32..-20LUFS, -26LUFS or -40..-30dBFS.", show_default="-32..-20LUFS", rich_help_panel=_WHAT),
    ] = None,
    ambience: Annotated[
        str | None,
        typer.Option(
            metavar="DB", help="Diffuse background, dB below: 5..25.", show_default="none", rich_help_panel=_WHAT
        ),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(
            metavar="DBFS", help="Noise of the microphones: -80..-60.", show_default="none", rich_help_panel=_WHAT
        ),
    ] = None,
    foa: Annotated[bool, typer.Option("--foa", help="Ambisonics beside the ears.", rich_help_panel=_WHAT)] = False,
    stems: Annotated[bool, typer.Option("--stems", help="Each event by itself.", rich_help_panel=_WHAT)] = False,
    dry: Annotated[bool, typer.Option("--dry", help="Each event before the room.", rich_help_panel=_WHAT)] = False,
    license_profile: Annotated[
        Profile, typer.Option(help="recipe stores no audio.", rich_help_panel=_WHAT)
    ] = Profile.open,
    workers: Workers = None,
    shard_size: Annotated[
        str, typer.Option(help="Scenes (512) or predicted bytes (500MB, 1GB).", rich_help_panel=_WHERE)
    ] = "1GB",
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Compose scenes from a library of responses and dry clips, as WebDataset shards.

    Run the same command again after any interruption: it finishes what is missing, byte for byte.
    """
    from twnm_sim.scenes.run import SceneRequest

    mode = choose_mode(resume, overwrite)
    recipe = read_scene_spec(
        spec,
        {
            "sources": sources,
            "constraints": want,
            "rooms": origin,
            "clips": labels,
            "include": include,
            "classes": classes,
            "hrtf": hrtf,
            "sample_rate": sample_rate,
            "duration_s": duration,
            "loudness": loudness,
            "ambience": ambience,
            "noise_dbfs": noise,
            "outputs": ("binaural", "foa") if foa else None,
            "stems": stems or None,
            "dry": dry or None,
        },
    )
    request = SceneRequest(
        spec=recipe,
        brirs=tuple(brirs),
        clips=tuple(clips or ("builtin",)),
        license=license,
        scenes=n,
        seed=seed,
        out=local_folder(out),
        splits=() if split is SplitChoice.all else (split.value,),
        profile=license_profile.value,
        shard_size=shard_size,
        workers=choose_workers(workers),
        mode=mode,
    )
    plan = plan_with_progress(request)
    print_scene_plan(plan)
    print_scene_summary(run_with_progress(plan))


def scene_spec() -> None:
    """Print the default scene spec as JSON, to edit and give to `compose --spec`."""
    from twnm_schemas.scenes import SceneSpec

    typer.echo(SceneSpec().model_dump_json(indent=2))


def plan_with_progress(request: Any) -> "ScenePlan":
    """Plan a run, with a bar while clips are looked into."""
    from twnm_shards.progress import showing_once_known
    from twnm_sim.scenes.run import plan_scenes

    with showing_once_known("scan", "files") as on_scan:
        return plan_scenes(request, on_scan)


def print_scene_plan(plan: "ScenePlan") -> None:
    """What will be made, how large it is and how long it takes."""
    splits = [part.split for part in plan.parts]
    rooms, clips = (
        sum(len(of(split)) for split in splits) for of in (plan.ingredients.room_groups, plan.ingredients.pool)
    )
    shares = ", ".join(f"{part.job.samples} {part.split}" for part in plan.parts)
    typer.echo(
        f"{say_count(plan.scenes, 'scene')} ({shares}) from {say_count(rooms, 'room')} and "
        f"{say_count(clips, 'clip')} into {plan.parts[0].folder.parent}: about {say_bytes(plan.bytes)}, "
        f"about {say_time(plan.seconds)} of composing with {say_count(plan.request.workers, 'worker')}."
    )
    if plan.left_out:
        typer.echo(f"No rooms or no clips are in {' or '.join(plan.left_out)}: no scenes are made there.")


def run_with_progress(plan: "ScenePlan") -> "SceneSummary":
    """Run a plan, with a bar."""
    from twnm_shards.progress import showing
    from twnm_sim.scenes.run import run_scenes

    with showing("compose", plan.scenes, "scenes") as show:
        return run_scenes(plan, show)


def print_scene_summary(summary: "SceneSummary") -> None:
    """What was made."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{summary.root}", title_justify="left", show_header=False)
    for split, count in summary.scenes.items():
        table.add_row(f"scenes: {split}", f"{count}")
    table.add_row("events", f"{summary.events}")
    table.add_row("different rooms", f"{summary.rooms}")
    table.add_row("by number of sources", ", ".join(f"{n}: {c}" for n, c in sorted(summary.sources.items())))
    for license_spdx, count in sorted(summary.licenses.items()):
        table.add_row(f"license: {license_spdx}", f"{count}")
    for reason, count in sorted(summary.rejections.items()):
        table.add_row(f"rejected: {reason}", f"{count}")
    table.add_row("size", say_bytes(summary.bytes))
    table.add_row("wall time", say_time(summary.wall_s))
    table.add_row("attribution", f"{summary.attribution}")
    Console(markup=False, highlight=False).print(table)
