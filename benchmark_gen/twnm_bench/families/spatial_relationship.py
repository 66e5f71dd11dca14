"""How sounds stand to each other: which is farthest, (hard) their order, where one is for who faces another."""

from itertools import permutations

import numpy as np

from twnm_bench.directions import DIAGONALS
from twnm_bench.facts import APART_DEG, EQUAL_DRR_DB, EQUAL_RATIO, NEIGHBOUR_RATIO, WINNER_RATIO, quote
from twnm_bench.families.base import (
    ANY,
    Draft,
    Option,
    RejectedError,
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
    shuffle,
)
from twnm_bench.families.directions_asked import FRONTAL, direction_options
from twnm_bench.labels import Inventory
from twnm_bench.programs import EQUAL
from twnm_schemas.constraints import Constraint, DistanceOrder, EqualDistance, Farthest, Nearest, Pairwise
from twnm_schemas.scenes import SceneSpec
from twnm_sim.scenes.wording import capitalise, name_sound

_WINNER = (
    "Which of the three sounds is the {which}?",
    "Which of the sounds that you hear is the {which}?",
    "Compare the distances: which sound is {which}?",
    "Judging by the distances you hear, which sound is the {which}?",
    "Which of these is the {which} of the sounds around you?",
    "Is one of the sounds clearly the {which}, and if so which?",
)
_ALL_EQUAL = "None of them is: all are equally far"
_ORDER = (
    "In which order do the sounds come, from the nearest to the farthest?",
    "Sort the sounds by distance, the nearest first.",
    "Which order of the sounds, from near to far, is right?",
    "Beginning with the nearest sound, which order is correct?",
    "How are the sounds ordered by their distance from you, nearest first?",
    "Which list names the sounds from the closest to the most distant?",
)
_FACING = (
    "If you turned to face {first}, where would {second} be?",
    "Imagine that you face {first}. In which direction is {second} then?",
    "Once you look straight at {first}, where do you find {second}?",
    "Facing {first}, from where would you hear {second}?",
    "Turn your head towards {first}: where is {second} now?",
    "With {first} straight ahead of you, where would {second} be?",
)
_CLASSES = ("first", "second", "third")  # the place of the key among the three sounds by name


def _spec_winner(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    wanted: Constraint = Farthest(ratio=WINNER_RATIO) if rng.integers(2) else Nearest(ratio=WINNER_RATIO)
    if answer == EQUAL:
        wanted = EqualDistance(ratio=EQUAL_RATIO, drr_db=EQUAL_DRR_DB)
    return scene_spec(3, constraints=(wanted, Pairwise(degrees=APART_DEG)), drr=(-10.0, 20.0), elevation=None)


def _ask_winner(view: View, answer: str, rng: np.random.Generator) -> Draft:
    names = sorted(labels_of(view))
    require(len(names) == 3, "not_three_sounds")
    require_apart(view.world, APART_DEG)
    require_distance(view.world.sounds, view.world)
    clear: dict[str, object] = {}
    for which in shuffle(rng, ("nearest", "farthest")):
        try:
            clear[which] = decide(f'winner(scene(), "{which}")', view.world)
        except RejectedError:
            continue
    require(bool(clear), "distances_alike")
    which, key = next(iter(clear.items()))
    wanted = EQUAL if answer == EQUAL else names[_CLASSES.index(answer)]
    require(key == wanted, "other_winner")
    program = f'winner(scene(), "{which}")'
    values = [wanted, *(value for value in (*names, EQUAL) if value != wanted)]
    options = tuple(
        Option(_ALL_EQUAL if value == EQUAL else f"The {which} is {say_sound(value)}", equals(program, value))
        for value in values
    )
    require_lengths(options)
    return Draft(program, _WINNER, {"which": which}, options, answer)


def _spec_order(count: int, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    ordered = DistanceOrder(ratio=NEIGHBOUR_RATIO)
    apart = Pairwise(degrees=APART_DEG)
    return scene_spec(count, constraints=(ordered, apart), drr=(-10.0, 20.0), elevation=None, gain=(-3.0, 3.0))


def _spec_order3(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return _spec_order(3, inventory, rng)


def _spec_order4(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return _spec_order(4, inventory, rng)


def _ask_order(view: View, answer: str, rng: np.random.Generator) -> Draft:
    """Three wrong orders, each as likely as any."""
    names = sorted(labels_of(view))
    require_apart(view.world, APART_DEG)
    require_distance(view.world.sounds, view.world)
    program = 'sort(scene(), "distance")'
    key = decide(program, view.world)
    orders = list(permutations(names))
    require(answer == ANY or orders.index(tuple(key)) == int(answer), "other_order")  # type: ignore[arg-type]
    wrong = [order for order in orders if order != key]
    chosen = [wrong[int(place)] for place in rng.permutation(len(wrong))[:3]]
    options = tuple(_option_order(order, program) for order in (key, *chosen))  # type: ignore[arg-type]
    return Draft(program, _ORDER, {}, options, answer)


def _option_order(order: tuple[str, ...], program: str) -> Option:
    text = capitalise(", then ".join(name_sound(name).indefinite for name in order))
    return Option(text, f"equals({program}, order({', '.join(map(quote, order))}))")


def _ask_order3(view: View, answer: str, rng: np.random.Generator) -> Draft:
    require(len(view.world.sounds) == 3, "not_three_sounds")
    return _ask_order(view, answer, rng)


def _ask_order4(view: View, answer: str, rng: np.random.Generator) -> Draft:
    require(len(view.world.sounds) == 4, "not_four_sounds")
    return _ask_order(view, ANY, rng)


def _spec_facing(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec(2, constraints=(FRONTAL, Pairwise(degrees=APART_DEG)), drr=(-10.0, 40.0))


def _ask_facing(view: View, answer: str, rng: np.random.Generator) -> Draft:
    names = labels_of(view)
    require(len(names) == 2, "not_two_sounds")
    require_apart(view.world, APART_DEG)
    require_direction(view.world.sounds)
    require(all(sound.is_level for sound in view.world.sounds), "too_high_or_low")
    for first, second in (names, names[::-1]) if rng.integers(2) else (names[::-1], names):
        program = f'query(unique(filter(face(scene(), {quote(first)}), label={quote(second)})), "diagonal")'
        if _value(program, view) == answer:
            break
    else:
        raise RejectedError("other_direction")
    options = direction_options(program, "diagonal", answer, rng)
    slots = {"first": say_sound(first), "second": say_sound(second)}
    return Draft(program, _FACING, slots, options, answer, ("imagined_turn",))


def _value(program: str, view: View) -> object:
    try:
        return decide(program, view.world)
    except RejectedError:
        return None


_DIAGONAL_NAMES = tuple(sector.name for sector in DIAGONALS)
VARIANTS = (
    Variant("nearest_or_farthest", "spatial_relationship", "core", (EQUAL, *_CLASSES), _spec_winner, _ask_winner),
    Variant(
        "order_of_three",
        "spatial_relationship",
        "hard",
        tuple(map(str, range(6))),
        _spec_order3,
        _ask_order3,
        share=0.5,
    ),
    Variant("order_of_four", "spatial_relationship", "hard", (ANY,), _spec_order4, _ask_order4, share=0.5),
    Variant("facing", "spatial_relationship", "hard", _DIAGONAL_NAMES, _spec_facing, _ask_facing),
)
