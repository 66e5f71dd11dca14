"""Which summary is true. Two statements vary, each in two ways, and the options are the four combinations.

Were each wrong summary to differ from the true one in a single statement, the true one could be read off as the one
that the others resemble most. With the combinations of two statements every option resembles the others alike.

One of the two is about a side, which only two ears tell. What the other is about is dealt out, and so is which of its
two versions is true: a summary that names two sounds says as often rightly that there are two as that there are three.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from twnm_bench.directions import clear_height, clear_side
from twnm_bench.facts import (
    APART_DEG,
    CROWDED_APART_DEG,
    GRID_MARGIN,
    NEIGHBOUR_RATIO,
    Sound,
    World,
    grid_value,
    is_clearly_nearer,
    pick,
    quote,
    tells_distance,
)
from twnm_bench.families.base import (
    Draft,
    Option,
    Variant,
    View,
    labels_of,
    require,
    require_apart,
    require_direction,
    say_the,
    scene_spec,
)
from twnm_bench.labels import Inventory
from twnm_bench.programs import judge_claim
from twnm_schemas.constraints import Constraint, DistanceOrder, Pairwise
from twnm_schemas.scenes import SceneSpec
from twnm_sim.scenes.wording import capitalise, join_words, say_number

_WHICH = (
    "Which summary of the scene is true?",
    "Which of these summaries describes the recording correctly?",
    "Only one summary is right in every part. Which one?",
    "Choose the summary that fits what you hear.",
    "Which description of the whole scene is correct?",
    "All but one of these summaries contain a mistake. Which is free of mistakes?",
)
SIDE, NEARER, ALL_NAMED, ONE_UNNAMED, ROOM = "side", "nearer", "all named", "one unnamed", "room"
_ROOMS = tuple(f"{ROOM} {a:g} not {b:g}" for a, b in ((0.5, 1.0), (1.0, 0.5), (1.0, 2.0), (2.0, 1.0)))
# what the second varying statement is about; a count varies with every sound named (one more is claimed) or with one
# left out (as many as are named are claimed), so that both look alike
_ANSWERS = (SIDE, SIDE + " again", NEARER, NEARER + " again", ALL_NAMED, ONE_UNNAMED, *_ROOMS)
_FEW = 3  # sounds that are as far apart as any two
_COUNTS_SHORT = {ALL_NAMED: (2,), ONE_UNNAMED: (3,)}  # as many are named in both
_COUNTS_LONG = {ALL_NAMED: (4,), ONE_UNNAMED: (5,)}
_LEAST_ROOMS = 3  # of a reverberation time that is asked for: in one alone there may be no places
_TIGHTER = 0.7  # rooms are drawn nearer to a reverberation time than is asked: positions of a room differ


@dataclass(frozen=True)
class Atom:
    """One statement of a summary in a true and a false version, text and claim each; `about`: the sounds it names."""

    kind: str
    about: frozenset[str]
    true: tuple[str, str]
    false: tuple[str, str]


def _count_atom(count: int, other: int) -> Atom:
    versions = [(f"there are {say_number(n)} sounds", f"equals(count(scene()), {n})") for n in (count, other)]
    return Atom("count", frozenset(), versions[0], versions[1])


def _room_atom(value: float, other: float) -> Atom:
    versions = [
        (f"the reverberation lasts about {one:g} s", f"equals(reverberation(scene()), {one})") for one in (value, other)
    ]
    return Atom(ROOM, frozenset(), versions[0], versions[1])


def _sound_atoms(sound: Sound) -> Iterator[Atom]:
    the, verb = say_the(sound.name)
    about = frozenset({sound.name})
    if side := clear_side(sound.lateral_deg):
        versions = [
            (f"{the} {verb} on the {one}", f'equals(query({pick(sound.name)}, "side"), "{one}")')
            for one in (side, "right" if side == "left" else "left")
        ]
        yield Atom(SIDE, about, versions[0], versions[1])
    height = clear_height(sound.elevation_deg)
    if height in ("above", "below"):
        versions = [
            (f"{the} {verb} {one} you", f'equals(query({pick(sound.name)}, "height"), "{one}")')
            for one in (height, "below" if height == "above" else "above")
        ]
        yield Atom("height", about, versions[0], versions[1])


def _nearer_atom(near: Sound, far: Sound, rng: np.random.Generator) -> Atom:
    """Told of either sound, so that neither "nearer" nor "farther" is the usual word."""
    is_of_near = bool(rng.integers(2))
    subject, other = (near, far) if is_of_near else (far, near)
    the, verb = say_the(subject.name)
    words = ("nearer", "farther") if is_of_near else ("farther", "nearer")
    texts = [f"{the} {verb} {word} than {say_the(other.name)[0]}" for word in words]
    claims = [f"nearer(scene(), {quote(a)}, {quote(b)})" for a, b in ((near.name, far.name), (far.name, near.name))]
    return Atom(NEARER, frozenset({near.name, far.name}), (texts[0], claims[0]), (texts[1], claims[1]))


def _place_atoms(sounds: Sequence[Sound], world: World, rng: np.random.Generator) -> list[Atom]:
    """What can be said of these sounds, in random order.

    No sound is compared twice: of a chain of comparisons the middle one would show which link is turned round.
    """
    atoms = [atom for sound in sounds for atom in _sound_atoms(sound)]
    ranked = sorted((s for s in sounds if tells_distance(s)), key=lambda s: s.distance_m or 0.0)
    compared: set[str] = set()
    pairs = list(pairwise(ranked))
    for near, far in (pairs[int(place)] for place in rng.permutation(len(pairs))):
        if compared & {near.name, far.name} or world.t_mid_s is None:
            continue
        if is_clearly_nearer(near, far, NEIGHBOUR_RATIO):
            compared |= {near.name, far.name}
            atoms.append(_nearer_atom(near, far, rng))
    return [atoms[int(place)] for place in rng.permutation(len(atoms))]


def _read_room(answer: str) -> tuple[float, float]:
    """The true reverberation time and the false one."""
    _, value, _, other = answer.split()
    return float(value), float(other)


def _spec(counts: tuple[int, ...], constraints: tuple[Constraint, ...], answer: str) -> SceneSpec:
    reach = GRID_MARGIN**_TIGHTER
    value = _read_room(answer)[0] if answer in _ROOMS else None
    t_mid = None if value is None else (value / reach, value * reach)
    return scene_spec(
        counts,
        constraints=constraints,
        elevation=(-45.0, 45.0),  # a side is told by the lateral angle, whatever the height
        drr=(-10.0, 20.0),
        gain=(-3.0, 3.0),
        t_mid=t_mid,
    )


def _spec_short(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    counts = _COUNTS_SHORT.get(answer, (2, 3))
    return _spec(counts, (DistanceOrder(ratio=NEIGHBOUR_RATIO), Pairwise(degrees=APART_DEG)), answer)


def _spec_long(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return _spec(_COUNTS_LONG.get(answer, (5,)), (Pairwise(degrees=CROWDED_APART_DEG),), answer)


def _ask_short(view: View, answer: str, rng: np.random.Generator) -> Draft:
    require(len(view.world.sounds) in _COUNTS_SHORT.get(answer, (2, 3)), "other_count")
    return _ask(view, answer, rng, 4, 6)


def _ask_long(view: View, answer: str, rng: np.random.Generator) -> Draft:
    require(len(view.world.sounds) in _COUNTS_LONG.get(answer, (5,)), "other_count")
    return _ask(view, answer, rng, 6, 10)


def _ask(view: View, answer: str, rng: np.random.Generator, least: int, most: int) -> Draft:
    """`least` and `most`: statements of a summary."""
    names = labels_of(view)
    require_direction(view.world.sounds)
    require_apart(view.world, APART_DEG if len(names) <= _FEW else CROWDED_APART_DEG)
    agrees, are_alike = [bool(rng.integers(2)), bool(rng.integers(2))], bool(rng.integers(2))
    sounds = list(view.world.sounds)
    if answer == ONE_UNNAMED:
        sounds.pop(int(rng.integers(len(sounds))))
    places = _place_atoms(sounds, view.world, rng)
    count = len(names)
    counted = _count_atom(count, count - 1 if answer == ONE_UNNAMED else count + 1)
    rooms = _room_atoms(view.world, answer)
    first = next((atom for atom in places if atom.kind == SIDE), None)
    require(first is not None, "no_side_clear")
    second = _find_second(answer, [a for a in places if a is not first], counted, rooms)
    assert first is not None
    kept = [counted, *_keep(places, [first, second], most - 1 - len(rooms)), *rooms]
    require(least <= len(kept), "statements_too_few")
    named = frozenset().union(*(atom.about for atom in kept))
    require(len(named) == count - (answer == ONE_UNNAMED), "sound_not_placed")
    varied = [atom for atom in (first, second) if atom.kind == SIDE]
    _require_dealt(varied, kept, agrees, are_alike)
    ways = [(True, True), *(way for way in product((True, False), repeat=2) if way != (True, True))]
    options = tuple(_summarise(kept, {id(first): a, id(second): b}) for a, b in ways)
    return Draft(options[0].claim, _WHICH, {}, options, answer)


def _require_dealt(varied: list[Atom], kept: list[Atom], agrees: list[bool], are_alike: bool) -> None:
    """Sounds of a room crowd on one side of who stands near a wall, and the other sides would tell the one that varies.

    So it is dealt whether a varying side agrees with most of those that are fixed, and whether two varying ones are
    alike where the fixed ones are none or balanced. Raises RejectedError where it came otherwise.
    """
    fixed = [atom for atom in kept if atom.kind == SIDE and all(atom is not one for one in varied)]
    lefts = sum(map(_says_left, fixed))
    if 2 * lefts != len(fixed):
        dealt = [_says_left(atom) == (2 * lefts > len(fixed)) for atom in varied]
        require(dealt == agrees[: len(varied)], "dealt_otherwise")
    elif len(varied) == 2:
        require((_says_left(varied[0]) == _says_left(varied[1])) == are_alike, "dealt_otherwise")


def _says_left(atom: Atom) -> bool:
    return atom.true[0].endswith("left")


def _room_atoms(world: World, answer: str) -> list[Atom]:
    """What is said of the room, where it is clear; the false version is the one that was dealt."""
    value = grid_value(world.t_mid_s)
    is_clear = value is not None and judge_claim(f"equals(reverberation(scene()), {value})", world)
    if answer not in _ROOMS:
        return [_room_atom(value, value)] if value is not None and is_clear else []
    wanted, other = _read_room(answer)
    require(bool(is_clear) and value == wanted, "other_reverberation")
    return [_room_atom(wanted, other)]


def _find_second(answer: str, places: list[Atom], counted: Atom, rooms: list[Atom]) -> Atom:
    if answer in _ROOMS:
        return rooms[0]
    if answer in (ALL_NAMED, ONE_UNNAMED):
        return counted
    kind = answer.split()[0]
    found = next((atom for atom in places if atom.kind == kind), None)
    require(found is not None, "no_such_statement")
    assert found is not None
    return found


def _keep(atoms: list[Atom], needed: list[Atom], most: int) -> list[Atom]:
    """The needed ones and those that name sounds not yet named, then others, as many as may be, in their order."""
    kept = [atom for atom in atoms if any(atom is one for one in needed)]
    for is_new in (True, False):
        for atom in atoms:
            named = frozenset().union(*(one.about for one in kept)) if kept else frozenset()
            if len(kept) < most and all(atom is not one for one in kept) and (not is_new or atom.about - named):
                kept.append(atom)
    return [atom for atom in atoms if any(atom is one for one in kept)]


def _summarise(atoms: list[Atom], versions: dict[int, bool]) -> Option:
    chosen = [atom.true if versions.get(id(atom), True) else atom.false for atom in atoms]
    return Option(
        capitalise(join_words([text for text, _ in chosen])), f"all_of({', '.join(claim for _, claim in chosen)})"
    )


def _may_ask(inventory: Inventory, answer: str) -> bool:
    """A reverberation time varies only where there are some rooms of both."""
    if answer not in _ROOMS:
        return True
    reach = GRID_MARGIN**_TIGHTER
    rooms = [sum(v / reach <= t <= v * reach for t in inventory.times_s) for v in _read_room(answer)]
    return bool(min(rooms) >= _LEAST_ROOMS)


VARIANTS = (
    Variant("short", "scene_summarisation", "core", _ANSWERS, _spec_short, _ask_short, may_ask=_may_ask),
    Variant("long", "scene_summarisation", "hard", _ANSWERS, _spec_long, _ask_long, may_ask=_may_ask),
)
