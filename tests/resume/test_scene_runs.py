"""`twnm-sim compose` and `rebuild` killed, resumed, and with any number of workers: the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from scene_runs import SPEC, World, ask, bytes_of, digests_of, make_world, run_program

from twnm_shards.files import GO_ON
from twnm_shards.verify import verify_folder
from twnm_sim.scenes.rebuild import plan_rebuild, run_rebuild
from twnm_sim.scenes.run import plan_scenes, run_scenes

SCENES = 30
PROGRAM = Path(sys.executable).with_name("twnm-sim")
SCRIPT = Path(__file__).with_name("scene_commands.py")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


@pytest.fixture(scope="module")
def words(world: World, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A command for scenes of several splits, with stems so that they take their time; clips are scanned first."""
    spec = tmp_path_factory.mktemp("spec") / "spec.json"
    spec.write_text(SPEC.model_copy(update={"stems": True, "duration_s": 2.0}).model_dump_json())
    return [
        *("compose", "--brirs", str(world.brirs), "--clips", world.clips, "--spec", str(spec)),
        *("--n", str(SCENES), "--seed", "3", "--shard-size", "5"),
    ]


@pytest.fixture(scope="module")
def whole(words: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What an undisturbed run writes."""
    root = tmp_path_factory.mktemp("whole")
    done = run_program(*words, "--out", root, "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert verify_folder(root) == []
    found = digests_of(root)
    names = {"clips.parquet", "ATTRIBUTION.csv", "ATTRIBUTION.md", "scenes/validation/manifest.json"}
    assert names < found.keys()
    assert len([name for name in found if name.endswith(".tar")]) > SCENES // 5
    return found


@pytest.mark.parametrize("workers", ["1", "4"])
def test_any_number_of_workers_writes_the_same_bytes(
    words: list[str], whole: dict[str, str], tmp_path: Path, workers: str
) -> None:
    done = run_program(*words, "--out", tmp_path, "--workers", workers)
    assert done.returncode == 0, done.stderr
    assert digests_of(tmp_path) == whole


def start(words: list[str]) -> "subprocess.Popen[str]":
    """In a process group of its own, so that a signal to it reaches its workers as a terminal's does."""
    return subprocess.Popen(
        [PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_for(process: "subprocess.Popen[str]", root: Path, scenes: int) -> None:
    """Until so many pieces are finished; pieces are joined and counted as tars then."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if len([*root.rglob("*.tar"), *root.rglob(".units/0*.json")]) >= scenes:
            return
        time.sleep(0.01)
    pytest.fail(f"the run ended early: {process.communicate()}")


def workers_of(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def test_a_run_stopped_in_every_way_and_resumed_equals_an_undisturbed_one(
    words: list[str], whole: dict[str, str], tmp_path: Path
) -> None:
    words = [*words, "--out", str(tmp_path), "--workers", "2"]
    process = start(words)
    wait_for(process, tmp_path, 1)
    os.killpg(process.pid, signal.SIGINT)  # Ctrl-C
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == f"stopped: {GO_ON}\n"
    process = start(words)
    wait_for(process, tmp_path, 3)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    process = start([*words, "--resume"])
    wait_for(process, tmp_path, 5)
    workers_of(process)[0].kill()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.startswith("error: a worker was killed, most likely for memory; what is finished stays")
    assert errors.count("\n") == 1
    done = run_program(*words, "--resume")
    assert done.returncode == 0, done.stderr
    assert digests_of(tmp_path) == whole


def test_killed_before_every_change_to_the_folder_ends_in_the_same_bytes(world: World, tmp_path: Path) -> None:
    """Before its first renaming, removal or making of a folder, then before a later one, ... until it gets through."""
    spec = tmp_path / "spec.json"
    spec.write_text(SPEC.model_dump_json())
    words = ["compose", "--brirs", str(world.brirs), "--clips", str(world.catalog), "--spec", str(spec), "--n", "4"]
    words += ["--split", "test", "--seed", "3", "--shard-size", "2", "--workers", "1"]
    killed, moment, status = tmp_path / "killed", 1, -signal.SIGKILL
    while status == -signal.SIGKILL:
        status = subprocess.run(
            [sys.executable, SCRIPT, str(moment), killed, *words, "--out", killed], capture_output=True, timeout=120
        ).returncode
        moment += 4
    assert status == 0
    assert moment > 12
    request = ask(world, tmp_path / "whole", 4, splits=("test",), shard_size="2")
    run_scenes(plan_scenes(request))
    assert bytes_of(killed) == bytes_of(tmp_path / "whole")


def test_a_rebuild_that_was_killed_goes_on(world: World, tmp_path: Path) -> None:
    scenes = 40  # in two pieces
    run_scenes(plan_scenes(ask(world, tmp_path, scenes, profile="recipe", splits=("train",), workers=2)))
    rebuild = ["rebuild", str(tmp_path), "--brirs", str(world.brirs), "--clips", str(world.catalog)]
    rebuild += ["--workers", "1", "--out", str(tmp_path / "killed")]
    process = start(rebuild)
    wait_for(process, tmp_path / "killed", 1)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not list((tmp_path / "killed").rglob("manifest.json"))
    done = run_program(*rebuild)
    assert (done.returncode, done.stdout) == (0, f"rebuilt into {tmp_path / 'killed'}: {scenes} identical\n")
    run_rebuild(plan_rebuild(tmp_path, [str(world.brirs)], world.catalog), tmp_path / "whole", workers=2)
    assert digests_of(tmp_path / "killed") == digests_of(tmp_path / "whole")
    assert verify_folder(tmp_path / "killed") == []
