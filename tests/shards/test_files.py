"""A file appears whole or not at all."""

import errno
import hashlib
from pathlib import Path

import pytest

from twnm_schemas.errors import MachineError
from twnm_shards.files import (
    appearing,
    check_writable,
    disk_errors,
    free_bytes,
    partial_of,
    sha256_of,
    sweep_partials,
    write_json,
)


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), appearing(path) as stream:  # noqa: PT012 - the block is what breaks
        stream.write(b"half")
        raise KeyboardInterrupt
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.tar", b"old")]


def test_nothing_shows_before_the_end_and_the_partial_name_is_known(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with appearing(path) as stream:
        stream.write(b"whole")
        assert not path.exists()
        assert [partial_of(p.name) for p in tmp_path.iterdir()] == ["a.tar"]
    assert path.read_bytes() == b"whole"
    assert partial_of("a.tar") is None
    assert partial_of("download.partial") is None  # somebody else's


def test_only_what_a_killed_run_left_of_the_named_files_is_swept(tmp_path: Path) -> None:
    names = ("a.csv.12-3.partial", "b.csv.12-3.partial", "a.csv", "a.csv.partial", "more.partial")
    for name in names:
        (tmp_path / name).touch()
    sweep_partials(tmp_path, {"a.csv"})
    assert {path.name for path in tmp_path.iterdir()} == set(names[1:])
    sweep_partials(tmp_path / "not there", {"a.csv"})


def test_two_writers_of_one_path_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with appearing(path) as ours, appearing(path) as theirs:
        ours.write(b"ours" * 10)
        theirs.write(b"theirs")
    assert path.read_bytes() == b"ours" * 10
    assert len(list(tmp_path.iterdir())) == 1


def test_json_is_sorted_ends_in_a_newline_and_refuses_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1.0, "a": ["ü"]})
    assert (tmp_path / "a.json").read_text() == '{\n "a": [\n  "ü"\n ],\n "b": 1.0\n}\n'
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "b.json", float("nan"))
    assert not (tmp_path / "b.json").exists()


def test_checksum_and_room(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(data)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(data).hexdigest()
    assert free_bytes(tmp_path / "not" / "yet" / "made") == free_bytes(tmp_path) > 0


def test_writable_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_names_the_folder_and_the_way_on(tmp_path: Path, code: int) -> None:
    sentence = f"no space is left for {tmp_path}: .*the same command goes on"
    with pytest.raises(MachineError, match=sentence) as error, disk_errors(tmp_path):
        raise OSError(code, "full")
    assert error.value.exit_code == 1


def test_other_errors_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), disk_errors(tmp_path):
        (tmp_path / "none").read_bytes()
