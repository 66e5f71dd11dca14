"""`twnm-sim render` killed, resumed, and with any number of workers: the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ARGUMENTS = ["--rooms", "9", "--sources-per-room", "3", "--shard-size", "4", "--seed", "5", "--duration", "0.3"]
ARGUMENTS += ["--scenes-per-room", "0"]
COMMAND = [str(Path(sys.executable).with_name("twnm-sim")), "render", *ARGUMENTS]


def render(out, *more):
    return subprocess.run([*COMMAND, "--out", str(out), *more], capture_output=True, text=True, check=False)


def bytes_of(folder):
    return {p.relative_to(folder): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    done = render(folder, "--workers", "2")
    assert done.returncode == 0, done.stderr
    return bytes_of(folder)


def test_shards_manifest_and_index_have_their_names(whole):
    names = {str(name) for name in whole}
    assert names == {f"brirs/{n}" for n in ("brirs-000000.tar", "brirs-000001.tar", "brirs-000002.tar")} | {
        "brirs/manifest.json",
        "brirs/index.parquet",
    }


def test_one_worker_writes_the_bytes_of_two(whole, tmp_path):
    assert render(tmp_path, "--workers", "1").returncode == 0
    assert bytes_of(tmp_path) == whole


def test_a_run_killed_twice_and_resumed_equals_an_uninterrupted_one(whole, tmp_path):
    for units in (1, 5):
        run = subprocess.Popen([*COMMAND, "--out", str(tmp_path), "--workers", "2"], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and run.poll() is None and count_finished(tmp_path) < units:
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
        run.wait()
    done = render(tmp_path, "--resume", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert bytes_of(tmp_path) == whole


def count_finished(folder):
    return sum(len(files) for _, _, files in os.walk(folder / "brirs"))


def test_a_changed_setting_is_refused_with_what_differs(whole, tmp_path):
    assert render(tmp_path).returncode == 0
    refused = render(tmp_path, "--tail", "images")
    assert refused.returncode == 2
    assert 'tail is "diffuse" there and "images" here' in refused.stderr
    assert bytes_of(tmp_path) == whole
