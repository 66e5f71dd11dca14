"""Tars that every reader reads, and reading that no tar can harm."""

import io
import struct
import subprocess
import tarfile
from pathlib import Path

import pytest
import webdataset

from twnm_schemas.errors import StoreError
from twnm_shards.tars import END_OF_ARCHIVE, iter_members, iter_samples, read_member, read_sample, write_sample

SAMPLES = {
    "room-000000": {"json": b'{"a": 1}', "s00.flac": bytes(700), "s00.mono.flac": b""},
    "room-000001": {"json": b"{}", "s00.flac": b"x" * 512, "s00.mono.flac": b"y" * 513},
}


def write(stream: io.BytesIO) -> list[int]:
    return [write_sample(stream, key, members.items()) for key, members in SAMPLES.items()]


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    stream = io.BytesIO()
    write(stream)
    path = tmp_path / "brirs-000000.tar"
    path.write_bytes(stream.getvalue() + END_OF_ARCHIVE)
    return path


def test_webdataset_tarfile_and_gnu_tar_read_it(shard: Path, tmp_path: Path) -> None:
    read = [dict(sample) for sample in webdataset.WebDataset(str(shard), shardshuffle=False)]
    assert [sample["__key__"] for sample in read] == list(SAMPLES)
    for sample in read:
        assert {ext: sample[ext] for ext in SAMPLES[sample["__key__"]]} == SAMPLES[sample["__key__"]]
    names = [f"{key}.{ext}" for key, members in SAMPLES.items() for ext in members]
    with tarfile.open(shard) as archive:
        assert archive.getnames() == names
        assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in archive} == {(0, 0, 0, "", "", 0o644)}
    listed = subprocess.run(["tar", "-xvf", shard, "-C", tmp_path], capture_output=True, text=True, check=True)
    assert (listed.stdout.split(), listed.stderr) == (names, "")
    assert (tmp_path / "room-000001.s00.mono.flac").read_bytes() == b"y" * 513


def test_samples_come_back_in_order_with_their_offsets(shard: Path) -> None:
    samples = list(iter_samples(shard))
    assert {sample.key: sample.members for sample in samples} == SAMPLES
    assert list(samples[0].members) == list(SAMPLES["room-000000"])
    for sample in samples:
        assert read_sample(shard, sample.offset) == sample
    assert read_member(shard, samples[1].offset) == ("room-000001.json", b"{}")
    with pytest.raises(StoreError, match="byte 512"):
        read_sample(shard, 512)


def test_fragments_join_to_the_bytes_of_one_tar(shard: Path) -> None:
    fragments = []
    for key, members in SAMPLES.items():
        stream = io.BytesIO()
        assert write_sample(stream, key, members.items()) == len(stream.getvalue())
        fragments.append(stream.getvalue())
    assert b"".join(fragments) + END_OF_ARCHIVE == shard.read_bytes()


@pytest.mark.parametrize(
    ("key", "ext"),
    [("a.b", "json"), ("", "json"), ("a", ""), ("../a", "json"), ("a", "b/c"), ("a b", "json"), ("a" * 99, "json")],
)
def test_names_that_would_be_read_otherwise_are_not_written(key: str, ext: str) -> None:
    stream = io.BytesIO()
    with pytest.raises((StoreError, ValueError)):
        write_sample(stream, key, [(ext, b"")])
    assert stream.getvalue() == b""


def test_member_twice_is_not_written() -> None:
    with pytest.raises(StoreError, match=r"a\.json"):
        write_sample(io.BytesIO(), "a", [("json", b""), ("json", b"")])


def hostile(**fields: object) -> bytes:
    header = tarfile.TarInfo("room-000002.json")
    for name, value in fields.items():
        setattr(header, name, value)
    return header.tobuf(tarfile.GNU_FORMAT)


def with_size(field: bytes) -> bytes:
    """A header whose size field is given, its checksum made right."""
    header = bytearray(hostile())
    header[124:136] = field
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


@pytest.mark.parametrize(
    ("tail", "sentence"),
    [
        (hostile(name="../../etc/passwd.json"), r"'\.\./\.\./etc/passwd\.json'.* no shard of ours"),
        (hostile(name="/etc/passwd.json"), "'/etc/passwd.json'"),
        (hostile(name="folder/room.json"), "'folder/room.json'"),
        (hostile(name="no-extension"), "'no-extension'"),
        (hostile(name="\x1b[31mred.json"), r"\\x1b"),
        (hostile(type=tarfile.SYMTYPE, linkname="/etc/passwd"), "'room-000002.json', which is a symbolic link"),
        (hostile(type=tarfile.LNKTYPE, linkname="x"), "hard link"),
        (hostile(type=tarfile.CHRTYPE), "a device"),
        (hostile(type=tarfile.BLKTYPE), "a device"),
        (hostile(type=tarfile.FIFOTYPE), "a pipe"),
        (hostile(type=tarfile.DIRTYPE), "a folder"),
        (hostile(type=b"x"), "of tar type 'x'"),
        (hostile(type=tarfile.GNUTYPE_SPARSE), "of tar type 'S'"),
        (hostile(size=1 << 50), "is cut: 1125899906842624 bytes are promised"),
        (with_size(b"\xff" * 12), "is cut: -1 bytes are promised"),
        (with_size(b"\x80" + struct.pack(">QH", 1 << 60, 0) + b"\0"), "bytes are promised"),
        (b"garbage" * 100, "a member's header should be here"),
        (b"", "the end-of-archive mark is missing"),
        (END_OF_ARCHIVE + b"more" * 200, "goes on after its end-of-archive mark"),
        (END_OF_ARCHIVE[:700], "the end-of-archive mark is missing"),
    ],
)
def test_hostile_or_damaged_tar_is_refused_by_name(tmp_path: Path, tail: bytes, sentence: str) -> None:
    stream = io.BytesIO()
    write(stream)
    path = tmp_path / "a.tar"
    path.write_bytes(stream.getvalue() + tail)
    with pytest.raises(StoreError, match=sentence) as refused:
        list(iter_samples(path))
    assert str(path) in str(refused.value)
    assert [p.name for p in tmp_path.iterdir()] == ["a.tar"]


def test_members_after_damage_are_found(shard: Path) -> None:
    data = bytearray(shard.read_bytes())
    for name in (b"room-000000.s00.flac", b"room-000001.json"):
        data[data.index(name) + 3] ^= 1
    members = list(iter_members(io.BytesIO(data)))
    assert [member.name for member in members if not member.fault] == [
        "room-000000.json",
        "room-000000.s00.mono.flac",
        "room-000001.s00.flac",
        "room-000001.s00.mono.flac",
    ]
    assert [member.fault for member in members if member.fault] == ["is damaged: a member's header should be here"] * 2


def test_member_twice_in_a_sample_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    write_sample(stream, "a", [("json", b"1")])
    (tmp_path / "a.tar").write_bytes(stream.getvalue() * 2 + END_OF_ARCHIVE)
    with pytest.raises(StoreError, match=r"holds a\.json twice"):
        list(iter_samples(tmp_path / "a.tar"))


def test_missing_tar_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not there"):
        list(iter_samples(tmp_path / "none.tar"))
