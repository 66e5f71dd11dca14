"""What `ask_all` makes of a model's replies: order, repair, fallback, cost and cache, with a model that is scripted."""

import itertools
import json
from pathlib import Path

import pytest
from llm_asks import Wording, make_asks, read_words

from twnm_bench.llm.asking import AskSettings, ask_all, preview
from twnm_bench.llm.meter import Meter, Prices
from twnm_bench.llm.ports import Ask, Completion
from twnm_bench.llm.scripted import ScriptedModel
from twnm_schemas.errors import SpecError, TwnmError

GOOD, LIE = {"question": "Where is it?"}, {"question": "Where is the cat?"}


def find_cats(value: Wording) -> str:
    return "There is no cat." if "cat" in value.question else ""


def echo(prompt: str) -> dict[str, str]:
    return {"question": prompt.upper()}


def test_replies_come_in_the_order_of_the_asks_and_progress_counts_them() -> None:
    seen: list[int] = []
    replies = ask_all(make_asks(100), ScriptedModel(echo), on_progress=seen.append)
    assert read_words(replies) == [f"PROMPT {number}" for number in range(100)]
    assert seen == list(range(1, 101))
    assert len({reply.prompt_sha256 for reply in replies}) == 100
    assert {(reply.reason, reply.model, reply.from_cache, reply.repaired) for reply in replies} == {
        ("", "scripted", False, False)
    }


def test_nothing_asked_is_nothing_answered() -> None:
    assert ask_all([], ScriptedModel([])) == []


@pytest.mark.parametrize(
    ("first", "reason", "quoted"),
    [
        ("I would rather not.", "invalid_json", "no complete JSON object"),
        ({"query": "Where?"}, "wrong_shape", "question: field required"),
        (LIE, "false_claim", "There is no cat."),
    ],
)
def test_a_bad_reply_is_quoted_back_once(first: str | dict[str, str], reason: str, quoted: str) -> None:
    ask = Ask("a", "ask me", Wording, system="be brief", check=find_cats)
    model = ScriptedModel([first, GOOD])
    (reply,) = ask_all([ask], model)
    assert (reply.value, reply.repaired, reply.reason) == (Wording(question="Where is it?"), True, "")
    prompt, said, repair = model.calls[1].turns
    assert (prompt, model.calls[1].system) == ("ask me", "be brief")
    assert said == (first if isinstance(first, str) else json.dumps(first))
    assert quoted in repair

    model = ScriptedModel([first, first])
    meter = Meter()
    (reply,) = ask_all([ask], model, meter=meter)
    assert (reply.value, reply.reason, reply.repaired) == (None, reason, False)
    assert quoted in reply.fault
    assert len(model.calls) == 2
    assert meter.report("m").fallbacks == {reason: 1}


def test_a_cut_reply_is_asked_for_once_more_with_twice_the_tokens() -> None:
    cut = Completion('{"question": "Whe', finish="length")
    model = ScriptedModel([cut, GOOD])
    (reply,) = ask_all(make_asks(1), model, AskSettings(max_tokens=50))
    assert read_words([reply]) == ["Where is it?"]
    assert not reply.repaired
    assert [call.max_tokens for call in model.calls] == [50, 100]
    assert [call.turns for call in model.calls] == [("prompt 0",)] * 2

    model = ScriptedModel([cut, cut])
    (reply,) = ask_all(make_asks(1), model, AskSettings(max_tokens=50))
    assert (reply.value, reply.reason, len(model.calls)) == (None, "cut", 2)


def test_a_refusal_is_not_argued_with() -> None:
    model = ScriptedModel([Completion("", finish="refused")])
    (reply,) = ask_all(make_asks(1), model)
    assert (reply.value, reply.reason, len(model.calls)) == (None, "refused_by_model", 1)


def test_identical_asks_are_asked_once_and_each_has_its_own_check() -> None:
    model = ScriptedModel(lambda prompt: LIE if prompt == "same" else GOOD)
    asks = [Ask("a", "same", Wording), Ask("b", "same", Wording, check=find_cats), Ask("c", "same", Wording)]
    replies = ask_all(asks, model)
    assert read_words(replies) == ["Where is the cat?", "Where is it?", "Where is the cat?"]
    assert [len(call.turns) for call in model.calls] == [1, 3]
    assert [reply.from_cache for reply in replies] == [False, False, True]


