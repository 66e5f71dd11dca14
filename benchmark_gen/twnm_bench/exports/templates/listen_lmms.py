"""What lmms-eval calls for this task: audio, prompt and target of a row, and the score of a reply.

Written by `twnm-bench export --to lmms-eval`. `answer_grammar.py` and `prompt.j2` lie beside this file.
"""

import importlib.util
import io
from pathlib import Path
from types import ModuleType
from typing import Any

import soundfile
from datasets import Audio, Dataset
from jinja2 import Environment

_HERE = Path(__file__).resolve().parent
_LETTERS = "ABCD"

Row = dict[str, Any]


def _load_grammar() -> ModuleType:
    spec = importlib.util.spec_from_file_location("twnm_answer_grammar", _HERE / "answer_grammar.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_parse_answer = _load_grammar().parse_answer
_PROMPT = Environment(trim_blocks=True, lstrip_blocks=True).from_string((_HERE / "prompt.j2").read_text("utf-8"))


def keep_encoded(dataset: Dataset) -> Dataset:
    """The rows with their audio as stored: decoding here keeps both channels, whatever decoder is installed."""
    return dataset.cast_column("audio", Audio(decode=False))


def doc_to_visual(doc: Row, lmms_eval_specific_kwargs: Row | None = None) -> list[Row]:
    """The recording as `array` (float32) and `sampling_rate`.

    `layout` in the task's `lmms_eval_specific_kwargs`: "channels_first" (2, T), "channels_last" (T, 2), or "mono" (T,)
    for a model that cannot take two channels; such a model cannot tell directions.
    """
    samples_TC, rate = soundfile.read(io.BytesIO(doc["audio"]["bytes"]), dtype="float32", always_2d=True)
    layout = (lmms_eval_specific_kwargs or {}).get("layout", "channels_first")
    arrays = {
        "channels_first": lambda: samples_TC.T.copy(),
        "channels_last": lambda: samples_TC,
        "mono": lambda: samples_TC.mean(axis=1),
    }
    return [{"type": "audio", "array": arrays[layout](), "sampling_rate": rate}]


def doc_to_text(doc: Row, lmms_eval_specific_kwargs: Row | None = None) -> str:
    """The question, its options with letters, and the form of the answer."""
    think = (lmms_eval_specific_kwargs or {}).get("think", True)
    options = list(zip(_LETTERS, doc["choices"], strict=True))
    return _PROMPT.render(question=doc["question"], options=options, think=think).strip()


def doc_to_target(doc: Row) -> str:
    """The letter of the true option."""
    return str(doc["answer"])


def process_results(doc: Row, results: list[str]) -> dict[str, Row]:
    """The score of one reply, under the names of all that it counts for. What does not parse is wrong."""
    answer = _parse_answer(results[0])
    score = {"score": float(answer is not None and answer.choice == doc["answer"]), "scene_id": doc["scene_id"]}
    lost = {"score": float(answer is None), "scene_id": doc["scene_id"]}
    return {"accuracy": score, f"area_{doc['area']}": score, f"task_{doc['task']}": score, "unparsed": lost}


def average(items: list[Row]) -> float:
    """The mean of the scores: of all questions, or of one area or task."""
    return float(sum(item["score"] for item in items) / len(items))
