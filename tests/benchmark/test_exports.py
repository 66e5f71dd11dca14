"""Exported question sets, read back by the libraries they are for."""

import hashlib
import importlib.util
import io
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import datasets
import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
import yaml
from foreign_venvs import INSPECT, LMMS, require_venv, run_foreign
from small_questions import SHARD, make_small_questions, make_small_scenes, write_small_set

from twnm_bench.cli import main
from twnm_bench.exports.huggingface import COLUMNS, list_features, make_row, make_schema, write_rows
from twnm_bench.exports.run import ExportRequest, export_questions
from twnm_bench.programs import judge_claims
from twnm_bench.run.wording import read_prompt
from twnm_schemas import answers
from twnm_schemas.questions import Question
from twnm_shards.flac import decode_flac
from twnm_shards.tars import iter_samples
from twnm_shards.verify import verify_folder

FOREIGN = Path(__file__).parents[1] / "support" / "foreign"
HF_COLUMNS = ["id", "audio", "question", "choices", "answer", "answer_index", "task", "area", "scene_id"]
BESIDE = ["difficulty", "asa_level", "tags", "program"]
UNDECODED = datasets.Audio(decode=False)


@pytest.fixture(scope="module")
def questions_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_set(tmp_path_factory.mktemp("set"))


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return make_small_questions()


@pytest.fixture(scope="module")
def stored(questions_file: Path) -> dict[str, bytes]:
    """The FLAC of every scene, read by another way than the exports do."""
    samples = iter_samples(questions_file.parent / "test" / SHARD)
    return {sample.key: sample.members["flac"] for sample in samples}


def export(questions_file: Path, target: str, out: Path, **changes: Any) -> Path:
    export_questions(ExportRequest(questions_file, target, out, **changes))
    return out


def call_bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    monkeypatch.setattr(sys, "argv", ["twnm-bench", *map(str, words)])
    with pytest.raises(SystemExit) as stop:
        main()
    return stop.value.code, capsys.readouterr()


# ---------------------------------------------------------------- the set that is exported


def test_of_each_question_of_the_small_set_exactly_the_key_is_true(questions: list[Question]) -> None:
    scenes = {scene.scene_id: scene for scene in make_small_scenes()}
    for question in questions:
        truth = [place == question.answer_index for place in range(4)]
        assert judge_claims(question.claims, scenes[question.scene_id]) == truth, question.id


def test_the_small_set_is_whole(questions_file: Path) -> None:
    assert list(verify_folder(questions_file.parent / "test")) == []


# ---------------------------------------------------------------- Hugging Face


def test_a_row_says_what_the_question_says(questions_file: Path, questions: list[Question], tmp_path: Path) -> None:
    out = export(questions_file, "hf", tmp_path / "hf")
    rows = pq.read_table(out / "data" / "test-00000-of-00001.parquet").to_pylist()
    assert list(rows[0]) == HF_COLUMNS + BESIDE == list(COLUMNS)
    for row, question in zip(rows, questions, strict=True):
        assert row["choices"][row["answer_index"]] == question.choices["ABCD".index(row["answer"])]
        assert {name: row[name] for name in HF_COLUMNS if name not in ("audio", "choices")} == {
            name: getattr(question, name) for name in HF_COLUMNS if name not in ("audio", "choices")
        }
        assert (tuple(row["tags"]), row["program"]) == (question.tags, question.program)
        assert row["audio"]["path"] == f"{question.scene_id}.flac"


@pytest.mark.parametrize("streaming", [False, True])
def test_datasets_loads_the_folder_with_the_stored_bytes(
    questions_file: Path, questions: list[Question], stored: dict[str, bytes], tmp_path: Path, streaming: bool
) -> None:
    out = export(questions_file, "hf", tmp_path / "hf")
    loaded = datasets.load_dataset(str(out), split="test", streaming=streaming, cache_dir=str(tmp_path / "cache"))
    assert loaded.features == datasets.Features.from_dict(list_features())
    assert isinstance(loaded.features["audio"], datasets.Audio)
    rows = list(loaded.cast_column("audio", UNDECODED))
    assert [row["id"] for row in rows] == [question.id for question in questions]
    assert [row["audio"]["bytes"] for row in rows] == [stored[question.scene_id] for question in questions]