def test_the_seed_of_a_call_follows_from_content_and_run_seed_alone() -> None:
    def seeds(asks: list[Ask], seed: int) -> list[int]:
        model = ScriptedModel(echo)
        ask_all(asks, model, AskSettings(seed=seed))
        return [call.seed for call in model.calls]

    forward = seeds(make_asks(5), 0)
    assert len(set(forward)) == 5
    assert seeds(make_asks(5)[::-1], 0) == forward[::-1]
    assert not set(seeds(make_asks(5), 1)) & set(forward)


def test_a_second_run_asks_nothing_and_validates_again(tmp_path: Path) -> None:
    settings = AskSettings(cache=tmp_path)
    script = itertools.cycle([LIE])
    first = ask_all(make_asks(4), ScriptedModel(echo), settings)
    again = ask_all(make_asks(4), ScriptedModel([]), settings)
    assert read_words(again) == read_words(first)
    assert [reply.prompt_sha256 for reply in again] == [reply.prompt_sha256 for reply in first]
    assert all(reply.from_cache for reply in again)

    # a check that came later finds the lie in the cache and has it repaired, and both are kept then
    asks = make_asks(1, system="other")
    ask_all(asks, ScriptedModel(lambda _: next(script)), settings)
    checked = make_asks(1, system="other", check=find_cats)
    model = ScriptedModel([GOOD])
    (reply,) = ask_all(checked, model, settings)
    assert (reply.repaired, reply.from_cache, [len(call.turns) for call in model.calls]) == (True, False, [3])
    (reply,) = ask_all(checked, ScriptedModel([]), settings)
    assert (reply.repaired, reply.from_cache, read_words([reply])) == (True, True, ["Where is it?"])


@pytest.mark.parametrize(
    ("field", "value"),
    [("temperature", 0.2), ("seed", 9), ("prompt", "other"), ("system", "other"), ("model", "other")],
)
def test_all_that_decides_the_reply_is_in_the_key(tmp_path: Path, field: str, value: object) -> None:
    ask_all([Ask("a", "prompt", Wording)], ScriptedModel([GOOD]), AskSettings(cache=tmp_path))
    settings = AskSettings(**{"cache": tmp_path, **({field: value} if field in {"temperature", "seed"} else {})})
    texts = {"prompt": "prompt", "system": "", **({field: value} if field in {"prompt", "system"} else {})}
    model = ScriptedModel([GOOD], name=str(value) if field == "model" else "scripted")
    ask_all([Ask("renamed", schema=Wording, **texts)], model, settings)  # type: ignore[arg-type]
    assert len(model.calls) == 1


def test_a_reply_cut_under_a_lower_limit_is_asked_for_again(tmp_path: Path) -> None:
    cut = Completion("", finish="length")
    ask_all(make_asks(1), ScriptedModel([cut, cut]), AskSettings(max_tokens=10, cache=tmp_path))
    (reply,) = ask_all(make_asks(1), ScriptedModel([]), AskSettings(max_tokens=10, cache=tmp_path))
    assert (reply.reason, reply.from_cache) == ("cut", True)
    model = ScriptedModel([GOOD])
    ask_all(make_asks(1), model, AskSettings(max_tokens=20, cache=tmp_path))
    assert [call.max_tokens for call in model.calls] == [40]  # the one cut at 20 need not be asked for again


def test_cost_and_tokens_are_counted_from_usage_and_estimated_where_it_is_missing() -> None:
    meter = Meter(Prices(2.0, 10.0))
    told = Completion('{"question": "a"}', tokens_in=1000, tokens_out=100, retries=2)
    silent = Completion('{"question": "a"}')  # 17 bytes: 5 tokens; "prompt 1", 8 bytes: 2 tokens
    ask_all(make_asks(2), ScriptedModel([told, silent]), meter=meter)
    report = meter.report("m")
    assert (report.calls, report.retries, report.tokens_in, report.tokens_out) == (2, 2, 1002, 105)
    assert report.estimated_calls == 1
    assert report.cost == pytest.approx((1002 * 2.0 + 105 * 10.0) / 1e6)


def test_requests_that_may_be_billed_without_a_reply_are_at_risk() -> None:
    meter = Meter(Prices(0.0, 1e6))
    ask_all(make_asks(1), ScriptedModel([Completion("", failure="timeout", lost=3)]), AskSettings(max_tokens=7), meter)
    report = meter.report("m")
    assert (report.cost, report.cost_at_risk, report.fallbacks) == (0.0, 21.0, {"timeout": 1})


