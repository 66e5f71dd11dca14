"""A unit of work on disk: a fragment of a shard, then the marker that says it is whole.

The marker's name carries the unit's range and the job's fingerprint; it is written last. Rows of the index and named
rejections travel in it.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from twnm_shards.files import appearing, disk_errors, write_json
from twnm_shards.manifests import Cell
from twnm_shards.plans import Shard, Unit
from twnm_shards.tars import write_sample

UNITS_NAME = ".units"
RUN_NAME = "run.json"


class Produced(NamedTuple):
    """One finished sample: its key, its members in order, its row of the index, and why earlier draws were rejected."""

    key: str
    members: tuple[tuple[str, bytes], ...]
    row: dict[str, Cell]
    rejections: tuple[str, ...]


Produce = Callable[[int], Produced]


@dataclass(frozen=True)
class Entry:
    """What is kept of a sample: where it starts (in its fragment, later in its shard), its row and rejections."""

    key: str
    offset: int
    row: dict[str, Cell]
    rejections: list[str]


@dataclass(frozen=True)
class Marker:
    """What a finished fragment or shard holds. `sha256` is "" for a fragment."""

    bytes: int
    sha256: str
    entries: list[Entry]


def fragment_path(units: Path, unit: Unit, fingerprint: str) -> Path:
    """Where the unit's piece of tar lies."""
    return units / f"{unit.first:06d}-{unit.stop:06d}-{fingerprint}.tar"


def shard_marker_path(units: Path, shard: Shard, fingerprint: str) -> Path:
    """Where it is marked that the shard is whole."""
    return units / f"{shard.name}-{shard.first:06d}-{shard.stop:06d}-{fingerprint}.json"


def write_unit(folder: Path, unit: Unit, fingerprint: str, produce: Produce) -> None:
    """Make the unit's samples, write their fragment, then its marker. Raises MachineError on a full disk."""
    fragment = fragment_path(folder / UNITS_NAME, unit, fingerprint)
    entries: list[Entry] = []
    offset = 0
    with disk_errors(folder):
        with appearing(fragment) as stream:
            for index in range(unit.first, unit.stop):
                sample = produce(index)
                entries.append(Entry(sample.key, offset, sample.row, list(sample.rejections)))
                offset += write_sample(stream, sample.key, sample.members)
        write_marker(fragment.with_suffix(".json"), Marker(offset, "", entries))


def write_marker(path: Path, marker: Marker) -> None:
    """Say that what the marker stands for is whole."""
    write_json(path, asdict(marker))


def read_marker(path: Path, data: Path) -> Marker | None:
    """The marker, or None if there is none or `data`, what it stands for, is not there in its full size."""
    try:
        if not path.exists() or not data.exists():
            return None
        content: dict[str, Any] = json.loads(path.read_bytes())
        entries = [Entry(**entry) for entry in content.pop("entries")]
        marker = Marker(entries=entries, **content)
    except (ValueError, TypeError, KeyError):
        return None  # not of this version: made again
    return marker if data.stat().st_size == marker.bytes else None


def read_unit(units: Path, unit: Unit, fingerprint: str) -> Marker | None:
    """The unit's marker if it is finished."""
    fragment = fragment_path(units, unit, fingerprint)
    return read_marker(fragment.with_suffix(".json"), fragment)


def remove_unit(units: Path, unit: Unit, fingerprint: str) -> None:
    """Remove a unit that its shard has taken up: the marker first, so that it never stands for nothing."""
    fragment = fragment_path(units, unit, fingerprint)
    fragment.with_suffix(".json").unlink(missing_ok=True)
    fragment.unlink(missing_ok=True)
