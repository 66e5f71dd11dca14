"""What an endpoint's refusal means: to wait, to ask differently, to give this ask up, or to stop."""

import email.utils
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from twnm_bench.llm.ports import Reason

Act = Literal["retry", "step_down", "give_up", "stop_key", "stop_model", "stop_url", "stop_credit", "stop_unreachable"]

_TOO_LONG = re.compile(r"context[ _](?:length|size|window)|maximum context|too many tokens|prompt is too long", re.I)
_UNKNOWN_MODEL = re.compile(
    r"model\b.*\b(?:not found|not exist|n't exist|unknown|not available|not supported|not a valid)"
    r"|(?:unknown|invalid|no such) model|not a valid model|model_not_found",
    re.I | re.DOTALL,
)
_FORM = re.compile(r"response_format|json_schema|json_object|structured|grammar", re.I)
_CREDIT = re.compile(r"insufficient_quota|insufficient (?:balance|credit|funds)|billing", re.I)
_PARAMETER = re.compile(r"\b(max_tokens|temperature|seed)\b")
_UNSUPPORTED = re.compile(r"not support|unsupported|unknown|unrecogni[sz]ed|unexpected|not permitted|extra input", re.I)
_PRESSED = {429, 503, 529}
_PASSING = {408, 409, 425}


@dataclass(frozen=True)
class Trouble:
    """What went wrong with one request and what to do. `said` quotes the endpoint, in short."""

    act: Act
    reason: Reason
    said: str = ""
    pressed: bool = False  # fewer requests at a time
    wait_s: float | None = None  # as the endpoint asked for
    lost: bool = False  # it may be billed
    parameter: str = ""  # a parameter that the endpoint will not have
    at_last: Act = "give_up"  # what to do when nothing is left to step down to


def judge_status(status: int, body: str, headers: Mapping[str, str]) -> Trouble:
    """What an HTTP status of 400 or more means, by what OpenAI, vLLM, llama.cpp and Ollama say with it."""
    said = _quote(body)
    if status in {401, 403}:
        return Trouble("stop_key", "rejected", f"HTTP {status}")
    if status == 402 or (status == 429 and _CREDIT.search(body)):
        return Trouble("stop_credit", "rejected", f"HTTP {status}")
    if status in _PRESSED:
        reason: Reason = "rate_limited" if status == 429 else "server_error"
        return Trouble("retry", reason, said, pressed=True, wait_s=_read_retry_after(headers))
    if status < 500 and status not in _PASSING:
        return _judge_rejection(status, body, said)
    if _FORM.search(body):  # some servers fail at a schema that they cannot compile
        return Trouble("step_down", "rejected", said)
    return Trouble("retry", "server_error", said, wait_s=_read_retry_after(headers))


def _judge_rejection(status: int, body: str, said: str) -> Trouble:
    form = bool(_FORM.search(body))
    parameter = _PARAMETER.search(body)
    if status == 413 or _TOO_LONG.search(body):
        return Trouble("give_up", "too_long", said)
    if form:
        return Trouble("step_down", "rejected", said)
    if parameter and _UNSUPPORTED.search(body):
        return Trouble("step_down", "rejected", said, parameter=parameter[1])
    if status in {400, 404} and _UNKNOWN_MODEL.search(body):
        return Trouble("stop_model", "rejected", said)
    # gateways say 404 where no server behind them takes the form; at an address that is none, nothing else will help
    at_last: Act = "stop_url" if status in {404, 405} else "give_up"
    return Trouble("step_down", "rejected", said, at_last=at_last)


def judge_error(error: BaseException) -> Trouble:
    """What a request without a reply means: never connected, timed out, or broken on the way."""
    links = list(_chain(error))
    names = {type(link).__name__ for link in links}
    said = _shorten(str(links[-1]) or type(links[-1]).__name__)
    if names & {"ConnectError", "ConnectTimeout"}:
        return Trouble("stop_unreachable", "endpoint_down", said)
    if any("Timeout" in name for name in names):
        return Trouble("retry", "timeout", "no reply in time", lost=True)
    return Trouble("retry", "endpoint_down", said, lost=True)


def _chain(error: BaseException | None) -> list[BaseException]:
    links: list[BaseException] = []
    while error is not None and error not in links:
        links.append(error)
        error = error.__cause__ or error.__context__
    return links


def _quote(body: str) -> str:
    """The message in an error's body, in short."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        value = body
    for name in ("error", "message", "detail"):
        if isinstance(value, dict) and name in value:
            value = value[name]
    return _shorten(value if isinstance(value, str) else json.dumps(value))


def _shorten(text: str, most: int = 160) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= most else text[:most].rstrip() + "..."


def _read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, from a number or a date (RFC 9110, section 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        moment = email.utils.parsedate_tz(value)
        seconds = email.utils.mktime_tz(moment) - time.time() if moment else -1.0
    return max(0.0, seconds) if value and 0 <= seconds < float("inf") else None
