"""The statistics of a score, in closed form: intervals, effect size, exact test, correction.

scipy's versions of the intervals and of the exact test are what the tests hold these against; importing them would take
most of a scorer's time.
"""

import math
from collections.abc import Mapping, Sequence

Z95 = 1.959964  # the normal quantile of 97.5 %
Bounds = tuple[float, float]


def wilson_interval(right: int, n: int) -> Bounds:
    """The 95 % score interval of a share, `right` of `n` (n > 0).

    Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212; without
    continuity correction.
    """
    share, spread = right / n, Z95**2 / n
    centre = (share + spread / 2.0) / (1.0 + spread)
    half = math.sqrt(share * (1.0 - share) * spread + (spread / 2.0) ** 2) / (1.0 + spread)
    # at the ends the bound is exact; the sum above misses it by a rounding
    return (0.0 if right == 0 else centre - half, 1.0 if right == n else centre + half)


def cluster_robust_interval(clusters: Sequence[tuple[int, int]]) -> Bounds:
    """The 95 % normal interval of a share whose items come in clusters; each is (right, n), and two are needed.

    The variance is the cluster-robust one of a regression on a constant: c * sum over clusters of (sum of
    residuals)^2 / N^2, where the small-sample factor c = G / (G - 1) * (N - 1) / (N - K) is G / (G - 1) for K = 1.
    Cameron and Miller (2015), A practitioner's guide to cluster-robust inference, Journal of Human Resources 50,
    317-372, section II.C. Cut to [0, 1].
    """
    n = sum(size for _, size in clusters)
    share = sum(right for right, _ in clusters) / n
    residuals = sum((right - size * share) ** 2 for right, size in clusters)
    half = Z95 * math.sqrt(len(clusters) / (len(clusters) - 1) * residuals) / n
    return max(0.0, share - half), min(1.0, share + half)


def cohens_h(first: float, second: float) -> float:
    """The difference of two shares on the arcsine scale, positive where the first is larger.

    h = 2 asin(sqrt(p1)) - 2 asin(sqrt(p2)); 0.2 is called small, 0.5 medium, 0.8 large. Cohen (1988), Statistical power
    analysis for the behavioral sciences, 2nd edition, chapter 6.
    """
    return 2.0 * math.asin(math.sqrt(first)) - 2.0 * math.asin(math.sqrt(second))


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """The two-sided p of two runs over the same items, from the items that only one of them has right.

    Under the null each discordant item falls to either run with probability 1/2: p = min(1, 2 P(X <= the smaller)),
    X ~ Binomial(discordant, 1/2). McNemar (1947), Psychometrika 12, 153-157, with the exact distribution in place of
    chi-square. Whole numbers until the one division at the end.
    """
    discordant, smaller = only_first + only_second, min(only_first, only_second)
    ways = total = 1
    for place in range(smaller):
        ways = ways * (discordant - place) // (place + 1)
        total += ways
    return min(1.0, 2 * total / (1 << discordant))


def holm_adjust(p: Mapping[str, float]) -> dict[str, float]:
    """The p-values adjusted over their family, step down, so that each may be held against the familywise level.

    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 65-70.
    """
    adjusted: dict[str, float] = {}
    highest = 0.0
    for rank, name in enumerate(sorted(p, key=lambda name: p[name])):
        highest = max(highest, min(1.0, (len(p) - rank) * p[name]))
        adjusted[name] = highest
    return adjusted
