"""The geometry of whole libraries as arrays, so that a scene is searched for and not drawn blindly.

A table is read from the records once (audio is skipped over) and kept in the cache folder under a name that changes
with the shards. Shapes: R rooms, P source positions of the largest room (NaN where a room has fewer).
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.errors import StoreError
from twnm_shards.files import appearing
from twnm_shards.tars import iter_members, read_data
from twnm_sim.caches import cache_folder

Floats = NDArray[np.float64]
_VERSION = 4  # raise it when what a table holds changes


@dataclass(frozen=True)
class PositionTable:
    """Every room and every position of some shards.

    `shard_R` and `offset_R`: which of the shards, and the byte of the room's record. Angles in degrees in the listener
    frame, `distance_RP` in metres and `drr_RP` in dB, NaN where not known; `usable_RP`: there is such a position, and
    its head has measured that direction.
    """

    room_id_R: NDArray[np.str_]
    fingerprint_R: NDArray[np.str_]
    group_R: NDArray[np.str_]
    split_R: NDArray[np.str_]
    origin_R: NDArray[np.str_]
    name_R: NDArray[np.str_]
    size_R: NDArray[np.str_]
    absorption_R: NDArray[np.str_]
    head_R: NDArray[np.str_]
    license_R: NDArray[np.str_]
    rate_R: NDArray[np.int64]
    volume_R: Floats
    t_mid_R: Floats
    foa_R: NDArray[np.bool_]
    shard_R: NDArray[np.int64]
    offset_R: NDArray[np.int64]
    usable_RP: NDArray[np.bool_]
    azimuth_RP: Floats
    elevation_RP: Floats
    lateral_RP: Floats
    distance_RP: Floats
    drr_RP: Floats

    def __len__(self) -> int:
        return len(self.room_id_R)


def read_positions(shards: Sequence[Path]) -> PositionTable:
    """The table of these shards, from the cache where it is there and current. Raises StoreError for damaged ones."""
    cached = cache_folder() / "positions" / f"{_name_shards(shards)}.npz"
    table = _load_table(cached)
    if table is None:
        table = _build_table(shards)
        _keep_table(cached, table)
    return table


def _name_shards(shards: Sequence[Path]) -> str:
    """Changes with every file's place, size or time of change."""
    states = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in shards]
    return hashlib.sha256(json.dumps([_VERSION, states]).encode()).hexdigest()[:24]


def _load_table(path: Path) -> PositionTable | None:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return PositionTable(**{field.name: arrays[field.name] for field in fields(PositionTable)})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # not there, or not whole: built again


def _keep_table(path: Path, table: PositionTable) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with appearing(path) as stream:
            np.savez(stream, **{field.name: getattr(table, field.name) for field in fields(PositionTable)})
    except OSError:
        pass  # a cache that cannot be written only costs the reading


def _build_table(shards: Sequence[Path]) -> PositionTable:
    places, rows = [], []
    for number, shard in enumerate(shards):
        for offset, record in _iter_records(shard):
            places.append((number, offset))
            rows.append(_row_of(record, shard))
    if not rows:
        raise StoreError("The shards hold no rooms; render some with twnm-sim render.")
    most = max(len(row["usable"]) for row in rows)
    singles = {name: np.array([row[name] for row in rows]) for name in rows[0] if name not in _PER_POSITION}
    lists = {name: np.array([_pad(row[name], most) for row in rows]) for name in _PER_POSITION}
    return PositionTable(
        **{f"{name}_R": values for name, values in singles.items()},
        shard_R=np.array([number for number, _ in places]),
        offset_R=np.array([offset for _, offset in places]),
        usable_RP=np.nan_to_num(lists.pop("usable")).astype(bool),
        **{f"{name}_RP": values for name, values in lists.items()},
    )


_PER_POSITION = ("usable", "azimuth", "elevation", "lateral", "distance", "drr")


def _pad(values: list[float], most: int) -> list[float]:
    return values + [float("nan")] * (most - len(values))


def _iter_records(shard: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The byte of each record's tar header, and the record as JSON; audio is skipped over."""
    with shard.open("rb") as stream:
        for member in iter_members(stream):
            if member.fault:
                where = f"{shard} {member.name}".rstrip()
                raise StoreError(f"{where} {member.fault}; see twnm-shards verify.")
            if member.ext == "json":
                try:
                    yield member.offset, json.loads(read_data(stream, member))
                except (ValueError, RecursionError):
                    raise StoreError(f"{shard} {member.name} is not JSON; see twnm-shards verify.") from None


def _row_of(record: Mapping[str, Any], shard: Path) -> dict[str, Any]:
    try:
        sources = record["sources"]
        times = [t for source in sources if (t := source["acoustics"]["t_mid_s"]) is not None]
        return {
            "room_id": record["room_id"],
            "fingerprint": record["fingerprint"],
            "group": record["group"],
            "split": record["split"],
            "origin": record["origin"],
            "name": record["name"],
            "size": record["size_category"],
            "absorption": record["absorption_class"],
            "head": record["head"],
            "license": record["license"],
            "rate": record["sample_rate"],
            "volume": float(np.prod(record["size_m"])) if record["size_m"] else float("nan"),
            "t_mid": float(np.median(times)) if times else float("nan"),
            "foa": "foa" in record["outputs"],
            "usable": [float("outside_hrtf_coverage" not in source["acoustics"]["flags"]) for source in sources],
            **{name: [_number(source[f"{name}_deg"]) for source in sources] for name in _PER_POSITION[1:4]},
            "distance": [_number(source["distance_m"]) for source in sources],
            "drr": [_number(source["acoustics"]["broadband"]["drr_db"]) for source in sources],
        }
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise StoreError(
            f"{shard} holds a record that does not read ({error}): it is no library of this version; render it again."
        ) from None


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
