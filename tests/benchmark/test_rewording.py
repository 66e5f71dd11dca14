"""A language model words questions: what it says is kept only where it asks for the same, and is paid for once."""

import ast
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from faulty_endpoint import Answer, Asked, FaultyEndpoint
from question_runs import make_library
from scene_runs import bytes_of
from small_questions import make_small_questions

from twnm_bench import families
from twnm_bench.generate.rewording import find_change, find_names, reword_questions
from twnm_bench.items import read_questions
from twnm_bench.llm.asking import AskSettings
from twnm_bench.llm.meter import Meter
from twnm_bench.llm.scripted import ScriptedModel
from twnm_bench.llm.templates import Prompts
from twnm_schemas.questions import Question

LABELS = ("dog", "bell", "church bell", "rain", "horn")
QUOTAS = ("--quota", "sound_location_binding=5", "--quota", "source_counting=4")


def ask(text: str, *choices: str, key: int = 0) -> Question:
    """A question of that text; only what is read of it is set."""
    base = make_small_questions()[0]
    shown = choices or ("Far to the left", "To the front left", "Straight ahead", "Far to the right")
    letter = "ABCD"[key]
    return base.model_copy(update={"question": text, "choices": shown, "answer_index": key, "answer": letter})


@pytest.mark.parametrize(
    ("original", "reworded"),
    [
        ("From which direction does the sound of a dog come?", "Where is the dog that you hear?"),
        ("How many sounds come from your left?", "What is the number of sounds on the left?"),
        ("Which sound comes from the front left?", "Which sound do you hear coming from the front left?"),
        ("Which of the three sounds is the nearest?", "Of the three sounds, which is closest to you?"),
        ("If you turned 90 degrees to the left, where would the sound of rain be?",
         "Where would the rain be if you turned to the left by 90 degrees?"),
        ("Which of these sounds is not in the recording?", "Which sound is missing from the recording?"),
        ("How long does sound linger in this room, as its RT60?", "What is the reverberation time of this room?"),
        ("What is the approximate reverberation time (RT60) of the room?", "About how long does the room ring on?"),
        ("What kind of room does this sound like?", "In what sort of space was this recorded, by its sound?"),
        ("Which list names the sounds from the closest to the most distant?",
         "How are the sounds ordered, from the closest to the most distant?"),
        ("Which summary of the scene is true?", "Which of these describes the scene?"),
    ],
)  # fmt: skip
def test_a_wording_that_asks_for_the_same_is_kept(original: str, reworded: str) -> None:
    assert find_change(ask(original), reworded, LABELS) == ""


@pytest.mark.parametrize(
    ("original", "reworded"),
    [
        ("From which direction does the sound of a dog come?", "Where is the bell?"),
        ("From which direction does the sound of a dog come?", "Where is the dog, far to the left?"),
        ("From which direction does the sound of a dog come?", "How loud is the dog?"),
        ("From which direction does the sound of a dog come?", "Question: where is the dog?"),
        ("From which direction does the sound of a dog come?", "Where is the dog, and where is the rain?"),
        ("How many sounds come from your left?", "How many sounds come from your right?"),
        ("How many sounds come from your left?", "What do you hear on the left?"),
        ("Which sound comes from the front left?", "Which sound comes from the left?"),
        ("Which of the three sounds is the nearest?", "Which of the three sounds is the farthest?"),
        ("If you turned 90 degrees to the left, where would the sound of rain be?",
         "If you turned 180 degrees to the left, where would the rain be?"),
        ("Which of these sounds is not in the recording?", "Which of these sounds is in the recording?"),
        ("Where is the sound of a dog?", "Where is the dog? It is straight ahead."),
        ("Where is the sound of a dog?", "The sound of a dog"),
        ("For about how long does a sound linger in this room?", "Who knows?"),
        ("For about how long does a sound linger in this room?", "What room is this, as you hear it?"),
        ("What is the approximate reverberation time (RT60) of the room?", "How large is the room?"),
        ("Which of these sounds can be heard in the recording?", "Where do the sounds in the recording come from?"),
        ("What kind of room does this sound like?", "What sound do you hear?"),
        ("Which order of the sounds, from near to far, is right?", "Which sound is near, and which is far?"),
        ("Which summary of the scene is true?", "Which sound is there in the scene?"),
        ("Which action fits the scene?", "Who knows?"),
    ],
)  # fmt: skip
def test_a_wording_that_asks_for_something_else_is_refused_in_a_sentence(original: str, reworded: str) -> None:
    fault = find_change(ask(original), reworded, LABELS)
    assert fault.endswith((".", "'."))
    assert fault.count("\n") == 0


