"""`twnm-sim render` with scenes: composed in every room, and no response is rendered again for other clips."""

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from called_program import Said, call_program
from scene_runs import World, bytes_of, make_world, read_scenes, run_program

from twnm_shards.manifests import read_index
from twnm_shards.verify import verify_folder

SMALL = shlex.split("--rooms 2 --sources-per-room 1 --sample-rate 16000 --duration 0.3 --seed 4 --workers 1")
HEAD = ["--hrtf-license", "CC-BY-NC-4.0"]
Run = Callable[..., Said]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Responses alone, of a head for research."""
    root = tmp_path_factory.mktemp("rendered")
    done = run_program("render", *SMALL, *HEAD, "--scenes-per-room", "0", "--out", root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`twnm-sim render` with small numbers in an empty folder; exit code, and what was said on both ways out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: str | Path) -> Said:
        return call_program(monkeypatch, capsys, "render", *SMALL, *words)

    return call


def states(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def test_scenes_come_beside_responses_that_stay_as_they_are(
    world: World, rendered: Path, run: Run, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(rendered, tmp_path / "data"))
    assert [path.name for path in data.iterdir()] == ["brirs"]
    before = states(data / "brirs")
    code, out, err = run(*HEAD, "--clips", world.catalog, "--scenes-per-room", "2")
    assert (code, err) == (0, "")
    assert "4 scenes" in out
    assert states(data / "brirs") == before
    assert verify_folder(data) == []
    scenes = [scene for folder in (data / "scenes").iterdir() for scene in read_scenes(folder)]
    assert sorted(scene.scene_id for scene in scenes) == [f"scene-{number:06d}" for number in range(4)]
    split_of_room = {row["key"]: row["split"] for row in read_index(data / "brirs")}
    for scene in scenes:
        assert scene.room_id == f"room-{scene.recipe.index // 2:06d}"
        assert scene.split == split_of_room[scene.room_id]
        assert len(scene.events) == 1  # as many positions as a room has
        assert (scene.license, scene.license_profile) == ("CC-BY-NC-4.0", "research-nc")
    code, _, err = run(*HEAD, "--clips", world.catalog, "--scenes-per-room", "1")
    assert (code, err.count("\n")) == (2, 1)
    assert "scenes_per_room is 2 there and 1 here" in err
    assert states(data / "brirs") == before


def test_other_clips_are_refused_without_a_look_at_the_rooms(
    world: World, rendered: Path, run: Run, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(rendered, tmp_path / "data"))
    assert run(*HEAD, "--clips", world.clips)[0] == 0
    before = bytes_of(data)
    code, _, err = run(*HEAD, "--clips", str(world.catalog), "--clips", world.clips)
    assert (code, err.count("\n")) == (2, 1)
    assert f"data/scenes/train was made of the clips {world.clips}, not {world.catalog} {world.clips}" in err
    assert err.endswith("or start over with twnm-sim compose --overwrite.\n")
    assert run(*HEAD, "--clips", world.clips, "--resume")[0] == 0
    assert bytes_of(data) == before


def test_ears_that_are_not_rendered_hear_no_scenes(run: Run, tmp_path: Path) -> None:
    assert run("--rooms", "1", "--output", "mono")[0] == 0
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["brirs"]


def test_a_head_that_nobody_may_publish_renders_and_says_why_no_scenes_come(run: Run, tmp_path: Path) -> None:
    code, out, err = run("--rooms", "1", "--hrtf-license", "LicenseRef-unknown")
    assert (code, err) == (0, "")
    assert "No scenes are composed: what is heard with this head (LicenseRef-unknown) may not be published" in out
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["brirs"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--clips", "folder:nowhere"], "The folder nowhere of the clips 'folder:nowhere' is not there."),
        (["--clips", "none.parquet"], "The clip catalog none.parquet is not there"),
        (["--clips", "tape:x"], "tape"),
    ],
)
def test_clips_that_are_not_there_are_said_before_a_room_is_rendered(
    run: Run, tmp_path: Path, words: list[str], said: str
) -> None:
    code, _, err = run(*words)
    assert (code, err.count("\n")) == (2, 1)
    assert said in err
    assert list(tmp_path.iterdir()) == []
