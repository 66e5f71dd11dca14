"""The records of stored scenes, read without their audio."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from twnm_schemas.errors import StoreError
from twnm_schemas.scenes import Scene
from twnm_shards.manifests import read_manifest
from twnm_shards.tars import iter_members, read_data, read_member


@dataclass(frozen=True)
class Kept:
    """Where one record lies: the tar, and the byte of its header."""

    shard: Path
    offset: int


def iter_records(folder: Path) -> Iterator[tuple[Kept, Scene]]:
    """Every record of a finished folder, in order. Raises StoreError where one does not read."""
    for entry in read_manifest(folder).shards:
        shard = folder / entry.name
        try:
            with shard.open("rb") as stream:
                for member in iter_members(stream):
                    if member.fault:
                        raise StoreError(f"{shard} {member.name} {member.fault}; see twnm-shards verify.")
                    if member.ext == "json":
                        where = f"{shard} {member.name}"
                        yield Kept(shard, member.offset), _parse_scene(read_data(stream, member), where)
        except FileNotFoundError:
            raise StoreError(f"{shard} is in the manifest and not in the folder; see twnm-shards verify.") from None


def read_record(kept: Kept) -> Scene:
    """The record that lies there. Raises StoreError where it does not read."""
    name, data = read_member(kept.shard, kept.offset)
    return _parse_scene(data, f"{kept.shard} {name}")


def _parse_scene(data: bytes, where: str) -> Scene:
    try:
        return Scene.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise StoreError(f"{where} is no record of a scene: {place}: {first['msg'].lower()}.") from None
