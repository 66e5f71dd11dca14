"""Training text from real scenes: true throughout, labelled, balanced, the same bytes again, never of a benchmark."""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from called_bench import call_bench
from sided_scenes import write_sided_set
from small_questions import write_small_set

from twnm_bench.claims.check import check_text, read_claims
from twnm_bench.facts import read_world
from twnm_bench.labels import inventory_of_scenes
from twnm_bench.llm.asking import ask_all
from twnm_bench.llm.ports import Ask, Reply
from twnm_bench.llm.scripted import ScriptedModel
from twnm_bench.programs import judge_claim
from twnm_bench.teaching.llm_wording import find_fault
from twnm_bench.teaching.qa import KINDS
from twnm_bench.teaching.rationale import imagine
from twnm_bench.teaching.run import TeachRequest, plan_teaching
from twnm_schemas.answers import parse_answer
from twnm_schemas.questions import ROUTER_NAMES
from twnm_schemas.scenes import Scene
from twnm_schemas.teaching import QaSample, TeachSample
from twnm_shards.manifests import read_manifest
from twnm_shards.tars import END_OF_ARCHIVE, Sample, iter_samples, read_sample, write_sample
from twnm_shards.verify import verify_folder
from twnm_sim.scenes.describe import describe_scene

SCENES = 24


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tar of train scenes with two sounds each; beside it lies a question file about all of them."""
    folder = tmp_path_factory.mktemp("train scenes") / "shelf"
    write_sided_set(folder, SCENES)
    return folder / "heard.tar"


@pytest.fixture(scope="module")
def scenes(shelf: Path) -> dict[str, Scene]:
    read = (Scene.model_validate_json(sample.members["json"]) for sample in iter_samples(shelf))
    return {scene.scene_id: scene for scene in read}


@pytest.fixture(scope="module")
def texts(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both kinds of text with chat lines, made through the command line."""
    out = tmp_path_factory.mktemp("texts")
    with pytest.MonkeyPatch.context() as patch:
        for command in ("qa", "teach"):
            patch.setattr("sys.argv", ["twnm-bench", command, "--scenes", str(shelf), "--out", str(out),
                                       "--format", "chat", "--workers", "1"])  # fmt: skip
            from twnm_bench.cli import main

            with pytest.raises(SystemExit) as stop:
                main()
            assert stop.value.code == 0
    return out


def read_all(folder: Path) -> list[Sample]:
    return [sample for entry in read_manifest(folder).shards for sample in iter_samples(folder / entry.name)]


def read_pairs(out: Path) -> list[QaSample]:
    return [QaSample.model_validate_json(sample.members["json"]) for sample in read_all(out / "sft1" / "train")]


def read_items(out: Path) -> list[TeachSample]:
    return [TeachSample.model_validate_json(sample.members["json"]) for sample in read_all(out / "sft2" / "train")]


# ---------------------------------------------------------------- open pairs


def test_there_are_twelve_kinds_in_six_wordings_and_more() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 12
    assert all(len(set(kind.questions)) >= 6 and len(set(kind.answers)) >= 6 for kind in KINDS)


def test_every_answer_is_true_of_its_scene(texts: Path, scenes: dict[str, Scene]) -> None:
    names = inventory_of_scenes(list(scenes.values())).names
    pairs = read_pairs(texts)
    assert len(pairs) >= SCENES
    assert {pair.scene_id for pair in pairs} == set(scenes)
    for pair in pairs:
        assert check_text(pair.answer, read_world(scenes[pair.scene_id]), names) == [], pair


def test_what_the_simulator_says_of_a_scene_is_read_as_true(scenes: dict[str, Scene]) -> None:
    """Two rooms that do not know each other agree on places, distances, counts and rooms; levels a world does not tell,
    and of times the two keep different bounds."""
    names = inventory_of_scenes(list(scenes.values())).names
    for scene in scenes.values():
        claims = read_claims(describe_scene(scene), read_world(scene), names)
        assert {claim.kind for claim in claims} >= {"sound", "direction", "distance", "count"}
        refused = {claim.reason for claim in claims if claim.verdict is not True}
        assert refused <= {"level_unverifiable", "wrong_time"}, (refused, describe_scene(scene))


def test_router_labels_follow_what_is_said(texts: Path, scenes: dict[str, Scene]) -> None:
    """A label is semantic exactly if a sound is named; half of the others may be soft."""
    pairs = read_pairs(texts)
    for pair in pairs:
        names = [name for sound in read_world(scenes[pair.scene_id]).sounds for name in sound.name.split()]
        says_name = any(re.search(rf"\b{name}s?\b", pair.answer.lower()) for name in names if len(name) > 3)
        assert (pair.router_label[0] == 1.0) == says_name, pair
        assert set(pair.router_label) <= {0.0, 0.5, 1.0}
        assert any(pair.router_label)
        assert pair.router_names == ROUTER_NAMES
    assert sum(pair.router_label[0] == 0.0 for pair in pairs) >= 0.2 * len(pairs)


