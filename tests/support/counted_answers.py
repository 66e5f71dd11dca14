"""Question files and predictions files made to measure: so many questions of each task, so many of them right."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from twnm_schemas.answers import LETTERS, write_answer
from twnm_schemas.questions import ASA_LEVELS, AudioPlace, Provenance, Question, Task, area_of

# The paper's benchmark, section 4.4: 321, 285 and 394 questions by area; by task where n follows from its percentages
# (51.24 and 44.63 % of 121, 37.07 % of 116, 34.02 % of 97, 98/98, 84.38 % of 96); the other tasks share the rest.
PAPER_N: dict[Task, int] = {
    "content_identification": 121,
    "source_counting": 100,
    "environmental_acoustics": 100,
    "sound_location_binding": 85,
    "attribute_binding": 116,
    "location_content_binding": 84,
    "spatial_relationship": 97,
    "counterfactual": 103,
    "scene_summarisation": 98,
    "causal_intent": 96,
}
# right answers by task: sums by area are 112, 53, 86 (SFT 1.0), 156, 92, 253 (SFT 2.0), 191, 133, 287 (GRPO)
PAPER_RIGHT: dict[str, tuple[int, ...]] = {
    "sft1": (62, 25, 25, 20, 18, 15, 20, 22, 22, 22),
    "sft2": (45, 56, 55, 28, 36, 28, 30, 70, 88, 65),
    "grpo": (54, 70, 67, 46, 43, 44, 33, 75, 98, 81),
}


def make_question(number: int, task: Task, scene: str = "", **changes: Any) -> Question:
    """A question whose key is A, B, C or D in turn."""
    key = number % 4
    area = area_of(task)
    fields: dict[str, Any] = {
        "id": f"q-{number:06d}",
        "task": task,
        "area": area,
        "asa_level": ASA_LEVELS[area],
        "difficulty": "core",
        "question": "Which sound is heard on the left?",
        "choices": ("a dog", "a bell", "rain", "a door"),
        "answer": LETTERS[key],
        "answer_index": key,
        "answer_class": "left",
        "scene_id": scene or f"scene-{number:06d}",
        "room_id": f"room-{number:06d}",
        "audio": AudioPlace(shard="audio-000000.tar", key=f"q-{number:06d}", member="flac"),
        "program": "query(label)",
        "claims": ("a", "b", "c", "d"),
        "trace": (),
        "mirror_index": None,
        "router_label": (1.0, 1.0, 0.0, 0.0, 0.0),
        "tags": (),
        "seed": 0,
        "provenance": Provenance(
            generator="0",
            variant="core",
            template="t0",
            wording="rules",
            model="",
            prompt_sha256="",
            fallback="",
            scene_fingerprint="",
        ),
    }
    return Question(**{**fields, **changes})


def make_questions(counts: Mapping[Task, int]) -> list[Question]:
    """So many questions of each task, each about a scene of its own."""
    tasks = [task for task, n in counts.items() for _ in range(n)]
    return [make_question(number, task) for number, task in enumerate(tasks)]


def reply(question: Question, right: bool, rotation: int = 0) -> dict[str, Any]:
    """A prediction that is right, or names the choice after the true one; as it was shown under the rotation."""
    place = (question.answer_index + (not right) - rotation) % 4
    return {"id": question.id, "output": write_answer("heard", LETTERS[place]), "rotation": rotation}


def reply_all(questions: Sequence[Question], right: Mapping[Task, int]) -> list[dict[str, Any]]:
    """A prediction for each question; of each task the first so many are right."""
    left = dict(right)
    replies = []
    for question in questions:
        left[question.task] -= 1
        replies.append(reply(question, left[question.task] >= 0))
    return replies


def write_questions(path: Path, questions: Iterable[Question]) -> Path:
    """The question file."""
    path.write_text("".join(f"{question.model_dump_json()}\n" for question in questions), "utf-8")
    return path


def write_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> Path:
    """A file of JSON lines."""
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def write_paper(folder: Path) -> dict[str, Path]:
    """The benchmark of the paper's counts and its three runs: `questions`, `sft1`, `sft2`, `grpo`."""
    questions = make_questions(PAPER_N)
    files = {"questions": write_questions(folder / "questions.jsonl", questions)}
    for name, right in PAPER_RIGHT.items():
        files[name] = write_lines(
            folder / f"{name}.jsonl", reply_all(questions, dict(zip(PAPER_N, right, strict=True)))
        )
    return files
