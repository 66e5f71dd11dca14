"""What is heard, how many, in what room: each question is broken by a small change of its scene."""

from dataclasses import replace
from itertools import pairwise

import pytest
from broken_scenes import (
    Case,
    Cases,
    Outcome,
    Told,
    ask_case,
    check_apart,
    check_break,
    list_apart,
    list_breaks,
    variants_of,
)
from worlds import change, drop, make_inventory, make_sound, make_world

from twnm_bench.facts import World
from twnm_bench.families.base import RejectedError
from twnm_bench.families.environmental_acoustics import KINDS, say_seconds
from twnm_bench.programs import run_program


def _add(world: World, *names: str) -> World:
    sounds = [*world.sounds, *(make_sound(name, 100.0 + 40.0 * place) for place, name in enumerate(names))]
    return replace(world, sounds=make_world(*sounds).sounds)


_SIREN = make_world(make_sound("siren", 40.0), make_sound("guitar", -40.0))
_FOUR = make_world(*(make_sound(n, 60.0 * k) for k, n in enumerate(("car horn", "guitar", "flute", "drum"))))
_THREE = make_world(make_sound("rain", 0.0), make_sound("siren", 60.0), make_sound("guitar", -60.0))
_FIVE = make_world(*(make_sound(n, 60.0 * k) for k, n in enumerate(("rain", "siren", "guitar", "flute", "drum"))))
_SIDES = make_world(*(make_sound(n, a) for n, a in zip(("rain", "siren", "guitar", "drum"), (40, 80, -40, -80))))  # noqa: B905
_CASES: Cases = {
    ("content_identification", "which_heard"): Case(
        _SIREN,
        "siren",
        (
            ("muted", change(_SIREN, "siren", audible=False), "sound_not_audible"),
            ("taken away", drop(_SIREN, "siren"), "not_in_scene"),
            ("heard twice", _add(_SIREN, "siren"), "label_twice"),
            ("one of its group beside it", _add(_SIREN, "car horn"), "labels_too_few"),
            ("too many", _add(_SIREN, "rain", "drum"), "too_many_sounds"),
        ),
    ),
    ("content_identification", "which_missing"): Case(
        _FOUR,
        "siren",
        (
            ("one silenced", change(_FOUR, "flute", audible=False), "sound_not_audible"),
            ("one taken away", drop(_FOUR, "flute"), "not_four_sounds"),
            ("the missing one comes", _add(drop(_FOUR, "flute"), "siren"), "not_absent"),
            ("its like goes", _add(drop(_FOUR, "car horn"), "rain"), "absent_sound_unlike_all"),
            (
                "a long name comes",
                _add(drop(_FOUR, "flute"), "lawn mower in a garden behind a row of houses"),
                "option_lengths",
            ),
        ),
    ),
    ("source_counting", "how_many"): Case(
        _THREE,
        "3",
        (
            ("one muted", change(_THREE, "rain", audible=False), "sound_not_audible"),
            ("one taken away", drop(_THREE, "rain"), Told("2")),
            ("one more", _add(_THREE, "flute"), Told("4")),
            ("two side by side", change(_THREE, "rain", azimuth=31.0), "directions_alike"),
            ("one after the other", change(_THREE, "rain", onset=2.45, offset=4.0), "sounds_apart_in_time"),
        ),
    ),
    ("source_counting", "how_many_on_a_side"): Case(
        _SIDES,
        "2",
        (
            ("one goes over", change(_SIDES, "siren", azimuth=-10.0 - 90.0), ("other_count",)),
            ("one in the middle", change(_SIDES, "siren", azimuth=10.0), "near_the_middle"),
            ("one behind", change(_SIDES, "siren", azimuth=170.0), "near_the_middle"),
            ("one muted", change(_SIDES, "siren", audible=False), "sound_not_audible"),
            ("one taken away", drop(_SIDES, "siren"), "other_count"),
        ),
    ),
    ("source_counting", "how_many_of_many"): Case(
        _FIVE,
        "5",
        (
            ("one taken away", drop(_FIVE, "rain"), Told("4")),
            ("one muted", change(_FIVE, "rain", audible=False), "sound_not_audible"),
            ("two side by side", change(_FIVE, "rain", azimuth=40.0), "directions_alike"),
        ),
    ),
    ("environmental_acoustics", "reverberation_time"): Case(
        _SIREN,
        "0.5",
        (
            ("another room", replace(_SIREN, t_mid_s=1.05), Told("1.0")),
            ("a room between", replace(_SIREN, t_mid_s=0.71), "reverberation_not_clear"),
            ("a dry room", replace(_SIREN, t_mid_s=None), "reverberation_not_clear"),
            ("sound to the end", change(_SIREN, "siren", offset=4.96), "no_decay_heard"),
        ),
    ),
    ("environmental_acoustics", "room_kind"): Case(
        _SIREN,
        "small hard",
        (
            ("another room", replace(_SIREN, size_category="large"), Told("large hard")),
            ("other walls", replace(_SIREN, absorption_class="low_reverberation"), Told("small soft")),
            ("a room between", replace(_SIREN, size_category="medium"), "room_between_kinds"),
            ("walls between", replace(_SIREN, absorption_class="mid_reverberation"), "room_between_kinds"),
            ("sound to the end", change(_SIREN, "siren", offset=4.96), "no_decay_heard"),
        ),
    ),
}