def test_a_sample_holds_the_audio_of_its_scene(texts: Path, shelf: Path) -> None:
    sounds = {sample.key: sample.members["flac"] for sample in iter_samples(shelf)}
    for sample in read_all(texts / "sft1" / "train"):
        record = QaSample.model_validate_json(sample.members["json"])
        assert sample.members["flac"] == sounds[record.scene_id]
        assert (record.audio.shard, record.audio.key, record.id) == ("", sample.key, sample.key)
    for kind in ("sft1", "sft2"):
        assert verify_folder(texts / kind / "train") == []


def test_chat_lines_name_audio_that_is_there(texts: Path) -> None:
    lines = [json.loads(line) for line in (texts / "sft1" / "train.jsonl").read_text().splitlines()]
    pairs = {pair.id: pair for pair in read_pairs(texts)}
    assert [line["id"] for line in lines] == list(pairs)
    for line in lines:
        user, reply = line["messages"]
        sound, text = user["content"]
        assert (user["role"], reply["role"], sound["type"], text["type"]) == ("user", "assistant", "audio", "text")
        assert (texts / "sft1" / sound["audio"]).read_bytes()[:4] == b"fLaC"
        assert (text["text"], reply["content"]) == (pairs[line["id"]].instruction, pairs[line["id"]].answer)


