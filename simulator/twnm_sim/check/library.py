"""What there is to check: a library's folder, its samples in order, the head they were rendered on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twnm_schemas.errors import StoreError
from twnm_schemas.manifests import Manifest
from twnm_schemas.render import RenderSpec
from twnm_shards.manifests import read_index, read_manifest
from twnm_shards.tars import iter_members, read_data
from twnm_sim.scenes.finding import find_scene_folders

FOLDER = "brirs"


@dataclass(frozen=True)
class Library:
    """A finished run: where its shards are, where its reports go, and what its manifest says."""

    folder: Path
    root: Path
    manifest: Manifest


@dataclass(frozen=True)
class Place:
    """Where a sample lies."""

    index: int
    key: str
    shard: Path
    offset: int


def open_library(path: Path) -> Library:
    """The library at a root (DIR) or in a kind's folder (DIR/brirs).

    Raises StoreError if there is no finished one; where there are scenes instead, the sentence says what is for them.
    """
    folder = path if path.resolve().name == FOLDER else path / FOLDER
    if not folder.is_dir():
        _refuse_scenes(path)
        raise StoreError(
            f"{path} holds no {FOLDER} folder; give the folder that twnm-sim render wrote (--out, ./data by default)."
        )
    manifest = read_manifest(folder)
    if manifest.kind != FOLDER:
        raise StoreError(f"{folder} holds {manifest.kind}, not a library of responses; twnm-sim render writes one.")
    return Library(folder, folder.resolve().parent if folder == path else path, manifest)


def _refuse_scenes(path: Path) -> None:
    try:
        folders = find_scene_folders(path)
    except StoreError:
        return
    (first, *_) = read_index(folders[0], ("key",))
    raise StoreError(
        f"{path} holds scenes and no library of responses; use twnm-shards verify {path}, twnm-sim stats {path} or "
        f"twnm-sim plot {path / str(first['key'])}."
    )


def iter_records(library: Library) -> Iterator[tuple[Place, bytes]]:
    """Every sample's place and record as bytes, in order; audio is skipped over.

    Raises StoreError for a shard that is missing or damaged.
    """
    index = 0
    for entry in library.manifest.shards:
        shard = library.folder / entry.name
        if not shard.is_file():
            raise StoreError(f"{shard} is in the manifest and not in the folder; see twnm-shards verify.")
        with shard.open("rb") as stream:
            for member in iter_members(stream):
                if member.fault:
                    raise StoreError(f"{shard} {member.name} {member.fault}; see twnm-shards verify.")
                if member.ext == "json":
                    yield Place(index, member.key, shard, member.offset), read_data(stream, member)
                    index += 1


def choose_deep(rooms: int, wanted: int) -> frozenset[int]:
    """Which of so many rooms to look into: `wanted`, spread evenly from the first to the last."""
    return frozenset(np.unique(np.linspace(0, rooms - 1, min(rooms, wanted)).round().astype(int)).tolist())


def spec_of(manifest: Manifest) -> RenderSpec:
    """The recipe that the manifest carries."""
    return RenderSpec.model_validate({k: v for k, v in manifest.settings.items() if k in RenderSpec.model_fields})
