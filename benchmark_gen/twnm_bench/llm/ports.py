"""What is asked of a language model and what comes back: the words of this room."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from twnm_schemas.fingerprints import canonical_json

Reason = Literal[
    "",
    "invalid_json",  # no JSON object in the reply, nor in the repaired one
    "wrong_shape",  # JSON, but not what the schema says
    "false_claim",  # the check of the ask found something false
    "cut",  # at the token limit, and again at twice the limit
    "refused_by_model",  # a refusal, or a content filter
    "refused_by_cost",  # the next call could have exceeded the cost that was allowed
    "too_long",  # the prompt is longer than the model's context
    "rejected",  # the endpoint will not have the request in any form
    "rate_limited",
    "server_error",
    "timeout",
    "endpoint_down",  # no connection, or one that broke
]
Finish = Literal["stop", "length", "refused"]


@dataclass(frozen=True)
class Ask:
    """One request.

    `check` is given the validated reply and says in one sentence what is false in it, or "" where nothing is; it must
    say the same of the same reply, because a reply from the cache is checked again.
    """

    name: str  # what it is for, in messages and provenance: "q-000012 wording"
    prompt: str
    schema: type[BaseModel]
    system: str = ""
    check: Callable[[Any], str] | None = None


@dataclass(frozen=True)
class Reply:
    """What an ask gave. Where `value` is None the caller falls back, and `reason` names why; `fault` is a sentence."""

    value: BaseModel | None
    reason: Reason
    model: str
    prompt_sha256: str  # of model, system, prompt, schema and this package's version
    from_cache: bool  # no call was made for it
    repaired: bool
    fault: str = ""


@dataclass(frozen=True)
class Call:
    """What a model is given: the turns are user, assistant, user, ... and the last is the user's."""

    system: str
    turns: tuple[str, ...]
    schema_name: str
    schema: dict[str, Any]
    temperature: float
    seed: int
    max_tokens: int

    def key_for(self, model: str) -> str:
        """The name of this call in the cache: SHA-256 of all that decides the reply.

        The limit of tokens is left out (a cut reply is told by its own limit), and so is the way in which the schema
        is conveyed, which belongs to the endpoint.
        """
        content = [model, self.system, self.turns, self.schema, self.temperature, self.seed]
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()


@dataclass(frozen=True)
class Completion:
    """What a model gave to one call: a text, or the reason why there is none (`failure`)."""

    text: str
    finish: Finish = "stop"
    tokens_in: int | None = None  # None: the endpoint does not tell
    tokens_out: int | None = None
    failure: Reason = ""
    retries: int = 0  # requests before this one that came to nothing
    lost: int = 0  # those of them that the endpoint may bill all the same: timeouts, connections that broke


class LanguageModel(Protocol):
    """What replies to calls."""

    @property
    def name(self) -> str:
        """The model's name, in cache and provenance."""

    @property
    def concurrency(self) -> int:
        """How many calls at a time are worth making."""

    async def complete(self, call: Call) -> Completion:
        """The reply to one call. Raises TwnmError where asking on makes no sense (a wrong key, a server down)."""

    async def close(self) -> None:
        """Let go of connections; the model can be used again."""


def hash_prompt(ask: Ask, schema: dict[str, Any], model: str) -> str:
    """`Reply.prompt_sha256`."""
    content = [model, ask.system, ask.prompt, schema, version("twnm")]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()
