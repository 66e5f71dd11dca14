"""Worlds read from real records, and statements that are all true and none too close to call."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_questions import make_small_scenes
from worlds import NAMES, lateral_of, make_sound, make_world

from twnm_bench.facts import (
    World,
    angle_apart,
    classes_of,
    grid_value,
    list_facts,
    mirror_world,
    pick,
    quote,
    read_world,
    tells_distance,
)
from twnm_bench.programs import judge_claim, run_program
from twnm_schemas.scenes import Scene


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return make_small_scenes()


def test_a_world_is_what_the_record_says(scenes: list[Scene]) -> None:
    for scene in scenes:
        world = read_world(scene)
        assert [sound.onset_s for sound in world.sounds] == sorted(sound.onset_s for sound in world.sounds)
        assert sorted(sound.index for sound in world.sounds) == [event.index for event in scene.events]
        assert world.t_mid_s == scene.room.acoustics.t_mid_s
        assert (world.size_category, world.absorption_class) == (scene.room.size_category, scene.room.absorption_class)
        assert world.duration_s == scene.duration_s
        for sound in world.sounds:
            event = scene.events[sound.index]
            assert sound.name == event.label
            assert (sound.azimuth_deg, sound.elevation_deg) == (event.azimuth_deg, event.elevation_deg)
            assert (sound.distance_m, sound.drr_db) == (event.distance_m, event.acoustics.broadband.drr_db)
            assert sound.lateral_deg == pytest.approx(lateral_of(event.azimuth_deg, event.elevation_deg), abs=0.01)
            assert (sound.onset_s, sound.offset_s) == (event.onset_s, event.offset_s)
            assert sound.classes >= {event.label, *event.ancestors}


def test_the_small_scenes_are_laid_out_as_they_were_written(scenes: list[Scene]) -> None:
    """Two at 1.5 m to both sides; exchanged; one ahead; one far to the left behind one ahead; three."""
    told = [
        {sound.name: (round(sound.azimuth_deg), round(sound.distance_m or 0.0, 3)) for sound in read_world(s).sounds}
        for s in scenes
    ]
    assert told[0] == {"dog": (90, 1.5), "bell": (270, 1.5)}
    assert told[1] == {"bell": (90, 1.5), "dog": (270, 1.5)}
    assert told[2] == {"dog": (0, 1.0)}
    assert told[3] == {"dog": (90, 3.0), "bell": (0, 1.0)}
    assert told[4] == {"dog": (90, 1.5), "bell": (270, 1.5), "horn": (0, 1.0)}


def test_what_is_not_audible_in_the_record_is_not_in_the_world(scenes: list[Scene]) -> None:
    event = scenes[0].events[0]
    muted = scenes[0].model_copy(
        update={"events": (event.model_copy(update={"audible_s": 0.0}), *scenes[0].events[1:])}
    )
    by_index = {sound.index: sound.is_audible for sound in read_world(muted).sounds}
    assert by_index == {0: False, 1: True}
    assert judge_claim(f"has(scene(), label={quote(event.label)})", read_world(muted)) is False


def test_an_unmeasurable_reverberation_says_why(scenes: list[Scene]) -> None:
    room = scenes[0].room
    acoustics = room.acoustics.model_copy(update={"t_mid_s": None})
    dry = scenes[0].model_copy(update={"room": room.model_copy(update={"acoustics": acoustics})})
    world = read_world(dry)
    assert world.t_mid_s is None
    assert world.why_null in ("dry", "live", "unknown")
    assert read_world(scenes[3]).why_null == ""


def test_statements_of_real_scenes_are_true(scenes: list[Scene]) -> None:
    for scene in scenes:
        facts = list_facts(read_world(scene))
        assert facts
        assert all(judge_claim(fact.claim, read_world(scene)) is True for fact in facts)
    kinds = {fact.kind for scene in scenes for fact in list_facts(read_world(scene))}
    assert kinds == {"present", "count", "side", "sector5", "sector8", "quarter", "height", "reverberation", "nearer"}


@st.composite
def _worlds(draw: st.DrawFn) -> World:
    names = draw(st.lists(st.sampled_from(NAMES[:12]), max_size=6))
    sounds = [
        make_sound(
            name,
            draw(st.floats(-180.0, 180.0)),
            draw(st.one_of(st.none(), st.floats(0.3, 12.0))),
            draw(st.floats(-60.0, 60.0)),
            draw(st.one_of(st.none(), st.floats(-20.0, 30.0))),
            audible=draw(st.integers(0, 5)) > 0,
        )
        for name in names
    ]
    return make_world(*sounds, t_mid_s=draw(st.one_of(st.none(), st.floats(0.1, 6.0))))


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(_worlds())
def test_every_statement_is_true_and_of_what_is_heard(world: World) -> None:
    heard = {sound.index for sound in world.sounds if sound.is_audible}
    for fact in list_facts(world):
        assert judge_claim(fact.claim, world) is True
        assert set(fact.about) <= heard
        assert fact.margin >= 1.0 - 1e-9


def test_statements_of_a_sound_and_a_kind_of_it_are_true() -> None:
    world = make_world(make_sound("bell", 60.0), make_sound("church bell", -60.0, classes=("bell",)))
    assert all(judge_claim(fact.claim, world) is True for fact in list_facts(world))


def test_which_of_two_alike_is_meant_is_not_said() -> None:
    world = make_world(make_sound("rain", 60.0, 1.0), make_sound("rain", -60.0, 4.0), make_sound("siren", 0.0, 2.0))
    told = [fact.kind for fact in list_facts(world) if set(fact.about) & {0, 1}]
    assert set(told) == {"present"}


@pytest.mark.parametrize(("ratio", "told"), [(1.49, False), (1.51, True)])
def test_of_distances_nearly_alike_nothing_is_said(ratio: float, told: bool) -> None:
    world = make_world(make_sound("rain", 60.0, 2.0), make_sound("siren", -60.0, 2.0 * ratio))
    nearer = [fact for fact in list_facts(world) if fact.kind == "nearer"]
    assert [fact.about for fact in nearer] == ([(0, 1)] if told else [])


@pytest.mark.parametrize(("drr", "told"), [(2.0, True), (2.1, False), (None, False)])
def test_of_distances_that_the_room_does_not_tell_nothing_is_said(drr: float | None, told: bool) -> None:
    """The nearer sound must be drier by a decibel."""
    world = make_world(make_sound("rain", 60.0, 1.0, drr=3.0), make_sound("siren", -60.0, 4.0, drr=drr))
    assert ("nearer" in {fact.kind for fact in list_facts(world)}) == told


@pytest.mark.parametrize(("at_place_s", "told"), [(None, True), (0.6, True), (0.63, False)])
def test_of_a_room_that_is_another_one_at_a_sound_s_place_nothing_is_said(at_place_s: float | None, told: bool) -> None:
    world = make_world(make_sound("rain", 60.0, t_mid_s=0.5), make_sound("siren", -60.0, t_mid_s=at_place_s))
    assert ("reverberation" in {fact.kind for fact in list_facts(world)}) == told


def test_classes_are_words_and_ids_with_all_that_is_broader() -> None:
    """A dog (/m/0bt9lr) is a pet (/m/068hy) and an animal (/m/0jbk) in the AudioSet ontology."""
    classes = classes_of("dog barking", ("Dog", "Bark"), ("Animal",), ("", "/m/0bt9lr"))
    assert {"dog barking", "dog", "bark", "animal", "/m/0bt9lr", "/m/068hy", "/m/0jbk"} == classes


@pytest.mark.parametrize("azimuth", [0.0, 36.0, 135.0, 200.0, 270.0, 359.9])
@pytest.mark.parametrize("elevation", [-40.0, 0.0, 25.0])
def test_a_mirrored_world_is_the_one_of_exchanged_ears(azimuth: float, elevation: float) -> None:
    sound = make_sound("rain", azimuth, elevation=elevation)
    (mirrored,) = mirror_world(make_world(sound)).sounds
    expected = make_sound("rain", -azimuth, elevation=elevation)
    assert mirrored.azimuth_deg == pytest.approx(expected.azimuth_deg)
    assert mirrored.lateral_deg == pytest.approx(expected.lateral_deg, abs=1e-9)
    assert replace(mirrored, azimuth_deg=0.0, lateral_deg=0.0) == replace(sound, azimuth_deg=0.0, lateral_deg=0.0)


def test_angles_between_sounds_are_those_of_the_great_circle() -> None:
    assert angle_apart(make_sound("a", 10.0), make_sound("b", -20.0)) == pytest.approx(30.0)
    assert angle_apart(make_sound("a", 0.0), make_sound("b", 180.0)) == pytest.approx(180.0)
    # near the zenith a turn of 180 degrees is a small step
    assert angle_apart(make_sound("a", 0.0, elevation=80.0), make_sound("b", 180.0, elevation=80.0)) == pytest.approx(
        20
    )


@pytest.mark.parametrize("grid", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_a_value_of_the_grid_is_at_least_1_6_times_nearer_than_the_next(grid: float) -> None:
    for factor in (0.815, 0.9, 1.0, 1.1, 1.23):
        assert grid_value(grid * factor) == grid
    assert grid_value(grid * 1.24) is None
    assert grid_value(grid / 1.24) is None
    assert 2.0 / 1.2311444**1 / 1.0 > 1.6  # the next value of the grid is a factor 2 away


def test_distances_are_told_by_the_room_alone() -> None:
    assert tells_distance(make_sound("rain", drr=20.0))
    assert not tells_distance(make_sound("rain", drr=20.5))
    assert not tells_distance(make_sound("rain", drr=-10.5))
    assert not tells_distance(make_sound("rain", drr=None))
    assert not tells_distance(make_sound("rain", distance=None))


def test_a_program_picks_the_one_sound_of_a_name() -> None:
    world = make_world(make_sound('the "big" bell', 60.0), make_sound("bell", -60.0))
    assert run_program(pick('the "big" bell'), world).sound.index == 0
    assert run_program(pick("bell"), world).sound.index == 1
