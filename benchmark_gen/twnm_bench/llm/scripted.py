"""A model that says what it is told to: for tests, documentation and trying a prompt without an endpoint."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel

from twnm_bench.llm.ports import Call, Completion
from twnm_schemas.errors import SpecError

Said = str | dict[str, Any] | BaseModel | Completion


class ScriptedModel:
    """Replies in order, or by a function of the last turn's text.

    A reply is a text, a dictionary or record (given as JSON), or a whole Completion. `calls` holds what was asked.
    With replies in order one call is made at a time, so that the order of the asks decides who gets which.
    Raises SpecError when it is asked for more replies than it has.
    """

    def __init__(self, replies: Sequence[Said] | Callable[[str], Said], name: str = "scripted") -> None:
        self.name = name
        self.concurrency = 32 if callable(replies) else 1
        self.calls: list[Call] = []
        self._replies = replies

    async def complete(self, call: Call) -> Completion:
        """The next reply of the script."""
        self.calls.append(call)
        said = self._replies(call.turns[-1]) if callable(self._replies) else self._next(self._replies)
        return said if isinstance(said, Completion) else Completion(_to_text(said))

    def _next(self, replies: Sequence[Said]) -> Said:
        if len(self.calls) > len(replies):
            raise SpecError(f"The script has {len(replies)} replies and was asked for one more; write more of them.")
        return replies[len(self.calls) - 1]

    async def close(self) -> None:
        """There is nothing to let go of."""


def _to_text(said: str | dict[str, Any] | BaseModel) -> str:
    if isinstance(said, BaseModel):
        return said.model_dump_json()
    return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
