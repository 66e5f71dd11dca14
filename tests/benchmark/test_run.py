"""`twnm-bench run` against a server that hears what it is sent, functions of one's own, and the file it writes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from called_bench import call_bench
from called_program import Said
from faulty_endpoint import Answer, Asked, FaultyEndpoint, in_turn
from hearing_endpoint import answer_by_louder_ear, letter_for, options_of, parts_of, sound_of, sounds_by_text
from small_questions import make_small_questions, write_small_set

from twnm_bench.items import read_questions
from twnm_bench.run.controls import apply_control, pair_with_others
from twnm_schemas.answers import LETTERS, parse_answer
from twnm_schemas.questions import Prediction, Question
from twnm_shards.files import sha256_of
from twnm_shards.flac import decode_flac
from twnm_shards.tars import iter_samples

Bench = Callable[..., Said]


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten questions over five scenes; nobody may change them."""
    return write_small_set(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def questions(benchmark: Path) -> dict[str, Question]:
    return {question.id: question for question in read_questions(benchmark)}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], benchmark: Path) -> Bench:
    """`twnm-bench run` on the set, with no key and no endpoint in the environment."""
    for name in ("TWNM_LLM_URL", "TWNM_LLM_MODEL", "TWNM_LLM_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return lambda *words: call_bench(monkeypatch, capsys, "run", "--benchmark", benchmark, *words)


@pytest.fixture
def endpoint() -> Iterator[FaultyEndpoint]:
    with FaultyEndpoint(answer_by_louder_ear) as server:
        yield server


def ask(bench: Bench, server: FaultyEndpoint, out: Path, *words: object) -> Said:
    return bench("--llm", server.url, "--model", "ears", "--out", out, *words)


def read_predictions(out: Path) -> list[Prediction]:
    return [Prediction.model_validate_json(line) for line in out.read_text().splitlines()]


def stored_steps(benchmark: Path, question: Question) -> np.ndarray:
    """The stored audio of a question (C, T), in steps of 16 bits, by way of tar and FLAC alone."""
    (data,) = (
        sample.members["flac"]
        for sample in iter_samples(benchmark.parent / question.audio.shard)
        if sample.key == question.audio.key
    )
    return decode_flac(data)[0] * 32768.0


def question_of(asked: Asked, questions: dict[str, Question]) -> Question:
    """Which question was asked, by its text and options."""
    shown = set(options_of(asked).values())
    (found,) = (
        q for q in questions.values() if q.question in parts_of(asked)["text"]["text"] and set(q.choices) == shown
    )
    return found


def test_an_endpoint_hears_both_ears_and_its_answers_are_kept(
    bench: Bench, endpoint: FaultyEndpoint, benchmark: Path, questions: dict[str, Question], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "preds.jsonl"
    code, said, _ = ask(bench, endpoint, out)
    assert (code, said.split()[:3]) == (0, ["10", "of", "10"])
    assert len(endpoint.asked) == 10
    for asked in endpoint.asked:
        assert asked.body["model"] == "ears"
        assert asked.body["temperature"] == 0.0
        sent_TC, rate = sound_of(asked) or pytest.fail("no audio")
        assert rate == 16000
        stored_CT = stored_steps(benchmark, question_of(asked, questions))
        assert np.abs(sent_TC.T - stored_CT).max() <= 1.0
        assert not np.array_equal(sent_TC[:, 0], sent_TC[:, 1])
    kept = {prediction.id: prediction for prediction in read_predictions(out)}
    assert kept.keys() == questions.keys()
    for name, question in questions.items():
        left, right = np.square(stored_steps(benchmark, question)).sum(axis=1)
        side = "left" if left > 1.05 * right else "right" if right > 1.05 * left else "ahead"
        letter = next(
            (letter for letter, choice in zip(LETTERS, question.choices, strict=True) if side in choice.lower()), "A"
        )
        said_of_it = f"<think>It is {side}.</think><answer>{letter}</answer>"
        assert kept[name] == Prediction(id=name, output=said_of_it, rotation=0)


def test_the_record_beside_the_predictions_says_what_was_run(
    bench: Bench, endpoint: FaultyEndpoint, benchmark: Path, tmp_path: Path
) -> None:
    out = tmp_path / "preds.jsonl"
    ask(
        bench, endpoint, out, "--control", "mono", "--rotations", "4", "--tasks", "sound_location_binding,causal_intent"
    )
    record = json.loads((tmp_path / "preds.jsonl.run.json").read_text())
    assert record["counts"] == {"questions": 2, "asked": 8, "answered": 8, "unparsed": 0}
    settings = record["settings"]
    assert (settings["model"], settings["control"], settings["rotations"]) == ("ears", "mono", 4)
    assert settings["benchmark_sha256"] == sha256_of(benchmark)


def test_the_prompt_holds_question_options_and_grammar(
    bench: Bench, endpoint: FaultyEndpoint, questions: dict[str, Question], tmp_path: Path
) -> None:
    ask(bench, endpoint, tmp_path / "a.jsonl", "--limit", "1")
    ask(bench, endpoint, tmp_path / "b.jsonl", "--limit", "1", "--no-think")
    (tmp_path / "mine.j2").write_text("{{ question }}|{% for l, t in options %}{{ l }}={{ t }};{% endfor %}")
    ask(bench, endpoint, tmp_path / "c.jsonl", "--limit", "1", "--prompt", tmp_path / "mine.j2")
    texts = [parts_of(asked)["text"]["text"] for asked in endpoint.asked]
    first = next(iter(questions.values()))
    for text in texts[:2]:
        assert "\nA. A dog\nB. A bell\nC. A horn\nD. A train\n" in text
        assert first.question in text
        assert "<answer>letter</answer>" in text
    assert ["<think>" in text for text in texts] == [True, False, False]
    assert texts[2] == f"{first.question}|A=A dog;B=A bell;C=A horn;D=A train;"


def test_mono_and_swap_and_silence_change_what_is_sent_and_text_only_sends_nothing(
    bench: Bench, endpoint: FaultyEndpoint, tmp_path: Path
) -> None:
    sent: dict[str, dict[str, np.ndarray]] = {}
    for control in ("none", "mono", "swap", "silence"):
        endpoint.asked.clear()
        assert ask(bench, endpoint, tmp_path / f"{control}.jsonl", "--control", control)[0] == 0
        sent[control] = dict(sounds_by_text(endpoint.asked))
    for text, plain_TC in sent["none"].items():
        mono_TC = sent["mono"][text]
        assert np.array_equal(mono_TC[:, 0], mono_TC[:, 1])
        assert np.abs(mono_TC[:, 0] - plain_TC.mean(axis=1)).max() <= 1.0
        assert np.array_equal(sent["swap"][text], plain_TC[:, ::-1])
        assert sent["silence"][text].shape == plain_TC.shape
        assert not sent["silence"][text].any()
    endpoint.asked.clear()
    ask(bench, endpoint, tmp_path / "text.jsonl", "--control", "text-only")
    assert [list(parts_of(asked)) for asked in endpoint.asked] == [["text"]] * 10


def test_under_mismatch_every_question_is_heard_with_another_scene(
    bench: Bench, endpoint: FaultyEndpoint, benchmark: Path, questions: dict[str, Question], tmp_path: Path
) -> None:
    ask(bench, endpoint, tmp_path / "preds.jsonl", "--control", "mismatch", "--seed", "5")
    by_scene = {question.scene_id: stored_steps(benchmark, question) for question in questions.values()}
    heard_instead = {}
    for asked in endpoint.asked:
        sent_TC, _ = sound_of(asked) or pytest.fail("no audio")
        (scene,) = (s for s, stored_CT in by_scene.items() if np.abs(sent_TC.T - stored_CT).max() <= 1.0)
        heard_instead[question_of(asked, questions).id] = scene
    assert all(heard_instead[question.id] != question.scene_id for question in questions.values())
    assert set(heard_instead.values()) == set(by_scene)
    again = pair_with_others(list(questions.values()), 5)
    assert heard_instead == {name: instead.scene_id for name, instead in again.items()}


def test_a_rotation_shows_the_choices_turned_and_its_letters_lead_back(
    bench: Bench, questions: dict[str, Question], tmp_path: Path
) -> None:
    def answer_train(asked: Asked) -> Answer:
        return Answer(text=f"<answer>{letter_for(asked, 'train')}</answer>")

    with FaultyEndpoint(answer_train) as server:
        ask(bench, server, tmp_path / "preds.jsonl", "--rotations", "4", "--tasks", "content_identification")
    (question,) = (q for q in questions.values() if q.task == "content_identification")
    predictions = {prediction.rotation: prediction for prediction in read_predictions(tmp_path / "preds.jsonl")}
    assert sorted(predictions) == [0, 1, 2, 3]
    letters = []
    for rotation, prediction in predictions.items():
        answer = parse_answer(prediction.output or "")
        assert answer is not None
        letters.append(answer.choice)
        assert question.choices[(LETTERS.index(answer.choice) + rotation) % 4] == "A train"
    assert sorted(letters) == ["A", "B", "C", "D"]
    shown = [tuple(options_of(asked).values()) for asked in server.asked]
    assert set(shown) == {question.choices[turn:] + question.choices[:turn] for turn in range(4)}


def test_too_many_requests_are_waited_out_as_asked(bench: Bench, tmp_path: Path) -> None:
    busy = Answer(status=429, error={"message": "slow down"}, headers={"Retry-After": "1"})
    arrivals: list[float] = []

    def script(asked: Asked) -> Answer:
        arrivals.append(time.monotonic())
        return in_turn(busy, Answer(status=500, error="oops", headers={"Retry-After": "0.1"}), Answer("B"))(asked)

    with FaultyEndpoint(script) as server:
        code, _, _ = ask(bench, server, tmp_path / "preds.jsonl", "--limit", "1")
    assert code == 0
    assert len(arrivals) == 3
    assert arrivals[1] - arrivals[0] >= 1.0
    assert [prediction.output for prediction in read_predictions(tmp_path / "preds.jsonl")] == ["B"]


def test_no_more_than_allowed_is_asked_at_a_time(bench: Bench, tmp_path: Path) -> None:
    with FaultyEndpoint(lambda asked: Answer("<answer>A</answer>", delay_s=0.2)) as server:
        ask(bench, server, tmp_path / "preds.jsonl", "--concurrency", "3", "--rotations", "4")
        assert len(server.asked) == 40
        assert server.most_at_a_time == 3


def test_an_endpoint_that_knows_only_the_newer_name_of_the_limit_is_asked_by_it(bench: Bench, tmp_path: Path) -> None:
    def script(asked: Asked) -> Answer:
        if "max_tokens" in asked.body:
            return Answer(status=400, error={"message": "Unsupported parameter: 'max_tokens' is not supported"})
        return Answer("<answer>C</answer>")

    with FaultyEndpoint(script) as server:
        assert ask(bench, server, tmp_path / "preds.jsonl", "--concurrency", "4")[0] == 0
    assert {prediction.output for prediction in read_predictions(tmp_path / "preds.jsonl")} == {"<answer>C</answer>"}


def test_a_killed_run_goes_on_and_asks_only_what_has_no_answer(benchmark: Path, bench: Bench, tmp_path: Path) -> None:
    out = tmp_path / "preds.jsonl"
    words = ("--benchmark", benchmark, "--model", "ears", "--out", out, "--rotations", "4", "--concurrency", "2")
    program = Path(sys.executable).with_name("twnm-bench")
    with FaultyEndpoint(lambda asked: Answer("<answer>A</answer>", delay_s=0.1)) as server:
        command = [program, "run", *map(str, words), "--llm", server.url]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "OPENAI_API_KEY": ""})
        deadline = time.monotonic() + 120.0
        while not (out.exists() and out.read_bytes().count(b"\n") >= 6):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        before = out.read_bytes()
        with out.open("ab") as stream:
            stream.write(before[:25])  # a line that was torn
        done = {(p.id, p.rotation) for p in read_predictions_of(before)}
        asked_before = len(server.asked)
        assert 6 <= len(done) < 40
        server.asked.clear()
        code, said, _ = ask(bench, server, out, "--rotations", "4")
        assert code == 0
        assert f"{len(done)} of them from before" in said
        assert len(server.asked) == 40 - len(done)
        assert asked_before <= len(done) + 2
    assert out.read_bytes().startswith(before)
    answered = [(prediction.id, prediction.rotation) for prediction in read_predictions(out)]
    assert len(answered) == len(set(answered)) == 40


