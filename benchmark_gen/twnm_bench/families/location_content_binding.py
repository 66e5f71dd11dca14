"""What is in a place: the sound of a direction, or (hard) the nearer or farther sound of a side."""

import numpy as np

from twnm_bench.directions import get_sector
from twnm_bench.facts import APART_DEG, CROWDED_APART_DEG, quote
from twnm_bench.families.base import (
    Draft,
    Option,
    Variant,
    View,
    decide,
    equals,
    labels_of,
    require,
    require_apart,
    require_direction,
    require_distance,
    require_lengths,
    say_sound,
    scene_spec,
    sound_of,
)
from twnm_bench.families.directions_asked import clear_sectors
from twnm_bench.labels import Inventory
from twnm_schemas.constraints import Pairwise, Sides
from twnm_schemas.scenes import SceneSpec

_WHO = (
    "Which sound comes from {where}?",
    "What do you hear {at}?",
    "Which of these sounds is {at}?",
    "There is one sound {at}. Which is it?",
    "If you looked {towards}, what would be making the sound there?",
    "Name the sound that is {at}.",
    "Which sound reaches you from {where}?",
)
_PHRASES = {  # from, at, towards
    "far left": ("the far left", "far to your left", "far to your left"),
    "front-left": ("the front left", "to your front left", "to your front left"),
    "ahead": ("straight ahead", "straight ahead of you", "straight ahead"),
    "front-right": ("the front right", "to your front right", "to your front right"),
    "far right": ("the far right", "far to your right", "far to your right"),
}
_OF_SIDE = (
    "Of the sounds on your {side}, which is the {which}?",
    "Which is the {which} sound on your {side}?",
    "Consider only your {side} side. Which sound there is the {which}?",
    "On the {side}, which sound is the {which} to you?",
    "Among what you hear on the {side}, which sound is {which}?",
    "Which of the sounds on your {side} is the {which}?",
)
_SOUNDS = 4


def _say_there(name: str) -> str:
    """Long enough that options differ little in length: else scenes with long names would be passed over."""
    return f"You hear {say_sound(name)} there"


def _spec_direction(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec(
        _SOUNDS,
        constraints=(Pairwise(degrees=APART_DEG),),
        drr=(-10.0, 40.0),
        gain=(-3.0, 3.0),
        include=(inventory.labels[answer].label,),
    )


def _ask_direction(view: View, answer: str, rng: np.random.Generator) -> Draft:
    names = labels_of(view)
    require(len(names) == _SOUNDS, "not_four_sounds")
    require_apart(view.world, APART_DEG)
    sound = sound_of(answer, view.world)
    require_direction([sound])
    sectors = clear_sectors((sound,), "sector5")
    require(bool(sectors), "near_sector_edge")
    sector = get_sector("sector5", sectors[0])
    program = f'query(unique(filter(scene(), sector5={quote(sector.name)})), "label")'
    require(decide(program, view.world) == answer, "cell_not_its_own")
    wrong = [name for name in names if name != answer]
    options = tuple(Option(_say_there(name), equals(program, name)) for name in (answer, *wrong))
    require_lengths(options)
    where, at, towards = _PHRASES[sector.name]
    return Draft(
        program,
        _WHO,
        {"where": where, "at": at, "towards": towards},
        options,
        answer,
    )


def _spec_side(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec(
        _SOUNDS,
        constraints=(Sides(left=2, degrees=15.0), Pairwise(degrees=CROWDED_APART_DEG)),
        drr=(-10.0, 20.0),
        gain=(-3.0, 3.0),
        include=(inventory.labels[answer].label,),
    )


def _ask_side(view: View, answer: str, rng: np.random.Generator) -> Draft:
    names = labels_of(view)
    require(len(names) == _SOUNDS, "not_four_sounds")
    sound = sound_of(answer, view.world)
    require_distance(view.world.sounds, view.world)
    require_apart(view.world, CROWDED_APART_DEG)
    side = "left" if sound.lateral_deg > 0.0 else "right"
    group = f'filter(scene(), side="{side}")'
    require(decide(f"count({group})", view.world) == 2, "not_two_on_the_side")
    which = "nearest"
    program = f'query(argmin({group}, "distance"), "label")'
    if decide(program, view.world) != answer:
        which, program = "farthest", f'query(argmax({group}, "distance"), "label")'
    overall = max if which == "farthest" else min
    is_overall = sound is overall(view.world.sounds, key=lambda s: s.distance_m or 0.0)
    require(is_overall == bool(rng.integers(2)), "dealt_otherwise")  # or one ear, which hears distance, would do
    ordered = [answer, *(name for name in names if name != answer)]
    options = tuple(Option(f"The {which} is {say_sound(name)}", equals(program, name)) for name in ordered)
    require_lengths(options)
    return Draft(program, _OF_SIDE, {"side": side, "which": which}, options, answer)


VARIANTS = (
    Variant("what_is_there", "location_content_binding", "core", (), _spec_direction, _ask_direction),
    Variant("nearest_of_a_side", "location_content_binding", "hard", (), _spec_side, _ask_side),
)
