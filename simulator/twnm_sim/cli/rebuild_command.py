"""`twnm-sim rebuild`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twnm_sim.cli.amounts import say_count
from twnm_sim.cli.run_options import choose_mode, choose_workers, local_folder

if TYPE_CHECKING:
    from twnm_sim.scenes.rebuild import RebuildPlan, Rebuilt

_MANY = "Repeat the option for more."


def rebuild(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Scenes that were stored as recipes, or with audio.")],
    brirs: Annotated[list[str], typer.Option(metavar="URL", help=f"Libraries of the rooms. {_MANY}")],
    clips: Annotated[Path, typer.Option(metavar="CATALOG", help="The catalog of the clips that you have.")],
    out: Annotated[str, typer.Option(metavar="DIR", help="Root folder of the rebuilt scenes.")],
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="all cores")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Remove the run that is there first.")] = False,
) -> None:
    """Make the audio of scenes again from their recipes, and compare it with what their records promise.

    Exits with 2 where a clip or room is missing or differs, or audio is not what a record promises.
    """
    from twnm_shards.progress import showing
    from twnm_sim.scenes.rebuild import plan_rebuild, run_rebuild

    target = local_folder(out)
    plan = plan_rebuild(folder, brirs, clips)
    _print_missing(plan)
    with showing("rebuild", max(1, plan.scenes), "scenes") as show:
        rebuilt = run_rebuild(plan, target, choose_workers(workers), choose_mode(False, overwrite), on_progress=show)
    _print_rebuilt(rebuilt)
    if plan.missing or rebuilt.different or rebuilt.unknown:
        raise typer.Exit(2)


def _print_missing(plan: "RebuildPlan") -> None:
    for sentence in plan.say_missing():
        typer.echo(sentence)
    if plan.left_out:
        typer.echo(f"{say_count(len(plan.left_out), 'scene')} cannot be rebuilt without them.")


def _print_rebuilt(rebuilt: "Rebuilt") -> None:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(rebuilt.verdicts.items())) or "none"
    worst = "" if rebuilt.worst_db is None else f" (largest difference {rebuilt.worst_db:.0f} dB)"
    typer.echo(f"rebuilt into {rebuilt.root}: {counts}{worst}")
    for key in rebuilt.different:
        typer.echo(f"{key} came out different; its record was made by other code or from other clips.")
    for key in rebuilt.unknown:
        typer.echo(f"{key} cannot be compared: its record does not promise all of the audio.")
