"""Questions about scenes: the ten tasks, the record of one question, and what a model said to it.

A question's key follows from a program over its scene's record; each option is a claim, an expression that is true or
false of the same scene (`twnm_bench.programs` runs both). All records are Arrow-stable.
"""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from twnm_schemas.answers import LETTERS
from twnm_schemas.base import Strict

Task = Literal[
    "content_identification",
    "source_counting",
    "environmental_acoustics",
    "sound_location_binding",
    "attribute_binding",
    "location_content_binding",
    "spatial_relationship",
    "counterfactual",
    "scene_summarisation",
    "causal_intent",
]
Area = Literal["perception", "integration", "reasoning"]
AsaLevel = Literal["atomic", "relational", "cognitive"]  # the hierarchy of auditory scene analysis
Difficulty = Literal["core", "hard"]

TASKS: tuple[Task, ...] = get_args(Task)
AREAS: dict[Area, tuple[Task, ...]] = {"perception": TASKS[:3], "integration": TASKS[3:6], "reasoning": TASKS[6:]}
ASA_LEVELS: dict[Area, AsaLevel] = {"perception": "atomic", "integration": "relational", "reasoning": "cognitive"}
ROUTER_NAMES = ("semantic", "direction", "distance", "reverberation", "count")
OPTIONS = len(LETTERS)


def area_of(task: Task) -> Area:
    """The area of competence that a task belongs to."""
    return next(area for area, tasks in AREAS.items() if task in tasks)


class AudioPlace(Strict):
    """Where a question's audio lies: `shard` beside the question file (or a URL), the sample's `key`, its `member`."""

    shard: str
    key: str
    member: str


class Provenance(Strict):
    """How a question came to be; with scene, program and seed it can be made again.

    `generator`: the version of the code. `variant`: of the task ("turn"). `template`: which wording of it. `wording`:
    by "rules" or by a language model ("llm"), then `model` and the SHA-256 of the whole request; both are empty for
    rules. `fallback`: why the rule-based wording was kept where a language model was asked, else empty.
    """

    generator: str
    variant: str
    template: str
    wording: Literal["rules", "llm"]
    model: str
    prompt_sha256: str
    fallback: str
    scene_fingerprint: str


class Question(Strict):
    """One multiple-choice question: a line of `questions.jsonl`.

    `choices`: four texts without letters; `answer`: the letter of the true one, `answer_index` its place;
    `answer_class`: what the key says in a word, by which answers are balanced. `program`: the expression whose value
    decides; `claims`: of each choice the expression that is true exactly for the key; `trace`: the program's steps on
    this scene. `mirror_index`: which choice is true of the scene with left and right exchanged, null where none is.
    `router_label`: which expertise is asked, in the order of `router_names`.
    `tags`: what to filter by ("front_back", "elevation", "pair:000012": items of one contrast pair). `seed`: of the
    whole set.
    """

    id: str
    task: Task
    area: Area
    asa_level: AsaLevel
    difficulty: Difficulty
    question: str = Field(min_length=1)
    choices: tuple[str, ...] = Field(min_length=OPTIONS, max_length=OPTIONS)
    answer: Literal["A", "B", "C", "D"]
    answer_index: int = Field(ge=0, lt=OPTIONS)
    answer_class: str
    scene_id: str
    room_id: str
    audio: AudioPlace
    program: str
    claims: tuple[str, ...] = Field(min_length=OPTIONS, max_length=OPTIONS)
    trace: tuple[str, ...]
    mirror_index: int | None = Field(ge=0, lt=OPTIONS)
    router_label: tuple[float, ...] = Field(min_length=5, max_length=5)
    router_names: tuple[str, ...] = ROUTER_NAMES
    tags: tuple[str, ...]
    seed: int = Field(ge=0, lt=2**63)
    provenance: Provenance

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if LETTERS[self.answer_index] != self.answer:
            raise ValueError(f"answer: {self.answer} is not the letter of answer_index {self.answer_index}")
        if len({choice.strip().lower() for choice in self.choices}) < OPTIONS:
            raise ValueError("choices: two of them say the same")
        if self.area != area_of(self.task):
            raise ValueError(f"area: {self.task} belongs to {area_of(self.task)}")
        return self


class Prediction(Strict):
    """What a model said to one question: a line of a predictions file.

    `output`: the whole reply, read by the answer grammar; or `answer`, a letter; one of the two is not null.
    `rotation`: the choices were shown rotated by so many places (0: as they stand; shown place p held choice
    (p + rotation) mod 4), and the letter is of the shown order.
    """

    id: str
    output: str | None = None
    answer: str | None = None
    rotation: int = Field(default=0, ge=0, lt=OPTIONS)
