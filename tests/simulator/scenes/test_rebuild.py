"""Recipes made to sound again: bit for bit, or it is said what is missing, what differs and by how much."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scene_runs import RATE, World, ask, bytes_of, make_world, read_scenes, write_sound

from twnm_schemas.clips import Clip
from twnm_schemas.errors import MismatchError, SpecError, StoreError
from twnm_schemas.scenes import AudioMember
from twnm_shards.files import sha256_of
from twnm_shards.manifests import read_index, read_manifest
from twnm_shards.tars import END_OF_ARCHIVE, iter_samples, write_sample
from twnm_shards.verify import verify_folder
from twnm_sim.clips.catalog import read_catalog, write_catalog
from twnm_sim.clips.scan import scan_clips
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.rebuild import RebuildPlan, RebuildTask, compare_audio, make_rebuilder, plan_rebuild, run_rebuild
from twnm_sim.scenes.records import iter_records
from twnm_sim.scenes.run import plan_scenes, run_scenes

SCENES = 8


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


@pytest.fixture(scope="module")
def stored(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same scenes with their audio and as recipes; nobody may change them."""
    roots = {profile: tmp_path_factory.mktemp(profile) for profile in ("research-nc", "recipe")}
    for profile, root in roots.items():
        run_scenes(plan_scenes(ask(world, root, SCENES, profile=profile, splits=("train",))))
    return roots


def samples_of(root: Path) -> dict[str, dict[str, bytes]]:
    shards = sorted((root / "scenes" / "train").glob("*.tar"))
    return {sample.key: dict(sample.members) for shard in shards for sample in iter_samples(shard)}


def recipes_of(stored: Mapping[str, Path]) -> Path:
    return stored["recipe"] / "scenes" / "train"


def test_recipes_hold_no_audio(stored: dict[str, Path]) -> None:
    samples = samples_of(stored["recipe"])
    assert len(samples) == SCENES
    assert {ext for members in samples.values() for ext in members} == {"json"}
    assert verify_folder(stored["recipe"]) == []


