"""Readers that guess a key from text alone, without a sound and without knowing where the key stands.

A drawer of lots is right in a quarter of the questions; `p_of_luck` says how likely a reader's score is for it. Readers
that learn do so on one half of the questions and are scored on the other, both ways.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import log

import numpy as np
from scipy.stats import binomtest

Reader = Callable[["Shown"], Sequence[float]]


@dataclass(frozen=True)
class Shown:
    """A question as it is read: the options in an order that tells nothing, and which is the key."""

    question: str
    options: tuple[str, ...]
    key: int


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, numbers among them."""
    return re.findall(r"[a-z0-9.']+", text.lower())


def _likeness(first: set[object], second: set[object]) -> float:
    """How much of two texts is the same: words and neighbouring words, by Jaccard."""
    both = len(first & second)
    return both / (len(first) + len(second) - both)


@cache
def find_the_likest(shown: Shown) -> list[float]:
    """The option that the others resemble most."""
    told = [{*words, *pairwise(words)} for words in map(words_of, shown.options)]
    return [sum(_likeness(one, other) for other in told) for one in told]


def find_the_odd_one(shown: Shown) -> list[float]:
    """The option that the others resemble least."""
    return [-score for score in find_the_likest(shown)]


def find_the_longest(shown: Shown) -> list[float]:
    """The option of the most characters."""
    return [float(len(option)) for option in shown.options]


def find_the_shortest(shown: Shown) -> list[float]:
    """The option of the fewest characters."""
    return [-float(len(option)) for option in shown.options]


def find_the_middling(shown: Shown) -> list[float]:
    """The option whose length is nearest to the mean."""
    mean = sum(map(len, shown.options)) / len(shown.options)
    return [-abs(len(option) - mean) for option in shown.options]


def echo_the_question(shown: Shown) -> list[float]:
    """The option whose words are in the question."""
    asked = set(words_of(shown.question))
    return [float(len(asked & set(words_of(option)))) for option in shown.options]


def avoid_the_question(shown: Shown) -> list[float]:
    """The option whose words are not in the question."""
    return [-score for score in echo_the_question(shown)]


SIMPLE: tuple[Reader, ...] = (
    find_the_likest,
    find_the_odd_one,
    find_the_longest,
    find_the_shortest,
    find_the_middling,
    echo_the_question,
    avoid_the_question,
)


def _clues_option(shown: Shown, place: int) -> list[str]:
    return [shown.options[place]]


def _clues_set(shown: Shown, place: int) -> list[str]:
    return ["|".join([shown.options[place], *sorted(shown.options)])]


def _clues_words(shown: Shown, place: int) -> list[str]:
    """Its words that not all options share."""
    common = set.intersection(*(set(words_of(option)) for option in shown.options))
    words = words_of(shown.options[place])
    pairs = (f"{a} {b}" for a, b in pairwise(words))
    return [*sorted(set(words) - common), *pairs]


def _clues_asked(shown: Shown, place: int) -> list[str]:
    """Its text beside every word of the question."""
    return [f"{word}|{shown.options[place]}" for word in sorted(set(words_of(shown.question)))]


LEARNERS: dict[str, Callable[[Shown, int], list[str]]] = {
    "the option most often right": _clues_option,
    "the most frequent key of the set shown": _clues_set,
    "words that are often right": _clues_words,
    "option and words of the question": _clues_asked,
}


def score_reader(reader: Reader, asked: Sequence[Shown], seed: int = 1) -> int:
    """How many questions a reader answers rightly; where it finds options alike, it draws lots."""
    rng = np.random.default_rng(seed)
    return sum(_pick(reader(shown), rng) == shown.key for shown in asked)


def score_learner(name: str, asked: Sequence[Shown], seed: int = 1) -> int:
    """The same of a reader that learns which clues of an option go with the key, by naive Bayes.

    The halves are the first and the second: where answers are dealt in rounds, every other question is not like the
    rest, because an answer that comes often in one half comes seldom in the other.
    """
    halves = (asked[: len(asked) // 2], asked[len(asked) // 2 :])
    return sum(
        score_reader(_learn(LEARNERS[name], halves[1 - place]), half, seed + place) for place, half in enumerate(halves)
    )


def _pick(scores: Sequence[float], rng: np.random.Generator) -> int:
    best = max(scores)
    ties = [place for place, score in enumerate(scores) if score >= best - 1e-9]
    return ties[int(rng.integers(len(ties)))]


def _learn(clues: Callable[[Shown, int], list[str]], asked: Sequence[Shown]) -> Reader:
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for shown in asked:
        for place in range(len(shown.options)):
            for clue in clues(shown, place):
                seen[clue] += 1
                right[clue] += place == shown.key

    def read(shown: Shown) -> list[float]:
        return [
            sum(log((right[clue] + 0.5) / (seen[clue] + 2.0) / 0.25) for clue in clues(shown, place))
            for place in range(len(shown.options))
        ]

    return read


def p_of_luck(right: int, n: int) -> float:
    """How likely it is that lots do as well: the exact binomial at a quarter, one-sided."""
    return float(binomtest(right, n, 0.25, alternative="greater").pvalue)
