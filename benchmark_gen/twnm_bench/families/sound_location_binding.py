"""Where a named sound is among others: five frontal directions, (hard) eight all around, or its height."""

import numpy as np

from twnm_bench.directions import SECTORS5, SECTORS8
from twnm_bench.facts import APART_DEG, pick
from twnm_bench.families.base import (
    Draft,
    Option,
    Variant,
    View,
    choose,
    decide,
    labels_of,
    require,
    require_apart,
    require_direction,
    say_sound,
    scene_spec,
)
from twnm_bench.families.directions_asked import FRONTAL, clear_sectors, direction_options, place_in
from twnm_bench.labels import Inventory
from twnm_bench.programs import judge_claim
from twnm_schemas.constraints import Constraint, Pairwise
from twnm_schemas.scenes import RoomFilter, SceneSpec

_WHERE = (
    "From which direction does {sound} come?",
    "Where is {sound}, as you hear it?",
    "In which direction would you point to {sound}?",
    "Where do you hear {sound}?",
    "Among everything you hear, where is {sound}?",
    "Locate {sound}: which direction is it in?",
    "Which direction fits {sound} best?",
)
_HEIGHT = (
    "Where is {sound}: on which side, and how high?",
    "On which side and at what height do you hear {sound}?",
    "Which of these describes the place of {sound}?",
    "Is {sound} to the left or right of you, and is it above you or at ear level?",
    "Which side and which height fit {sound}?",
    "Where would you look to see what makes {sound}?",
)
_HEIGHTS = {
    "left above": "On the left, high above you",
    "left level": "On the left, at ear level",
    "right above": "On the right, high above you",
    "right level": "On the right, at ear level",
}


def _spec(system: str, answer: str, counts: tuple[int, ...], *, frontal: bool) -> SceneSpec:
    constraints: tuple[Constraint, ...] = (place_in(system, answer), Pairwise(degrees=APART_DEG))
    return scene_spec(counts, constraints=(FRONTAL, *constraints) if frontal else constraints, drr=(-10.0, 40.0))


def _spec5(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return _spec("sector5", answer, (2, 3), frontal=True)


def _spec8(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return _spec("sector8", answer, (3, 4), frontal=False)


def _ask5(view: View, answer: str, rng: np.random.Generator) -> Draft:
    sounds = view.world.sounds
    require(all(sound.azimuth_deg <= 90.0 or sound.azimuth_deg >= 270.0 for sound in sounds), "behind_the_listener")
    return _ask(view, answer, "sector5", rng, ())


def _ask8(view: View, answer: str, rng: np.random.Generator) -> Draft:
    return _ask(view, answer, "sector8", rng, ("front_back",))


def _ask(view: View, answer: str, system: str, rng: np.random.Generator, tags: tuple[str, ...]) -> Draft:
    names = labels_of(view)
    require(len(names) >= 2, "one_sound_only")
    require_apart(view.world, APART_DEG)
    fitting = [sound for sound in view.world.sounds if clear_sectors((sound,), system) == (answer,)]
    require(bool(fitting), "no_sound_there")
    sound = fitting[int(rng.integers(len(fitting)))]
    require_direction([sound])
    others = tuple(other for other in view.world.sounds if other is not sound)
    program = f'query({pick(sound.name)}, "{system}")'
    require(decide(program, view.world) == answer, "no_sound_there")
    options = direction_options(program, system, answer, rng, clear_sectors(others, system))
    return Draft(program, _WHERE, {"sound": say_sound(sound.name)}, options, answer, tags)


def _spec_height(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec(
        2,
        elevation=None,
        constraints=(Pairwise(degrees=APART_DEG),),
        drr=(-10.0, 40.0),
        rooms=RoomFilter(size_categories=("small", "medium")),
    )


def _ask_height(view: View, answer: str, rng: np.random.Generator) -> Draft:
    names = labels_of(view)
    require_apart(view.world, APART_DEG)
    fitting = [name for name in names if judge_claim(_height_claim(pick(name), answer), view.world)]
    require(bool(fitting), "no_sound_there")
    name = choose(rng, fitting)
    it = pick(name)
    require_direction(view.world.named(name))
    options = tuple(
        Option(_HEIGHTS[one], _height_claim(it, one)) for one in (answer, *(o for o in _HEIGHTS if o != answer))
    )
    slots = {"sound": say_sound(name)}
    return Draft(_height_claim(it, answer), _HEIGHT, slots, options, answer, ("elevation",))


def _height_claim(it: str, answer: str) -> str:
    side, height = answer.split()
    return f'all_of(equals(query({it}, "side"), "{side}"), equals(query({it}, "height"), "{height}"))'


VARIANTS = (
    Variant("direction", "sound_location_binding", "core", tuple(s.name for s in SECTORS5), _spec5, _ask5),
    Variant("direction_around", "sound_location_binding", "hard", tuple(s.name for s in SECTORS8), _spec8, _ask8),
    Variant("height", "sound_location_binding", "hard", tuple(_HEIGHTS), _spec_height, _ask_height, share=0.5),
)
