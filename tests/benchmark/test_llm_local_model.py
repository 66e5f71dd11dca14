"""A real model through the whole layer: SmolLM2-135M behind llama.cpp's server, on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_asks import KEY, Wording
from local_model import MODEL, say_what_is_missing, serving_local_model

from twnm_bench.llm.asking import AskSettings, ask_all
from twnm_bench.llm.endpoint import Endpoint, EndpointSettings
from twnm_bench.llm.ladder import Ladder
from twnm_bench.llm.meter import Meter
from twnm_bench.llm.ports import Ask
from twnm_bench.llm.templates import render_prompt
from twnm_schemas.errors import SpecError

pytestmark = pytest.mark.skipif(bool(say_what_is_missing()), reason=say_what_is_missing() or "all is there")

NAMES = ("dog", "siren", "piano")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving_local_model(KEY) as place:
        yield place


def make_real_asks() -> list[Ask]:
    return [
        Ask(
            name=name,
            prompt=render_prompt(
                "reword_question",
                question=f"Where is the {name}?",
                choices=["to your left", "to your right"],
                facts=[f"the {name}"],
                tone="plain",
            ),
            schema=Wording,
        )
        for name in NAMES
    ]


def open_endpoint(url: str, key: str = KEY) -> Endpoint:
    return Endpoint(EndpointSettings(url, MODEL, key, concurrency=2))


def test_a_real_model_fills_the_schema_and_is_asked_once(url: str, tmp_path: Path) -> None:
    endpoint, meter = open_endpoint(url), Meter()
    settings = AskSettings(max_tokens=160, cache=tmp_path)
    replies = ask_all(make_real_asks(), endpoint, settings, meter)
    # a model this small may ramble to the limit; what it finishes fits the schema, and nothing falls back otherwise
    assert {reply.reason for reply in replies} <= {"", "cut"}
    assert any(reply.value for reply in replies)
    assert endpoint.ladder.habits.rung == "json_schema"
    report = meter.report(endpoint.name)
    assert report.estimated_calls == 0
    assert report.tokens_in > 100 * len(NAMES)

    second = Meter()
    again = ask_all(make_real_asks(), open_endpoint(url), settings, second)
    assert [reply.value for reply in again] == [reply.value for reply in replies]
    assert (second.report("m").calls, second.report("m").cached) == (0, len(NAMES))


@pytest.mark.parametrize("rung", ["json_object", "text"])
def test_the_lower_rungs_are_understood_by_a_real_server(url: str, rung: str) -> None:
    endpoint = open_endpoint(url)
    endpoint.ladder = Ladder("x", None)
    endpoint.ladder.settle_on(rung)  # type: ignore[arg-type]
    (reply,) = ask_all(make_real_asks()[:1], endpoint, AskSettings(max_tokens=60))
    assert reply.reason in {"", "cut", "invalid_json", "wrong_shape"}


def test_a_wrong_key_and_a_prompt_that_is_too_long_are_told_as_such(url: str) -> None:
    with pytest.raises(SpecError, match="refuses the key"):
        ask_all(make_real_asks(), open_endpoint(url, "sk-quite-another-key"))
    (reply,) = ask_all([Ask("long", "word " * 6000, Wording)], open_endpoint(url))
    assert reply.reason == "too_long"
