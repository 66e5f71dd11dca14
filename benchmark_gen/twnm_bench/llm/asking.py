"""Asking many things at once: from the cache where it can, validated, repaired once, within a cost.

Each ask becomes a call; its reply is read, validated and checked. A reply that does not pass is quoted back once with
what is wrong; what then fails is a fallback with a reason, and the caller words the thing itself. Every reply that was
paid for goes to the cache before anything else happens, and is validated again when it is read from there.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from twnm_bench.llm.cache import ReplyCache
from twnm_bench.llm.meter import Meter
from twnm_bench.llm.ports import Ask, Call, Completion, LanguageModel, Reason, Reply, hash_prompt
from twnm_bench.llm.replies import Reading, read_reply, strict_schema, word_repair
from twnm_bench.llm.sharing import share_out
from twnm_schemas.errors import SpecError, TwnmError
from twnm_schemas.fingerprints import canonical_json

_SEEDS = 1 << 31
_BUDGETS = (1, 2)  # times `max_tokens`: a reply that is cut is asked for once more


@dataclass(frozen=True)
class AskSettings:
    """How asking is done. Raises SpecError for values that cannot be.

    `seed` goes, with the content, into the seed of each call. `cache` is a folder; without one, nothing is kept.
    """

    temperature: float = 0.7
    seed: int = 0
    max_tokens: int = 1024
    cache: Path | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 2:
            raise SpecError(f"The temperature must lie between 0 and 2, not at {self.temperature}.")
        if self.max_tokens < 1:
            raise SpecError(f"The limit of tokens must be one or more, not {self.max_tokens}.")


def ask_all(
    asks: Sequence[Ask],
    model: LanguageModel,
    settings: AskSettings | None = None,
    meter: Meter | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> list[Reply]:
    """The replies in the order of the asks; `on_progress` is called with the number of asks that are done.

    Raises TwnmError, in one sentence, where asking on makes no sense (a wrong key, an unknown model, an endpoint that
    is down); the replies up to there are in the cache. A `meter` given carries counts and cost over several runs.
    """
    settings = settings or AskSettings()
    cache = ReplyCache(settings.cache)
    try:
        talk = _Talk(model, settings, cache, meter if meter is not None else Meter())
        return asyncio.run(talk.answer_all(asks, on_progress or (lambda done: None)))
    finally:
        cache.close()


def preview(asks: Sequence[Ask], n: int = 5) -> list[str]:
    """The first `n` requests as they would be sent, with the schema that the reply must fit; nothing is called."""
    return [_show(ask) for ask in asks[:n]]


def _show(ask: Ask) -> str:
    schema = json.dumps(strict_schema(ask.schema), indent=1, ensure_ascii=False)
    system = f"--- system\n{ask.system}\n" if ask.system else ""
    return f"=== {ask.name}\n{system}--- user\n{ask.prompt}\n--- schema of the reply\n{schema}\n"


@dataclass(frozen=True)
class _Said:
    """A completion and whether it cost nothing here."""

    completion: Completion
    free: bool


class _Talk:
    """One run of `ask_all`, inside its event loop."""

    def __init__(self, model: LanguageModel, settings: AskSettings, cache: ReplyCache, meter: Meter) -> None:
        self._model, self._settings, self._cache, self._meter = model, settings, cache, meter
        self._flights: dict[str, asyncio.Future[_Said]] = {}
        self._settled = asyncio.Condition()
        self._schemas: dict[type, dict[str, Any]] = {}

    async def answer_all(self, asks: Sequence[Ask], on_progress: Callable[[int], None]) -> list[Reply]:
        replies: dict[int, Reply] = {}

        async def answer(numbered: tuple[int, Ask]) -> None:
            place, ask = numbered
            replies[place] = await self._answer(ask)
            self._meter.count(replies[place])
            on_progress(len(replies))

        try:
            await share_out(list(enumerate(asks)), self._model.concurrency, answer)
        finally:
            await self._model.close()
        return [replies[place] for place in range(len(asks))]

    async def _answer(self, ask: Ask) -> Reply:
        call = self._first_call(ask)
        said = await self._say(call)
        reading = _read(ask, said.completion)
        free, repaired = said.free, False
        if reading.value is None and not _settles(said.completion):
            turns = (*call.turns, said.completion.text, word_repair(reading.fault))
            again = await self._say(replace(call, turns=turns))
            second = _read(ask, again.completion)
            free, repaired = free and again.free, second.value is not None
            # what the endpoint failed at while repairing says less than what was wrong with the reply
            reading = second if repaired or second.reason in _FAULTS | {"refused_by_cost"} else reading
        digest = hash_prompt(ask, call.schema, self._model.name)
        return Reply(reading.value, reading.reason, self._model.name, digest, free, repaired, reading.fault)

    def _first_call(self, ask: Ask) -> Call:
        schema = self._schemas.setdefault(ask.schema, strict_schema(ask.schema))
        content = canonical_json([ask.system, ask.prompt, schema, self._settings.seed])
        return Call(
            system=ask.system,
            turns=(ask.prompt,),
            schema_name=ask.schema.__name__,
            schema=schema,
            temperature=self._settings.temperature,
            seed=int(hashlib.sha256(content.encode()).hexdigest()[:16], 16) % _SEEDS,
            max_tokens=self._settings.max_tokens,
        )

    async def _say(self, call: Call) -> _Said:
        """The completion of a call, made once however many ask for it at a time."""
        key = call.key_for(self._model.name)
        if key in self._flights:
            said = await asyncio.shield(self._flights[key])
            return _Said(said.completion, free=True)
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        try:
            said = await self._find_or_pay(key, call)
            flight.set_result(said)
            return said
        except TwnmError as error:
            flight.set_exception(error)
            flight.exception()  # seen here, should nobody else be waiting
            raise
        finally:
            flight.cancel()  # does nothing once it is done; else the run is being cancelled, and so is who waits
            del self._flights[key]

    async def _find_or_pay(self, key: str, call: Call) -> _Said:
        free = True
        completion = Completion("", failure="cut")
        for times in _BUDGETS:
            budget = replace(call, max_tokens=times * call.max_tokens)
            kept = self._cache.find(key, budget.max_tokens)
            if kept is not None:
                completion = kept.completion
            else:
                free, completion = False, await self._pay(key, budget)
            if completion.failure or completion.finish != "length":
                break
        return _Said(completion, free)

    async def _pay(self, key: str, call: Call) -> Completion:
        bound = self._meter.bound(call)
        async with self._settled:
            await self._settled.wait_for(lambda: self._meter.is_ready(bound))
            if not self._meter.reserve(bound):
                return Completion("", failure="refused_by_cost")
        completion = None
        try:
            completion = await self._model.complete(call)
            if not completion.failure:
                self._cache.keep(key, self._model.name, completion, call.max_tokens)
        finally:
            self._meter.settle(call, completion, bound)
            async with self._settled:
                self._settled.notify_all()
        return completion


_FAULTS: set[Reason] = {"invalid_json", "wrong_shape", "false_claim"}
_SENTENCES: dict[Reason, str] = {
    "cut": "The reply was cut at the limit of tokens, and again at twice the limit.",
    "refused_by_model": "The model declined to reply.",
    "refused_by_cost": "The next call could have exceeded the highest cost.",
    "too_long": "The prompt is longer than the model takes.",
    "rejected": "The endpoint rejected the request in every form.",
    "rate_limited": "The endpoint kept saying that it was asked too often.",
    "server_error": "The endpoint kept failing.",
    "timeout": "The endpoint did not reply in time.",
    "endpoint_down": "The connection to the endpoint could not be made or broke.",
}


def _settles(completion: Completion) -> bool:
    """Whether there is no text to repair."""
    return bool(completion.failure) or completion.finish != "stop"


def _read(ask: Ask, completion: Completion) -> Reading:
    reason: Reason = completion.failure
    if not reason and completion.finish != "stop":
        reason = "cut" if completion.finish == "length" else "refused_by_model"
    if reason:
        return Reading(None, reason, _SENTENCES.get(reason, ""))
    return read_reply(completion.text, ask.schema, ask.check)
