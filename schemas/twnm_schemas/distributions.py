"""What may be drawn. Each distribution carries its own `draw`; there is no switch elsewhere."""

import math
from typing import Annotated, Literal, Protocol, Self

from pydantic import Field, model_validator

from twnm_schemas.base import Strict


class Draws(Protocol):
    """What a distribution asks of a generator. numpy's fits, and this package need not import it."""

    def uniform(self, low: float, high: float) -> float: ...

    def integers(self, low: int, high: int) -> int: ...


class Constant(Strict):
    """Always `value`."""

    kind: Literal["constant"] = "constant"
    value: float

    def draw(self, rng: Draws) -> float:
        return self.value

    def bounds(self) -> tuple[float, float]:
        return self.value, self.value


class Range(Strict):
    """From `low` to `high`."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self

    def bounds(self) -> tuple[float, float]:
        return self.low, self.high


class Uniform(Range):
    """Uniform over [low, high)."""

    kind: Literal["uniform"] = "uniform"

    def draw(self, rng: Draws) -> float:
        return float(rng.uniform(self.low, self.high))


class LogUniform(Range):
    """Uniform in the logarithm over [low, high); low must be positive."""

    kind: Literal["log_uniform"] = "log_uniform"

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.low <= 0:
            raise ValueError(f"a log-uniform range starts above 0, not at {self.low}")
        return self

    def draw(self, rng: Draws) -> float:
        return math.exp(float(rng.uniform(math.log(self.low), math.log(self.high))))


class Choice(Strict):
    """One of `values`, each equally likely."""

    kind: Literal["choice"] = "choice"
    values: tuple[float, ...] = Field(min_length=1)

    def draw(self, rng: Draws) -> float:
        return self.values[int(rng.integers(0, len(self.values)))]

    def bounds(self) -> tuple[float, float]:
        return min(self.values), max(self.values)


Distribution = Annotated[Constant | Uniform | LogUniform | Choice, Field(discriminator="kind")]
