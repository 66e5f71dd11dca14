"""What is dealt before any scene is drawn: which question each slot is for, and what its answer will be.

A slot fixes task, variant, answer, the key's position and the kind of room. All are dealt evenly and then shuffled, so
that the set is balanced by construction, and a slot's question depends on no other slot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from twnm_bench.families import VARIANTS
from twnm_bench.families.base import Variant
from twnm_bench.labels import Inventory
from twnm_schemas.answers import LETTERS
from twnm_schemas.errors import SpecError
from twnm_schemas.questions import TASKS, Task
from twnm_shards.rng import rng_for

DIFFICULTIES = ("core", "hard", "mixed")
MAX_QUESTIONS = 100_000
T = TypeVar("T")


@dataclass(frozen=True)
class Slot:
    """One question to be. `key`: the place of the true option; `stratum`: the absorption class of the room, "" for any.

    `pair`: the number of the slot whose scene is edited for this one, -1 where the scene is drawn; `has_pair`: another
    slot's scene is an edit of this one's.
    """

    number: int
    variant: Variant
    answer: str
    key: int
    stratum: str
    pair: int = -1
    has_pair: bool = False


def deal_quotas(n: int, tasks: Sequence[Task] = TASKS) -> dict[Task, int]:
    """How many questions of each task: evenly, the first tasks one more where it does not divide.

    Raises SpecError for fewer questions than tasks or too many.
    """
    if not len(tasks) <= n <= MAX_QUESTIONS:
        raise SpecError(f"--n {n} is not usable; give {len(tasks)} (one a task) to {MAX_QUESTIONS:,} questions.")
    return {task: n // len(tasks) + (place < n % len(tasks)) for place, task in enumerate(tasks)}


def parse_quotas(words: Sequence[str]) -> dict[Task, int]:
    """Quotas from "TASK=N" each. Raises SpecError for what is none."""
    quotas: dict[Task, int] = {}
    for word in words:
        name, _, number = word.partition("=")
        task = next((task for task in TASKS if task == name.strip()), None)
        if task is None:
            raise SpecError(f"There is no task '{name}'; there are {', '.join(TASKS)}.")
        if not number.strip().isdigit() or not 1 <= int(number) <= MAX_QUESTIONS:
            raise SpecError(f"The quota '{word}' is not usable; give TASK=N with 1 to {MAX_QUESTIONS:,} questions.")
        quotas[task] = int(number)
    return quotas


def deal_slots(
    quotas: Mapping[Task, int], difficulty: str, inventory: Inventory, strata: Sequence[str], seed: int
) -> tuple[Slot, ...]:
    """The slots of a set, tasks mixed, numbered in order.

    Raises SpecError where a variant has no labels to ask for.
    """
    dealt: list[list[Slot]] = []
    for task, count in sorted(quotas.items(), key=lambda quota: TASKS.index(quota[0])):
        dealt += _deal_task(task, count, difficulty, inventory, strata, seed)
    order = rng_for(seed, "slots", "order").permutation(len(dealt))
    slots: list[Slot] = []
    for place in order:  # both slots of a pair stay together
        for slot in dealt[int(place)]:
            pair = slots[-1].number if slot.pair >= 0 else -1
            slots.append(replace(slot, number=len(slots), pair=pair))
    return tuple(slots)


def _deal_task(
    task: Task, count: int, difficulty: str, inventory: Inventory, strata: Sequence[str], seed: int
) -> list[list[Slot]]:
    variants = [v for v in VARIANTS if v.task == task and difficulty in (v.difficulty, "mixed")]
    keys = _deal(range(len(LETTERS)), count, rng_for(seed, "slots", task, "keys"))
    groups: list[list[Slot]] = []
    for variant, number in zip(variants, _share_out(count, variants, difficulty), strict=True):
        rng = rng_for(seed, "slots", task, variant.name)
        answers = _deal_answers(variant, inventory, number, rng) if number else []
        rooms = _deal(strata or ("",), number, rng)
        taken = [Slot(0, variant, a, keys.pop(), room) for a, room in zip(answers, rooms, strict=True)]
        groups += _pair_up(taken) if variant.pair else [[slot] for slot in taken]
    return groups


def _deal_answers(variant: Variant, inventory: Inventory, number: int, rng: np.random.Generator) -> list[str]:
    if variant.pair is None:
        return _deal(_answers_of(variant, inventory), number, rng)
    pairs = -(-number // 2)  # both scenes of a pair are drawn with one answer
    dealt = variant.deal(pairs, rng) if variant.deal else _deal(_answers_of(variant, inventory), pairs, rng)
    return [answer for answer in dealt for _ in range(2)][:number]


def _pair_up(slots: list[Slot]) -> list[list[Slot]]:
    """Two and two; one may be left."""
    twos = [slots[place : place + 2] for place in range(0, len(slots), 2)]
    return [[replace(two[0], has_pair=True), replace(two[1], pair=0)] if len(two) == 2 else two for two in twos]


def _answers_of(variant: Variant, inventory: Inventory) -> Sequence[str]:
    known = inventory.names if variant.is_about_labels else variant.answers
    answers = [answer for answer in known if variant.may_ask(inventory, answer)]
    if not answers:
        what = f"no label among {len(inventory)} can be an answer" if variant.is_about_labels else "rooms are too alike"
        raise SpecError(
            f"{variant.task} ({variant.name}) cannot be asked: {what}; add "
            f"{'clips of more classes' if variant.is_about_labels else 'rooms of other sizes and walls'}."
        )
    return answers


def _share_out(count: int, variants: Sequence[Variant], difficulty: str) -> list[int]:
    """A count by the variants' shares; "mixed" gives core and hard a half each first."""
    if difficulty == "mixed":
        core = [v for v in variants if v.difficulty == "core"]
        hard = [v for v in variants if v.difficulty == "hard"]
        return [*_share_out(count - count // 2, core, "core"), *_share_out(count // 2, hard, "hard")]
    total = sum(variant.share for variant in variants)
    exact = [count * variant.share / total for variant in variants]
    counts = [int(value) for value in exact]
    by_rest = sorted(range(len(exact)), key=lambda place: (counts[place] - exact[place], place))
    for place in by_rest[: count - sum(counts)]:
        counts[place] += 1
    return counts


def _deal(values: Sequence[T], count: int, rng: np.random.Generator) -> list[T]:
    """`count` of the values in random order, each as often as any other, or once more."""
    rounds = [rng.permutation(len(values)) for _ in range(-(-count // len(values)))]
    places = [int(place) for one in rounds for place in one][:count]
    return [values[places[int(at)]] for at in rng.permutation(count)]
