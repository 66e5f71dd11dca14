"""The bounds of an audit: exact against scipy and by counting, and honest sets pass as often as they should."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from fair_sets import make_rows, to_items
from scipy.stats import binom, binomtest, chi2

from twnm_bench.audit.chance import (
    EVERY_TASK,
    FAMILY_WISE,
    Try,
    chi_square_limit,
    hits_distribution,
    most_hits,
    tail,
    weigh_guesses,
)
from twnm_bench.audit.grouping import cut_folds
from twnm_bench.audit.readers import LONGEST, UNTAUGHT, learn_majority, try_taught, try_untaught
from twnm_bench.items import Item

QUARTER = Fraction(1, 4)


def make_item(number: int, key: int = 0, options: int = 4, task: str = "t") -> Item:
    return Item(f"q{number}", task, "", "which?", tuple("abcdefgh"[:options]), key, scene_id=f"s{number}")


@pytest.mark.parametrize(("n", "hits"), [(1, 1), (40, 18), (100, 25), (100, 41), (1000, 300)])
def test_a_set_of_four_options_is_judged_by_the_binomial_distribution(n: int, hits: int) -> None:
    assert tail([QUARTER] * n, hits) == pytest.approx(binomtest(hits, n, 0.25, "greater").pvalue, rel=1e-9)
    assert tail([QUARTER] * n, 0) == pytest.approx(1.0)


def test_unlike_chances_are_judged_by_counting_all_that_can_happen() -> None:
    chances = [Fraction(1, 4), Fraction(1, 2), Fraction(1, 3), Fraction(1, 4), Fraction(3, 4), Fraction(1)]
    exact = [Fraction(0)] * (len(chances) + 1)
    for happens in product((0, 1), repeat=len(chances)):
        weight = Fraction(1)
        for hit, chance in zip(happens, chances, strict=True):
            weight *= chance if hit else 1 - chance
        exact[sum(happens)] += weight
    assert hits_distribution(chances) == pytest.approx([float(weight) for weight in exact], abs=1e-12)
    assert tail(chances, 4) == pytest.approx(float(sum(exact[4:])), rel=1e-12)


@pytest.mark.parametrize("n", [3, 36, 100, 1000])
@pytest.mark.parametrize("level", [0.05, 0.05 / 55])
def test_the_most_hits_that_pass_are_those_of_the_binomial_quantile(n: int, level: float) -> None:
    passing = [hits for hits in range(n + 1) if binom.sf(hits - 1, n, 0.25) > level]
    assert most_hits([QUARTER] * n, level) == max(passing)


def test_the_limit_of_chi_square_is_the_gate_of_the_specification() -> None:
    assert chi_square_limit(3) == pytest.approx(chi2.isf(0.05, 3))
    assert round(chi_square_limit(3), 2) == 7.81


def test_options_that_tie_raise_the_chance_and_those_that_all_tie_count_for_nothing() -> None:
    tied = [Try(make_item(number), frozenset(range(4))) for number in range(500)]
    told = [Try(make_item(1000 + number), frozenset({0})) for number in range(6)]
    halves = [Try(make_item(2000 + number), frozenset({0, 1})) for number in range(4)]
    (alone,) = weigh_guesses({"x": told + halves})
    (among,) = weigh_guesses({"x": tied + told + halves})
    assert alone.p == pytest.approx(0.25**6 * 0.5**4)
    assert among.p == pytest.approx(alone.p)
    assert (among.hits, among.expected) == (510, 500 + 6 / 4 + 2)
    assert among.accuracy == pytest.approx((500 / 4 + 6 + 2) / 510, rel=1e-5)
    assert weigh_guesses({"x": tied}) == []


def test_tasks_and_baselines_are_one_family_and_all_tasks_together_belong_to_it() -> None:
    def tries(right: Sequence[int]) -> list[Try]:
        return [
            Try(make_item(100 * place + number, task=task), frozenset({0 if number < hits else 1}))
            for place, (task, hits) in enumerate(zip("ab", right, strict=True))
            for number in range(20)
        ]

    found = weigh_guesses({"x": tries((11, 4)), "y": tries((5, 6))})
    p = {(g.baseline, g.task): binom.sf(g.hits - 1, g.n, 0.25) for g in found}
    assert set(p) == {(name, task) for name in "xy" for task in ("a", "b", EVERY_TASK)}
    ordered = sorted(p, key=lambda name: p[name])
    holm = {}
    for rank, name in enumerate(ordered):
        holm[name] = min(1.0, max([(6 - rank) * p[name], *(holm[before] for before in ordered[:rank])]))
    for guess in found:
        assert guess.holm_p == pytest.approx(holm[guess.baseline, guess.task], rel=1e-5)
        assert guess.passed == (guess.holm_p > FAMILY_WISE)
    assert [(g.baseline, g.task) for g in found if not g.passed] == [("x", "a")]
    assert {guess.n for guess in found} == {20, 40}


def learn_both_ways(items: Sequence[Item], folds: int = 5) -> list[Try]:
    """Majority, cross-validated in the usual way."""
    places, tries = cut_folds(items, folds), []
    for fold in range(folds):
        rank = learn_majority([item for item, of in zip(items, places, strict=True) if of != fold])
        for item, of in zip(items, places, strict=True):
            if of == fold:
                marks = rank(item)
                tries.append(Try(item, frozenset({marks.index(max(marks))})))
    return tries


def test_learning_forward_keeps_the_bound_and_learning_both_ways_does_not() -> None:
    """100 items with the same four options and keys by chance: who learns both ways finds too many keys too often."""
    sets, level = 600, 0.05
    wrong = {"forward": 0, "both ways": 0}
    for seed in range(sets):
        keys = np.random.default_rng(seed).integers(4, size=100)
        items = [make_item(number, int(key)) for number, key in enumerate(keys)]
        for name, tries in (("forward", try_taught(items, learn_majority)), ("both ways", learn_both_ways(items))):
            wrong[name] += tail([one.chance for one in tries], sum(one.hit for one in tries)) < level
    # four standard errors of a rate of 5 % in 600 are 3.6 %
    assert wrong["forward"] / sets < level + 0.036
    assert wrong["both ways"] / sets > 2 * level


def test_fair_sets_are_accused_no_more_often_than_the_family_allows(tmp_path: Path) -> None:
    """200 sets of 300 questions with keys by the dice against the baselines that are cheap, each family held to 5 %."""
    sets = 200
    accused = {"longest": 0, "all": 0, "either": 0}
    for seed in range(sets):
        items = to_items(make_rows(seed, per_task=30, in_turn=False), tmp_path)
        tries = {name: try_untaught(items, rank) for name, rank in UNTAUGHT.items()}
        tries["majority"] = try_taught(items, learn_majority)
        every, longest = (
            any(not guess.passed for guess in weigh_guesses(told)) for told in (tries, {LONGEST: tries[LONGEST]})
        )
        accused = {
            "longest": accused["longest"] + longest,
            "all": accused["all"] + every,
            "either": accused["either"] + (every or longest),
        }
    most = int(binom.isf(0.01, sets, FAMILY_WISE))  # what a rate of 5 % exceeds once in a hundred times
    assert accused["longest"] <= most
    assert accused["all"] <= most
    assert accused["either"] <= int(binom.isf(0.01, sets, 2 * FAMILY_WISE))
