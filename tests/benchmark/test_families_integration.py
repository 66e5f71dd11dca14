"""What is where, and what belongs to what: each question is broken by a small change of its scene."""

from dataclasses import replace

import numpy as np
import pytest
from broken_scenes import (
    Case,
    Cases,
    Outcome,
    Told,
    ask_case,
    check_apart,
    check_break,
    count_dealt,
    list_apart,
    list_breaks,
    variants_of,
)
from worlds import change, drop, exchange, make_sound, make_world

from twnm_bench.facts import World, mirror_world
from twnm_bench.families.attribute_binding import deal_exchanges
from twnm_bench.families.base import RejectedError
from twnm_bench.programs import judge_claim
from twnm_shards.rng import rng_for

_PAIR = make_world(make_sound("rain", 36.0), make_sound("dog barking", -75.0))
_AROUND = make_world(make_sound("rain", 135.0), make_sound("dog barking", -90.0), make_sound("guitar", 0.0))
_HIGH = make_world(make_sound("rain", 60.0, elevation=40.0), make_sound("dog barking", -60.0))
_NEAR = make_world(make_sound("dog barking", 60.0, 1.0), make_sound("rain", -60.0, 3.0))
_ROW = make_world(make_sound("dog barking", 60.0), make_sound("guitar", 0.0), make_sound("rain", -60.0))
_CELLS = make_world(
    make_sound("rain", 36.0),
    make_sound("dog barking", -36.0),
    make_sound("guitar", -80.0),
    make_sound("drum", 150.0),
)
_SIDES = make_world(
    make_sound("rain", 40.0, 1.0),
    make_sound("siren", 80.0, 3.0),
    make_sound("drum", -40.0, 1.2),
    make_sound("guitar", -80.0, 3.0),
)
_CASES: Cases = {
    ("sound_location_binding", "direction"): Case(
        _PAIR,
        "front-left",
        (
            ("to the edge of its sector", change(_PAIR, "rain", azimuth=45.0), "no_sound_there"),
            ("to the other side", change(_PAIR, "rain", azimuth=-36.0), Told("front-right")),
            ("straight ahead", change(_PAIR, "rain", azimuth=7.9), Told("ahead")),
            ("another one behind", change(_PAIR, "dog barking", azimuth=180.0), "behind_the_listener"),
            ("drowned", change(_PAIR, "rain", drr=-10.1), "direction_drowned"),
            ("too high", change(_PAIR, "rain", elevation=20.1), "no_sound_there"),
            ("muted", change(_PAIR, "rain", audible=False), "sound_not_audible"),
            ("alone", drop(_PAIR, "dog barking"), "one_sound_only"),
        ),
    ),
    ("sound_location_binding", "direction_around"): Case(
        _AROUND,
        "back-left",
        (
            ("to the edge of its sector", change(_AROUND, "rain", azimuth=150.0), "no_sound_there"),
            ("to the front", change(_AROUND, "rain", azimuth=45.0), Told("front-left")),
            ("drowned", change(_AROUND, "rain", drr=-10.1), "direction_drowned"),
            ("muted", change(_AROUND, "guitar", audible=False), "sound_not_audible"),
            ("exchanged with the right one", exchange(_AROUND, "rain", "dog barking"), Told("back-left")),
        ),
    ),
    ("sound_location_binding", "height"): Case(
        _HIGH,
        "left above",
        (
            ("between the heights", change(_HIGH, "rain", elevation=20.0), "no_sound_there"),
            ("at ear level", change(_HIGH, "rain", elevation=0.0), Told("left level")),
            ("to the other side", change(_HIGH, "rain", azimuth=-60.0), Told("right above")),
            ("overhead", change(_HIGH, "rain", elevation=80.0), "no_sound_there"),
            ("drowned", change(_HIGH, "rain", drr=-10.1), "direction_drowned"),
        ),
    ),
    ("attribute_binding", "two_sounds"): Case(
        _NEAR,
        "near left",
        (
            ("exchanged", exchange(_NEAR, "rain", "dog barking"), Told("far right")),
            ("mirrored", mirror_world(_NEAR), Told("near right")),
            ("the near one goes away", change(_NEAR, "dog barking", distance=6.5), Told("far left")),
            ("distances alike", change(_NEAR, "rain", distance=1.9), "distances_alike"),
            ("on one side", change(_NEAR, "rain", azimuth=30.0), "same_side"),
            ("in the middle", change(_NEAR, "rain", azimuth=-10.0), "near_the_middle"),
            ("too dry", replace(_NEAR, t_mid_s=None), "too_dry_for_distance"),
            ("hardly any room", change(_NEAR, "rain", drr=20.1), "distance_not_heard"),
            ("distance unknown", change(_NEAR, "rain", distance=None), "distance_not_heard"),
            ("drowned", change(_NEAR, "rain", drr=-10.1), "direction_drowned"),
            ("alone", drop(_NEAR, "rain"), "not_two_sounds"),
        ),
    ),
    ("attribute_binding", "three_sounds"): Case(
        _ROW,
        "0>1",
        (
            ("two exchanged", exchange(_ROW, "rain", "guitar"), Told("1>0")),
            ("two others exchanged", exchange(_ROW, "rain", "dog barking"), Told("5>0")),
            ("beside ahead", change(_ROW, "guitar", azimuth=11.0), "places_not_clear"),
            ("behind", change(_ROW, "guitar", azimuth=180.0), "places_not_clear"),
            ("two on the left", change(_ROW, "rain", azimuth=90.0), "places_not_clear"),
            ("too high", change(_ROW, "guitar", elevation=20.1), "too_high_or_low"),
            ("drowned", change(_ROW, "guitar", drr=-10.1), "direction_drowned"),
            ("one taken away", drop(_ROW, "guitar"), "not_three_sounds"),
        ),
    ),
    ("location_content_binding", "what_is_there"): Case(
        _CELLS,
        "rain",
        (
            ("another one near its cell", change(_CELLS, "guitar", azimuth=0.0), "near_sector_edge"),
            ("another one beside it", change(_CELLS, "guitar", azimuth=40.0), "directions_alike"),
            (
                "another one in its cell, far above it",
                change(change(_CELLS, "guitar", azimuth=40.0, elevation=20.0), "rain", elevation=-20.0),
                "not_in_scene",
            ),
            ("to the edge of its cell", change(_CELLS, "rain", azimuth=45.0), "near_sector_edge"),
            ("exchanged with another", exchange(_CELLS, "rain", "dog barking"), Told("dog barking")),
            ("drowned", change(_CELLS, "rain", drr=-10.1), "direction_drowned"),
            ("behind", change(_CELLS, "rain", azimuth=180.0), "near_sector_edge"),
            ("one taken away", drop(_CELLS, "guitar"), "not_four_sounds"),
            ("muted", change(_CELLS, "guitar", audible=False), "sound_not_audible"),
        ),
    ),
    ("location_content_binding", "nearest_of_a_side"): Case(
        _SIDES,
        "rain",
        (
            ("exchanged with the other of its side", exchange(_SIDES, "rain", "siren"), Told("siren")),
            ("distances alike", change(_SIDES, "rain", distance=1.6), "distances_alike"),
            ("one goes over", change(_SIDES, "siren", azimuth=-20.0), "not_two_on_the_side"),
            ("one in the middle", change(_SIDES, "drum", azimuth=0.0), "near_the_middle"),
            ("too dry", replace(_SIDES, t_mid_s=None), "too_dry_for_distance"),
            ("one drowned", change(_SIDES, "drum", drr=-10.1), "distance_not_heard"),
            ("one taken away", drop(_SIDES, "drum"), "not_four_sounds"),
        ),
    ),
}


