"""From units to a finished folder: shards joined in order, then the index, and the manifest last."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from twnm_schemas.errors import MachineError, StoreError
from twnm_schemas.manifests import Count, Manifest, ShardEntry
from twnm_shards.files import GO_ON, appearing, copy_into, sha256_of
from twnm_shards.manifests import INDEX_NAME, Row, write_index, write_manifest
from twnm_shards.plans import Job, Shard
from twnm_shards.tars import END_OF_ARCHIVE
from twnm_shards.units import (
    UNITS_NAME,
    Entry,
    Marker,
    fragment_path,
    read_marker,
    read_unit,
    remove_unit,
    shard_marker_path,
    write_marker,
)


def read_shard(job: Job, folder: Path, shard: Shard) -> Marker | None:
    """The shard's marker if it is finished and whole in size."""
    return read_marker(shard_marker_path(folder / UNITS_NAME, shard, job.fingerprint), folder / shard.name)


def assemble_shard(job: Job, folder: Path, shard: Shard) -> Marker:
    """Join the shard's units, write its marker, then remove them. Raises MachineError if a unit has vanished."""
    units = folder / UNITS_NAME
    digest = hashlib.sha256()
    entries: list[Entry] = []
    offset = 0
    with appearing(folder / shard.name) as stream:
        for unit in shard.units:
            marker = read_unit(units, unit, job.fingerprint)
            if marker is None:
                raise MachineError(f"samples {unit.first} to {unit.stop - 1} vanished from {units}; {GO_ON}")
            for chunk in copy_into(stream, fragment_path(units, unit, job.fingerprint)):
                digest.update(chunk)
            entries += [replace(entry, offset=offset + entry.offset) for entry in marker.entries]
            offset += marker.bytes
        stream.write(END_OF_ARCHIVE)
        digest.update(END_OF_ARCHIVE)
    marker = Marker(offset + len(END_OF_ARCHIVE), digest.hexdigest(), entries)
    write_marker(shard_marker_path(units, shard, job.fingerprint), marker)
    for unit in shard.units:
        remove_unit(units, unit, job.fingerprint)
    return marker


def finish_folder(job: Job, folder: Path) -> Manifest:
    """Write the index and, last, the manifest of a folder whose shards are all there.

    Raises StoreError if two samples have one key.
    """
    rows: list[Row] = []
    entries: list[ShardEntry] = []
    reasons: Counter[str] = Counter()
    for shard, marker in _finished(job, folder):
        rows += [{"key": e.key, "shard": shard.name, "offset": e.offset, **e.row} for e in marker.entries]
        entries.append(ShardEntry(name=shard.name, samples=shard.samples, bytes=marker.bytes, sha256=marker.sha256))
        reasons.update(reason for entry in marker.entries for reason in entry.rejections)
    _refuse_equal_keys(row["key"] for row in rows)
    write_index(folder, rows)
    manifest = Manifest(
        kind=job.kind,
        samples=len(rows),
        shards=tuple(entries),
        index_sha256=sha256_of(folder / INDEX_NAME),
        rejections=tuple(Count(reason=reason, count=reasons[reason]) for reason in sorted(reasons)),
        settings=job.settings,
        versions=job.versions,
        seed=job.seed,
        fingerprint=job.fingerprint,
    )
    write_manifest(folder, manifest)
    return manifest


def _finished(job: Job, folder: Path) -> Iterator[tuple[Shard, Marker]]:
    for shard in job.shards():
        marker = read_shard(job, folder, shard)
        if marker is None:
            raise MachineError(f"{folder / shard.name} vanished or changed while the run went on; {GO_ON}")
        yield shard, marker


def _refuse_equal_keys(keys: Iterable[object]) -> None:
    twice = [key for key, count in Counter(keys).items() if count > 1]
    if twice:
        raise StoreError(f"two samples have the key {twice[0]}; every sample needs its own")
