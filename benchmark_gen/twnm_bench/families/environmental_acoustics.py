"""The room: how long it reverberates, or (hard) how large it is and what its walls are like."""

import numpy as np

from twnm_bench.facts import GRID_MARGIN, REVERBERATION_GRID_S, World
from twnm_bench.families.base import Draft, Option, Variant, View, decide, equals, require, scene_spec, shuffle
from twnm_bench.labels import Inventory
from twnm_schemas.distributions import Uniform
from twnm_schemas.scenes import ClipFilter, RoomFilter, SceneSpec

_SILENCE_S = 0.05  # at the end of the scene, when all has died away
_TIGHTER = 0.85  # rooms are drawn nearer to a grid value than is asked: positions of a room differ
_TIME = (
    "About how long does the reverberation of this room last, until a sound has died away by 60 decibels?",
    "What is the approximate reverberation time (RT60) of the room?",
    "After a sound stops, how long does this room take to let it decay by 60 decibels?",
    "Judging by how sounds die away, which reverberation time fits this room best?",
    "Which of these is closest to the reverberation time of the room you hear?",
    "How long does sound linger in this room, as its RT60?",
)
_KIND = (
    "What kind of room does this sound like?",
    "In which of these rooms was this most likely recorded?",
    "Judging by its echoes and its reverberation, what room is this?",
    "Which room fits what you hear best?",
    "How would you describe the room around you?",
    "Which description matches the acoustics of this place?",
)
KINDS = {
    "small hard": "A small room with hard walls",
    "small soft": "A small room with soft walls",
    "large hard": "A large hall with hard walls",
    "large soft": "A large hall with soft walls",
}
_ABSORPTION = {"hard": "high_reverberation", "soft": "low_reverberation"}


def say_seconds(value: float) -> str:
    """A grid value as an option: "About 0.5 seconds"."""
    return f"About {value:g} second{'s' * (value != 1.0)}"


def available_times(inventory: Inventory) -> tuple[float, ...]:
    """The grid values for which there are rooms: only these may be options, or some would never be true."""
    reach = GRID_MARGIN**_TIGHTER
    return tuple(
        value for value in REVERBERATION_GRID_S if any(value / reach <= t <= value * reach for t in inventory.times_s)
    )


def _may_ask_time(inventory: Inventory, answer: str) -> bool:
    there = available_times(inventory)
    return len(there) >= 4 and float(answer) in there


def _may_ask_kind(inventory: Inventory, answer: str) -> bool:
    wanted = {(size, _ABSORPTION[walls]) for size, walls in map(str.split, KINDS)}
    return wanted <= inventory.kinds


def _require_decay(world: World) -> None:
    """Every sound dies away by 30 dB before the scene ends, so that the room is heard alone."""
    require(max(sound.offset_s for sound in world.sounds) <= world.duration_s - _SILENCE_S, "no_decay_heard")


def _spec_time(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    value, reach = float(answer), GRID_MARGIN**_TIGHTER
    return scene_spec(
        (1, 2, 3),
        elevation=None,
        t_mid=(value / reach, value * reach),
        clips=ClipFilter(min_duration_s=0.3, max_duration_s=2.5),
        onset=Uniform(low=0.0, high=0.8),
    )


def _ask_time(view: View, answer: str, rng: np.random.Generator) -> Draft:
    program = "reverberation(scene())"
    value = decide(program, view.world)
    require(value == float(answer), "other_reverberation")
    _require_decay(view.world)
    others = [str(grid) for grid in available_times(view.inventory) if grid != value]
    require(len(others) >= 3, "reverberation_times_too_few")
    shown = [float(answer), *map(float, shuffle(rng, others)[:3])]
    options = tuple(Option(say_seconds(grid), equals(program, grid)) for grid in shown)
    return Draft(program, _TIME, {}, options, answer)


def _spec_kind(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    size, walls = answer.split()
    return scene_spec(
        (1, 2, 3),
        elevation=None,
        rooms=RoomFilter(size_categories=(size,), absorption_classes=(_ABSORPTION[walls],)),
        clips=ClipFilter(min_duration_s=0.3, max_duration_s=2.5),
        onset=Uniform(low=0.0, high=0.8),
    )


def _ask_kind(view: View, answer: str, rng: np.random.Generator) -> Draft:
    program = "room_kind(scene())"
    require(decide(program, view.world) == answer, "other_room_kind")
    _require_decay(view.world)
    ordered = [answer, *(kind for kind in KINDS if kind != answer)]
    return Draft(program, _KIND, {}, tuple(Option(KINDS[kind], equals(program, kind)) for kind in ordered), answer)


VARIANTS = (
    Variant(
        "reverberation_time",
        "environmental_acoustics",
        "core",
        tuple(map(str, REVERBERATION_GRID_S)),
        _spec_time,
        _ask_time,
        may_ask=_may_ask_time,
    ),
    Variant(
        "room_kind",
        "environmental_acoustics",
        "hard",
        tuple(KINDS),
        _spec_kind,
        _ask_kind,
        may_ask=_may_ask_kind,
    ),
)
