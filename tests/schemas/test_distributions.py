"""Distributions draw from numpy's generators and from anything else with the two methods."""

import math
import random

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from twnm_schemas.distributions import Choice, Constant, Distribution, Draws, LogUniform, Uniform


class PlainRandom:
    """The smallest generator that a distribution can draw from."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def integers(self, low: int, high: int) -> int:
        return self._random.randrange(low, high)


@pytest.fixture(params=[np.random.default_rng, PlainRandom], ids=["numpy", "plain"])
def rng(request: pytest.FixtureRequest) -> Draws:
    generator: Draws = request.param(7)
    return generator


def draw_many(distribution: Distribution, rng: Draws) -> list[float]:
    return [distribution.draw(rng) for _ in range(4000)]


@pytest.mark.parametrize(
    "distribution",
    [Constant(value=2.0), Uniform(low=1.0, high=3.0), LogUniform(low=0.1, high=10.0), Choice(values=(4, 2))],
)
def test_draws_are_plain_floats_inside_the_bounds(distribution: Distribution, rng: Draws) -> None:
    low, high = distribution.bounds()
    for value in draw_many(distribution, rng):
        assert type(value) is float
        assert low <= value <= high


def test_a_uniform_distribution_fills_its_range_evenly(rng: Draws) -> None:
    values = draw_many(Uniform(low=1.0, high=3.0), rng)
    assert sum(value < 2.0 for value in values) / len(values) == pytest.approx(0.5, abs=0.04)
    assert (min(values), max(values)) == pytest.approx((1.0, 3.0), abs=0.02)


def test_a_log_uniform_distribution_spends_as_much_on_each_decade(rng: Draws) -> None:
    values = draw_many(LogUniform(low=0.1, high=10.0), rng)
    assert sum(value < 1.0 for value in values) / len(values) == pytest.approx(0.5, abs=0.04)
    assert sum(map(math.log10, values)) / len(values) == pytest.approx(0.0, abs=0.04)


def test_a_choice_takes_each_value_equally_often(rng: Draws) -> None:
    values = draw_many(Choice(values=(1.0, 2.0, 5.0)), rng)
    assert {value: values.count(value) / len(values) for value in set(values)} == {
        value: pytest.approx(1 / 3, abs=0.04) for value in (1.0, 2.0, 5.0)
    }


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "uniform", "low": 2.0, "high": 1.0},
        {"kind": "log_uniform", "low": 0.0, "high": 1.0},
        {"kind": "choice", "values": []},
        {"kind": "constant", "value": float("nan")},
        {"kind": "constant", "value": float("inf")},
        {"kind": "constant", "value": 1.0, "low": 0.0},
        {"kind": "gaussian", "mean": 0.0},
        {"low": 0.0, "high": 1.0},
    ],
)
def test_a_spec_that_means_nothing_is_refused(spec: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Distribution).validate_python(spec)


def test_the_kind_alone_decides_what_a_spec_is() -> None:
    read = TypeAdapter(Distribution).validate_python({"kind": "log_uniform", "low": 1, "high": 2})
    assert read == LogUniform(low=1.0, high=2.0)
