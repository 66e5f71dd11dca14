"""The numbers that make one variation of a sound unlike the next, each drawn at an address of its own."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from twnm_shards.rng import rng_for

SEED = 20_260_101  # another seed is another set of sounds: `BUILTIN_VERSION` must rise with it

Option = TypeVar("Option")


class Draws:
    """What variation `variation` of the class `slug` draws; asking in another order changes nothing."""

    def __init__(self, slug: str, variation: int) -> None:
        self._address = ("builtin", slug, variation)

    def rng(self, name: str) -> np.random.Generator:
        """The generator at `name`."""
        return rng_for(SEED, *self._address, name)

    def between(self, name: str, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return float(self.rng(name).uniform(low, high))

    def ratio(self, name: str, low: float, high: float) -> float:
        """Uniform in the logarithm: for what the ear judges by ratio (frequencies, tempi, decay times)."""
        return float(np.exp(self.rng(name).uniform(np.log(low), np.log(high))))

    def count(self, name: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(self.rng(name).integers(low, high, endpoint=True))

    def pick(self, name: str, options: Sequence[Option]) -> Option:
        """One of the options, all as likely."""
        return options[int(self.rng(name).integers(len(options)))]
