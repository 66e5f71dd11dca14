"""A small question set in the folder layout of a released one: ten questions over five real scenes.

Two rooms laid out by hand, heard by the KEMAR head at 16 kHz, three synthetic sounds, five scenes whose truth is in
their records; `write_small_set` writes them as one shard of kind "benchmark" and the questions beside it. Every task is
asked once, and of each question exactly one claim is true of its scene. Scenes 0 and 1 hold the same sounds with their
places exchanged: the contrast pair of the tags.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from small_scenes import Sound, make_event, make_recipe, write_clip, write_layouts

from twnm_bench.facts import mirror_world, pick, read_world
from twnm_bench.programs import expertise_of, judge_claim, run_program
from twnm_schemas.answers import LETTERS
from twnm_schemas.base import NameValue
from twnm_schemas.manifests import Manifest, ShardEntry
from twnm_schemas.questions import (
    ASA_LEVELS,
    ROUTER_NAMES,
    AudioPlace,
    Difficulty,
    Provenance,
    Question,
    Task,
    area_of,
)
from twnm_schemas.render import RenderSpec
from twnm_schemas.rooms import Listener, Room, Triple
from twnm_schemas.scenes import Scene
from twnm_shards.files import sha256_of, write_bytes
from twnm_shards.manifests import INDEX_NAME, write_index, write_manifest
from twnm_shards.tars import END_OF_ARCHIVE, write_sample
from twnm_shards.units import Produced
from twnm_sim.clips.catalog import Catalog
from twnm_sim.scenes.brirs import BrirLibrary, open_brirs
from twnm_sim.scenes.caches import ClipReader
from twnm_sim.scenes.compose import compose_recipe
from twnm_sim.scenes.labels import Context
from twnm_sim.scenes.store import pack_scene

SPLIT = "test"
SEED = 11
RATE = 16000
SECONDS = 1.5
SHARD = "benchmark-000000.tar"
LEFT, RIGHT, AHEAD, FAR_LEFT = range(4)  # the sources of a room: at 1.5, 1.5, 1.0 and 3.0 m
_HEAD: Triple = (3.0, 5.0, 1.5)  # looks along +x: +y is on the left
_PLACES: tuple[Triple, ...] = ((3.0, 6.5, 1.5), (3.0, 3.5, 1.5), (4.0, 5.0, 1.5), (3.0, 8.0, 1.5))
_SOUNDS = (
    Sound("barking", "dog", "CC-BY-4.0", ("animal",), SPLIT, uploader="ann"),
    Sound("ringing", "bell", "CC0-1.0", ("thing",), SPLIT),
    Sound("hooting", "horn", "CC0-1.0", ("vehicle",), SPLIT),
)
# of each scene: its room (0 dry, 1 reverberant, about half a second), and which sound stands where
_SCENES: tuple[tuple[int, dict[str, int]], ...] = (
    (0, {"barking": LEFT, "ringing": RIGHT}),
    (0, {"ringing": LEFT, "barking": RIGHT}),
    (0, {"barking": AHEAD}),
    (1, {"barking": FAR_LEFT, "ringing": AHEAD}),
    (1, {"barking": LEFT, "ringing": RIGHT, "hooting": AHEAD}),
)


class _Asked(NamedTuple):
    """One question: `options`, each choice with its claim; `key`, which is true; `says`, the class of the answer."""

    scene: int
    task: Task
    question: str
    options: tuple[tuple[str, str], ...]
    key: int
    says: str
    program: str
    difficulty: Difficulty = "core"
    tags: tuple[str, ...] = ()


def _is_at(name: str, system: str, where: str) -> str:
    return f'equals(query({pick(name)}, "{system}"), "{where}")'


def _on(**sides: str) -> str:
    """The claim that each sound is on its side ("ahead": in front)."""
    parts = (_is_at(name, "quarter" if at == "ahead" else "side", at) for name, at in sides.items())
    return f"all_of({', '.join(parts)})"


def _sum_up(count: int, **sides: str) -> str:
    return f"all_of(equals(count(scene()), {count}), {_on(**sides)})"


_DOG_AFTER = 'query(unique(filter(face(scene(), "bell"), label="dog")), "quarter")'
_AT_LEFT = 'query(unique(filter(scene(), side="left")), "label")'
_ASKED = (
    _Asked(
        scene=2,
        task="content_identification",
        question="What do you hear?",
        options=tuple((f"A {name}", f'has(scene(), label="{name}")') for name in ("dog", "bell", "horn", "train")),
        key=0,
        says="dog",
        program='query(unique(scene()), "label")',
    ),
    _Asked(
        scene=4,
        task="source_counting",
        question="How many sources sound in this scene?",
        options=tuple(
            (word, f"equals(count(scene()), {n})") for n, word in enumerate(("Two", "Three", "Four", "Five"), 2)
        ),
        key=1,
        says="3",
        program="count(scene())",
        difficulty="hard",
    ),
    _Asked(
        scene=3,
        task="environmental_acoustics",
        question="For about how long does a sound linger in this room?",
        options=tuple((f"{t:g} s", f"equals(reverberation(scene()), {t})") for t in (0.25, 1.0, 0.5, 2.0)),
        key=2,
        says="0.5",
        program="reverberation(scene())",
    ),
    _Asked(
        scene=0,
        task="sound_location_binding",
        question="Where is the dog?",
        options=(
            ("Straight ahead", _is_at("dog", "sector5", "ahead")),
            ("Far to the right", _is_at("dog", "sector5", "far right")),
            ("To the front right", _is_at("dog", "sector5", "front-right")),
            ("Far to the left", _is_at("dog", "sector5", "far left")),
        ),
        key=3,
        says="far left",
        program=f'query({pick("dog")}, "sector5")',
        tags=("pair:000000",),
    ),
    _Asked(
        scene=1,
        task="attribute_binding",
        question="Which description is right?",
        options=(
            ("A dog on the right and a bell on the left", _on(dog="right", bell="left")),
            ("A dog on the left and a bell on the right", _on(dog="left", bell="right")),
            ("A dog ahead and a bell on the left", _on(dog="ahead", bell="left")),
            ("A dog on the right and a bell ahead", _on(dog="right", bell="ahead")),
        ),
        key=0,
        says="dog right",
        program=_on(dog="right", bell="left"),
        tags=("pair:000000",),
    ),
    _Asked(
        scene=1,
        task="location_content_binding",
        question="What is on your left?",
        options=tuple((f"The {name}", f'equals({_AT_LEFT}, "{name}")') for name in ("dog", "bell", "horn", "train")),
        key=1,
        says="bell",
        program=_AT_LEFT,
    ),
    _Asked(
        scene=3,
        task="spatial_relationship",
        question="Which sound is farther away?",
        options=tuple(
            (words, f'equals(winner(scene(), "farthest"), "{name}")')
            for words, name in (("The horn", "horn"), ("The bell", "bell"), ("The dog", "dog"), ("Neither", "equal"))
        ),
        key=2,
        says="dog",
        program='winner(scene(), "farthest")',
    ),
    _Asked(
        scene=0,
        task="counterfactual",
        question="You turn to face the bell. Where is the dog then?",
        options=tuple(
            (words, f'equals({_DOG_AFTER}, "{at}")')
            for words, at in (
                ("On your left", "left"),
                ("In front of you", "ahead"),
                ("On your right", "right"),
                ("At your back", "behind"),
            )
        ),
        key=3,
        says="behind",
        program=_DOG_AFTER,
        tags=("front_back",),
    ),
    _Asked(
        scene=4,
        task="scene_summarisation",
        question="Which summary is true throughout?",
        options=(
            ("Three sounds: dog right, bell left, horn ahead", _sum_up(3, dog="right", bell="left", horn="ahead")),
            ("Two sounds: dog left, bell right, horn ahead", _sum_up(2, dog="left", bell="right", horn="ahead")),
            ("Three sounds: dog left, bell left, horn ahead", _sum_up(3, dog="left", bell="left", horn="ahead")),
            ("Three sounds: dog left, bell right, horn ahead", _sum_up(3, dog="left", bell="right", horn="ahead")),
        ),
        key=3,
        says="true",
        program=_sum_up(3, dog="left", bell="right", horn="ahead"),
        difficulty="hard",
    ),
    _Asked(
        scene=4,
        task="causal_intent",
        question='What is most likely going on "ahead" of you?',
        options=(
            ("A driver warns a dog", 'all_of(has(scene(), label="horn"), has(scene(), label="dog"))'),
            ("A guest waits in silence – no bell rings", 'lacks(scene(), label="bell")'),
            ("A train leaves the station", 'has(scene(), label="train")'),
            ("A storm calms the dog", 'all_of(has(scene(), label="rain"), has(scene(), label="dog"))'),
        ),
        key=0,
        says="warn",
        program='all_of(has(scene(), label="horn"), has(scene(), label="dog"))',
    ),
)


def make_small_questions() -> list[Question]:
    """The ten questions, one of every task, in the order of the tasks; their audio is in `SHARD`."""
    scenes = make_small_scenes()
    return [_make_question(number, asked, scenes[asked.scene]) for number, asked in enumerate(_ASKED)]


def make_small_scenes() -> list[Scene]:
    """The records of the five scenes."""
    return [Scene.model_validate_json(dict(sample.members)["json"]) for sample in _compose_scenes()]


def write_small_set(folder: Path) -> Path:
    """Write the set below `folder` as a release has it: `questions.jsonl`, and `test/` with shard, index and manifest.

    Returns the path of the question file. What was composed is kept for the next call in the same process.
    """
    shards = folder / SPLIT
    shards.mkdir(parents=True, exist_ok=True)
    _write_shard(shards, _compose_scenes())
    lines = (question.model_dump_json() + "\n" for question in make_small_questions())
    write_bytes(folder / "questions.jsonl", "".join(lines).encode())
    return folder / "questions.jsonl"


def _make_question(number: int, asked: _Asked, scene: Scene) -> Question:
    area = area_of(asked.task)
    world = read_world(scene)
    claims = tuple(claim for _, claim in asked.options)
    trace: list[str] = []
    run_program(asked.program, world, trace)
    mirrored = [place for place, claim in enumerate(claims) if judge_claim(claim, mirror_world(world))]
    expertise = expertise_of((asked.program,))
    return Question(
        id=f"{asked.task}-{number:06d}",
        task=asked.task,
        area=area,
        asa_level=ASA_LEVELS[area],
        difficulty=asked.difficulty,
        question=asked.question,
        choices=tuple(text for text, _ in asked.options),
        answer=LETTERS[asked.key],  # type: ignore[arg-type]
        answer_index=asked.key,
        answer_class=asked.says,
        scene_id=scene.scene_id,
        room_id=scene.room_id,
        audio=AudioPlace(shard=f"{SPLIT}/{SHARD}", key=scene.scene_id, member="flac"),
        program=asked.program,
        claims=claims,
        trace=tuple(trace),
        mirror_index=mirrored[0] if mirrored else None,
        router_label=tuple(float(name in expertise) for name in ROUTER_NAMES),
        tags=asked.tags,
        seed=SEED,
        provenance=Provenance(
            generator="0.1.0",
            variant="plain",
            template=f"{asked.task}-0",
            wording="rules",
            model="",
            prompt_sha256="",
            fallback="",
            scene_fingerprint=scene.fingerprint,
        ),
    )


@cache
def _folder() -> "TemporaryDirectory[str]":
    return TemporaryDirectory(prefix="small-questions-")


@cache
def _compose_scenes() -> tuple[Produced, ...]:
    folder = Path(_folder().name)
    library = _render_rooms(folder / "rooms")
    catalog = Catalog(tuple(write_clip(folder / "sounds", sound, rate=RATE) for sound in _SOUNDS))
    return tuple(_compose(library, catalog))


def _render_rooms(folder: Path) -> BrirLibrary:
    """A dry and a reverberant room, each with four sources at known places."""
    head = Listener(position_m=_HEAD)
    rooms = [(Room(size_m=(8.0, 10.0, 3.0), absorption=absorption), head, _PLACES) for absorption in (0.9, 0.33)]
    return open_brirs(write_layouts(folder, RenderSpec(sample_rate=RATE, duration_s=0.6), rooms))


def _compose(library: BrirLibrary, catalog: Catalog) -> Iterator[Produced]:
    changes = {"seed": SEED, "samples": round(SECONDS * RATE), "outputs": ("binaural",), "stems": False, "dry": False}
    reader, context = ClipReader(RATE), Context(SPLIT, fingerprint="small")
    for index, (room, placed) in enumerate(_SCENES):
        events = [make_event(catalog.by_id[f"small:{name}"], place, RATE) for name, place in placed.items()]
        recipe = make_recipe(library, events, room, index=index, **changes)
        yield pack_scene(compose_recipe(recipe, library, catalog.by_id, reader, context))[0]


def _write_shard(folder: Path, samples: tuple[Produced, ...]) -> None:
    """The shard, its index and, last, its manifest."""
    rows, offset = [], 0
    path = folder / SHARD
    with path.open("wb") as stream:
        for sample in samples:
            rows.append({"key": sample.key, "shard": SHARD, "offset": offset, **sample.row})
            offset += write_sample(stream, sample.key, sample.members)
        stream.write(END_OF_ARCHIVE)
    write_index(folder, rows)
    entry = ShardEntry(name=SHARD, samples=len(samples), bytes=path.stat().st_size, sha256=sha256_of(path))
    manifest = Manifest(
        kind="benchmark",
        samples=len(samples),
        shards=(entry,),
        index_sha256=sha256_of(folder / INDEX_NAME),
        rejections=(),
        settings={},
        versions=(NameValue(name="twnm", value="0.1.0"),),
        seed=SEED,
        fingerprint="small",
    )
    write_manifest(folder, manifest)
