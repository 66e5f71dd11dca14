"""Which attribute belongs to which sound. Every option names the same sounds, sides and distances; only what goes with
what differs, so that nothing but hearing it together tells."""

from itertools import permutations

import numpy as np

from twnm_bench.directions import GUARD_DEG, PLACE_SIDE_DEG
from twnm_bench.facts import APART_DEG, WINNER_RATIO, pick, quote
from twnm_bench.families.base import (
    Draft,
    Option,
    Variant,
    View,
    decide,
    labels_of,
    require,
    require_apart,
    require_direction,
    require_distance,
    say_sound,
    scene_spec,
    swap_places,
)
from twnm_bench.labels import Inventory
from twnm_schemas.constraints import DistanceOrder, OppositeSides, Pairwise, Sector
from twnm_schemas.scenes import SceneSpec
from twnm_sim.scenes.wording import capitalise, join_words

_WHICH = (
    "Which description of the scene is right?",
    "Which of these statements puts every sound in its right place?",
    "What is where? Choose the description that fits.",
    "Which statement matches what you hear?",
    "Only one of these descriptions is true of the recording. Which one?",
    "Match the sounds to their places: which description is correct?",
    "How are the sounds arranged around you?",
)
_SIDES = ("left", "right")


def _spec_two(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec(
        2,
        constraints=(OppositeSides(degrees=20.0), DistanceOrder(ratio=WINNER_RATIO), Pairwise(degrees=APART_DEG)),
        elevation=(-45.0, 45.0),  # a side is told by the lateral angle, whatever the height
        drr=(-10.0, 20.0),
    )


def _ask_two(view: View, answer: str, rng: np.random.Generator) -> Draft:
    """The options are all four ways in which two sounds, two sides and two distances go together."""
    first, second = sorted(labels_of(view)) if len(view.world.sounds) == 2 else ("", "")
    require(bool(first), "not_two_sounds")
    require_apart(view.world, APART_DEG)
    require_direction(view.world.sounds)
    require_distance(view.world.sounds, view.world)
    nearest = decide('query(argmin(scene(), "distance"), "label")', view.world)
    sides = {name: decide(f'query({pick(name)}, "side")', view.world) for name in (first, second)}
    require(sides[first] != sides[second], "same_side")
    is_near, side = nearest == first, str(sides[first])
    require(answer == f"{'near' if is_near else 'far'} {side}", "other_binding")
    ways = [(is_near, side)]
    ways += [(near, where) for near in (True, False) for where in _SIDES if (near, where) != (is_near, side)]
    is_told_first = bool(rng.integers(2))
    options = tuple(_option_two(first, second, near, where, is_told_first) for near, where in ways)
    return Draft(options[0].claim, _WHICH, {}, options, answer)


def _option_two(first: str, second: str, is_near: bool, side: str, is_told_first: bool) -> Option:
    other = _SIDES[1 - _SIDES.index(side)]
    told = [
        f"{say_sound(first)} is {'nearer' if is_near else 'farther'}, on the {side}",
        f"{say_sound(second)} is {'farther' if is_near else 'nearer'}, on the {other}",
    ]
    near, far = (first, second) if is_near else (second, first)
    claim = (
        f'all_of(equals(query({pick(first)}, "side"), "{side}"), equals(query({pick(second)}, "side"), "{other}"), '
        f"nearer(scene(), {quote(near)}, {quote(far)}))"
    )
    return Option(capitalise("; ".join(told if is_told_first else told[::-1])), claim)


_PLACES = ("left", "ahead", "right")
_IN_PLACE = {"left": "on the left", "ahead": "straight ahead", "right": "on the right"}
_ORDERS = tuple(permutations(range(3)))


_TURNS_INTO = ">"  # "0>2": an order, and the one that it turns into where two sounds exchange their places


def _count_moved(first: tuple[int, ...], second: tuple[int, ...]) -> int:
    """How many sounds are elsewhere in the second order."""
    return sum(a != b for a, b in zip(first, second, strict=True))


def deal_exchanges(pairs: int, rng: np.random.Generator) -> list[str]:
    """Answers of so many contrast pairs: every three of them hold each of the six orders once.

    Which two places are exchanged is drawn for every three, so that no order goes with another one in particular.
    """
    dealt: list[str] = []
    while len(dealt) < pairs:
        still = int(rng.integers(3))
        a, b = (place for place in range(3) if place != still)
        left = set(_ORDERS)
        for order in [_ORDERS[int(place)] for place in rng.permutation(len(_ORDERS))]:
            if order in left:
                other = list(order)
                other[a], other[b] = order[b], order[a]
                left -= {order, tuple(other)}
                dealt.append(f"{_ORDERS.index(order)}{_TURNS_INTO}{_ORDERS.index(tuple(other))}")
    return dealt[:pairs]


def _spec_three(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    ahead = Sector(start_deg=360.0 - GUARD_DEG, stop_deg=GUARD_DEG, who="any")
    sides = OppositeSides(degrees=PLACE_SIDE_DEG)
    return scene_spec(3, constraints=(ahead, sides, Pairwise(degrees=APART_DEG)), drr=(-10.0, 40.0))


def _ask_three(view: View, answer: str, rng: np.random.Generator) -> Draft:
    """Three sounds in three places. Of the options two exchange two sounds of the key and one moves all three: of any
    such four, each stands to the others as the key does."""
    names = sorted(labels_of(view))
    require(len(names) == 3, "not_three_sounds")
    require_apart(view.world, APART_DEG)
    require_direction(view.world.sounds)
    places = [str(decide(f'query({pick(name)}, "place")', view.world)) for name in names]
    require(sorted(places) == sorted(_PLACES), "places_not_clear")
    key = tuple(_PLACES.index(place) for place in places)
    own, _, paired = answer.partition(_TURNS_INTO)
    require(str(_ORDERS.index(key)) == own, "other_binding")
    exchanged = [order for order in _ORDERS if _count_moved(order, key) == 2]
    pair = _ORDERS[int(paired)] if paired else exchanged[int(rng.integers(3))]
    require(pair in exchanged, "other_binding")
    exchanged.remove(pair)
    moved = [order for order in _ORDERS if _count_moved(order, key) == 3]
    ways = [key, pair, exchanged[int(rng.integers(2))], moved[int(rng.integers(2))]]
    first, second = (place for place in range(3) if pair[place] != key[place])
    events = {sound.name: sound.index for sound in view.world.sounds}
    return Draft(
        _claim_three(names, key),
        _WHICH,
        {},
        tuple(Option(_say_three(names, way), _claim_three(names, way)) for way in ways),
        own,
        swapped=(events[names[first]], events[names[second]]),
        paired_answer=str(_ORDERS.index(pair)),
    )


def _say_three(names: list[str], order: tuple[int, ...]) -> str:
    """The sounds from left to right."""
    at = {_PLACES[where]: name for name, where in zip(names, order, strict=True)}
    return capitalise(join_words([f"{say_sound(at[place])} {_IN_PLACE[place]}" for place in _PLACES]))


def _claim_three(names: list[str], order: tuple[int, ...]) -> str:
    parts = [
        f'equals(query({pick(name)}, "place"), "{_PLACES[where]}")' for name, where in zip(names, order, strict=True)
    ]
    return f"all_of({', '.join(parts)})"


VARIANTS = (
    Variant(
        "two_sounds",
        "attribute_binding",
        "core",
        tuple(f"{distance} {side}" for distance in ("near", "far") for side in _SIDES),
        _spec_two,
        _ask_two,
    ),
    Variant(
        "three_sounds",
        "attribute_binding",
        "hard",
        tuple(map(str, range(len(_ORDERS)))),
        _spec_three,
        _ask_three,
        pair=swap_places,
        deal=deal_exchanges,
    ),
)
