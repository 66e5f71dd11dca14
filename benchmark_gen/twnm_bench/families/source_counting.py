"""How many sounds: all of them, (hard) those on one side, or among many."""

import numpy as np

from twnm_bench.facts import APART_DEG, CROWDED_APART_DEG, World, angle_apart
from twnm_bench.families.base import (
    Draft,
    Option,
    Variant,
    View,
    decide,
    equals,
    require,
    require_apart,
    require_direction,
    scene_spec,
)
from twnm_bench.labels import Inventory
from twnm_schemas.constraints import Pairwise, Sides
from twnm_schemas.distributions import Uniform
from twnm_schemas.scenes import ClipFilter, SceneSpec
from twnm_sim.scenes.wording import capitalise, say_number

_OVERLAP_S = 0.1
_ALL = (
    "How many different sounds are there in the recording?",
    "How many different sounds do you hear?",
    "Count the different sounds. How many are there?",
    "How many kinds of sound make up this scene?",
    "Of how many different sounds does this scene consist?",
    "How many separate sounds can be told apart here?",
)
_SIDE = (
    "How many sounds come from your {side}?",
    "Count only what you hear on your {side}. How many different sounds are there?",
    "How many of the sounds are on the {side} side?",
    "On the {side}, how many different sounds do you hear?",
    "How many different sounds are to the {side} of you?",
    "Leaving out the other side, how many sounds are on your {side}?",
)


def _options(program: str, counts: range, key: int) -> tuple[Option, ...]:
    ordered = [key, *(count for count in counts if count != key)]
    return tuple(Option(f"{capitalise(say_number(n))} sound{'s' * (n != 1)}", equals(program, n)) for n in ordered)


def _require_countable(world: World) -> None:
    """All are audible, sound together and come from clearly different directions."""
    sounds = world.sounds
    require(len({sound.name for sound in sounds}) == len(sounds), "label_twice")
    require(all(sound.is_audible for sound in sounds), "sound_not_audible")
    for place, first in enumerate(sounds):
        for second in sounds[:place]:
            together_s = min(first.offset_s, second.offset_s) - max(first.onset_s, second.onset_s)
            require(together_s >= _OVERLAP_S, "sounds_apart_in_time")
            require(angle_apart(first, second) >= APART_DEG - 1e-6, "directions_alike")


def _spec_all(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return _spec_count(int(answer), (-6.0, 6.0) if int(answer) < 4 else (-3.0, 3.0))


def _spec_many(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return _spec_count(int(answer), (-1.5, 1.5), (1.0, 5.0))


def _spec_count(count: int, gain: tuple[float, float], distance: tuple[float, float] | None = None) -> SceneSpec:
    return scene_spec(
        count,
        elevation=None,
        constraints=(Pairwise(degrees=APART_DEG),),
        clips=ClipFilter(min_duration_s=1.0),
        onset=Uniform(low=0.0, high=1.0),
        min_overlap_s=0.2 if count > 1 else 0.0,
        gain=gain,
        distance=distance,
    )


def _ask_all(view: View, answer: str, rng: np.random.Generator) -> Draft:
    return _ask_count(view, answer, range(1, 5))


def _ask_many(view: View, answer: str, rng: np.random.Generator) -> Draft:
    return _ask_count(view, answer, range(3, 7))


def _ask_count(view: View, answer: str, counts: range) -> Draft:
    require(len(view.world.sounds) == int(answer), "other_count")
    _require_countable(view.world)
    program = "count(scene())"
    return Draft(program, _ALL, {}, _options(program, counts, int(answer)), answer)


_ON_A_SIDE = 4


def _spec_side(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    asked = int(answer)
    left = asked if rng.integers(2) else _ON_A_SIDE - asked
    return scene_spec(
        _ON_A_SIDE,
        constraints=(Sides(left=left, degrees=15.0), Pairwise(degrees=CROWDED_APART_DEG)),
        drr=(-10.0, 40.0),
        gain=(-3.0, 3.0),
    )


def _ask_side(view: View, answer: str, rng: np.random.Generator) -> Draft:
    """The side is the one on which there are as many as is wanted; where that is true of both, either."""
    require(len(view.world.sounds) == _ON_A_SIDE, "other_count")
    require_apart(view.world, CROWDED_APART_DEG)
    require_direction(view.world.sounds)
    counts = {side: decide(f'count(filter(scene(), side="{side}"))', view.world) for side in ("left", "right")}
    sides = [side for side, count in counts.items() if count == int(answer)]
    require(bool(sides), "other_count")
    side = sides[int(rng.integers(len(sides)))]
    program = f'count(filter(scene(), side="{side}"))'
    return Draft(program, _SIDE, {"side": side}, _options(program, range(4), int(answer)), answer)


VARIANTS = (
    Variant("how_many", "source_counting", "core", ("1", "2", "3", "4"), _spec_all, _ask_all),
    Variant("how_many_on_a_side", "source_counting", "hard", ("0", "1", "2", "3"), _spec_side, _ask_side),
    Variant("how_many_of_many", "source_counting", "hard", ("3", "4", "5", "6"), _spec_many, _ask_many),
)
