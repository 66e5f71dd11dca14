"""Finished scenes on disk: one by its name, or all of them in order."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from twnm_schemas.errors import SpecError, StoreError
from twnm_schemas.scenes import Scene
from twnm_schemas.splits import SPLITS
from twnm_shards.manifests import MANIFEST_NAME, Cell, read_index, read_manifest
from twnm_shards.tars import Sample, iter_samples, read_sample
from twnm_sim.scenes.records import parse_scene

KIND = "scenes"
DEFAULT_ROOT = Path("data")
_NAME = re.compile(r"(scene|room)-\d+")
_PLACE = ("key", "shard", "offset")  # columns of the index


@dataclass(frozen=True)
class FoundScene:
    """A scene as it is stored: its record, its members by extension, and the folder of shards it lies in."""

    scene: Scene
    members: dict[str, bytes]
    folder: Path


def root_of(folder: Path) -> Path:
    """DIR of DIR/scenes and DIR itself alike."""
    return folder.parent if folder.name == KIND else folder


def split_name(given: str) -> tuple[Path, str]:
    """What a person named, [DIR/]NAME or DIR, as a folder and a sample's name ("" for a folder alone).

    `scene-000123` lies in ./data, `out/scene-000123` in out.
    """
    path = Path(given)
    if path.is_dir() or not _NAME.fullmatch(path.name):
        return path, ""
    return (DEFAULT_ROOT if path.name == given else path.parent), path.name


def find_named(given: str) -> FoundScene:
    """A scene by what a person named it: NAME or DIR/NAME. Raises StoreError as `find_scene`, SpecError for no name."""
    folder, name = split_name(given)
    if not name.startswith("scene-"):
        raise SpecError(f"{given} is no scene's name; give one like scene-000123, or DIR/scene-000123.")
    return find_scene(folder, name)


def find_scene_folders(root: Path) -> list[Path]:
    """The folders of scene shards at `root`: a root (DIR), its scenes folder, or one split's folder.

    Raises StoreError where there is no finished one.
    """
    above = root / KIND if (root / KIND).is_dir() else root
    found = [folder for folder in (root, above, *_list_splits(above)) if _holds_scenes(folder)]
    if not found:
        raise StoreError(f"{root} holds no finished scenes; give the folder that twnm-sim compose or render wrote.")
    return list(dict.fromkeys(found))


def _holds_scenes(folder: Path) -> bool:
    return (folder / MANIFEST_NAME).is_file() and read_manifest(folder).kind == KIND


def _list_splits(above: Path) -> list[Path]:
    """Folders below, the splits in their usual order first."""
    folders = [folder for folder in above.iterdir() if folder.is_dir()] if above.is_dir() else []
    known: dict[str, int] = {name: place for place, name in enumerate(SPLITS)}
    return sorted(folders, key=lambda folder: (known.get(folder.name, len(known)), folder.name))


def find_scene(root: Path, name: str) -> FoundScene:
    """The scene of this name in any split below `root`.

    Raises StoreError where there is none (the sentence says what there is), where several splits have one of this
    name, and where its record does not read.
    """
    rows = [(folder, row) for folder in find_scene_folders(root) for row in read_index(folder, _PLACE)]
    matches = [(folder, row) for folder, row in rows if row["key"] == name]
    if not matches:
        raise StoreError(f"There is no {name} in {root}; it holds {_say_holdings(rows)}.")
    if len(matches) > 1:
        places = ", ".join(str(folder / name) for folder, _ in matches)
        raise StoreError(f"There is more than one {name} in {root}; name one of {places}.")
    folder, row = matches[0]
    shard = folder / str(row["shard"])
    return _open_sample(read_sample(shard, int(str(row["offset"]))), shard)


def _say_holdings(rows: list[tuple[Path, dict[str, Cell]]]) -> str:
    """How many scenes each folder holds, and from which name to which."""
    keys: dict[Path, list[str]] = {}
    for folder, row in rows:
        keys.setdefault(folder, []).append(str(row["key"]))
    return " and ".join(f"{_say_range(sorted(names))} in {folder}" for folder, names in keys.items()) or "no scene"


def _say_range(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{len(names)} scenes ({names[0]} to {names[-1]})"


def iter_scenes(root: Path) -> Iterator[FoundScene]:
    """Every scene below `root`: the splits one after the other, each in the order it is stored.

    Raises StoreError where there is no finished folder, or at the first shard or record that does not read.
    """
    for folder in find_scene_folders(root):
        for entry in read_manifest(folder).shards:
            shard = folder / entry.name
            for sample in iter_samples(shard):
                yield _open_sample(sample, shard)


def _open_sample(sample: Sample, shard: Path) -> FoundScene:
    if "json" not in sample.members:
        raise StoreError(f"{shard} holds {sample.key} without its record; see twnm-shards verify.")
    scene = parse_scene(sample.members["json"], f"{shard} {sample.key}.json")
    return FoundScene(scene, sample.members, shard.parent)
