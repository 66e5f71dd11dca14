"""`twnm-bench generate`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from twnm_bench.cli.model_options import (
    Concurrency,
    Llm,
    MaxCost,
    Model,
    Preview,
    PriceIn,
    PriceOut,
    PromptFolder,
    Talk,
    Temperature,
    open_talk,
    say_talk,
)
from twnm_sim.cli.amounts import say_bytes, say_count, say_time
from twnm_sim.cli.run_options import Overwrite, Resume, Workers, choose_mode, choose_workers, local_folder

if TYPE_CHECKING:
    from twnm_bench.audit.verdicts import Audit
    from twnm_bench.generate.run import Generated, GeneratePlan, GenerateRequest
    from twnm_schemas.questions import Question


class DifficultyChoice(StrEnum):
    """Which questions are made."""

    core = "core"
    hard = "hard"
    mixed = "mixed"


class ProfileChoice(StrEnum):
    """Which licences may go into the set."""

    open = "open"
    research_nc = "research-nc"


_WHAT, _WHERE = "What is asked", "Where and how"
_REPLY_TOKENS = 160  # of a question in other words: three times the longest
_MANY = "Repeat the option for more."


def generate(
    n: Annotated[int, typer.Option("--n", help="How many questions, evenly over tasks.", rich_help_panel=_WHAT)] = 1000,
    library: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help=f"Responses to draw scenes with: folder, tar, pattern or URL. {_MANY}",
            show_default="data",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    scenes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            help=f"Scenes to ask about, instead of drawing them. {_MANY}",
            show_default=False,
            rich_help_panel=_WHAT,
        ),
    ] = None,
    clips: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help=f"As for twnm-sim clips scan, or a catalog. {_MANY}",
            show_default="builtin",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    license: Annotated[  # noqa: A002 - the option's name
        str | None,
        typer.Option(
            metavar="SPDX",
            help="Licence of clips whose own is not known.",
            show_default=False,
            rich_help_panel=_WHAT,
        ),
    ] = None,
    license_profile: Annotated[
        ProfileChoice, typer.Option(help="What the set may be published under.", rich_help_panel=_WHAT)
    ] = ProfileChoice.open,
    difficulty: Annotated[
        DifficultyChoice, typer.Option(help="mixed: half core, half hard.", rich_help_panel=_WHAT)
    ] = DifficultyChoice.core,
    quota: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK=N",
            help=f"Only these tasks, so many each. {_MANY}",
            show_default="n over all ten",
            rich_help_panel=_WHAT,
        ),
    ] = None,
    llm: Llm = None,
    model: Model = None,
    temperature: Temperature = 0.7,
    concurrency: Concurrency = 32,
    max_cost: MaxCost = None,
    price_in: PriceIn = 0.0,
    price_out: PriceOut = 0.0,
    prompts: PromptFolder = None,
    preview: Preview = 0,
    seed: Annotated[int, typer.Option(help="Everything random follows from it.", rich_help_panel=_WHAT)] = 0,
    out: Annotated[
        str, typer.Option(metavar="DIR", help="Root folder; the set goes to DIR/benchmark.", rich_help_panel=_WHERE)
    ] = "data",
    workers: Workers = None,
    shard_size: Annotated[
        str, typer.Option(help="Scenes (512) or predicted bytes (500MB, 1GB).", rich_help_panel=_WHERE)
    ] = "1GB",
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Make a question set: scenes drawn to each task, four options with one that is true, audio, audit and report.

    Run the same command again after any interruption: it finishes what is missing. Exits with 2 where the set does not
    pass its own audit.
    """
    from twnm_bench.generate.run import GenerateRequest

    request = GenerateRequest(
        quotas=_choose_quotas(n, quota),
        out=local_folder(out),
        library=() if scenes else tuple(library or _default_library()),
        scenes=tuple(scenes or ()),
        clips=tuple(clips or ("builtin",)),
        difficulty=difficulty.value,
        seed=seed,
        profile=license_profile.value,
        license=license,
        shard_size=shard_size,
        workers=choose_workers(workers),
        mode=choose_mode(resume, overwrite),
    )
    plan = _plan_with_progress(request)
    talk = open_talk(
        llm,
        model,
        plan.root / "llm",
        seed=seed,
        concurrency=concurrency,
        temperature=temperature,
        max_cost=max_cost,
        prices=(price_in, price_out),
        prompts=prompts,
        max_tokens=_REPLY_TOKENS,
    )
    _print_plan(plan)
    made = _run_with_progress(plan)
    if preview:
        _print_preview(plan, made, prompts, preview)
        return
    questions = _word(plan, made, talk) if talk else made.questions
    audit = _finish(plan, made, questions)
    _print_summary(made, audit)
    if not audit.passed:
        raise typer.Exit(2)


