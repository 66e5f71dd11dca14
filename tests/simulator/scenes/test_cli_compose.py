"""`twnm-sim compose` and `rebuild` as they are typed: every option does what it says, every mistake is one sentence."""

import json
import shlex
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import soundfile
from called_program import Said, call_program
from scene_runs import RATE, SPEC, World, bytes_of, make_world, read_scenes

from twnm_schemas.errors import SpecError
from twnm_schemas.scenes import SceneSpec
from twnm_schemas.splits import split_of
from twnm_shards.verify import verify_folder
from twnm_sim.cli.scene_options import read_scene_spec
from twnm_sim.clips.catalog import read_catalog, write_catalog

Run = Callable[..., Said]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`twnm-sim` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: str | Path) -> Said:
        return call_program(monkeypatch, capsys, *words)

    return call


def test_every_option_reaches_the_scenes(world: World, run: Run, tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"balance": "clip"})
    (tmp_path / "spec.json").write_text(spec.model_dump_json())
    words = shlex.split(
        "--n 3 --seed 8 --split test --sources 2 --want 'pairwise 10 degrees' --duration 0.8 --loudness=-30..-28LUFS "
        "--ambience 10..20 --noise=-70 --foa --stems --dry --license-profile research-nc --workers 1 --shard-size 2 "
        "--origin simulated --sample-rate 16000"
    )
    code, out, err = run("compose", "--brirs", world.brirs, "--clips", world.catalog, "--spec", "spec.json", *words)
    assert (code, err) == (0, "")
    assert "3 scenes (3 test) from 2 rooms and 6 clips into data/scenes: about" in out
    assert verify_folder(tmp_path / "data") == []
    assert len(list((tmp_path / "data" / "scenes" / "test").glob("*.tar"))) == 2
    for scene in read_scenes(tmp_path / "data" / "scenes" / "test"):
        assert (scene.seed, scene.duration_s, scene.license_profile, len(scene.events)) == (8, 0.8, "research-nc", 2)
        first, second = (_unit(event.azimuth_deg, event.elevation_deg) for event in scene.events)
        assert np.degrees(np.arccos(first @ second)) >= 10.0
        assert scene.loudness_lufs is not None
        assert -30.5 < scene.loudness_lufs < -27.5
        assert scene.recipe.noise_dbfs == -70.0
        assert scene.recipe.ambience is not None
        assert 10.0 <= scene.recipe.ambience.snr_db <= 20.0
        whats = [member.what for member in scene.audio]
        assert whats == ["binaural", "foa", "stem", "stem", "ambience", "dry", "dry"]
    manifest = json.loads((tmp_path / "data" / "scenes" / "test" / "manifest.json").read_bytes())
    assert manifest["settings"]["spec"]["balance"] == "clip"  # of the file, which the options leave


def _unit(azimuth_deg: float, elevation_deg: float) -> np.ndarray:
    azimuth, elevation = np.radians([azimuth_deg, elevation_deg])
    return np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])


