"""Constraints in words and as records."""

import pytest
from pydantic import TypeAdapter, ValidationError

from twnm_schemas.constraints import (
    PHRASES,
    Constraint,
    DistanceOrder,
    EqualDistance,
    Farthest,
    Nearest,
    OppositeSides,
    Pairwise,
    PairwiseLateral,
    SameClass,
    Sector,
    Sides,
    least_sources,
    parse_constraint,
    say_constraint,
)
from twnm_schemas.errors import SpecError

WORDS = {
    "farthest by 2x": Farthest(ratio=2.0),
    "nearest by 1.5x": Nearest(ratio=1.5),
    "distance order by 1.5x": DistanceOrder(ratio=1.5),
    "equal distance within 1.1x and 1 dB": EqualDistance(),
    "equal distance within 1.05x and 2.5 dB": EqualDistance(ratio=1.05, drr_db=2.5),
    "farthest by 2.0000001x": Farthest(ratio=2.0000001),
    "pairwise 30 degrees": Pairwise(degrees=30.0),
    "pairwise lateral 15 degrees": PairwiseLateral(degrees=15.0),
    "opposite sides by 20 degrees": OppositeSides(degrees=20.0),
    "2 on the left by 15 degrees": Sides(left=2),
    "0 on the left by 7.5 degrees": Sides(left=0, degrees=7.5),
    "sector 330 to 30": Sector(start_deg=330.0, stop_deg=30.0),
    "same class twice": SameClass(times=2),
    "same class 3 times": SameClass(times=3),
}


@pytest.mark.parametrize("words", WORDS)
def test_words_are_read_and_said_again(words):
    assert parse_constraint(words) == WORDS[words]
    assert say_constraint(WORDS[words]) == words


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("  Farthest   BY 2 x ", "farthest by 2x"),
        ("pairwise 30", "pairwise 30 degrees"),
        ("pairwise 30°", "pairwise 30 degrees"),
        ("pairwise 1 degree", "pairwise 1 degrees"),
        ("opposite sides", "opposite sides by 20 degrees"),
        ("2 on the left", "2 on the left by 15 degrees"),
        ("1 on the LEFT by 20", "1 on the left by 20 degrees"),
        ("equal distance", "equal distance within 1.1x and 1 dB"),
        ("same class 2 times", "same class twice"),
    ],
)
def test_words_may_be_written_in_other_ways(words, same):
    assert parse_constraint(words) == parse_constraint(same)


def test_every_phrase_that_errors_show_is_read():
    for phrase in PHRASES.split(", "):
        assert say_constraint(parse_constraint(phrase)) == phrase


@pytest.mark.parametrize(
    "words",
    [
        *("farthest", "farthest by twox", "loudest by 2x", "", "pairwise -3 degrees", "same class once", "sector 3"),
        *("on the left", "2 on the right", "-1 on the left"),
    ],
)
def test_words_that_name_none_are_refused_with_those_there_are(words):
    with pytest.raises(SpecError, match=rf"^The constraint '{words}' is not known; there are: farthest by 2x, .*\.$"):
        parse_constraint(words)


@pytest.mark.parametrize(
    "words",
    [
        *("farthest by 1x", "pairwise 181", "pairwise 0", "opposite sides by 90"),
        *("sector 360 to 10", "sector 10 to 361", "same class 1 times", "same class 2.5 times"),
        *("1.5 on the left", "1 on the left by 0", "1 on the left by 90"),
    ],
)
def test_numbers_out_of_range_are_refused(words):
    with pytest.raises(SpecError, match=rf"^The constraint '{words}' is out of range; write it like these: .*\.$"):
        parse_constraint(words)


@pytest.mark.parametrize("constraint", [*WORDS.values(), Sector(start_deg=0.0, stop_deg=90.0, who="any")])
def test_a_record_comes_back_from_json(constraint):
    adapter = TypeAdapter(Constraint)
    assert adapter.validate_json(adapter.dump_json(constraint)) == constraint


def test_a_sector_for_any_source_says_so():
    assert say_constraint(Sector(start_deg=0.0, stop_deg=90.0, who="any")) == "sector 0 to 90 for any source"


def test_the_fewest_sources_a_constraint_needs():
    needs = {words: least_sources(constraint) for words, constraint in WORDS.items()}
    assert needs == {
        **dict.fromkeys(("farthest by 2x", "nearest by 1.5x", "distance order by 1.5x", "farthest by 2.0000001x"), 2),
        "equal distance within 1.1x and 1 dB": 2,
        "equal distance within 1.05x and 2.5 dB": 2,
        **dict.fromkeys(("pairwise 30 degrees", "pairwise lateral 15 degrees", "sector 330 to 30"), 1),
        "opposite sides by 20 degrees": 2,
        "2 on the left by 15 degrees": 2,
        "0 on the left by 7.5 degrees": 1,
        "same class twice": 2,
        "same class 3 times": 3,
    }


def test_a_constraint_cannot_be_changed_and_knows_its_fields():
    with pytest.raises(ValidationError):
        Farthest(ratio=2.0).ratio = 3.0
    with pytest.raises(ValidationError):
        Farthest(ratio=2.0, degrees=3.0)
