"""Predictions against questions: reading the file, and which of its answers are right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from twnm_bench.items import Item
from twnm_schemas.answers import LETTERS, parse_answer
from twnm_schemas.errors import StoreError
from twnm_schemas.questions import Prediction

Outcome = Literal["right", "wrong", "unparsed", "missing"]


@dataclass(frozen=True)
class Judged:
    """One question and how a run did on it.

    `outcomes`: by rotation, as many as the item has choices; the first is the question as it stands.
    """

    item: Item
    outcomes: tuple[Outcome, ...]

    @property
    def plain(self) -> Outcome:
        """The outcome for the choices as they stand."""
        return self.outcomes[0]

    @property
    def right(self) -> bool:
        """Whether it is right as the choices stand."""
        return self.plain == "right"


def read_predictions(path: Path) -> list[Prediction]:
    """The predictions of a JSONL file.

    Raises StoreError, naming the line, for one that is no prediction, and for a file that is empty or not there.
    """
    predictions = []
    for number, line in _numbered_lines(path):
        prediction = _read_prediction(path, number, line)
        if (prediction.output is None) == (prediction.answer is None):
            both = "neither `output` nor `answer`" if prediction.output is None else "both `output` and `answer`"
            raise StoreError(f"{path} line {number} ({prediction.id}) has {both}; give one of the two.")
        predictions.append(prediction)
    if not predictions:
        raise StoreError(f"{path} is empty: it holds no prediction.")
    return predictions


def _numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise StoreError(f"{path} is not there; give a predictions file (JSON lines of id and output).") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} does not read as text: {error}.") from None
    # only at \n: other ends of lines that str.splitlines knows may stand unescaped within a JSON string
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _read_prediction(path: Path, number: int, line: str) -> Prediction:
    try:
        return Prediction.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise StoreError(f"{path} line {number} is not JSON.") from None
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise StoreError(f"{path} line {number} is no prediction: {place}: {first['msg'].lower()}.") from None


def check_predictions(path: Path, predictions: Sequence[Prediction], items: Sequence[Item]) -> None:
    """Raise StoreError, naming the first id, for an unknown one, a rotation too many, or one given twice."""
    choices = {item.id: len(item.choices) for item in items}
    seen: set[tuple[str, int]] = set()
    for prediction in predictions:
        told = f"{prediction.id} in rotation {prediction.rotation}"
        if prediction.id not in choices:
            raise StoreError(f"{path} answers {prediction.id}, which the benchmark does not hold.")
        if prediction.rotation >= choices[prediction.id]:
            raise StoreError(f"{path} answers {told}, but the question has {choices[prediction.id]} choices.")
        if (prediction.id, prediction.rotation) in seen:
            raise StoreError(f"{path} answers {told} more than once.")
        seen.add((prediction.id, prediction.rotation))


def find_place(prediction: Prediction, choices: int) -> int | None:
    """The place, in the question's own order, of the choice that was named; None for what does not parse.

    Shown place p held choice (p + rotation) mod `choices`. A letter without a choice does not parse either.
    """
    if prediction.output is not None:
        parsed = parse_answer(prediction.output)
        letter = parsed.choice if parsed else ""
    else:
        letter = (prediction.answer or "").strip()
    if letter not in LETTERS[:choices]:
        return None
    return (LETTERS.index(letter) + prediction.rotation) % choices


def judge_run(items: Sequence[Item], predictions: Sequence[Prediction], keys: Mapping[str, int]) -> list[Judged]:
    """Every item that `keys` has a place for, with its outcomes."""
    given = {(prediction.id, prediction.rotation): prediction for prediction in predictions}

    def outcome_of(item: Item, rotation: int) -> Outcome:
        prediction = given.get((item.id, rotation))
        if prediction is None:
            return "missing"
        place = find_place(prediction, len(item.choices))
        return "unparsed" if place is None else "right" if place == keys[item.id] else "wrong"

    return [
        Judged(item, tuple(outcome_of(item, rotation) for rotation in range(len(item.choices))))
        for item in items
        if item.id in keys
    ]


def check_complete(path: Path, judged: Sequence[Judged]) -> None:
    """Raise StoreError, naming the first id and how many there are, for questions without a plain prediction."""
    missing = [entry.item.id for entry in judged if entry.plain == "missing"]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise StoreError(
            f"{path} has no answer (rotation 0) to {missing[0]}{more}; give all, or count them as wrong with "
            "--allow-missing."
        )