@pytest.mark.parametrize(("task", "name", "case", "world", "outcome"), list_breaks(_CASES))
def test_a_small_change_tells(task: str, name: str, case: Case, world: World, outcome: Outcome) -> None:
    if (name, outcome) == ("direction_around", Told("back-left")):
        before, after = (ask_case(task, name, one, case.answer) for one in (case.world, world))
        assert before.slots != after.slots  # another sound is there now
        assert judge_claim(before.options[0].claim, world) is False
        return
    if outcome in (Told("dog barking"), Told("siren")):  # the other sound still has an answer: of another place
        before = ask_case(task, name, case.world, case.answer)
        assert judge_claim(before.options[0].claim, world) is False
        after = ask_case(task, name, world, case.answer)
        assert before.program != after.program
        return
    check_break(task, name, case, world, outcome)


@pytest.mark.parametrize(("task", "name", "case"), list_apart(_CASES))
def test_sounds_in_nearly_one_direction_are_not_asked_about(task: str, name: str, case: Case) -> None:
    check_apart(task, name, case)


def test_every_variant_is_broken() -> None:
    assert set(_CASES) == variants_of("integration")


def test_other_sounds_sectors_are_options() -> None:
    draft = ask_case("sound_location_binding", "direction", _PAIR, "front-left")
    assert 'far right")' in draft.options[1].claim
    assert len({option.text for option in draft.options}) == 4


