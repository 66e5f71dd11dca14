"""The endpoint under fault: a server on this machine that fails as servers do. Causes are asserted, never times."""

import json
import logging
import socket
import threading
import time
from collections import Counter
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from faulty_endpoint import Answer, Asked, FaultyEndpoint, in_turn
from llm_asks import KEY, Wording, make_asks, read_words, settings_for

from twnm_bench.llm.asking import AskSettings, ask_all
from twnm_bench.llm.cache import ReplyCache
from twnm_bench.llm.endpoint import Endpoint, EndpointSettings, read_endpoint
from twnm_bench.llm.ladder import Habits
from twnm_bench.llm.meter import Meter, Prices
from twnm_bench.llm.ports import Ask
from twnm_schemas.errors import MachineError, MissingExtraError, SpecError, TwnmError

GOOD = Answer('{"question": "Where?"}')
PLAIN = Answer("I heard nothing of a form.")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("TWNM_LLM_URL", "TWNM_LLM_MODEL", "TWNM_LLM_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def error_of(status: int, message: str = "broken", **more: Any) -> Answer:
    headers = more.pop("headers", {})
    return Answer(status=status, error={"message": message, **more}, headers=headers)


def wording(asked: Asked) -> Answer:
    return Answer(json.dumps({"question": asked.prompt}))


def test_a_whole_request_says_model_seed_limit_and_schema() -> None:
    with FaultyEndpoint(in_turn(GOOD)) as server:
        meter = Meter()
        asks = make_asks(1, system="be brief")
        (reply,) = ask_all(asks, Endpoint(settings_for(server)), AskSettings(max_tokens=77), meter)
        (asked,) = server.asked
    assert reply.value == Wording(question="Where?")
    assert (asked.path, asked.authorization) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert asked.body["messages"] == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "prompt 0"},
    ]
    assert {name: asked.body[name] for name in ("model", "temperature", "max_tokens")} == {
        "model": "stub", "temperature": 0.7, "max_tokens": 77,
    }  # fmt: skip
    assert isinstance(asked.body["seed"], int)
    form = asked.body["response_format"]["json_schema"]
    assert (form["strict"], form["schema"]["required"]) == (True, ["question"])
    assert (meter.report("m").tokens_in, meter.report("m").tokens_out) == (10, 5)


@pytest.mark.parametrize(
    "fault",
    [
        error_of(429, headers={"Retry-After": "0"}),
        error_of(429),
        error_of(500),
        error_of(502),
        error_of(503, headers={"Retry-After": "0.01"}),
        error_of(529),
        error_of(408),
        Answer(GOOD.text, cut_after=30),
        Answer(GOOD.text, cut_after=0),
        Answer(reset=True),
        Answer(error="overloaded"),  # 200, and no completion in it
        Answer(error={"code": 429, "message": "slow down"}),
    ],
    ids=lambda fault: f"{fault.status}-{fault.cut_after}-{fault.reset}-{fault.error}",
)
def test_a_passing_fault_is_tried_again(fault: Answer, tmp_path: Path) -> None:
    with FaultyEndpoint(in_turn(fault, fault, GOOD)) as server:
        meter = Meter()
        (reply,) = ask_all(make_asks(1), Endpoint(settings_for(server)), AskSettings(cache=tmp_path), meter)
        assert len(server.asked) == 3
        assert len({json.dumps(asked.body, sort_keys=True) for asked in server.asked}) == 1
    assert read_words([reply]) == ["Where?"]
    assert (meter.report("m").calls, meter.report("m").retries) == (1, 2)
    assert len(ReplyCache(tmp_path)) == 1


@pytest.mark.parametrize("slow", [Answer(GOOD.text, delay_s=30.0), Answer(GOOD.text, drip_s=0.1)])
def test_a_timeout_is_tried_again_and_may_be_billed(slow: Answer) -> None:
    with FaultyEndpoint(in_turn(slow, GOOD)) as server:
        meter = Meter(Prices(0.0, 1e6))
        (reply,) = ask_all(
            make_asks(1), Endpoint(settings_for(server, timeout_s=0.6)), AskSettings(max_tokens=9), meter
        )
        assert len(server.asked) == 2
    assert read_words([reply]) == ["Where?"]
    report = meter.report("m")
    assert (report.retries, report.cost, report.cost_at_risk) == (1, 5.0, 9.0)