def test_rebuilt_audio_is_what_would_have_been_stored(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    before = bytes_of(stored["recipe"])
    plan = plan_rebuild(stored["recipe"], [str(world.brirs)], world.catalog)
    assert (plan.scenes, plan.missing, plan.left_out) == (SCENES, {}, [])
    with pytest.raises(SpecError, match=r"^.*train holds the recipes and cannot take the rebuilt scenes too; give"):
        run_rebuild(plan, stored["recipe"], workers=1, mode="overwrite")
    assert bytes_of(stored["recipe"]) == before
    rebuilt = run_rebuild(plan, tmp_path, workers=2)
    assert (rebuilt.verdicts, rebuilt.worst_db, rebuilt.different) == ({"identical": SCENES}, None, ())
    audio = {key: members["flac"] for key, members in samples_of(tmp_path).items()}
    assert audio == {key: members["flac"] for key, members in samples_of(stored["research-nc"]).items()}
    assert verify_folder(tmp_path) == []
    for name in ("ATTRIBUTION.csv", "ATTRIBUTION.md"):
        assert (tmp_path / name).read_bytes() == (stored["recipe"] / name).read_bytes()


def change_catalog(world: World, path: Path, change: Callable[[list[Clip]], list[Clip]]) -> Path:
    write_catalog(path, change(list(read_catalog(world.catalog).clips)))
    return path


def copy_sounds(world: World, folder: Path) -> Path:
    """A catalog of copies of all clips, which may then be changed."""
    shutil.copytree(world.sounds, folder / "sounds")

    def move(clips: list[Clip]) -> list[Clip]:
        return [clip.model_copy(update={"path": str(folder / "sounds" / Path(clip.path).name)}) for clip in clips]

    return change_catalog(world, folder / "copies.parquet", move)


def first_clip(stored: dict[str, Path]) -> str:
    return read_scenes(recipes_of(stored))[0].events[0].clip_id


def scenes_with(stored: dict[str, Path], clip_id: str) -> list[str]:
    scenes = read_scenes(recipes_of(stored))
    return [scene.scene_id for scene in scenes if clip_id in {event.clip_id for event in scene.events}]


def test_a_rebuilt_scene_keeps_its_record(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    """Whatever the catalog at hand says of the clips, under terms under which nobody could have drawn the scene."""

    def relabel(clips: list[Clip]) -> list[Clip]:
        said = {"label": "whale", "labels": ("whale",), "license": "LicenseRef-unknown", "uploader": "nobody"}
        return [clip.model_copy(update={**said, "level_dbfs": clip.level_dbfs - 6.0}) for clip in clips]

    catalog = change_catalog(world, tmp_path / "c.parquet", relabel)
    rebuilt = run_rebuild(plan_rebuild(stored["research-nc"], [str(world.brirs)], catalog), tmp_path, workers=1)
    assert rebuilt.verdicts == {"identical": SCENES}
    assert samples_of(tmp_path) == samples_of(stored["research-nc"])
    assert (tmp_path / "ATTRIBUTION.csv").read_bytes() == (stored["recipe"] / "ATTRIBUTION.csv").read_bytes()


def test_versions_are_those_of_the_rebuilding(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    other = Path(shutil.copytree(stored["recipe"], tmp_path / "data"))
    (recorded, *_) = read_scenes(recipes_of(stored))
    for shard in other.rglob("*.tar"):
        cpu = f'"cpu":"{recorded.cpu}"'.encode()
        assert cpu in shard.read_bytes()
        shard.write_bytes(shard.read_bytes().replace(cpu, cpu[:-2] + b'_"'))
    run_rebuild(plan_rebuild(other, [str(world.brirs)], world.catalog), tmp_path / "out", workers=1)
    (rebuilt, *_) = read_scenes(tmp_path / "out" / "scenes" / "train")
    assert rebuilt == recorded


def test_a_rebuild_of_other_clips_is_another_run(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    plan = plan_rebuild(stored["recipe"], [str(world.brirs)], world.catalog)
    run_rebuild(plan, tmp_path, workers=1)
    assert read_manifest(tmp_path / "scenes" / "train").settings["clips"] == read_catalog(world.catalog).digest
    before = bytes_of(tmp_path)
    other = change_catalog(
        world, tmp_path / "c.parquet", lambda clips: [c.model_copy(update={"title": "a"}) for c in clips]
    )
    with pytest.raises(MismatchError, match=r'clips is "\w+" there and "\w+" here'):
        run_rebuild(plan_rebuild(stored["recipe"], [str(world.brirs)], other), tmp_path, workers=1)
    other.unlink()
    assert bytes_of(tmp_path) == before


def test_splits_rebuilt_one_after_the_other_have_one_table(world: World, tmp_path: Path) -> None:
    run_scenes(plan_scenes(ask(world, tmp_path, 60, profile="recipe")))
    for split in ("validation", "test", "train"):
        plan = plan_rebuild(tmp_path / "scenes" / split, [str(world.brirs)], world.catalog)
        run_rebuild(plan, tmp_path / "again", workers=1)
    for name in ("ATTRIBUTION.csv", "ATTRIBUTION.md"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_audio_that_no_record_promises_has_no_verdict(stored: dict[str, Path]) -> None:
    (scene, *_) = read_scenes(recipes_of(stored))
    (member,) = scene.audio
    stem = member.model_copy(update={"ext": "stem0.flac", "what": "stem"})
    worse = member.model_copy(update={"pcm_sha256": "0" * 64, "sketch": tuple(2.0 * x for x in member.sketch)})

    def compare(recorded: tuple[AudioMember, ...], rebuilt: tuple[AudioMember, ...]) -> tuple[str, float | None]:
        return compare_audio(*(scene.model_copy(update={"audio": audio}) for audio in (recorded, rebuilt)))

    assert compare((member,), (member,)) == ("identical", None)
    assert compare((), (member,)) == ("unknown", None)
    assert compare((member,), (member, stem)) == ("unknown", None)
    assert compare((member, stem), (member,)) == ("different", 0.0)
    assert compare((worse,), (member, stem))[0] == "different"


def test_records_that_promise_nothing_are_named(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    other = Path(shutil.copytree(recipes_of(stored), tmp_path / "recipes"))
    shard = other / "scenes-000000.tar"
    (first, *samples) = list(iter_samples(shard))
    record = json.loads(first.members["json"])
    silenced = json.dumps({**record, "audio": []}).encode()
    with shard.open("wb") as stream:
        for key, members in ((first.key, {"json": silenced}), *((s.key, s.members) for s in samples)):
            write_sample(stream, key, members.items())
        stream.write(END_OF_ARCHIVE)
    rebuilt = run_rebuild(plan_rebuild(other, [str(world.brirs)], world.catalog), tmp_path / "out", workers=1)
    assert rebuilt.verdicts == {"identical": SCENES - 1, "unknown": 1}
    assert (rebuilt.unknown, rebuilt.different) == ((first.key,), ())


def test_clips_are_known_by_their_content_where_their_folder_has_another_name(
    world: World, stored: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copytree(world.sounds, tmp_path / "renamed")
    renamed = scan_clips([f"folder:{tmp_path / 'renamed'}"], tmp_path / "c.parquet", workers=1)
    assert not {clip.clip_id for clip in renamed.clips} & read_catalog(world.catalog).by_id.keys()
    plan = plan_rebuild(stored["research-nc"], [str(world.brirs)], tmp_path / "c.parquet")
    assert (plan.scenes, plan.missing, plan.left_out) == (SCENES, {}, [])
    assert run_rebuild(plan, tmp_path / "out", workers=1).verdicts == {"identical": SCENES}
    assert samples_of(tmp_path / "out") == samples_of(stored["research-nc"])
    used = read_catalog(world.catalog).by_id[first_clip(stored)].sha256
    lost = next(Path(clip.path) for clip in renamed.clips if clip.sha256 == used)
    write_sound(lost, 77)
    changed = plan_rebuild(stored["recipe"], [str(world.brirs)], tmp_path / "c.parquet")
    assert list(changed.missing) == [first_clip(stored)]
    assert changed.missing[first_clip(stored)].startswith(f"The clip renamed:{lost.name} is not what was scanned ")


def test_an_id_that_now_means_another_sound_is_looked_for_by_content(
    world: World, stored: dict[str, Path], tmp_path: Path
) -> None:
    """Two files whose names were exchanged."""
    one, two = sorted({event.clip_id for scene in read_scenes(recipes_of(stored)) for event in scene.events})[:2]
    names = {one: two, two: one}

    def exchange(clips: list[Clip]) -> list[Clip]:
        return [clip.model_copy(update={"clip_id": names.get(clip.clip_id, clip.clip_id)}) for clip in clips]

    plan = plan_rebuild(stored["recipe"], [str(world.brirs)], change_catalog(world, tmp_path / "c.parquet", exchange))
    assert (plan.missing, plan.scenes) == ({}, SCENES)
    assert run_rebuild(plan, tmp_path / "out", workers=1).verdicts == {"identical": SCENES}


@pytest.mark.parametrize(("missing", "said", "last"), [(0, 0, ""), (20, 20, "clip 19."), (65, 21, "... and 45 more.")])
def test_of_many_missing_clips_the_first_are_named_and_the_others_counted(
    world: World, missing: int, said: int, last: str
) -> None:
    sentences = {f"c:{number}": f"clip {number}." for number in range(missing)}
    plan = RebuildPlan(world.catalog, "", open_brirs(world.brirs), missing=sentences)
    found = list(plan.say_missing())
    assert (len(found), found[:20]) == (said, list(sentences.values())[:20])
    assert "".join(found[-1:]) == last


def test_a_clip_that_no_catalog_has_is_named(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    lost = first_clip(stored)
    catalog = change_catalog(world, tmp_path / "c.parquet", lambda clips: [c for c in clips if c.clip_id != lost])
    plan = plan_rebuild(stored["recipe"], [str(world.brirs)], catalog)
    assert plan.missing == {lost: f"The clip {lost} is in no catalog; scan its dataset and name the catalog."}
    assert plan.left_out == scenes_with(stored, lost) != []
    assert plan.scenes == SCENES - len(plan.left_out)


def test_a_clip_that_another_version_has_changed_is_named(
    world: World, stored: dict[str, Path], tmp_path: Path
) -> None:
    changed = first_clip(stored)

    def rename(clips: list[Clip]) -> list[Clip]:
        return [c.model_copy(update={"sha256": "0" * 64}) if c.clip_id == changed else c for c in clips]

    plan = plan_rebuild(stored["recipe"], [str(world.brirs)], change_catalog(world, tmp_path / "c.parquet", rename))
    assert list(plan.missing) == [changed]
    assert plan.missing[changed].startswith(f"The clip {changed} differs from the recipe's (another SHA-256)")
    assert plan.left_out == scenes_with(stored, changed)


def test_clips_gone_or_changed_on_disk_are_named(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    catalog = copy_sounds(world, tmp_path)
    clips = {clip.clip_id: Path(clip.path) for clip in read_catalog(catalog).clips}
    used = sorted({event.clip_id for scene in read_scenes(recipes_of(stored)) for event in scene.events})
    clips[used[0]].unlink()
    write_sound(clips[used[1]], 77)  # as long as before
    plan = plan_rebuild(stored["recipe"], [str(world.brirs)], catalog)
    assert sorted(plan.missing) == used[:2]
    assert plan.missing[used[0]].startswith(f"The clip {used[0]} cannot be verified: ")
    assert plan.missing[used[1]].startswith(f"The clip {used[1]} is not what was scanned ")
    assert set(plan.left_out) == {*scenes_with(stored, used[0]), *scenes_with(stored, used[1])}


def test_a_room_that_no_library_has_is_named(world: World, stored: dict[str, Path]) -> None:
    plan = plan_rebuild(stored["recipe"], [str(world.brirs / "brirs" / "brirs-000000.tar")], world.catalog)
    scenes = read_scenes(recipes_of(stored))
    lost = {scene.room_id for scene in scenes if scene.room_id > "room-000003"}  # four rooms a tar
    assert {key.split()[0] for key in plan.missing} == lost != set()
    assert all(sentence.endswith("is in none of the shards; name its library.") for sentence in plan.missing.values())
    assert plan.left_out == [scene.scene_id for scene in scenes if scene.room_id in lost]


def test_nothing_that_can_be_rebuilt_is_no_crash(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    write_catalog(tmp_path / "c.parquet", [c for c in read_catalog(world.catalog).clips if c.split == "test"])
    plan = plan_rebuild(stored["recipe"], [str(world.brirs)], tmp_path / "c.parquet")
    assert (plan.scenes, len(plan.left_out)) == (0, SCENES)
    assert run_rebuild(plan, tmp_path / "x", workers=1).verdicts == {}
    assert not (tmp_path / "x").exists()


def test_what_holds_no_scenes_is_one_sentence(world: World) -> None:
    with pytest.raises(StoreError, match=r"brirs holds no finished scenes; give the folder that twnm-sim compose"):
        plan_rebuild(world.brirs / "brirs", [str(world.brirs)], world.catalog)


def test_a_shard_of_recipes_that_is_cut_or_gone_is_one_sentence(
    world: World, stored: dict[str, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(stored["recipe"], tmp_path / "data")) / "scenes" / "train"
    shard = folder / "scenes-000001.tar"
    shard.write_bytes(shard.read_bytes()[:5000])
    with pytest.raises(StoreError, match=r"scenes-000001\.tar .*see twnm-shards verify\.$"):
        plan_rebuild(folder, [str(world.brirs)], world.catalog)
    shard.unlink()
    with pytest.raises(StoreError, match=r"scenes-000001\.tar is in the manifest and not in the folder; see"):
        plan_rebuild(folder, [str(world.brirs)], world.catalog)


def rebuild_by_hand(
    world: World, stored: dict[str, Path], catalog: Path, folder: Path
) -> dict[str, tuple[str, float | None]]:
    """Verdict and difference of each scene, as if the files of the catalog were those that the recipes name."""
    clips = read_catalog(catalog).clips
    found = {clip.sha256: sha256_of(Path(clip.path)) for clip in clips}
    write_catalog(catalog, [clip.model_copy(update={"sha256": found[clip.sha256]}) for clip in clips])
    recipes = Path(shutil.copytree(recipes_of(stored), folder / "recipes"))
    for shard in recipes.glob("*.tar"):
        data = shard.read_bytes()
        for recorded, ours in found.items():
            data = data.replace(recorded.encode(), ours.encode())
        shard.write_bytes(data)
    records = tuple(kept for kept, _ in iter_records(recipes))
    rebuild = make_rebuilder(RebuildTask(records, tuple(open_brirs(world.brirs).shards), catalog))
    samples = [rebuild(place) for place in range(SCENES)]
    return {sample.key: (sample.row["rebuilt"], sample.row["difference_db"]) for sample in samples}  # type: ignore[misc]


def test_noise_at_minus_100_db_is_equivalent(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    catalog = copy_sounds(world, tmp_path)
    for number, clip in enumerate(read_catalog(catalog).clips):
        audio_T, _ = soundfile.read(clip.path)
        noise_T = np.random.default_rng(1000 + number).standard_normal(len(audio_T))
        noise_T *= 1e-5 * np.sqrt(np.mean(audio_T**2) / np.mean(noise_T**2))
        soundfile.write(clip.path, audio_T + noise_T, RATE, subtype="DOUBLE")
    verdicts = rebuild_by_hand(world, stored, catalog, tmp_path)
    assert {verdict for verdict, _ in verdicts.values()} == {"equivalent"}
    # sketches of eight projections a channel tell the distance to a few decibels, the filters of a room move it too
    assert all(-112 < difference < -92 for _, difference in verdicts.values() if difference is not None)


def test_one_clip_a_decibel_louder_is_different(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    catalog = copy_sounds(world, tmp_path)
    both = next(scene for scene in read_scenes(recipes_of(stored)) if len(scene.events) == 2)
    louder = both.events[0].clip_id
    clip = read_catalog(catalog).by_id[louder]
    audio_T, _ = soundfile.read(clip.path)
    soundfile.write(clip.path, audio_T * 10 ** (1 / 20), RATE, subtype="DOUBLE")
    verdicts = rebuild_by_hand(world, stored, catalog, tmp_path)
    verdict, difference = verdicts[both.scene_id]
    assert verdict == "different"
    assert difference is not None
    assert -40 < difference < -10  # a decibel more is 12 % more pressure, less where the other event is louder
    untouched = {scene.scene_id for scene in read_scenes(recipes_of(stored))} - set(scenes_with(stored, louder))
    assert {verdicts[key] for key in untouched} == {("identical", None)}


def test_scenes_that_came_out_different_are_named(world: World, stored: dict[str, Path], tmp_path: Path) -> None:
    """A scene whose record promises other audio than its recipe gives."""
    plan = plan_rebuild(stored["recipe"], [str(world.brirs)], world.catalog)
    swapped = [kept for kept, _ in iter_records(recipes_of(stored))][:1]
    other = Path(shutil.copytree(stored["recipe"], tmp_path / "data")) / "scenes" / "train"
    shard = other / "scenes-000000.tar"
    data = shard.read_bytes()
    promised = read_scenes(recipes_of(stored))[0].audio[0]
    number = repr(promised.sketch[0]).encode()
    assert data.count(number) == 1
    data = data.replace(promised.pcm_sha256.encode(), b"0" * 64)
    shard.write_bytes(data.replace(number, number.translate(bytes.maketrans(b"123456789", b"234567891"))))
    plan = replace(plan, parts=[(other, tuple(replace(kept, shard=shard) for kept in swapped))])
    rebuilt = run_rebuild(plan, tmp_path / "out", workers=1)
    assert rebuilt.different == ("scene-000000",)
    assert rebuilt.verdicts == {"different": 1}
    assert read_index(tmp_path / "out" / "scenes" / "train")[0]["difference_db"] == rebuilt.worst_db
