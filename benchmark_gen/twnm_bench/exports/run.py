"""`twnm-bench export`, top to bottom: read, look before writing, write into a sibling, put it in place."""

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twnm_bench.exports.huggingface import Show, write_dataset
from twnm_bench.exports.inspect_task import write_inspect_task
from twnm_bench.exports.lmms_task import write_lmms_task
from twnm_bench.items import read_questions
from twnm_bench.sounds import Sounds
from twnm_schemas.errors import SpecError, StoreError
from twnm_schemas.questions import Question
from twnm_shards.files import check_writable, disk_errors, sha256_of, write_json

TARGETS = ("hf", "lmms-eval", "inspect")
EXPORT_NAME = "export.json"  # by which a folder is known as an export, and may be replaced
_SPLIT = re.compile(r"\w+(\.\w+)*")  # what `datasets` takes as the name of a split


@dataclass(frozen=True)
class ExportRequest:
    """`questions`: a question file with its shards beside it; `target`: one of `TARGETS`; `out`: a new folder.

    `split`: what the rows are called. `overwrite`: an earlier export at `out` is replaced.
    """

    questions: Path
    target: str
    out: Path
    split: str = "test"
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise SpecError(f"--to {self.target} is no harness that there is an export for; {_list_targets()}.")
        if not _SPLIT.fullmatch(self.split):
            raise SpecError(f"--split {self.split!r} cannot name a split; use letters, digits and _.")


@dataclass(frozen=True)
class ExportSummary:
    """What was written where."""

    out: Path
    questions: int
    recordings: int
    bytes: int


def _list_targets() -> str:
    return f"choose {', '.join(TARGETS[:-1])} or {TARGETS[-1]}"


def export_questions(request: ExportRequest, show: Show = lambda done: None) -> ExportSummary:
    """Write the question set for another harness, whole or not at all; `show` is told how many questions are done.

    Raises StoreError for a question file, shard or recording that is not there and for a folder that is not free,
    AudioError for a recording that does not decode.
    """
    _require_free(request.out, request.overwrite)
    questions = read_questions(request.questions)
    _require_unique(request.questions, questions)
    sounds = Sounds(request.questions.parent)
    sounds.require(questions)
    with _taking_place(request.out) as folder:
        if request.target == "hf":
            write_dataset(questions, sounds, folder, request.split, show)
        elif request.target == "lmms-eval":
            write_lmms_task(questions, sounds, folder, request.split, show)
        else:
            write_inspect_task(questions, sounds, folder, show)
        told = {"target": request.target, "split": request.split, "questions": len(questions)}
        write_json(folder / EXPORT_NAME, {**told, "questions_sha256": sha256_of(request.questions)})
    size = sum(path.stat().st_size for path in request.out.rglob("*") if path.is_file())
    return ExportSummary(request.out, len(questions), len({question.audio for question in questions}), size)


def _require_unique(path: Path, questions: list[Question]) -> None:
    twice = [name for name, count in Counter(question.id for question in questions).items() if count > 1]
    if twice:
        raise StoreError(f"{path} holds the id {twice[0]} more than once; every question needs its own.")


def _require_free(out: Path, overwrite: bool) -> None:
    """Raises StoreError unless `out` is not there, empty, or an export that may be replaced."""
    if not out.exists():
        return
    if not out.is_dir():
        raise StoreError(f"{out} is a file; give --out a folder that is not there yet.")
    if not any(out.iterdir()):
        return
    if not overwrite:
        raise StoreError(f"{out} is not empty; choose another folder, or replace an earlier export with --overwrite.")
    if not (out / EXPORT_NAME).is_file():
        raise StoreError(f"{out} holds other files than an export, and --overwrite removes exports only; move it away.")


@contextmanager
def _taking_place(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place when the block ends; a failure leaves `out` as it was."""
    parent = out.absolute().parent
    check_writable(parent)
    partial = parent / f".{out.absolute().name}.{os.getpid()}.partial"
    former = partial.with_suffix(".former")
    try:
        with disk_errors(parent):
            partial.mkdir()
            yield partial
        if out.exists():
            out.rename(former)
        partial.rename(out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        if former.exists() and not out.exists():
            former.rename(out)
        raise
    shutil.rmtree(former, ignore_errors=True)