@pytest.mark.parametrize(("task", "name", "case", "world", "outcome"), list_breaks(_CASES))
def test_a_small_change_tells(task: str, name: str, case: Case, world: World, outcome: Outcome) -> None:
    check_break(task, name, case, world, outcome)


@pytest.mark.parametrize(("task", "name", "case"), list_apart(_CASES))
def test_sounds_in_nearly_one_direction_are_not_asked_about(task: str, name: str, case: Case) -> None:
    check_apart(task, name, case)


def test_every_variant_is_broken() -> None:
    assert set(_CASES) == variants_of("perception")


@pytest.mark.parametrize(("azimuth", "counts"), [(80.0, (2, 2)), (-100.0, (1, 3))])
def test_a_sound_that_goes_over_to_the_other_side_is_counted_there(azimuth: float, counts: tuple[int, int]) -> None:
    moved = change(_SIDES, "siren", azimuth=azimuth)
    for count in set(counts):
        draft = ask_case("source_counting", "how_many_on_a_side", moved, str(count))
        assert counts[("left", "right").index(draft.slots["side"])] == count
        assert draft.options[0].text == ("One sound", "Two sounds", "Three sounds")[count - 1]


def test_no_sound_on_a_side_is_an_answer_too() -> None:
    world = make_world(*(make_sound(n, a) for n, a in (("rain", 30), ("siren", 60), ("guitar", 90), ("drum", 120))))
    draft = ask_case("source_counting", "how_many_on_a_side", world, "0")
    assert draft.slots == {"side": "right"}
    assert draft.options[0].text == "No sounds"


def test_what_is_heard_is_asked_among_its_like() -> None:
    draft = ask_case("content_identification", "which_heard", _SIREN, "siren")
    assert {" ".join(option.text.split()[-2:]) for option in draft.options} == {
        "a siren", "alarm clock", "smoke alarm", "car horn"
    }  # fmt: skip
    assert draft.options[0].text.endswith("a siren")


def test_the_like_of_the_missing_sound_is_not_shown() -> None:
    draft = ask_case("content_identification", "which_missing", _FOUR, "siren")
    assert [option.text.split()[-1] for option in draft.options] == ["siren", "guitar", "flute", "drum"]


def test_reverberation_times_of_rooms_that_are_not_there_are_no_options() -> None:
    times = (0.26, 0.5, 0.98, 1.9)
    draft = ask_case("environmental_acoustics", "reverberation_time", _SIREN, "0.5", make_inventory(times_s=times))
    assert {option.text for option in draft.options} == {say_seconds(t) for t in (0.25, 0.5, 1.0, 2.0)}
    with pytest.raises(RejectedError, match="reverberation_times_too_few"):
        ask_case("environmental_acoustics", "reverberation_time", _SIREN, "0.5", make_inventory(times_s=times[:3]))


def test_options_of_times_are_a_factor_two_apart() -> None:
    draft = ask_case("environmental_acoustics", "reverberation_time", _SIREN, "0.5")
    values = sorted(float(option.text.split()[1]) for option in draft.options)
    assert all(later / earlier >= 2.0 for earlier, later in pairwise(values))


@pytest.mark.parametrize("name", ["reverberation_time", "room_kind"])
def test_every_sound_dies_away_before_the_scene_ends(name: str) -> None:
    answer = _CASES["environmental_acoustics", name].answer
    assert ask_case("environmental_acoustics", name, change(_SIREN, "siren", offset=4.95), answer).answer == answer
    with pytest.raises(RejectedError, match="no_decay_heard"):
        ask_case("environmental_acoustics", name, change(_SIREN, "guitar", offset=4.96), answer)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_room_is_size_and_walls(kind: str) -> None:
    size, walls = kind.split()
    absorption = {"hard": "high_reverberation", "soft": "low_reverberation"}[walls]
    assert run_program("room_kind(scene())", replace(_SIREN, size_category=size, absorption_class=absorption)) == kind
