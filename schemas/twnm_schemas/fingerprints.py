"""Fingerprints: a short name for everything that changes the bytes of a result."""

import hashlib
import json

from pydantic import BaseModel


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces; models are dumped by pydantic. Equal values give equal text."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def fingerprint(value: object) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of `canonical_json(value)`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]