@pytest.mark.parametrize("seed", range(6))
def test_two_sounds_are_bound_in_all_four_ways(seed: int) -> None:
    """Every option names both sounds, both sides and both distances once."""
    draft = ask_case("attribute_binding", "two_sounds", _NEAR, "near left")
    for option in draft.options:
        words = option.text.lower().replace(";", "").replace(",", "").split()
        for word in ("rain", "barking", "left", "right", "nearer", "farther"):
            assert words.count(word) == 1
    assert len({option.text for option in draft.options}) == 4


def test_three_sounds_in_their_places_are_told_from_left_to_right() -> None:
    draft = ask_case("attribute_binding", "three_sounds", _ROW, "0>1")
    told = [draft.options[0].text.lower().index(name) for name in ("dog barking", "guitar", "rain")]
    assert told == sorted(told)
    assert draft.paired_answer == "1"


def test_three_sounds_are_asked_of_without_a_pair_in_mind_too() -> None:
    """The order alone is asked for; the exchange is then one of the three, the key's order never."""
    draft = ask_case("attribute_binding", "three_sounds", _ROW, "0")
    assert draft.answer == "0"
    assert draft.paired_answer in {"1", "2", "5"}  # the orders that differ from the first in two places
    moved = exchange(_ROW, *(_ROW.sounds[index].name for index in draft.swapped or ()))
    assert [judge_claim(option.claim, moved) for option in draft.options] == [False, True, False, False]


@pytest.mark.parametrize("answer", ["1", "1>0", "0>0", "0>3", "0>4"])
def test_another_order_or_what_is_no_exchange_is_refused(answer: str) -> None:
    with pytest.raises(RejectedError, match="other_binding"):
        ask_case("attribute_binding", "three_sounds", _ROW, answer)


def test_the_pair_of_three_sounds_has_its_key_among_the_options() -> None:
    draft = ask_case("attribute_binding", "three_sounds", _ROW, "0>1")
    moved = exchange(_ROW, *(_ROW.sounds[index].name for index in draft.swapped or ()))
    assert [judge_claim(option.claim, moved) for option in draft.options] == [False, True, False, False]


@pytest.mark.parametrize("pairs", [3, 30])
def test_exchanges_are_dealt_so_that_each_order_comes_once_in_three_pairs(pairs: int) -> None:
    dealt = [tuple(map(int, answer.split(">"))) for answer in deal_exchanges(pairs, rng_for(1, "deal"))]
    orders = np.array(dealt).reshape(-1, 6)
    assert all(sorted(row) == list(range(6)) for row in orders)


@pytest.mark.parametrize("answer", ["rain", "siren", "drum", "guitar"])
def test_the_nearest_of_a_side_is_as_often_not_the_nearest_of_all(answer: str) -> None:
    """Of a given scene one half is asked, whatever is the nearest and the farthest of all: rain and the guitar."""
    world = change(_SIDES, "guitar", distance=3.5)
    assert 160 <= count_dealt("location_content_binding", "nearest_of_a_side", world, answer) <= 240


def test_what_is_there_is_told_in_a_sentence() -> None:
    there = ask_case("location_content_binding", "what_is_there", _CELLS, "rain")
    assert [option.text for option in there.options] == [
        f"You hear the sound of {said} there" for said in ("rain", "dog barking", "a guitar", "a drum")
    ]
    near = ask_case("location_content_binding", "nearest_of_a_side", _SIDES, "rain")
    assert {option.text for option in near.options} == {
        f"The nearest is the sound of {said}" for said in ("rain", "a siren", "a guitar", "a drum")
    }
    assert near.options[0].text == "The nearest is the sound of rain"


def test_the_nearest_and_the_farthest_of_a_side_are_asked_for() -> None:
    near = ask_case("location_content_binding", "nearest_of_a_side", _SIDES, "rain")
    far = ask_case("location_content_binding", "nearest_of_a_side", _SIDES, "guitar")
    assert near.slots == {"side": "left", "which": "nearest"}
    assert far.slots == {"side": "right", "which": "farthest"}
