"""Reading what a model wrote: where the JSON is, whether it fits, and what is said when it does not."""

import json

import pytest
from llm_asks import Wording
from pydantic import BaseModel, Field

from twnm_bench.llm.replies import extract_object, read_reply, strict_schema, word_repair
from twnm_schemas.base import Strict


class Pair(Strict):
    instruction: str = Field(min_length=2, max_length=9)
    answer: str = "none"


class Pairs(Strict):
    pairs: tuple[Pair, ...] = Field(min_length=1)
    default: str = "kept as a name"


@pytest.mark.parametrize(
    "text",
    [
        '{"question": "Where {is} it?"}',
        '  {"question": "Where {is} it?"}\n',
        'Sure!\n```json\n{"question": "Where {is} it?"}\n```\nAnything else?',
        '```\n{"question": "Where {is} it?"}\n```',
        'Here you go: {"question": "Where {is} it?"} and {"question": "another"}',
        'An {example} first, then {"question": "Where {is} it?"}',
        '<think>{"question": "a draft"}</think>{"question": "Where {is} it?"}',
    ],
)
def test_the_object_is_found_in_whatever_surrounds_it(text: str) -> None:
    assert extract_object(text) == {"question": "Where {is} it?"}


@pytest.mark.parametrize(
    "text", ["", "no", "[1, 2]", '"text"', '{"question": "cut off', "{" * 50_000, '{"a":' * 30_000]
)
def test_what_is_no_object_is_none(text: str) -> None:
    assert extract_object(text) is None
    reading = read_reply(text, Wording, None)
    assert (reading.value, reading.reason) == (None, "invalid_json")


def test_a_reply_of_another_shape_names_the_field() -> None:
    reading = read_reply('{"query": "Where?"}', Wording, None)
    assert reading.reason == "wrong_shape"
    assert "question: field required" in reading.fault
    assert "query: extra inputs" in reading.fault
    assert reading.fault in word_repair(reading.fault)


def test_what_the_schema_that_is_sent_leaves_out_is_validated_all_the_same() -> None:
    reading = read_reply('{"pairs": [{"instruction": "x"}]}', Pairs, None)
    assert reading.reason == "wrong_shape"
    assert "pairs.0.instruction: string should have at least 2 characters" in reading.fault


def test_text_that_no_file_can_hold_is_refused() -> None:
    assert read_reply('{"question": "\\ud800"}', Wording, None).reason == "wrong_shape"


def test_a_check_sees_the_validated_value_and_its_sentence_is_the_fault() -> None:
    seen: list[BaseModel] = []

    def check(value: Wording) -> str:
        seen.append(value)
        return "There is no cat." if "cat" in value.question else ""

    assert read_reply('{"question": "a cat?"}', Wording, check).fault == "There is no cat."
    assert read_reply('{"question": "a cat?"}', Wording, check).reason == "false_claim"
    assert read_reply('{"question": "a dog?"}', Wording, check).value == Wording(question="a dog?")
    assert all(isinstance(value, Wording) for value in seen)


def test_the_strict_schema_requires_every_key_at_every_depth_and_allows_no_other() -> None:
    schema = strict_schema(Pairs)
    assert schema["required"] == ["pairs", "default"]
    pair = schema["$defs"]["Pair"]
    assert pair["required"] == ["instruction", "answer"]
    assert schema["additionalProperties"] is pair["additionalProperties"] is False
    assert '"none"' not in json.dumps(schema)
    assert "Length" not in json.dumps(schema)
    assert schema["properties"]["pairs"]["minItems"] == 1
    assert set(schema["properties"]) == {"pairs", "default"}  # a field may be called like a keyword
