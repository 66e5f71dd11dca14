"""Two question sets over real scenes of built-in sounds, whose keys follow from where sources and walls are.

`write_sided_set`: two sources, one clearly to each side; where is one of them? The four options are the sectors off the
middle, so that each has its mirror image among them. `write_decaying_set`: one source; how long does the room decay?
Keys are spread evenly over the options' meanings as far as the scenes allow.
"""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from small_scenes import write_layouts, write_rooms

from twnm_bench.directions import SECTORS5, find_sector
from twnm_schemas.answers import LETTERS
from twnm_schemas.constraints import OppositeSides, Sector
from twnm_schemas.distributions import Constant, Uniform
from twnm_schemas.questions import ASA_LEVELS, AudioPlace, Provenance, Question, Task, area_of
from twnm_schemas.render import RenderSpec
from twnm_schemas.rooms import Listener, Room, RoomSpec, Triple
from twnm_schemas.scenes import ClipFilter, Interval, Placement, Scene, SceneSpec
from twnm_shards.tars import END_OF_ARCHIVE, write_sample
from twnm_sim.clips.catalog import Catalog
from twnm_sim.clips.scan import scan_clips
from twnm_sim.scenes.brirs import BrirLibrary, open_brirs
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.maker import SceneMaker
from twnm_sim.scenes.store import pack_scene

RATE = 16000
SHARD = "heard.tar"
ROOMS = 20
MIRROR = (3, 2, 1, 0)  # of each of the four sided sectors, the place of its mirror image
_SIDED = tuple(sector for sector in SECTORS5 if sector.name != "ahead")
_TIMES_S = (0.25, 0.5, 1.0, 2.0)
_FRONT = Sector(start_deg=270.0, stop_deg=90.0)


def write_sided_set(folder: Path, scenes: int) -> Path:
    """The questions on sectors; their choices stand in the order far left to far right, turned by their number."""
    spec = SceneSpec(
        duration_s=2.0,
        sources=Constant(value=2.0),
        onset_s=Uniform(low=0.0, high=0.6),
        constraints=(OppositeSides(degrees=25.0), _FRONT),
        placement=Placement(drr_db=Interval(low=-10.0, high=40.0)),
    )
    return _write_set(folder, _laid_out_rooms(), spec, scenes, _ask_sector)


def write_decaying_set(folder: Path, scenes: int) -> Path:
    """The questions on reverberation."""
    spec = SceneSpec(
        duration_s=4.0,
        sources=Constant(value=1.0),
        onset_s=Uniform(low=0.0, high=0.6),
        clips=ClipFilter(min_duration_s=0.3, max_duration_s=2.5),
    )
    return _write_set(folder, _drawn_rooms(), spec, scenes, _ask_time)


def _ask_sector(scene: Scene, asked: "Counter[int]") -> tuple[Task, str, tuple[str, ...], int] | None:
    """About the source whose sector was asked for least often; None where both are near an edge."""
    places = []
    for event in scene.events:
        sector = find_sector("sector5", event.azimuth_deg)
        if sector in _SIDED:
            places.append((asked[_SIDED.index(sector)], _SIDED.index(sector), event.label))
    if not places:
        return None
    _, key, label = min(places)
    return "sound_location_binding", f"Where is the {label}?", tuple(sector.words for sector in _SIDED), key


def _ask_time(scene: Scene, asked: "Counter[int]") -> tuple[Task, str, tuple[str, ...], int] | None:
    """None where the time is not clearly nearest to one option, or that option has its share."""
    truth_s = scene.room.acoustics.t_mid_s
    if truth_s is None:
        return None
    octaves = np.abs(np.log2(np.array(_TIMES_S) / truth_s))
    key = int(octaves.argmin())
    if octaves[key] > 0.3 or asked[key] > min(asked[place] for place in range(4)) + 8:
        return None
    options = tuple(f"About {time_s:g} second{'s' * (time_s != 1.0)}" for time_s in _TIMES_S)
    return "environmental_acoustics", "For how long does the room reverberate?", options, key


