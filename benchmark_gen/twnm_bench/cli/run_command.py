"""`twnm-bench run`."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from twnm_bench.run.heard import Answers
    from twnm_bench.run.run import RunPlan, RunSummary

Options = tuple[tuple[str, str | int | float | bool | None], ...]


@dataclass(frozen=True)
class Chosen:
    """Who answers, by what name, and what of its settings decides the answers."""

    name: str
    answers: "Answers"
    options: Options = ()


class ControlChoice(StrEnum):
    """What is taken away from the audio."""

    none = "none"
    text_only = "text-only"
    silence = "silence"
    mismatch = "mismatch"
    mono = "mono"
    swap = "swap"


class Baseline(StrEnum):
    """Who answers without being a model."""

    chance = "chance"
    longest = "longest"
    listener = "listener"


_WHO, _WHAT, _WHERE = "Who answers", "What is asked and heard", "Where and how"


def run(
    benchmark: Annotated[
        Path, typer.Option(metavar="FILE", help="questions.jsonl, its shards beside it.", rich_help_panel=_WHAT)
    ],
    llm: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="An OpenAI-compatible endpoint that takes audio; its key in TWNM_LLM_KEY or OPENAI_API_KEY.",
            show_default=False,
            rich_help_panel=_WHO,
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The endpoint's name of the model.", show_default=False, rich_help_panel=_WHO)
    ] = None,
    function: Annotated[
        str | None,
        typer.Option(
            "--callable",
            metavar="MODULE:NAME",
            help="A Python function of (audio (T, 2), sample rate, prompt) that returns text.",
            show_default=False,
            rich_help_panel=_WHO,
        ),
    ] = None,
    baseline: Annotated[
        Baseline | None,
        typer.Option(help="listener: direction and reverberation by ear.", show_default=False, rich_help_panel=_WHO),
    ] = None,
    control: Annotated[
        ControlChoice, typer.Option(help="What is taken away from the audio.", rich_help_panel=_WHAT)
    ] = ControlChoice.none,
    rotations: Annotated[int, typer.Option(help="4: all orders of the choices.", rich_help_panel=_WHAT)] = 1,
    tasks: Annotated[
        str | None, typer.Option(help="Only these, with commas.", show_default="all", rich_help_panel=_WHAT)
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Only the first so many.", show_default="all", rich_help_panel=_WHAT)
    ] = None,
    prompt: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A jinja2 template.", show_default="our own", rich_help_panel=_WHAT),
    ] = None,
    think: Annotated[bool, typer.Option(help="Ask for reasoning before the answer.", rich_help_panel=_WHAT)] = True,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The predictions; run again to go on.", rich_help_panel=_WHERE)
    ] = Path("preds.jsonl"),
    seed: Annotated[int, typer.Option(help="Everything random follows from it.", rich_help_panel=_WHERE)] = 0,
    concurrency: Annotated[int, typer.Option(help="Questions asked at a time.", rich_help_panel=_WHERE)] = 8,
    temperature: Annotated[float, typer.Option(help="Of the endpoint's model.", rich_help_panel=_WHO)] = 0.0,
    max_tokens: Annotated[int, typer.Option(help="Of one reply.", rich_help_panel=_WHO)] = 1024,
    timeout: Annotated[float, typer.Option(help="Seconds for one reply.", rich_help_panel=_WHO)] = 120.0,
    retries: Annotated[int, typer.Option(min=0, help="Of one question, then the run ends.", rich_help_panel=_WHO)] = 5,
    head: Annotated[str, typer.Option(help="The listener's: an HRTF, or sphere.", rich_help_panel=_WHO)] = "kemar",
    guess: Annotated[
        bool, typer.Option("--guess", help="The listener draws where it hears nothing.", rich_help_panel=_WHO)
    ] = False,
) -> None:
    """Put a model through a question set, and write what it says to a predictions file for twnm-bench score.

    Give one of --llm with --model, --callable and --baseline. Run the same command again after any interruption: only
    what has no answer yet is asked.
    """
    from twnm_bench.run.run import RunRequest, plan_questions
    from twnm_bench.run.wording import read_prompt
    from twnm_schemas.errors import SpecError

    given = [name for name, value in (("--llm", llm), ("--callable", function), ("--baseline", baseline)) if value]
    if len(given) > 1:
        raise SpecError(f"{' and '.join(given)} exclude each other; give one of them.")
    if function is not None:
        chosen = _choose_function(function)
    elif baseline is not None:
        chosen = _choose_baseline(baseline, seed, head, guess)
    else:
        patience = {"concurrency": concurrency, "timeout_s": timeout, "tries": retries + 1}
        chosen = _choose_endpoint(llm, model, patience, temperature, max_tokens)
    request = RunRequest(
        benchmark=benchmark,
        out=out,
        model=chosen.name,
        prompt=read_prompt(prompt, think),
        control=control.value,
        rotations=rotations,
        seed=seed,
        concurrency=concurrency,
        limit=limit,
        tasks=tuple(task.strip() for task in tasks.split(",")) if tasks else (),
        options=chosen.options,
    )
    _print_summary(_run_with_progress(plan_questions(request), chosen.answers))


def _choose_function(name: str) -> Chosen:
    from twnm_bench.run.functions import FunctionAnswers, load_function

    return Chosen(name, FunctionAnswers(name, load_function(name)))


def _choose_baseline(baseline: Baseline, seed: int, head: str, guess: bool) -> Chosen:
    if baseline is Baseline.listener:
        from twnm_bench.run.listener import ClassicalListener

        return Chosen("listener", ClassicalListener(seed, head, guess), (("guess", guess), ("head", head)))
    from twnm_bench.run.baselines import Chance, Longest

    return Chosen(baseline.value, Chance(seed) if baseline is Baseline.chance else Longest())


def _choose_endpoint(
    llm: str | None, model: str | None, patience: dict[str, Any], temperature: float, max_tokens: int
) -> Chosen:
    from twnm_bench.llm.endpoint import read_endpoint
    from twnm_bench.run.endpoint import EndpointAnswers, Manner
    from twnm_schemas.errors import SpecError

    settings = read_endpoint(llm, model, **patience)
    if settings is None:
        raise SpecError("Nobody is named to answer; give --llm URL with --model NAME, --callable or --baseline.")
    answers = EndpointAnswers(settings, Manner(temperature, max_tokens))
    return Chosen(settings.model, answers, (("max_tokens", max_tokens), ("temperature", temperature)))


def _run_with_progress(plan: "RunPlan", answers: "Answers") -> "RunSummary":
    from twnm_bench.run.run import run_questions
    from twnm_shards.progress import showing

    with showing("run", len(plan.asks), "questions") as show:
        return run_questions(plan, answers, show)


def _print_summary(summary: "RunSummary") -> None:
    counts = summary.counts
    again = f", {summary.kept} of them from before" if summary.kept else ""
    typer.echo(
        f"{counts.answered} of {counts.asked} answers to {counts.questions} questions are in {summary.out}{again}; "
        f"{counts.unparsed} of them name no option."
    )