def test_every_question_of_the_families_may_be_said_again_and_not_be_dodged() -> None:
    """All wordings, read from the source; an answer that is none of the directions, so that nothing is given away."""
    found = (Path(families.__file__).parent).glob("*.py")
    told = [node.value for path in found for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith("?")]  # fmt: skip
    slots = {"sound": "the dog", "first": "the dog", "second": "the bell", "turn": "90 degrees to the left",
             "side": "left", "which": "nearest", "at": "on your left", "where": "the left",
             "towards": "to the left"}  # fmt: skip
    wordings = [text.format(**slots) for text in told]
    assert len(set(wordings)) >= 100
    for text in wordings:
        assert find_change(ask(text), f"Please tell: {text[0].lower()}{text[1:]}", LABELS) == "", text
        assert find_change(ask(text), "Who knows?", LABELS) != "", text


def test_a_label_inside_another_is_not_a_label_of_its_own() -> None:
    known = sorted(LABELS, key=len, reverse=True)
    assert find_names("Where is the church bell?", known) == ["church bell"]
    assert find_names("Where are the bell and the church bell?", known) == ["church bell", "bell"]


def test_only_the_wording_changes_and_every_question_says_whose_it_is() -> None:
    questions = make_small_questions()

    def say(prompt: str) -> dict[str, str]:
        original = re.search(r"Question: (.*)", prompt)
        if original is None:  # the repair turn
            return {"question": "Is it on the left?"}
        text = original[1]
        return {"question": f"Tell me: {text[0].lower()}{text[1:]}"} if len(text) % 2 else {"question": "Who knows?"}

    names = {"dog", "bell", "horn"}
    worded, report = reword_questions(questions, names, ScriptedModel(say), Prompts(), AskSettings(), Meter())
    assert report.asked == len(questions)
    assert report.kept == sum(q.provenance.wording == "llm" for q in worded)
    assert 0 < report.kept < report.asked
    assert report.reasons == {"false_claim": report.asked - report.kept}
    for before, after in zip(questions, worded, strict=True):
        assert after.provenance.model == "scripted"
        assert len(after.provenance.prompt_sha256) == 64
        if after.provenance.wording == "llm":
            assert after.question == f"Tell me: {before.question[0].lower()}{before.question[1:]}"
        else:
            assert (after.question, after.provenance.fallback) == (before.question, "false_claim")
        changed = {"question": "", "provenance": before.provenance}
        assert after.model_copy(update=changed) == before.model_copy(update=changed)


# ---------------------------------------------------------------- the command


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory)


def words_for(library: Path, out: Path, url: str, *more: str) -> list[str]:
    program = str(Path(sys.executable).with_name("twnm-bench"))
    common = [program, "generate", *QUOTAS, "--library", str(library), "--out", str(out), "--workers", "1"]
    return [*common, "--llm", url, "--model", "stub", "--concurrency", "2", *more]


