"""Any OpenAI-compatible endpoint as a language model: retries, pressure and the ladder of structured output."""

import asyncio
import json
import os
import random
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from twnm_bench.llm.ladder import RUNGS, Ladder
from twnm_bench.llm.lanes import Lanes
from twnm_bench.llm.ports import Call, Completion, Finish
from twnm_bench.llm.trouble import Trouble, judge_error, judge_status
from twnm_schemas.errors import MachineError, MissingExtraError, SpecError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_CONNECT_S = 10.0
_PRESSED_PER_TRY = 3
_SHORTEST_SECRET = 8  # keys shorter than this are placeholders such as "none"


@dataclass(frozen=True)
class EndpointSettings:
    """Where a model is and how patient to be with it. Raises SpecError for values that cannot be.

    `timeout_s` is for one request, `deadline_s` for all tries of one call; being turned away with 429 or 503 counts as
    a third of a try. After `patience` calls in a row that came to nothing, asking stops.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    concurrency: int = 32
    timeout_s: float = 120.0
    tries: int = 5
    deadline_s: float = 600.0
    backoff_s: float = 1.0
    longest_backoff_s: float = 30.0
    patience: int = 5

    def __post_init__(self) -> None:
        if not _is_address(self.url):
            raise SpecError("The address of the endpoint is none; give one like http://localhost:8000/v1 (--llm).")
        if not self.model:
            raise SpecError(f"No model is named for {self.place}; give --model or set TWNM_LLM_MODEL.")
        if not (self.key.isascii() and (self.key.isprintable())):
            raise SpecError("The key of the endpoint holds characters that no key has; set TWNM_LLM_KEY anew.")
        if min(self.concurrency, self.tries, self.patience) < 1 or min(self.timeout_s, self.deadline_s) <= 0:
            raise SpecError("Concurrency, tries, patience, timeout and deadline of an endpoint must be above zero.")

    @property
    def place(self) -> str:
        """The address without a user, password or query that it may carry: fit for messages and files."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def read_endpoint(
    url: str | None = None, model: str | None = None, key: str | None = None, **patience: Any
) -> EndpointSettings | None:
    """Settings from arguments, else TWNM_LLM_URL, TWNM_LLM_MODEL, and TWNM_LLM_KEY or OPENAI_API_KEY.

    None where no address is given at all; further arguments are those of EndpointSettings. Raises SpecError.
    """

    def first(*values: str | None) -> str:
        return next((value.strip() for value in values if value and value.strip()), "")

    environment = os.environ.get
    place = first(url, environment("TWNM_LLM_URL"))
    if not place:
        return None
    return EndpointSettings(
        url=place,
        model=first(model, environment("TWNM_LLM_MODEL")),
        key=first(key, environment("TWNM_LLM_KEY"), environment("OPENAI_API_KEY")),
        **patience,
    )