def test_ctrl_c_ends_a_run_between_two_answers_and_says_that_nothing_is_lost(benchmark: Path, tmp_path: Path) -> None:
    (tmp_path / "slow_ears.py").write_text(
        "import time\n\n\ndef answer(audio, rate, prompt):\n    time.sleep(0.1)\n    return 'A'\n"
    )
    program, out = Path(sys.executable).with_name("twnm-bench"), tmp_path / "preds.jsonl"
    command = [program, "run", "--benchmark", benchmark, "--callable", "slow_ears:answer", "--rotations", "4"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=tmp_path, text=True)
    deadline = time.monotonic() + 120.0
    while not (out.exists() and out.read_bytes().count(b"\n") >= 3):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode == 130
    assert error.startswith("stopped: ")
    assert len(error.splitlines()) == 1
    answered = len(read_predictions(out))
    assert 3 <= answered < 40
    assert json.loads((tmp_path / "preds.jsonl.run.json").read_text())["counts"]["answered"] == answered


def read_predictions_of(data: bytes) -> list[Prediction]:
    return [Prediction.model_validate_json(line) for line in data.splitlines()]


FUNCTION = """
import numpy as np
def louder(audio_TC, sample_rate, prompt):
    if audio_TC is None:
        return "nothing to hear"
    assert audio_TC.dtype == np.float32 and audio_TC.shape == (24000, 2) and sample_rate == 16000
    left, right = np.square(audio_TC).sum(axis=0)
    return f"<answer>{'A' if left > right else 'B'}</answer>"
"""


