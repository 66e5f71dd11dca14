"""What can go wrong with `twnm-bench run`: one sentence, exit code 2, and what was answered stays."""

import fcntl
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from called_bench import call_bench
from called_program import Said
from faulty_endpoint import Answer, Asked, FaultyEndpoint
from small_questions import SHARD, write_small_set

from twnm_shards.flac import encode_flac
from twnm_shards.tars import END_OF_ARCHIVE, iter_samples, write_sample

Bench = Callable[..., Said]
KEY = "sk-very-secret-key"


@pytest.fixture(scope="module")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_set(tmp_path_factory.mktemp("small"))


@pytest.fixture
def benchmark(small_set: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    shutil.copytree(small_set.parent, tmp_path / "set")
    return tmp_path / "set" / "questions.jsonl"


@pytest.fixture
def bench(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], benchmark: Path, tmp_path: Path
) -> Bench:
    for name in ("TWNM_LLM_URL", "TWNM_LLM_MODEL", "TWNM_LLM_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return lambda *words: call_bench(monkeypatch, capsys, "run", "--benchmark", benchmark, *words)


def require_sentence(said: Said, *parts: str, code: int = 2) -> None:
    exit_code, _, error = said
    assert exit_code == code, error
    (line,) = [line for line in error.splitlines() if line.startswith("error: ")]
    assert error.strip() == line
    assert line.endswith(".")
    for part in parts:
        assert part in line
    assert KEY not in error


def change_members(shard: Path, change: Callable[[str, dict[str, bytes]], None]) -> None:
    samples = list(iter_samples(shard))
    with shard.open("wb") as stream:
        for sample in samples:
            members = dict(sample.members)
            change(sample.key, members)
            write_sample(stream, sample.key, members.items())
        stream.write(END_OF_ARCHIVE)


def test_no_shard(bench: Bench, benchmark: Path) -> None:
    (benchmark.parent / "test" / SHARD).unlink()
    require_sentence(bench("--baseline", "chance"), SHARD, "lie beside")
    assert bench("--baseline", "chance", "--control", "text-only")[0] == 0


def test_a_shard_without_the_sound(bench: Bench, benchmark: Path) -> None:
    shard = benchmark.parent / "test" / SHARD
    change_members(shard, lambda key, members: members.pop("flac") if key.endswith("3") else None)
    require_sentence(bench("--baseline", "listener"), SHARD, "3.flac", "environmental_acoustics-000002")


def test_a_sound_that_is_damaged(bench: Bench, benchmark: Path) -> None:
    change_members(
        benchmark.parent / "test" / SHARD,
        lambda key, members: members.update(flac=b"fLaC" + bytes(200)) if key.endswith("2") else None,
    )
    said = bench("--baseline", "chance")
    require_sentence(said, "2.flac", "content_identification-000000", "damaged")


def test_a_sound_with_one_ear(bench: Bench, benchmark: Path) -> None:
    lone, _ = encode_flac(np.ones((1, 1600)), 16000)
    change_members(benchmark.parent / "test" / SHARD, lambda key, members: members.update(flac=lone))
    require_sentence(bench("--baseline", "chance"), "has 1 channels")


def test_an_empty_question_file(bench: Bench, benchmark: Path) -> None:
    benchmark.write_text("\n")
    require_sentence(bench("--baseline", "chance"), "is empty")


def test_a_mismatch_within_one_scene(bench: Bench, benchmark: Path) -> None:
    benchmark.write_text(benchmark.read_text().splitlines()[0] + "\n")
    require_sentence(bench("--baseline", "chance", "--control", "mismatch"), "one scene")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ((), ("--llm", "--callable", "--baseline")),
        (("--baseline", "chance", "--callable", "a:b"), ("--callable and --baseline exclude",)),
        (("--llm", "http://127.0.0.1:9/v1"), ("No model",)),
        (("--llm", "127.0.0.1", "--model", "x"), ("http://localhost:8000/v1",)),
        (("--baseline", "chance", "--rotations", "3"), ("--rotations 3",)),
        (("--baseline", "chance", "--limit", "0"), ("--limit",)),
        (("--baseline", "chance", "--concurrency", "0"), ("--concurrency",)),
        (("--baseline", "chance", "--tasks", "cooking"), ("no task cooking", "source_counting")),
        (("--baseline", "listener", "--head", "nobody"), ("nobody",)),
        (("--baseline", "chance", "--prompt", "none.j2"), ("none.j2", "cannot be read")),
        (("--baseline", "chance", "--prompt", "odd.j2"), ("odd.j2", "answer_key")),
        (("--callable", "bad_ears"), ("package.module:function",)),
        (("--callable", "not_there:f"), ("no module not_there",)),
        (("--callable", "bad_ears:nobody"), ("no nobody",)),
        (("--callable", "bad_ears:LIMIT"), ("no function but int",)),
        (("--callable", "bad_ears:fails"), ("bad_ears:fails failed on question", "KeyError", "bad_ears.py line 5")),
        (("--callable", "bad_ears:numbers"), ("returned int",)),
        (("--callable", "broken:f"), ("cannot be imported", "ZeroDivisionError")),
    ],
)
def test_what_cannot_be_run(
    bench: Bench, words: tuple[str, ...], parts: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "bad_ears", raising=False)  # what an earlier case imported from its own folder
    (tmp_path / "odd.j2").write_text("{{ answer_key }}")
    (tmp_path / "bad_ears.py").write_text(
        "LIMIT = 4\n\n\ndef fails(audio, rate, prompt):\n    return {}['x']\n\n\n"
        "def numbers(audio, rate, prompt):\n    return 4\n"
    )
    (tmp_path / "broken.py").write_text("1 / 0\n")
    require_sentence(bench(*words), *parts)