def test_workers_and_a_second_run_change_no_byte(
    texts: Path, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("qa", "--scenes", shelf, "--out", tmp_path, "--workers", "2")
    assert call_bench(monkeypatch, capsys, *words)[0] == 0
    files = [path.name for path in sorted((tmp_path / "sft1" / "train").iterdir()) if path.is_file()]
    assert "manifest.json" in files
    made = {name: (tmp_path / "sft1" / "train" / name).read_bytes() for name in files}
    assert made == {name: (texts / "sft1" / "train" / name).read_bytes() for name in files}
    assert call_bench(monkeypatch, capsys, *words)[0] == 0
    assert made == {name: (tmp_path / "sft1" / "train" / name).read_bytes() for name in files}


def test_audio_can_be_referred_to(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("teach", "--scenes", shelf, "--out", tmp_path, "--audio", "reference", "--format", "chat")
    assert call_bench(monkeypatch, capsys, *words)[0] == 0
    folder = tmp_path / "sft2" / "train"
    sounds = {sample.key: sample for sample in iter_samples(shelf)}
    for sample in read_all(folder):
        record = TeachSample.model_validate_json(sample.members["json"])
        assert set(sample.members) == {"json"}
        assert (folder / record.audio.shard).resolve() == shelf.resolve()
        assert record.audio.member in read_sample(shelf, sounds[record.audio.key].offset).members
    first = json.loads((tmp_path / "sft2" / "train.jsonl").read_text().splitlines()[0])
    assert first["messages"][0]["content"][0]["audio"].endswith(".flac")
    assert not (tmp_path / "sft2" / "train-audio").exists()


# ---------------------------------------------------------------- reasoned choices


def test_exactly_the_key_is_true_and_the_reply_says_it(texts: Path, scenes: dict[str, Scene]) -> None:
    items = read_items(texts)
    assert len({item.task for item in items}) >= 4
    for item in items:
        world = read_world(scenes[item.scene_id])
        assert [judge_claim(claim, world) for claim in item.claims] == [place == item.key for place in range(4)]
        parsed = parse_answer(item.answer)
        assert parsed is not None
        assert (parsed.choice, parsed.think) == ("ABCD"[item.key], item.think)
        assert item.choices[item.key].lower() in item.think.lower()


def test_reasoning_survives_shuffling_and_not_a_changed_side(texts: Path, scenes: dict[str, Scene]) -> None:
    inventory = inventory_of_scenes(list(scenes.values()))
    caught = changed = 0
    for item in read_items(texts):
        world = read_world(scenes[item.scene_id])
        imagined = imagine(item.program, world)
        choices, key = list(item.choices), item.choices[item.key]
        random.Random(item.id).shuffle(choices)
        assert find_fault(item.think, choices, key, world, imagined, inventory) == ""
        other = choices[(choices.index(key) + 1) % 4]
        assert find_fault(item.think, choices, other, world, imagined, inventory) != ""
        assert not re.search(r"\b(option|choice|answer) [A-D]\b|\([A-D]\)", item.think)
        body = re.sub(r'"[^"]*"', lambda quote: quote[0].upper(), item.think)
        if re.search(r"\b(left|right)\b", body):
            changed += 1
            swapped = re.sub(r"\b(left|right)\b", lambda side: {"left": "right", "right": "left"}[side[0]], body)
            restored = _restore_quotes(swapped, item.choices)
            caught += find_fault(restored, choices, key, world, imagined, inventory) != ""
    assert changed >= 5
    assert caught == changed


def _restore_quotes(text: str, choices: Sequence[str]) -> str:
    """The options that were put in capitals as they were written."""
    written = {f'"{choice.upper()}"': f'"{choice}"' for choice in choices}
    return re.sub(r'"[^"]*"', lambda quote: written[quote[0]], text)


def test_keys_are_dealt_evenly(texts: Path) -> None:
    keys: dict[str, Counter[int]] = {}
    for item in read_items(texts):
        keys.setdefault(item.task, Counter())[item.key] += 1
    for task, counts in keys.items():
        assert max(counts.values()) - min(counts[place] for place in range(4)) <= 1, (task, counts)


# ---------------------------------------------------------------- a language model


def asked_of(model: ScriptedModel) -> Callable[[Sequence[Ask]], list[Reply]]:
    return lambda asks: ask_all(asks, model)


def plan_pairs(shelf: Path, out: Path, model: ScriptedModel) -> tuple[list[QaSample], Counter[str]]:
    plan = plan_teaching(TeachRequest("sft1", (shelf,), out, per_scene=(2, 2)), asked_of(model))
    return [QaSample.model_validate_json(sample.record) for sample in plan.packed], plan.tally


def test_true_pairs_of_a_model_are_kept_and_a_lie_is_repaired_or_replaced(
    shelf: Path, tmp_path: Path, scenes: dict[str, Scene]
) -> None:
    """The model says what the description says in its first sentence; every other scene it lies once or for good."""
    lie = "There are seven sounds here, all of them far to your left."

    def reply(prompt: str) -> dict[str, object]:
        if "denies" in prompt or "not true" in prompt or lie in prompt or "seven" in prompt:  # the repair turn
            return {
                "pairs": [{"instruction": "How many sounds are there, roughly?", "answer": "I hear two sounds."}] * 2
            }
        return {"pairs": [{"instruction": "What is going on around me?", "answer": lie}] * 2}

    repaired, tally = plan_pairs(shelf, tmp_path, ScriptedModel(reply))
    by_model = [pair for pair in repaired if pair.provenance.wording == "llm"]
    assert by_model
    assert tally["worded_by_llm"] == len(by_model)
    assert all(pair.answer == "I hear two sounds." and pair.router_source == "text" for pair in by_model)
    assert all(pair.router_label == (0.0, 0.0, 0.0, 0.0, 1.0) for pair in by_model)
    stubborn = {"pairs": [{"instruction": "What is going on around me?", "answer": lie}] * 2}
    kept, tally = plan_pairs(shelf, tmp_path, ScriptedModel(lambda prompt: stubborn))
    assert all(pair.provenance.wording == "rules" for pair in kept)
    assert {pair.provenance.fallback for pair in kept} == {"", "false_claim"}
    assert tally["fallback_false_claim"] > 0


def test_an_answer_that_says_nothing_is_not_taken(shelf: Path, tmp_path: Path) -> None:
    empty = {"pairs": [{"instruction": "What is the room like?", "answer": "It is a room, of course."}] * 2}
    pairs, tally = plan_pairs(shelf, tmp_path, ScriptedModel(lambda prompt: empty))
    assert tally["worded_by_llm"] == 0
    assert {pair.provenance.wording for pair in pairs} == {"rules"}


def test_a_rationale_that_lies_is_not_taken(shelf: Path, tmp_path: Path) -> None:
    model = ScriptedModel(lambda prompt: {"think": "I hear a kazoo on the left. So it is B."})
    plan = plan_teaching(TeachRequest("sft2", (shelf,), tmp_path), asked_of(model))
    items = [TeachSample.model_validate_json(sample.record) for sample in plan.packed]
    assert {item.provenance.wording for item in items} == {"rules"}
    assert {item.provenance.fallback for item in items} == {"false_claim"}


def test_a_rationale_in_other_words_is_taken(shelf: Path, tmp_path: Path) -> None:
    """The model says the steps it is given, with a beginning and an end of its own."""

    def reply(prompt: str) -> dict[str, str]:
        steps = re.findall(r"^\d+\. (.*)$", prompt, re.MULTILINE)
        found = re.search(r"They arrive at: (.*)", prompt)
        assert found
        return {"think": f"Here is what reaches me. {' '.join(steps)} My answer is this: {found[1]}."}

    plan = plan_teaching(TeachRequest("sft2", (shelf,), tmp_path), asked_of(ScriptedModel(reply)))
    items = [TeachSample.model_validate_json(sample.record) for sample in plan.packed]
    assert {item.provenance.wording for item in items} == {"llm"}
    assert all(item.think.startswith("Here is what reaches me.") for item in items)
    assert plan.tally["worded_by_llm"] == len(items)


def test_a_preview_calls_and_writes_nothing(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("qa", "--scenes", shelf, "--out", tmp_path / "out", "--preview", "2", "--llm", "http://127.0.0.1:9/v1")
    code, said, _ = call_bench(monkeypatch, capsys, *words, "--model", "m")
    assert code == 0
    assert said.count("<scene_description>") == 2
    assert not (tmp_path / "out").exists()


# ---------------------------------------------------------------- what is refused


def test_scenes_of_a_benchmark_are_left_out(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A benchmark of one question: its scene goes, and all that share its room or a clip."""
    bench = tmp_path / "benchmark"
    bench.mkdir()
    line = (shelf.parent / "questions.jsonl").read_text().splitlines()[0]
    (bench / "questions.jsonl").write_text(line + "\n")
    (bench / "heard.tar").write_bytes(shelf.read_bytes())
    code, _, said = call_bench(monkeypatch, capsys, "qa", "--scenes", shelf, "--out", tmp_path)
    assert code == 0, said
    asked = json.loads(line)["scene_id"]
    kept = {pair.scene_id for pair in read_pairs(tmp_path)}
    read = [Scene.model_validate_json(sample.members["json"]) for sample in iter_samples(shelf)]
    own = next(scene for scene in read if scene.scene_id == asked)
    clips = {event.clip_id for event in own.events}
    touched = {s.scene_id for s in read if s.room.group == own.room.group or clips & {e.clip_id for e in s.events}}
    assert asked in touched
    assert kept & touched == set()
    assert kept


def _nothing(shelf: Path, tmp: Path) -> list[str | Path]:
    (tmp / "empty").mkdir()
    return ["qa", "--scenes", tmp / "empty"]


def _no_folder(shelf: Path, tmp: Path) -> list[str | Path]:
    return ["teach", "--scenes", tmp / "nowhere"]


def _test_split(shelf: Path, tmp: Path) -> list[str | Path]:
    write_small_set(tmp / "set")
    return ["teach", "--scenes", tmp / "set" / "test" / "benchmark-000000.tar"]


def _unheard(shelf: Path, tmp: Path) -> list[str | Path]:
    """One scene in which nothing is audible and nothing tells where it is."""
    sample = next(iter_samples(shelf))
    record = json.loads(sample.members["json"])
    for event in record["events"]:
        event["audible_s"] = 0.0
        event["acoustics"]["broadband"]["drr_db"] = -30.0
    with (tmp / "unheard.tar").open("wb") as stream:
        members = {**sample.members, "json": json.dumps(record).encode()}
        write_sample(stream, sample.key, members.items())
        stream.write(END_OF_ARCHIVE)
    return ["teach", "--scenes", tmp / "unheard.tar"]


def _all_in_benchmark(shelf: Path, tmp: Path) -> list[str | Path]:
    return ["qa", "--scenes", shelf, "--benchmark", shelf.parent / "questions.jsonl"]


def _no_benchmark(shelf: Path, tmp: Path) -> list[str | Path]:
    return ["qa", "--scenes", shelf, "--benchmark", tmp / "none.jsonl"]


def _bad_range(shelf: Path, tmp: Path) -> list[str | Path]:
    return ["qa", "--scenes", shelf, "--per-scene", "2-1"]


def _model_without_endpoint(shelf: Path, tmp: Path) -> list[str | Path]:
    return ["teach", "--scenes", shelf, "--model", "m"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (_nothing, "holds no finished scenes"),
        (_no_folder, "holds no finished scenes"),
        (_test_split, "holds no scenes of the train split, only 5 of the test split"),
        (_unheard, "Nothing can be asked about the 1 train scenes (most often: "),
        (_all_in_benchmark, f"may be taught ({SCENES} benchmark_scene)"),
        (_no_benchmark, "is not there; give --benchmark a question file"),
        (_bad_range, "--per-scene 2-1 is not usable"),
        (_model_without_endpoint, "need an endpoint"),
    ],
)
def test_what_cannot_be_taught_is_one_sentence(
    words: Callable[[Path, Path], list[str | Path]],
    sentence: str,
    shelf: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, _, error = call_bench(monkeypatch, capsys, *words(shelf, tmp_path), "--out", tmp_path / "out")
    assert code == 2
    assert sentence in error
    assert error.strip().count("\n") == 0
    assert not (tmp_path / "out").exists()
