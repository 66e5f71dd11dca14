"""What would be heard if something were otherwise: sounds exchanged, the room mirrored, (hard) a sound silenced, the
head turned, two changes at once.

The answer always differs from what is heard, and what is heard is always an option.
"""

from collections.abc import Callable

import numpy as np

from twnm_bench.directions import QUARTERS, SECTORS5
from twnm_bench.facts import APART_DEG, NEIGHBOUR_RATIO, pick, quote
from twnm_bench.families.base import (
    Draft,
    RejectedError,
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
    shuffle,
)
from twnm_bench.families.directions_asked import FRONTAL, direction_options, place_in
from twnm_bench.labels import Inventory
from twnm_schemas.constraints import DistanceOrder, Pairwise
from twnm_schemas.scenes import SceneSpec

_SWAP = (
    "If {first} and {second} changed places, from where would you hear {first}?",
    "Suppose that {first} and {second} swapped positions. Where would {first} then be?",
    "Imagine {first} at the place of {second}, and the other way round. Where is {first} now?",
    "Let {first} and {second} exchange places: in which direction is {first} after that?",
    "Where would {first} come from if it and {second} had traded places?",
    "After {first} and {second} have swapped places, where do you hear {first}?",
)
_SILENCE = (
    "If {sound} fell silent, where would the nearest of the remaining sounds be?",
    "Suppose that {sound} stopped. From which direction would the nearest other sound come?",
    "Without {sound}, in which direction is the sound that is nearest to you?",
    "Take {sound} away: where is the nearest of the sounds that are left?",
    "Imagine the scene without {sound}. Where would the nearest sound be then?",
    "Once {sound} is gone, from where does the nearest remaining sound come?",
)
_TURN = (
    "If you turned {turn}, where would {sound} be?",
    "Suppose you turn {turn}. From where do you hear {sound} then?",
    "After turning {turn}, in which direction would {sound} be?",
    "Imagine turning {turn}: where is {sound} now?",
    "You turn {turn}. Where does {sound} come from after that?",
    "Where would you hear {sound}, had you turned {turn}?",
)
_TWICE = (
    "If {first} and {second} changed places and you then turned {turn}, where would {first} be?",
    "Suppose {first} and {second} swap places, and you turn {turn}. From where do you hear {first} then?",
    "First {first} and {second} exchange places, then you turn {turn}. Where is {first} now?",
    "Imagine {first} at the place of {second} and the other way round, and yourself turned {turn}. Where is {first}?",
    "After {first} and {second} have traded places and you have turned {turn}, where is {first}?",
    "Where would {first} be, if it swapped places with {second} and you turned {turn}?",
)
_MIRROR = (
    "If the whole room were mirrored, left for right, where would {sound} be?",
    "Suppose that everything on the left were on the right and the other way round. Where would {sound} be?",
    "Imagine the scene in a mirror that exchanges left and right. From where does {sound} come?",
    "With left and right of the scene exchanged, in which direction is {sound}?",
    "Had you put on your headphones the wrong way round, where would {sound} seem to be?",
    "Flip the room so that left becomes right. Where do you hear {sound} now?",
)
_TURNS = {"90 degrees to the left": 90, "90 degrees to the right": -90, "to face the other way": 180}
_FRONTAL_NAMES = tuple(sector.name for sector in SECTORS5)
_QUARTER_NAMES = tuple(sector.name for sector in QUARTERS)


def _try_all(candidates: list[Callable[[], Draft]]) -> Draft:
    """The first that can be asked. Raises RejectedError with the last one's reason."""
    reason = "labels_too_few"
    for make in candidates:
        try:
            return make()
        except RejectedError as error:
            reason = str(error)
    raise RejectedError(reason)


def _finish(
    view: View,
    program: str,
    factual: str,
    wanted: tuple[str, str],
    wordings: tuple[str, ...],
    slots: dict[str, str],
    rng: np.random.Generator,
    first: tuple[str, ...] = (),
    tags: tuple[str, ...] = (),
) -> Draft:
    """`wanted`: the system of directions and the answer in it. The options hold the factual one."""
    system, answer = wanted
    require(decide(program, view.world) == answer, "other_direction")
    heard = str(decide(factual, view.world))
    require(heard != answer, "nothing_changes")
    options = direction_options(program, system, answer, rng, (heard, *first))
    return Draft(program, wordings, slots, options, answer, tags)


def _frontal(counts: tuple[int, ...], answer: str) -> SceneSpec:
    constraints = (FRONTAL, place_in("sector5", answer), Pairwise(degrees=APART_DEG))
    return scene_spec(counts, constraints=constraints, drr=(-10.0, 40.0))