@pytest.mark.parametrize(
    ("answer", "code", "parts"),
    [
        (Answer(status=401, error={"message": f"Incorrect key {KEY}"}), 2, ("refuses the key", "OPENAI_API_KEY")),
        (
            Answer(status=404, error={"message": "The model `ears` does not exist"}),
            2,
            ("knows no model ears", "--model"),
        ),
        (Answer(status=404, error="Not Found"), 2, ("/v1", "--llm")),
        (Answer(status=400, error={"message": f"audio is not supported, {KEY}"}), 2, ("take audio", "[key]")),
        (Answer(status=429, error={"message": "insufficient_quota"}), 2, ("no credit",)),
        (Answer(status=503, error={"message": "overloaded"}), 1, ("failed 1 times", "overloaded")),
        (Answer(delay_s=3.0), 1, ("failed 1 times", "no reply in time")),
        (Answer(cut_after=20), 1, ("failed 1 times",)),
        (Answer(reset=True), 1, ("failed 1 times",)),
    ],
)
def test_what_an_endpoint_may_say(
    bench: Bench, answer: Answer, code: int, parts: tuple[str, ...], tmp_path: Path
) -> None:
    def script(asked: Asked) -> Answer:
        return Answer("<answer>A</answer>") if asked.number < 2 else answer

    out = tmp_path / "preds.jsonl"
    with FaultyEndpoint(script) as server:
        words = ("--llm", server.url, "--model", "ears", "--retries", "0", "--concurrency", "1", "--timeout", "1")
        require_sentence(bench(*words, "--out", out), *parts, "answers so far are kept", code=code)
    assert out.read_bytes().count(b"\n") == 2


def test_an_endpoint_that_is_down(bench: Bench) -> None:
    with FaultyEndpoint(lambda asked: Answer()) as server:
        url = server.url
    require_sentence(bench("--llm", url, "--model", "ears", "--retries", "0"), url, "cannot be reached")


def test_an_address_that_replies_with_something_else(bench: Bench) -> None:
    class Page(Answer):
        def body(self) -> bytes:
            return b'{"hello": "world"}'

    with FaultyEndpoint(lambda asked: Page()) as server:
        require_sentence(bench("--llm", server.url, "--model", "ears"), server.url, "/v1")


@pytest.mark.parametrize(
    ("first", "then", "parts"),
    [
        ((), ("--control", "mono"), ("another control", "none", "mono")),
        ((), ("--rotations", "4"), ("another rotations",)),
        ((), ("--seed", "1"), ("another seed",)),
        ((), ("--no-think",), ("another prompt",)),
        ((), ("--baseline", "longest"), ("another model", "chance", "longest")),
    ],
)
def test_a_file_of_another_run(
    bench: Bench, first: tuple[str, ...], then: tuple[str, ...], parts: tuple[str, ...], tmp_path: Path
) -> None:
    assert bench("--baseline", "chance", "--limit", "3", *first)[0] == 0
    before = (tmp_path / "preds.jsonl").read_bytes()
    require_sentence(bench("--baseline", "chance", *then), "preds.jsonl", *parts)
    assert (tmp_path / "preds.jsonl").read_bytes() == before


def test_other_questions_and_a_file_of_nobody(bench: Bench, benchmark: Path, tmp_path: Path) -> None:
    assert bench("--baseline", "chance")[0] == 0
    benchmark.write_text("".join(f"{line}\n" for line in benchmark.read_text().splitlines()[:-1]))
    require_sentence(bench("--baseline", "chance"), "another question file")
    (tmp_path / "mine.jsonl").write_text("notes\n")
    require_sentence(bench("--baseline", "chance", "--out", "mine.jsonl"), "mine.jsonl holds something")
    assert (tmp_path / "mine.jsonl").read_text() == "notes\n"


def test_lines_that_are_no_predictions(bench: Bench, tmp_path: Path) -> None:
    bench("--baseline", "chance", "--limit", "2")
    with (tmp_path / "preds.jsonl").open("a") as stream:
        stream.write('{"what": 1}\n')
    require_sentence(bench("--baseline", "chance"), "preds.jsonl line 3")


def test_two_runs_on_one_file(bench: Bench, tmp_path: Path) -> None:
    with (tmp_path / "preds.jsonl").open("wb") as stream:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX)
        require_sentence(bench("--baseline", "chance"), "Another run writes to preds.jsonl")
    assert bench("--baseline", "chance")[0] == 0


def test_an_out_that_cannot_be_written(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    require_sentence(bench("--baseline", "chance", "--out", "file/preds.jsonl"), "cannot be written")
    require_sentence(bench("--baseline", "chance", "--out", tmp_path), "cannot be written")


def test_more_questions_may_follow_fewer(bench: Bench, tmp_path: Path) -> None:
    bench("--baseline", "chance", "--limit", "3")
    few = (tmp_path / "preds.jsonl").read_bytes()
    code, said, _ = bench("--baseline", "chance")
    assert (code, "3 of them from before" in said) == (0, True)
    assert (tmp_path / "preds.jsonl").read_bytes().startswith(few)
    assert (tmp_path / "preds.jsonl").read_bytes().count(b"\n") == 10
