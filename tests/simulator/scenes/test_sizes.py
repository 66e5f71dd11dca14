"""How large scenes are said to be: by their spec alone, and about right."""

import numpy as np
import pytest
from scene_runs import RATE, SPEC, World, make_world

from twnm_schemas.distributions import Choice, Constant, Uniform
from twnm_schemas.scenes import AmbienceSpec, SceneSpec
from twnm_sim.clips.scan import scan_clips
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.maker import SceneMaker
from twnm_sim.scenes.sizes import predict_scene_bytes
from twnm_sim.scenes.store import pack_scene

EVERYTHING = SceneSpec(ambience=AmbienceSpec(), outputs=("binaural", "foa"), stems=True, dry=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory)


@pytest.mark.parametrize("spec", [SceneSpec(), EVERYTHING], ids=["default", "everything"])
@pytest.mark.parametrize("profile", ["open", "recipe"])
def test_scenes_are_about_as_large_as_predicted(world: World, spec: SceneSpec, profile: str) -> None:
    ingredients = Ingredients(spec, open_brirs(world.brirs), scan_clips(["builtin"]), profile)
    maker = SceneMaker(ingredients, 5)
    scenes = [pack_scene(maker.make(index, "train"))[0] for index in range(8)]
    stored = np.mean([sum(512 + len(data) + -len(data) % 512 for _, data in scene.members) for scene in scenes])
    predicted = predict_scene_bytes(spec, RATE, stores_audio=profile != "recipe")
    assert 0.75 < predicted / stored < 1.33


def test_what_more_is_stored_makes_scenes_larger() -> None:
    base = predict_scene_bytes(SPEC, RATE)
    assert predict_scene_bytes(SPEC, 3 * RATE) > 2 * base
    more = [
        {"duration_s": 2.0},
        {"outputs": ("binaural", "foa")},
        {"stems": True},
        {"dry": True},
        {"noise_dbfs": Constant(value=-60.0)},
        {"ambience": AmbienceSpec()},
        {"sources": Constant(value=3.0)},
        {"sources": Uniform(low=1.6, high=4.4)},
        {"sources": Choice(values=(1.0, 4.0))},
    ]
    assert all(predict_scene_bytes(SPEC.model_copy(update=changes), RATE) > base for changes in more)
    assert predict_scene_bytes(SPEC, RATE, stores_audio=False) < 0.5 * base
    quieter = SPEC.model_copy(update={"gain_db": Constant(value=-20.0), "audible": False})
    assert predict_scene_bytes(quieter, RATE) == base