@pytest.mark.parametrize("concurrent", [False, True])
def test_asking_stops_before_the_highest_cost_and_the_cache_still_serves(tmp_path: Path, concurrent: bool) -> None:
    # one unit a token: a call is bounded by 4 + 20 and costs 10 + 15
    completion = Completion('{"question": "a"}', tokens_in=10, tokens_out=15)
    prices, settings = Prices(1e6, 1e6), AskSettings(max_tokens=20, cache=tmp_path)
    meter = Meter(prices, max_cost=130.0)
    asks = make_asks(20)
    model = ScriptedModel((lambda _: completion) if concurrent else [completion] * 20)
    replies = ask_all(asks, model, settings, meter)
    assert len(model.calls) == 5  # 5 x 25 = 125; a sixth would make 150
    assert [reply.reason for reply in replies].count("refused_by_cost") == 15
    assert meter.report("m").cost == 125.0
    assert meter.report("m").fallbacks == {"refused_by_cost": 15}

    second = Meter(prices, max_cost=0.0)
    again = ask_all(asks[::-1], ScriptedModel([]), settings, second)
    assert sum(reply.from_cache for reply in again) == 5
    assert second.report("m").cost == 0.0


def test_after_one_refusal_for_cost_no_call_is_made_however_cheap() -> None:
    asks = [Ask("dear", "word " * 100, Wording), Ask("cheap", "word", Wording)]
    model = ScriptedModel([GOOD] * 2)
    replies = ask_all(asks, model, AskSettings(max_tokens=1), Meter(Prices(1e6, 0.0), max_cost=100.0))
    assert ([reply.reason for reply in replies], model.calls) == (["refused_by_cost"] * 2, [])


def test_a_call_is_reckoned_no_cheaper_than_the_dearest_so_far() -> None:
    # bounded by 4 + 20 at first; each costs 115, so that a third could reach 345
    model = ScriptedModel([Completion('{"question": "a"}', tokens_in=100, tokens_out=15)] * 3)
    meter = Meter(Prices(1e6, 1e6), max_cost=260.0)
    ask_all(make_asks(3), model, AskSettings(max_tokens=20), meter)
    assert (len(model.calls), meter.report("m").cost) == (2, 230.0)


def test_a_repair_is_not_paid_beyond_the_highest_cost() -> None:
    model = ScriptedModel([Completion("no", tokens_in=10, tokens_out=15)])
    (reply,) = ask_all(make_asks(1), model, AskSettings(max_tokens=20), Meter(Prices(1e6, 1e6), max_cost=30.0))
    assert (reply.value, reply.reason, len(model.calls)) == (None, "refused_by_cost", 1)


def test_a_preview_shows_the_whole_request_and_calls_nothing() -> None:
    asks = make_asks(9, system="You are brief.")
    shown = preview(asks, 3)
    assert len(shown) == 3
    for number, text in enumerate(shown):
        assert f"ask {number}" in text
        assert f"prompt {number}" in text
        assert "You are brief." in text
        assert '"question"' in text


def test_a_script_that_runs_out_says_so() -> None:
    with pytest.raises(SpecError, match="has 1 replies and was asked for one more"):
        ask_all(make_asks(2), ScriptedModel([GOOD]))


def test_an_error_reaches_the_caller_also_where_others_wait_for_the_same_reply() -> None:
    class Broken(ScriptedModel):
        async def complete(self, call: object) -> Completion:
            import asyncio

            await asyncio.sleep(0.01)
            raise SpecError("The model is gone.")

    model = Broken(echo)
    with pytest.raises(SpecError, match="The model is gone"):
        ask_all([Ask("a", "same", Wording)] * 8, model)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: AskSettings(temperature=3.0), "temperature must lie between 0 and 2"),
        (lambda: AskSettings(temperature=float("nan")), "temperature must lie"),
        (lambda: AskSettings(max_tokens=0), "must be one or more, not 0"),
        (lambda: Meter(Prices(-1.0, 0.0)), "--price-in or --price-out"),
        (lambda: Meter(Prices(1.0, float("inf"))), "--price-in or --price-out"),
        (lambda: Meter(max_cost=1.0), "give --price-in and --price-out"),
        (lambda: Meter(Prices(1.0, 1.0), max_cost=-1.0), "correct --max-cost"),
    ],
)
def test_settings_that_cannot_be_are_one_sentence(make: object, words: str) -> None:
    with pytest.raises(TwnmError, match=words) as error:
        make()  # type: ignore[operator]
    assert error.value.exit_code == 2
    assert "\n" not in str(error.value)
