"""What lies beside a question file, read without its audio: the records of its scenes, and the names in its shards."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from twnm_bench.audit.splits import BENCHMARK_SPLIT, HeardScene, Training, gather_training
from twnm_bench.audit.storage import Members, place_of
from twnm_bench.items import Item
from twnm_schemas.errors import StoreError
from twnm_schemas.scenes import Scene
from twnm_schemas.splits import SPLITS
from twnm_shards.tars import Member, iter_members, read_data
from twnm_sim.scenes.finding import find_scene_folders
from twnm_sim.scenes.records import parse_scene

RECORD = "json"
_TRAINING = frozenset(SPLITS) - {BENCHMARK_SPLIT}


@dataclass(frozen=True)
class Shelves:
    """`scenes`: records by the items' scene_id; `members`: the names in the shards that items name; each None where
    there are none to look into."""

    scenes: dict[str, Scene] | None
    members: Members | None


def look_into_shards(items: Sequence[Item], folder: Path, named: Iterable[Path] = ()) -> Shelves:
    """Look into the shards that the items name, beside the question file in `folder`, and into `named` scenes.

    `named`: tars, or folders of scenes or of shards. A scene's record lies beside an item's audio or is found by its
    scene_id. A shard that is not there holds nothing. Raises StoreError for a damaged shard or record, for a name
    behind which there is nothing, and for two different scenes of one name.
    """
    scenes = _find_named(
        [path for name in named for path in _list_tars(name, SPLITS)], {item.scene_id for item in items}
    )
    places = {item.id: place for item in items if (place := place_of(item))}
    shards = sorted({shard for shard, _, _ in places.values() if "://" not in shard})
    names: set[tuple[str, str]] = set()
    found: dict[tuple[str, str], Scene] = {}
    keys = {(shard, key) for shard, key, _ in places.values()}
    for shard in shards:
        for member, data in _iter_tar(folder / shard) if (folder / shard).is_file() else ():
            names.add((shard, member.name))
            if member.ext == RECORD and (shard, member.key) in keys:
                found[shard, member.key] = parse_scene(data, f"{folder / shard} {member.name}")
    for item in items:
        shard, key, _ = places.get(item.id, ("", "", ""))
        if (shard, key) in found and found[shard, key].scene_id == item.scene_id:
            scenes[item.scene_id] = found[shard, key]
    return Shelves(scenes or None, frozenset(names) if shards else None)


def _find_named(tars: Iterable[Path], wanted: set[str]) -> dict[str, Scene]:
    scenes: dict[str, Scene] = {}
    for path in tars:
        for member, data in _iter_tar(path):
            if member.ext != RECORD:
                continue
            where = f"{path} {member.name}"
            if _peek(data, where).scene_id in wanted:
                scene = parse_scene(data, where)
                if scenes.setdefault(scene.scene_id, scene) != scene:
                    raise StoreError(f"There are two different scenes {scene.scene_id}, one in {path}; name one set.")
    return scenes


def read_training(names: Iterable[Path]) -> Training:
    """What training scenes let be heard. A root gives all its splits but the test split.

    `names`: folders of scenes, tars, or folders of other shards whose records carry scenes (in `scene`). Raises
    StoreError for a name without scenes and for a damaged shard.
    """
    return gather_training(scene for name in names for scene in _read_training(name))


def _read_training(name: Path) -> list[HeardScene]:
    found = []
    for path in _list_tars(name, _TRAINING):
        for member, data in _iter_tar(path):
            scene = _find_scene(data) if member.ext == RECORD else None
            if scene is not None:
                found.append(scene)
    if not found:
        raise StoreError(f"{name} holds no records of training scenes; give a folder that twnm-sim compose wrote.")
    return found


class _Carrier(BaseModel):
    """A record that is no scene but carries one."""

    scene: HeardScene


def _find_scene(data: bytes) -> HeardScene | None:
    for model in (HeardScene, _Carrier):
        try:
            record = model.model_validate_json(data)
        except ValidationError:
            continue
        return record if isinstance(record, HeardScene) else record.scene
    return None


def _peek(data: bytes, where: str) -> HeardScene:
    try:
        return HeardScene.model_validate_json(data)
    except ValidationError:
        raise StoreError(f"{where} is no record of a scene.") from None


def _list_tars(name: Path, splits: Collection[str]) -> list[Path]:
    """The tars behind a name: itself, those of the scene folders of these splits below it, or those that lie in it."""
    if name.is_file():
        return [name]
    try:
        folders = find_scene_folders(name)
    except StoreError:
        folders = [name]
    asked = [folder for folder in folders if folder == name or folder.name in splits]
    tars = [path for folder in asked for path in sorted(folder.glob("*.tar"))]
    if not tars:
        raise StoreError(f"{name} holds no shards of scenes; give a tar, or a folder that twnm-sim compose wrote.")
    return tars


def _iter_tar(path: Path) -> Iterator[tuple[Member, bytes]]:
    """Every member and, of records alone, the data."""
    with path.open("rb") as stream:
        for member in iter_members(stream):
            if member.fault:
                raise StoreError(f"{path} {member.name} {member.fault}; see twnm-shards verify.")
            yield member, read_data(stream, member) if member.ext == RECORD else b""
