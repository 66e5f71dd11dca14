"""Training text about scenes: open question-answer pairs (SFT 1.0) and reasoned answers to choices (SFT 2.0).

Both are made from train-split scenes only, and everything that they say has been checked against the scene. All records
are Arrow-stable.
"""

from typing import Literal

from pydantic import Field

from twnm_schemas.base import Strict
from twnm_schemas.clips import Attribution
from twnm_schemas.questions import OPTIONS, ROUTER_NAMES, AudioPlace, Difficulty, Provenance, Task


class TaughtClip(Strict):
    """One sound of a scene: whose clip it is."""

    clip_id: str
    dataset: str
    uploader: str
    freesound_id: str
    video_id: str
    speaker: str
    group: str


class TaughtRoom(Strict):
    """The room of a scene: rooms of one group are never shared between splits."""

    group: str


class TaughtScene(Strict):
    """What says whose a scene is, so that training text can be held against any benchmark without the scene."""

    scene_id: str
    room_id: str
    split: str
    fingerprint: str
    room: TaughtRoom
    events: tuple[TaughtClip, ...]


class QaSample(Strict):
    """One open question with its answer: the JSON member of a sample of kind "sft1".

    `instruction` is asked, `answer` is to be learnt. `router_label`: which expertise they call on, 0, 0.5 or 1 each, in
    the order of `router_names`; `router_source`: whether it follows from the programs or from what the text claims.
    `audio`: the FLAC beside this record (`shard` ""), or where it lies in the scenes' own shard, by its path from the
    folder of this record's shard. `programs`: what the answer rests on. `qa_kind`: which kind of question, "llm" for
    one that a language model wrote. `license` and `attribution`: of the scene.
    """

    id: str
    scene_id: str
    room_id: str
    split: Literal["train"]
    instruction: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    qa_kind: str
    router_label: tuple[float, ...] = Field(min_length=5, max_length=5)
    router_names: tuple[str, ...] = ROUTER_NAMES
    router_source: Literal["programs", "text"]
    audio: AudioPlace
    programs: tuple[str, ...]
    provenance: Provenance
    seed: int = Field(ge=0, lt=2**63)
    license: str
    attribution: tuple[Attribution, ...]
    scene: TaughtScene


class TeachSample(Strict):
    """One choice question with a reasoned answer: the JSON member of a sample of kind "sft2".

    `instruction`: the question; `choices`: four texts without letters, of which the one at the place `key` is true;
    `letter`: the letter of that place; `answer`: the whole reply in the answer grammar, which is to be learnt; `think`:
    the reasoning in it, which speaks of choices by what they say. `program` and `trace`: what decides, as in a
    Question; the other fields as in a QaSample.
    """

    id: str
    scene_id: str
    room_id: str
    split: Literal["train"]
    task: Task
    difficulty: Difficulty
    instruction: str = Field(min_length=1)
    choices: tuple[str, ...] = Field(min_length=OPTIONS, max_length=OPTIONS)
    think: str
    answer: str
    letter: Literal["A", "B", "C", "D"]
    key: int = Field(ge=0, lt=OPTIONS)
    answer_class: str
    program: str
    claims: tuple[str, ...] = Field(min_length=OPTIONS, max_length=OPTIONS)
    trace: tuple[str, ...]
    router_label: tuple[float, ...] = Field(min_length=5, max_length=5)
    router_names: tuple[str, ...] = ROUTER_NAMES
    router_source: Literal["programs", "text"]
    tags: tuple[str, ...]
    audio: AudioPlace
    provenance: Provenance
    seed: int = Field(ge=0, lt=2**63)
    license: str
    attribution: tuple[Attribution, ...]
    scene: TaughtScene
