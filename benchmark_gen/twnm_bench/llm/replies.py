"""From a model's text to a validated value, or to the sentence that says what is wrong with it."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from twnm_bench.llm.ports import Reason

_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"```[a-zA-Z]*\s*\n?(\{.*?)```", re.DOTALL)
_DECODER = json.JSONDecoder()
_DROPPED = {"default", "minLength", "maxLength"}  # keywords of a JSON schema
_LONGEST = 200_000  # characters of a reply that are looked through


@dataclass(frozen=True)
class Reading:
    """A reply as read: the value, or the reason and a sentence fit to be quoted to the model."""

    value: BaseModel | None
    reason: Reason = ""
    fault: str = ""


def read_reply(text: str, schema: type[BaseModel], check: Callable[[Any], str] | None) -> Reading:
    """Find the JSON object in a reply, validate it and have its claims checked."""
    found = extract_object(text)
    if found is None:
        return Reading(None, "invalid_json", "The reply holds no complete JSON object.")
    try:
        value = schema.model_validate_json(json.dumps(found))  # as JSON, which no half of a surrogate pair gets through
    except ValidationError as error:
        return Reading(None, "wrong_shape", _say_errors(error))
    false = check(value) if check else ""
    return Reading(None, "false_claim", false) if false else Reading(value)


def parse_object(text: str) -> dict[str, Any] | None:
    """The text as a JSON object, or None where it is anything else or more."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def extract_object(text: str) -> dict[str, Any] | None:
    """The JSON object in a text: the text itself, else the first in a code fence, else the first balanced one."""
    text = _THOUGHT.sub("", text[:_LONGEST])
    whole = parse_object(text)
    if whole is not None:
        return whole
    for fenced in _FENCED.finditer(text):
        found = _first_balanced(fenced[1])
        if found is not None:
            return found
    return _first_balanced(text)


def _first_balanced(text: str) -> dict[str, Any] | None:
    start = text.find("{")
    while start >= 0:
        try:
            found: dict[str, Any] = _DECODER.raw_decode(text, start)[0]
            return found
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
    return None


def _say_errors(error: ValidationError) -> str:
    """At most three of the errors, in one sentence."""
    parts = [f"{'.'.join(map(str, e['loc'])) or 'the whole'}: {e['msg'].lower()}" for e in error.errors()[:3]]
    return f"The reply does not fit the JSON schema ({'; '.join(parts)})."


def word_repair(fault: str) -> str:
    """The turn that asks once more."""
    return (
        f"That reply cannot be used. {fault} Write it again with this put right, and answer with the JSON object alone."
    )


def strict_schema(schema: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a reply as strict structured output wants it: every key required, none beside them.

    (OpenAI, "Structured outputs", supported schemas: all fields required, additionalProperties false. Defaults are
    dropped, because a model that must write every key needs none; and so are lengths of texts, which OpenAI does not
    take and of which llama.cpp makes a grammar as long as the text. Validation holds the reply to them.)
    """
    return dict(_tighten(schema.model_json_schema()))


def _tighten(node: Any) -> Any:
    if isinstance(node, list):
        return [_tighten(item) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("properties"), dict):
        properties = {name: _tighten(value) for name, value in node["properties"].items()}
        rest = {key: _tighten(value) for key, value in node.items() if key not in _DROPPED | {"properties"}}
        return {**rest, "properties": properties, "required": list(properties), "additionalProperties": False}
    return {key: _tighten(value) for key, value in node.items() if key not in _DROPPED}