@pytest.mark.parametrize(
    ("fault", "reason", "requests"),
    [
        (error_of(500), "server_error", 3),
        (error_of(503), "server_error", 9),
        (error_of(429), "rate_limited", 9),  # being turned away counts as a third of a try
        (error_of(429, headers={"Retry-After": "9999"}), "rate_limited", 1),  # past the deadline: no use in waiting
        (error_of(429, headers={"Retry-After": formatdate(time.time() + 9999, usegmt=True)}), "rate_limited", 1),
        (Answer(GOOD.text, cut_after=10), "endpoint_down", 3),
        (
            error_of(400, "This model's maximum context length is 8 tokens", code="context_length_exceeded"),
            "too_long",
            1,
        ),
        (error_of(413, "too large"), "too_long", 1),
        (error_of(422, "no"), "rejected", 3),  # each rung of the ladder once
    ],
)
def test_a_lasting_fault_falls_back_with_its_reason(fault: Answer, reason: str, requests: int, tmp_path: Path) -> None:
    def script(asked: Asked) -> Answer:
        return fault if "prompt 1" in asked.prompt else wording(asked)

    with FaultyEndpoint(script) as server:
        endpoint = Endpoint(settings_for(server, concurrency=1))
        replies = ask_all(make_asks(3), endpoint, AskSettings(cache=tmp_path))
        assert [reply.reason for reply in replies] == ["", reason, ""]
        assert replies[1].fault
        assert sum("prompt 1" in asked.prompt for asked in server.asked) == requests
        assert server.rungs[-1] == "json_schema"  # what one request met says nothing of the form
    assert len(ReplyCache(tmp_path)) == 2  # nothing is kept of a call that gave nothing


def test_pressure_halves_what_is_under_way_once_and_replies_widen_it_again() -> None:
    """Those who wait for each other at a barrier prove that so many are under way; fewer would wait in vain."""
    together, halved, again = threading.Barrier(8), threading.Barrier(4), threading.Barrier(8)

    def script(asked: Asked) -> Answer:
        if 1 <= asked.number <= 8:  # the first full round, turned away as a whole
            together.wait(timeout=60.0)
            return error_of(429, headers={"Retry-After": "0"})
        if 9 <= asked.number <= 12:
            halved.wait(timeout=60.0)
        if 9 <= asked.number <= 16:
            return Answer(wording(asked).text, delay_s=0.2)  # time for more to come, were they let in
        if asked.number >= 104:  # three rounds are left
            again.wait(timeout=60.0)
        return wording(asked)

    with FaultyEndpoint(script) as server:
        replies = ask_all(make_asks(120), Endpoint(settings_for(server, concurrency=8)))
        assert all(reply.value for reply in replies)
        assert len(server.asked) == 120 + 8
        assert server.at_a_time[0] == 1  # the first finds out alone what the endpoint takes
        assert max(server.at_a_time[9:13]) == 4
        assert max(server.at_a_time[9:17]) <= 5  # four replies widen them by no more than one
        assert server.most_at_a_time == 8


def test_identical_asks_under_way_share_one_request() -> None:
    with FaultyEndpoint(lambda asked: Answer(wording(asked).text, delay_s=0.2)) as server:
        asks = [Ask(f"ask {number}", f"prompt {number % 2}", Wording) for number in range(20)]
        replies = ask_all(asks, Endpoint(settings_for(server)))
        assert len(server.asked) == 2
    assert read_words(replies) == ["prompt 0", "prompt 1"] * 10
    assert sum(reply.from_cache for reply in replies) == 18


def test_a_call_waits_for_those_under_way_to_come_cheaper_than_reckoned() -> None:
    # one unit a token: a call is bounded by 4 + 20 and costs 2, so that only four may be under way at a time
    meter = Meter(Prices(1e6, 1e6), max_cost=100.0)
    with FaultyEndpoint(lambda asked: Answer(GOOD.text, usage=(1, 1), delay_s=0.02)) as server:
        replies = ask_all(
            make_asks(30), Endpoint(settings_for(server, concurrency=8)), AskSettings(max_tokens=20), meter
        )
        assert all(reply.value for reply in replies)
        assert server.most_at_a_time <= 4
    assert meter.report("m").cost == 60.0


