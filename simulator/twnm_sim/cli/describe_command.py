"""`twnm-sim describe`."""

from typing import Annotated

import typer


def describe(
    scenes: Annotated[
        list[str],
        typer.Argument(metavar="[DIR/]SCENE...", help="Scenes by name; scene-000123 is looked for in ./data."),
    ],
    degrees: Annotated[bool, typer.Option("--degrees", help="Add exact angles, distances and times.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the statements as JSON, one line a scene.")] = False,
) -> None:
    """Say in words what is heard in a scene: what, from where, how far, when, and how the sounds relate.

    All of it follows from the scene's record; it is the text that questions are made from.
    """
    from twnm_sim.scenes.describe import describe_scene
    from twnm_sim.scenes.facts import read_facts
    from twnm_sim.scenes.finding import find_named

    for name in scenes:
        scene = find_named(name).scene
        if as_json:
            typer.echo(read_facts(scene).model_dump_json())
            continue
        if len(scenes) > 1:
            typer.echo(f"{scene.scene_id}:")
        typer.echo(describe_scene(scene, degrees))
