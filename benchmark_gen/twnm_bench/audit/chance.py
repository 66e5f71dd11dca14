"""Chance, exactly: how many hits a blind guess gets, and when there are too many."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, chi2

from twnm_bench.audit.verdicts import Guess, trim
from twnm_bench.items import Item
from twnm_bench.score.statistics import holm_adjust

FAMILY_WISE = 0.05
EVERY_TASK = "all"


@dataclass(frozen=True)
class Try:
    """A reader at one question: which of the options it holds for the best, one or several alike."""

    item: Item
    picks: frozenset[int]

    @property
    def hit(self) -> bool:
        return self.item.key in self.picks

    @property
    def chance(self) -> Fraction:
        """The probability of a hit where every option is the key equally likely."""
        return Fraction(len(self.picks), len(self.item.choices))


def hits_distribution(chances: Sequence[Fraction]) -> npt.NDArray[np.float64]:
    """P(k hits), k from 0 to n, of independent tries with these chances (the Poisson binomial distribution).

    Tries of one chance are binomial; the few different chances that options and ties give are convolved.
    """
    pmf_K = np.ones(1)
    for chance, count in sorted(Counter(chances).items()):
        pmf_K = np.convolve(pmf_K, binom.pmf(np.arange(count + 1), count, float(chance)))
    return pmf_K


def tail(chances: Sequence[Fraction], hits: int) -> float:
    """The probability of `hits` or more: the exact one-sided p-value."""
    return min(1.0, float(hits_distribution(chances)[hits:].sum()))


def most_hits(chances: Sequence[Fraction], level: float) -> int:
    """The largest number of hits whose p-value is above the level."""
    tail_K = np.cumsum(hits_distribution(chances)[::-1])[::-1]
    return int(np.flatnonzero(tail_K > level)[-1])


def chi_square_limit(degrees: int) -> float:
    """The 95 % quantile: 7.81 for the three degrees of freedom of four options."""
    return float(chi2.ppf(0.95, degrees))


def weigh_guesses(tries: dict[str, list[Try]]) -> list[Guess]:
    """Every baseline on every task, and on all tasks together, corrected over this family by Holm at 5 %.

    `tries`: by baseline. The row of all tasks together finds a leak that is too weak to be seen within one. Ties need
    no dice: a try is a hit where the key is among the options that are held for the best, and its chance is their
    number over that of all options, so an item whose options all tie counts for nothing. (Of all statistics of ties
    the number of such hits is the locally most powerful against keys that lean to the picks: with
    P(key = j) proportional to exp(t [j is picked]) the score at t = 0 is the sum of hit - chance.)
    """
    rows = [
        (name, task, group)
        for name, told in tries.items()
        for task, group in _by_task(told).items()
        if any(one.chance < 1 for one in group)
    ]
    p = {f"{name} {task}": tail([t.chance for t in group], sum(t.hit for t in group)) for name, task, group in rows}
    holm_p = holm_adjust(p)
    level = FAMILY_WISE / max(1, len(rows))
    return [
        _describe(name, task, group, p[f"{name} {task}"], holm_p[f"{name} {task}"], level) for name, task, group in rows
    ]


def _by_task(tries: list[Try]) -> dict[str, list[Try]]:
    groups: dict[str, list[Try]] = {}
    for one in tries:
        groups.setdefault(one.item.task, []).append(one)
    groups = dict(sorted(groups.items()))
    return groups if len(groups) == 1 else {**groups, EVERY_TASK: tries}


def _describe(name: str, task: str, tries: list[Try], p: float, holm_p: float, level: float) -> Guess:
    chances = [one.chance for one in tries]
    right = sum(Fraction(one.hit, max(1, len(one.picks))) for one in tries)
    return Guess(
        baseline=name,
        task=task,
        n=len(tries),
        hits=sum(one.hit for one in tries),
        expected=trim(float(sum(chances))),
        accuracy=trim(float(right / len(tries))),
        p=trim(p),
        holm_p=trim(holm_p),
        most=most_hits(chances, level),
        passed=holm_p > FAMILY_WISE,
    )