def _choose_quotas(n: int, quota: list[str] | None) -> dict:  # type: ignore[type-arg]
    from twnm_bench.generate.slots import deal_quotas, parse_quotas

    return parse_quotas(quota) if quota else deal_quotas(n)


def _default_library() -> list[str]:
    """./data where it holds responses. Raises SpecError, saying what to run, where it does not."""
    from twnm_schemas.errors import SpecError

    if not (Path("data") / "brirs").is_dir():
        raise SpecError(
            "There are no scenes and no library to ask about: run twnm-sim render --split test --rooms 120 --out data, "
            "or name --library or --scenes."
        )
    return ["data"]


def _plan_with_progress(request: "GenerateRequest") -> "GeneratePlan":
    from twnm_bench.generate.run import plan_generate
    from twnm_shards.progress import showing_once_known

    with showing_once_known("scan", "files") as on_scan:
        return plan_generate(request, on_scan)


def _print_plan(plan: "GeneratePlan") -> None:
    source = "given scenes" if plan.picked else "scenes drawn for them"
    typer.echo(
        f"{say_count(len(plan.slots), 'question')} about {source} into {plan.root}: "
        f"{say_count(len(plan.inventory), 'label')}, {say_count(plan.job.samples, 'scene')}, "
        f"{say_count(plan.request.workers, 'worker')}."
    )


def _run_with_progress(plan: "GeneratePlan") -> "Generated":
    from twnm_bench.generate.run import run_generate
    from twnm_shards.progress import showing

    with showing("generate", plan.job.samples, "scenes") as show:
        return run_generate(plan, show)


def _print_preview(plan: "GeneratePlan", made: "Generated", prompts: Path | None, count: int) -> None:
    from twnm_bench.generate.rewording import ask_for_wordings
    from twnm_bench.llm.asking import preview
    from twnm_bench.llm.templates import Prompts

    for text in preview(ask_for_wordings(made.questions[:count], plan.inventory.names, Prompts(prompts)), count):
        typer.echo(text)


def _word(plan: "GeneratePlan", made: "Generated", talk: "Talk") -> "tuple[Question, ...]":
    """The questions in the words of a language model, where they are verified."""
    from twnm_bench.generate.rewording import reword_questions
    from twnm_shards.progress import showing

    with showing("word", len(made.questions), "questions") as show:
        worded, report = reword_questions(
            made.questions, plan.inventory.names, talk.model, talk.prompts, talk.settings, talk.meter, show
        )
    typer.echo(say_talk(talk))
    typer.echo(f"{report.kept} of {report.asked} wordings ({100 * report.share:.0f} %) survived verification.")
    return worded


def _finish(plan: "GeneratePlan", made: "Generated", questions: "tuple[Question, ...]") -> "Audit":
    """Write the questions, audit them, and write the report."""
    from twnm_bench.generate.outputs import write_questions
    from twnm_bench.generate.review import review_set

    write_questions(plan.root, questions)
    return review_set(plan, made, questions)


def _print_summary(made: "Generated", audit: "Audit") -> None:
    from collections import Counter

    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{made.root}", title_justify="left", show_header=False)
    for task, count in Counter(question.task for question in made.questions).items():
        table.add_row(task.replace("_", " "), f"{count}")
    for reason, count in made.rejections.most_common(8):
        table.add_row(f"rejected: {reason}", f"{count}")
    table.add_row("scenes", f"{made.scenes}")
    table.add_row("size", say_bytes(made.bytes))
    table.add_row("wall time", say_time(made.wall_s))
    table.add_row("audit", "passed" if audit.passed else "FAILED; see report.html")
    table.add_row("report", f"{made.root / 'report.html'}")
    Console(markup=False, highlight=False).print(table)
