"""`twnm-bench generate`: what lies on disk afterwards, whatever happened on the way."""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from called_bench import call_bench
from question_runs import QUOTAS, ask_for, make_library
from scene_runs import bytes_of, digests_of

from twnm_bench.facts import read_world
from twnm_bench.families.base import scene_spec
from twnm_bench.families.directions_asked import FRONTAL
from twnm_bench.generate.outputs import write_questions
from twnm_bench.generate.run import plan_generate, run_generate
from twnm_bench.items import read_questions
from twnm_bench.programs import judge_claim, judge_claims
from twnm_schemas.constraints import Pairwise
from twnm_schemas.errors import SpecError
from twnm_schemas.questions import TASKS, Question
from twnm_schemas.scenes import Scene
from twnm_shards.flac import decode_flac
from twnm_shards.manifests import read_index, read_manifest
from twnm_shards.tars import Sample, iter_samples
from twnm_shards.verify import verify_folder
from twnm_sim.scenes.run import SceneRequest, plan_scenes, run_scenes


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory)


@pytest.fixture(scope="module")
def made(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of 60 questions of all tasks, from the command line; the folder that holds it."""
    out = tmp_path_factory.mktemp("set")
    words = ["generate", "--n", "60", "--library", library, "--out", out, "--difficulty", "mixed", "--workers", "2"]
    done = run_bench(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return out / "benchmark"


def run_bench(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("twnm-bench")
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)


def samples_of(folder: Path) -> dict[str, Sample]:
    shards = [folder / entry.name for entry in read_manifest(folder).shards]
    return {sample.key: sample for shard in shards for sample in iter_samples(shard)}


def scenes_of(folder: Path) -> dict[str, Scene]:
    return {key: Scene.model_validate_json(s.members["json"]) for key, s in samples_of(folder).items()}


def test_every_task_has_its_quota_and_every_key_its_quarter(made: Path) -> None:
    questions = read_questions(made / "questions.jsonl")
    assert Counter(q.task for q in questions) == dict.fromkeys(TASKS, 6)
    for task in TASKS:
        places = Counter(q.answer_index for q in questions if q.task == task)
        assert max(places.values()) - min(places.get(place, 0) for place in range(4)) <= 1
    assert [q.id for q in questions] == [f"q-{number:06d}" for number in range(60)]


def test_exactly_the_key_is_true_of_the_stored_scene(made: Path) -> None:
    scenes = scenes_of(made / "test")
    for question in read_questions(made / "questions.jsonl"):
        verdicts = judge_claims(question.claims, scenes[question.scene_id])
        assert verdicts == [place == question.answer_index for place in range(4)], question.id


def test_audio_and_record_lie_where_a_question_says(made: Path) -> None:
    samples = samples_of(made / "test")
    for question in read_questions(made / "questions.jsonl"):
        assert (made / question.audio.shard).is_file()
        audio_CT, rate = decode_flac(samples[question.audio.key].members[question.audio.member])
        assert audio_CT.shape == (2, 5 * rate)
    assert verify_folder(made) == []


def test_parquet_and_json_lines_say_the_same(made: Path) -> None:
    lines = [json.loads(line) for line in (made / "questions.jsonl").read_text("utf-8").splitlines()]
    assert pq.read_table(made / "questions.parquet").to_pylist() == lines


def test_rooms_and_clips_are_of_the_test_split_and_the_audit_says_so(made: Path) -> None:
    assert {scene.split for scene in scenes_of(made / "test").values()} == {"test"}
    audit = json.loads((made / "audit.json").read_text())
    assert audit["passed"] is True
    assert {v["status"] for v in audit["verdicts"] if v["name"] == "one_true_option"} == {"pass"}


def test_a_contrast_pair_differs_by_two_sounds_places_and_by_its_key(made: Path) -> None:
    scenes = scenes_of(made / "test")
    pairs: dict[str, list[Question]] = {}
    for question in read_questions(made / "questions.jsonl"):
        for tag in question.tags:
            if tag.startswith("pair:"):
                pairs.setdefault(tag, []).append(question)
    assert pairs
    for first, second in pairs.values():
        assert set(first.choices) == set(second.choices)
        assert first.choices[first.answer_index] != second.choices[second.answer_index]
        own, other = (scenes[q.scene_id].recipe.events for q in (first, second))
        moved = [a.clip_id for a, b in zip(own, other, strict=True) if a.source_index != b.source_index]
        assert len(moved) == 2
        assert [e.model_copy(update={"source_index": 0}) for e in own] == [
            e.model_copy(update={"source_index": 0}) for e in other
        ]


def test_the_mirrored_key_is_true_of_the_mirrored_scene(made: Path) -> None:
    """Computed here from the azimuths alone, for the direction items."""
    scenes = scenes_of(made / "test")
    seen = 0
    for question in read_questions(made / "questions.jsonl"):
        if question.provenance.variant != "direction" or question.mirror_index is None:
            continue
        seen += 1
        scene = scenes[question.scene_id]
        events = [e.model_copy(update={"azimuth_deg": -e.azimuth_deg % 360.0, "lateral_deg": -e.lateral_deg})
                  for e in scene.events]  # fmt: skip
        world = read_world(scene.model_copy(update={"events": tuple(events)}))
        assert judge_claim(question.claims[question.mirror_index], world) is True
    assert seen


def test_any_number_of_workers_and_any_kill_give_the_same_bytes(library: Path, tmp_path: Path) -> None:
    """A run is killed with SIGKILL once a unit is there, and finished by another number of workers."""
    words = [f"--quota={task}={count}" for task, count in QUOTAS.items()]
    common = ["generate", *words, "--library", str(library), "--difficulty", "mixed", "--shard-size", "5"]
    whole = run_bench(*common, "--out", tmp_path / "whole", "--workers", "1")
    assert whole.returncode in (0, 2), whole.stderr
    program = Path(sys.executable).with_name("twnm-bench")
    process = subprocess.Popen(
        [program, *common, "--out", str(tmp_path / "killed"), "--workers", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    folder = tmp_path / "killed" / "benchmark" / "test"
    deadline = time.monotonic() + 120.0
    while process.poll() is None and time.monotonic() < deadline:
        if list(folder.glob(".units/*.json")) or list(folder.glob("*.tar")):
            break
        time.sleep(0.02)
    process.kill()
    process.wait()
    again = run_bench(*common, "--out", tmp_path / "killed", "--workers", "2")
    assert again.returncode == whole.returncode, again.stderr
    assert digests_of(tmp_path / "killed") == digests_of(tmp_path / "whole")


def test_the_same_command_again_changes_no_byte(made: Path, library: Path) -> None:
    before = bytes_of(made)
    done = run_bench("generate", "--n", "60", "--library", library, "--out", made, "--difficulty", "mixed")
    assert done.returncode == 0, done.stderr
    assert bytes_of(made) == before


def test_scenes_that_are_there_are_asked_about(library: Path, tmp_path: Path) -> None:
    spec = scene_spec((2, 3), constraints=(FRONTAL, Pairwise(degrees=30.0)), drr=(-10.0, 20.0))
    request = SceneRequest(spec, (str(library),), ("builtin",), 160, 1, tmp_path, splits=("test",))
    run_scenes(plan_scenes(request))
    quotas = {"sound_location_binding": 5, "content_identification": 4}
    plan = plan_generate(
        ask_for(library, tmp_path / "set", library=(), scenes=(str(tmp_path / "scenes" / "test"),), quotas=quotas,
                difficulty="core")
    )  # fmt: skip
    made = run_generate(plan)
    write_questions(made.root, made.questions)
    given = {str(row["key"]) for row in read_index(tmp_path / "scenes" / "test", ("key",))}
    assert {q.scene_id for q in made.questions} <= given
    assert Counter(q.task for q in made.questions) == quotas
    assert max(Counter(q.scene_id for q in made.questions).values()) <= 2
    stored, source = samples_of(made.root / "test"), samples_of(tmp_path / "scenes" / "test")
    assert all(stored[key].members == source[key].members for key in stored)


def test_scenes_too_few_for_a_quota_name_what_starves(library: Path, tmp_path: Path) -> None:
    request = SceneRequest(scene_spec(1), (str(library),), ("builtin",), 6, 1, tmp_path, splits=("test",))
    run_scenes(plan_scenes(request))
    asked = ask_for(library, tmp_path / "set", library=(), scenes=(str(tmp_path / "scenes" / "test"),),
                    quotas={"attribute_binding": 4}, difficulty="core")  # fmt: skip
    with pytest.raises(SpecError, match=r"too few for attribute_binding .*not_two_sounds") as error:
        plan_generate(asked)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--n", "3"], "--n 3 is not usable"),
        (["--quota", "counting=3"], "There is no task 'counting'"),
        (["--quota", "source_counting=some"], "The quota 'source_counting=some' is not usable"),
        (["--library", "nowhere"], "nowhere is not there"),
        (["--scenes", "nowhere"], "nowhere is not there"),
        ([], "There are no scenes and no library to ask about: run twnm-sim render --split test"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_leaves_nothing(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = call_bench(monkeypatch, capsys, "generate", *words)
    assert code == 2
    assert said in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_another_run_in_the_folder_is_refused(made: Path, library: Path) -> None:
    done = run_bench("generate", "--n", "50", "--library", library, "--out", made)
    assert done.returncode == 2
    assert "holds a run with other settings" in done.stderr
    assert len(read_questions(made / "questions.jsonl")) == 60


def test_a_library_without_test_rooms_is_told_what_to_render(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from scene_runs import render_rooms

    render_rooms(tmp_path / "lib", rooms=2)
    code, _, err = call_bench(monkeypatch, capsys, "generate", "--library", tmp_path / "lib", "--out", tmp_path / "o")
    assert code == 2
    assert "no rooms of the test split" in err
    assert "twnm-sim render --split test" in err
