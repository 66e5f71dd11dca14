"""What a folder of shards says of itself."""

from typing import Literal

from pydantic import Field, JsonValue

from twnm_schemas.base import NameValue, Strict

Kind = Literal["brirs", "scenes", "benchmark", "sft1", "sft2"]


class ShardEntry(Strict):
    """One tar: its name, how many samples it holds, its size and its checksum."""

    name: str
    samples: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str = Field(min_length=64, max_length=64)


class Count(Strict):
    """A counted reason."""

    reason: str
    count: int


class Manifest(Strict):
    """`manifest.json`. The same inputs give the same bytes: no time, host, path or worker count is in it.

    `settings` is the whole run (spec, seed, counts, shard layout) as JSON; its differences are what a refused resume
    names. `fingerprint` names everything that changes a sample's bytes.
    """

    kind: Kind
    conventions: Literal["twnm-1"] = "twnm-1"
    samples: int
    shards: tuple[ShardEntry, ...]
    index_sha256: str
    rejections: tuple[Count, ...]
    settings: dict[str, JsonValue]
    versions: tuple[NameValue, ...]
    seed: int = Field(ge=0, lt=2**63)
    fingerprint: str
