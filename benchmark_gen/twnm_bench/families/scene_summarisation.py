"""Which summary is true. Two statements vary, each in two ways, and the options are the four combinations.

Were each wrong summary to differ from the true one in a single statement, the true one could be read off as the one
that the others resemble most. With the combinations of two statements every option resembles the others alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from twnm_bench.directions import clear_height, clear_side
from twnm_bench.facts import (
    NEIGHBOUR_RATIO,
    REVERBERATION_GRID_S,
    Sound,
    World,
    grid_value,
    pick,
    quote,
    tells_distance,
)
from twnm_bench.families.base import (
    ANY,
    Draft,
    Option,
    Variant,
    View,
    labels_of,
    require,
    require_direction,
    scene_spec,
)
from twnm_bench.labels import Inventory
from twnm_schemas.constraints import DistanceOrder, Pairwise
from twnm_schemas.scenes import SceneSpec
from twnm_sim.scenes.wording import capitalise, join_words, name_sound, say_number

_WHICH = (
    "Which summary of the scene is true?",
    "Which of these summaries describes the recording correctly?",
    "Only one summary is right in every part. Which one?",
    "Choose the summary that fits what you hear.",
    "Which description of the whole scene is correct?",
    "All but one of these summaries contain a mistake. Which is free of mistakes?",
)
_KINDS = ("side", "nearer", "count", "reverberation")


@dataclass(frozen=True)
class Atom:
    """One statement of a summary in a true and a false version: text and claim each."""

    kind: str
    true: tuple[str, str]
    false: tuple[str, str]


def list_atoms(world: World, rng: np.random.Generator) -> list[Atom]:
    """Every statement that can be made and falsified, in the order in which a summary tells them."""
    atoms = [_count_atom(world, rng)]
    atoms += [atom for sound in world.sounds for atom in _sound_atoms(sound)]
    ranked = sorted((s for s in world.sounds if tells_distance(s)), key=lambda s: s.distance_m or 0.0)
    for near, far in pairwise(ranked):
        if world.t_mid_s is not None and (far.distance_m or 0.0) >= NEIGHBOUR_RATIO * (near.distance_m or 1.0):
            atoms.append(_nearer_atom(near, far))
    atoms += _reverberation_atoms(world, rng)
    return atoms


def _count_atom(world: World, rng: np.random.Generator) -> Atom:
    count = len(world.sounds)
    other = count + (1 if count == 1 or rng.integers(2) else -1)
    versions = [_count_version(number) for number in (count, other)]
    return Atom("count", versions[0], versions[1])


def _count_version(count: int) -> tuple[str, str]:
    return f"there are {say_number(count)} sounds", f"equals(count(scene()), {count})"


def _sound_atoms(sound: Sound) -> Iterator[Atom]:
    the = f"the {sound.name}"
    verb = "are" if name_sound(sound.name).is_plural else "is"
    if sound.is_level and (side := clear_side(sound.lateral_deg)):
        versions = [
            (f"{the} {verb} on the {one}", f'equals(query({pick(sound.name)}, "side"), "{one}")')
            for one in (side, "right" if side == "left" else "left")
        ]
        yield Atom("side", versions[0], versions[1])
    if clear_height(sound.elevation_deg) in ("above", "below"):
        height = clear_height(sound.elevation_deg)
        versions = [
            (f"{the} {verb} {one} you", f'equals(query({pick(sound.name)}, "height"), "{one}")')
            for one in (height, "below" if height == "above" else "above")
        ]
        yield Atom("height", versions[0], versions[1])


def _nearer_atom(near: Sound, far: Sound) -> Atom:
    verb = "are" if name_sound(near.name).is_plural else "is"
    texts = [f"the {near.name} {verb} {word} than the {far.name}" for word in ("nearer", "farther")]
    claims = [f"nearer(scene(), {quote(a)}, {quote(b)})" for a, b in ((near.name, far.name), (far.name, near.name))]
    return Atom("nearer", (texts[0], claims[0]), (texts[1], claims[1]))


def _reverberation_atoms(world: World, rng: np.random.Generator) -> Iterator[Atom]:
    value = grid_value(world.t_mid_s)
    if value is None:
        return
    place = REVERBERATION_GRID_S.index(value)
    neighbours = [place + step for step in (-1, 1) if 0 <= place + step < len(REVERBERATION_GRID_S)]
    other = REVERBERATION_GRID_S[neighbours[int(rng.integers(len(neighbours)))]]
    versions = [
        (f"the reverberation lasts about {one:g} s", f"equals(reverberation(scene()), {one})") for one in (value, other)
    ]
    yield Atom("reverberation", versions[0], versions[1])


def _spec_short(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    constraints = (DistanceOrder(ratio=NEIGHBOUR_RATIO), Pairwise(degrees=20.0))
    return scene_spec((2, 3), constraints=constraints, drr=(-10.0, 20.0), gain=(-3.0, 3.0))


def _spec_long(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec(5, constraints=(Pairwise(degrees=20.0),), drr=(-10.0, 20.0), gain=(-3.0, 3.0))


def _ask_short(view: View, answer: str, rng: np.random.Generator) -> Draft:
    require(2 <= len(view.world.sounds) <= 3, "not_two_or_three_sounds")
    return _ask(view, rng, 4, 6)


def _ask_long(view: View, answer: str, rng: np.random.Generator) -> Draft:
    require(4 <= len(view.world.sounds) <= 6, "not_four_to_six_sounds")
    return _ask(view, rng, 8, 10)


def _ask(view: View, rng: np.random.Generator, least: int, most: int) -> Draft:
    """One of the two varying statements is about a side, which only two ears tell."""
    labels_of(view)
    require_direction(view.world.sounds)
    atoms = list_atoms(view.world, rng)
    sides = [atom for atom in atoms if atom.kind == "side"]
    require(bool(sides), "no_side_clear")
    first = sides[int(rng.integers(len(sides)))]
    kinds = [kind for kind in _KINDS if any(atom.kind == kind and atom is not first for atom in atoms)]
    kind = kinds[int(rng.integers(len(kinds)))]
    matching = [atom for atom in atoms if atom.kind == kind and atom is not first]
    second = matching[int(rng.integers(len(matching)))]
    kept = _choose(atoms, (first, second), most, rng)
    require(len(kept) >= least, "statements_too_few")
    ways = [(True, True), *(way for way in product((True, False), repeat=2) if way != (True, True))]
    options = tuple(_summarise(kept, {id(first): a, id(second): b}) for a, b in ways)
    return Draft(options[0].claim, _WHICH, {}, options, ANY)


def _choose(atoms: list[Atom], needed: tuple[Atom, Atom], most: int, rng: np.random.Generator) -> list[Atom]:
    """At most so many of the statements, the needed ones among them, in their order."""
    others = [atom for atom in atoms if all(atom is not one for one in needed)]
    places = {int(place) for place in rng.permutation(len(others))[: most - len(needed)]}
    kept = {id(atom) for place, atom in enumerate(others) if place in places} | {id(atom) for atom in needed}
    return [atom for atom in atoms if id(atom) in kept]


def _summarise(atoms: list[Atom], versions: dict[int, bool]) -> Option:
    chosen = [atom.true if versions.get(id(atom), True) else atom.false for atom in atoms]
    return Option(
        capitalise(join_words([text for text, _ in chosen])), f"all_of({', '.join(claim for _, claim in chosen)})"
    )


VARIANTS = (
    Variant("short", "scene_summarisation", "core", (ANY,), _spec_short, _ask_short),
    Variant("long", "scene_summarisation", "hard", (ANY,), _spec_long, _ask_long),
)
