"""Readers who hear nothing: what can be guessed from the text of a set alone.

Some need no learning (the longest option, the shortest, the one most like the others). Those that learn are tried going
forward: the set is cut into folds, whole scenes and contrast pairs together, and each fold is answered from what was
learnt of the folds before it; the first is not tried. Under fair keys every try is then right with exactly its chance,
whatever was learnt, so the binomial bound is exact. With folds that are learnt from both ways it is not: two items with
the same options teach each other, their hits come together, and the bound fails honest sets several times too often
(`tests/benchmark/test_audit_chance.py` shows it).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from string import ascii_uppercase
from typing import Protocol

from twnm_bench.audit.bag import fit_bag
from twnm_bench.audit.chance import Try
from twnm_bench.audit.grouping import cut_folds
from twnm_bench.audit.words import same_text, split_words, variant_of
from twnm_bench.items import Item

LONGEST = "longest option"
Rank = Callable[[Item], Sequence[float]]  # a mark for each option; the highest is picked
Learn = Callable[[Sequence[Item]], Rank]
_ALIKE = 1e-9  # marks nearer than this tie


class Reader(Protocol):
    """Who is asked with the text alone: a language model."""

    def answer_all(self, asked: Sequence[tuple[str, Sequence[str]]]) -> Sequence[str | None]:
        """To each question with its options the letter of the answer, or None where there is none."""


def rank_longest(item: Item) -> list[float]:
    """By the number of characters."""
    return [float(len(choice.strip())) for choice in item.choices]


def rank_shortest(item: Item) -> list[float]:
    """By the number of characters, the fewest first."""
    return [-mark for mark in rank_longest(item)]


def rank_consensus(item: Item) -> list[float]:
    """By how much an option shares with the others: the mean Jaccard index of its words and pairs of words.

    It finds the key where the distractors are each the key with one thing changed: they differ from each other by two.
    """
    bags = [_words_and_pairs(choice) for choice in item.choices]
    return [
        sum(_jaccard(bag, other) for other in bags[:place] + bags[place + 1 :]) / (len(bags) - 1)
        for place, bag in enumerate(bags)
    ]


def _words_and_pairs(text: str) -> frozenset[object]:
    words = split_words(text)
    return frozenset([*words, *pairwise(words)])


def _jaccard(first: frozenset[object], second: frozenset[object]) -> float:
    return len(first & second) / (len(first | second) or 1)


def learn_majority(items: Sequence[Item]) -> Rank:
    """By how often an option's text was the key among questions of the same variant."""
    counts: dict[str, Counter[str]] = {}
    for item in items:
        counts.setdefault(variant_of(item), Counter())[same_text(item.choices[item.key])] += 1

    def rank(item: Item) -> list[float]:
        seen = counts.get(variant_of(item), Counter())
        return [float(seen[same_text(choice)]) for choice in item.choices]

    return rank


UNTAUGHT: dict[str, Rank] = {
    LONGEST: rank_longest,
    "shortest option": rank_shortest,
    "consensus": rank_consensus,
}
TAUGHT: dict[str, Learn] = {"majority": learn_majority, "bag of words": fit_bag}


def try_untaught(items: Iterable[Item], rank: Rank) -> list[Try]:
    """A reader that needs no learning, at every question; options that it marks alike are all picked."""
    return [Try(item, frozenset(_best(rank(item)))) for item in items]


def try_taught(items: Sequence[Item], learn: Learn) -> list[Try]:
    """A reader that learns each task, at every question of every fold but the first.

    It picks one option: of those it marks alike, one that the text and not its place decides.
    """
    tries = []
    for task in sorted({item.task for item in items}):
        tries += _try_forward([item for item in items if item.task == task], learn)
    return tries


def _try_forward(items: Sequence[Item], learn: Learn) -> list[Try]:
    folds, tries = cut_folds(items), []
    for fold in sorted(set(folds))[1:]:
        rank = learn([item for item, of in zip(items, folds, strict=True) if of < fold])
        asked = [item for item, of in zip(items, folds, strict=True) if of == fold]
        tries += [Try(item, frozenset((_choose(item, _best(rank(item))),))) for item in asked]
    return tries


def try_reader(items: Sequence[Item], reader: Reader) -> list[Try]:
    """A reader that is asked, at the questions to which it gives the letter of an option."""
    letters = reader.answer_all([(item.question, item.choices) for item in items])
    told = zip(items, letters, strict=True)
    return [
        Try(item, frozenset((ascii_uppercase.index(letter),)))
        for item, letter in told
        if letter and letter in tuple(ascii_uppercase[: len(item.choices)])
    ]


def _best(marks: Sequence[float]) -> list[int]:
    highest = max(marks)
    return [place for place, mark in enumerate(marks) if mark >= highest - _ALIKE]


def _choose(item: Item, places: Sequence[int]) -> int:
    return min(places, key=lambda place: hashlib.sha256(f"{item.id}\n{item.choices[place]}".encode()).digest())
