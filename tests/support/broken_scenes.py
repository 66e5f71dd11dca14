"""A scene that a variant can ask about, and what becomes of the question where the scene is changed a little."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from worlds import make_inventory

from twnm_bench.facts import World
from twnm_bench.families import BY_NAME, VARIANTS
from twnm_bench.families.base import Draft, RejectedError, View
from twnm_bench.labels import Inventory
from twnm_bench.programs import judge_claim
from twnm_schemas.questions import area_of
from twnm_shards.rng import rng_for

INVENTORY = make_inventory()


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


def ask_case(task: str, name: str, world: World, answer: str, inventory: Inventory = INVENTORY) -> Draft:
    """The variant's question, drawn at a fixed address. Raises RejectedError."""
    return BY_NAME[task, name].ask(View(world, inventory), answer, rng_for(3, task, name))


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


def variants_of(area: str) -> set[tuple[str, str]]:
    """The variants of an area's tasks."""
    return {(variant.task, variant.name) for variant in VARIANTS if area_of(variant.task) == area}
