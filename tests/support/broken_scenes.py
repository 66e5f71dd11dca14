"""A scene that a variant can ask about, and what becomes of the question where the scene is changed a little."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from worlds import change, make_inventory, make_sound, make_world

from twnm_bench.facts import World
from twnm_bench.families import BY_NAME, VARIANTS
from twnm_bench.families.base import Draft, RejectedError, View
from twnm_bench.labels import Inventory
from twnm_bench.programs import judge_claim
from twnm_schemas.questions import area_of
from twnm_shards.rng import rng_for

INVENTORY = make_inventory()
_DEALS = 30


@dataclass(frozen=True)
class Told:
    """What is asked of a changed scene: the question with this answer, and another key than before."""

    answer: str


Outcome = str | tuple[str, ...] | Told  # the name of a rejection, one of several, or another answer


@dataclass(frozen=True)
class Case:
    """`world` has `answer`; `broken`: what was done to it, the scene after that, and what becomes of the question."""

    world: World
    answer: str
    broken: tuple[tuple[str, World, Outcome], ...]
    inventory: Inventory = field(default_factory=lambda: INVENTORY)


Cases = dict[tuple[str, str], Case]


def list_breaks(cases: Cases) -> list[Any]:
    """A test's parameters, one of every scene that is broken."""
    return [
        pytest.param(task, name, case, world, outcome, id=f"{task}-{name}: {what}")
        for (task, name), case in cases.items()
        for what, world, outcome in case.broken
    ]


def ask_case(task: str, name: str, world: World, answer: str, inventory: Inventory = INVENTORY, seed: int = 3) -> Draft:
    """The variant's question, drawn at the first address where nothing is dealt otherwise. Raises RejectedError."""
    for attempt in range(_DEALS):
        try:
            return BY_NAME[task, name].ask(View(world, inventory), answer, rng_for(seed, task, name, attempt))
        except RejectedError as reason:
            if str(reason) != "dealt_otherwise":
                raise
    raise RejectedError("dealt_otherwise")


def check_break(task: str, name: str, case: Case, world: World, outcome: Outcome) -> None:
    """The whole scene is asked about; the broken one gives the outcome."""
    before = ask_case(task, name, case.world, case.answer, case.inventory)
    assert judge_claim(before.options[0].claim, case.world) is True
    if isinstance(outcome, Told):
        assert judge_claim(before.options[0].claim, world) is False
        after = ask_case(task, name, world, outcome.answer, case.inventory)
        assert judge_claim(after.options[0].claim, world) is True
        if outcome.answer not in ("", case.answer):
            with pytest.raises(RejectedError):
                ask_case(task, name, world, case.answer, case.inventory)
        return
    with pytest.raises(RejectedError) as refused:
        ask_case(task, name, world, case.answer, case.inventory)
    assert str(refused.value) in ((outcome,) if isinstance(outcome, str) else outcome)


# how far apart in direction, in degrees, all sounds of a scene must be to be asked about; of the other variants none
APART = {
    ("sound_location_binding", "direction"): 30.0,
    ("sound_location_binding", "direction_around"): 30.0,
    ("sound_location_binding", "height"): 30.0,
    ("attribute_binding", "two_sounds"): 30.0,
    ("attribute_binding", "three_sounds"): 30.0,
    ("location_content_binding", "what_is_there"): 30.0,
    ("location_content_binding", "nearest_of_a_side"): 20.0,
    ("source_counting", "how_many"): 30.0,
    ("source_counting", "how_many_on_a_side"): 20.0,
    ("source_counting", "how_many_of_many"): 30.0,
    ("spatial_relationship", "nearest_or_farthest"): 30.0,
    ("spatial_relationship", "order_of_three"): 30.0,
    ("spatial_relationship", "order_of_four"): 30.0,
    ("spatial_relationship", "facing"): 30.0,
    ("counterfactual", "swap"): 30.0,
    ("counterfactual", "mirror"): 30.0,
    ("counterfactual", "silence"): 30.0,
    ("counterfactual", "turn"): 30.0,
    ("counterfactual", "swap_and_turn"): 30.0,
    ("scene_summarisation", "short"): 30.0,
    ("scene_summarisation", "long"): 20.0,
    ("causal_intent", "act"): 30.0,
    ("causal_intent", "act_of_pair"): 30.0,
}


def list_apart(cases: Cases) -> list[Any]:
    """A test's parameters, one of every scene that there is."""
    return [pytest.param(task, name, case, id=f"{task}-{name}") for (task, name), case in cases.items()]


def check_apart(task: str, name: str, case: Case) -> None:
    """With a sound right below another one it is refused up to the angle that there must be, whatever else is amiss."""
    first = case.world.sounds[0]
    other = case.world.sounds[1] if len(case.world.sounds) > 1 else make_sound("clock", index=1)
    for beyond in (-0.1, 0.1):
        angle = APART.get((task, name), 5.0) + beyond
        below = change(make_world(other), other.name, azimuth=first.azimuth_deg, elevation=first.elevation_deg - angle)
        moved = replace(below.sounds[0], index=1)
        world = replace(case.world, sounds=(first, moved, *case.world.sounds[2:]))
        try:
            ask_case(task, name, world, case.answer, case.inventory)
            reason = ""
        except RejectedError as error:
            reason = str(error)
        assert (reason == "directions_alike") == ((task, name) in APART and beyond < 0.0)


def count_dealt(task: str, name: str, world: World, answer: str, tries: int = 400) -> int:
    """At how many addresses the question is asked; at the others it is dealt otherwise, and nothing else is amiss."""
    asked = 0
    for number in range(tries):
        try:
            BY_NAME[task, name].ask(View(world, INVENTORY), answer, rng_for(7, task, name, number))
            asked += 1
        except RejectedError as reason:
            if str(reason) != "dealt_otherwise":
                raise
    return asked


def variants_of(area: str) -> set[tuple[str, str]]:
    """The variants of an area's tasks."""
    return {(variant.task, variant.name) for variant in VARIANTS if area_of(variant.task) == area}