def test_a_bad_reply_is_repaired_over_the_wire() -> None:
    def check(value: Wording) -> str:
        return "There is no cat." if "cat" in value.question else ""

    with FaultyEndpoint(in_turn(Answer('{"question": "Where is the cat?"}'), GOOD)) as server:
        (reply,) = ask_all(make_asks(1, check=check), Endpoint(settings_for(server)))
        assert [turn["role"] for turn in server.asked[1].body["messages"]] == ["user", "assistant", "user"]
        assert "There is no cat." in server.asked[1].turns[2]
    assert reply.repaired


def test_a_lie_told_twice_falls_back_and_is_not_asked_about_again(tmp_path: Path) -> None:
    with FaultyEndpoint(in_turn(Answer('{"question": "Where is the cat?"}'))) as server:
        asks = make_asks(1, check=lambda value: "There is no cat.")
        for _ in range(2):
            (reply,) = ask_all(asks, Endpoint(settings_for(server)), AskSettings(cache=tmp_path))
            assert (reply.value, reply.reason, reply.fault) == (None, "false_claim", "There is no cat.")
        assert len(server.asked) == 2
    assert reply.from_cache


def test_a_cut_reply_is_asked_for_with_twice_the_tokens() -> None:
    with FaultyEndpoint(in_turn(Answer('{"question": "Wh', finish="length"), GOOD)) as server:
        (reply,) = ask_all(make_asks(1), Endpoint(settings_for(server)), AskSettings(max_tokens=10))
        assert [asked.body["max_tokens"] for asked in server.asked] == [10, 20]
    assert read_words([reply]) == ["Where?"]


@pytest.mark.parametrize("status", [400, 404, 415, 422, 500, 501])
def test_a_form_that_is_rejected_is_stepped_down_and_that_is_remembered(status: int, tmp_path: Path) -> None:
    def script(asked: Asked) -> Answer:
        refused = asked.rung in {"json_schema", "json_object"}
        return error_of(status, "response_format is not supported") if refused else wording(asked)

    with FaultyEndpoint(script) as server:
        endpoint = Endpoint(settings_for(server, concurrency=1), tmp_path)
        replies = ask_all(make_asks(3), endpoint)
        assert server.rungs == ["json_schema", "json_object", "text", "text", "text"]
        assert all(reply.value and "JSON schema" in reply.value.question for reply in replies)  # said in the prompt
        ask_all(make_asks(1, system="new"), Endpoint(settings_for(server), tmp_path))
        assert server.rungs[5:] == ["text"]  # by another run
        ask_all(make_asks(1, system="new"), Endpoint(settings_for(server, model="other"), tmp_path))
        assert server.rungs[6] == "json_schema"  # another model is another matter
    assert KEY not in (tmp_path / "endpoints.json").read_text()


def test_a_form_rejected_without_a_word_is_stepped_down_where_the_next_is_taken() -> None:
    def script(asked: Asked) -> Answer:
        return error_of(400, "bad request") if asked.rung == "json_schema" else wording(asked)

    with FaultyEndpoint(script) as server:
        ask_all(make_asks(2), Endpoint(settings_for(server, concurrency=1)))
        assert server.rungs == ["json_schema", "json_object", "json_object"]


def test_an_endpoint_that_ignores_the_form_is_stepped_down_after_three_replies() -> None:
    def script(asked: Asked) -> Answer:
        return PLAIN if asked.rung != "text" else GOOD

    with FaultyEndpoint(script) as server:
        endpoint = Endpoint(settings_for(server, concurrency=1))
        replies = ask_all(make_asks(5), endpoint)
        assert server.rungs == ["json_schema"] * 3 + ["json_object"] * 3 + ["text"] * 2
    assert endpoint.ladder.habits == Habits(rung="text")
    assert [reply.reason for reply in replies] == ["invalid_json"] + ["invalid_json"] * 2 + ["", ""]


