"""`twnm-sim stats`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twnm_sim.scenes.statistics import SceneStats


def stats(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A root, its scenes folder, or one split's.")] = Path(
        "data"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="All numbers as JSON.")] = False,
    labels: Annotated[int, typer.Option(min=0, help="How many classes to show.")] = 20,
) -> None:
    """Say what a set of scenes holds: how many of what, and how angles, distances, levels and times are spread."""
    from dataclasses import asdict

    from twnm_shards.files import json_bytes
    from twnm_sim.scenes.statistics import summarise_scenes

    found = summarise_scenes(folder)
    if as_json:
        typer.echo(json_bytes(asdict(found)).decode(), nl=False)
    else:
        _print_tables(folder, found, labels)


def _print_tables(folder: Path, found: "SceneStats", labels: int) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    from twnm_sim.scenes.statistics import QUANTILES

    console = Console(markup=False, highlight=False)
    title = f"{folder}: {found.scenes} scenes, {found.events} events, {found.hours:.2f} h"
    counts = Table("what", "how many", title=title, title_justify="left")
    for name, values in found.counts.items():
        shown = list(values.items())[: labels if name == "class" else None]
        more = len(values) - len(shown)
        counts.add_row(
            name, ", ".join(f"{value}: {count}" for value, count in shown) + (f", {more} more" if more else "")
        )
    console.print(counts)
    spreads = Table(
        *(Column(name, no_wrap=True) for name in ("quantity", "null", *(f"{100 * q:.0f} %" for q in QUANTILES)))
    )
    for name, spread in found.spreads.items():
        cells = (_say(value) for value in spread.quantiles)
        spreads.add_row(f"{name} / {spread.unit}", f"{spread.nulls}", *cells)
    console.print(spreads)


def _say(value: float) -> str:
    """Three digits or so, never in powers of ten."""
    return f"{value:.0f}" if abs(value) >= 100.0 else f"{value:.1f}" if abs(value) >= 10.0 else f"{value:.2f}"
