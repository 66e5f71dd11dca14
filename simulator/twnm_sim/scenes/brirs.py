"""The rooms there are: libraries of responses opened for random access, simulated and measured alike.

Shapes: C channels, K taps.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from pydantic import ValidationError

from twnm_schemas.errors import AudioError, SpecError, StoreError
from twnm_schemas.records import RoomRecord, SourcePosition
from twnm_shards.contents import flac_name
from twnm_shards.flac import decode_flac
from twnm_shards.locations import locate_shards
from twnm_shards.tars import Member, iter_members, read_data
from twnm_sim.caches import cache_folder
from twnm_sim.scenes.caches import DEFAULT_CACHE_BYTES, ArrayCache
from twnm_sim.scenes.positions import PositionTable, read_positions

_ROOMS_KEPT = 64  # records and member lists: about 0.2 MB each


@dataclass(frozen=True)
class OpenRoom:
    """One room ready to be heard: its record and where its audio lies."""

    record: RoomRecord
    shard: Path
    members: dict[str, Member]

    def source(self, index: int) -> SourcePosition:
        """The source with this number. Raises StoreError if there is none."""
        for source in self.record.sources:
            if source.index == index:
                return source
        raise StoreError(f"{self.record.room_id} in {self.shard} has no source {index}.")


class BrirLibrary:
    """Rooms of any number of shards, by their number in `positions`.

    Decoded responses are kept in memory up to `cache_bytes`. One object may not be shared by threads.
    """

    def __init__(self, shards: list[Path], cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        self.shards = shards
        self.positions: PositionTable = read_positions(shards)
        self.sample_rate = self._one_rate()
        self._by_id = {
            (str(fingerprint), str(room_id)): number
            for number, (fingerprint, room_id) in enumerate(
                zip(self.positions.fingerprint_R, self.positions.room_id_R, strict=True)
            )
        }
        if len(self._by_id) != len(self.positions):
            raise StoreError("The shards hold a room more than once; name every library once.")
        self._rooms: LRUCache[int, OpenRoom] = LRUCache(_ROOMS_KEPT)
        self._responses = ArrayCache(cache_bytes)

    def __len__(self) -> int:
        return len(self.positions)

    def _one_rate(self) -> int:
        rates = sorted({int(rate) for rate in self.positions.rate_R})
        if len(rates) > 1:
            raise SpecError(
                f"The libraries have different sample rates ({', '.join(map(str, rates))} Hz); "
                "name libraries of one rate, or render or import the others anew with --sample-rate."
            )
        return rates[0]

    @cached_property
    def digest(self) -> str:
        """The name of all rooms in their order; what is drawn from the library depends on it."""
        table = self.positions
        rooms = [f"{a} {b}" for a, b in zip(table.fingerprint_R, table.room_id_R, strict=True)]
        return hashlib.sha256("\n".join(rooms).encode()).hexdigest()

    @property
    def cached_bytes(self) -> int:
        """Bytes of decoded responses held now."""
        return self._responses.bytes

    def find_room(self, fingerprint: str, room_id: str) -> int:
        """The number of a room. Raises StoreError where no library holds it."""
        number = self._by_id.get((fingerprint, room_id))
        if number is None:
            raise StoreError(f"{room_id} of the library {fingerprint} is in none of the shards; name its library.")
        return number

    def room(self, number: int) -> OpenRoom:
        """A room by its number in the table."""
        found = self._rooms.get(number)
        if found is None:
            found = self._rooms[number] = self._open_room(number)
        return found

    def _open_room(self, number: int) -> OpenRoom:
        shard = self.shards[int(self.positions.shard_R[number])]
        try:
            with shard.open("rb") as stream:
                return _read_room(stream, shard, int(self.positions.offset_R[number]))
        except FileNotFoundError:
            raise StoreError(f"{shard} is not there any more; name the library anew.") from None

    def response(self, number: int, source: int, output: str = "binaural") -> NDArray[np.float32]:
        """The response (C, K) of a source as pressure at the library's rate; read-only.

        Raises StoreError where the library has no such output, AudioError where it does not decode.
        """
        return self._responses.get((number, source, output), lambda: self._decode(number, source, output))

    def _decode(self, number: int, source: int, output: str) -> NDArray[np.float32]:
        room = self.room(number)
        ext = flac_name(source, output)
        scale = getattr(room.source(source).scale, output)
        if ext not in room.members or scale is None:
            raise StoreError(
                f"{room.record.room_id} in {room.shard} has no {output} response; "
                f"render with --output binaural,{output}."
            )
        with room.shard.open("rb") as stream:
            data = read_data(stream, room.members[ext])
        try:
            response_CK, rate = decode_flac(data, scale)
        except AudioError as error:
            raise AudioError(f"{room.shard} {room.record.room_id}.{ext} is damaged: {error}.") from error
        if rate != self.sample_rate:
            raise AudioError(f"{room.shard} {room.record.room_id}.{ext} has {rate} Hz, its record says otherwise.")
        return response_CK


def _read_room(stream: BinaryIO, shard: Path, offset: int) -> OpenRoom:
    members: dict[str, Member] = {}
    key = ""
    for member in iter_members(stream, offset):
        if member.fault:
            where = f"{shard} {member.name}".rstrip()
            raise StoreError(f"{where} {member.fault}; see twnm-shards verify.")
        if key and member.key != key:
            break
        key = member.key
        members[member.ext] = member
    try:
        record = RoomRecord.model_validate_json(read_data(stream, members["json"]))
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise StoreError(
            f"{shard} {key}.json is no record of this version ({place}); render or import it again."
        ) from error
    return OpenRoom(record, shard, members)


def open_brirs(names: str | Path | Iterable[str | Path], cache_bytes: int = DEFAULT_CACHE_BYTES) -> BrirLibrary:
    """Open libraries by folder, tar, pattern or URL (`twnm_shards.locations`).

    Raises StoreError for what is not there or damaged, SpecError for libraries of different sample rates.
    """
    return BrirLibrary(locate_shards(names, "brirs", cache_folder() / "shards"), cache_bytes)