class Endpoint:
    """A LanguageModel behind HTTP. `memory` is the folder in which it keeps what the endpoint takes (the cache's).

    Raises MissingExtraError where the client is not installed.
    """

    def __init__(self, settings: EndpointSettings, memory: Path | None = None) -> None:
        _import_openai()
        self.settings = settings
        self.ladder = Ladder(f"{settings.place} {settings.model}", memory)
        self._client: AsyncOpenAI | None = None
        self._lanes: Lanes | None = None
        self._alive = False  # something was answered, if only by a refusal
        self._in_vain = 0  # calls in a row that came to nothing

    @property
    def name(self) -> str:
        """The model's name."""
        return self.settings.model

    @property
    def concurrency(self) -> int:
        """Calls at a time, at most."""
        return self.settings.concurrency

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
        self._client = self._lanes = None

    async def complete(self, call: Call) -> Completion:
        """The reply to one call, after as many tries as the settings allow.

        Raises SpecError for a wrong key, an unknown model, an address that does not serve chats or cannot be reached;
        MachineError where the endpoint has answered before and now fails call after call.
        """
        lanes = self._lanes = self._lanes or Lanes(self.settings.concurrency)
        deadline, tried, lost, effort = 0.0, 0, 0, 0
        while True:
            async with lanes.lane() as epoch:
                deadline = deadline or time.monotonic() + self.settings.deadline_s
                outcome = await self._send(call, deadline)
                wait_s = self._note(outcome, lanes, epoch, tried)
            if isinstance(outcome, Completion):
                return replace(outcome, retries=tried, lost=lost)
            lost += outcome.lost
            tried += 1
            # many are turned away together until the lanes are narrow enough, so that counts for less
            effort += 1 if outcome.pressed else _PRESSED_PER_TRY
            last = effort >= self.settings.tries * _PRESSED_PER_TRY or wait_s >= deadline - time.monotonic()
            if last or outcome.act == "give_up":
                return self._fail(outcome, tried, lost)
            await asyncio.sleep(wait_s)

    def _note(self, outcome: Completion | Trouble, lanes: Lanes, epoch: int, tried: int) -> float:
        """Adapt to what came of a request, and say how long to wait before the next try of it."""
        if isinstance(outcome, Completion):
            self._alive, self._in_vain = True, 0
            lanes.widen()
            return 0.0
        if outcome.act.startswith("stop") and not (outcome.act == "stop_unreachable" and self._alive):
            lanes.shut()
            self._stop(outcome)
        self._alive = self._alive or outcome.reason not in {"endpoint_down", "timeout"}
        longest = min(self.settings.longest_backoff_s, self.settings.backoff_s * 2**tried)
        jitter = random.random() * longest  # when it is asked again changes nothing of what is said
        wait_s = jitter if outcome.wait_s is None else outcome.wait_s
        if outcome.pressed:  # a wait that this call will not sit out holds up no other
            lanes.narrow(epoch, wait_s if outcome.wait_s and wait_s < self.settings.deadline_s else 0.0)
        return wait_s

    def _fail(self, trouble: Trouble, tried: int, lost: int) -> Completion:
        # what is wrong with one request says nothing of the next
        self._in_vain = 0 if trouble.act == "give_up" else self._in_vain + 1
        if self._in_vain >= self.settings.patience:
            raise MachineError(
                f"{self.settings.place} gave nothing to {self._in_vain} calls in a row ({self._hide(trouble.said)}); "
                "the replies so far are kept: run the same command again when it is well."
            )
        return Completion("", failure=trouble.reason, retries=tried, lost=lost)

    async def _send(self, call: Call, deadline: float) -> Completion | Trouble:
        """One request, and where its form is rejected those further down the ladder."""
        rung = self.ladder.habits.rung
        arguments = self.ladder.arguments_of(call, rung)
        while True:
            outcome = await self._post(arguments, deadline)
            if isinstance(outcome, Completion):
                self.ladder.settle_on(rung)
                if outcome.finish == "stop":
                    self.ladder.watch(call, rung, outcome.text)
                return outcome
            if outcome.act != "step_down":
                return outcome
            self.ladder.do_without(outcome.parameter)
            if self.ladder.arguments_of(call, rung) == arguments:  # nothing to say differently on this rung
                if rung == RUNGS[-1]:
                    return replace(outcome, act=outcome.at_last)
                rung = RUNGS[RUNGS.index(rung) + 1]
            arguments = self.ladder.arguments_of(call, rung)

    async def _post(self, arguments: dict[str, Any], deadline: float) -> Completion | Trouble:
        openai = _import_openai()
        if self._client is None:
            self._client = openai.AsyncOpenAI(
                base_url=self.settings.url,
                api_key=self.settings.key or "none",
                timeout=openai.Timeout(self.settings.timeout_s, connect=min(_CONNECT_S, self.settings.timeout_s)),
                max_retries=0,  # ours know of the lanes and the deadline
            )
        chat = self._client.chat.completions.with_raw_response
        try:
            async with asyncio.timeout(min(self.settings.timeout_s, max(0.0, deadline - time.monotonic()))):
                response = (await chat.create(model=self.settings.model, **arguments)).http_response
            return _read_body(response.text)
        except openai.APIStatusError as error:
            return judge_status(error.status_code, error.response.text, error.response.headers)
        except (openai.APIConnectionError, TimeoutError) as error:
            return judge_error(error)

    def _stop(self, trouble: Trouble) -> NoReturn:
        place, model, said = self.settings.place, self.settings.model, self._hide(trouble.said)
        key = "the key" if self.settings.key else "a request without a key"
        sentences = {
            "stop_key": f"{place} refuses {key} ({said}); set TWNM_LLM_KEY or OPENAI_API_KEY to one that it takes.",
            "stop_model": f"{place} knows no model '{model}' ({said}); give --model one that it serves.",
            "stop_url": f"{place} serves no chat completions ({said}); the address usually ends in /v1: correct --llm.",
            "stop_credit": f"{place} has no credit left for this key ({said}); add some and run it again.",
            "stop_unreachable": f"{place} cannot be reached ({said}); start the endpoint or correct --llm.",
        }
        raise SpecError(sentences[trouble.act])

    def _hide(self, said: str) -> str:
        """What an endpoint or the client said, without the key."""
        key = self.settings.key
        return said.replace(key, "[key]") if len(key) >= _SHORTEST_SECRET else said


def _import_openai() -> Any:
    try:
        import openai
    except ImportError:
        raise MissingExtraError(
            "A language model needs the package 'openai', which is not installed: pip install 'twnm[bench]'."
        ) from None
    return openai


def _read_body(body: str) -> Completion | Trouble:
    """A chat completion as servers write it, which is not always as it is specified."""
    try:
        value = json.loads(body)
        choice = value["choices"][0]
        text, refusal = _join_content(choice["message"].get("content")), choice["message"].get("refusal")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return _judge_odd_body(body)
    finish: Finish = "length" if choice.get("finish_reason") == "length" else "stop"
    if choice.get("finish_reason") == "content_filter" or (refusal and not text):
        finish = "refused"
    usage = value.get("usage") or {}
    return Completion(text, finish, _read_count(usage, "prompt_tokens"), _read_count(usage, "completion_tokens"))


def _judge_odd_body(body: str) -> Trouble:
    """A success without a completion in it: some gateways put the error of the server behind them there."""
    try:
        code = json.loads(body)["error"]["code"]
    except (ValueError, RecursionError, LookupError, TypeError):
        code = 500
    return judge_status(code if isinstance(code, int) and 400 <= code < 600 else 500, body, {})


def _join_content(content: Any) -> str:
    """The text of a message, whether written as a text or as parts; what no file can hold is replaced."""
    if isinstance(content, list):
        content = "".join(part.get("text", "") for part in content)
    return (content or "").encode("utf-8", "replace").decode("utf-8")


def _read_count(usage: Any, name: str) -> int | None:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) and count >= 0 else None
