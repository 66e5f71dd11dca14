"""The question set as a task of inspect_ai: `inspect eval twnm_listening.py@twnm_listening --model ...`.

Written by `twnm-bench export --to inspect`. `samples.jsonl`, `audio` and `answer_grammar.py` lie beside this file.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import (
    CORRECT,
    INCORRECT,
    Metric,
    SampleScore,
    Score,
    Scorer,
    Target,
    accuracy,
    grouped,
    metric,
    scorer,
    stderr,
)
from inspect_ai.solver import TaskState, generate

_HERE = Path(__file__).resolve().parent


def _load_grammar() -> ModuleType:
    spec = importlib.util.spec_from_file_location("twnm_answer_grammar", _HERE / "answer_grammar.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_parse_answer = _load_grammar().parse_answer


@metric  # type: ignore[untyped-decorator]
def unparsed() -> Metric:
    """The share of replies that are no answer in the grammar; they count as wrong."""

    def count_lost(scores: list[SampleScore]) -> float:
        return sum(bool(scored.score.metadata["unparsed"]) for scored in scores) / len(scores) if scores else 0.0

    return count_lost


@scorer(  # type: ignore[untyped-decorator]
    metrics=[
        accuracy(),
        stderr(cluster="scene_id"),
        unparsed(),
        grouped(accuracy(), "area", all=False, name_template="area_{group_name}"),
        grouped(accuracy(), "task", all=False, name_template="task_{group_name}"),
    ]
)
def answer_grammar() -> Scorer:
    """Right where the reply parses and names the letter of the true option."""

    async def score(state: TaskState, target: Target) -> Score:
        reply = state.output.completion
        answer = _parse_answer(reply)
        return Score(
            value=CORRECT if answer is not None and answer.choice == target.text else INCORRECT,
            answer=answer.choice if answer is not None else None,
            explanation=reply,
            metadata={"unparsed": answer is None},
        )

    return score


@task  # type: ignore[untyped-decorator]
def twnm_listening() -> Task:
    """Multiple-choice questions about binaural recordings."""
    samples = json_dataset(str(_HERE / "samples.jsonl"), name="twnm_listening")
    return Task(dataset=samples, solver=generate(), scorer=answer_grammar())