def test_schema_features_and_card_are_one(questions_file: Path, tmp_path: Path) -> None:
    """The declaration against what `datasets` makes of each of the three places where it is written."""
    out = export(questions_file, "hf", tmp_path / "hf", split="validation")
    wanted = datasets.Features(
        {
            **{name: datasets.Value("string") for name in COLUMNS},
            "audio": datasets.Audio(),
            "answer_index": datasets.Value("int64"),
            "choices": datasets.List(datasets.Value("string")),
            "tags": datasets.List(datasets.Value("string")),
        }
    )
    card = yaml.safe_load((out / "README.md").read_text().split("---\n")[1])
    (config,) = card["configs"]
    assert config["data_files"] == [{"split": "validation", "path": "data/validation-*.parquet"}]
    assert card["dataset_info"]["splits"] == [{"name": "validation", "num_examples": 10}]
    assert datasets.Features._from_yaml_list(card["dataset_info"]["features"]) == wanted
    assert datasets.Features.from_dict(json.loads((out / "features.json").read_text())) == wanted
    written = pq.read_schema(out / "data" / "validation-00000-of-00001.parquet")
    assert datasets.Features.from_arrow_schema(written) == wanted
    assert written.remove_metadata() == wanted.arrow_schema.remove_metadata()


def test_a_split_in_which_a_column_says_nothing_has_the_same_schema(
    questions: list[Question], stored: dict[str, bytes], tmp_path: Path
) -> None:
    plain = [q.model_copy(update={"tags": (), "program": ""}) for q in questions]
    for split, asked in (("train", plain), ("test", questions)):
        write_rows((make_row(q, stored[q.scene_id]) for q in asked), tmp_path, split)
    train, test = (pq.read_schema(tmp_path / f"{name}-00000-of-00001.parquet") for name in ("train", "test"))
    assert train.equals(test, check_metadata=True)
    files = {name: str(tmp_path / f"{name}-*.parquet") for name in ("train", "test")}
    loaded = datasets.load_dataset("parquet", data_files=files, cache_dir=str(tmp_path / "cache"))
    both = datasets.concatenate_datasets([loaded["train"], loaded["test"]]).cast_column("audio", UNDECODED)
    assert [row["tags"] for row in both][:10] == [[]] * 10
    assert [tuple(row["tags"]) for row in both][10:] == [question.tags for question in questions]