def run(words: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(words, capture_output=True, text=True, check=False)


def repeat_in_other_words(asked: Asked) -> Answer:
    """What a truthful model says."""
    found = re.search(r"Question: (.*)", asked.prompt)
    assert found
    return Answer(json.dumps({"question": f"Please tell: {found[1][0].lower()}{found[1][1:]}"}))


def test_a_second_run_asks_nothing_and_changes_no_byte(library: Path, tmp_path: Path) -> None:
    with FaultyEndpoint(repeat_in_other_words) as server:
        first = run(words_for(library, tmp_path, server.url))
        assert first.returncode == 0, first.stderr
        assert "9 of 9 wordings (100 %) survived verification" in first.stdout
        assert len(server.asked) == 9
        before = bytes_of(tmp_path)
        again = run(words_for(library, tmp_path, server.url))
        assert again.returncode == 0, again.stderr
        assert len(server.asked) == 9
    assert bytes_of(tmp_path) == before
    questions = read_questions(tmp_path / "benchmark" / "questions.jsonl")
    assert all(q.question.startswith("Please tell: ") and q.provenance.wording == "llm" for q in questions)


def test_a_run_killed_while_it_asks_pays_for_nothing_twice(library: Path, tmp_path: Path) -> None:
    def slowly(asked: Asked) -> Answer:
        answer = repeat_in_other_words(asked)
        return answer if asked.number < 4 else Answer(answer.text, delay_s=600.0)

    with FaultyEndpoint(slowly) as server:
        process = subprocess.Popen(
            words_for(library, tmp_path, server.url), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        cache = tmp_path / "benchmark" / "llm" / "replies.jsonl"
        deadline = time.monotonic() + 120.0
        while time.monotonic() < deadline and not (cache.is_file() and cache.read_bytes().count(b"\n") >= 4):
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (tmp_path / "benchmark" / "questions.jsonl").exists()
    paid = cache.read_bytes().count(b"\n")
    with FaultyEndpoint(repeat_in_other_words) as server:
        done = run(words_for(library, tmp_path, server.url))
        assert done.returncode == 0, done.stderr
        assert len(server.asked) == 9 - paid


def test_a_cost_that_is_used_up_leaves_the_rest_to_the_rules(library: Path, tmp_path: Path) -> None:
    """A call could cost its whole limit of tokens, 0.160, and costs the 5 that the endpoint tells, 0.005: after four,
    0.020 + 0.160 would pass what is allowed."""
    with FaultyEndpoint(repeat_in_other_words) as server:
        prices = ("--price-out", "1000", "--max-cost", "0.1775", "--concurrency", "1")
        done = run(words_for(library, tmp_path, server.url, *prices))
        assert done.returncode == 0, done.stderr
        assert {asked.body["max_tokens"] for asked in server.asked} == {160}
        assert len(server.asked) == 4
    questions = read_questions(tmp_path / "benchmark" / "questions.jsonl")
    assert Counter(q.provenance.fallback for q in questions) == {"": 4, "refused_by_cost": 5}
    assert Counter(q.provenance.wording for q in questions) == {"llm": 4, "rules": 5}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=401, error={"message": "bad key"}), "key"),
        (Answer(status=404, error={"message": "model not found", "code": "model_not_found"}), "stub"),
    ],
)
def test_a_wrong_key_or_model_is_one_sentence_and_writes_no_questions(
    answer: Answer, said: str, library: Path, tmp_path: Path
) -> None:
    with FaultyEndpoint(lambda asked: answer) as server:
        done = run(words_for(library, tmp_path, server.url))
    assert done.returncode == 2
    assert done.stderr.count("error:") == 1
    assert said in done.stderr
    assert not (tmp_path / "benchmark" / "questions.jsonl").exists()


def test_an_endpoint_that_is_down_is_one_sentence(library: Path, tmp_path: Path) -> None:
    with FaultyEndpoint(repeat_in_other_words) as server:
        url = server.url
    done = run(words_for(library, tmp_path, url))
    assert done.returncode == 2
    assert done.stderr.count("error:") == 1
    assert not (tmp_path / "benchmark" / "questions.jsonl").exists()


def test_a_preview_shows_requests_and_calls_nothing(library: Path, tmp_path: Path) -> None:
    with FaultyEndpoint(repeat_in_other_words) as server:
        done = run(words_for(library, tmp_path, server.url, "--preview", "2"))
        assert server.asked == []
    assert done.returncode == 0
    assert done.stdout.count("=== q-") == 2
    assert not (tmp_path / "benchmark" / "questions.jsonl").exists()


def test_a_model_without_an_endpoint_is_told_so(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWNM_LLM_URL", raising=False)
    words = words_for(library, tmp_path, "")
    at = words.index("--llm")
    done = run(words[:at] + words[at + 2 :])
    assert done.returncode == 2
    assert "need an endpoint; give --llm URL" in done.stderr
