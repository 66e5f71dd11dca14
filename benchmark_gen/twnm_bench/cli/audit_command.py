"""`twnm-bench audit`."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twnm_bench.audit.readers import Reader
    from twnm_bench.audit.verdicts import Audit

_WITH, _OUT = "What it is held against", "What is written"
_MANY = "Repeat the option for more."
_WIDTH = 120  # of a table where there is no terminal to ask


def audit(
    questions: Annotated[
        Path, typer.Argument(metavar="FILE", help="Questions: questions.jsonl, or a foreign file with its columns.")
    ],
    scenes: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR_OR_TAR",
            help=f"Scenes that are asked about, where their records do not lie beside the audio. {_MANY}",
            show_default=False,
            rich_help_panel=_WITH,
        ),
    ] = None,
    train: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help=f"Training scenes, with which nothing may be shared; of a root all splits but test. {_MANY}",
            show_default=False,
            rich_help_panel=_WITH,
        ),
    ] = None,
    quota: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK=N",
            help=f"How many questions a task must have. {_MANY}",
            show_default=False,
            rich_help_panel=_WITH,
        ),
    ] = None,
    llm: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="An OpenAI-compatible endpoint that is asked with the text alone; its key in TWNM_LLM_KEY or "
            "OPENAI_API_KEY.",
            show_default=False,
            rich_help_panel=_WITH,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="The model at that endpoint.", show_default=False, rich_help_panel=_WITH),
    ] = None,
    as_json: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="All findings.", show_default=False, rich_help_panel=_OUT),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A page of them.", show_default=False, rich_help_panel=_OUT)
    ] = None,
) -> None:
    """Audit a set of questions: keys, options, what the text alone gives away, duplicates, splits, licences.

    Exits with 2 if a gate fails, after the reports are written. What a foreign file does not tell is "not checked".
    """
    from twnm_bench.audit.pages import write_audit
    from twnm_bench.audit.run import audit_items
    from twnm_bench.audit.shelves import look_into_shards, read_training
    from twnm_bench.items import read_items

    quotas = _read_quotas(quota or [])
    items = read_items(questions)
    shelves = look_into_shards(items, questions.parent, scenes or [])
    training = read_training(train) if train else None
    with ExitStack() as stack:
        found = audit_items(
            items,
            shelves.scenes,
            members=shelves.members,
            training=training,
            quotas=quotas,
            reader=_open_reader(llm, model, len(items), stack),
        )
    write_audit(found, as_json, html, items)
    _print_audit(found)
    for path in filter(None, (as_json, html)):
        typer.echo(f"report: {path}")
    if not found.passed:
        raise typer.Exit(2)


def _read_quotas(words: list[str]) -> dict[str, int]:
    """TASK=N, each task once. Raises SpecError for anything else."""
    from twnm_schemas.errors import SpecError

    quotas: dict[str, int] = {}
    for word in words:
        task, _, number = word.partition("=")
        if not task or not number.isdecimal():
            raise SpecError(f"--quota {word} is none; give a task and a number, as in source_counting=100.")
        if task in quotas:
            raise SpecError(f"--quota names {task} more than once; give one number for it.")
        quotas[task] = int(number)
    return quotas


def _open_reader(url: str | None, model: str | None, questions: int, stack: ExitStack) -> "Reader | None":
    """The language model that --llm names, with a bar; None without."""
    from twnm_schemas.errors import SpecError

    if url is None:
        if model is not None:
            raise SpecError("--model names a model of an endpoint; give the endpoint too, with --llm.")
        return None
    from twnm_bench.audit.asking import ModelReader
    from twnm_bench.llm.endpoint import Endpoint, read_endpoint
    from twnm_shards.progress import showing

    settings = read_endpoint(url, model)
    if settings is None:
        raise SpecError("--llm is empty; give the address of an endpoint, like http://localhost:8000/v1.")
    return ModelReader(Endpoint(settings), stack.enter_context(showing("ask", questions, "questions")))


def _print_audit(found: "Audit") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, width=_WIDTH)
    table = Table(title=f"{found.questions} questions", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("gate", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("what was found")
    for verdict in found.verdicts:
        status = "FAIL" if verdict.status == "fail" else verdict.status
        style = {"fail": "bold red", "pass": "green"}.get(verdict.status, "")
        table.add_row(verdict.name.replace("_", " "), Text(status, style=style), verdict.sentence)
    console.print(table)
    failed = len(found.failed)
    open_gates = sum(verdict.status == "not checked" for verdict in found.verdicts)
    result = f"{failed} of {len(found.verdicts) - open_gates} gates fail" if failed else "all gates hold"
    console.print(f"{result}; {open_gates} could not be checked" if open_gates else result)