def test_files_and_row_groups_are_cut_by_size_and_keep_the_order(questions: list[Question], tmp_path: Path) -> None:
    """Ten rows of 100 bytes of audio, 200 a group and 400 a file: files of 4, 4 and 2 rows, groups of 2."""
    names = write_rows((make_row(q, bytes(100)) for q in questions), tmp_path, "test", file_bytes=400, group_bytes=200)
    assert names == ["test-00000-of-00003.parquet", "test-00001-of-00003.parquet", "test-00002-of-00003.parquet"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    metas = [pq.ParquetFile(tmp_path / name).metadata for name in names]
    assert [[m.row_group(g).num_rows for g in range(m.num_row_groups)] for m in metas] == [[2, 2], [2, 2], [2]]
    read = [row["id"] for name in names for row in pq.read_table(tmp_path / name).to_pylist()]
    assert read == [question.id for question in questions]


def test_many_small_rows_share_a_group_of_at_most_64(questions: list[Question], tmp_path: Path) -> None:
    rows = (make_row(questions[0].model_copy(update={"id": f"q{n}"}), b"x") for n in range(150))
    (name,) = write_rows(rows, tmp_path, "test")
    meta = pq.ParquetFile(tmp_path / name).metadata
    assert [meta.row_group(g).num_rows for g in range(meta.num_row_groups)] == [64, 64, 22]
    assert pq.read_schema(tmp_path / name).names == make_schema().names


# ---------------------------------------------------------------- lmms-eval


def load_functions(folder: Path) -> ModuleType:
    """The exported functions, without lmms-eval."""
    spec = importlib.util.spec_from_file_location("exported_lmms_functions", folder / "utils.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_row_becomes_stereo_sound_prompt_and_target(
    questions_file: Path, questions: list[Question], stored: dict[str, bytes], tmp_path: Path
) -> None:
    out = export(questions_file, "lmms-eval", tmp_path / "task")
    functions = load_functions(out)
    rows = datasets.load_dataset(
        "parquet",
        data_files={"test": str(out / "rows" / "data" / "*.parquet")},
        split="test",
        cache_dir=str(tmp_path / "cache"),
    )
    for row, question in zip(functions.keep_encoded(rows), questions, strict=True):
        audio_CT, rate = decode_flac(stored[question.scene_id])
        (first,) = functions.doc_to_visual(row)
        (last,) = functions.doc_to_visual(row, {"layout": "channels_last"})
        (mono,) = functions.doc_to_visual(row, {"layout": "mono"})
        assert first["sampling_rate"] == rate
        assert np.array_equal(first["array"], audio_CT)
        assert np.array_equal(last["array"], audio_CT.T)
        assert np.allclose(mono["array"], (audio_CT[0] + audio_CT[1]) / 2, atol=1e-7)
        assert functions.doc_to_text(row) == read_prompt().write(question.question, question.choices)
        assert functions.doc_to_text(row, {"think": False}) == read_prompt(think=False).write(
            question.question, question.choices
        )
        assert functions.doc_to_target(row) == question.answer


@pytest.mark.parametrize(
    ("reply", "score", "lost"),
    [
        ("<think>left</think><answer>D</answer>", 1.0, 0.0),
        ("<answer>D. Far to the left</answer>", 1.0, 0.0),
        ("<answer>A</answer>", 0.0, 0.0),
        ("D", 0.0, 1.0),
        ("", 0.0, 1.0),
        ("<answer>D</answer><answer>D</answer>", 0.0, 1.0),
    ],
)
def test_a_reply_counts_for_its_task_its_area_and_all(
    questions_file: Path, tmp_path: Path, reply: str, score: float, lost: float
) -> None:
    functions = load_functions(export(questions_file, "lmms-eval", tmp_path / "task"))
    row = {"answer": "D", "task": "sound_location_binding", "area": "integration", "scene_id": "scene-000000"}
    counted = functions.process_results(row, [reply])
    names = ["accuracy", "area_integration", "task_sound_location_binding"]
    assert counted == {
        **{name: {"score": score, "scene_id": "scene-000000"} for name in names},
        "unparsed": {"score": lost, "scene_id": "scene-000000"},
    }
    assert functions.average([{"score": 1.0}, {"score": 0.0}, {"score": 0.0}, {"score": 0.0}]) == 0.25


def make_replies(questions: list[Question]) -> list[str]:
    """Seven right, question 1 wrong, 2 and 7 unparsed: right are 1 of 3, 3 of 3 and 3 of 4 by area."""
    replies = [answers.write_answer("\n\nthere it is", question.answer) for question in questions]
    replies[1] = answers.write_answer("", "D")
    replies[2], replies[7] = questions[2].answer, "I cannot tell."
    return replies


def check_counts(numbers: dict[str, float]) -> None:
    """Against the counts of `make_replies` by hand."""
    assert numbers["accuracy"] == pytest.approx(0.7)
    assert numbers["unparsed"] == pytest.approx(0.2)
    by_area = {"perception": 1 / 3, "integration": 1.0, "reasoning": 0.75}
    assert {area: numbers[f"area_{area}"] for area in by_area} == pytest.approx(by_area)
    tasks = {
        name.removeprefix("task_"): n
        for name, n in numbers.items()
        if name.startswith("task_") and "stderr" not in name
    }
    lost = {"source_counting", "environmental_acoustics", "counterfactual"}
    assert len(tasks) == 10
    assert {task for task, share in tasks.items() if share == 0.0} == lost
    assert {share for task, share in tasks.items() if task not in lost} == {1.0}


def cluster_error(scores: list[float], clusters: list[str]) -> float:
    """The standard error of a mean of items in clusters: root of the sum over clusters of squared sums of residuals,
    by n (Miller, Adding Error Bars to Evals, 2024, equation 4), with the variance itself taken over n - 1."""
    n, mean = len(scores), sum(scores) / len(scores)
    sums = {c: sum(s - mean for s, own in zip(scores, clusters, strict=True) if own == c) for c in clusters}
    squares = sum((s - mean) ** 2 for s in scores)
    return float((sum(total**2 for total in sums.values()) / n**2 + squares / n / (n - 1) - squares / n**2) ** 0.5)


def test_lmms_eval_itself_finds_the_task_and_counts_as_by_hand(
    questions_file: Path, questions: list[Question], stored: dict[str, bytes], tmp_path: Path
) -> None:
    python = require_venv(LMMS)
    export(questions_file, "lmms-eval", tmp_path / "first")
    folder = (tmp_path / "first").rename(tmp_path / "moved")  # nothing in it depends on where it lies
    told = {"folder": str(folder), "task": "twnm_listening", "replies": make_replies(questions)}
    said = run_foreign(python, FOREIGN / "evaluate_with_lmms.py", told, tmp_path)
    assert said["tasks"] == ["twnm_listening"]
    assert said["targets"] == [question.answer for question in questions]
    check_counts(said["results"])
    right = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0]
    error = cluster_error(right, [question.scene_id for question in questions])
    assert said["results"]["accuracy_stderr_clustered"] == pytest.approx(error)
    assert [handed["doc_id"] for handed in said["handed"]] == list(range(10))
    for handed, question in zip(said["handed"], questions, strict=True):
        audio_CT, rate = decode_flac(stored[question.scene_id])
        assert handed["prompt"] == read_prompt().write(question.question, question.choices)
        assert (handed["shape"], handed["rate"], handed["kind"]) == (list(audio_CT.shape), rate, "float32")
        assert handed["sha256"] == hashlib.sha256(audio_CT.tobytes()).hexdigest()
        assert handed["settings"]["until"] == []  # a blank line in the reasoning ends nothing