def test_a_function_of_ones_own_is_called_with_the_sound(
    bench: Bench, benchmark: Path, questions: dict[str, Question], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("my_ears.py").write_text(FUNCTION)
    assert bench("--callable", "my_ears:louder")[0] == 0
    for prediction in read_predictions(Path("preds.jsonl")):
        left, right = np.square(stored_steps(benchmark, questions[prediction.id])).sum(axis=1)
        assert prediction.output == f"<answer>{'A' if left > right else 'B'}</answer>"
    code, said, _ = bench("--callable", "my_ears:louder", "--control", "text-only", "--out", "text.jsonl")
    assert (code, "10 of them name no option" in said) == (0, True)


def test_baselines_answer_by_length_and_by_chance(bench: Bench, questions: dict[str, Question], tmp_path: Path) -> None:
    bench("--baseline", "longest", "--rotations", "4", "--out", tmp_path / "longest.jsonl")
    for prediction in read_predictions(tmp_path / "longest.jsonl"):
        answer = parse_answer(prediction.output or "")
        assert answer is not None
        choices = questions[prediction.id].choices
        chosen = choices[(LETTERS.index(answer.choice) + prediction.rotation) % 4]
        assert len(chosen) == max(map(len, choices))
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        bench("--baseline", "chance", "--rotations", "4", "--seed", seed, "--out", tmp_path / f"{name}.jsonl")
    first, again, other = ((tmp_path / f"{name}.jsonl").read_bytes() for name in ("first", "again", "other"))
    assert first == again != other
    assert {prediction.output for prediction in read_predictions(tmp_path / "first.jsonl")} == {
        f"<think></think><answer>{letter}</answer>" for letter in LETTERS
    }


def test_pairing_is_a_derangement_of_scenes_for_any_seed() -> None:
    questions = make_small_questions()
    for seed in range(30):
        pairs = pair_with_others(questions, seed)
        assert all(pairs[question.id].scene_id != question.scene_id for question in questions)
    assert len({tuple(q.scene_id for q in pair_with_others(questions, seed).values()) for seed in range(30)}) > 5


def test_controls_leave_the_original_untouched() -> None:
    audio_CT = np.array([[0.1, 0.2, -0.4], [0.3, 0.0, 0.2]], np.float32)
    before = audio_CT.copy()
    assert np.allclose(apply_control("mono", audio_CT), [[0.2, 0.1, -0.1]] * 2)
    assert np.array_equal(apply_control("swap", audio_CT), before[::-1])
    assert not apply_control("silence", audio_CT).any()
    for control in ("none", "text-only", "mismatch"):
        assert apply_control(control, audio_CT) is audio_CT
    assert np.array_equal(audio_CT, before)
