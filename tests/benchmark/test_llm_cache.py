"""The cache of replies: what a killed run, a torn line, a full disk and two runs at once leave in it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from faulty_endpoint import Answer, Asked, FaultyEndpoint
from llm_asks import KEY, make_asks, read_words, settings_for

from twnm_bench.llm.asking import AskSettings, ask_all
from twnm_bench.llm.cache import CACHE_NAME, ReplyCache
from twnm_bench.llm.endpoint import Endpoint
from twnm_bench.llm.ports import Completion
from twnm_bench.llm.scripted import ScriptedModel
from twnm_schemas.errors import MachineError, StoreError

SUPPORT = Path(__file__).parents[1] / "support"


def keep(cache: ReplyCache, key: str, text: str) -> None:
    cache.keep(key, "m", Completion(text, tokens_in=1, tokens_out=2), 10)


def find(folder: Path, key: str) -> str | None:
    cache = ReplyCache(folder)
    kept = cache.find(key, 10)
    cache.close()
    return kept.text if kept else None


def test_a_reply_comes_back_as_it_was_with_its_usage(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path)
    text = 'two\nlines, "quotes", Umlaut \u00e4, separator \u2028, high \U0001f600'
    cache.keep("k", "m", Completion(text, "refused", 3, None), 10)
    assert (tmp_path / CACHE_NAME).read_bytes().count(b"\n") == 1  # there before the run ends
    cache.close()
    kept = ReplyCache(tmp_path).find("k", 99)
    assert kept is not None
    assert kept.completion == Completion(text, "refused", 3, None)


@pytest.mark.parametrize("torn", [b'{"key": "b", "text": "ha', b"\x00\xff", b"{" * 70_000])
def test_a_torn_last_line_is_skipped_and_cut_off_by_the_next_writer(tmp_path: Path, torn: bytes) -> None:
    cache = ReplyCache(tmp_path)
    keep(cache, "a", "first")
    cache.close()
    path = tmp_path / CACHE_NAME
    whole = path.read_bytes()
    path.write_bytes(whole + torn)

    cache = ReplyCache(tmp_path)
    assert (len(cache), cache.skipped) == (1, 1)
    keep(cache, "b", "second")
    keep(cache, "c", "third")
    cache.close()
    assert path.read_bytes().startswith(whole)
    assert [json.loads(line)["key"] for line in path.read_bytes().splitlines()] == ["a", "b", "c"]


def test_a_file_of_one_torn_line_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / CACHE_NAME).write_bytes(b'{"key"')
    cache = ReplyCache(tmp_path)
    keep(cache, "a", "first")
    cache.close()
    assert find(tmp_path, "a") == "first"
    assert (tmp_path / CACHE_NAME).read_bytes().startswith(b'{"finish"')


@pytest.mark.parametrize("line", ["", "not json", "[]", "{}", '{"key": 1}', '{"key": "a", "text": null}', "[" * 9999])
def test_a_line_that_is_no_reply_is_skipped(tmp_path: Path, line: str) -> None:
    cache = ReplyCache(tmp_path)
    keep(cache, "a", "first")
    cache.close()
    path = tmp_path / CACHE_NAME
    path.write_bytes(line.encode() + b"\n" + path.read_bytes())
    assert find(tmp_path, "a") == "first"


def test_two_processes_write_whole_lines(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from twnm_bench.llm.cache import ReplyCache\n"
        "from twnm_bench.llm.ports import Completion\n"
        "cache = ReplyCache(Path(sys.argv[1]))\n"
        "for n in range(300): cache.keep(f'{sys.argv[2]} {n}', 'm', Completion('x' * 5000), 10)\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "ab"]
    assert [run.wait() for run in runs] == [0, 0]
    keys = {json.loads(line)["key"] for line in (tmp_path / CACHE_NAME).read_bytes().splitlines()}
    assert keys == {f"{name} {n}" for name in "ab" for n in range(300)}


def test_a_full_disk_is_one_sentence_and_leaves_whole_lines(small_disk: Path) -> None:
    asks = make_asks(400)
    with pytest.raises(MachineError, match=r"[Nn]o space is left for"):
        ask_all(asks, ScriptedModel(lambda _: {"question": "x" * 5000}), AskSettings(cache=small_disk))
    lines = (small_disk / CACHE_NAME).read_bytes().split(b"\n")
    assert lines[-1] == b""
    assert len([json.loads(line) for line in lines[:-1]]) > 100


@pytest.mark.parametrize("what", ["file", "folder in the way"])
def test_a_cache_that_cannot_be_is_one_sentence(tmp_path: Path, what: str) -> None:
    place = tmp_path / "cache"
    if what == "file":
        place.write_text("here already")
    else:
        (place / CACHE_NAME).mkdir(parents=True)
    with pytest.raises(StoreError, match="cache") as error:
        ReplyCache(place)
    assert error.value.exit_code == 2


RUN = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from llm_asks import KEY, make_asks
from twnm_bench.llm.asking import AskSettings, ask_all
from twnm_bench.llm.endpoint import Endpoint, EndpointSettings
endpoint = Endpoint(EndpointSettings(sys.argv[2], "stub", KEY, concurrency=4), Path(sys.argv[3]))
ask_all(make_asks(40), endpoint, AskSettings(cache=Path(sys.argv[3])))
"""


def test_a_killed_run_goes_on_without_asking_for_any_reply_twice(tmp_path: Path) -> None:
    runs: list[subprocess.Popen[bytes]] = []

    def script(asked: Asked) -> Answer:
        if asked.number == 20:
            os.kill(runs[0].pid, signal.SIGKILL)
        return Answer(json.dumps({"question": asked.prompt}))

    with FaultyEndpoint(script) as server:
        runs.append(subprocess.Popen([sys.executable, "-c", RUN, str(SUPPORT), server.url, str(tmp_path)]))
        assert runs[0].wait() == -signal.SIGKILL
        kept = len((tmp_path / CACHE_NAME).read_bytes().splitlines())
        assert kept >= 20 - 4  # all but those under way
        first = len(server.asked)
        replies = ask_all(make_asks(40), Endpoint(settings_for(server), tmp_path), AskSettings(cache=tmp_path))
        assert len(server.asked) - first == 40 - kept
    assert read_words(replies) == [f"prompt {number}" for number in range(40)]
    assert sum(reply.from_cache for reply in replies) == kept
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.iterdir())
