"""`twnm-sim check`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twnm_sim.check.gates import Verdict
    from twnm_sim.check.run import Outcome


def check(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A root that render wrote, or its brirs folder.")
    ] = Path("data"),
    rooms: Annotated[
        int, typer.Option(help="Rooms whose audio is decoded, spread evenly; all records are read.")
    ] = 200,
    workers: Annotated[int | None, typer.Option(help="Processes.", show_default="by cores and rooms")] = None,
    hrtf: Annotated[
        str | None,
        typer.Option(help="Name or SOFA file of the head, where its name alone does not find it.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the report.", show_default="the root")
    ] = None,
) -> None:
    """Compare a library with its records and with physics; write report.html and report.json.

    Exits with 2 if a gate fails, after the report is written.
    """
    from twnm_shards.progress import showing
    from twnm_sim.check import CheckRequest, check_library

    outcome = check_library(CheckRequest(folder, rooms, workers, hrtf, out), showing)
    _print_table(outcome)
    typer.echo(f"report: {outcome.html_path}")
    if outcome.failed:
        raise typer.Exit(2)


def _print_table(outcome: "Outcome") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("gate", "at most", "worst", "95 %", "median", "result")
    for verdict in outcome.report.verdicts:
        table.add_row(*_row(verdict))
    console = Console(markup=False, highlight=False)
    console.print(table)
    for verdict in outcome.failed:
        where = f", worst at {verdict.place}" if verdict.place else ""
        console.print(f"FAILED: {verdict.gate.sentence}: {_say(verdict.worst)} {verdict.gate.unit}{where}")
    unknown = [verdict for verdict in outcome.report.verdicts if verdict.status == "not checked"]
    for reason in sorted({verdict.note for verdict in unknown}):
        names = ", ".join(verdict.gate.name.replace("_", " ") for verdict in unknown if verdict.note == reason)
        console.print(f"not checked: {names}: {reason}")


def _row(verdict: "Verdict") -> tuple[str, ...]:
    gate = verdict.gate
    limit = "" if gate.limit is None else f"{gate.limit:g} {gate.unit}".strip()
    numbers = (_say(value) for value in (verdict.worst, verdict.p95, verdict.median))
    result = verdict.status.upper() if verdict.status == "fail" else verdict.status
    return gate.name.replace("_", " "), limit, *numbers, result


def _say(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
