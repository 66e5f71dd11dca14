"""`twnm-bench score`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from twnm_bench.score import Score
    from twnm_bench.score.tables import Sheet

_WHAT, _HOW, _OUT = "What is scored", "How", "What is written"
_WIDTH = 100  # of a table where there is no terminal to ask
_TO = "A file, or - for the standard output, which then holds nothing else."


def score(
    benchmark: Annotated[Path, typer.Option(metavar="FILE", help="Questions: questions.jsonl.", rich_help_panel=_WHAT)],
    predictions: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help='JSON lines of {"id", "output"} with <answer>A</answer>, or {"id", "answer"} with a letter; '
            '"rotation" says how the choices were shown.',
            rich_help_panel=_WHAT,
        ),
    ],
    compare: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Predictions of another run to hold this one against. Repeat the option for more.",
            show_default=False,
            rich_help_panel=_WHAT,
        ),
    ] = None,
    mirror: Annotated[
        bool,
        typer.Option(
            "--mirror",
            help="Score against what is true with left and right exchanged; other questions are left out.",
            rich_help_panel=_HOW,
        ),
    ] = False,
    only_mirrored: Annotated[
        bool,
        typer.Option(
            "--only-mirrored",
            help="The true key, over the questions that --mirror scores.",
            rich_help_panel=_HOW,
        ),
    ] = False,
    allow_missing: Annotated[
        bool,
        typer.Option("--allow-missing", help="Count questions without an answer as wrong.", rich_help_panel=_HOW),
    ] = False,
    as_json: Annotated[
        str | None,
        typer.Option("--json", metavar="FILE", help=f"All numbers. {_TO}", show_default=False, rich_help_panel=_OUT),
    ] = None,
    markdown: Annotated[
        str | None,
        typer.Option(metavar="FILE", help=f"The tables. {_TO}", show_default=False, rich_help_panel=_OUT),
    ] = None,
    latex: Annotated[
        str | None,
        typer.Option(metavar="FILE", help=f"The tables, for booktabs. {_TO}", show_default=False, rich_help_panel=_OUT),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Accuracy by task: .png, .svg or .pdf.", show_default=False, rich_help_panel=_OUT
        ),
    ] = None,
) -> None:
    """Score answers: accuracy by area and task with intervals, consistency, comparisons between runs.

    A reply that does not parse is wrong and is counted as unparsed; no letter is guessed.
    """
    from twnm_bench.score import ScoreRequest, score_files
    from twnm_bench.score.outputs import OutputPlan

    outputs = OutputPlan(json=as_json, markdown=markdown, latex=latex, plot=plot)
    outputs.check()
    found = score_files(
        ScoreRequest(
            benchmark=benchmark,
            predictions=predictions,
            compare=tuple(compare or ()),
            key="mirror" if mirror else "true",
            only_mirrored=only_mirrored,
            allow_missing=allow_missing,
        )
    )
    text = outputs.write(found)
    if text is not None:
        typer.echo(text, nl=False)
    else:
        _print_score(found)


def _print_score(found: "Score") -> None:
    from rich.console import Console

    from twnm_bench.score.tables import lay_out

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, width=_WIDTH)
    for place, sheet in enumerate(lay_out(found)):
        if place:
            console.print()
        _print_sheet(console, sheet)


def _print_sheet(console: "Console", sheet: "Sheet") -> None:
    from rich import box
    from rich.table import Table

    table = Table(title=sheet.title, title_justify="left", box=box.SIMPLE_HEAD)
    table.padding, table.pad_edge = (0, 1, 0, 0), False
    for place, name in enumerate(sheet.columns):
        table.add_column(name, justify="right" if place else "left", no_wrap=not place)
    for row in sheet.rows:
        if row.kind == "area":
            table.add_section()
        table.add_row(f"  {row.name}" if row.kind == "task" else row.name, *row.cells)
    console.print(table)
    if sheet.note:
        console.print(sheet.note)
