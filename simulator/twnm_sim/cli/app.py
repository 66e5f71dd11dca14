"""The commands of `twnm-sim`, put together."""

import typer

from twnm_shards.command_line import VersionOption, run_app
from twnm_sim.cli import (
    check_command,
    clips_command,
    compose_command,
    describe_command,
    import_command,
    plot_command,
    rebuild_command,
    render_command,
    stats_command,
)

app = typer.Typer(
    help="Simulate rooms and heads: render libraries of binaural room impulse responses, check them, draw them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("render")(render_command.render)
app.command("spec")(render_command.spec)
app.command("import")(import_command.import_rooms)
app.command("compose")(compose_command.compose)
app.command("scene-spec")(compose_command.scene_spec)
app.command("rebuild")(rebuild_command.rebuild)
app.command("stats")(stats_command.stats)
app.command("check")(check_command.check)
app.command("plot")(plot_command.plot)
app.command("describe")(describe_command.describe)
app.add_typer(clips_command.app, name="clips")


@app.callback()
def _simulator(version: VersionOption = False) -> None:
    pass


def main() -> None:
    """The entry point of `twnm-sim`."""
    run_app(app)
