"""Question sets whose keys nothing gives away, of any size and without sound, for audits to judge and tests to spoil.

Options are drawn alike: within a task every option of an item comes from one small pool of phrases, each phrase is the
key equally often, and the places take turns. Claims are constants (`equals(1, 1)`), true and false of any scene. Scenes
are copies of one real record with other clips, uploaders and rooms.
"""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from small_questions import make_small_scenes

from twnm_bench.items import Item, read_items
from twnm_schemas.answers import LETTERS
from twnm_schemas.questions import TASKS
from twnm_schemas.scenes import Scene
from twnm_shards.tars import END_OF_ARCHIVE, write_sample

Row = dict[str, Any]
SHARD = "test/benchmark-000000.tar"
POOL = 10
_CALM = ("calm", "soft", "harsh", "rough", "bright", "gentle", "hollow", "sharp")
_THINGS = ("bell", "horn", "flute", "engine", "rattle", "stream", "hammer", "voice")
_ASKED = ("Which of these is it", "What is heard here", "Which one do you hear", "What would you call this")


def make_rows(seed: int, per_task: int = 100, tasks: Sequence[str] = TASKS, in_turn: bool = True) -> list[Row]:
    """A fair set: two questions of two tasks a scene, four places and ten answers in turn or by the dice."""
    rng = np.random.default_rng(seed)
    asked = [(task, number) for number in range(per_task) for task in tasks]
    keys, answers = (
        {
            task: rng.permutation(np.arange(per_task) % n) if in_turn else rng.integers(n, size=per_task)
            for task in tasks
        }
        for n in (len(LETTERS), POOL)
    )
    pools = {task: _draw_pool(rng) for task in tasks}
    return [
        _make_row(rng, task, number, place // 2, pools[task], int(keys[task][number]), int(answers[task][number]))
        for place, (task, number) in enumerate(asked)
    ]


def _draw_pool(rng: np.random.Generator) -> list[str]:
    phrases = [f"a {calm} {thing}" for calm in _CALM for thing in _THINGS]
    return [phrases[place] for place in rng.choice(len(phrases), POOL, replace=False)]


def _make_row(
    rng: np.random.Generator, task: str, number: int, scene: int, pool: list[str], key: int, answer: int
) -> Row:
    others = [phrase for phrase in pool if phrase != pool[answer]]
    choices = [others[place] for place in rng.choice(len(others), len(LETTERS) - 1, replace=False)]
    choices.insert(key, pool[answer])
    scene_id = f"scene-{scene:06d}"
    return {
        "id": f"{task}-{number:04d}",
        "task": task,
        "question": f"{rng.choice(_ASKED)}?",
        "choices": choices,
        "answer": LETTERS[key],
        "answer_index": key,
        "scene_id": scene_id,
        "audio": {"shard": SHARD, "key": scene_id, "member": "flac"},
        "program": f"about({task}, {number})",
        "claims": [f"equals(1, {1 if place == key else 2})" for place in range(len(LETTERS))],
        "provenance": {"variant": "plain", "template": f"{task}-0"},
        "tags": [],
    }


def move_key(row: Row, place: int) -> None:
    """Exchange the key with the option at that place, and their claims."""
    old = row["answer_index"]
    for told in (row["choices"], row["claims"]):
        told[old], told[place] = told[place], told[old]
    row.update(answer_index=place, answer=LETTERS[place])


def set_options(row: Row, key: str, others: Sequence[str]) -> None:
    """Other texts for the key and the distractors, at the places that they have."""
    row["choices"] = list(others)
    row["choices"].insert(row["answer_index"], key)


def to_items(rows: Sequence[Row], folder: Path) -> list[Item]:
    """The rows as the question reader gives them."""
    return read_items(write_rows(rows, folder / "questions.jsonl"))


def write_rows(rows: Sequence[Row], path: Path) -> Path:
    """A question file."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def make_scenes(rows: Sequence[Row], first: int = 0, split: str = "test") -> dict[str, Scene]:
    """A record for each scene that the rows name, from clips, uploaders, groups and rooms of its own."""
    model = make_small_scenes()[0]
    names = dict.fromkeys(row["scene_id"] for row in rows)
    return {name: make_scene(model, name, number, split) for number, name in enumerate(names, first)}


def make_scene(model: Scene, scene_id: str, number: int, split: str = "test") -> Scene:
    """The model with other identities; `number` decides all of them."""
    events = tuple(
        event.model_copy(
            update={
                "clip_id": f"set:{number}-{event.index}",
                "uploader": f"somebody {number}",
                "group": f"uploader:set/somebody {number}",
            }
        )
        for event in model.events
    )
    placed = tuple(
        event.model_copy(update={"clip_sha256": f"{number}-{place}"}) for place, event in enumerate(model.recipe.events)
    )
    return model.model_copy(
        update={
            "scene_id": scene_id,
            "split": split,
            "events": events,
            "room": model.room.model_copy(update={"group": f"room:{number}"}),
            "recipe": model.recipe.model_copy(update={"events": placed}),
        }
    )


def write_scenes(scenes: Sequence[Scene], path: Path) -> Path:
    """A shard of these records, each with a few bytes in place of audio."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    for scene in scenes:
        write_sample(stream, scene.scene_id, [("json", scene.model_dump_json().encode()), ("flac", b"fLaC")])
    path.write_bytes(stream.getvalue() + END_OF_ARCHIVE)
    return path


def write_fair_set(folder: Path, rows: Sequence[Row]) -> Path:
    """Questions, and beside them the shard that they name."""
    folder.mkdir(parents=True, exist_ok=True)
    write_scenes(list(make_scenes(rows).values()), folder / SHARD)
    return write_rows(rows, folder / "questions.jsonl")
