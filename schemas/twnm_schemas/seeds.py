"""Addressed randomness: the same address gives the same numbers in any order, process or machine."""

import hashlib
import json


def seed_for(seed: int, *address: str | int) -> int:
    """A 128-bit seed for the thing at `address`, e.g. `seed_for(7, "room", 17, "absorption")`."""
    digest = hashlib.sha256(json.dumps([seed, *address]).encode()).digest()
    return int.from_bytes(digest[:16], "little")
