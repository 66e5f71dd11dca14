"""What a run finds in its folder, and whether it may work there."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from twnm_schemas.errors import MismatchError, StoreError
from twnm_shards.files import partial_of, write_json
from twnm_shards.locks import LOCK_NAME, WORKERS_LOCK_NAME
from twnm_shards.manifests import INDEX_NAME, MANIFEST_NAME, read_manifest
from twnm_shards.plans import Job, describe, describe_manifest, differences
from twnm_shards.units import RUN_NAME, UNITS_NAME, fragment_path, shard_marker_path

Mode = Literal["continue", "resume", "overwrite"]


def claim_folder(job: Job, folder: Path, mode: Mode) -> None:
    """Make the folder this job's to work in, under its lock.

    "continue" and "resume": it is empty, or holds this same run. "overwrite": what a run of this kind made is
    removed. Raises StoreError naming a foreign file, MismatchError naming the settings that differ.
    """
    refuse_foreign(folder, job.kind)
    if mode == "overwrite":
        clear_folder(folder, job.kind)
    there = describe_run(folder)
    if there is None:
        refuse_orphaned_shards(folder, job.kind)
    elif found := differences(there, json.loads(json.dumps(describe(job)))):
        raise MismatchError(
            f"{folder} holds a run with other settings: {'; '.join(found)}. "
            "Give the same settings, choose another folder, or start over with --overwrite"
        )
    units = folder / UNITS_NAME
    units.mkdir(exist_ok=True)
    if not (units / RUN_NAME).exists():
        write_json(units / RUN_NAME, describe(job))


def holds_run(folder: Path) -> bool:
    """Whether there is a run in the folder, finished or not; False where it may not be looked into."""
    return os.path.exists(folder / MANIFEST_NAME) or os.path.exists(folder / UNITS_NAME / RUN_NAME)


def describe_run(folder: Path) -> dict[str, JsonValue] | None:
    """How the run in the folder, finished or not, describes itself (`plans.describe`); None if there is none."""
    if (folder / MANIFEST_NAME).exists():
        return describe_manifest(read_manifest(folder))
    path = folder / UNITS_NAME / RUN_NAME
    if not path.exists():
        return None
    try:
        run: dict[str, JsonValue] = json.loads(path.read_bytes())
    except ValueError:
        raise StoreError(f"{path} is damaged; start over with --overwrite or choose another folder") from None
    return run


def belongs_to(name: str, kind: str) -> bool:
    """Whether a run of this kind gives a file or folder of this name."""
    whole = partial_of(name) or name
    if whole in {MANIFEST_NAME, INDEX_NAME, UNITS_NAME, LOCK_NAME, "writable"}:
        return True
    return re.fullmatch(rf"{kind}-\d{{6,}}\.tar", whole) is not None


def refuse_foreign(folder: Path, kind: str) -> None:
    """Raise StoreError naming the first file that no run of this kind makes."""
    foreign = sorted(entry.name for entry in folder.iterdir() if not belongs_to(entry.name, kind))
    if foreign:
        others = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise StoreError(
            f"{folder} holds {foreign[0]}{others}, which no {kind} run makes; move it away or choose another folder"
        )


def refuse_orphaned_shards(folder: Path, kind: str) -> None:
    """Raise StoreError if the folder, which names no run, holds what only a run leaves."""
    left = sorted(p.name for p in _made(folder, kind) if p.name not in {UNITS_NAME, LOCK_NAME})
    if left:
        raise StoreError(
            f"{folder} holds {left[0]} but no {MANIFEST_NAME} that accounts for it; "
            "choose another folder, or start over with --overwrite"
        )


def _made(folder: Path, kind: str) -> Iterator[Path]:
    for entry in folder.iterdir():
        if belongs_to(entry.name, kind) and partial_of(entry.name) is None:
            yield entry


def clear_folder(folder: Path, kind: str) -> None:
    """Remove what a run of this kind made; whoever calls holds the lock."""
    # The manifest goes first: a folder without one is never taken for a finished run.
    (folder / MANIFEST_NAME).unlink(missing_ok=True)
    (folder / INDEX_NAME).unlink(missing_ok=True)
    remove_units(folder)
    for entry in list(_made(folder, kind)):
        if entry.name != LOCK_NAME:
            entry.unlink()


def remove_units(folder: Path) -> None:
    """Remove the folder of units and markers."""
    if (folder / UNITS_NAME).exists():
        shutil.rmtree(folder / UNITS_NAME)


def sweep(job: Job, folder: Path) -> None:
    """Remove what a killed run left half-written, and units that are not of this plan."""
    units = folder / UNITS_NAME
    kept = {RUN_NAME, WORKERS_LOCK_NAME}
    for shard in job.shards():
        kept.add(shard_marker_path(units, shard, job.fingerprint).name)
        for unit in shard.units:
            fragment = fragment_path(units, unit, job.fingerprint)
            kept |= {fragment.name, fragment.with_suffix(".json").name}
    for entry in units.iterdir() if units.exists() else ():
        if entry.name not in kept:
            entry.unlink()
    for entry in folder.iterdir():
        if partial_of(entry.name) and belongs_to(entry.name, job.kind):
            entry.unlink()
