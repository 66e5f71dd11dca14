"""A composed scene as members of a shard: audio at face value, and a record that says what it decodes to."""

from dataclasses import replace

import numpy as np
import pytest
from scene_runs import RATE, SPEC, World, make_world

from twnm_schemas.distributions import Constant
from twnm_schemas.scenes import Scene
from twnm_shards.flac import check_flac, decode_flac
from twnm_sim.clips.catalog import read_catalog
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.compose import Composed
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.maker import SceneMaker
from twnm_sim.scenes.store import index_row, pack_scene

HALF_STEP = 2.0**-24


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


@pytest.fixture(scope="module")
def composed(world: World) -> Composed:
    changes = {"sources": Constant(value=2.0), "outputs": ("binaural", "foa"), "stems": True, "dry": True}
    spec = SPEC.model_validate({**SPEC.model_dump(), **changes, "ambience": {}})
    ingredients = Ingredients(spec, open_brirs(world.brirs), read_catalog(world.catalog))
    return SceneMaker(ingredients, 3).make(4, "train")


def test_members_follow_the_record_in_its_order(composed: Composed) -> None:
    sample, scene = pack_scene(composed)
    names = ["flac", "foa.flac", "stem0.flac", "stem1.flac", "ambience.flac", "dry0.flac", "dry1.flac"]
    assert [ext for ext, _ in sample.members] == ["json", *names]
    assert [member.ext for member in scene.audio] == names
    assert [member.channels for member in scene.audio] == [2, 4, 2, 2, 2, 1, 1]
    assert sample.key == scene.scene_id == "scene-000004"
    assert Scene.model_validate_json(dict(sample.members)["json"]) == scene


def test_what_is_stored_decodes_to_what_was_composed(composed: Composed) -> None:
    sample, scene = pack_scene(composed)
    stored = dict(sample.members)
    for member, (_, what, audio_CT) in zip(scene.audio, composed.members(), strict=True):
        decoded_CT, rate = decode_flac(stored[member.ext], member.scale)
        assert (rate, member.what) == (RATE, what)
        assert np.abs(decoded_CT - audio_CT).max() <= member.scale * HALF_STEP
        assert check_flac(stored[member.ext]).pcm_sha256 == member.pcm_sha256


def test_stored_stems_and_background_sum_to_the_mixture(composed: Composed) -> None:
    sample, scene = pack_scene(composed)
    stored = dict(sample.members)
    audio = {member.ext: decode_flac(stored[member.ext], member.scale)[0] for member in scene.audio}
    total_CT = audio["stem0.flac"] + audio["stem1.flac"] + audio["ambience.flac"]
    assert np.abs(total_CT - audio["flac"]).max() < 4 * 2 * HALF_STEP


def test_a_stem_louder_than_full_scale_is_stored_with_its_scale(composed: Composed) -> None:
    loudest = float(np.abs(composed.stems_SCT).max())
    loud = replace(composed, stems_SCT=composed.stems_SCT * np.float32(5.0 / loudest))
    sample, scene = pack_scene(loud)
    stems = [member for member in scene.audio if member.what == "stem"]
    assert max(member.scale for member in stems) == 8.0  # the power of two over the peak of 5
    for member, stem_CT in zip(stems, loud.stems_SCT, strict=True):
        decoded_CT, _ = decode_flac(dict(sample.members)[member.ext], member.scale)
        assert np.abs(decoded_CT - stem_CT).max() <= member.scale * HALF_STEP


def test_a_recipe_stores_no_audio_and_promises_the_same(composed: Composed) -> None:
    recipe = replace(composed, scene=composed.scene.model_copy(update={"license_profile": "recipe"}))
    sample, scene = pack_scene(recipe)
    assert [ext for ext, _ in sample.members] == ["json"]
    assert scene.audio == pack_scene(composed)[1].audio
    assert [ext for ext, _ in pack_scene(recipe, with_audio=True)[0].members] == [
        ext for ext, _ in pack_scene(composed)[0].members
    ]


def test_a_row_says_what_the_record_says(composed: Composed) -> None:
    scene = composed.scene
    row = index_row(scene)
    assert row["sources"] == 2
    assert str(row["clips"]).split("|") == [event.clip_id for event in scene.events]
    assert str(row["labels"]).split("|") == [event.label for event in scene.events]
    assert row["lowest_snr_db"] == min(event.snr_db for event in scene.events if event.snr_db is not None)
    assert (row["split"], row["license"], row["room_id"]) == (scene.split, scene.license, scene.room_id)
