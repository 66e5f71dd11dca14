"""The formulas of a score against scipy, a regression written out, and hand counts."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from twnm_bench.score.statistics import (
    Z95,
    cluster_robust_interval,
    cohens_h,
    holm_adjust,
    mcnemar_exact,
    wilson_interval,
)


def test_the_quantile_is_that_of_the_normal_distribution() -> None:
    assert pytest.approx(norm.ppf(0.975), abs=5e-7) == Z95


@pytest.mark.parametrize("n", [1, 2, 7, 98, 1000])
def test_wilson_s_interval_is_scipy_s(n: int) -> None:
    for right in range(0, n + 1, max(1, n // 25)):
        expected = binomtest(right, n).proportion_ci(method="wilson")
        assert wilson_interval(right, n) == pytest.approx((expected.low, expected.high), abs=1e-7)


def test_wilson_s_interval_ends_exactly_where_all_or_none_are_right() -> None:
    # solved by hand: with none right the upper bound is z^2 / (n + z^2)
    assert wilson_interval(0, 98) == (0.0, pytest.approx(Z95**2 / (98 + Z95**2), abs=1e-12))
    assert wilson_interval(98, 98) == (pytest.approx(98 / (98 + Z95**2), abs=1e-12), 1.0)


@pytest.mark.parametrize(
    ("right", "n", "percent"),
    [
        (251, 1000, ("22.5", "27.9")),
        (501, 1000, ("47.0", "53.2")),
        (611, 1000, ("58.0", "64.1")),
        (98, 98, ("96.2", "100.0")),
    ],
)
def test_the_paper_s_intervals_are_wilson_s(right: int, n: int, percent: tuple[str, str]) -> None:
    low, high = wilson_interval(right, n)
    assert (f"{100 * low:.1f}", f"{100 * high:.1f}") == percent


def test_no_other_usual_interval_gives_the_paper_s_figures() -> None:
    exact = binomtest(98, 98).proportion_ci(method="exact")
    corrected = binomtest(98, 98).proportion_ci(method="wilsoncc")
    assert f"{100 * exact.low:.1f}" == "96.3"
    assert f"{100 * corrected.low:.1f}" == "95.3"


def test_cohen_s_h_gives_the_paper_s_effects() -> None:
    assert f"{cohens_h(0.501, 0.251):.2f}" == "0.52"
    assert f"{cohens_h(0.611, 0.501):.2f}" == "0.22"


def test_cohen_s_h_is_an_angle() -> None:
    assert cohens_h(1.0, 0.0) == pytest.approx(math.pi)
    assert cohens_h(0.75, 0.25) == pytest.approx(math.pi / 3)  # asin(sqrt(3/4)) = 60 and asin(sqrt(1/4)) = 30 degrees
    assert cohens_h(0.25, 0.75) == -cohens_h(0.75, 0.25)


@pytest.mark.parametrize("discordant", [1, 2, 9, 10, 63, 400, 2500])
def test_mcnemar_s_p_is_that_of_the_binomial_test(discordant: int) -> None:
    for first in range(0, discordant + 1, max(1, discordant // 12)):
        expected = binomtest(first, discordant, 0.5).pvalue
        assert mcnemar_exact(first, discordant - first) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_s_p_by_hand() -> None:
    assert mcnemar_exact(0, 0) == 1.0
    assert mcnemar_exact(5, 5) == 1.0
    assert mcnemar_exact(6, 0) == 2 / 64
    assert mcnemar_exact(1, 7) == 2 * (1 + 8) / 256
    assert mcnemar_exact(1000, 0) == 2.0**-999
    assert mcnemar_exact(2000, 0) == 0.0  # below the smallest float, and no overflow on the way


def test_holm_s_adjustment_by_hand() -> None:
    # sorted .005 .01 .03 .04 times 4 3 2 1: .02 .03 .06 .04, and the last may not fall below the one before it
    adjusted = holm_adjust({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert holm_adjust({"a": 0.7, "b": 0.6}) == {"a": 1.0, "b": 1.0}
    assert holm_adjust({}) == {}


def test_holm_s_adjustment_agrees_with_the_procedure_that_rejects_step_by_step() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        p = {f"t{k}": float(value) for k, value in enumerate(rng.uniform(0, 0.1, size=10))}
        adjusted = holm_adjust(p)
        for level in (0.01, 0.05, 0.2):
            rejected = set()
            for rank, name in enumerate(sorted(p, key=p.__getitem__)):
                if p[name] > level / (len(p) - rank):
                    break
                rejected.add(name)
            assert {name for name in p if adjusted[name] <= level} == rejected


def test_the_clustered_interval_is_the_sandwich_of_a_regression_on_a_constant() -> None:
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, 6, size=40)
    cluster_N = np.repeat(np.arange(40), sizes)
    right_N = (rng.uniform(size=len(cluster_N)) < 0.3 + 0.4 * (cluster_N % 2)).astype(float)
    x_N1 = np.ones((len(right_N), 1))
    beta, *_ = np.linalg.lstsq(x_N1, right_N, rcond=None)
    residual_N = right_N - x_N1 @ beta
    scores = [x_N1[cluster_N == g].T @ residual_N[cluster_N == g] for g in range(40)]
    bread = np.linalg.inv(x_N1.T @ x_N1)
    variance = (bread @ sum(np.outer(s, s) for s in scores) @ bread * 40 / 39).item()
    expected = beta[0] + Z95 * np.sqrt(variance) * np.array([-1, 1])
    clusters = [(int(right_N[cluster_N == g].sum()), int(size)) for g, size in enumerate(sizes)]
    assert cluster_robust_interval(clusters) == pytest.approx(tuple(expected))


def test_questions_that_stand_and_fall_together_count_as_one() -> None:
    alone = cluster_robust_interval([(1, 1)] * 30 + [(0, 1)] * 20)
    assert cluster_robust_interval([(7, 7)] * 30 + [(0, 7)] * 20) == pytest.approx(alone)
    # the standard error of a mean of 50 ones and zeros
    half = Z95 * math.sqrt(0.6 * 0.4 * 50 / 49 / 50)
    assert alone == pytest.approx((0.6 - half, 0.6 + half))


def test_the_clustered_interval_stays_within_the_possible() -> None:
    low, high = cluster_robust_interval([(3, 3), (3, 3), (2, 3)])
    assert (low > 0.5, high) == (True, 1.0)
    assert cluster_robust_interval([(0, 3), (0, 3), (1, 3)])[0] == 0.0