def test_json_of_another_shape_counts_as_ignoring_the_schema() -> None:
    def script(asked: Asked) -> Answer:
        return Answer('{"text": "Where?"}') if asked.rung == "json_schema" else GOOD

    with FaultyEndpoint(script) as server:
        ask_all(make_asks(4), Endpoint(settings_for(server, concurrency=1)))
        assert Counter(server.rungs)["json_schema"] == 3


def test_one_slip_between_good_replies_does_not_step_down() -> None:
    with FaultyEndpoint(lambda asked: PLAIN if asked.number % 2 else GOOD) as server:
        ask_all(make_asks(10), Endpoint(settings_for(server, concurrency=1)))
        assert set(server.rungs) == {"json_schema"}


@pytest.mark.parametrize(
    ("message", "gone", "instead"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported with this model.",
            "max_tokens",
            "max_completion_tokens",
        ),
        ("Unsupported value: 'temperature' does not support 0.7 with this model.", "temperature", ""),
        ("Unrecognized request argument supplied: seed", "seed", ""),
    ],
)
def test_a_parameter_that_is_rejected_is_renamed_or_left_out(
    message: str, gone: str, instead: str, tmp_path: Path
) -> None:
    def script(asked: Asked) -> Answer:
        return error_of(400, message) if gone in asked.body else wording(asked)

    with FaultyEndpoint(script) as server:
        ask_all(make_asks(3), Endpoint(settings_for(server), tmp_path))
        ask_all(make_asks(1, system="new"), Endpoint(settings_for(server), tmp_path))
        assert [gone in asked.body for asked in server.asked] == [True, False, False, False, False]
        assert set(server.rungs) == {"json_schema"}
        assert all(instead in asked.body for asked in server.asked[1:] if instead)


STOPS = [
    (error_of(401, f"Incorrect API key provided: {KEY}"), "refuses the key", 1),
    (error_of(403, "no"), "refuses the key", 1),
    (error_of(404, "The model `stub` does not exist", code="model_not_found"), "knows no model 'stub'", 1),
    (
        error_of(404, f"model 'stub' not found for {KEY}"),
        r"knows no model 'stub' \(model 'stub' not found for \[key\]\)",
        1,
    ),
    (error_of(400, "stub is not a valid model ID"), "knows no model 'stub'", 1),
    (error_of(404, "Not Found"), "usually ends in /v1", 3),
    (error_of(402, "pay"), "no credit left", 1),
    (error_of(429, "You exceeded your quota", code="insufficient_quota"), "no credit left", 1),
]


@pytest.mark.parametrize(("fault", "words", "requests"), STOPS, ids=lambda value: str(value)[:40])
def test_what_no_further_call_can_mend_stops_at_once(
    fault: Answer, words: str, requests: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with FaultyEndpoint(in_turn(fault)) as server:
        with pytest.raises(SpecError, match=words) as error:
            ask_all(make_asks(50), Endpoint(settings_for(server), tmp_path), AskSettings(cache=tmp_path))
        assert len(server.asked) == requests
    assert error.value.exit_code == 2
    assert server.url in str(error.value)
    assert "\n" not in str(error.value)
    assert KEY not in str(error.value) + repr(error.value.__context__) + caplog.text
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_stop_in_the_middle_loses_no_reply(tmp_path: Path) -> None:
    def script(asked: Asked) -> Answer:
        return error_of(401, "expired") if asked.number >= 6 else wording(asked)

    with FaultyEndpoint(script) as server:
        with pytest.raises(SpecError, match="refuses the key"):
            ask_all(make_asks(10), Endpoint(settings_for(server, concurrency=1)), AskSettings(cache=tmp_path))
        server.script = wording
        replies = ask_all(make_asks(10), Endpoint(settings_for(server)), AskSettings(cache=tmp_path))
        assert [reply.from_cache for reply in replies] == [True] * 6 + [False] * 4
        assert len(server.asked) == 7 + 4


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "no-such-host.invalid"])
def test_an_endpoint_that_is_not_there_is_one_sentence(host: str) -> None:
    url = f"http://{host.format(port=free_port())}/v1"
    with pytest.raises(SpecError, match="cannot be reached") as error:
        ask_all(make_asks(5), Endpoint(EndpointSettings(url, "stub", KEY)))
    assert url in str(error.value)


