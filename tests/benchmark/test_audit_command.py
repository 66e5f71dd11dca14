"""`twnm-bench audit` as it is called: what it reads, writes, says and exits with."""

import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from called_bench import call_bench
from fair_sets import SHARD, Row, make_rows, make_scenes, write_fair_set, write_rows, write_scenes
from faulty_endpoint import Answer, Asked, FaultyEndpoint
from small_questions import write_small_set

from twnm_bench.audit.pages import render_page
from twnm_bench.audit.run import audit_items
from twnm_bench.audit.shelves import look_into_shards, read_training
from twnm_bench.audit.verdicts import Audit
from twnm_bench.items import read_items
from twnm_schemas.errors import StoreError
from twnm_schemas.manifests import Manifest, ShardEntry
from twnm_schemas.questions import TASKS
from twnm_shards.files import sha256_of
from twnm_shards.manifests import write_manifest
from twnm_shards.tars import END_OF_ARCHIVE, write_sample

TWO = TASKS[:2]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: call_bench(monkeypatch, capsys, "audit", *words)


@pytest.fixture
def rows() -> list[Row]:
    return make_rows(seed=1, per_task=20, tasks=TWO)


def test_a_fair_set_passes_with_its_shards_training_scenes_and_quotas(
    call: Call, tmp_path: Path, rows: list[Row]
) -> None:
    questions = write_fair_set(tmp_path / "set", rows)
    train = tmp_path / "train.tar"
    write_scenes(list(make_scenes(rows[:8], first=500, split="train").values()), train)
    quotas = [word for task in TWO for word in ("--quota", f"{task}=20")]
    out, page = tmp_path / "audit.json", tmp_path / "audit.html"
    code, said, _ = call(questions, "--train", train, *quotas, "--json", out, "--html", page)
    assert code == 0, said
    assert "all gates hold" in said
    assert "could not be checked" not in said
    found = Audit.model_validate_json(out.read_bytes())
    assert found.passed
    assert {verdict.status for verdict in found.verdicts} == {"pass"}
    first = out.read_bytes(), page.read_bytes()
    call(questions, "--train", train, *quotas, "--json", out, "--html", page)
    assert (out.read_bytes(), page.read_bytes()) == first
    assert str(tmp_path) not in out.read_text() + page.read_text()


def test_a_gate_that_fails_exits_with_2_after_the_reports_are_written(
    call: Call, tmp_path: Path, rows: list[Row]
) -> None:
    rows[3]["claims"][rows[3]["answer_index"] - 1] = "equals(1, 1)"
    questions = write_fair_set(tmp_path, rows)
    code, said, errors = call(questions, "--json", tmp_path / "a.json", "--html", tmp_path / "a.html")
    assert (code, errors) == (2, "")
    assert re.search(r"one true option\s+FAIL\s+1 question cannot be proven", said)
    assert "1 of 12 gates fail; 2 could not be checked" in said
    assert json.loads((tmp_path / "a.json").read_text())["passed"] is False
    page = (tmp_path / "a.html").read_text()
    assert 'data-gate="one_true_option" data-status="fail"' in page
    assert f"<code>{rows[3]['id']}</code>" in page


def test_a_shard_that_is_missing_leaves_claims_unchecked_and_audio_failing(
    call: Call, tmp_path: Path, rows: list[Row]
) -> None:
    questions = write_fair_set(tmp_path, rows)
    shard = (tmp_path / SHARD).rename(tmp_path / "elsewhere.tar")
    found = _audit(call, tmp_path, questions)
    assert {v.name for v in found.verdicts if v.status == "fail"} == {"audio"}
    assert _status(found, "one_true_option") == "not checked"
    found = _audit(call, tmp_path, questions, "--scenes", shard)
    assert _status(found, "one_true_option") == "pass"
    assert _status(found, "test_split") == "pass"


def _audit(call: Call, folder: Path, *words: str | Path) -> Audit:
    call(*words, "--json", folder / "found.json")
    return Audit.model_validate_json((folder / "found.json").read_bytes())


def _status(found: Audit, name: str) -> str:
    return next(verdict.status for verdict in found.verdicts if verdict.name == name)


def test_a_released_set_of_real_scenes_is_read_as_it_lies(call: Call, tmp_path: Path) -> None:
    """Ten questions about five scenes: too many of one scene, options of unlike length, all else in order."""
    found = _audit(call, tmp_path, write_small_set(tmp_path))
    assert {v.name for v in found.verdicts if v.status == "fail"} == {"option_lengths", "items_per_scene"}
    assert {v.name for v in found.verdicts if v.status == "not checked"} == {"disjoint_splits", "quotas"}
    assert _status(found, "one_true_option") == _status(found, "audio") == "pass"


