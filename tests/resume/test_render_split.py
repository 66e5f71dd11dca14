"""`twnm-sim render --split`: rooms of one split alone, each the same room as in a library of all."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from called_program import call_program
from scene_runs import World, bytes_of, make_world, read_scenes

from twnm_schemas import RoomRecord
from twnm_schemas.errors import MismatchError
from twnm_schemas.splits import SPLITS, split_of
from twnm_shards.manifests import read_index, read_manifest
from twnm_shards.tars import iter_samples
from twnm_shards.verify import verify_folder
from twnm_sim.check.library import spec_of
from twnm_sim.library.produce import number_rooms, room_group
from twnm_sim.library.run import Request, plan_run, run_plan

SMALL = shlex.split("render --split validation --rooms 5 --sources-per-room 2 --seed 5 --shard-size 2 --duration 0.3")
COMMAND = [str(Path(sys.executable).with_name("twnm-sim")), *SMALL, "--scenes-per-room", "0"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


def samples_of(folder: Path) -> dict[str, dict[str, bytes]]:
    shards = [folder / entry.name for entry in read_manifest(folder).shards]
    return {sample.key: sample.members for shard in shards for sample in iter_samples(shard)}


def request_like(world: World, out: Path, rooms: int, split: str) -> Request:
    manifest = read_manifest(world.brirs / "brirs")
    return Request(spec_of(manifest), rooms, manifest.seed, out, "2", 1, "continue", split=split)


@pytest.mark.parametrize("split", SPLITS)
def test_the_rooms_of_a_split_are_those_of_a_library_of_all(world: World, tmp_path: Path, split: str) -> None:
    all_rooms = samples_of(world.brirs / "brirs")
    records = {key: RoomRecord.model_validate_json(members["json"]) for key, members in all_rooms.items()}
    of_split = [key for key, record in records.items() if record.split == split]
    assert 2 <= len(of_split) <= 6
    assert of_split != sorted(all_rooms)[: len(of_split)] or split == "train"  # numbers have gaps
    run_plan(plan_run(request_like(world, tmp_path, len(of_split), split)))
    assert samples_of(tmp_path / "brirs") == {key: all_rooms[key] for key in of_split}
    assert list(samples_of(tmp_path / "brirs")) == of_split
    assert verify_folder(tmp_path) == []
    rows = {row["key"]: row for row in read_index(world.brirs / "brirs")}
    for row in read_index(tmp_path / "brirs"):
        assert {**row, "shard": "", "offset": 0} == {**rows[row["key"]], "shard": "", "offset": 0}


def test_numbers_go_on_past_the_rooms_that_a_library_of_all_would_have(world: World) -> None:
    request = request_like(world, Path("nowhere"), 40, "test")
    numbers = number_rooms(request.spec, request.seed, 40, "test")
    all_numbers = range(numbers[-1] + 1)
    assert list(numbers) == [n for n in all_numbers if split_of(room_group(request.spec, request.seed, n)) == "test"]
    assert len(numbers) == 40
    assert numbers[-1] > 300  # one in twenty
    assert number_rooms(request.spec, request.seed, 7, "test") == numbers[:7]


def test_only_the_split_tells_the_jobs_apart(world: World, tmp_path: Path) -> None:
    some, every = (plan_run(request_like(world, tmp_path, 2, split)).job for split in ("test", "all"))
    assert some.settings == {**every.settings, "split": "test"}
    assert "split" not in every.settings
    assert some.fingerprint == every.fingerprint == read_manifest(world.brirs / "brirs").fingerprint
    assert every.settings == read_manifest(world.brirs / "brirs").settings


@pytest.mark.parametrize(
    ("there", "here", "said"),
    [
        ("test", "all", 'split is "test" there and absent here'),
        ("all", "test", 'split is absent there and "test" here'),
        ("test", "validation", 'split is "test" there and "validation" here'),
    ],
)
def test_a_folder_of_another_split_is_refused(world: World, tmp_path: Path, there: str, here: str, said: str) -> None:
    run_plan(plan_run(request_like(world, tmp_path, 1, there)))
    before = bytes_of(tmp_path)
    with pytest.raises(MismatchError, match=said):
        run_plan(plan_run(request_like(world, tmp_path, 1, here)))
    assert bytes_of(tmp_path) == before


def test_a_run_of_a_split_killed_and_resumed_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run([*COMMAND, "--out", str(whole), "--workers", "2"], capture_output=True, check=True)
    run = subprocess.Popen([*COMMAND, "--out", str(killed), "--workers", "1"], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and run.poll() is None and count_finished(killed) < 3:
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()
    subprocess.run([*COMMAND, "--out", str(killed), "--resume", "--workers", "1"], capture_output=True, check=True)
    assert bytes_of(killed) == bytes_of(whole)
    assert {row["split"] for row in read_index(whole / "brirs")} == {"validation"}
    assert len(read_index(whole / "brirs")) == 5


def count_finished(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder / "brirs"))


def test_scenes_are_composed_in_every_room_of_a_split_and_the_library_passes_its_check(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = shlex.split("--rooms 3 --sources-per-room 2 --sample-rate 16000 --seed 4 --workers 1 --scenes-per-room 2")
    words += ["--split", "test", "--clips", str(world.catalog), "--hrtf-license", "CC-BY-4.0", "--duration", "0.3"]
    code, out, err = call_program(monkeypatch, capsys, "render", *words, "--out", tmp_path)
    assert (code, err) == (0, "")
    assert "3 test rooms x 2 positions" in " ".join(out.split())
    rooms = [str(row["key"]) for row in read_index(tmp_path / "brirs")]
    assert [path.name for path in (tmp_path / "scenes").iterdir()] == ["test"]
    scenes = read_scenes(tmp_path / "scenes" / "test")
    assert [scene.scene_id for scene in scenes] == [f"scene-{number:06d}" for number in range(6)]
    assert [scene.room_id for scene in scenes] == [room for room in rooms for _ in range(2)]
    assert verify_folder(tmp_path) == []
    figure = tmp_path / "room.png"
    looks = (
        ["plot", tmp_path, "--room", str(int(rooms[1][5:])), "--out", figure],
        ["check", tmp_path, "--workers", "1"],
    )
    assert [call_program(monkeypatch, capsys, *words)[0] for words in looks] == [0, 0]
    assert figure.is_file()
