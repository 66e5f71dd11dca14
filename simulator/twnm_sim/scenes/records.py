"""The records of stored scenes, read without their audio."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from twnm_schemas.clips import Attribution
from twnm_schemas.errors import StoreError
from twnm_schemas.scenes import Scene
from twnm_shards.manifests import Cell, read_index, read_manifest
from twnm_shards.tars import iter_members, read_data, read_member
from twnm_sim.scenes.cells import split_names

_CREDITED = ("shard", "offset", "clips", "origin", "room_fingerprint", "room_id")  # columns of the index


@dataclass(frozen=True)
class Kept:
    """Where one record lies: the tar, and the byte of its header."""

    shard: Path
    offset: int


class _Credits(BaseModel):
    """What a record says of whose work is in its scene; the rest of it is not looked at."""

    attribution: tuple[Attribution, ...]


_Record = TypeVar("_Record", bound=BaseModel)


def iter_records(folder: Path) -> Iterator[tuple[Kept, Scene]]:
    """Every record of a finished folder, in order. Raises StoreError where one does not read."""
    for entry in read_manifest(folder).shards:
        shard = folder / entry.name
        try:
            yield from iter_tar_records(shard)
        except FileNotFoundError:
            raise StoreError(f"{shard} is in the manifest and not in the folder; see twnm-shards verify.") from None


def iter_tar_records(shard: Path) -> Iterator[tuple[Kept, Scene]]:
    """Every record of one tar, in order.

    Raises StoreError at the first fault or record that does not read, FileNotFoundError where there is no such tar.
    """
    with shard.open("rb") as stream:
        for member in iter_members(stream):
            if member.fault:
                raise StoreError(f"{shard} {member.name} {member.fault}; see twnm-shards verify.")
            if member.ext == "json":
                where = f"{shard} {member.name}"
                yield Kept(shard, member.offset), parse_scene(read_data(stream, member), where)


def read_record(kept: Kept) -> Scene:
    """The record that lies there. Raises StoreError where it does not read."""
    return _read_member(Scene, kept)


def iter_credits(folder: Path) -> Iterator[Attribution]:
    """Whose work is in the scenes of a finished folder. A record is read where the index shows something new in it.

    Raises StoreError where one does not read.
    """
    seen: set[object] = set()
    for row in read_index(folder, _CREDITED):
        heard = {*split_names(str(row["clips"])), _name_room(row)}
        if not heard <= seen:
            seen |= heard
            yield from _read_member(_Credits, Kept(folder / str(row["shard"]), int(row["offset"] or 0))).attribution


def _name_room(row: dict[str, Cell]) -> tuple[Cell, ...]:
    """What decides whose work the room is: a measured one is its own, those rendered in one run have one head."""
    if row["origin"] == "measured":
        return row["room_fingerprint"], row["room_id"]
    return (row["room_fingerprint"],)


def _read_member(model: type[_Record], kept: Kept) -> _Record:
    name, data = read_member(kept.shard, kept.offset)
    return _parse(model, data, f"{kept.shard} {name}")


def parse_scene(data: bytes, where: str) -> Scene:
    """A scene's record from its JSON. Raises StoreError, naming where it lies and the field, for one that is none."""
    return _parse(Scene, data, where)


def _parse(model: type[_Record], data: bytes, where: str) -> _Record:
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise StoreError(
            f"{where} is no record of a scene of this version: {place}: {first['msg'].lower()}."
        ) from error
