"""`twnm-sim plot`."""

from pathlib import Path
from typing import Annotated

import typer


def plot(
    what: Annotated[
        str,
        typer.Argument(
            metavar="[DIR/]NAME",
            help="A scene or a room by its name (scene-000123 is looked for in ./data), or a library's folder "
            "with --room.",
        ),
    ] = "data",
    room: Annotated[
        int | None, typer.Option(help="Of a library's folder: the room's number, 17 for room-000017.", show_default="0")
    ] = None,
    source: Annotated[int | None, typer.Option(help="Of a room: the source's number.", show_default="0")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A .png, .svg or .html file; the page of a scene plays it.",
            show_default="scene-000123.png, room-000017-s03.png",
        ),
    ] = None,
    hrtf: Annotated[
        str | None,
        typer.Option(
            help="Of a room: name or SOFA file of the head, where its name alone does not find it.", show_default=False
        ),
    ] = None,
) -> None:
    """Draw a scene, or one position of a room.

    A scene: the room from above and from the side, both ears' spectrograms, when each sound is heard. A position: room
    map, response, echogram, decays with fits, coherence between the ears.
    """
    from twnm_schemas.errors import SpecError
    from twnm_sim.scenes.finding import split_name

    folder, name = split_name(what)
    if name.startswith("scene-"):
        if (room, source, hrtf) != (None, None, None):
            raise SpecError(f"--room, --source and --hrtf choose a room's position; {name} is a scene and takes none.")
        from twnm_sim.plots.scene_page import plot_scene

        typer.echo(f"{plot_scene(folder, name, out)}")
        return
    if name and room is not None:
        raise SpecError(f"{what} names the room already; leave out --room.")
    from twnm_sim.plots.page import plot_position

    number = int(name.rpartition("-")[2]) if name else room or 0
    typer.echo(f"{plot_position(folder, number, source or 0, out, hrtf)}")
