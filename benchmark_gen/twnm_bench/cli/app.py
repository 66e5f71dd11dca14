"""The commands of `twnm-bench`, put together."""

import typer

from twnm_bench.cli import (
    audit_command,
    export_command,
    generate_command,
    qa_command,
    run_command,
    score_command,
    teach_command,
)
from twnm_shards.command_line import VersionOption, run_app

app = typer.Typer(
    help="Ask about spatial scenes: generate questions and training text, audit them, run models, score answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _bench(version: VersionOption = False) -> None:
    pass


app.command("generate")(generate_command.generate)
app.command("audit")(audit_command.audit)
app.command("export")(export_command.export)
app.command("qa")(qa_command.qa)
app.command("run")(run_command.run)
app.command("score")(score_command.score)
app.command("teach")(teach_command.teach)


def main() -> None:
    """The entry point of `twnm-bench`."""
    run_app(app)
