"""Scenes on disk by name: found from any folder above them, and one sentence where they are not."""

import json
import shutil
from pathlib import Path

import pytest
from scene_runs import ask, make_world, read_scenes, run_program

from twnm_schemas.errors import SpecError, StoreError
from twnm_shards.flac import decode_flac
from twnm_shards.tars import END_OF_ARCHIVE, iter_samples, write_sample
from twnm_shards.verify import verify_folder
from twnm_sim.check.library import open_library
from twnm_sim.scenes.finding import find_named, find_scene, find_scene_folders, iter_scenes, split_name
from twnm_sim.scenes.run import plan_scenes, run_scenes


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A scene in every room of the small world, and so scenes of every split; five a shard."""
    out = tmp_path_factory.mktemp("finding") / "data"
    request = ask(make_world(tmp_path_factory), out, scenes_per_room=1)
    run_scenes(plan_scenes(request))
    return out


@pytest.fixture(scope="module")
def stored(root):
    """Every record by its name, read without the code under test, and the folder it lies in."""
    folders = [folder for folder in sorted((root / "scenes").iterdir()) if folder.is_dir()]
    return {scene.scene_id: (scene, folder) for folder in folders for scene in read_scenes(folder)}


def test_every_scene_is_found_from_every_folder_above_it(root, stored):
    assert len({folder for _, folder in stored.values()}) == 3
    for name, (scene, folder) in stored.items():
        for place in (root, root / "scenes", folder):
            found = find_scene(place, name)
            assert (found.scene, found.folder) == (scene, folder)
        assert decode_flac(found.members["flac"])[0].shape == (2, round(scene.duration_s * scene.sample_rate))


def test_all_scenes_come_once_split_by_split_in_their_order(root, stored):
    found = list(iter_scenes(root))
    assert sorted(scene.scene.scene_id for scene in found) == sorted(stored)
    splits = [scene.scene.split for scene in found]
    assert splits == sorted(splits, key=("train", "validation", "test").index)
    for folder in find_scene_folders(root):
        ours = [one.scene.scene_id for one in found if one.folder == folder]
        assert ours == [scene.scene_id for scene in read_scenes(folder)]
        assert ours == [one.scene.scene_id for one in iter_scenes(folder)]


def test_scenes_without_a_folder_of_their_split_are_found_from_the_root(root, tmp_path):
    folder = find_scene_folders(root)[0]
    shutil.copytree(folder, tmp_path / "data" / "scenes")
    assert find_scene_folders(tmp_path / "data") == find_scene_folders(tmp_path / "data" / "scenes")
    assert len(list(iter_scenes(tmp_path / "data"))) == len(read_scenes(folder))


def test_check_and_plot_say_what_is_for_a_folder_of_scenes(root, stored, tmp_path):
    """The commands that the sentence names take what it gives them."""
    for place in (root, root / "scenes", root / "scenes" / "test"):
        with pytest.raises(StoreError) as refused:
            open_library(place)
        sentence, _, shown = str(refused.value).removesuffix(".").rpartition(" or twnm-sim plot ")
        assert sentence == (
            f"{place} holds scenes and no library of responses; use twnm-shards verify {place}, twnm-sim stats {place}"
        )
        assert find_named(shown).scene == stored[Path(shown).name][0]
        assert verify_folder(place) == []
    for command in ("check", "plot"):
        done = run_program(command, root, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert done.stderr.startswith(f"error: {root} holds scenes and no library of responses; use twnm-shards verify")


def test_a_scene_that_is_not_there_gets_a_sentence_with_what_is(root, stored):
    with pytest.raises(StoreError, match=r"There is no scene-000777 in .*; it holds ") as caught:
        find_scene(root, "scene-000777")
    for folder in find_scene_folders(root):
        names = [name for name, (_, place) in stored.items() if place == folder]
        assert f"{names[0] if len(names) == 1 else f'{len(names)} scenes'}" in str(caught.value)
        assert str(folder) in str(caught.value)


def test_one_name_in_two_splits_is_refused_and_each_is_named(root, stored, tmp_path):
    shutil.copytree(root, tmp_path / "data")
    folder = find_scene_folders(tmp_path / "data")[0]
    shutil.copytree(folder, folder.parent / "another")
    name = next(iter_scenes(folder)).scene.scene_id
    with pytest.raises(StoreError, match=f"more than one {name}.*{folder / name}.*another/{name}"):
        find_scene(tmp_path / "data", name)
    assert find_scene(folder.parent / "another", name).scene == stored[name][0]
    assert find_scene_folders(tmp_path / "data")[-1].name == "another"  # after the splits that have a usual place


@pytest.mark.parametrize("below", ["", "scenes", "scenes/train"])
def test_folders_without_finished_scenes_get_one_sentence(tmp_path, below):
    (tmp_path / below).mkdir(parents=True, exist_ok=True)
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StoreError, match="holds no finished scenes; give the folder that"):
            find_scene(place, "scene-000000")


def change_records(root: Path, target: Path, change) -> Path:
    """A copy of the runs in which each sample's members are changed, at the bytes where the index expects them."""
    shutil.copytree(root, target)
    for tar in target.rglob("*.tar"):
        samples = list(iter_samples(tar))
        with tar.open("wb") as stream:
            for sample in samples:
                write_sample(stream, sample.key, change(dict(sample.members)).items())
            stream.write(END_OF_ARCHIVE)
    return target


