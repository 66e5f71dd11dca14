"""A full disk, a read-only one, a folder that may not be written: one sentence, and what is finished stays."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_runs import bytes_of, make_failing, make_noise, small_job

from twnm_schemas.errors import MachineError, StoreError
from twnm_shards.files import check_writable
from twnm_shards.jobs import run_job

SCRIPT = Path(__file__).with_name("small_runs.py")
TAPS = 20000  # about 100 kB a sample


def test_full_disk_is_one_sentence_and_more_room_finishes_the_run(small_disk: Path, tmp_path: Path) -> None:
    folder = small_disk / "brirs"
    command = [sys.executable, str(SCRIPT), str(folder), "--samples", "11", "--seconds", "0", "--taps", str(TAPS)]
    full = subprocess.run(command, capture_output=True, text=True)
    assert full.returncode == 1
    assert full.stderr.startswith(f"error: no space is left for {folder}: free some")
    assert full.stderr.count("\n") == 1
    assert not list(folder.rglob("*.partial"))
    assert list((folder / ".units").glob("*.json"))
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    run_job(small_job(), folder, make_noise, (7, 0.0, TAPS), workers=2)
    run_job(small_job(), tmp_path / "elsewhere", make_noise, (7, 0.0, TAPS), workers=2)
    assert bytes_of(folder) == bytes_of(tmp_path / "elsewhere")


def test_read_only_disk_is_refused_before_anything_is_made(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(StoreError, match="lies on a read-only file system"):
        run_job(small_job(), small_disk / "brirs", make_noise, (7,), workers=1)


def test_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "brirs").write_text("a file")
    for folder in (tmp_path / "brirs", tmp_path / "brirs" / "below"):
        with pytest.raises(StoreError, match=f"{folder} cannot be written"):
            run_job(small_job(), folder, make_noise, (7,), workers=1)


def test_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        for parent in tmp_path.parents[:3]:  # pytest's own, which let nobody else in
            parent.chmod(parent.stat().st_mode | 0o011)
        os.seteuid(65534)
    try:
        with pytest.raises(StoreError, match=rf"{tmp_path} cannot be written \(permission denied\)"):
            check_writable(tmp_path)
    finally:
        os.seteuid(user)


def test_disk_that_fails_in_a_worker_is_the_machines_failure(tmp_path: Path) -> None:
    error = OSError(errno.EIO, "Input/output error")
    with pytest.raises(MachineError, match=rf"the disk of {tmp_path} fails \(input/output error\)"):
        run_job(small_job(), tmp_path, make_failing, (error, 5), workers=1)
