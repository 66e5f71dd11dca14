"""What `twnm-bench qa` and `twnm-bench teach` have in common: their request, the language model, the report."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twnm_sim.cli.run_options import PANEL, choose_workers, local_folder

if TYPE_CHECKING:
    from twnm_bench.cli.model_options import Talk
    from twnm_bench.llm.ports import Ask, Reply
    from twnm_bench.teaching.qa import AskModel
    from twnm_bench.teaching.run import Kind, TeachPlan, TeachRequest, TeachSummary
    from twnm_shards.folders import Mode

_CACHE = "llm-cache"


class AudioChoice(StrEnum):
    """Whether the audio is copied beside the text or only referred to."""

    copy = "copy"
    reference = "reference"


class FormatChoice(StrEnum):
    """What is written: shards, or shards and chat lines."""

    shards = "shards"
    chat = "chat"


WHAT = "What is asked"
Scenes = Annotated[
    list[Path],
    typer.Option(metavar="DIR_OR_TAR", help="Train scenes that twnm-sim wrote. Repeat for more.", rich_help_panel=WHAT),
]
Benchmark = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Questions whose scenes, rooms and clips are kept off. Repeat for more.",
        show_default="OUT/benchmark",
        rich_help_panel=WHAT,
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Everything random follows from it.", rich_help_panel=WHAT)]
Audio = Annotated[AudioChoice, typer.Option(help="reference: only say where it lies.", rich_help_panel=PANEL)]
ShardSize = Annotated[int, typer.Option(min=1, help="Samples of a shard.", rich_help_panel=PANEL)]


def read_request(
    kind: "Kind",
    scenes: list[Path],
    benchmark: list[Path] | None,
    out: Path,
    per_scene: str,
    seed: int,
    audio: AudioChoice,
    form: FormatChoice,
    per_shard: int,
    workers: int | None,
    mode: "Mode",
    prompts: Path | None,
) -> "TeachRequest":
    """The request that the options make. Raises SpecError for one that is not usable."""
    from twnm_bench.teaching.qa import read_range
    from twnm_bench.teaching.run import TeachRequest

    return TeachRequest(
        kind=kind,
        scenes=tuple(scenes),
        out=local_folder(str(out)),
        benchmarks=tuple(benchmark or ()),
        per_scene=read_range(per_scene),
        seed=seed,
        copies=audio is AudioChoice.copy,
        chat=form is FormatChoice.chat,
        workers=choose_workers(workers),
        per_shard=per_shard,
        mode=mode,
        prompts=prompts,
    )


def run_and_report(
    request: "TeachRequest", llm: str | None, model: str | None, patience: dict[str, Any], preview: int
) -> None:
    """Plan, ask the language model if there is one, write, and say what was made; `patience`: see `open_talk`."""
    from twnm_bench.cli.model_options import open_talk, say_talk
    from twnm_bench.teaching.run import plan_teaching, run_teaching
    from twnm_shards.progress import showing

    if preview:
        _print_preview(request, preview)
        return
    talk = open_talk(llm, model, request.out / _CACHE, seed=request.seed, **patience)
    plan = plan_teaching(request, _ask_with(talk) if talk else None)
    _print_plan(plan)
    with showing(request.kind, plan.job.samples, "samples") as show:
        summary = run_teaching(plan, show)
    _print_summary(summary)
    if talk:
        typer.echo(say_talk(talk))


def _ask_with(talk: "Talk") -> "AskModel":
    """What hands requests to the language model, with a bar."""
    from twnm_bench.llm.asking import ask_all
    from twnm_shards.progress import showing

    def ask(asks: "Sequence[Ask]") -> "list[Reply]":
        with showing("ask", len(asks), "requests") as show:
            return ask_all(asks, talk.model, talk.settings, talk.meter, on_progress=show)

    return ask


def _print_preview(request: "TeachRequest", count: int) -> None:
    """The first requests as they would be sent; nothing is called or written."""
    from twnm_bench.llm.asking import preview
    from twnm_bench.teaching.run import list_asks

    for text in preview(list_asks(request), count):
        typer.echo(text)


def _print_plan(plan: "TeachPlan") -> None:
    kept_off = ", ".join(map(str, plan.benchmarks)) or "no benchmark"
    left_out = "".join(f"; {count} left out ({reason})" for reason, count in sorted(plan.refused.items()))
    typer.echo(f"{plan.job.samples} samples from {plan.scenes} train scenes, held against {kept_off}{left_out}.")


def _print_summary(summary: "TeachSummary") -> None:
    from rich.console import Console
    from rich.table import Table

    plan = summary.plan
    table = Table(title=f"{plan.request.folder}", title_justify="left", show_header=False)
    table.add_row("samples", f"{summary.samples}")
    table.add_row("that name no sound", f"{plan.blind} ({100 * plan.blind / summary.samples:.0f} %)")
    for name, count in sorted(plan.tally.items()):
        if not name.startswith("rejected_"):
            table.add_row(name.replace("_", " "), f"{count}")
    rejected = sum(count for name, count in plan.tally.items() if name.startswith("rejected_"))
    if rejected:
        table.add_row("questions that scenes did not allow", f"{rejected}")
    table.add_row("size", f"{summary.bytes / 1e6:.1f} MB")
    if summary.chat is not None:
        table.add_row("chat lines", f"{summary.chat}")
    Console(markup=False, highlight=False).print(table)
