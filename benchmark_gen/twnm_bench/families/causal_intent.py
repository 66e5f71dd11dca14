"""What a person would do who hears this: the act that fits a sound that is there, at the place where it is.

The wrong options are the same act at a place where the sound is not, and a plausible act for a sound that is not there.
"""

from itertools import product

import numpy as np

from twnm_bench.facts import APART_DEG, NEIGHBOUR_RATIO, pick, quote
from twnm_bench.families.base import (
    Draft,
    Option,
    RejectedError,
    Variant,
    View,
    classes_heard,
    decide,
    labels_of,
    require,
    require_apart,
    require_direction,
    require_distance,
    require_lengths,
    say_the,
    scene_spec,
    shuffle,
    sound_of,
    swap_places,
)
from twnm_bench.families.intents import Rule, find_rule
from twnm_bench.labels import Inventory
from twnm_schemas.constraints import DistanceOrder, OppositeSides, Pairwise
from twnm_schemas.scenes import SceneSpec
from twnm_sim.scenes.wording import capitalise

_WHAT = (
    "What would a person in your place most reasonably do?",
    "Given what you hear and where, what makes sense to do now?",
    "Which action fits the scene?",
    "Someone hears this scene as you do. What are they most likely to do next?",
    "What is the sensible reaction to what you hear?",
    "Which of these actions is called for by what you hear?",
)
_SIDES = ("left", "right")


def _rule_of(label: str, inventory: Inventory) -> Rule | None:
    known = inventory.labels.get(label)
    return find_rule(known.name, known.label, known.classes) if known else None


def _the_rule(answer: str, names: list[str], inventory: Inventory) -> Rule:
    """The answer's rule. Raises RejectedError where there is none, or another sound calls for the same act."""
    rule = _rule_of(answer, inventory)
    require(rule is not None, "no_rule")
    require(answer in names, "not_in_scene")
    require(sum(_rule_of(name, inventory) is rule for name in names) == 1, "act_called_for_twice")
    assert rule is not None
    return rule


def _spec_two(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec(
        (2, 3),
        constraints=(OppositeSides(degrees=20.0), Pairwise(degrees=APART_DEG)),
        drr=(-10.0, 40.0),
        include=(inventory.labels[answer].label,),
    )


def _ask_two(view: View, answer: str, rng: np.random.Generator) -> Draft:
    """Two acts, of a sound that is there and of one that is not, on two sides."""
    names = labels_of(view)
    rule = _the_rule(answer, names, view.inventory)
    sound = sound_of(answer, view.world)
    require_apart(view.world, APART_DEG)
    require_direction([sound])
    side = str(decide(f'query({pick(answer)}, "side")', view.world))
    for other in shuffle(rng, view.inventory.absent(names, classes_heard(view.world))):
        plausible = _rule_of(other, view.inventory)
        if plausible is None or any(plausible is _rule_of(name, view.inventory) for name in names):
            continue
        options = _options_two((answer, rule), (other, plausible), side)
        try:
            require_lengths(options)
        except RejectedError:
            continue
        return Draft(options[0].claim, _WHAT, {}, options, answer)
    raise RejectedError("labels_too_few")


def _options_two(true: tuple[str, Rule], absent: tuple[str, Rule], side: str) -> tuple[Option, ...]:
    sides = (side, _SIDES[1 - _SIDES.index(side)])
    return tuple(
        Option(
            capitalise(rule.act.format(side=one)),
            f'all_of(has(scene(), label={quote(name)}), equals(query({pick(name)}, "side"), "{one}"))',
        )
        for name, rule in (true, absent)
        for one in sides
    )


def _spec_pair(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec(
        (2, 3),
        constraints=(
            OppositeSides(degrees=20.0),
            DistanceOrder(ratio=NEIGHBOUR_RATIO),
            Pairwise(degrees=APART_DEG),
        ),
        drr=(-10.0, 20.0),
        gain=(-3.0, 3.0),
        include=(inventory.labels[answer].label,),
    )


def _ask_pair(view: View, answer: str, rng: np.random.Generator) -> Draft:
    """One act with two premises, each true or false. In the scene of the pair the sound is at the other's place, and
    both premises turn round."""
    names = labels_of(view)
    rule = _the_rule(answer, names, view.inventory)
    sound = sound_of(answer, view.world)
    require_apart(view.world, APART_DEG)
    require_direction(view.world.sounds)
    require_distance(view.world.sounds, view.world)
    side = str(decide(f'query({pick(answer)}, "side")', view.world))
    opposite = [s for s in view.world.sounds if s.lateral_deg * sound.lateral_deg < 0.0]
    require(bool(opposite), "no_sound_opposite")
    other = opposite[int(rng.integers(len(opposite)))]
    decide(f'query({pick(other.name)}, "side")', view.world)
    is_near = bool(decide(f"nearer(scene(), {quote(answer)}, {quote(other.name)})", view.world))
    # sounds of a room lie to one side more often near than far: near on the left and near on the right are dealt
    require((is_near == (side == "left")) == bool(rng.integers(2)), "dealt_otherwise")
    ways = [(side, is_near)]
    ways += [way for way in product(_SIDES, (True, False)) if way != (side, is_near)]
    options = tuple(_option_pair(rule, answer, other.name, *way) for way in ways)
    return Draft(options[0].claim, _WHAT, {}, options, answer, (), (sound.index, other.index), answer)


def _option_pair(rule: Rule, name: str, other: str, side: str, is_near: bool) -> Option:
    near, far = (name, other) if is_near else (other, name)
    claim = f'all_of(equals(query({pick(name)}, "side"), "{side}"), nearer(scene(), {quote(near)}, {quote(far)}))'
    (own, verb), than = say_the(name), say_the(other)[0]
    how = f"{own} {verb} {'nearer' if is_near else 'farther'} than {than}"
    return Option(f"{capitalise(rule.act.format(side=side))}; {how}", claim)


def _has_rule(inventory: Inventory, name: str) -> bool:
    return _rule_of(name, inventory) is not None


VARIANTS = (
    Variant("act", "causal_intent", "core", (), _spec_two, _ask_two, may_ask=_has_rule),
    Variant("act_of_pair", "causal_intent", "hard", (), _spec_pair, _ask_pair, pair=swap_places, may_ask=_has_rule),
)