# ---------------------------------------------------------------- inspect_ai


def test_samples_name_wavs_with_the_stored_samples(
    questions_file: Path, questions: list[Question], stored: dict[str, bytes], tmp_path: Path
) -> None:
    out = export(questions_file, "inspect", tmp_path / "task")
    samples = [json.loads(line) for line in (out / "samples.jsonl").read_text("utf-8").splitlines()]
    for sample, question in zip(samples, questions, strict=True):
        ((audio, text),) = [message["content"] for message in sample["input"]]
        wav_TC, rate = soundfile.read(out / audio["audio"], dtype="int32", always_2d=True)
        flac_TC, stored_rate = soundfile.read(io.BytesIO(stored[question.scene_id]), dtype="int32", always_2d=True)
        assert (rate, audio["format"], wav_TC.shape[1]) == (stored_rate, "wav", 2)
        assert np.array_equal(wav_TC, flac_TC)
        assert text["text"] == read_prompt().write(question.question, question.choices)
        assert (sample["id"], sample["target"]) == (question.id, question.answer)
        assert tuple(sample["choices"]) == question.choices
        assert sample["metadata"]["task"] == question.task
        assert sample["metadata"]["area"] == question.area
    assert len(list(out.rglob("*.wav"))) == 5  # one a scene, not one a question


