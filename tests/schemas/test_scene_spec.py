"""What a scene's spec and recipe may say."""

import pytest
from pydantic import ValidationError

from twnm_schemas.constraints import Farthest, SameClass, Sides
from twnm_schemas.distributions import Choice, Constant, Uniform
from twnm_schemas.scenes import EventRecipe, Interval, SceneRecipe, SceneSpec


def test_the_defaults_are_the_issues():
    spec = SceneSpec()
    assert spec.duration_s == 5.0
    assert spec.outputs == ("binaural",)
    assert spec.loudness.unit == "lufs"
    assert spec.audible
    assert spec.sources.bounds() == (1.0, 4.0)


def test_a_spec_comes_back_from_json_and_leaves_no_room_for_misspelling():
    spec = SceneSpec(constraints=(Farthest(ratio=2.0),), sources=Constant(value=3.0), noise_dbfs=Constant(value=-60.0))
    assert SceneSpec.model_validate_json(spec.model_dump_json()) == spec
    with pytest.raises(ValidationError, match="loudnes"):
        SceneSpec.model_validate({"loudnes": {}})


def test_as_many_sources_as_included_classes_are_enough():
    spec = SceneSpec(include=("dog", "rain"), constraints=(SameClass(),), sources=Constant(value=4.0))
    assert SceneSpec.model_validate_json(spec.model_dump_json()) == spec
    assert SceneSpec().include == ()


def test_binaural_comes_first_and_is_always_there():
    assert SceneSpec(outputs=("foa", "binaural")).outputs == ("binaural", "foa")
    assert SceneSpec(outputs=("binaural", "binaural")).outputs == ("binaural",)
    with pytest.raises(ValidationError, match="a scene has a binaural output; foa comes beside it"):
        SceneSpec(outputs=("foa",))
    with pytest.raises(ValidationError):
        SceneSpec(outputs=())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sources": Constant(value=0.0)}, "sources: a scene has 1 to 16 sources, not 0 to 0"),
        ({"sources": Choice(values=(1.0, 17.0))}, "sources: a scene has 1 to 16 sources, not 1 to 17"),
        ({"onset_s": Uniform(low=0.0, high=5.0)}, "onset_s: clips begin within the scene"),
        ({"onset_s": Uniform(low=-0.1, high=1.0)}, "onset_s: clips begin within the scene"),
        ({"duration_s": 1.0}, "onset_s: clips begin within the scene"),
        ({"duration_s": 61.0}, "less than or equal to 60"),
        ({"constraints": (Farthest(ratio=2.0),)}, "'farthest by 2x' needs 2 sources or more, and as few as 1 may be"),
        (
            {"constraints": (SameClass(times=3),), "sources": Constant(value=2.0)},
            "'same class 3 times' needs 3 sources",
        ),
        ({"constraints": (Sides(left=2),)}, "'2 on the left by 15 degrees' needs 2 sources or more, and as few as 1"),
        (
            {"include": ("a", "b")},
            "sources: to include 2 of given classes needs 2 sources or more, and as few as 1 may",
        ),
        (
            {"include": ("a", "b"), "constraints": (SameClass(),), "sources": Constant(value=3.0)},
            "sources: to include 2 of given classes beside 'same class twice' needs 4 sources or more",
        ),
        ({"include": ("",)}, "at least 1 character"),
        ({"constraints": (SameClass(), SameClass()), "sources": Constant(value=3.0)}, "same_class can be asked once"),
        ({"placement": {"distance_m": Interval.model_construct(low=3.0, high=2.0)}}, "low 3.0 is above high 2.0"),
        ({"ambience": {"colours": ()}}, "at least 1 item"),
        ({"sample_rate": 4000}, "greater than or equal to 8000"),
        ({"min_overlap_s": -1.0}, "greater than or equal to 0"),
    ],
)
def test_a_spec_that_cannot_be_is_refused_with_the_reason(changes, reason):
    settings = {
        name: value if not hasattr(value, "model_dump") else value.model_dump() for name, value in changes.items()
    }
    if "placement" in changes:
        settings["placement"] = {"distance_m": {"low": 3.0, "high": 2.0}}
    with pytest.raises(ValidationError, match=reason):
        SceneSpec.model_validate(settings)


EVENT = {
    "clip_id": "a:1",
    "clip_sha256": "",
    "source_index": 0,
    "clip_start": 0,
    "fade_in": 0,
    "fade_out": 0,
    "level_dbfs": -20.0,
    "gain_db": 0.0,
}
RECIPE = {
    "index": 0,
    "seed": 0,
    "composer": "scene-1",
    "room_id": "room-000000",
    "room_fingerprint": "",
    "sample_rate": 44100,
    "samples": 1000,
    "loudness_unit": "lufs",
    "loudness": -20.0,
    "ambience": None,
    "noise_dbfs": None,
    "outputs": ("binaural",),
    "stems": False,
    "dry": False,
}


@pytest.mark.parametrize(("emitted", "length", "late"), [(0, 1000, 0), (999, 1, 0), (1, 1000, 1), (1000, 1, 1)])
def test_events_end_within_the_scene(emitted, length, late):
    event = EventRecipe(**EVENT, emitted=emitted, length=length)
    if not late:
        assert SceneRecipe(**RECIPE, events=(event,)).events == (event,)
    else:
        with pytest.raises(ValidationError, match=r"events\.0: it ends 1 samples late"):
            SceneRecipe(**RECIPE, events=(event,))


def test_a_recipe_has_events_of_some_length():
    with pytest.raises(ValidationError):
        SceneRecipe(**RECIPE, events=())
    with pytest.raises(ValidationError):
        EventRecipe(**EVENT, emitted=0, length=0)