def test_a_foreign_file_of_bare_columns_is_audited(call: Call, tmp_path: Path, rows: list[Row]) -> None:
    kept = ("id", "question", "choices", "answer_index")
    path = write_rows([{name: row[name] for name in kept} for row in rows], tmp_path / "foreign.jsonl")
    code, said, _ = call(path)
    assert code == 0
    assert "all gates hold; 10 could not be checked" in said


# ---------------------------------------------------------------- a language model


def test_the_endpoint_that_llm_names_is_asked_every_question(call: Call, tmp_path: Path, rows: list[Row]) -> None:
    def reply(asked: Asked) -> Answer:
        return Answer(json.dumps({"answer": "A"}))

    with FaultyEndpoint(reply) as server:
        found = _audit(call, tmp_path, write_fair_set(tmp_path, rows), "--llm", server.url, "--model", "m")
        assert len(server.asked) == len(rows)
    (guess,) = (g for g in found.guesses if g.baseline == "language model" and g.task == "all")
    assert (guess.hits, guess.n, guess.passed) == (10, 40, True)


# ---------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty: it holds no question"),
        ("\n\n", "is empty: it holds no question"),
        ("{not json", "line 1 is not JSON"),
        ("[1]", "line 1 is no JSON object"),
        ('{"id": "a", "choices": ["x", "y"], "answer": "A"}', "line 1 has no text in `question`"),
        ('{"id": "a", "question": "q", "answer": "A"}', "`choices` must be a list of texts"),
        ('{"id": "a", "question": "q", "choices": ["x", "y"]}', "neither `answer` nor `answer_index` names a choice"),
        ('{"id": "a", "question": "q", "choices": ["x", "X "], "answer": "A"}', "two of its choices say the same"),
    ],
)
def test_a_file_that_is_none_is_told_in_one_sentence(call: Call, tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(text)
    code, said, errors = call(path)
    assert (code, said) == (2, "")
    assert sentence in errors
    assert errors.startswith(f"error: {path}")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--quota", "counting"), "--quota counting is none; give a task and a number, as in source_counting=100."),
        (("--quota", "a=-1"), "--quota a=-1 is none"),
        (("--quota", "a=1", "--quota", "a=2"), "--quota names a more than once"),
        (("--model", "m"), "--model names a model of an endpoint; give the endpoint too, with --llm."),
        (("--llm", "nowhere"), "The address of the endpoint is none"),
        (("--llm", "http://127.0.0.1:9/v1"), "No model is named"),
        (("--train", "{folder}/empty"), "empty holds no shards of scenes"),
        (("--scenes", "{folder}/nothing"), "nothing holds no shards of scenes"),
        (("--train", "{folder}/test/benchmark-000000.cut"), "is cut"),
        (("--scenes", "{folder}/brirs.tar"), "brirs.tar room-1.json is no record of a scene"),
        (("--train", "{folder}/brirs.tar"), "brirs.tar holds no records of training scenes"),
        (("--json", "{folder}/not/there.json"), "there.json cannot be written (no such file or directory)"),
        (("--html", "{folder}/empty"), "empty cannot be written (is a directory)"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_sentence(
    call: Call, tmp_path: Path, rows: list[Row], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str
) -> None:
    for name in ("TWNM_LLM_URL", "TWNM_LLM_MODEL"):
        monkeypatch.delenv(name, raising=False)
    questions = write_fair_set(tmp_path, rows)
    (tmp_path / "empty").mkdir()
    shard = (tmp_path / SHARD).read_bytes()
    (tmp_path / "test/benchmark-000000.cut").write_bytes(shard[: len(shard) // 2])
    (tmp_path / "brirs.tar").write_bytes(_tar_of("room-1", b'{"room_id": "room-1"}'))
    code, _, errors = call(questions, *(word.format(folder=tmp_path) for word in words))
    assert code == 2
    assert sentence in errors
    assert errors.count("\n") == 1


def _tar_of(key: str, record: bytes) -> bytes:
    stream = io.BytesIO()
    write_sample(stream, key, [("json", record)])
    return stream.getvalue() + END_OF_ARCHIVE


# ---------------------------------------------------------------- shelves


def test_training_is_read_from_tars_and_from_records_that_carry_a_scene(tmp_path: Path, rows: list[Row]) -> None:
    scenes = list(make_scenes(rows[:6], first=7, split="train").values())
    write_scenes(scenes, tmp_path / "scenes.tar")
    carrying = json.dumps({"instruction": "?", "scene": json.loads(scenes[0].model_dump_json())}).encode()
    (tmp_path / "sft").mkdir()
    (tmp_path / "sft" / "sft-000000.tar").write_bytes(_tar_of("sft-0", carrying))
    whole, carried = read_training([tmp_path / "scenes.tar"]), read_training([tmp_path / "sft"])
    assert (whole.scenes, carried.scenes) == (3, 1)
    assert carried.identities < whole.identities
    assert {"room:room:7", "clip:set:7-0", "uploader:small/somebody 7", "file:7-0"} <= carried.identities


def test_a_root_trains_on_all_its_splits_but_test_and_a_folder_that_is_named_is_taken_whole(
    tmp_path: Path, rows: list[Row]
) -> None:
    for number, split in enumerate(("train", "validation", "test")):
        folder = tmp_path / "scenes" / split
        write_scenes(list(make_scenes(rows[:4], first=10 * number).values()), folder / "scenes-000000.tar")
        write_manifest(folder, _make_manifest(folder / "scenes-000000.tar"))
    from_root, from_test = read_training([tmp_path]), read_training([tmp_path / "scenes" / "test"])
    assert {name for name in from_root.identities if name.startswith("room:")} == {
        f"room:room:{number}" for number in (0, 1, 10, 11)
    }
    assert {name for name in from_test.identities if name.startswith("room:")} == {"room:room:20", "room:room:21"}
    items = read_items(write_rows(rows, tmp_path / "q.jsonl"))
    with pytest.raises(StoreError, match="two different scenes"):  # scene-000000 of each split: --scenes takes them all
        look_into_shards(items, tmp_path, [tmp_path])


def _make_manifest(shard: Path) -> Manifest:
    return Manifest(
        kind="scenes",
        samples=2,
        shards=(ShardEntry(name=shard.name, samples=2, bytes=shard.stat().st_size, sha256=sha256_of(shard)),),
        index_sha256="0" * 64,
        rejections=(),
        settings={},
        versions=(),
        seed=0,
        fingerprint="small",
    )


def test_two_different_scenes_of_one_name_are_refused(tmp_path: Path, rows: list[Row]) -> None:
    write_rows(rows, tmp_path / "q.jsonl")
    items = read_items(tmp_path / "q.jsonl")
    for name, first in (("a", 0), ("b", 100)):
        write_scenes(list(make_scenes(rows[:2], first=first).values()), tmp_path / f"{name}.tar")
    assert look_into_shards(items, tmp_path, [tmp_path / "a.tar", tmp_path / "a.tar"]).scenes is not None
    with pytest.raises(StoreError, match="two different scenes scene-000000"):
        look_into_shards(items, tmp_path, [tmp_path / "a.tar", tmp_path / "b.tar"])


def test_a_record_of_another_scene_beside_the_audio_is_not_taken(tmp_path: Path, rows: list[Row]) -> None:
    questions = write_fair_set(tmp_path, rows)
    items = read_items(questions)
    scenes = make_scenes(rows)
    strays = [scene.model_copy(update={"scene_id": f"stray-{n}"}) for n, scene in enumerate(scenes.values())]
    write_scenes(strays, tmp_path / SHARD)
    assert look_into_shards(items, tmp_path).scenes is None


# ---------------------------------------------------------------- the page


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_needs_nothing_and_escapes_what_it_quotes(tmp_path: Path, rows: list[Row]) -> None:
    rows[3]["question"] = "<script>alert(1)</script>?"
    rows[3]["choices"][0] += " and something that goes on for much too long"
    questions = write_fair_set(tmp_path, rows)
    items = read_items(questions)
    text = render_page(audit_items(items), items)
    page = _Page()
    page.feed(text)
    names = [tag for tag, _ in page.tags]
    assert "script" not in names
    assert "&lt;script&gt;" in text
    assert not [attrs for _, attrs in page.tags if attrs.get("src") or str(attrs.get("href", "")).startswith("http")]
    assert "prefers-color-scheme: dark" in text
    assert names.count("table") == 3
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    gates = [attrs for _, attrs in page.tags if "data-gate" in attrs]
    assert len(gates) == 14
