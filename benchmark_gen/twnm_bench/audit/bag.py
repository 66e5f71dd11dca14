"""A bag of words: whether single words, or words of the question and of an option together, give the key away."""

from collections.abc import Callable, Sequence

import numpy as np

from twnm_bench.audit.words import split_words
from twnm_bench.items import Item
from twnm_schemas.errors import MissingExtraError


def fit_bag(items: Sequence[Item]) -> Callable[[Item], list[float]]:
    """Learn from these items which options are keys; what comes back gives each option of an item its mark.

    Logistic regression (L2, C = 1) over options as rows: the option's words, and their crosses with the words of the
    question. Raises MissingExtraError without scikit-learn.
    """
    try:
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise MissingExtraError("The bag of words needs scikit-learn: pip install 'twnm[bench]'.") from None
    rows = [row for item in items for row in list_features(item)]
    labels = [place == item.key for item in items for place in range(len(item.choices))]
    bag = CountVectorizer(analyzer=_as_they_are, binary=True, dtype=np.float64)
    model = LogisticRegression(C=1.0, max_iter=500, tol=1e-3)
    model.fit(bag.fit_transform(rows), labels)
    weights = dict(zip(bag.get_feature_names_out(), model.coef_[0].tolist(), strict=True))

    def rank(item: Item) -> list[float]:
        return [sum(weights.get(feature, 0.0) for feature in row) for row in list_features(item)]

    return rank


def list_features(item: Item) -> list[list[str]]:
    """Of each option its words, and each of them with each word of the question."""
    asked = sorted(set(split_words(item.question)))
    options = [sorted(set(split_words(choice))) or [choice] for choice in item.choices]
    return [[*words, *(f"{word} {of}" for word in words for of in asked)] for words in options]


def _as_they_are(features: list[str]) -> list[str]:
    return features
