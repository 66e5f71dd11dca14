"""Runs of scenes: who may be in which split, what is refused and how, and that nothing is half-written."""

import csv
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scene_runs import RATE, SPEC, SPLITS, World, ask, bytes_of, make_world, read_scenes, write_sound, write_sounds

from twnm_schemas.constraints import Farthest
from twnm_schemas.distributions import Constant
from twnm_schemas.errors import LockedError, MachineError, MismatchError, SpecError, StoreError
from twnm_schemas.scenes import ClipFilter, RoomFilter
from twnm_shards.folders import Mode
from twnm_shards.locks import locked
from twnm_shards.manifests import read_index, read_manifest
from twnm_shards.tars import iter_samples
from twnm_shards.verify import shard_bytes, verify_folder
from twnm_sim.clips.catalog import read_catalog, write_catalog
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.maker import SceneMaker
from twnm_sim.scenes.numbering import number_scenes, split_of_scene
from twnm_sim.scenes.produce import make_scene_producer
from twnm_sim.scenes.run import SceneRequest, plan_scenes, run_scenes, share_out
from twnm_sim.scenes.sizes import predict_scene_bytes

SCENES = 60


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


@pytest.fixture(scope="module")
def whole(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with scenes in every split; nobody may change it."""
    root = tmp_path_factory.mktemp("whole")
    run_scenes(plan_scenes(ask(world, root, SCENES, workers=2)))
    return root


@pytest.fixture
def finished(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "data"))


def run(request: SceneRequest) -> Path:
    run_scenes(plan_scenes(request))
    return request.out


def samples_of(folder: Path) -> dict[str, dict[str, bytes]]:
    shards = sorted(folder.glob("*.tar"))
    return {sample.key: dict(sample.members) for shard in shards for sample in iter_samples(shard)}


def rooms_of(world: World, split: str) -> tuple[str, ...]:
    table = open_brirs(world.brirs).positions
    return tuple(str(name) for name in table.room_id_R[table.split_R == split])


def test_rooms_and_clips_of_a_scene_are_of_its_split(world: World, whole: Path) -> None:
    catalog = read_catalog(world.catalog).by_id
    heard: dict[str, set[str]] = {}
    for split in SPLITS:
        scenes = read_scenes(whole / "scenes" / split)
        assert {scene.split for scene in scenes} == {split}
        assert {scene.room_id for scene in scenes} <= set(rooms_of(world, split))
        heard[split] = {event.clip_id for scene in scenes for event in scene.events}
        assert {catalog[clip_id].split for clip_id in heard[split]} == {split}
    assert sum(len(clips) for clips in heard.values()) == len(set.union(*heard.values()))


def test_every_scene_is_there_once_and_verifies(whole: Path) -> None:
    places = (whole, whole / "scenes", *(whole / "scenes" / split for split in SPLITS))
    assert [verify_folder(place) for place in places] == [[]] * 5
    assert shard_bytes(whole / "scenes") == shard_bytes(whole) > 0
    keys = [str(row["key"]) for split in SPLITS for row in read_index(whole / "scenes" / split)]
    assert sorted(keys) == [f"scene-{number:06d}" for number in range(SCENES)]


def test_the_summary_counts_what_is_stored(world: World, finished: Path) -> None:
    summary = run_scenes(plan_scenes(ask(world, finished, SCENES)))  # nothing is left to do
    scenes = [scene for split in SPLITS for scene in read_scenes(finished / "scenes" / split)]
    assert sum(summary.scenes.values()) == len(scenes) == SCENES
    assert summary.events == sum(len(scene.events) for scene in scenes)
    assert summary.sources == {n: sum(len(scene.events) == n for scene in scenes) for n in (1, 2)}
    assert summary.licenses == {spdx: sum(s.license == spdx for s in scenes) for spdx in {s.license for s in scenes}}
    assert summary.bytes == sum(path.stat().st_size for path in finished.rglob("*.tar"))


def test_numbers_are_shared_out_by_the_shares_of_all_splits() -> None:
    drawn = [split_of_scene(11, index) for index in range(20_000)]
    for split, share in zip(SPLITS, (0.9, 0.05, 0.05), strict=True):
        assert abs(drawn.count(split) / 20_000 - share) < 4 * np.sqrt(share * (1 - share) / 20_000)
    assert drawn[:1000] != [split_of_scene(12, index) for index in range(1000)]


@pytest.mark.parametrize("splits", [SPLITS, ("test",), ("train",), ("validation", "test"), ("test", "train")])
def test_a_run_takes_the_first_numbers_of_its_splits(splits: tuple[str, ...]) -> None:
    found = number_scenes(11, 100, splits)
    ours = [index for index in range(5000) if split_of_scene(11, index) in splits][:100]
    assert sorted(index for numbers in found.values() for index in numbers) == ours
    assert all({split_of_scene(11, index) for index in numbers} == {split} for split, numbers in found.items())
    assert {split: list(numbers) for split, numbers in found.items()} == {s: sorted(n) for s, n in found.items()}
    fewer = number_scenes(11, 40, splits)
    assert all(found[split][: len(numbers)] == numbers for split, numbers in fewer.items())


def test_runs_of_single_splits_in_one_root_share_no_number(world: World, whole: Path, tmp_path: Path) -> None:
    """And their scenes are those that one run of all splits makes."""
    together = {split: samples_of(whole / "scenes" / split) for split in SPLITS}
    for split in SPLITS:
        run(ask(world, tmp_path, len(together[split]), splits=(split,)))
    assert {split: samples_of(tmp_path / "scenes" / split) for split in SPLITS} == together
    names = [key for samples in together.values() for key in samples]
    assert len(set(names)) == len(names) == SCENES
    assert (tmp_path / "ATTRIBUTION.csv").read_bytes() == (whole / "ATTRIBUTION.csv").read_bytes()


def test_a_longer_run_begins_with_the_same_scenes(world: World, tmp_path: Path) -> None:
    few, more = (
        samples_of(run(ask(world, tmp_path / str(n), n, splits=("test",), shard_size=size)) / "scenes" / "test")
        for n, size in ((3, "2"), (7, "5"))
    )
    assert len(few) == 3
    assert few == {key: more[key] for key in few}
    ingredients = Ingredients(SPEC, open_brirs(world.brirs), read_catalog(world.catalog))
    *_, stored = read_scenes(tmp_path / "7" / "scenes" / "test")
    assert SceneMaker(ingredients, 3).make(stored.recipe.index, "test").scene.recipe == stored.recipe


def test_a_split_without_rooms_is_left_out_and_said(world: World, tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"rooms": RoomFilter(room_ids=(rooms_of(world, "test")))})
    plan = plan_scenes(ask(world, tmp_path / "x", spec=spec))
    assert [part.split for part in plan.parts] == ["test"]
    assert plan.left_out == ("train", "validation")
    with pytest.raises(SpecError, match=r"^The validation split has 0 rooms and 6 clips that fit the spec; .*\.$"):
        plan_scenes(ask(world, tmp_path / "x", spec=spec, splits=("validation",)))


def test_a_split_that_no_scene_fell_into_is_not_said_to_be_empty(world: World, tmp_path: Path) -> None:
    assert {split_of_scene(3, index) for index in range(2)} == {"train"}
    plan = plan_scenes(ask(world, tmp_path / "x", 2))
    assert [part.split for part in plan.parts] == ["train"]
    assert plan.left_out == ()


def test_no_split_at_all_is_one_sentence(world: World, tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"clips": ClipFilter(min_duration_s=30.0)})
    with pytest.raises(
        SpecError,
        match=r"^No split has both rooms and clips .* 0/0/0 clips in train, validation and test .*clip_too_short.*\.$",
    ):
        plan_scenes(ask(world, tmp_path / "x", spec=spec))


REFUSED = {
    "starving": (
        {"constraints": (Farthest(ratio=1000.0),), "sources": Constant(value=2.0)},
        r"^No scene of 2 sources was found: 'farthest by 1000x' starves: .* it allows 0 %; .*\.$",
    ),
    "too few positions": ({"sources": Constant(value=5.0)}, r"^No scene of 5 sources was found: .*'5 sources in a ro"),
    "too few classes": (
        {"sources": Constant(value=4.0)},
        r"^Scene \d+ of the train split was rejected 100 times: .*clips_too_few \(\d+\).*\.$",
    ),
    "another rate": ({"sample_rate": 48000}, r"^The library has 16000 Hz and 48000 Hz are asked for; .*\.$"),
    "another head": ({"hrtf": "fabian"}, r"^The library was made with .* and fabian is asked for; .*\.$"),
}


@pytest.mark.parametrize(("changes", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_drawn_fails_before_anything_is_written(
    world: World, tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SpecError, match=sentence):
        plan_scenes(ask(world, tmp_path / "x", spec=SPEC.model_copy(update=changes)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scenes", [0, -3, 10**30])
def test_a_number_of_scenes_that_cannot_be_is_refused(world: World, tmp_path: Path, scenes: int) -> None:
    with pytest.raises(SpecError, match=rf"^{scenes} is not a number of scenes; give 1 to 10,000,000\.$"):
        plan_scenes(ask(world, tmp_path / "x", scenes))


def test_resume_where_nothing_is_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=rf"^{tmp_path / 'scenes'} holds no run to resume; start one without"):
        plan_scenes(ask(world, tmp_path, mode="resume"))
    assert list(tmp_path.iterdir()) == []


def test_another_run_in_the_same_folder_is_refused_by_what_differs(
    world: World, finished: Path, tmp_path: Path
) -> None:
    short = SPEC.model_copy(update={"duration_s": 0.75})
    write_sounds(tmp_path / "more sounds", each=3)
    before = bytes_of(finished)
    for changes, difference in (
        ({"spec": short}, "spec.duration_s is 1.0 there and 0.75 here"),
        ({"seed": 4}, "seed is 3 there and 4 here"),
        ({"brirs": (str(world.brirs / "brirs" / "brirs-000000.tar"),)}, r'brirs is "\w+" there and "\w+" here'),
        ({"clips": (f"folder:{tmp_path / 'more sounds'}?name=set",)}, "train was made of other clips than folder:"),
        ({"profile": "research-nc"}, 'license_profile is "open" there and "research-nc" here'),
        ({"scenes": SCENES + 1}, "samples is"),
    ):
        with pytest.raises(MismatchError, match=difference):
            run(ask(world, finished, **{"scenes": SCENES, **changes}))
        assert bytes_of(finished) == before


def folder_of(sounds: Path) -> tuple[str]:
    return (f"folder:{sounds}?name=set",)


@pytest.fixture
def scanned(world: World, tmp_path: Path) -> SceneRequest:
    """A request whose clips are scanned, and there are scenes of it in two splits."""
    sounds = Path(shutil.copytree(world.sounds, tmp_path / "sounds"))
    request = ask(world, tmp_path / "x", 2, clips=folder_of(sounds))
    for split in ("validation", "test"):
        run(replace(request, splits=(split,)))
    return request


def test_clips_of_the_scenes_that_are_there_are_not_forgotten(scanned: SceneRequest, tmp_path: Path) -> None:
    """Nor do two splits of a root hold scenes of two catalogs, whether or not one of them is overwritten."""
    before = bytes_of(scanned.out)
    assert "clips.parquet" in before
    (other,) = folder_of(write_sounds(tmp_path / "more sounds", each=3))
    mine = scanned.clips[0].replace("?", r"\?")
    for changes in ({"splits": ("test",)}, {"splits": ("test",), "mode": "overwrite"}, {"mode": "continue"}):
        with pytest.raises(MismatchError, match=rf"was made of the clips {mine}, not {other[:9]}.*--overwrite\.$"):
            plan_scenes(replace(scanned, clips=(other,), **changes))
        assert bytes_of(scanned.out) == before


def test_a_split_is_overwritten_with_the_clips_of_the_others(scanned: SceneRequest) -> None:
    catalog = (scanned.out / "clips.parquet").read_bytes()
    write_sound(next(Path(scanned.clips[0][7:].partition("?")[0]).glob("train*.wav")), 99)
    run(replace(scanned, scenes=3, splits=("test",), mode="overwrite"))
    assert (scanned.out / "clips.parquet").read_bytes() == catalog
    assert read_manifest(scanned.out / "scenes" / "test").samples == 3


@pytest.mark.parametrize("mode", ["continue", "overwrite"])
def test_a_catalog_that_was_lost_is_made_again_where_it_is_the_same(scanned: SceneRequest, mode: Mode) -> None:
    request = replace(scanned, splits=("test",), mode=mode)
    before = bytes_of(request.out)
    (request.out / "clips.parquet").unlink()
    run(request)
    assert bytes_of(request.out) == before
    (request.out / "clips.parquet").unlink()
    write_sound(next(Path(scanned.clips[0][7:].partition("?")[0]).glob("train*.wav")), 99)
    lost = bytes_of(request.out)
    with pytest.raises(MismatchError, match=r"^.*validation was made of other clips than folder:.*--overwrite\.$"):
        plan_scenes(request)
    assert bytes_of(request.out) == lost


def test_nothing_is_overwritten_by_a_run_that_cannot_be(scanned: SceneRequest, tmp_path: Path) -> None:
    before = bytes_of(scanned.out)
    other = replace(scanned, clips=folder_of(write_sounds(tmp_path / "more sounds", each=3)), mode="overwrite")
    with pytest.raises(SpecError, match="starves"):
        plan_scenes(replace(other, spec=SPEC.model_validate({**SPEC.model_dump(), **REFUSED["starving"][0]})))
    plan = plan_scenes(other)
    assert bytes_of(scanned.out) == before
    with (
        locked(scanned.out / "scenes" / "test"),
        pytest.raises(LockedError, match=r"another run works in .*test; wait"),
    ):
        run_scenes(plan)
    assert bytes_of(scanned.out) == before
    run_scenes(plan)
    assert bytes_of(scanned.out) == bytes_of(run(replace(other, out=tmp_path / "fresh", mode="continue")))


def test_shards_depend_on_the_spec_and_not_on_what_was_composed(world: World, tmp_path: Path) -> None:
    """Pure tones take FLAC a fraction of the bytes that noise takes."""
    sounds = Path(shutil.copytree(world.sounds, tmp_path / "sounds"))
    for number, path in enumerate(sorted(sounds.glob("*.wav"))):
        times_s = np.arange(RATE // 2) / RATE
        soundfile.write(path, 0.3 * np.sin(2.0 * np.pi * (100.0 + number) * times_s), RATE, subtype="FLOAT")
    noise, tones = (
        plan_scenes(ask(world, tmp_path / clips[-12:], 20, clips=(clips,), shard_size="200kB", splits=("test",)))
        for clips in (world.clips, *folder_of(sounds))
    )
    assert tones.bytes < 0.8 * noise.bytes
    predicted = round(200e3 / predict_scene_bytes(SPEC, RATE))
    assert tones.parts[0].job.samples_per_shard == noise.parts[0].job.samples_per_shard == predicted > 1


def test_overwrite_leaves_nothing_of_the_run_before(world: World, finished: Path, tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"rooms": RoomFilter(room_ids=(rooms_of(world, "test")))})
    run(ask(world, finished, 3, spec=spec, mode="overwrite"))
    run(ask(world, tmp_path / "fresh", 3, spec=spec))
    assert bytes_of(finished) == bytes_of(tmp_path / "fresh")


def test_overwriting_one_split_leaves_the_others(world: World, finished: Path) -> None:
    before = bytes_of(finished / "scenes")
    run(ask(world, finished, 2, splits=("test",), mode="overwrite"))
    after = bytes_of(finished / "scenes")
    kept = {name for name in before if not name.startswith("test/")}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert read_manifest(finished / "scenes" / "test").samples == 2


def test_two_runs_in_one_folder(world: World, finished: Path) -> None:
    before = bytes_of(finished)
    plans = [plan_scenes(ask(world, finished, SCENES, mode=mode)) for mode in ("continue", "overwrite")]
    with locked(finished / "scenes" / "validation"):
        for plan in plans:
            with pytest.raises(LockedError, match=r"another run works in .*validation; wait"):
                run_scenes(plan)
    assert bytes_of(finished) == before


def test_what_a_live_run_writes_in_the_root_is_not_swept(world: World, whole: Path, tmp_path: Path) -> None:
    """Nor is what it credits forgotten: another run ends with a split while this one waits to write its credits."""
    plan = plan_scenes(ask(world, tmp_path, 5, splits=("test",)))
    first, second = locked(tmp_path), locked(tmp_path)
    partial = tmp_path / "ATTRIBUTION.csv.1-0.partial"

    def end_first() -> None:
        assert partial.exists()
        first.__exit__(None, None, None)

    def end_second() -> None:
        assert partial.exists()
        shutil.copytree(whole / "scenes" / "train", tmp_path / "scenes" / "train")
        second.__exit__(None, None, None)

    def on_progress(done: int) -> None:
        if done == 5:
            assert not partial.exists()  # the first left it, and had ended
            second.__enter__()
            partial.touch()
            threading.Timer(0.5, end_second).start()

    first.__enter__()
    partial.touch()
    threading.Timer(0.5, end_first).start()
    run_scenes(plan, on_progress)
    assert not partial.exists()
    assert not (tmp_path / ".lock").exists()
    scenes = [scene for split in ("train", "test") for scene in read_scenes(tmp_path / "scenes" / split)]
    credited = {row.what for scene in scenes for row in scene.attribution}
    with (tmp_path / "ATTRIBUTION.csv").open(newline="") as stream:
        assert {row["what"] for row in csv.DictReader(stream)} >= credited


def test_a_foreign_file_is_named_and_kept(world: World, finished: Path) -> None:
    (finished / "scenes" / "test" / "notes.txt").write_text("mine")
    before = bytes_of(finished)
    for mode in ("continue", "overwrite"):
        with pytest.raises(StoreError, match=r"test holds notes\.txt"):
            run(ask(world, finished, SCENES, mode=mode))
    assert bytes_of(finished) == before


def test_scenes_in_every_room(world: World, tmp_path: Path) -> None:
    train = tuple(name for name in rooms_of(world, "train"))[:2]
    request = ask(world, tmp_path / "x", 0, scenes_per_room=2, splits=("train",))
    request = replace(request, spec=SPEC.model_copy(update={"rooms": RoomFilter(room_ids=train)}))
    run(request)
    scenes = read_scenes(request.out / "scenes" / "train")
    numbers = [int(name.removeprefix("room-")) for name in train]
    assert [scene.room_id for scene in scenes] == [name for name in train for _ in range(2)]
    assert [scene.recipe.index for scene in scenes] == [2 * n + k for n in numbers for k in range(2)]
    free = plan_scenes(ask(world, tmp_path / "y", spec=request.spec))
    assert free.parts[0].job.fingerprint != scenes[0].fingerprint  # scenes of one name that are not the same


def test_rooms_whose_split_has_no_clips_are_left_out(world: World, tmp_path: Path) -> None:
    clips = [clip for clip in read_catalog(world.catalog).clips if clip.split != "test"]
    write_catalog(tmp_path / "few.parquet", clips)
    plan = plan_scenes(ask(world, tmp_path / "x", 0, clips=(str(tmp_path / "few.parquet"),), scenes_per_room=1))
    assert plan.left_out == ("test",)


def test_rooms_without_a_position_that_can_be_heard_are_not_used(world: World) -> None:
    library = open_brirs(world.brirs)
    first = int(np.flatnonzero(library.positions.split_R == "train")[0])
    usable_RP = library.positions.usable_RP.copy()
    usable_RP[first] = False
    library.positions = replace(library.positions, usable_RP=usable_RP)
    ingredients = Ingredients(SPEC, library, read_catalog(world.catalog))
    shares = share_out(ask(world, Path("x"), 0, scenes_per_room=1), ingredients)
    assert first not in shares["train"]
    assert len(shares["train"]) == np.count_nonzero(library.positions.split_R == "train") - 1


def test_a_catalog_that_changes_while_the_run_goes_on_is_said(world: World, tmp_path: Path) -> None:
    plan = plan_scenes(ask(world, tmp_path / "x"))
    task = replace(plan.parts[0].task, fingerprint="of other clips")
    with pytest.raises(StoreError, match=r"^The library or the clip catalog changed while the run went on"):
        make_scene_producer(task)


def test_a_head_that_the_profile_does_not_take_is_refused(world: World) -> None:
    library = open_brirs(world.brirs)
    terms_R = np.full_like(library.positions.license_R, "CC-BY-NC-4.0")
    library.positions = replace(library.positions, license_R=terms_R)
    with pytest.raises(SpecError, match=r"CC-BY-NC-4.0, which the licence profile open does not take"):
        Ingredients(SPEC, library, read_catalog(world.catalog))
    assert Ingredients(SPEC, library, read_catalog(world.catalog), "research-nc").splits == SPLITS


def test_a_disk_that_cannot_hold_the_run_is_told_before_it_starts(world: World, small_disk: Path) -> None:
    with pytest.raises(StoreError, match=r"^The run needs about .* GB free; give another --out, fewer scenes"):
        plan_scenes(ask(world, small_disk / "x", SCENES))
    assert list(small_disk.iterdir()) == []


def test_a_disk_that_fills_up_is_one_sentence_and_more_room_finishes_the_run(
    world: World, small_disk: Path, tmp_path: Path
) -> None:
    request = ask(world, small_disk / "x", 6, splits=("test",), shard_size="2")
    plan = plan_scenes(request)
    (small_disk / "other data").write_bytes(bytes((1 << 20) - (150 << 10)))
    with pytest.raises(MachineError, match=r"^no space is left for .*: free some"):
        run_scenes(plan)
    assert not list(request.out.rglob("*.partial"))
    (small_disk / "other data").unlink()
    assert bytes_of(run(replace(request, mode="resume"))) == bytes_of(run(replace(request, out=tmp_path / "y")))