def test_inspect_ai_itself_runs_the_task_and_counts_as_by_hand(
    questions_file: Path, questions: list[Question], tmp_path: Path
) -> None:
    python = require_venv(INSPECT)
    export(questions_file, "inspect", tmp_path / "first")
    folder = (tmp_path / "first").rename(tmp_path / "moved")
    prompts = [read_prompt().write(question.question, question.choices) for question in questions]
    replies = make_replies(questions)
    told = {
        "task": f"{folder / 'twnm_listening.py'}@twnm_listening",
        "replies": dict(zip(prompts, replies, strict=True)),
    }
    said = run_foreign(python, FOREIGN / "evaluate_with_inspect.py", told, tmp_path)
    check_counts(said["metrics"])
    by_id = {sample["id"]: sample for sample in said["samples"]}
    assert [by_id[q.id]["value"] for q in questions] == ["C", "I", "I", "C", "C", "C", "C", "I", "C", "C"]
    assert [by_id[q.id]["unparsed"] for q in questions] == [n in (2, 7) for n in range(10)]
    assert (by_id[questions[1].id]["answer"], by_id[questions[2].id]["answer"]) == ("D", None)
    for question in questions:
        sample = by_id[question.id]
        wav = folder / "audio" / "test" / "benchmark-000000" / f"{question.scene_id}.wav"
        assert (sample["format"], sample["heard"]) == ("wav", hashlib.sha256(wav.read_bytes()).hexdigest())
        assert sample["metadata"]["scene_id"] == question.scene_id


# ---------------------------------------------------------------- folders


@pytest.mark.parametrize("target", ["lmms-eval", "inspect"])
def test_the_parser_in_a_task_folder_is_ours(questions_file: Path, tmp_path: Path, target: str) -> None:
    out = export(questions_file, target, tmp_path / "task")
    assert (out / "answer_grammar.py").read_bytes() == Path(answers.__file__).read_bytes()
    assert not any("twnm_schemas" in path.read_text("utf-8") for path in out.glob("*.py"))


@pytest.mark.parametrize("target", ["hf", "lmms-eval", "inspect"])
def test_the_same_set_gives_the_same_bytes_wherever_it_is_written(
    questions_file: Path, tmp_path: Path, target: str
) -> None:
    first, second = (export(questions_file, target, tmp_path / name) for name in ("a", "b b"))
    files = {path.relative_to(first): path.read_bytes() for path in first.rglob("*") if path.is_file()}
    assert files == {path.relative_to(second): path.read_bytes() for path in second.rglob("*") if path.is_file()}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b b"]


@pytest.mark.parametrize("target", ["hf", "lmms-eval", "inspect"])
def test_the_command_exports_and_says_what_comes_next(
    questions_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    target: str,
) -> None:
    out = tmp_path / "out"
    code, said = call_bench(monkeypatch, capsys, "export", questions_file, "--to", target, "--out", out)
    assert code == 0
    assert "10 questions about 5 recordings" in said.out
    assert str(out) in said.out.splitlines()[1]
    code, said = call_bench(monkeypatch, capsys, "export", questions_file, "--to", "hf", "--out", out)
    assert code == 2
    assert "is not empty" in said.err
    words = ("export", questions_file, "--to", "hf", "--out", out, "--split", "dev", "--overwrite")
    assert call_bench(monkeypatch, capsys, *words)[0] == 0
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "data", "export.json", "features.json"]
    assert [path.name for path in (out / "data").iterdir()] == ["dev-00000-of-00001.parquet"]


def ask_for_another_harness(folder: Path) -> tuple[str, ...]:
    return ("--to", "helm")


def ask_for_an_odd_split(folder: Path) -> tuple[str, ...]:
    return ("--split", "te st")


def remove_shard(folder: Path) -> tuple[str, ...]:
    (folder / "test" / SHARD).unlink()
    return ()


def cut_shard(folder: Path) -> tuple[str, ...]:
    shard = folder / "test" / SHARD
    shard.write_bytes(shard.read_bytes()[:-2000])
    return ()


