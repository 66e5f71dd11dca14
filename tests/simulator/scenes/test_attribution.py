"""Whose work is in scenes, and under which terms: rows and licences that hold for every scene."""

import csv
from pathlib import Path

import pytest
from clip_files import make_clip
from scene_runs import SPEC, SPLITS, World, ask, make_world, read_scenes

from twnm_schemas.clips import Attribution, Clip
from twnm_schemas.distributions import Constant
from twnm_schemas.errors import SpecError
from twnm_schemas.licences import MIT_KEMAR, may_publish
from twnm_schemas.scenes import Scene
from twnm_shards.manifests import read_index, write_index
from twnm_shards.tars import write_sample
from twnm_sim.clips.adapters.registry import KINDS
from twnm_sim.clips.catalog import Catalog, read_catalog, write_catalog
from twnm_sim.clips.datasets import COLLECTIONS
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.credits import attribute, write_attribution
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.maker import SceneMaker, require_splits
from twnm_sim.scenes.records import iter_credits
from twnm_sim.scenes.run import plan_scenes, run_scenes
from twnm_sim.scenes.store import index_row


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


@pytest.fixture(scope="module")
def root(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes of two splits that came from two runs."""
    root = tmp_path_factory.mktemp("root")
    for split in ("validation", "test"):
        run_scenes(plan_scenes(ask(world, root, 4, splits=(split,))))
    return root


def read_rows(root: Path) -> dict[str, dict[str, str]]:
    with (root / "ATTRIBUTION.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["what"] for row in rows}) == len(rows)
    return {row["what"]: row for row in rows}


def test_every_clip_of_every_split_has_its_row_and_no_other(world: World, root: Path) -> None:
    scenes = [scene for split in ("validation", "test") for scene in read_scenes(root / "scenes" / split)]
    used = {event.clip_id for scene in scenes for event in scene.events}
    rows, clips = read_rows(root), read_catalog(world.catalog).by_id
    assert rows.keys() == used | {f"hrtf:{scenes[0].room.hrtf}"}
    for clip_id in used:
        assert rows[clip_id]["license"] == clips[clip_id].license
        assert rows[clip_id]["author"] == clips[clip_id].uploader != ""
        assert "cut" in rows[clip_id]["changes"]


def test_the_page_says_the_same_as_the_table(root: Path) -> None:
    page = (root / "ATTRIBUTION.md").read_text("utf-8")
    rows = read_rows(root)
    lines = [line for line in page.splitlines() if line.startswith("- ")]
    assert len(lines) == len(rows)
    for row in rows.values():
        (line,) = (line for line in lines if f"`{row['what']}`" in line)
        assert row["author"] in line
        assert row["license"] in line


def test_the_head_is_credited(world: World, root: Path) -> None:
    record = open_brirs(world.brirs).room(0).record
    row = read_rows(root)[f"hrtf:{record.head}"]
    assert (row["author"], row["license"], row["source_url"]) == (record.citation, MIT_KEMAR, record.source_url)


def test_a_collection_is_credited_once_and_with_the_terms_of_the_whole(world: World) -> None:
    room = open_brirs(world.brirs).room(0).record
    clips = [
        make_clip("fsd50k:1"), make_clip("fsd50k:2"), make_clip("clotho:a.wav"), make_clip("esc50:1", label="airplane"),
        make_clip("esc50:2", label="dog bark"), make_clip("esc10:3", label="dog bark"), make_clip("mine:1"),
        make_clip("builtin:bell-0001", path=""),
    ]  # fmt: skip
    rows = {row.what: row for row in attribute(clips, room)}
    assert [row.what for row in attribute(clips, room)] == list(rows)
    collections = {what: row.license for what, row in rows.items() if what.startswith("dataset:")}
    assert collections == {
        "dataset:fsd50k": "CC-BY-4.0",
        "dataset:clotho": "",
        "dataset:esc50": "CC-BY-NC-3.0",
        "dataset:esc10": "CC-BY-3.0",
    }
    assert rows.keys() - collections == {clip.clip_id for clip in clips if clip.path} | {f"hrtf:{room.head}"}
    clotho = rows["dataset:clotho"]
    assert (clotho.author, clotho.source_url) == (
        "K. Drossos, S. Lipping, T. Virtanen",
        "https://zenodo.org/records/4783391",
    )
    assert "captions where a scene has them (LicenseRef-Tampere-NC)" in clotho.changes


def test_of_esc50_the_part_esc10_is_under_its_own_terms(world: World) -> None:
    room = open_brirs(world.brirs).room(0).record
    rows = attribute([make_clip("esc50:2", label="dog bark")], room)
    assert [(row.what, row.license) for row in rows[1:-1]] == [("dataset:esc10", "CC-BY-3.0")]


def test_every_kind_of_dataset_that_is_published_has_a_row() -> None:
    made_here = {"builtin", "espeak"}
    named_by_users = {"folder", "hf", "catalog"}
    assert COLLECTIONS.keys() == KINDS.keys() - made_here - named_by_users | {"emilia-yodas"}
    for name, collection in COLLECTIONS.items():
        assert collection.name == name
        assert all(may_publish(spdx) for spdx in (collection.license, collection.caption_license) if spdx)
        assert collection.title
        assert collection.authors
        assert collection.url.startswith("https://")


def test_the_page_says_where_a_collection_has_no_terms_as_a_whole(world: World, tmp_path: Path) -> None:
    write_attribution(tmp_path, attribute([make_clip("clotho:a.wav")], open_brirs(world.brirs).room(0).record))
    page = (tmp_path / "ATTRIBUTION.md").read_text("utf-8")
    assert "Virtanen (every part under its own terms)" in page


def scenes_of(world: World, licenses: tuple[str, ...], profile: str, count: int = 12) -> list[Scene]:
    """Scenes of two sources from clips under these terms in turn, classes apart."""
    clips = [clip for clip in read_catalog(world.catalog).clips if clip.split == "train"]
    catalog = Catalog(tuple(_license(clip, licenses[n % len(licenses)]) for n, clip in enumerate(clips)))
    spec = SPEC.model_copy(update={"sources": Constant(value=2.0), "classes": "any"})
    maker = SceneMaker(Ingredients(spec, open_brirs(world.brirs), catalog, profile), 3)
    return [maker.make(index, "train").scene for index in range(count)]


def _license(clip: Clip, spdx: str) -> Clip:
    return clip.model_copy(update={"license": spdx})


def terms_in(scene: Scene) -> set[str]:
    return {row.license for row in scene.attribution}


def test_what_may_not_be_mixed_is_not_mixed(world: World) -> None:
    scenes = scenes_of(world, ("CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-4.0"), "research-nc")
    for scene in scenes:
        terms = terms_in(scene) - {MIT_KEMAR}
        assert not {"CC-BY-SA-4.0", "CC-BY-NC-4.0"} <= terms
        strictest = max(terms, key=["CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0"].index)
        assert scene.license == strictest
    assert {scene.license for scene in scenes} == {"CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-4.0"}


def test_an_open_scene_holds_nothing_that_is_not_for_all(world: World) -> None:
    scenes = scenes_of(world, ("CC-BY-NC-4.0", "CC-BY-4.0"), "open")
    assert {spdx for scene in scenes for spdx in terms_in(scene)} == {"CC-BY-4.0", MIT_KEMAR}
    clips = tuple(_license(clip, "CC-BY-NC-4.0") for clip in read_catalog(world.catalog).clips)
    closed = Ingredients(SPEC, open_brirs(world.brirs), Catalog(clips))
    with pytest.raises(SpecError, match=r"^No split has both .* the licence profile open: .* 0/0/0 clips"):
        require_splits(closed)


def test_recipes_may_mix_what_nobody_may_publish(world: World) -> None:
    scenes = scenes_of(world, ("CC-BY-SA-4.0", "LicenseRef-unknown"), "recipe")
    mixed = [scene for scene in scenes if "LicenseRef-unknown" in terms_in(scene)]
    assert {scene.license for scene in mixed} == {"LicenseRef-unpublishable"}
    assert {scene.license for scene in scenes if scene not in mixed} <= {"CC-BY-SA-4.0"}


def test_splits_of_a_fresh_root_have_one_table(world: World, root: Path) -> None:
    assert [split for split in SPLITS if (root / "scenes" / split).is_dir()] == ["validation", "test"]
    assert not list((root / "scenes").glob("**/ATTRIBUTION*"))


def test_credits_are_those_of_all_records(root: Path) -> None:
    for folder in (root / "scenes" / split for split in ("validation", "test")):
        assert set(iter_credits(folder)) == {row for scene in read_scenes(folder) for row in scene.attribution}


def test_clips_of_any_name_are_credited(world: World, tmp_path: Path) -> None:
    """What separates names in a cell of the index may stand in a file's name."""
    clips = [clip for clip in read_catalog(world.catalog).clips if clip.split == "test"]
    names = ["set:a|10.ogg", "set:100%|.ogg", "set:%7C.ogg", "set:|", "set:%25", "set:%"]
    renamed = [clip.model_copy(update={"clip_id": name}) for clip, name in zip(clips, names, strict=True)]
    write_catalog(tmp_path / "c.parquet", renamed)
    request = ask(world, tmp_path, 20, clips=(str(tmp_path / "c.parquet"),), splits=("test",))
    run_scenes(plan_scenes(request))
    used = {event.clip_id for scene in read_scenes(tmp_path / "scenes" / "test") for event in scene.events}
    assert used == set(names)
    assert read_rows(tmp_path).keys() >= used
    assert all(
        str(row["clips"]).count("|") == int(str(row["sources"])) - 1 for row in read_index(tmp_path / "scenes" / "test")
    )


def store_measured(scene: Scene, folder: Path, citations: dict[str, str]) -> Path:
    """The scene in measured rooms, one after the other, each by somebody else."""
    rows = []
    with (folder / "scenes-000000.tar").open("wb") as stream:
        for number, (room_id, citation) in enumerate(citations.items()):
            of_room = Attribution(
                what="room:hall", title="hall", author=citation, source_url="", license="", changes=""
            )
            changes = {"room_id": room_id, "attribution": (of_room,)}
            changes |= {
                "room": scene.room.model_copy(update={"origin": "measured", "room_id": room_id, "name": "hall"})
            }
            measured = scene.model_copy(update=changes)
            place = {"key": f"scene-{number:06d}", "shard": "scenes-000000.tar", "offset": stream.tell()}
            write_sample(stream, str(place["key"]), [("json", measured.model_dump_json().encode())])
            rows.append({**place, **index_row(measured)})
    write_index(folder, rows)
    return folder


def test_measured_rooms_of_one_name_are_each_credited(root: Path, tmp_path: Path) -> None:
    scene = read_scenes(root / "scenes" / "test")[0]
    citations = {"room-000001": "who was first", "room-000002": "who came later"}
    credited = iter_credits(store_measured(scene, tmp_path, citations))
    assert [row.author for row in credited] == list(citations.values())
