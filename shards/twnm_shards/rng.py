"""Addressed randomness as numpy generators."""

import numpy as np

from twnm_schemas.seeds import seed_for


def rng_for(seed: int, *address: str | int) -> np.random.Generator:
    """The generator of the thing at `address`: the same numbers in any order, process or machine."""
    return np.random.default_rng(seed_for(seed, *address))
