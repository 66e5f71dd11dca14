"""No reader of text alone finds keys oftener than by lots, in hundreds of questions of every variant.

Answers are dealt evenly, as in a set. What is looked for is the variant's own doing, so scenes are drawn to its spec
and not composed. Bounds are exact.
"""

from functools import cache
from itertools import pairwise

import pytest
from broken_scenes import INVENTORY
from scipy.stats import binomtest
from text_readers import LEARNERS, SIMPLE, Shown, find_the_longest, p_of_luck, score_learner, score_reader, words_of
from worlds import deal_answers, draw_world

from twnm_bench.families import BY_NAME, VARIANTS
from twnm_bench.families.base import Draft, RejectedError, Variant, View
from twnm_shards.rng import rng_for

_N = 600
_MANY = {  # where options differ in length or in what they name: 29 right in a hundred are found nine times of ten
    ("location_content_binding", "what_is_there"): 3000,
    ("location_content_binding", "nearest_of_a_side"): 3000,
    ("spatial_relationship", "nearest_or_farthest"): 3000,
    ("scene_summarisation", "short"): 3000,
}
_TRIES = 200
_P = 1e-4
_SUMMARIES = [BY_NAME["scene_summarisation", name] for name in ("short", "long")]
_EACH = pytest.mark.parametrize("variant", [pytest.param(v, id=f"{v.task}-{v.name}") for v in VARIANTS])
_EACH_SUMMARY = pytest.mark.parametrize("variant", _SUMMARIES, ids=["short", "long"])


@cache
def _ask_many(variant: Variant) -> tuple[Shown, ...]:
    count = _MANY.get((variant.task, variant.name), _N)
    answers = deal_answers(variant, INVENTORY, count, rng_for(1, variant.name))
    return tuple(_show(variant, _draw(variant, answer, number), number) for number, answer in enumerate(answers))


def _draw(variant: Variant, answer: str, number: int) -> Draft:
    """The first scene that can be asked about. As in a set, what is dealt to a question is the same for every scene."""
    address = (variant.task, variant.name, number)
    spec = variant.spec(answer, INVENTORY, rng_for(3, *address))
    for attempt in range(_TRIES):
        world = draw_world(spec, INVENTORY, rng_for(4, *address, attempt))
        try:
            if world is not None:
                return variant.ask(View(world, INVENTORY), answer, rng_for(5, *address))
        except RejectedError:
            continue
    raise AssertionError(f"nothing is found for {variant.task} ({variant.name}), answer {answer!r}")


def _show(variant: Variant, draft: Draft, number: int) -> Shown:
    rng = rng_for(6, variant.task, variant.name, number)
    order = [int(place) for place in rng.permutation(4)]
    wording = draft.wordings[int(rng.integers(len(draft.wordings)))]
    options = tuple(draft.options[place].text for place in order)
    return Shown(wording.format(**draft.slots), options, order.index(0))


@_EACH
def test_no_reader_of_text_finds_the_key(variant: Variant) -> None:
    asked = _ask_many(variant)
    scores = {reader.__name__: score_reader(reader, asked) for reader in SIMPLE}
    scores |= {name: score_learner(name, asked) for name in LEARNERS}
    found = {name: right / len(asked) for name, right in scores.items() if p_of_luck(right, len(asked)) < _P}
    assert not found


@_EACH_SUMMARY
def test_the_sounds_that_a_summary_names_do_not_tell_how_many_there_are(variant: Variant) -> None:
    """Of summaries that differ in a number, the true one is not that which fits the number of sounds they name."""
    asked = [shown for shown in _ask_many(variant) if len({_number_in(option) for option in shown.options}) > 1]
    right = score_reader(_believe_the_count, asked)
    assert len(asked) > 40
    assert p_of_luck(right, len(asked)) >= _P


def _number_in(summary: str) -> int:
    """What "there are three sounds" says; 0 where nothing is said."""
    words = words_of(summary)
    said = [word for word, after in pairwise(words) if after in ("sounds", "sound")]
    numbers = ("one", "two", "three", "four", "five", "six", "seven")
    return next((numbers.index(word) + 1 for word in said if word in numbers), 0)


def _believe_the_count(shown: Shown) -> list[float]:
    named = sum(f"the {name}" in shown.options[0].lower() for name in INVENTORY.names)
    return [-float(abs(_number_in(option) - named)) for option in shown.options]


@_EACH_SUMMARY
def test_a_summary_is_not_known_by_having_sounds_on_both_sides(variant: Variant) -> None:
    asked = _ask_many(variant)
    right = score_reader(lambda shown: [float(" left" in o and " right" in o) for o in shown.options], asked)
    assert p_of_luck(right, len(asked)) >= _P


def test_all_sounds_on_one_side_are_true_as_often_as_not() -> None:
    """Where one summary of the four has all sounds on one side, it is the key in a quarter of the questions."""
    asked = [(shown, _one_sided(shown)) for shown in _ask_many(_SUMMARIES[0])]
    told = [places[0] == shown.key for shown, places in asked if len(places) == 1]
    assert len(told) > 100
    assert binomtest(sum(told), len(told), 0.25).pvalue >= _P


def _one_sided(shown: Shown) -> list[int]:
    """The options that name left alone or right alone."""
    return [n for n, option in enumerate(shown.options) if (" left" in option) != (" right" in option)]


def test_the_readers_find_what_there_is_to_find() -> None:
    """A set whose keys are the longest options, begin with "the" and are always the same four things is caught."""
    rng = rng_for(7, "spoilt")
    asked = []
    for number in range(200):
        key = ("the dog that barks", "the bell that rings", "the rain that falls", "the wind that blows")[number % 4]
        options = [key, "a dog", "a bell", "a rain"]
        order = [int(place) for place in rng.permutation(4)]
        asked.append(Shown("Which?", tuple(options[place] for place in order), order.index(0)))
    assert score_reader(find_the_longest, asked) == 200
    assert score_learner("words that are often right", asked) == 200
    assert score_learner("the option most often right", asked) == 200
    assert p_of_luck(200, 200) < 1e-100


def test_lots_are_drawn_where_a_reader_finds_all_alike() -> None:
    asked = [Shown("Which?", ("a", "b", "c", "d"), number % 4) for number in range(4000)]
    assert 900 <= score_reader(lambda shown: [0.0] * 4, asked) <= 1100