def test_recipes_are_composed_and_rebuilt(world: World, run: Run, tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(SPEC.model_dump_json())
    words = ["--split", "validation", "--n", "4", "--spec", "spec.json", "--workers", "1"]
    compose = ["compose", "--brirs", world.brirs, "--clips", world.catalog, *words, "--license-profile", "recipe"]
    assert run(*compose, "--out", "recipes/scenes")[0] == 0  # the root and its scenes folder alike
    before = bytes_of(tmp_path / "recipes")
    code, out, _ = run(*compose, "--out", "recipes", "--resume")
    assert code == 0
    assert bytes_of(tmp_path / "recipes") == before
    rebuild = ["rebuild", "recipes", "--brirs", world.brirs, "--out", "sound", "--workers", "1"]
    code, out, _ = run(*rebuild, "--clips", world.catalog)
    assert code == 0
    assert out == "rebuilt into sound: 4 identical\n"
    assert verify_folder(tmp_path / "sound") == []
    used = {event.clip_id for scene in read_scenes(tmp_path / "recipes/scenes/validation") for event in scene.events}
    lost = min(used)
    write_catalog(tmp_path / "few.parquet", [c for c in read_catalog(world.catalog).clips if c.clip_id not in used])
    code, out, err = run(*rebuild, "--clips", "few.parquet")
    assert (code, err) == (2, "")
    assert f"The clip {lost} is in no catalog; scan its dataset and name the catalog.\n" in out
    assert "4 scenes cannot be rebuilt without them.\nrebuilt into sound: none\n" in out
    assert out.count("is in no catalog") == len(used)
    code, _, err = run("rebuild", "recipes", "--brirs", world.brirs, "--out", "recipes", "--clips", world.catalog)
    assert code == 2
    assert err.startswith("error: recipes/scenes/validation holds the recipes and cannot take")
    assert bytes_of(tmp_path / "recipes") == before


def test_the_default_spec_printed_is_the_one_used(run: Run, tmp_path: Path) -> None:
    code, printed, _ = run("scene-spec")
    assert code == 0
    assert SceneSpec.model_validate_json(printed) == SceneSpec() == read_scene_spec(None, {})
    (tmp_path / "spec.json").write_text(printed)
    assert read_scene_spec(tmp_path / "spec.json", {}) == SceneSpec()


def test_options_stand_over_the_spec_file(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(SPEC.model_dump_json())
    spec = read_scene_spec(tmp_path / "spec.json", {"sources": "2-4", "rooms": "measured", "duration_s": 3.0})
    assert spec.sources.bounds() == (2.0, 4.0)
    assert spec.rooms.origins == ("measured",)
    assert (spec.duration_s, spec.onset_s) == (3.0, SPEC.onset_s)


@pytest.mark.parametrize(("duration_s", "latest_s"), [(0.5, 0.2), (2.0, 0.8), (5.0, 2.0), (30.0, 2.0)])
def test_a_short_scene_begins_early_enough_to_be_heard(duration_s: float, latest_s: float) -> None:
    assert read_scene_spec(None, {"duration_s": duration_s}).onset_s.bounds() == (0.0, latest_s)


def test_as_many_sources_as_a_constraint_needs(tmp_path: Path) -> None:
    assert read_scene_spec(None, {"constraints": ["farthest by 2x"]}).sources.bounds() == (2.0, 4.0)
    (tmp_path / "spec.json").write_text('{"constraints": [{"kind": "farthest", "ratio": 2.0}]}')
    with pytest.raises(SpecError, match=r"^The scene spec is not usable: sources: 'farthest by 2x' needs 2 sources"):
        read_scene_spec(tmp_path / "spec.json", {})


@pytest.mark.parametrize(
    ("options", "fewest"),
    [
        ({"include": "dog barking, rain"}, 2.0),
        ({"include": "dog", "constraints": ["same class twice"]}, 3.0),
        ({"include": "a,b,c,d,e", "constraints": ["2 on the left"]}, 5.0),
        ({"include": "dog", "constraints": ["3 on the left by 20 degrees"]}, 3.0),
    ],
)
def test_as_many_sources_as_included_classes_need(options: dict[str, object], fewest: float) -> None:
    spec = read_scene_spec(None, options)
    assert spec.sources.bounds() == (fewest, max(fewest, 4.0))
    assert spec.include == tuple(word.strip() for word in str(options["include"]).split(","))


def test_included_classes_and_sides_are_in_every_scene(world: World, run: Run, tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(SPEC.model_copy(update={"audible": False}).model_dump_json())
    words = ["--spec", "spec.json", "--n", "8", "--workers", "1", "--include", "Horn,bell", "--sources", "2"]
    code, _, err = run(
        "compose", "--brirs", world.brirs, "--clips", world.catalog, *words, "--want", "1 on the left by 5 degrees"
    )
    assert (code, err) == (0, "")
    scenes = [scene for folder in (tmp_path / "data" / "scenes").iterdir() for scene in read_scenes(folder)]
    assert len(scenes) == 8
    for scene in scenes:
        assert {event.label for event in scene.events} == {"horn", "bell"}
        right, left = sorted(event.lateral_deg for event in scene.events)
        assert right <= -5.0
        assert left >= 5.0
    code, _, err = run("compose", "--brirs", world.brirs, "--clips", world.catalog, *words, "--out", "data")
    assert code == 2
    assert "constraints" in err


MISTAKES: dict[str, tuple[list[str], str]] = {
    "n": (["--n", "0"], "0 is not a number of scenes; give 1 to 10,000,000."),
    "seed": (["--seed", "-1"], "The seed -1 is out of range"),
    "sources": (["--sources", "many"], "--sources many is not usable; give a number (3) or a range (2-4)."),
    "sources backwards": (["--sources", "4-2"], "--sources 4-2 is not usable"),
    "no sources": (["--sources", "0"], "a scene has 1 to 16 sources"),
    "countless sources": (["--sources", "1" + "0" * 400], "is not usable; give a number (3) or a range (2-4)."),
    "countless scenes": (["--n", "1" + "0" * 30], "is not a number of scenes; give 1 to 10,000,000."),
    "endless sources": (["--sources", "1-999999999999"], "a scene has 1 to 16 sources"),
    "want": (["--want", "louder"], "The constraint 'louder' is not known; there are: farthest by 2x"),
    "want out of range": (["--want", "farthest by 0.5x"], "The constraint 'farthest by 0.5x' is out of range"),
    "include": (["--include", "harn"], "There is no class 'harn'; there are, among others: horn"),
    "include too many": (["--include", "horn,bell", "--sources", "1-3"], "to include 2 of given classes needs 2"),
    "sides too many": (["--want", "3 on the left", "--sources", "2"], "'3 on the left by 15 degrees' needs 3 sources"),
    "starving": (["--want", "farthest by 1000x"], "'farthest by 1000x' starves"),
    "duration": (["--duration", "0.1"], "duration_s: Input should be greater than or equal to 0.5"),
    "no duration": (["--duration", "nan"], "The scene spec is not usable: duration_s"),
    "loudness": (["--loudness=-20"], "--loudness -20 is not usable; give a range or a value with its unit"),
    "loudness of words": (["--loudness", "loudLUFS"], "--loudness loud is not usable; give a number"),
    "no loudness": (["--loudness", "nanLUFS"], "The scene spec is not usable: loudness"),
    "ambience": (["--ambience", "some"], "--ambience some is not usable; give a number, or a range"),
    "noise": (["--noise=-60..-80"], "The scene spec is not usable: noise_dbfs"),
    "shard size": (["--shard-size", "big"], "shard size 'big'"),
    "both": (["--resume", "--overwrite"], "--resume and --overwrite exclude each other; give one of them."),
    "resume": (["--resume"], "holds no run to resume; start one without --resume."),
    "rate": (["--sample-rate", "48000"], "The library has 16000 Hz and 48000 Hz are asked for"),
    "head": (["--hrtf", "fabian"], "and fabian is asked for; name another library"),
    "origin": (["--origin", "measured"], "No split has both rooms and clips"),
    "no origin": (["--origin", "painted"], "The scene spec is not usable: rooms.origins.0"),
    "spec": (["--spec", "none.json"], "The scene spec none.json cannot be read"),
    "brirs": (["--brirs", "nowhere"], "nowhere is not there: no folder, tar or pattern of that name holds brirs"),
    "catalog": (["--clips", "none.parquet"], "The clip catalog none.parquet is not there"),
    "clips": (["--clips", "folder:nowhere"], "The folder nowhere of the clips 'folder:nowhere' is not there."),
    "dataset": (["--clips", "fsd50k:."], "FSD50K"),
    "license": (["--clips", "folder:.?license=mine"], "The licence 'mine' is not known; give its SPDX id"),
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_sentence_and_exit_code_2(
    world: World, run: Run, tmp_path: Path, words: list[str], said: str
) -> None:
    given = [] if "--clips" in words else ["--clips", str(world.catalog)]
    brirs = [] if "--brirs" in words else ["--brirs", str(world.brirs)]
    code, _, err = run("compose", *brirs, *given, *words)
    assert code == 2
    assert said in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert not list(tmp_path.rglob("*.tar"))
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "The scene spec spec.json is not JSON"),
        ("[" * 100_000, "The scene spec spec.json is nested too deeply to be read; see twnm-sim scene-spec."),
        ('{"duration_s": 1' + "0" * 5000 + "}", "The scene spec spec.json is not JSON"),
        ('{"duration_s": 1e999}', "The scene spec is not usable: duration_s"),
        ("[]", "The scene spec spec.json is not a JSON object; see twnm-sim scene-spec."),
        ('{"rooms": 5}', "The scene spec is not usable: rooms"),
        ('{"constraints": 5}', "The scene spec is not usable: constraints"),
        ('{"places": 5}', "The scene spec is not usable: places: Extra inputs are not permitted"),
        ('{"sources": {"kind": "constant", "value": 99}}', "a scene has 1 to 16 sources, not 99 to 99"),
        ('{"onset_s": {"kind": "constant", "value": 9}}', "clips begin within the scene"),
    ],
)
def test_a_spec_file_that_cannot_be_used_is_one_sentence(run: Run, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "spec.json").write_text(text)
    code, _, err = run("compose", "--brirs", "x", "--spec", "spec.json", "--origin", "simulated")
    assert (code, err.count("\n")) == (2, 1)
    assert said in err


def write_clip(path: Path, audio_TC: np.ndarray, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio_TC, rate, subtype="FLOAT")


def noise(seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(4).uniform(-0.3, 0.3, (round(seconds * rate), channels))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


UNUSABLE: dict[str, Callable[[Path], object]] = {
    "zero_length": lambda path: write_clip(path, noise(0.0)),
    "not_finite": lambda path: write_clip(path, np.full((RATE, 1), np.nan)),
    "silent": lambda path: write_clip(path, np.zeros((RATE, 1))),
    "multichannel": lambda path: write_clip(path, noise(1.0, channels=6)),
    "low_sample_rate": lambda path: write_clip(path, noise(1.0, 8000), 8000),
    "truncated": lambda path: [soundfile.write(path, noise(1.0), RATE, format="WAV"), truncate(path)],
    "unreadable": lambda path: path.write_bytes(b"no sound"),
}


@pytest.mark.parametrize(("reason", "write"), UNUSABLE.items(), ids=UNUSABLE)
def test_clips_that_cannot_be_used_are_named(
    world: World, run: Run, tmp_path: Path, reason: str, write: Callable[[Path], object]
) -> None:
    (tmp_path / "sounds" / "bell").mkdir(parents=True)
    write(tmp_path / "sounds" / "bell" / "one.wav")
    code, _, err = run("compose", "--brirs", world.brirs, "--clips", "folder:sounds?license=CC0-1.0", "--n", "2")
    assert (code, err.count("\n")) == (2, 1)
    assert err == f"error: No clip of folder:sounds?license=CC0-1.0 can be used (1 {reason}).\n"


def test_clips_of_any_channels_and_high_rates_are_used(world: World, run: Run, tmp_path: Path) -> None:
    table = ["file,label,uploader,license"]
    for name, channels, rate in (("stereo", 2, 48000), ("high", 1, 192000)):
        write_clip(tmp_path / "sounds" / f"{name}.wav", noise(0.6, rate, channels), rate)
        table.append(f"{name}.wav,{name},{_uploader('test')},CC0-1.0")
    (tmp_path / "sounds" / "labels.csv").write_text("\n".join(table) + "\n")
    (tmp_path / "spec.json").write_text(SPEC.model_copy(update={"audible": False}).model_dump_json())
    words = ["--clips", "folder:sounds?name=set", "--n", "3", "--split", "test", "--workers", "1", "--sources", "2"]
    code, _, err = run("compose", "--brirs", world.brirs, "--spec", "spec.json", *words)
    assert (code, err) == (0, "")
    labels = {tuple(sorted(e.label for e in scene.events)) for scene in read_scenes(tmp_path / "data/scenes/test")}
    assert labels == {("high", "stereo")}


def _uploader(split: str) -> str:
    return next(f"u{n}" for n in count() if split_of(f"uploader:set/u{n}") == split)


def test_a_catalog_that_no_longer_matches_its_files_is_one_sentence(world: World, run: Run, tmp_path: Path) -> None:
    clips = [c for c in read_catalog(world.catalog).clips if c.split == "test"]
    moved = [c.model_copy(update={"path": str(tmp_path / "gone" / Path(c.path).name)}) for c in clips]
    write_catalog(tmp_path / "c.parquet", moved)
    compose = ["compose", "--brirs", world.brirs, "--clips", "c.parquet", "--split", "test", "--n", "2"]
    compose += ["--sources", "1-2"]
    code, _, err = run(*compose)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("error: The clip set:test-")
    for clip in moved:
        write_clip(Path(clip.path), noise(1.5))  # there again, and longer
    code, _, err = run(*compose)
    assert (code, err.count("\n")) == (2, 1)
    assert "the catalog no longer matches the files; scan again." in err
    assert not list(tmp_path.rglob("*.tar"))


def test_a_clip_without_a_known_licence_is_not_composed(world: World, run: Run, tmp_path: Path) -> None:
    for number in range(4):
        write_clip(tmp_path / "sounds" / f"kind {number}" / "one.wav", noise(0.5 + number / 10))
    code, _, err = run("compose", "--brirs", world.brirs, "--clips", "folder:sounds", "--n", "2")
    assert (code, err.count("\n")) == (2, 1)
    assert "No split has both rooms and clips that fit the spec and the licence profile open" in err
