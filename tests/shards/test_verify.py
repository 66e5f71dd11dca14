"""Every way a folder can be wrong is found and named, and a whole one has nothing to say."""

import fcntl
import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from room_samples import SAMPLE_RATE, TAPS, make_rooms, room_job

from twnm_schemas.errors import StoreError
from twnm_shards.contents import judge_sample
from twnm_shards.files import sha256_of, write_json
from twnm_shards.flac import encode_flac
from twnm_shards.jobs import run_job
from twnm_shards.manifests import read_index, write_index
from twnm_shards.tars import END_OF_ARCHIVE, iter_samples, write_sample
from twnm_shards.verify import shard_bytes, verify_folder

SHARD = "brirs-000001.tar"
KEY = "room-000002"  # the first of the second shard


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole") / "data"
    run_job(room_job(), root / "brirs", make_rooms, (), workers=1)
    return root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "data"))


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "brirs"


def found(folder: Path, deep: bool = True) -> set[tuple[str, str, str]]:
    """File name, member or key, and problem of everything found."""
    problems = verify_folder(folder, deep)
    assert all(Path(p.file).name in p.sentence or p.key in p.sentence for p in problems)
    return {(Path(p.file).name, p.member or p.key, p.problem_name) for p in problems}


def reseal(folder: Path, samples: list[tuple[str, list[tuple[str, bytes]]]]) -> None:
    """Write the second shard anew and make manifest and index agree, so that only its content can be wrong."""
    stream = io.BytesIO()
    offsets = {}
    for key, members in samples:
        offsets[key] = stream.tell()
        write_sample(stream, key, members)
    (folder / SHARD).write_bytes(stream.getvalue() + END_OF_ARCHIVE)
    rows = [row for row in read_index(folder) if row["shard"] != SHARD]
    rows += [{"key": key, "shard": SHARD, "offset": offset, "sources": 2} for key, offset in offsets.items()]
    write_index(folder, sorted(rows, key=lambda row: str(row["key"])))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    entry = next(entry for entry in manifest["shards"] if entry["name"] == SHARD)
    entry.update(bytes=(folder / SHARD).stat().st_size, sha256=sha256_of(folder / SHARD), samples=len(offsets))
    manifest["samples"] = len(rows)
    manifest["index_sha256"] = sha256_of(folder / "index.parquet")
    write_json(folder / "manifest.json", manifest)


def samples_of(folder: Path) -> list[tuple[str, list[tuple[str, bytes]]]]:
    return [(sample.key, list(sample.members.items())) for sample in iter_samples(folder / SHARD)]


def noise_flac(channels: int = 2, taps: int = TAPS, sample_rate: int = SAMPLE_RATE) -> bytes:
    audio_CT = np.random.default_rng(0).standard_normal((channels, taps)).astype(np.float32)
    return encode_flac(audio_CT, sample_rate)[0]


def silent_flac() -> bytes:
    import soundfile

    stream = io.BytesIO()
    soundfile.write(stream, np.zeros((TAPS, 2)), SAMPLE_RATE, format="FLAC", subtype="PCM_24")
    return stream.getvalue()


def promising(data: bytes, samples: int) -> bytes:
    """The same FLAC with another number of samples in its header."""
    word = int.from_bytes(data[18:26], "big")
    return data[:18] + (word >> 36 << 36 | samples).to_bytes(8, "big") + data[26:]


@pytest.mark.parametrize("deep", [True, False])
def test_whole_folder_has_no_problem_by_root_or_by_itself(whole: Path, deep: bool) -> None:
    read: list[int] = []
    assert verify_folder(whole, deep, read.append) == verify_folder(whole / "brirs", deep) == []
    assert read[-1] == sum(path.stat().st_size for path in (whole / "brirs").glob("*.tar"))


def test_resealed_shard_is_whole(folder: Path) -> None:
    reseal(folder, samples_of(folder))
    assert found(folder) == set()


def test_missing_shard(folder: Path) -> None:
    (folder / SHARD).unlink()
    missing = {(SHARD, key, "missing") for key in ("", KEY, "room-000003")}
    assert found(folder, deep=False) == missing


