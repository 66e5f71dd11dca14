"""A run from top to bottom: which questions, what is heard, who answers, what is kept."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from twnm_bench.items import read_questions
from twnm_bench.llm.sharing import share_out
from twnm_bench.run.audio import Shelf
from twnm_bench.run.controls import Control, apply_control, pair_with_others
from twnm_bench.run.heard import Answers, Heard, rotate
from twnm_bench.run.ledger import (
    FORMAT,
    Ask,
    Ledger,
    RunCounts,
    RunRecord,
    RunSettings,
    open_ledger,
    write_record,
)
from twnm_bench.run.wording import Prompt
from twnm_schemas.answers import parse_answer
from twnm_schemas.errors import SpecError
from twnm_schemas.questions import OPTIONS, TASKS, Prediction, Question
from twnm_shards.files import sha256_of


@dataclass(frozen=True)
class RunRequest:
    """What is put through what. `tasks` and `limit` choose questions and may change between runs into one file.

    `rotations`: 1, or 4 for every question under all four orders of its choices. `concurrency`: answers asked for at a
    time. `options`: what else decides the answers, to be written down.
    """

    benchmark: Path
    out: Path
    model: str
    prompt: Prompt
    control: Control = "none"
    rotations: int = 1
    seed: int = 0
    concurrency: int = 8
    limit: int | None = None
    tasks: tuple[str, ...] = ()
    options: tuple[tuple[str, str | int | float | bool | None], ...] = ()


@dataclass(frozen=True)
class RunSummary:
    """What became of a run: where the predictions are, how many there are, and how many of them were there before."""

    out: Path
    counts: RunCounts
    kept: int


@dataclass(frozen=True)
class RunPlan:
    """The questions of the file, those chosen, and every ask in order."""

    request: RunRequest
    settings: RunSettings
    questions: tuple[Question, ...]
    chosen: tuple[Question, ...]

    @property
    def asks(self) -> list[Ask]:
        """Each question under each rotation."""
        return [(question.id, rotation) for question in self.chosen for rotation in range(self.request.rotations)]


def plan_questions(request: RunRequest) -> RunPlan:
    """Read the question file and choose. Raises StoreError for a file that is none, SpecError for settings."""
    if request.rotations not in (1, OPTIONS):
        raise SpecError(f"--rotations {request.rotations} is not possible; give 1 or {OPTIONS}.")
    if request.concurrency < 1 or (request.limit is not None and request.limit < 1):
        raise SpecError("--concurrency and --limit are 1 or more.")
    unknown = [task for task in request.tasks if task not in TASKS]
    if unknown:
        raise SpecError(f"There is no task {', '.join(unknown)}; there are {', '.join(TASKS)}.")
    questions = tuple(read_questions(request.benchmark))
    ids = {question.id for question in questions}
    if len(ids) < len(questions):
        raise SpecError(f"{request.benchmark} holds an id more than once; every question needs its own.")
    wanted = tuple(q for q in questions if not request.tasks or q.task in request.tasks)[: request.limit]
    if not wanted:
        raise SpecError(f"{request.benchmark} holds no question of {', '.join(request.tasks)}.")
    return RunPlan(request, _settings_of(request), questions, wanted)


def _settings_of(request: RunRequest) -> RunSettings:
    return RunSettings(
        model=request.model,
        control=request.control,
        rotations=request.rotations,
        seed=request.seed,
        benchmark_sha256=sha256_of(request.benchmark),
        prompt_sha256=request.prompt.sha256,
        options=dict(request.options),
    )


def run_questions(plan: RunPlan, answers: Answers, on_done: Callable[[int], None] = lambda _: None) -> RunSummary:
    """Ask what is not answered yet, and keep each answer as soon as it is there.

    `on_done` is called with the number of asks answered so far. Raises TwnmError for audio that cannot be read, a file
    that belongs to another run, and whatever `answers` raises; what was answered until then stays in the file.
    """
    asks, listening = plan.asks, Listening(plan)
    with open_ledger(plan.request.out, plan.settings) as ledger:
        due = [ask for ask in asks if ask not in ledger.given]
        _note_counts(plan, ledger)
        on_done(len(asks) - len(due))
        try:
            asyncio.run(_ask_all(due, listening, answers, ledger, plan.request.concurrency, on_done, len(asks)))
        finally:
            counts = _note_counts(plan, ledger)
    return RunSummary(plan.request.out, counts, len(asks) - len(due))


class Listening:
    """Turns an ask into what is heard: the audio under the control, the choices in their order, the prompt."""

    def __init__(self, plan: RunPlan) -> None:
        self._request = plan.request
        self._shelf = Shelf(plan.request.benchmark.parent)
        self._by_id = {question.id: question for question in plan.questions}
        mismatched = plan.request.control == "mismatch"
        self._instead = pair_with_others(plan.questions, plan.request.seed) if mismatched else self._by_id
        if plan.request.control != "text-only":
            self._shelf.require([self._instead[question.id] for question in plan.chosen])

    def hear(self, ask: Ask) -> Heard:
        """What is put to the model."""
        question_id, rotation = ask
        question = self._by_id[question_id]
        shown = rotate(question.choices, rotation)
        audio_CT, sample_rate = None, 0
        if self._request.control != "text-only":
            audio_CT, sample_rate = self._shelf.read(self._instead[question_id])
            audio_CT = apply_control(self._request.control, audio_CT)
        prompt = self._request.prompt.write(question.question, shown)
        return Heard(
            id=question_id,
            task=question.task,
            audio_CT=audio_CT,
            sample_rate=sample_rate,
            prompt=prompt,
            question=question.question,
            choices=shown,
            rotation=rotation,
        )


async def _ask_all(
    due: list[Ask],
    listening: Listening,
    answers: Answers,
    ledger: Ledger,
    concurrency: int,
    on_done: Callable[[int], None],
    total: int,
) -> None:
    """Share the asks among so many workers; the first that fails ends the others."""
    done = total - len(due)

    async def answer(ask: Ask) -> None:
        nonlocal done
        reply = await answers.answer(listening.hear(ask))
        ledger.add(Prediction(id=ask[0], output=reply, rotation=ask[1]))
        done += 1
        on_done(done)
        await asyncio.sleep(0)  # so that Ctrl-C is heeded between answers that never wait

    try:
        await share_out(due, concurrency, answer)
    finally:
        await answers.close()


def _note_counts(plan: RunPlan, ledger: Ledger) -> RunCounts:
    """Write the record with what the file holds now of what is asked for."""
    given = list(_answers_given(plan, ledger))
    counts = RunCounts(
        questions=len(plan.chosen),
        asked=len(plan.asks),
        answered=len(given),
        unparsed=sum(parse_answer(text) is None for text in given),
    )
    record = RunRecord(
        format=FORMAT,
        generator=version("twnm"),
        benchmark=plan.request.benchmark.name,
        settings=plan.settings,
        counts=counts,
    )
    write_record(ledger.path, record)
    return counts


def _answers_given(plan: RunPlan, ledger: Ledger) -> Iterator[str]:
    return (ledger.given[ask].output or "" for ask in plan.asks if ask in ledger.given)
