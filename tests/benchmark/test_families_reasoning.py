"""Relations, what-ifs, summaries and acts: each question is broken by a small change of its scene."""

import re
from dataclasses import replace

import pytest
from broken_scenes import (
    INVENTORY,
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
from twnm_bench.families import BY_NAME
from twnm_bench.families.base import RejectedError
from twnm_bench.families.intents import RULES, find_rule
from twnm_bench.programs import judge_claim

_TRIO = make_world(make_sound("guitar", 60.0, 1.0), make_sound("rain", 0.0, 1.1), make_sound("siren", -60.0, 5.0))
_EQUAL = make_world(make_sound("guitar", 60.0, 2.0), make_sound("rain", 0.0, 2.1), make_sound("siren", -60.0, 2.15))
_LINE = make_world(make_sound("guitar", 60.0, 1.0), make_sound("rain", 0.0, 2.0), make_sound("siren", -60.0, 4.0))
_LINE4 = replace(_LINE, sounds=(*_LINE.sounds, replace(make_sound("drum", 150.0, 8.0), index=3)))
_FACING = make_world(make_sound("rain", 0.0), make_sound("dog barking", 130.0))
_TWO = make_world(make_sound("rain", 36.0), make_sound("dog barking", -75.0))
_MIRROR = make_world(make_sound("rain", 72.0), make_sound("dog barking", 0.0))
_SILENCE = make_world(
    make_sound("rain", 0.0, 1.0), make_sound("dog barking", -90.0, 2.0), make_sound("guitar", 90.0, 4.0)
)
_TURN = make_world(make_sound("rain", 0.0))
_TWICE = make_world(make_sound("rain", 0.0), make_sound("dog barking", 90.0))
_SHORT = make_world(make_sound("rain", 60.0, 1.0), make_sound("dog barking", -60.0, 2.0))
_LONG = make_world(
    make_sound("rain", 60.0, 1.0),
    make_sound("dog barking", -60.0, 1.6),
    make_sound("guitar", 100.0, 2.5),
    make_sound("siren", -100.0, 4.0),
    make_sound("drum", -30.0, 6.4),
)
_ACT = make_world(make_sound("siren", 60.0, 1.0), make_sound("guitar", -60.0, 2.0))
_MIDDLE = change(change(_SHORT, "rain", azimuth=0.0), "dog barking", azimuth=180.0)
_CASES: Cases = {
    ("spatial_relationship", "nearest_or_farthest"): Case(
        _TRIO,
        "third",
        (
            ("exchanged", exchange(_TRIO, "rain", "siren"), Told("second")),
            ("the winner comes near", change(_TRIO, "siren", distance=2.1), "distances_alike"),
            (
                "all are equally far",
                change(change(_TRIO, "siren", distance=1.05), "rain", distance=1.08),
                Told("equal"),
            ),
            ("too dry", replace(_TRIO, t_mid_s=None), "too_dry_for_distance"),
            ("one drowned", change(_TRIO, "rain", drr=-10.1), "distance_not_heard"),
            ("one taken away", drop(_TRIO, "rain"), "not_three_sounds"),
            ("one muted", change(_TRIO, "rain", audible=False), "sound_not_audible"),
        ),
    ),
    ("spatial_relationship", "order_of_three"): Case(
        _LINE,
        "0",
        (
            ("two exchanged", exchange(_LINE, "rain", "siren"), Told("1")),
            ("neighbours alike", change(_LINE, "rain", distance=1.45), "distances_alike"),
            ("too dry", replace(_LINE, t_mid_s=None), "too_dry_for_distance"),
            ("one taken away", drop(_LINE, "rain"), "not_three_sounds"),
        ),
    ),
    ("spatial_relationship", "order_of_four"): Case(
        _LINE4,
        "",
        (
            ("two exchanged", exchange(_LINE4, "rain", "siren"), Told("")),
            ("neighbours alike", change(_LINE4, "rain", distance=1.45), "distances_alike"),
            ("one taken away", drop(_LINE4, "rain"), "not_four_sounds"),
        ),
    ),
    ("spatial_relationship", "facing"): Case(
        _FACING,
        "back-left",
        (
            ("to the other side", change(_FACING, "dog barking", azimuth=50.0), Told("front-left")),
            ("near an edge for who faces", change(_FACING, "dog barking", azimuth=85.0), "other_direction"),
            ("too high", change(_FACING, "rain", elevation=20.1), "too_high_or_low"),
            ("drowned", change(_FACING, "rain", drr=-10.1), "direction_drowned"),
            ("one taken away", drop(_FACING, "rain"), "not_two_sounds"),
        ),
    ),
    ("counterfactual", "swap"): Case(
        _TWO,
        "far right",
        (
            ("the other is elsewhere", change(_TWO, "dog barking", azimuth=-36.0), Told("front-right")),
            ("to an edge", change(_TWO, "dog barking", azimuth=-60.0), ("near_sector_edge", "other_direction")),
            ("side by side", change(_TWO, "rain", azimuth=-80.0), "directions_alike"),
            (
                "in one sector, far above each other",
                change(change(_TWO, "rain", azimuth=-80.0, elevation=20.0), "dog barking", elevation=-20.0),
                "nothing_changes",
            ),
            ("drowned", change(_TWO, "rain", drr=-10.1), "direction_drowned"),
            ("alone", drop(_TWO, "dog barking"), "labels_too_few"),
        ),
    ),
    ("counterfactual", "mirror"): Case(
        _MIRROR,
        "far right",
        (
            ("elsewhere", change(_MIRROR, "rain", azimuth=36.0), Told("front-right")),
            ("on the other side", mirror_world(_MIRROR), Told("far left")),
            ("beside the one ahead", change(_MIRROR, "rain", azimuth=2.0), "directions_alike"),
            ("ahead", change(change(_MIRROR, "rain", azimuth=2.0), "dog barking", azimuth=36.0), "other_direction"),
            ("drowned", change(_MIRROR, "rain", drr=-10.1), "direction_drowned"),
        ),
    ),
    ("counterfactual", "silence"): Case(
        _SILENCE,
        "right",
        (
            (
                "the next is another",
                change(change(_SILENCE, "guitar", distance=1.6), "dog barking", distance=3.0),
                Told("left"),
            ),
            ("the next is elsewhere", change(_SILENCE, "dog barking", azimuth=180.0), Told("behind")),
            ("the next is at an edge", change(_SILENCE, "dog barking", azimuth=-50.0), "near_sector_edge"),
            ("the nearest is there already", change(_SILENCE, "rain", azimuth=-60.0), "nothing_changes"),
            ("distances alike", change(_SILENCE, "dog barking", distance=1.4), "distances_alike"),
            ("the others alike", change(_SILENCE, "guitar", distance=2.9), "distances_alike"),
            ("too dry", replace(_SILENCE, t_mid_s=None), "too_dry_for_distance"),
            ("one taken away", drop(_SILENCE, "guitar"), "not_three_sounds"),
        ),
    ),
    ("counterfactual", "turn"): Case(
        _TURN,
        "left",
        (
            ("behind", change(_TURN, "rain", azimuth=180.0), Told("left")),
            ("at the left already", change(_TURN, "rain", azimuth=90.0), "other_direction"),
            ("at an edge", change(_TURN, "rain", azimuth=40.0), "near_sector_edge"),
            ("too high", change(_TURN, "rain", elevation=20.1), "too_high_or_low"),
            ("drowned", change(_TURN, "rain", drr=-10.1), "direction_drowned"),
        ),
    ),
    ("counterfactual", "swap_and_turn"): Case(
        _TWICE,
        "right",
        (
            ("at an edge", change(_TWICE, "dog barking", azimuth=45.0), ("near_sector_edge", "other_direction")),
            ("alone", drop(_TWICE, "rain"), "labels_too_few"),
            ("drowned", change(_TWICE, "rain", drr=-10.1), "direction_drowned"),
            ("too high", change(_TWICE, "rain", elevation=20.1), ("too_high_or_low",)),
        ),
    ),
    ("scene_summarisation", "short"): Case(
        _SHORT,
        "nearer",
        (
            ("mirrored", mirror_world(_SHORT), Told("nearer")),
            ("exchanged", exchange(_SHORT, "rain", "dog barking"), Told("nearer")),
            ("no side is clear", _MIDDLE, "no_side_clear"),
            ("distances alike", change(_SHORT, "rain", distance=1.6), "no_such_statement"),
            ("too dry", replace(_SHORT, t_mid_s=None), "no_such_statement"),
            ("one taken away", drop(_SHORT, "rain"), "other_count"),
            ("one muted", change(_SHORT, "rain", audible=False), "sound_not_audible"),
            ("one drowned", change(_SHORT, "rain", drr=-10.1), "direction_drowned"),
        ),
    ),
    ("scene_summarisation", "long"): Case(
        _LONG,
        "side again",
        (
            ("mirrored", mirror_world(_LONG), Told("side again")),
            ("one taken away", drop(_LONG, "rain"), "other_count"),
            ("of one nothing can be said", change(_LONG, "drum", azimuth=0.0, distance=None), "sound_not_placed"),
            ("one muted", change(_LONG, "rain", audible=False), "sound_not_audible"),
        ),
    ),
    ("causal_intent", "act"): Case(
        _ACT,
        "siren",
        (
            ("on the other side", mirror_world(_ACT), Told("siren")),
            ("exchanged", exchange(_ACT, "siren", "guitar"), Told("siren")),
            ("in the middle", change(_ACT, "siren", azimuth=10.0), "near_the_middle"),
            ("muted", change(_ACT, "siren", audible=False), "sound_not_audible"),
            ("drowned", change(_ACT, "siren", drr=-10.1), "direction_drowned"),
            ("taken away", drop(_ACT, "siren"), ("not_in_scene", "act_called_for_twice")),
        ),
    ),
    ("causal_intent", "act_of_pair"): Case(
        _ACT,
        "siren",
        (
            ("exchanged", exchange(_ACT, "siren", "guitar"), Told("siren")),
            ("the near one goes away", change(_ACT, "siren", distance=4.5), Told("siren")),
            ("distances alike", change(_ACT, "siren", distance=1.4), "distances_alike"),
            ("side by side", change(_ACT, "guitar", azimuth=60.0), "directions_alike"),
            ("on one side", change(_ACT, "guitar", azimuth=100.0), "no_sound_opposite"),
            ("the other in the middle", change(_ACT, "guitar", azimuth=-10.0), "near_the_middle"),
            ("too dry", replace(_ACT, t_mid_s=None), "too_dry_for_distance"),
            ("muted", change(_ACT, "guitar", audible=False), "sound_not_audible"),
        ),
    ),
}


@pytest.mark.parametrize(("task", "name", "case", "world", "outcome"), list_breaks(_CASES))
def test_a_small_change_tells(task: str, name: str, case: Case, world: World, outcome: Outcome) -> None:
    if name == "turn" and outcome == Told(case.answer):
        before, after = (ask_case(task, name, one, case.answer) for one in (case.world, world))
        assert before.program != after.program  # the same answer, for another reason
        return
    check_break(task, name, case, world, outcome)


@pytest.mark.parametrize(("task", "name", "case"), list_apart(_CASES))
def test_sounds_in_nearly_one_direction_are_not_asked_about(task: str, name: str, case: Case) -> None:
    check_apart(task, name, case)


def test_every_variant_is_broken() -> None:
    assert set(_CASES) == variants_of("reasoning")


def test_a_summary_of_another_room_is_another_one() -> None:
    there, later = "room 0.5 not 1", "room 1 not 0.5"
    draft = ask_case("scene_summarisation", "short", _SHORT, there)
    other = replace(_SHORT, t_mid_s=1.0)
    assert judge_claim(draft.options[0].claim, other) is False
    assert ask_case("scene_summarisation", "short", other, later).answer == later
    with pytest.raises(RejectedError, match="other_reverberation"):
        ask_case("scene_summarisation", "short", other, there)


@pytest.mark.parametrize("name", ["short", "long"])
def test_a_summary_says_nothing_of_a_room_that_is_another_one_at_a_place(name: str) -> None:
    world = change(_SHORT if name == "short" else _LONG, "rain", t_mid=1.0)  # the room's is 0.5 s
    draft = ask_case("scene_summarisation", name, world, "side again")
    assert [judge_claim(option.claim, world) for option in draft.options] == [True, False, False, False]


def test_nor_is_its_time_asked_for() -> None:
    world = change(_SHORT, "rain", t_mid=1.0)
    with pytest.raises(RejectedError, match="reverberation_not_clear"):
        ask_case("environmental_acoustics", "reverberation_time", world, "0.5")


def test_as_many_sounds_as_are_named_are_as_often_right_as_wrong() -> None:
    """Two are named in both; in one scene there are two, in the other three."""
    every, but_one = (BY_NAME["scene_summarisation", "short"].answers[place] for place in (4, 5))
    two = ask_case("scene_summarisation", "short", _SHORT, every)
    third = replace(make_sound("guitar", 10.0, 8.0), index=2)
    three = ask_case("scene_summarisation", "short", replace(_SHORT, sounds=(*_SHORT.sounds, third)), but_one)
    for draft, count in ((two, "two"), (three, "three")):
        assert draft.options[0].text.startswith(f"There are {count} sounds, ")
        assert {option.text.split()[2] for option in draft.options} == {"two", "three"}
        named = [name for name in ("rain", "dog barking", "guitar") if f"the {name}" in draft.options[0].text
                 or f"sound of {name}" in draft.options[0].text or f"of a {name}" in draft.options[0].text]  # fmt: skip
        assert len(named) == 2


def test_the_pair_of_an_act_turns_both_premises_round() -> None:
    draft = ask_case("causal_intent", "act_of_pair", _ACT, "siren")
    moved = exchange(_ACT, *(_ACT.sounds[index].name for index in draft.swapped or ()))
    key = [judge_claim(option.claim, moved) for option in draft.options].index(True)
    assert draft.options[0].text == "Make way for the siren on the left; the siren is nearer than the guitar"
    assert draft.options[key].text == "Make way for the siren on the right; the siren is farther than the guitar"


@pytest.mark.parametrize("name", ["act", "act_of_pair"])
def test_an_act_for_a_sound_that_is_not_there_is_refused_as_such(name: str) -> None:
    with pytest.raises(RejectedError, match="not_in_scene"):
        ask_case("causal_intent", name, drop(_ACT, "siren"), "siren")


@pytest.mark.parametrize("name", ["act", "act_of_pair"])
def test_an_act_for_which_there_are_two_sounds_is_not_asked_for(name: str) -> None:
    world = make_world(make_sound("applause", 60.0, 1.0), make_sound("hand clapping", -60.0, 3.0))
    for answer in ("applause", "hand clapping"):
        with pytest.raises(RejectedError, match="act_called_for_twice"):
            ask_case("causal_intent", name, world, answer)


@pytest.mark.parametrize("world", [_ACT, mirror_world(_ACT), exchange(_ACT, "siren", "guitar")])
def test_near_on_the_left_and_near_on_the_right_are_dealt(world: World) -> None:
    assert 160 <= count_dealt("causal_intent", "act_of_pair", world, "siren") <= 240


def test_whether_sides_of_a_summary_agree_is_dealt() -> None:
    """Of three sounds on the left one half is asked; of one on either side, where none agrees, all."""
    three = make_world(make_sound("rain", 60.0, 1.0), make_sound("siren", 30.0, 2.0), make_sound("guitar", 100.0, 4.0))
    assert 160 <= count_dealt("scene_summarisation", "short", three, "nearer") <= 240


def test_no_sound_of_a_summary_is_compared_twice() -> None:
    """Of a chain of comparisons the middle one would show which link is turned round."""
    for number in range(40):
        draft = ask_case("scene_summarisation", "long", _LONG, "nearer" if number % 2 else "side", seed=number)
        compared = re.findall(r'nearer\(scene\(\), "([^"]+)", "([^"]+)"\)', draft.options[0].claim)
        names = [name for pair in compared for name in pair]
        assert len(set(names)) == len(names)


def test_the_winner_is_told_in_a_sentence() -> None:
    draft = ask_case("spatial_relationship", "nearest_or_farthest", _TRIO, "third")
    assert {option.text for option in draft.options} == {
        "The farthest is the sound of a siren", "The farthest is the sound of a guitar",
        "The farthest is the sound of rain", "None of them is: all are equally far",
    }  # fmt: skip
    assert draft.options[0].text == "The farthest is the sound of a siren"


def test_equally_far_is_by_distance_and_by_reverberation() -> None:
    assert ask_case("spatial_relationship", "nearest_or_farthest", _EQUAL, "equal").answer == "equal"
    program = 'equals(winner(scene(), "nearest"), "equal")'
    assert judge_claim(program, _EQUAL) is True
    assert judge_claim(program, change(_EQUAL, "rain", drr=3.5)) is None  # 1.1 dB apart
    assert judge_claim(program, change(_EQUAL, "rain", distance=2.21)) is None


@pytest.mark.parametrize("name", ["swap", "mirror", "silence", "turn", "swap_and_turn"])
def test_what_is_heard_now_is_a_wrong_option(name: str) -> None:
    case = _CASES["counterfactual", name]
    draft = ask_case("counterfactual", name, case.world, case.answer)
    now = {"swap": "To the front left", "mirror": "Far to the left"}
    clocks = {"swap": "Around 11 o'clock", "mirror": "Between 9 and 10 o'clock"}
    wrong = {option.text for option in draft.options[1:]}
    if name in now:
        assert wrong & {now[name], clocks[name]}
    else:
        assert len(wrong) == 3  # all four quarters are options


def test_acts_are_of_about_one_length() -> None:
    lengths = [len(rule.act.format(side="left")) for rule in RULES]
    assert max(lengths) <= 1.5 * min(lengths)


def test_acts_say_where_once() -> None:
    for rule in RULES:
        assert rule.act.count("{side}") == 1
        assert " on the left" in rule.act.format(side="left")
        assert "{" not in rule.act.format(side="left")


def test_a_rule_is_found_by_a_broader_class() -> None:
    assert find_rule("terrier", "Terrier", {"terrier", "dog"}) is RULES[0]
    assert find_rule("terrier", "Terrier", {"terrier", "animal"}) is None


def test_a_rule_is_found_by_its_own_name_before_any_broader_class() -> None:
    bicycle = find_rule("bicycle bell", "", ())
    assert bicycle is not None
    assert "cyclist" in bicycle.act
    assert find_rule("Bicycle bell", "", {"dog", "doorbell"}) is bicycle
    assert find_rule("a bell", "Bicycle bell", {"dog", "doorbell"}) is bicycle


def test_there_are_sounds_that_no_rule_is_for() -> None:
    assert INVENTORY.labels["TV"].classes.isdisjoint(word for rule in RULES for word in rule.classes)