def test_truncated_shard(folder: Path) -> None:
    data = (folder / SHARD).read_bytes()
    (folder / SHARD).write_bytes(data[: len(data) // 4])
    problems = found(folder, deep=False)
    assert (SHARD, "", "truncated") in problems
    assert (SHARD, f"{KEY}.s00.mono.flac", "truncated") in problems
    assert (SHARD, "room-000003", "missing") in problems


def test_shard_without_its_end(folder: Path) -> None:
    data = (folder / SHARD).read_bytes()
    (folder / SHARD).write_bytes(data[: -len(END_OF_ARCHIVE)])
    assert found(folder) == {(SHARD, "", "truncated")}


def test_damaged_audio_is_named_by_member(folder: Path) -> None:
    data = bytearray((folder / SHARD).read_bytes())
    header = data.index(b"room-000003.s01.flac")
    data[header + 512 + 700] ^= 1
    (folder / SHARD).write_bytes(data)
    assert found(folder) == {(SHARD, "", "damaged"), (SHARD, "room-000003.s01.flac", "damaged")}
    assert found(folder, deep=False) == {(SHARD, "", "damaged")}


def test_damaged_header_costs_only_its_member(folder: Path) -> None:
    data = bytearray((folder / SHARD).read_bytes())
    data[data.index(b"room-000002.s01.flac") + 3] ^= 1
    (folder / SHARD).write_bytes(data)
    assert found(folder) == {(SHARD, "", "damaged"), (SHARD, f"{KEY}.s01.flac", "missing")}


def test_duplicated_shard_and_sample(folder: Path) -> None:
    shutil.copy(folder / "brirs-000000.tar", folder / SHARD)
    problems = found(folder, deep=False)
    assert {(SHARD, "room-000000", "duplicated"), (SHARD, "room-000001", "duplicated")} <= problems
    assert {(SHARD, KEY, "missing"), (SHARD, "", "miscounted")} <= problems


def test_duplicated_member(folder: Path) -> None:
    stream = io.BytesIO()
    for key, members in samples_of(folder):
        write_sample(stream, key, members)
        write_sample(stream, key, members[:1])
    (folder / SHARD).write_bytes(stream.getvalue() + END_OF_ARCHIVE)
    assert (SHARD, f"{KEY}.json", "duplicated") in found(folder)


def test_disordered_samples(folder: Path) -> None:
    reseal(folder, samples_of(folder)[::-1])
    assert found(folder) == {(SHARD, KEY, "disordered")}


def test_foreign_leftover_and_unfinished(folder: Path) -> None:
    (folder / "brirs-000009.tar").write_bytes(b"")
    (folder / "notes.txt").write_text("mine")
    (folder / "brirs-000001.tar.12-3.partial").write_bytes(b"")
    (folder / ".units").mkdir()
    assert found(folder) == {
        ("brirs-000009.tar", "", "foreign"),
        ("notes.txt", "", "foreign"),
        ("brirs-000001.tar.12-3.partial", "", "leftover"),
        (".units", "", "unfinished"),
    }


def test_run_at_work_is_said(folder: Path) -> None:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert found(folder) == {(".lock", "", "unfinished")}
    assert found(folder) == set()


def test_stopped_run_is_one_problem(folder: Path) -> None:
    for name in ("manifest.json", "index.parquet", SHARD):
        (folder / name).unlink()
    (folder / ".units").mkdir()
    (problem,) = verify_folder(folder)
    assert problem.problem_name == "unfinished"
    assert problem.sentence.endswith("the run was stopped; run the same command again")


def test_damaged_manifest_of_a_stopped_run_is_said_too(folder: Path) -> None:
    (folder / ".units").mkdir()
    (folder / "manifest.json").write_text("{}")
    assert found(folder) == {(".units", "", "unfinished"), ("manifest.json", "", "damaged")}


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
@pytest.mark.parametrize("name", ["manifest.json", "index.parquet", SHARD])
def test_what_is_no_regular_file_is_damaged(folder: Path, name: str, make: Callable[[Path], None]) -> None:
    (folder / name).unlink()
    make(folder / name)
    assert (name, "", "damaged") in found(folder)
    assert shard_bytes(folder) == sum(path.stat().st_size for path in folder.glob("*.tar") if path.is_file())


def test_lock_that_is_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / ".lock")
    assert found(folder) == set()


def test_sample_that_is_too_large_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [sum(len(data) for _, data in members) for _, members in samples_of(folder)]
    reseal(folder, [samples_of(folder)[0], ("room-000003", [*samples_of(folder)[1][1], ("txt", bytes(100_000))])])
    monkeypatch.setattr("twnm_shards.verify.MAX_SAMPLE_BYTES", max(sizes) + 10_000)
    assert found(folder) == found(folder, deep=False) == {(SHARD, "room-000003", "invalid")}


def test_deeply_nested_records_are_invalid(folder: Path) -> None:
    nested = b"[" * 200_000
    reseal(folder, [(KEY, [("json", nested)])])
    assert found(folder) == {(SHARD, f"{KEY}.json", "invalid")}
    assert [p.problem_name for p in judge_sample("a.tar", "scenes", KEY, {"json": nested})] == ["invalid"]


def replaced(old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.update({"json": members["json"].replace(old, new)})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda m: m.pop("s01.mono.flac"), (f"{KEY}.s01.mono.flac", "missing")),
        (lambda m: m.pop("json"), (f"{KEY}.json", "missing")),
        (lambda m: m.update({"s02.flac": m["s00.flac"]}), (f"{KEY}.s02.flac", "foreign")),
        (lambda m: m.update({"s00.foa.flac": m["s00.flac"]}), (f"{KEY}.s00.foa.flac", "foreign")),
        (lambda m: m.update({"json": m["json"][:-1]}), (f"{KEY}.json", "invalid")),
        (replaced(b'"tail":"images"', b'"tail":"none"'), (f"{KEY}.json", "invalid")),
        (replaced(b'"mono"]', b'"quad"]'), (f"{KEY}.json", "invalid")),
        (replaced(b"room-000002", b"room-000004"), (f"{KEY}.json", "mismatched")),
        (replaced(b'"foa":null', b'"foa":1.0'), (f"{KEY}.json", "mismatched")),
        (lambda m: m.update({"s00.flac": m["s00.flac"][:-9]}), (f"{KEY}.s00.flac", "damaged")),
        (lambda m: m.update({"s00.flac": silent_flac()}), (f"{KEY}.s00.flac", "invalid")),
        (lambda m: m.update({"s00.flac": noise_flac(channels=1)}), (f"{KEY}.s00.flac", "mismatched")),
        (lambda m: m.update({"s00.flac": noise_flac(taps=TAPS - 1)}), (f"{KEY}.s00.flac", "mismatched")),
        (lambda m: m.update({"s00.flac": noise_flac(taps=TAPS + 1)}), (f"{KEY}.s00.flac", "mismatched")),
        (lambda m: m.update({"s00.flac": promising(m["s00.flac"], 2**36 - 1)}), (f"{KEY}.s00.flac", "damaged")),
        (lambda m: m.update({"s00.flac": promising(m["s00.flac"], 10**6)}), (f"{KEY}.s00.flac", "mismatched")),
        (lambda m: m.update({"s00.flac": noise_flac(sample_rate=48000)}), (f"{KEY}.s00.flac", "mismatched")),
    ],
)  # fmt: skip
def test_content_that_breaks_its_record(
    folder: Path, change: Callable[[dict[str, bytes]], object], problem: tuple[str, str]
) -> None:
    samples = [(key, dict(members)) for key, members in samples_of(folder)]
    change(samples[0][1])
    reseal(folder, [(key, list(members.items())) for key, members in samples])
    assert found(folder) == {(SHARD, *problem)}
    assert found(folder, deep=False) == set()


