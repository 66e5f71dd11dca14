"""What talking has used and cost, and the point at which it stops."""

from collections import Counter
from dataclasses import dataclass, field
from math import ceil

from twnm_bench.llm.ports import Call, Completion, Reply
from twnm_schemas.base import Strict
from twnm_schemas.errors import SpecError

_BYTES_PER_TOKEN = 4  # of English, by common tokenisers
_WARY_BYTES_PER_TOKEN = 2  # for what a call could cost
_MILLION = 1e6


class TalkReport(Strict):
    """What talking came to. Cost is in the currency of the prices."""

    model: str
    asks: int
    calls: int  # replies that the endpoint gave
    retries: int  # requests that came to nothing and were repeated
    cached: int  # asks answered without a call
    repaired: int
    fallbacks: dict[str, int]  # by reason
    tokens_in: int
    tokens_out: int
    estimated_calls: int  # those whose usage the endpoint did not tell
    cost: float
    cost_at_risk: float  # what requests without a reply may be billed on top, at most


@dataclass(frozen=True)
class Prices:
    """Per million tokens."""

    per_million_in: float = 0.0
    per_million_out: float = 0.0

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost."""
        return (tokens_in * self.per_million_in + tokens_out * self.per_million_out) / _MILLION


@dataclass
class Meter:
    """Counts over one or more runs of `ask_all`, and refuses the call that could exceed `max_cost` and all after it.

    Raises SpecError for prices below zero, and for a `max_cost` without a price.
    """

    prices: Prices = field(default_factory=Prices)
    max_cost: float | None = None
    closed: bool = False
    under_way: int = 0
    reserved: float = 0.0
    cost: float = 0.0
    at_risk: float = 0.0
    dearest: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    fallbacks: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        prices = (self.prices.per_million_in, self.prices.per_million_out)
        if not all(0 <= price < float("inf") for price in prices):
            raise SpecError("A price per million tokens must be zero or more; correct --price-in or --price-out.")
        if self.max_cost is not None and not self.max_cost >= 0:
            raise SpecError(f"The highest cost must be zero or more, not {self.max_cost}; correct --max-cost.")
        if self.max_cost is not None and not any(prices):
            raise SpecError("A highest cost needs prices to count with: give --price-in and --price-out.")

    def bound(self, call: Call) -> float:
        """What a call could cost: a wary estimate of its prompt, its limit of tokens, and no less than any so far."""
        tokens_in = ceil(_count_bytes(call) / _WARY_BYTES_PER_TOKEN)
        return max(self.prices.cost(tokens_in, call.max_tokens), self.dearest)

    def fits(self, bound: float) -> bool:
        """Whether a call of this bound stays within what is allowed, with all that is under way."""
        return self.max_cost is None or self.cost + self.at_risk + self.reserved + bound <= self.max_cost

    def is_ready(self, bound: float) -> bool:
        """Whether it is decided if the call may be made: what is under way may come cheaper than it was reckoned."""
        return self.closed or self.under_way == 0 or self.fits(bound)

    def reserve(self, bound: float) -> bool:
        """Set the bound aside; where it does not fit, say no to this and every later call."""
        self.closed = self.closed or not self.fits(bound)
        if not self.closed:
            self.reserved += bound
            self.under_way += 1
        return not self.closed

    def settle(self, call: Call, completion: Completion | None, bound: float) -> None:
        """Put what a call used in the place of what was set aside; None where the call was given up."""
        self.under_way -= 1
        self.reserved = self.reserved - bound if self.under_way else 0.0
        if completion is None:
            return
        tokens_in, tokens_out = _estimate_tokens(call, completion)
        lost = self.prices.cost(ceil(_count_bytes(call) / _BYTES_PER_TOKEN), call.max_tokens) * completion.lost
        self.at_risk += lost
        self.counts["retries"] += completion.retries
        if completion.failure:
            return
        cost = self.prices.cost(tokens_in, tokens_out)
        self.cost += cost
        self.dearest = max(self.dearest, cost)
        self.counts["calls"] += 1
        self.counts["tokens_in"] += tokens_in
        self.counts["tokens_out"] += tokens_out
        self.counts["estimated_calls"] += completion.tokens_in is None or completion.tokens_out is None

    def count(self, reply: Reply) -> None:
        """Count what became of an ask."""
        self.counts["asks"] += 1
        self.counts["cached"] += reply.from_cache
        self.counts["repaired"] += reply.repaired
        if reply.value is None:
            self.fallbacks[reply.reason] += 1

    def report(self, model: str) -> TalkReport:
        """The counts so far."""
        names = ("asks", "calls", "retries", "cached", "repaired", "tokens_in", "tokens_out", "estimated_calls")
        return TalkReport(
            model=model,
            fallbacks=dict(sorted(self.fallbacks.items())),
            cost=self.cost,
            cost_at_risk=self.at_risk,
            **{name: self.counts[name] for name in names},
        )


def _count_bytes(call: Call) -> int:
    return sum(len(text.encode()) for text in (call.system, *call.turns))


def _estimate_tokens(call: Call, completion: Completion) -> tuple[int, int]:
    tokens_in, tokens_out = completion.tokens_in, completion.tokens_out
    return (
        ceil(_count_bytes(call) / _BYTES_PER_TOKEN) if tokens_in is None else tokens_in,
        ceil(len(completion.text.encode()) / _BYTES_PER_TOKEN) if tokens_out is None else tokens_out,
    )