def test_a_record_of_another_version_is_named_with_its_place(root, tmp_path):
    def spoil(members):
        record = json.loads(members["json"])
        record["events"][0]["azimuth_deg"] = 500.0
        return {**members, "json": json.dumps(record).encode()}

    spoilt = change_records(root, tmp_path / "spoilt", spoil)
    with pytest.raises(
        StoreError, match=r"scenes-000000.tar scene-\d+.json is no record of a scene .*events\.0\.azimuth_deg"
    ):
        next(iter_scenes(spoilt))


def test_audio_without_its_record_is_named(root, tmp_path):
    headless = change_records(root, tmp_path / "headless", lambda m: {k: v for k, v in m.items() if k != "json"})
    with pytest.raises(StoreError, match=r"holds scene-\d+ without its record"):
        next(iter_scenes(headless))


@pytest.mark.parametrize(
    ("given", "folder", "name"),
    [
        ("scene-000123", "data", "scene-000123"),
        ("out/scene-000123", "out", "scene-000123"),
        ("out/scenes/test/scene-000123", "out/scenes/test", "scene-000123"),
        ("./scene-7", ".", "scene-7"),
        ("/library/room-000003", "/library", "room-000003"),
        ("data", "data", ""),
        ("some/scenes", "some/scenes", ""),
    ],
)
def test_what_a_person_names_is_a_folder_and_a_name(given, folder, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert split_name(given) == (Path(folder), name)


def test_a_folder_that_is_called_like_a_scene_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scene-000001").mkdir()
    assert split_name("scene-000001") == (Path("scene-000001"), "")


def test_what_is_no_scenes_name_gets_one_sentence(root):
    for given in (str(root), "dog", f"{root}/room-000001"):
        with pytest.raises(SpecError, match="is no scene's name; give one like scene-000123"):
            find_named(given)


def test_describe_takes_several_names_and_prints_words_or_facts(root, stored):
    names = sorted(stored)[:2]
    done = run_program("describe", *(f"data/{name}" for name in names), cwd=root.parent)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[::2] == [f"{name}:" for name in names]
    assert all(line.startswith("Indoors") for line in lines[1::2])
    alone = run_program("describe", names[0], cwd=root.parent)  # ./data is the default
    assert alone.stdout.splitlines() == lines[1:2]
    facts = [
        json.loads(line) for line in run_program("describe", *names, "--json", cwd=root.parent).stdout.splitlines()
    ]
    assert [fact["scene_id"] for fact in facts] == names
    assert [len(fact["sounds"]) for fact in facts] == [len(stored[name][0].events) for name in names]
    lost = run_program("describe", names[0], "scene-000777", cwd=root.parent)
    assert (lost.returncode, lost.stderr.count("\n")) == (2, 1)
    assert "There is no scene-000777 in data" in lost.stderr
