"""Killed at any moment, by SIGKILL or Ctrl-C, a run goes on where it was and ends in the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from small_runs import bytes_of, make_failing, make_noise, make_witness, small_job

from twnm_schemas.errors import GeometryError, LockedError, MachineError
from twnm_shards.files import GO_ON
from twnm_shards.jobs import run_job
from twnm_shards.locks import wait_for_orphans

SCRIPT = Path(__file__).with_name("small_runs.py")
SAMPLES = 24


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("reference")
    run_job(small_job(SAMPLES), folder, make_noise, (7,), workers=2)
    return bytes_of(folder)


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """The script in a process group of its own, so that Ctrl-C reaches its workers as a terminal's does."""
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for_line(process: "subprocess.Popen[str]", start_of_line: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(start_of_line):
            return
    pytest.fail(f"the run ended early: {process.stderr and process.stderr.read()}")


def workers_of(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


@pytest.fixture
def running(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = start(tmp_path / "brirs", "--seconds", "0.2")
    wait_for_line(process, "2 of")
    yield process
    process.kill()
    process.communicate()


def test_killed_at_random_moments_ends_in_the_same_bytes(tmp_path: Path, reference: dict[str, bytes]) -> None:
    moments = random.Random(1)
    for _ in range(6):
        process = start(tmp_path, "--seconds", "0.02", "--workers", str(moments.choice([1, 2, 3])))
        if moments.random() < 0.7:
            wait_for_line(process, "")
        try:
            process.wait(timeout=moments.uniform(0.0, 0.4))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
    run_job(small_job(SAMPLES), tmp_path, make_noise, (7,), workers=2)
    assert bytes_of(tmp_path) == reference


def test_killed_before_every_change_to_the_folder_ends_in_the_same_bytes(
    tmp_path: Path, reference: dict[str, bytes]
) -> None:
    """Before its first renaming, removal or making of a folder, then before its second, ... until it gets through."""
    moments = 0
    status = -signal.SIGKILL
    while status == -signal.SIGKILL:
        moments += 1
        process = start(tmp_path / "brirs", "--seconds", "0", "--die-before-change", str(moments))
        status = process.wait(timeout=60)
        process.communicate()
    assert status == 0
    assert moments > 12
    assert bytes_of(tmp_path / "brirs") == reference


def test_half_written_files_of_a_killed_run_are_swept(tmp_path: Path, reference: dict[str, bytes]) -> None:
    run_job(small_job(SAMPLES), tmp_path, make_noise, (7,), workers=2)
    (tmp_path / "manifest.json").rename(tmp_path / "manifest.json.99999-0.partial")
    for shard in tmp_path.glob("*.tar"):
        shard.rename(f"{shard}.99999-1.partial")
    (tmp_path / "index.parquet").unlink()
    (tmp_path / ".units").mkdir()
    (tmp_path / ".units" / "000000-000002-diffuse-7.tar").write_bytes(b"a fragment without its marker")
    (tmp_path / ".units" / "000002-000004-diffuse-6.json").write_text("{}")
    (tmp_path / ".units" / "000004-000006-diffuse-7.json").write_text("a marker that is damaged")
    (tmp_path / ".units" / "000004-000006-diffuse-7.tar").write_bytes(b"")
    seen: list[list[Path]] = []
    look = lambda progress: seen.append([*tmp_path.glob("*9999*"), *tmp_path.glob(".units/*diffuse-6*")])  # noqa: E731
    run_job(small_job(SAMPLES), tmp_path, make_noise, (7,), workers=2, on_progress=look)
    assert seen[0] == []  # gone before the work starts, when their room is needed
    assert bytes_of(tmp_path) == reference


def test_workers_die_with_a_killed_run_and_finished_units_are_not_made_again(
    tmp_path: Path, running: "subprocess.Popen[str]"
) -> None:
    workers = workers_of(running)
    assert len(workers) == 2
    running.kill()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive
    (tmp_path / "notes").mkdir()
    run_job(small_job(SAMPLES), tmp_path / "brirs", make_witness, (7, tmp_path / "notes"), workers=2)
    made = {int(path.name.split("-")[1]) for path in (tmp_path / "notes").glob("made-*")}
    assert 0 < len(made) <= SAMPLES - 2


def test_unit_that_lost_its_end_is_made_again(
    tmp_path: Path, running: "subprocess.Popen[str]", reference: dict[str, bytes]
) -> None:
    running.kill()
    running.wait()
    marker = min((tmp_path / "brirs" / ".units").glob("00*.json"))
    with marker.with_suffix(".tar").open("r+b") as fragment:
        fragment.truncate(600)
    run_job(small_job(SAMPLES), tmp_path / "brirs", make_noise, (7,), workers=2)
    assert bytes_of(tmp_path / "brirs") == reference


def test_killed_worker_is_one_sentence_and_nothing_is_lost(
    tmp_path: Path, running: "subprocess.Popen[str]", reference: dict[str, bytes]
) -> None:
    workers_of(running)[0].kill()
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 1
    assert errors.startswith("error: a worker was killed, most likely for memory; what is finished stays")
    assert errors.count("\n") == 1
    run_job(small_job(SAMPLES), tmp_path / "brirs", make_noise, (7,), workers=2)
    assert bytes_of(tmp_path / "brirs") == reference


def test_ctrl_c_stops_cleanly_and_keeps_what_is_finished(
    tmp_path: Path, running: "subprocess.Popen[str]", reference: dict[str, bytes]
) -> None:
    workers = workers_of(running)
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert errors == f"stopped: {GO_ON}\n"
    assert not psutil.wait_procs(workers, timeout=10)[1]
    left = [path.name for path in (tmp_path / "brirs").rglob("*")]
    assert ".lock" not in left
    assert not [name for name in left if name.endswith(".partial")]
    # the first unit, or, where the signal came a moment later, the shard that it was joined into
    assert [name for name in left if name.startswith("000000-000002-") or name == "brirs-000000.tar"]
    run_job(small_job(SAMPLES), tmp_path / "brirs", make_noise, (7,), workers=2)
    assert bytes_of(tmp_path / "brirs") == reference


def test_ctrl_c_while_workers_are_born_is_as_clean(tmp_path: Path) -> None:
    process = start(tmp_path)
    wait_for_line(process, "0 of")
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.count("\n") == 1


def test_second_run_in_a_folder_is_refused(tmp_path: Path, running: "subprocess.Popen[str]") -> None:
    with pytest.raises(LockedError, match=f"another run works in {tmp_path / 'brirs'}"):
        run_job(small_job(SAMPLES), tmp_path / "brirs", make_noise, (7,), workers=1)
    assert running.poll() is None
    with pytest.raises(LockedError, match="workers of a killed run are still at work"):
        wait_for_orphans(tmp_path / "brirs" / ".units", within_s=0.1)


@pytest.mark.parametrize("at", [-1, 5])
@pytest.mark.parametrize("error", [GeometryError("the room cannot hold its sources"), ZeroDivisionError("a bug")])
def test_what_goes_wrong_in_a_worker_comes_up_as_itself(tmp_path: Path, error: Exception, at: int) -> None:
    with pytest.raises(type(error), match=str(error)):
        run_job(small_job(), tmp_path, make_failing, (error, at), workers=2)
    assert not list(tmp_path.rglob("*.partial"))
    assert not (tmp_path / ".lock").exists()


def test_worker_that_is_killed_in_a_sample_leaves_nothing_half_written(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="a worker was killed"):
        run_job(small_job(), tmp_path, make_failing, (None, 5), workers=2)
    assert not list(tmp_path.rglob("*.partial"))
