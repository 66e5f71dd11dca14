"""What a kind of open question is: when it can be asked of a world, and how question and answer are worded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from twnm_bench.facts import World
from twnm_bench.labels import Inventory
from twnm_bench.programs import expertise_of
from twnm_schemas.questions import ROUTER_NAMES

T = TypeVar("T")


@dataclass(frozen=True)
class Talk:
    """A question that can be asked of a world. `slots`: what wordings are filled with.

    `programs`: what the answer rests on. `also`: expertise that no operation stands for, `helps`: expertise that helps
    with the answer without deciding it.
    """

    slots: dict[str, str]
    programs: tuple[str, ...]
    also: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()

    def label(self) -> tuple[float, ...]:
        """The router label, in the order of `ROUTER_NAMES`."""
        asked = expertise_of(self.programs) | set(self.also)
        return tuple(1.0 if name in asked else 0.5 if name in self.helps else 0.0 for name in ROUTER_NAMES)


Find = Callable[[World, Inventory, np.random.Generator], Talk | None]


@dataclass(frozen=True)
class QaKind:
    """One kind of open question. `is_blind`: no sound is named, neither asked for nor in the answer."""

    name: str
    find: Find
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    is_blind: bool = False


def choose_one(rng: np.random.Generator, values: Sequence[T]) -> T | None:
    """One of them, evenly; None of none."""
    return values[int(rng.integers(len(values)))] if values else None