def _spec_swap(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return _frontal((2, 3), answer)


def _ask_swap(view: View, answer: str, rng: np.random.Generator) -> Draft:
    names = labels_of(view)
    require_apart(view.world, APART_DEG)
    require_direction(view.world.sounds)
    pairs = [(a, b) for a in shuffle(rng, names) for b in names if a != b]

    def ask(first: str, second: str) -> Draft:
        swapped = f"swap(scene(), {quote(first)}, {quote(second)})"
        program = f'query(unique(filter({swapped}, label={quote(first)})), "sector5")'
        slots = {"first": say_sound(first), "second": say_sound(second)}
        return _finish(view, program, f'query({pick(first)}, "sector5")', ("sector5", answer), _SWAP, slots, rng)

    return _try_all([lambda a=a, b=b: ask(a, b) for a, b in pairs])  # type: ignore[misc]


def _spec_silence(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    order = DistanceOrder(ratio=NEIGHBOUR_RATIO)
    constraints = (place_in("quarter", answer), order, Pairwise(degrees=APART_DEG))
    return scene_spec(3, constraints=constraints, drr=(-10.0, 20.0))


def _ask_silence(view: View, answer: str, rng: np.random.Generator) -> Draft:
    """The nearest sound is taken away, so that another one is the nearest."""
    labels_of(view)
    require_apart(view.world, APART_DEG)
    require_direction(view.world.sounds)
    require_distance(view.world.sounds, view.world)
    require(len(view.world.sounds) == 3, "not_three_sounds")
    nearest = str(decide(f'query(argmin(scene(), "distance", {NEIGHBOUR_RATIO}), "label")', view.world))
    program = f'query(argmin(remove(scene(), {quote(nearest)}), "distance", {NEIGHBOUR_RATIO}), "quarter")'
    factual = f'query(argmin(scene(), "distance", {NEIGHBOUR_RATIO}), "quarter")'
    slots = {"sound": say_sound(nearest)}
    return _finish(view, program, factual, ("quarter", answer), _SILENCE, slots, rng, tags=("front_back",))


def _spec_turn(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec((1, 2, 3), constraints=(Pairwise(degrees=APART_DEG),), drr=(-10.0, 40.0))


def _ask_turn(view: View, answer: str, rng: np.random.Generator) -> Draft:
    """All four quarters are options, so that the turn alone tells nothing."""
    names = labels_of(view)
    require_apart(view.world, APART_DEG)
    require_direction(view.world.sounds)

    def ask(name: str, turn: str) -> Draft:
        program = f'query(unique(filter(turn(scene(), {_TURNS[turn]}), label={quote(name)})), "quarter")'
        slots = {"turn": turn, "sound": say_sound(name)}
        factual = f'query({pick(name)}, "quarter")'
        return _finish(view, program, factual, ("quarter", answer), _TURN, slots, rng, tags=("front_back",))

    both = [(name, turn) for name in shuffle(rng, names) for turn in shuffle(rng, tuple(_TURNS))]
    return _try_all([lambda n=n, t=t: ask(n, t) for n, t in both])  # type: ignore[misc]


def _spec_twice(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec((2, 3), constraints=(Pairwise(degrees=APART_DEG),), drr=(-10.0, 40.0))


def _ask_twice(view: View, answer: str, rng: np.random.Generator) -> Draft:
    names = labels_of(view)
    require_apart(view.world, APART_DEG)
    require_direction(view.world.sounds)

    def ask(first: str, second: str, turn: str) -> Draft:
        swapped = f"swap(scene(), {quote(first)}, {quote(second)})"
        program = f'query(unique(filter(turn({swapped}, {_TURNS[turn]}), label={quote(first)})), "quarter")'
        slots = {"first": say_sound(first), "second": say_sound(second), "turn": turn}
        factual = f'query({pick(first)}, "quarter")'
        tags = ("front_back", "two_edits")
        return _finish(view, program, factual, ("quarter", answer), _TWICE, slots, rng, tags=tags)

    turns = shuffle(rng, tuple(_TURNS))
    chosen = [(a, b, turn) for turn in turns for a in shuffle(rng, names) for b in names if a != b]
    return _try_all([lambda a=a, b=b, t=t: ask(a, b, t) for a, b, t in chosen])  # type: ignore[misc]


def _spec_mirror(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    mirrored = {"far left": "far right", "front-left": "front-right"}
    mirrored |= {right: left for left, right in mirrored.items()}
    return _frontal((2, 3), mirrored[answer])


def _ask_mirror(view: View, answer: str, rng: np.random.Generator) -> Draft:
    """The options are the four directions that have a mirror image: each has its own beside it."""
    names = labels_of(view)
    require_apart(view.world, APART_DEG)
    require_direction(view.world.sounds)

    def ask(name: str) -> Draft:
        program = f'query(unique(filter(mirror(scene()), label={quote(name)})), "sector5")'
        factual = f'query({pick(name)}, "sector5")'
        slots = {"sound": say_sound(name)}
        return _finish(view, program, factual, ("sector5", answer), _MIRROR, slots, rng, _SIDEWAYS)

    return _try_all([lambda n=n: ask(n) for n in shuffle(rng, names)])  # type: ignore[misc]


_SIDEWAYS = tuple(name for name in _FRONTAL_NAMES if name != "ahead")
VARIANTS = (
    Variant("swap", "counterfactual", "core", _FRONTAL_NAMES, _spec_swap, _ask_swap),
    Variant("mirror", "counterfactual", "core", _SIDEWAYS, _spec_mirror, _ask_mirror),
    Variant("silence", "counterfactual", "hard", _QUARTER_NAMES, _spec_silence, _ask_silence),
    Variant("turn", "counterfactual", "hard", _QUARTER_NAMES, _spec_turn, _ask_turn),
    Variant("swap_and_turn", "counterfactual", "hard", _QUARTER_NAMES, _spec_twice, _ask_twice),
)
