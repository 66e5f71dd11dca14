"""Splits by hashing a group's name, so that adding data never moves a group."""

import hashlib
from typing import Literal

Split = Literal["train", "validation", "test"]
SHARES: tuple[tuple[Split, float], ...] = (("train", 0.9), ("validation", 0.05), ("test", 0.05))
SPLITS: tuple[Split, ...] = tuple(split for split, _ in SHARES)


def split_of(group: str) -> Split:
    """The split of a group (a room, an uploader, a speaker): 90 % train, 5 % validation, 5 % test."""
    return split_at(int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2.0**64)


def split_at(place: float) -> Split:
    """The split that holds a place in [0, 1): the shares lie one after the other."""
    for split, share in SHARES:
        if place < share:
            return split
        place -= share
    return SHARES[-1][0]