def test_an_endpoint_that_goes_down_stops_after_a_few_calls_and_keeps_what_came(tmp_path: Path) -> None:
    with FaultyEndpoint(wording) as server:
        settings = settings_for(server, concurrency=1, tries=2, patience=3)
        endpoint = Endpoint(settings)

        def leave(done: int) -> None:
            if done == 4:
                server.__exit__()

        server.script = lambda asked: Answer(wording(asked).text, headers={"Connection": "close"})
        with pytest.raises(MachineError, match="gave nothing to 3 calls in a row") as error:
            ask_all(make_asks(30), endpoint, AskSettings(cache=tmp_path), on_progress=leave)
        assert error.value.exit_code == 1
    assert len(ReplyCache(tmp_path)) == 4


def test_calls_that_fail_between_others_that_do_not_are_no_reason_to_stop() -> None:
    with FaultyEndpoint(lambda asked: error_of(500) if asked.number % 2 else wording(asked)) as server:
        endpoint = Endpoint(settings_for(server, concurrency=1, tries=1, patience=2))
        replies = ask_all(make_asks(12), endpoint)
    assert [reply.reason for reply in replies] == ["", "server_error"] * 6


def test_replies_as_odd_servers_write_them_are_read() -> None:
    bodies = [
        {"choices": [{"message": {"content": [{"type": "text", "text": '{"question": '}, {"text": '"a"}'}]}}]},
        {"choices": [{"message": {"content": '{"question": "b"}'}, "finish_reason": None}], "usage": None},
        {"choices": [{"message": {"content": None, "refusal": "no"}, "finish_reason": "stop"}]},
        {"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]},
    ]

    class Raw(Answer):
        def body(self) -> bytes:
            return self.text.encode()

    with FaultyEndpoint(lambda asked: Raw(json.dumps(bodies[asked.number]))) as server:
        replies = ask_all(make_asks(4), Endpoint(settings_for(server, concurrency=1)))
    assert read_words(replies) == ["a", "b", None, None]
    assert [reply.reason for reply in replies[2:]] == ["refused_by_model"] * 2


def test_settings_come_from_arguments_then_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_endpoint() is None
    monkeypatch.setenv("TWNM_LLM_URL", "http://a/v1")
    with pytest.raises(SpecError, match="set TWNM_LLM_MODEL"):
        read_endpoint()
    monkeypatch.setenv("TWNM_LLM_MODEL", "m")
    monkeypatch.setenv("OPENAI_API_KEY", "of openai")
    assert read_endpoint() == EndpointSettings("http://a/v1", "m", "of openai")
    monkeypatch.setenv("TWNM_LLM_KEY", "of ours\n")
    assert read_endpoint(timeout_s=5.0) == EndpointSettings("http://a/v1", "m", "of ours", timeout_s=5.0)
    assert read_endpoint("https://b", "n", "given") == EndpointSettings("https://b", "n", "given")
    assert "given" not in repr(read_endpoint(key="given"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "localhost:8000"}, "http://localhost:8000/v1"),
        ({"url": "http://[::1"}, "http://localhost:8000/v1"),
        ({"url": "http://a:99999/v1"}, "http://localhost:8000/v1"),
        ({"url": "ftp://a"}, "http://localhost:8000/v1"),
        ({"key": "a\nb"}, "set TWNM_LLM_KEY anew"),
        ({"key": "schlüssel"}, "set TWNM_LLM_KEY anew"),
        ({"model": ""}, "give --model"),
        ({"concurrency": 0}, "must be above zero"),
        ({"timeout_s": 0.0}, "must be above zero"),
    ],
)
def test_settings_of_an_endpoint_that_cannot_be_are_one_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(TwnmError, match=words) as error:
        EndpointSettings(**{"url": "http://a/v1", "model": "m", **settings})
    assert error.value.exit_code == 2
    assert "schlüssel" not in str(error.value)


def test_a_password_in_the_address_is_not_said() -> None:
    settings = EndpointSettings("http://me:secret@host:1/v1/?token=secret", "m")
    assert settings.place == "http://host:1/v1"


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openai", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'twnm\[bench\]'"):
        Endpoint(EndpointSettings("http://a/v1", "m"))
