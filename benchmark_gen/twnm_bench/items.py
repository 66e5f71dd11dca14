"""Question files, ours and foreign: one item a line, read leniently for auditing and scoring.

`read_questions` insists on the whole `Question` record; `read_items` takes any JSONL that has at least `id`,
`question`, `choices` and the answer (`answer` as a letter or `answer_index`).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from twnm_schemas.answers import LETTERS
from twnm_schemas.errors import StoreError
from twnm_schemas.questions import AREAS, Question

PAIR = "pair:"  # begins the tag that the questions of a contrast pair share


@dataclass(frozen=True)
class Item:
    """What auditing and scoring ask of a question; text that a foreign file does not give is "".

    `key`: the place of the true choice. `template`: what groups questions worded alike. `raw`: the line as it was read.
    """

    id: str
    task: str
    area: str
    question: str
    choices: tuple[str, ...]
    key: int
    scene_id: str = ""
    room_id: str = ""
    difficulty: str = ""
    asa_level: str = ""
    program: str = ""
    claims: tuple[str, ...] = ()
    template: str = ""
    mirror_index: int | None = None
    tags: tuple[str, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def pairs(self) -> frozenset[str]:
        """The contrast pairs that it belongs to."""
        return frozenset(tag for tag in self.tags if tag.startswith(PAIR))


def read_questions(path: Path) -> list[Question]:
    """Our own question file. Raises StoreError, naming the line, for one that is none, and for an empty file."""
    questions = []
    for number, line in _lines(path):
        try:
            questions.append(Question.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise StoreError(f"{path} line {number} is no question: {place}: {first['msg'].lower()}.") from None
    return questions


def read_items(path: Path) -> list[Item]:
    """Any question file. Raises StoreError, naming line and field, for what is missing, and for an id that repeats."""
    items = [_read_item(path, number, line) for number, line in _lines(path)]
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise StoreError(f"{path} holds the id {item.id} more than once; every question needs its own.")
        seen.add(item.id)
    return items


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise StoreError(f"{path} is not there; give a question file (questions.jsonl).") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} does not read as text: {error}.") from None
    found = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not found:
        raise StoreError(f"{path} is empty: it holds no question.")
    return iter(found)


def _read_item(path: Path, number: int, line: str) -> Item:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        raise StoreError(f"{path} line {number} is not JSON.") from None
    if not isinstance(raw, dict):
        raise StoreError(f"{path} line {number} is no JSON object.")

    def text(name: str) -> str:
        value = raw.get(name)
        return value if isinstance(value, str) else ""

    for name in ("id", "question"):
        if not text(name):
            raise StoreError(f"{path} line {number} has no text in `{name}`.")
    choices = raw.get("choices")
    if not isinstance(choices, list) or len(choices) < 2 or not all(isinstance(c, str) and c for c in choices):
        raise StoreError(f"{path} line {number} ({raw['id']}): `choices` must be a list of texts, two or more.")
    if len({choice.strip().lower() for choice in choices}) < len(choices):
        raise StoreError(f"{path} line {number} ({raw['id']}): two of its choices say the same.")
    provenance = raw.get("provenance")
    template = provenance.get("template", "") if isinstance(provenance, dict) else text("template")
    return Item(
        id=raw["id"],
        task=text("task") or "all",
        area=text("area") or next((a for a, tasks in AREAS.items() if text("task") in tasks), ""),
        question=raw["question"],
        choices=tuple(choices),
        key=_read_key(path, number, raw, len(choices)),
        scene_id=text("scene_id"),
        room_id=text("room_id"),
        difficulty=text("difficulty"),
        asa_level=text("asa_level"),
        program=text("program"),
        claims=tuple(map(str, raw.get("claims") or ())),
        template=str(template),
        mirror_index=raw.get("mirror_index"),
        tags=tuple(map(str, raw.get("tags") or ())),
        raw=raw,
    )


def _read_key(path: Path, number: int, raw: dict[str, Any], choices: int) -> int:
    """The place of the true choice, from `answer_index` or the letter in `answer`; where both stand they must agree."""
    index, letter = raw.get("answer_index"), raw.get("answer")
    letters = LETTERS if choices == len(LETTERS) else tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:choices])
    by_letter = letters.index(letter) if isinstance(letter, str) and letter in letters else None
    if isinstance(index, bool) or not isinstance(index, int):
        index = by_letter
    if index is None or not 0 <= index < choices:
        raise StoreError(f"{path} line {number} ({raw['id']}): neither `answer` nor `answer_index` names a choice.")
    if by_letter is not None and by_letter != index:
        raise StoreError(f"{path} line {number} ({raw['id']}): `answer` {letter} and `answer_index` {index} disagree.")
    return index
