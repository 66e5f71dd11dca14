"""Plain WebDataset tars: deterministic to write, safe to read.

A sample is a run of members `key.ext`; the key ends at the first dot. Every member is a regular file with mode 0644,
no owner and no time, so that the same members give the same bytes. A shard is its samples followed by
`END_OF_ARCHIVE`, which lets shards be joined from fragments that lack it. Nothing is ever extracted to disk.
"""

import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from twnm_schemas.errors import StoreError

BLOCK = tarfile.BLOCKSIZE
END_OF_ARCHIVE = bytes(2 * BLOCK)
MAX_SAMPLE_BYTES = 4 << 30
_NAME = re.compile(r"(?P<key>[A-Za-z0-9_-]+)\.(?P<ext>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)")
_TYPES = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.DIRTYPE: "a folder",
    tarfile.FIFOTYPE: "a pipe",
}


class Sample(NamedTuple):
    """One sample: its key, its members by extension in the order they lie, and where it starts in the tar."""

    key: str
    members: dict[str, bytes]
    offset: int


@dataclass(frozen=True)
class Member:
    """One member, or a fault in the tar: `fault` is "" or says what is wrong; `name` may be "" then."""

    name: str
    offset: int
    size: int
    fault: str = ""
    truncated: bool = False

    @property
    def data_offset(self) -> int:
        return self.offset + BLOCK

    @property
    def key(self) -> str:
        return self.name.partition(".")[0]

    @property
    def ext(self) -> str:
        return self.name.partition(".")[2]


def write_sample(stream: BinaryIO, key: str, members: Iterable[tuple[str, bytes]]) -> int:
    """Append one sample and return how many bytes it took.

    Raises StoreError for a key or extension that WebDataset would read differently, or for one given twice.
    """
    written, seen = 0, set()
    for ext, data in members:
        name = f"{key}.{ext}"
        match = _NAME.fullmatch(name)
        if match is None or match["key"] != key or name in seen:
            raise StoreError(f"{name!r} cannot be a member: letters, digits, -, _, no dot in the key, each name once")
        seen.add(name)
        written += _write_member(stream, name, data)
    return written


def _write_member(stream: BinaryIO, name: str, data: bytes) -> int:
    header = tarfile.TarInfo(name)
    header.size, header.mode = len(data), 0o644
    padding = bytes(-len(data) % BLOCK)
    stream.write(header.tobuf(tarfile.USTAR_FORMAT))
    stream.write(data)
    stream.write(padding)
    return BLOCK + len(data) + len(padding)


def iter_samples(path: Path) -> Iterator[Sample]:
    """The samples of a tar in order. Raises StoreError naming the file and the member at the first fault."""
    with _open(path) as stream:
        gathered: Sample | None = None
        for member in iter_members(stream):
            if member.fault:
                raise StoreError(f"{path} {_at(member)} {member.fault}; `twnm-shards verify` lists all that is wrong")
            if gathered and gathered.key != member.key:
                yield gathered
                gathered = None
            gathered = gathered or Sample(member.key, {}, member.offset)
            if member.ext in gathered.members:
                raise StoreError(f"{path} holds {member.name} twice")
            gathered.members[member.ext] = read_data(stream, member)
            if sum(map(len, gathered.members.values())) > MAX_SAMPLE_BYTES:
                raise StoreError(f"{path} holds {member.key}, which is over {MAX_SAMPLE_BYTES} bytes: no sample is")
        if gathered:
            yield gathered


def read_sample(path: Path, offset: int) -> Sample:
    """The sample that starts at `offset` (from `index.parquet`), without reading what lies before it.

    Raises StoreError if no whole sample starts there.
    """
    with _open(path) as stream:
        members: dict[str, bytes] = {}
        key = ""
        for member in iter_members(stream, offset):
            if member.fault:
                raise StoreError(f"{path} {_at(member)} {member.fault}")
            if key and member.key != key:
                break
            key = member.key
            members[member.ext] = read_data(stream, member)
    if not members:
        raise StoreError(f"{path} holds no sample at byte {offset}")
    return Sample(key, members, offset)


def read_member(path: Path, offset: int) -> tuple[str, bytes]:
    """The name and data of the member whose header is at `offset`. Raises StoreError if there is none."""
    with _open(path) as stream:
        member = next(iter_members(stream, offset), None)
        if member is None or member.fault:
            raise StoreError(f"{path} holds no member at byte {offset}")
        return member.name, read_data(stream, member)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise StoreError(f"{path} is not there") from None


def read_data(stream: BinaryIO, member: Member) -> bytes:
    """The data of a member that has no fault."""
    stream.seek(member.data_offset)
    return stream.read(member.size)


def iter_members(stream: BinaryIO, offset: int = 0) -> Iterator[Member]:
    """Every member from `offset` on, and every fault between them; after a fault, the next header that is whole.

    A file that is cut, lies about a size, holds links, devices or names that could leave a folder, lacks its end or
    goes on after it yields a `Member` whose `fault` says so. Reads headers only.
    """
    end = stream.seek(0, 2)
    in_damage = False
    while offset < end or not in_damage:
        stream.seek(offset)
        block = stream.read(BLOCK)
        if not in_damage and not any(block):  # the end, or what should be; also where the file has ended
            fault = _judge_end(stream, offset, end)
            if fault:
                yield fault
            if not fault or fault.truncated:
                return
            in_damage = True
            continue
        header = _parse(block)
        if header is None:
            if not in_damage:
                yield Member("", offset, 0, "is damaged: a member's header should be here", len(block) < BLOCK)
            in_damage = True
            offset += BLOCK
            continue
        in_damage = False
        member = _judge(header, offset, end)
        yield member
        offset += BLOCK if member.truncated else BLOCK + member.size + -member.size % BLOCK


def _parse(block: bytes) -> tarfile.TarInfo | None:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError):
        return None


def _judge(header: tarfile.TarInfo, offset: int, end: int) -> Member:
    name, size = header.name, header.size
    if size < 0 or offset + BLOCK + size > end:
        left = max(0, end - offset - BLOCK)
        return Member(name, offset, 0, f"is cut: {size} bytes are promised and {left} are left", truncated=True)
    if header.type in _TYPES or header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        kind = _TYPES.get(header.type, f"of tar type {header.type.decode('ascii', 'replace')!r}")
        return Member(name, offset, size, f"is {kind}; only regular files belong in a shard")
    if _NAME.fullmatch(name) is None:
        return Member(name, offset, size, "has a name that no shard of ours gives (key.ext, no folders)")
    return Member(name, offset, size)


def _judge_end(stream: BinaryIO, offset: int, end: int) -> Member | None:
    if end - offset < len(END_OF_ARCHIVE):
        return Member("", offset, 0, "is cut: the end-of-archive mark is missing", truncated=True)
    stream.seek(offset)
    while chunk := stream.read(1 << 20):
        if chunk.strip(b"\0"):
            return Member("", offset, 0, "goes on after its end-of-archive mark")
    return None


def _at(member: Member) -> str:
    return f"holds {member.name!r}, which" if member.name else f"at byte {member.offset}"
