"""Samples of training text as shards: the record, and a copy of the scene's audio unless it is only referred to."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pydantic import JsonValue

from twnm_bench.teaching.sources import Source
from twnm_schemas.base import name_values
from twnm_schemas.errors import StoreError
from twnm_schemas.manifests import Kind
from twnm_shards.jobs import Job
from twnm_shards.manifests import Cell
from twnm_shards.tars import read_sample
from twnm_shards.units import Produce, Produced

_PER_UNIT = 64
_PER_SHARD = 4096  # about 2 GB of audio


@dataclass(frozen=True)
class Packed:
    """A sample that is ready: its key, its record as JSON, its row of the index, and where its audio is copied from.

    `shard` "": the audio is only referred to.
    """

    key: str
    record: str
    row: tuple[tuple[str, Cell], ...]
    shard: str
    offset: int
    member: str


def pack(key: str, record: str, row: dict[str, Cell], source: Source, *, copies: bool) -> Packed:
    """A sample of a source's scene."""
    shard = str(source.kept.shard) if copies else ""
    return Packed(key, record, tuple(row.items()), shard, source.kept.offset, source.member)


def plan_job(kind: Kind, packed: Sequence[Packed], settings: dict[str, JsonValue], seed: int, per_shard: int) -> Job:
    """The job that writes them; its fingerprint is that of all records."""
    digest = hashlib.sha256()
    for sample in packed:
        digest.update(f"{sample.key} {bool(sample.shard)} {sample.member} {sample.record}\n".encode())
    return Job(
        kind=kind,
        samples=len(packed),
        samples_per_shard=min(per_shard or _PER_SHARD, len(packed)),
        samples_per_unit=min(_PER_UNIT, per_shard or _PER_SHARD),
        settings=settings,
        fingerprint=digest.hexdigest()[:16],
        seed=seed,
        versions=name_values({"twnm": version("twnm")}),
    )


def make_text_producer(packed: tuple[Packed, ...]) -> Produce:
    """The function from a sample's place to the sample."""
    return _producer(packed)


def _producer(packed: tuple[Packed, ...]) -> Callable[[int], Produced]:
    def produce(place: int) -> Produced:
        sample = packed[place]
        members = [("json", (sample.record + "\n").encode())]
        if sample.shard:
            members.append(("flac", _read_audio(sample)))
        return Produced(sample.key, tuple(members), dict(sample.row), ())

    return produce


def _read_audio(sample: Packed) -> bytes:
    members = read_sample(Path(sample.shard), sample.offset).members
    if sample.member not in members:
        raise StoreError(
            f"{sample.shard} holds no audio ({sample.member}) for {sample.key}: its scenes are recipes, or the shard "
            "changed; compose scenes with audio, or give --audio reference."
        )
    return members[sample.member]