def change_lines(folder: Path, old: str, new: str) -> tuple[str, ...]:
    path = folder / "questions.jsonl"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    return ()


def remove_questions(folder: Path) -> tuple[str, ...]:
    (folder / "questions.jsonl").unlink()
    return ()


def repeat_question(folder: Path) -> tuple[str, ...]:
    path = folder / "questions.jsonl"
    path.write_text(path.read_text("utf-8") + path.read_text("utf-8").splitlines()[3] + "\n", "utf-8")
    return ()


def fill_out(folder: Path) -> tuple[str, ...]:
    (folder.parent / "out").mkdir()
    (folder.parent / "out" / "thesis.tex").write_text("mine")
    return ()


def fill_out_and_insist(folder: Path) -> tuple[str, ...]:
    return (*fill_out(folder), "--overwrite")


def put_a_file_there(folder: Path) -> tuple[str, ...]:
    (folder.parent / "out").write_text("mine")
    return ()


def name_a_url(folder: Path) -> tuple[str, ...]:
    return ("--out", "s3://bucket/out")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            ask_for_another_harness,
            "--to helm is no harness that there is an export for; choose hf, lmms-eval or inspect.",
        ),
        (ask_for_an_odd_split, "--split 'te st' cannot name a split; use letters, digits and _."),
        (name_a_url, "--out s3://bucket/out is a URL"),
        (fill_out, "out is not empty; choose another folder, or replace an earlier export with --overwrite."),
        (fill_out_and_insist, "out holds other files than an export, and --overwrite removes exports only"),
        (put_a_file_there, "out is a file; give --out a folder that is not there yet."),
        (remove_questions, "questions.jsonl is not there; give a question file"),
        (repeat_question, "holds the id sound_location_binding-000003 more than once; every question needs its own."),
        (remove_shard, f"{SHARD} cannot be read; the shards of a set lie beside its question file."),
        (cut_shard, "is cut"),
        (
            lambda folder: change_lines(folder, '"member":"flac"', '"member":"opus"'),
            "holds no scene-000002.opus, the audio of question content_identification-000000; take questions and",
        ),
        (
            lambda folder: change_lines(folder, '"shard":"test/', '"shard":"s3://bucket/'),
            "is a URL, and an export reads shards beside the question file; fetch the whole set.",
        ),
        (
            lambda folder: change_lines(folder, '"shard":"test/', '"shard":"../test/'),
            "lies outside",
        ),
    ],
)
def test_what_cannot_be_exported_is_said_in_a_sentence_and_nothing_is_written(
    questions_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    spoil: Any,
    sentence: str,
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(questions_file.parent, folder)
    words = spoil(folder)
    before = sorted(path for path in tmp_path.rglob("*"))
    asked = ("export", folder / "questions.jsonl", "--to", "hf", "--out", tmp_path / "out", *words)
    code, said = call_bench(monkeypatch, capsys, *asked)
    assert code == 2
    assert sentence in said.err
    assert said.err.startswith("error: ")
    assert len(said.err.strip().splitlines()) == 1
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_a_failure_half_way_leaves_the_earlier_export(
    questions_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last recording is damaged within, which shows only when it is decoded."""
    folder = tmp_path / "set"
    shutil.copytree(questions_file.parent, folder)
    out = export(folder / "questions.jsonl", "hf", tmp_path / "out")
    shard = folder / "test" / SHARD
    last = list(iter_samples(shard))[-1].members["flac"]
    shard.write_bytes(shard.read_bytes().replace(last, b"fLaC" + bytes(len(last) - 4)))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    words = ("export", folder / "questions.jsonl", "--to", "inspect", "--out", out, "--overwrite")
    code, said = call_bench(monkeypatch, capsys, *words)
    assert code == 2
    assert "scene-000004.flac, the audio of question source_counting-000001, is damaged" in said.err
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