def _write_set(folder: Path, rooms: BrirLibrary, spec: SceneSpec, wanted: int, ask: Any) -> Path:
    folder.mkdir(parents=True)
    maker = SceneMaker(Ingredients(spec, rooms, _sounds(), "open"), seed=1)
    asked: Counter[int] = Counter()
    lines = []
    with (folder / SHARD).open("wb") as stream:
        for index in range(20 * wanted):
            made = maker.make(index, "train")
            question = ask(made.scene, asked)
            if question is not None:
                asked[question[-1]] += 1
                lines.append(_make_question(len(lines), made.scene, *question).model_dump_json())
                write_sample(stream, made.scene.scene_id, pack_scene(made)[0].members)
            if len(lines) == wanted:
                break
        stream.write(END_OF_ARCHIVE)
    assert len(lines) == wanted
    (folder / "questions.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder / "questions.jsonl"


def _make_question(number: int, scene: Scene, task: Task, text: str, options: tuple[str, ...], key: int) -> Question:
    """The options turned by the question's number, so that no letter is the key more often than others."""
    order = [(place + number) % 4 for place in range(4)]
    here = order.index(key)
    area = area_of(task)
    return Question(
        id=f"{task}-{number:06d}",
        task=task,
        area=area,
        asa_level=ASA_LEVELS[area],
        difficulty="core",
        question=text,
        choices=tuple(options[place] for place in order),
        answer=LETTERS[here],  # type: ignore[arg-type]
        answer_index=here,
        answer_class=options[key],
        scene_id=scene.scene_id,
        room_id=scene.room_id,
        audio=AudioPlace(shard=SHARD, key=scene.scene_id, member="flac"),
        program="",
        claims=("", "", "", ""),
        trace=(),
        mirror_index=order.index(MIRROR[key]) if task == "sound_location_binding" else None,
        router_label=(0.0,) * 5,
        tags=(),
        seed=1,
        provenance=Provenance(
            generator="0.1.0",
            variant="plain",
            template="plain",
            wording="rules",
            model="",
            prompt_sha256="",
            fallback="",
            scene_fingerprint=scene.fingerprint,
        ),
    )


def read_meanings(choices: tuple[str, ...]) -> Iterator[int]:
    """Which of the four sided sectors each choice says."""
    words = [sector.words for sector in _SIDED]
    return (words.index(choice) for choice in choices)


@cache
def _folder() -> "TemporaryDirectory[str]":
    return TemporaryDirectory(prefix="sided-scenes-")


@cache
def _drawn_rooms() -> BrirLibrary:
    spec = RenderSpec(room=RoomSpec(), sources_per_room=10, sample_rate=RATE, duration_s=1.2)
    return open_brirs(write_rooms(Path(_folder().name) / "drawn", spec, rooms=ROOMS, seed=9, fingerprint="drawn"))


@cache
def _laid_out_rooms() -> BrirLibrary:
    """Rooms from dry to lively, in each two sources in every sided sector."""
    rng = np.random.default_rng(5)
    spec = RenderSpec(sample_rate=RATE, duration_s=0.6)
    return open_brirs(write_layouts(Path(_folder().name) / "laid", spec, [_lay_out(rng) for _ in range(ROOMS)]))


def _lay_out(rng: np.random.Generator) -> tuple[Room, Listener, list[Triple]]:
    x, y, ear = rng.uniform(2.8, 3.6), rng.uniform(3.5, 4.5), 1.5
    places: list[Triple] = []
    for sector in (*_SIDED, *_SIDED):
        azimuth, distance = np.radians(sector.centre_deg + rng.uniform(-6.0, 6.0)), rng.uniform(1.0, 2.4)
        places.append((x + distance * np.cos(azimuth), y + distance * np.sin(azimuth), ear))
    room = Room(size_m=(7.0, 8.0, 3.0), absorption=float(rng.uniform(0.2, 0.7)))
    return room, Listener(position_m=(x, y, ear)), places


@cache
def _sounds() -> Catalog:
    """Two of every built-in class, whatever their split."""
    found = scan_clips(["builtin:2"]).clips
    return Catalog(tuple(clip.model_copy(update={"split": "train"}) for clip in found))
