"""Each gate of an audit: a fair set passes, and one that is spoiled in one way fails there and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fair_sets import SHARD, Row, make_rows, make_scenes, move_key, set_options, to_items
from scipy.stats import binom
from small_questions import make_small_questions, make_small_scenes

from twnm_bench.audit.answers import most_allowed
from twnm_bench.audit.duplicates import judge_near, list_scene_tokens, list_shingles
from twnm_bench.audit.run import audit_items
from twnm_bench.audit.splits import Training, gather_training
from twnm_bench.audit.storage import Members, judge_audio
from twnm_bench.audit.truth import judge_truth
from twnm_bench.audit.verdicts import Audit, Verdict
from twnm_bench.items import Item
from twnm_schemas.answers import LETTERS
from twnm_schemas.errors import SpecError
from twnm_schemas.questions import TASKS, Question
from twnm_schemas.scenes import Scene
from twnm_sim.scenes.credits import UNPUBLISHABLE

FOUR = TASKS[:4]
PER_TASK = 40
TASK = "source_counting"


@dataclass
class Case:
    """A set and what it is held against; a test spoils one thing of it."""

    rows: list[Row]
    scenes: dict[str, Scene]
    members: set[tuple[str, str]]
    training: Training
    quotas: dict[str, int]

    def audit(self, folder: Path, **changes: Any) -> Audit:
        held: dict[str, Any] = {
            "scenes": self.scenes,
            "members": frozenset(self.members),
            "training": self.training,
            "quotas": self.quotas,
        }
        held |= changes
        return audit_items(to_items(self.rows, folder), held.pop("scenes"), **held)

    def rows_of(self, task: str) -> list[Row]:
        return [row for row in self.rows if row["task"] == task]


@pytest.fixture
def case() -> Case:
    rows = make_rows(seed=4, per_task=PER_TASK, tasks=FOUR)
    scenes = make_scenes(rows)
    return Case(
        rows=rows,
        scenes=scenes,
        members={(SHARD, f"{name}.{ext}") for name in scenes for ext in ("json", "flac")},
        training=gather_training(make_scenes(rows[:20], first=10_000, split="train").values()),
        quotas=dict.fromkeys(FOUR, PER_TASK),
    )


def verdict_of(found: Audit, name: str) -> Verdict:
    return next(verdict for verdict in found.verdicts if verdict.name == name)


def test_a_fair_set_passes_every_gate(case: Case, tmp_path: Path) -> None:
    found = case.audit(tmp_path)
    assert {verdict.name: verdict.status for verdict in found.verdicts} == dict.fromkeys(
        (verdict.name for verdict in found.verdicts), "pass"
    )
    assert found.passed
    assert {row.task: row.counts for row in found.positions} == dict.fromkeys(FOUR, (10, 10, 10, 10))
    assert {row.task: row.count for row in found.tasks} == dict.fromkeys(FOUR, PER_TASK)


def test_a_fair_set_of_a_thousand_passes_every_gate(tmp_path: Path) -> None:
    rows = make_rows(seed=0)
    scenes = make_scenes(rows)
    members: Members = frozenset((SHARD, f"{name}.flac") for name in scenes)
    found = audit_items(to_items(rows, tmp_path), scenes, members=members, quotas=dict.fromkeys(TASKS, 100))
    assert [verdict.name for verdict in found.verdicts if verdict.status != "pass"] == ["disjoint_splits"]
    # 10 tasks and all together; two of five readers learn, on 100 and try 90
    assert len(found.guesses) == 5 * 11
    assert sorted({guess.n for guess in found.guesses}) == [90, 100, 900, 1000]


# ---------------------------------------------------------------- each gate spoiled once; who is to be named

Spoiled = set[str] | None  # the offenders; None where they are a share of a task


def put_keys_first(case: Case) -> Spoiled:
    """26 of 40 keys at the first place, 12.8 is what chi-square allows: 16 + 3 x 64 / 10."""
    for row in case.rows_of(TASK)[:20]:
        move_key(row, 0)
    return {row["id"] for row in case.rows_of(TASK) if row["answer_index"] == 0}


def lengthen_an_option(case: Case) -> Spoiled:
    row = case.rows[7]
    row["choices"][row["answer_index"] - 1] += " or something that sounds very much like it"
    return {row["id"]}


def edit_the_key_once(case: Case) -> Spoiled:
    """Every distractor is the key with one word exchanged."""
    for row in case.rows_of(TASK):
        _, first, second = row["choices"][row["answer_index"]].split()
        set_options(
            row,
            f"a {first} {second}",
            [f"a {first} {second[::-1]}", f"a {first[::-1]} {second}", f"the {first} {second}"],
        )
    return {row["id"] for row in case.rows_of(TASK)}


def make_a_second_option_true(case: Case) -> Spoiled:
    row = case.rows[11]
    row["claims"][(row["answer_index"] + 2) % 4] = "equals(2, 2)"
    return {row["id"]}


def make_the_key_false(case: Case) -> Spoiled:
    row = case.rows[12]
    row["claims"][row["answer_index"]] = "equals(2, 1)"
    return {row["id"]}


def claim_what_the_scene_does_not_tell(case: Case) -> Spoiled:
    row = case.rows[13]
    row["claims"][row["answer_index"] - 1] = 'equals(room_kind(scene()), "small hard")'
    return {row["id"]}


def claim_nonsense(case: Case) -> Spoiled:
    row = case.rows[14]
    row["claims"][0] = "__import__('os')"
    return {row["id"]}


def answer_the_same(case: Case) -> Spoiled:
    """One class of answers 14 times, the other 12 and 14: 14 is allowed beside 13, 15 beside 13 is, 16 is not."""
    rows = case.rows_of(TASK)
    for number, row in enumerate(rows):
        row["answer_class"] = "yes" if number < 16 else "no" if number < 29 else "maybe"
    return {row["id"] for row in rows[:16]}


def ask_twice(case: Case) -> Spoiled:
    first, second = case.rows[20:22]
    assert first["scene_id"] == second["scene_id"]
    second["program"] = first["program"]
    return {second["id"]}


def ask_nearly_twice(case: Case) -> Spoiled:
    """The same words about the same scene, by another program."""
    first, second = case.rows[20:22]
    key = first["choices"][first["answer_index"]]
    set_options(second, key, [choice for choice in first["choices"] if choice != key])
    second["question"] = first["question"]
    return {first["id"], second["id"]}


def ask_a_third_time(case: Case) -> Spoiled:
    rows = case.rows[30:33]
    for row in rows:
        row.update(scene_id=rows[0]["scene_id"], audio=rows[0]["audio"])
    return {row["id"] for row in rows}


def ask_about_another_split(case: Case) -> Spoiled:
    scene_id = case.rows[5]["scene_id"]
    case.scenes[scene_id] = case.scenes[scene_id].model_copy(update={"split": "validation"})
    return {row["id"] for row in case.rows if row["scene_id"] == scene_id}


def train_on_a_scene(case: Case) -> Spoiled:
    scene_id = case.rows[9]["scene_id"]
    case.training = gather_training([case.scenes[scene_id].model_copy(update={"scene_id": "scene-9"})])
    return {row["id"] for row in case.rows if row["scene_id"] == scene_id}


def ask_one_too_few(case: Case) -> Spoiled:
    case.quotas[TASK] = PER_TASK - 1
    return {row["id"] for row in case.rows_of(TASK)}


def lose_audio(case: Case) -> Spoiled:
    scene_id = case.rows[16]["scene_id"]
    case.members.remove((SHARD, f"{scene_id}.flac"))
    return {row["id"] for row in case.rows if row["scene_id"] == scene_id}


def name_no_audio(case: Case) -> Spoiled:
    case.rows[18]["audio"]["key"] = ""
    return {case.rows[18]["id"]}


def lose_a_licence(case: Case) -> Spoiled:
    scene_id = case.rows[2]["scene_id"]
    case.scenes[scene_id] = case.scenes[scene_id].model_copy(update={"license": UNPUBLISHABLE})
    return {row["id"] for row in case.rows if row["scene_id"] == scene_id}


SPOILS: list[tuple[str, Callable[[Case], Spoiled]]] = [
    ("key_position", put_keys_first),
    ("option_lengths", lengthen_an_option),
    ("text_only", edit_the_key_once),
    ("one_true_option", make_a_second_option_true),
    ("one_true_option", make_the_key_false),
    ("one_true_option", claim_what_the_scene_does_not_tell),
    ("one_true_option", claim_nonsense),
    ("answer_distribution", answer_the_same),
    ("exact_duplicates", ask_twice),
    ("near_duplicates", ask_nearly_twice),
    ("items_per_scene", ask_a_third_time),
    ("test_split", ask_about_another_split),
    ("disjoint_splits", train_on_a_scene),
    ("quotas", ask_one_too_few),
    ("audio", lose_audio),
    ("audio", name_no_audio),
    ("licences", lose_a_licence),
]


@pytest.mark.parametrize(("gate", "spoil"), SPOILS, ids=[spoil.__name__ for _, spoil in SPOILS])
def test_what_is_spoiled_fails_its_gate_and_no_other(
    case: Case, tmp_path: Path, gate: str, spoil: Callable[[Case], Spoiled]
) -> None:
    offenders = spoil(case)
    found = case.audit(tmp_path)
    assert [verdict.name for verdict in found.failed] == [gate], [verdict.sentence for verdict in found.failed]
    assert not found.passed
    verdict = verdict_of(found, gate)
    assert set(verdict.offenders) == offenders
    assert verdict.sentence.endswith(".")


def make_the_key_longest(rows: list[Row], times: int) -> None:
    """Options of four lengths; the key has the longest in so many rows, and takes turns with the other lengths."""
    for number, row in enumerate(rows):
        lengths = ["oooo", "ooo", "oo", "o"]
        own = lengths.pop(0 if number < times else 1 + number % 3)
        row["answer_class"] = row["choices"][row["answer_index"]]
        set_options(row, f"a certain sound {own}", [f"a certain sound {other}" for other in lengths])


def test_a_longest_option_that_is_the_key_too_often_fails_and_the_text_tells_it_too(case: Case, tmp_path: Path) -> None:
    make_the_key_longest(case.rows_of(TASK), 30)
    found = case.audit(tmp_path)
    assert [verdict.name for verdict in found.failed] == ["longest_option", "text_only"]
    verdict = verdict_of(found, "longest_option")
    assert set(verdict.offenders) == {row["id"] for row in case.rows_of(TASK)[:30]}
    assert f"30 of 40 in {TASK}" in verdict.sentence
    assert "longest option" in verdict_of(found, "text_only").sentence


@pytest.mark.parametrize(("times", "fails"), [(17, False), (18, True)])
def test_the_bound_of_the_longest_option_follows_from_the_number_of_questions(
    case: Case, tmp_path: Path, times: int, fails: bool
) -> None:
    """Of 40 questions 18 are too many and 17 are not, over a family of four tasks and all of them together."""
    assert (binom.sf(times - 1, 40, 0.25) < 0.05 / 5) == fails
    make_the_key_longest(case.rows_of(TASK), times)
    assert (verdict_of(case.audit(tmp_path), "longest_option").status == "fail") == fails


@pytest.mark.parametrize(
    ("second", "allowed"), [(0, 1), (1, 2), (2, 3), (9, 10), (10, 11), (11, 13), (19, 21), (20, 22), (30, 33), (40, 44)]
)
def test_an_answer_may_be_a_tenth_more_common_than_the_second(second: int, allowed: int) -> None:
    """In whole questions: ceil(1.1 x second), by integers, and always one more than the second."""
    assert most_allowed(second) == allowed == max(-(-11 * second // 10), second + 1)


# ---------------------------------------------------------------- near duplicates


def test_templates_in_other_scenes_are_no_duplicates_and_scenes_with_other_words_are_none(
    case: Case, tmp_path: Path
) -> None:
    """All questions in the same words, each pair of one scene; then all about the same clips, in different words."""
    for row in case.rows[::2]:
        row.update(question="What is it?", answer_class=row["id"])
        set_options(row, "a calm bell", ["a soft bell", "a calm horn", "a harsh drum"])
    assert verdict_of(case.audit(tmp_path), "near_duplicates").status == "pass"
    same = next(iter(case.scenes.values()))
    scenes = {name: same.model_copy(update={"scene_id": name}) for name in case.scenes}
    found = verdict_of(case.audit(tmp_path, scenes=scenes), "near_duplicates")
    assert found.status == "fail"
    assert set(found.offenders) >= {row["id"] for row in case.rows[::2]}


def test_alike_is_the_index_of_the_scenes_where_the_words_are_equal(tmp_path: Path) -> None:
    """Two scenes of n clips that share all but one clip: 2n - 1 tokens shared (the room too) of 2n + 3, is it 0.8?"""
    model = make_small_scenes()[0]
    for clips, alike in ((8, False), (9, True)):
        rows = make_rows(0, per_task=2, tasks=FOUR[:1])
        rows[1].update(question=rows[0]["question"], choices=rows[0]["choices"], scene_id="scene-000001")
        rows[1].update(answer=rows[0]["answer"], answer_index=rows[0]["answer_index"])
        scenes = {}
        for number in range(2):
            events = tuple(
                model.events[0].model_copy(update={"index": place, "clip_id": f"clip {number * (place == 0)} {place}"})
                for place in range(clips)
            )
            scenes[f"scene-{number:06d}"] = model.model_copy(update={"events": events})
        items = to_items(rows, tmp_path)
        first, second = (list_scene_tokens(item, scenes) for item in items)
        assert (len(first & second), len(first | second)) == (2 * clips - 1, 2 * clips + 3)
        assert (len(first & second) / len(first | second) >= 0.8) == alike
        assert (judge_near(items, scenes).status == "fail") == alike


def test_a_contrast_pair_is_alike_by_intent_if_its_keys_differ(case: Case, tmp_path: Path) -> None:
    ask_nearly_twice(case)
    first, second = case.rows[20:22]
    first["tags"] = second["tags"] = ["pair:000001"]
    assert verdict_of(case.audit(tmp_path), "near_duplicates").status == "fail"
    second["answer_index"] = (second["answer_index"] + 1) % 4
    second["answer"] = LETTERS[second["answer_index"]]
    items = to_items(case.rows, tmp_path)
    assert items[20].choices[items[20].key] != items[21].choices[items[21].key]
    assert judge_near(items, case.scenes).status == "pass"


def test_the_hash_tables_miss_none_of_many_near_duplicates(tmp_path: Path) -> None:
    """100 pairs of one scene each, in words that are alike by 0.8 and more: each is found, and nothing else."""
    rows = make_rows(1, per_task=200, tasks=FOUR[:1])
    rng = np.random.default_rng(1)
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        words = [f"w{n}" for n in rng.integers(10**6, size=40)]
        first["question"], second["question"] = " ".join(words), " ".join([*words[:-1], "other"])
        choices = [f"one {row['id']} two {place}" for place, row in enumerate([first] * 4)]
        first["choices"], second["choices"] = choices, choices[::-1]
        first["scene_id"] = second["scene_id"] = first["id"]
    items = to_items(rows, tmp_path)
    pairs = {(a.id, b.id) for a, b in zip(items[::2], items[1::2], strict=True)}
    for first, second in zip(items[::2], items[1::2], strict=True):
        a, b = list_shingles(first), list_shingles(second)
        assert 0.8 <= len(a & b) / len(a | b) < 1.0
    found = judge_near(items, None)
    assert {figure.name: figure.value for figure in found.figures}["pairs"] == len(pairs) == 100


# ---------------------------------------------------------------- splits


@pytest.mark.parametrize(
    ("kind", "tested", "trained"),
    [
        ("clip", {"clip_id": "set:x"}, {"clip_id": "set:x"}),
        ("clip group", {"group": "g"}, {"group": "g"}),
        ("speaker", {"speaker": "s", "dataset": "libri"}, {"speaker": "s", "dataset": "libri"}),
        ("video id", {"video_id": "v", "dataset": "one"}, {"video_id": "v", "dataset": "other"}),
        ("Freesound id", {"freesound_id": "7", "dataset": "fsd50k"}, {"freesound_id": "7", "dataset": "clotho"}),
        (
            "uploader",
            {"freesound_id": "7", "uploader": "Ann", "dataset": "fsd50k"},
            {"freesound_id": "8", "uploader": "ann", "dataset": "clotho"},
        ),
        ("", {"speaker": "s", "dataset": "libri"}, {"speaker": "s", "dataset": "other"}),
        ("", {"uploader": "ann", "dataset": "one"}, {"uploader": "ann", "dataset": "other"}),
        ("", {"speaker": "", "video_id": ""}, {"speaker": "", "video_id": ""}),
    ],
)
def test_what_was_heard_in_training_is_told_by_every_identity(
    case: Case, tmp_path: Path, kind: str, tested: dict[str, str], trained: dict[str, str]
) -> None:
    def change(scene: Scene, identity: dict[str, str]) -> Scene:
        event = scene.events[0].model_copy(update=identity)
        return scene.model_copy(update={"events": (event, *scene.events[1:])})

    scene_id = case.rows[6]["scene_id"]
    case.scenes[scene_id] = change(case.scenes[scene_id], tested)
    other = next(iter(make_scenes(case.rows[:2], first=20_000, split="train").values()))
    found = verdict_of(case.audit(tmp_path, training=gather_training([change(other, trained)])), "disjoint_splits")
    assert found.status == ("fail" if kind else "pass")
    assert set(found.offenders) == ({row["id"] for row in case.rows if row["scene_id"] == scene_id} if kind else set())
    assert f" {kind} with training" in found.sentence or not kind


def test_a_room_or_a_file_of_training_is_told(case: Case, tmp_path: Path) -> None:
    scene = next(iter(case.scenes.values()))
    other = next(iter(make_scenes(case.rows[:2], first=20_000, split="train").values()))
    room = other.model_copy(update={"room": other.room.model_copy(update={"group": scene.room.group})})
    recipe = other.model_copy(update={"recipe": scene.recipe})
    for trained, kind in ((room, "room group"), (recipe, "clip file")):
        found = verdict_of(case.audit(tmp_path, training=gather_training([trained])), "disjoint_splits")
        assert found.status == "fail"
        assert f"share a {kind} with" in found.sentence


# ---------------------------------------------------------------- what cannot be checked, and real questions


def test_what_a_foreign_set_lacks_is_not_checked_with_a_reason(tmp_path: Path) -> None:
    rows = [
        {"id": row["id"], "question": row["question"], "choices": row["choices"], "answer": row["answer"]}
        for row in make_rows(3, per_task=40, tasks=FOUR[:1])
    ]
    found = audit_items(to_items(rows, tmp_path))
    assert {verdict.name for verdict in found.verdicts if verdict.status == "not checked"} == {
        *("one_true_option", "answer_distribution", "exact_duplicates", "near_duplicates", "items_per_scene"),
        *("test_split", "disjoint_splits", "quotas", "audio", "licences"),
    }
    assert all(verdict.sentence.endswith(".") for verdict in found.verdicts)
    assert verdict_of(found, "quotas").sentence == "No quotas are given; there are all 40."
    assert {guess.task for guess in found.guesses} == {"all"}


def test_an_item_whose_scene_has_no_record_is_not_proven_and_has_no_licence(case: Case, tmp_path: Path) -> None:
    scene_id = case.rows[3]["scene_id"]
    del case.scenes[scene_id]
    found = case.audit(tmp_path)
    assert [verdict.name for verdict in found.failed] == ["one_true_option", "licences"]
    for verdict in found.failed:
        assert set(verdict.offenders) == {row["id"] for row in case.rows if row["scene_id"] == scene_id}


def test_real_questions_are_proven_on_their_scenes_and_one_about_another_scene_is_not() -> None:
    items = [make_item(question) for question in make_small_questions()]
    scenes = {scene.scene_id: scene for scene in make_small_scenes()}
    assert judge_truth(items, scenes).status == "pass"
    left, right = (next(item for item in items if item.task == task) for task in ("sound_location_binding", TASKS[4]))
    strayed = [replace(left, scene_id=right.scene_id), replace(right, scene_id=left.scene_id)]
    found = judge_truth(strayed, scenes)
    assert set(found.offenders) == {left.id, right.id}


def make_item(question: Question) -> Item:
    return Item(
        id=question.id,
        task=question.task,
        area=question.area,
        question=question.question,
        choices=question.choices,
        key=question.answer_index,
        scene_id=question.scene_id,
        claims=question.claims,
        raw=question.model_dump(mode="json"),
    )


@pytest.mark.parametrize(
    ("member", "there"), [("flac", True), ("{key}.flac", True), ("wav", False), ("scene-000099.flac", False)]
)
def test_a_member_is_named_by_what_follows_its_key_or_whole(
    case: Case, tmp_path: Path, member: str, there: bool
) -> None:
    row = case.rows[0]
    case.members.add((SHARD, "scene-000099.flac"))
    row["audio"] = {**row["audio"], "member": member.format(key=row["audio"]["key"])}
    found = judge_audio(to_items(case.rows, tmp_path), frozenset(case.members))
    assert found.offenders == (() if there else (row["id"],))


def test_nothing_is_no_set() -> None:
    with pytest.raises(SpecError, match="no questions to audit"):
        audit_items([])


def test_the_order_of_the_file_changes_no_verdict(case: Case, tmp_path: Path) -> None:
    edit_the_key_once(case)
    forward = case.audit(tmp_path)
    case.rows.reverse()
    backward = case.audit(tmp_path)
    assert [(v.name, v.status, set(v.offenders)) for v in forward.verdicts] == [
        (v.name, v.status, set(v.offenders)) for v in backward.verdicts
    ]
    assert [(g.baseline, g.task, g.hits) for g in forward.guesses if g.n in (40, 160)] == [
        (g.baseline, g.task, g.hits) for g in backward.guesses if g.n in (40, 160)
    ]
