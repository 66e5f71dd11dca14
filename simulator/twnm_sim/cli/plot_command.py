"""`twnm-sim plot`."""

from pathlib import Path
from typing import Annotated

import typer


def plot(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A root that render wrote, or its brirs folder.")
    ] = Path("data"),
    room: Annotated[int, typer.Option(help="Its number, 17 for room-000017.")] = 0,
    source: Annotated[int, typer.Option(help="The source's number in the room.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A .png, .svg or .html file.", show_default="room-000017-s03.png"),
    ] = None,
    hrtf: Annotated[
        str | None,
        typer.Option(help="Name or SOFA file of the head, where its name alone does not find it.", show_default=False),
    ] = None,
) -> None:
    """Draw one position: room map, response, echogram, decays with fits, coherence between the ears."""
    from twnm_sim.plots.page import plot_position

    typer.echo(f"{plot_position(folder, room, source, out, hrtf)}")
