"""How an endpoint is made to give JSON, and what it has shown not to take, remembered in memory and in a folder."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from twnm_bench.llm.ports import Call
from twnm_bench.llm.replies import extract_object, parse_object
from twnm_schemas.base import Strict
from twnm_shards.files import disk_errors, write_json

Rung = Literal["json_schema", "json_object", "text"]
RUNGS: tuple[Rung, ...] = ("json_schema", "json_object", "text")
HABITS_NAME = "endpoints.json"
_STRIKES = 3  # replies in a row that ignore what was asked


class Habits(Strict):
    """What one endpoint takes for one model."""

    rung: Rung = "json_schema"
    token_parameter: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    left_out: tuple[Literal["temperature", "seed"], ...] = ()


class Ladder:
    """The habits of an endpoint and model, kept under `name` in `endpoints.json` of a folder if one is given.

    A file that cannot be read is taken for none: all it costs is to find out again.
    """

    def __init__(self, name: str, folder: Path | None) -> None:
        self._name, self._path = name, folder / HABITS_NAME if folder else None
        self._strikes = 0
        self.habits = self._load().get(name, Habits())

    def _load(self) -> dict[str, Habits]:
        try:
            return _HABITS.validate_json(self._path.read_bytes()) if self._path else {}
        except (OSError, ValidationError):
            return {}

    def _learn(self, **changes: Any) -> None:
        self.habits = self.habits.model_copy(update=changes)
        self._strikes = 0
        if self._path:
            known = self._load() | {self._name: self.habits}
            with disk_errors(self._path.parent):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_json(self._path, {name: habits.model_dump(mode="json") for name, habits in known.items()})

    def settle_on(self, rung: Rung) -> None:
        """A request was taken on this rung after those above were rejected: begin here from now on."""
        if RUNGS.index(rung) > RUNGS.index(self.habits.rung):
            self._learn(rung=rung)

    def watch(self, call: Call, rung: Rung, text: str) -> None:
        """Look at a whole reply: an endpoint that ignores the form it was asked for, repeatedly, is stepped down."""
        if rung == "text" or rung != self.habits.rung:
            return
        self._strikes = 0 if _obeys(call, rung, text) else self._strikes + 1
        if self._strikes >= _STRIKES:
            self._learn(rung=RUNGS[RUNGS.index(rung) + 1])

    def do_without(self, parameter: str) -> None:
        """Rename or leave out a parameter that was rejected, where that can be done."""
        if parameter == "max_tokens" and self.habits.token_parameter == "max_tokens":
            self._learn(token_parameter="max_completion_tokens")  # OpenAI's newer name
        elif parameter in {"temperature", "seed"} and parameter not in self.habits.left_out:
            self._learn(left_out=(*self.habits.left_out, parameter))

    def arguments_of(self, call: Call, rung: Rung) -> dict[str, Any]:
        """The arguments of a chat completion, less the model."""
        free = {"temperature": call.temperature, "seed": call.seed}
        arguments = {name: value for name, value in free.items() if name not in self.habits.left_out}
        return {
            **arguments,
            self.habits.token_parameter: call.max_tokens,
            "messages": _write_messages(call, rung),
            **_write_format(call, rung),
        }


_HABITS = TypeAdapter(dict[str, Habits])


def _obeys(call: Call, rung: Rung, text: str) -> bool:
    found = parse_object(text)
    if found is None and rung == "json_object":
        # a fence around JSON is the model's manner and costs nothing here; the schema is in the prompt already
        found = extract_object(text)
    wanted = call.schema.get("required", []) if rung == "json_schema" else []
    return found is not None and all(name in found for name in wanted)


def _write_format(call: Call, rung: Rung) -> dict[str, Any]:
    if rung == "json_schema":
        name = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in call.schema_name)[:64]
        return {
            "response_format": {
                "type": rung,
                "json_schema": {"name": name or "reply", "strict": True, "schema": call.schema},
            }
        }
    return {"response_format": {"type": rung}} if rung == "json_object" else {}


def _write_messages(call: Call, rung: Rung) -> list[dict[str, str]]:
    first, *rest = call.turns
    if rung != "json_schema":
        first = f"{first}\n\nAnswer with one JSON object that fits this JSON schema, and nothing else:\n{_dump(call)}"
    turns = [{"role": "assistant" if n % 2 else "user", "content": text} for n, text in enumerate((first, *rest))]
    return [{"role": "system", "content": call.system}, *turns] if call.system else turns


def _dump(call: Call) -> str:
    return json.dumps(call.schema, ensure_ascii=False)
