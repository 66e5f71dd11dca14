"""Fingerprints: a short name for everything that changes the bytes of a result."""

import hashlib
import json

from pydantic import BaseModel


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces; models are dumped by pydantic. Equal values give equal text."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False, default=_dump_model
    )


def _dump_model(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def fingerprint(value: object) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of `canonical_json(value)`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]
