"""The file of predictions: one line per answer, written when it is given, and beside it what run it belongs to.

`preds.jsonl` grows by whole lines only; what a killed run left of its last line is dropped. `preds.jsonl.run.json` says
with what settings; a run with others is refused. The file itself is the lock: two runs never write to one.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from twnm_bench.run.controls import Control
from twnm_schemas.base import Strict
from twnm_schemas.errors import LockedError, MismatchError, StoreError
from twnm_schemas.questions import Prediction
from twnm_shards.files import disk_errors, write_json

FORMAT = "twnm-bench run 1"
Ask = tuple[str, int]  # a question's id and the rotation it is asked under


class RunSettings(Strict):
    """What decides the answers of a run; going on with other values is refused.

    `model`: who answers ("chance", "my_model:answer", an endpoint's name of a model). `options`: what else the one who
    answers was told (temperature, head). `benchmark_sha256`: of the question file; `prompt_sha256`: of the template.
    """

    model: str
    control: Control
    rotations: int
    seed: int
    benchmark_sha256: str
    prompt_sha256: str
    options: dict[str, str | int | float | bool | None]


class RunCounts(Strict):
    """How many answers were asked for, are there, do not parse, and how many the questions are."""

    questions: int
    asked: int
    answered: int
    unparsed: int


class RunRecord(Strict):
    """The file beside the predictions. `generator`: the version that ran; `benchmark`: the question file's name."""

    format: str
    generator: str
    benchmark: str
    settings: RunSettings
    counts: RunCounts


class Ledger:
    """An open file of predictions that no other run writes to; `given` holds what stood in it and what was added."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self._stream = stream
        self.given = _read_whole_lines(path, stream)

    def add(self, prediction: Prediction) -> None:
        """Append one prediction, a whole line at once. Raises MachineError for a full disk."""
        line = prediction.model_dump_json().encode() + b"\n"
        with disk_errors(self.path.parent):
            self._stream.write(line)
            self._stream.flush()
        self.given[prediction.id, prediction.rotation] = prediction


def sidecar_of(path: Path) -> Path:
    """Where the record of a predictions file lies."""
    return path.with_name(f"{path.name}.run.json")


@contextmanager
def open_ledger(path: Path, settings: RunSettings) -> Iterator[Ledger]:
    """The predictions file of a run, new or to go on with.

    Raises MismatchError where it belongs to other settings, LockedError where another run writes to it, StoreError for
    lines that are no predictions or a folder that cannot be written.
    """
    with _open_to_append(path) as stream:
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(f"Another run writes to {path}; wait until it ends, or choose another --out.") from None
        _check_settings(path, settings)
        yield Ledger(path, stream)


def write_record(path: Path, record: RunRecord) -> None:
    """Put the record beside the predictions at `path`."""
    with disk_errors(path.parent):
        write_json(sidecar_of(path), record.model_dump(mode="json"))


def _open_to_append(path: Path) -> BinaryIO:
    try:
        with disk_errors(path.parent, read_only_is=StoreError):
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("a+b")
    except (PermissionError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        why = (error.strerror or type(error).__name__).lower()
        raise StoreError(f"{path} cannot be written ({why}); choose another --out.") from error


def _check_settings(path: Path, settings: RunSettings) -> None:
    """Raises MismatchError naming the first setting that differs from those the file was made with."""
    beside = sidecar_of(path)
    if not beside.exists():
        if path.stat().st_size:
            raise MismatchError(f"{path} holds something, and no {beside.name} says of what run; choose another --out.")
        return
    try:
        kept = RunRecord.model_validate_json(beside.read_bytes()).settings
    except ValidationError:
        raise StoreError(
            f"{beside} is no record of a run; remove it and {path.name}, or choose another --out."
        ) from None
    for name in RunSettings.model_fields:
        was, now = getattr(kept, name), getattr(settings, name)
        if was != now:
            raise MismatchError(
                f"{path} was made with another {_say_setting(name)} ({_shorten(was)}, and now it is {_shorten(now)}); "
                "go on with the same, or choose another --out."
            )


def _say_setting(name: str) -> str:
    words = {"benchmark_sha256": "question file", "prompt_sha256": "prompt", "options": "set of options"}
    return words.get(name, name)


def _shorten(value: object) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 else text


def _read_whole_lines(path: Path, stream: BinaryIO) -> dict[Ask, Prediction]:
    """What stands in the file, after a torn last line was cut off."""
    stream.seek(0)
    data = stream.read()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        stream.truncate(whole)
    stream.seek(whole)
    given: dict[Ask, Prediction] = {}
    for number, line in enumerate(data[:whole].splitlines(), 1):
        try:
            prediction = Prediction.model_validate_json(line)
        except ValidationError:
            raise StoreError(
                f"{path} line {number} is no prediction; remove the line, or choose another --out."
            ) from None
        given[prediction.id, prediction.rotation] = prediction
    return given