def test_rate_that_no_float_holds_is_mismatched(folder: Path) -> None:
    samples = [(key, dict(members)) for key, members in samples_of(folder)]
    rate = b'"sample_rate":44100,"duration_s"'
    assert rate in samples[0][1]["json"]
    replaced(rate, b'"sample_rate":1' + b"0" * 400 + b',"duration_s"')(samples[0][1])
    reseal(folder, [(key, list(members.items())) for key, members in samples])
    assert (SHARD, f"{KEY}.s00.flac", "mismatched") in found(folder)


def test_index_that_disagrees(folder: Path) -> None:
    rows = read_index(folder)
    rows[0]["offset"] = 512
    rows[1]["key"] = "room-000009"
    write_index(folder, rows)
    assert found(folder, deep=False) == {
        ("index.parquet", "", "damaged"),
        ("index.parquet", "room-000000", "mismatched"),
        ("brirs-000000.tar", "room-000001", "foreign"),
        ("brirs-000000.tar", "room-000009", "missing"),
    }


def test_missing_index_and_manifest(folder: Path) -> None:
    (folder / "index.parquet").unlink()
    assert found(folder, deep=False) == {("index.parquet", "", "missing")}
    (folder / "manifest.json").write_text("{}")
    assert found(folder, deep=False) == {("manifest.json", "", "damaged")}
    (folder / "manifest.json").unlink()
    assert found(folder, deep=False) == {("manifest.json", "", "missing")}


def test_manifest_that_miscounts(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["samples"] = 6
    write_json(folder / "manifest.json", manifest)
    assert found(folder, deep=False) == {("manifest.json", "", "miscounted")}


def test_shard_name_in_a_manifest_cannot_leave_the_folder(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["shards"][0]["name"] = "../brirs-000000.tar"
    write_json(folder / "manifest.json", manifest)
    shutil.move(folder / "brirs-000000.tar", folder.parent / "brirs-000000.tar")
    assert ("manifest.json", "", "invalid") in found(folder, deep=False)


def test_nothing_to_verify_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no shards"):
        verify_folder(tmp_path)
    with pytest.raises(StoreError, match="is not a folder"):
        verify_folder(tmp_path / "none")
