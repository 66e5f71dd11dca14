"""`twnm-shards`: what can be done with folders of shards."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twnm_shards.command_line import VersionOption, run_app

if TYPE_CHECKING:
    from twnm_shards.problems import Problem

app = typer.Typer(
    help="Check what lies in folders of shards.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _shards(version: VersionOption = False) -> None:
    pass


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A root, or one kind's folder.")] = Path("data"),
    quick: Annotated[
        bool, typer.Option("--quick", help="Sizes, checksums and structure only; decode no audio.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the problems as JSON.")] = False,
) -> None:
    """Find every damaged, missing, truncated, duplicated or foreign shard or member, and name it.

    Exits with 0 if the folder is whole and with 2 if it is not.
    """
    from twnm_shards.progress import showing
    from twnm_shards.verify import shard_bytes, verify_folder

    mebibyte = 1 << 20
    with showing("verify", max(1, shard_bytes(folder) // mebibyte), "MiB") as show:
        problems = verify_folder(folder, deep=not quick, on_bytes=lambda done: show(done // mebibyte))
    if as_json:
        _print_json(folder, problems)
    else:
        _print_table(folder, problems)
    if problems:
        raise typer.Exit(2)


def _print_json(folder: Path, problems: "list[Problem]") -> None:
    from twnm_shards.files import json_bytes

    found = [problem._asdict() for problem in problems]
    typer.echo(json_bytes({"folder": str(folder), "problems": found}).decode(), nl=False)


def _print_table(folder: Path, problems: "list[Problem]") -> None:
    from rich.console import Console
    from rich.table import Table

    if not problems:
        typer.echo(f"{folder} is whole")
        return
    table = Table("problem", "what", title=f"{len(problems)} problems in {folder}", title_justify="left")
    for problem in problems:
        table.add_row(problem.problem_name, problem.sentence)
    Console(markup=False, highlight=False, soft_wrap=False).print(table)


def main() -> None:
    """The entry point of `twnm-shards`."""
    run_app(app)
