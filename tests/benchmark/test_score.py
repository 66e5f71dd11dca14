"""Scores of files made to measure: the paper's statistics, and what each number counts."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from counted_answers import make_question, make_questions, reply, reply_all, write_lines, write_paper, write_questions
from scipy.stats import binomtest

from twnm_bench.score import Score, ScoreRequest, score_files
from twnm_bench.score.run import name_runs
from twnm_schemas.errors import SpecError
from twnm_schemas.questions import Question, Task

PERCENT = {
    "perception": (34.89, 48.60, 59.50),
    "integration": (18.60, 32.28, 46.67),
    "reasoning": (21.83, 64.21, 72.84),
}
RUNS = ("sft1", "sft2", "grpo")


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_paper(tmp_path_factory.mktemp("paper"))


def score_lines(
    folder: Path, questions: Iterable[Question], lines: Iterable[Mapping[str, Any]], **wishes: Any
) -> Score:
    """The score of these predictions; `other` among the wishes holds the lines of a run to compare with."""
    other = wishes.pop("other", None)
    compare = (write_lines(folder / "other.jsonl", other),) if other is not None else ()
    return score_files(
        ScoreRequest(
            benchmark=write_questions(folder / "questions.jsonl", questions),
            predictions=write_lines(folder / "preds.jsonl", lines),
            compare=compare,
            **wishes,
        )
    )


@pytest.mark.parametrize(
    ("run", "correct", "ci95"),
    [("sft1", 251, ("22.5", "27.9")), ("sft2", 501, ("47.0", "53.2")), ("grpo", 611, ("58.0", "64.1"))],
)
def test_the_paper_s_table_comes_out_of_its_counts(
    paper: dict[str, Path], run: str, correct: int, ci95: tuple[str, str]
) -> None:
    score = score_files(ScoreRequest(paper["questions"], paper[run]))
    assert (score.overall.n, score.overall.correct, score.overall.accuracy) == (1000, correct, correct / 1000)
    assert tuple(f"{100 * bound:.1f}" for bound in score.overall.ci95) == ci95
    assert {area: accuracy.n for area, accuracy in score.areas.items()} == {
        "perception": 321, "integration": 285, "reasoning": 394,
    }  # fmt: skip
    found = {area: round(100 * accuracy.accuracy, 2) for area, accuracy in score.areas.items()}
    assert found == {area: percent[RUNS.index(run)] for area, percent in PERCENT.items()}


def test_the_paper_s_effects_and_single_tasks_come_out_of_its_counts(paper: dict[str, Path]) -> None:
    compare = (paper["sft2"],)
    score = score_files(ScoreRequest(paper["questions"], paper["grpo"], compare))
    assert f"{score.compare['sft2'].overall.h:.2f}" == "0.22"
    before = score_files(ScoreRequest(paper["questions"], paper["sft2"], (paper["sft1"],)))
    assert f"{before.compare['sft1'].overall.h:.2f}" == "0.52"
    summaries = score.tasks["scene_summarisation"]
    assert (summaries.correct, summaries.n) == (98, 98)
    assert tuple(f"{100 * bound:.1f}" for bound in summaries.ci95) == ("96.2", "100.0")
    told = {
        "spatial_relationship": 34.02, "attribute_binding": 37.07, "content_identification": 44.63,
        "causal_intent": 84.38,
    }  # fmt: skip
    assert {task: round(100 * score.tasks[task].accuracy, 2) for task in told} == told


def test_what_does_not_parse_is_wrong_and_counted(tmp_path: Path) -> None:
    questions = [make_question(4 * number, "source_counting") for number in range(9)]  # the key of each is A
    said = [
        {"output": "<answer>A</answer>"},
        {"output": "<think>it barks</think><answer>(A) a dog</answer>"},
        {"answer": " A\n"},
        {"answer": "B"},
        {"output": "A"},
        {"output": "<answer>A or B</answer>"},
        {"answer": "a"},
        {"answer": "E"},
        {"answer": "A."},
    ]
    lines = [{"id": question.id, **line} for question, line in zip(questions, said, strict=True)]
    score = score_lines(tmp_path, questions, lines)
    assert (score.overall.n, score.overall.correct, score.overall.unparsed) == (9, 3, 5)
    assert score.tasks["source_counting"].unparsed == score.areas["perception"].unparsed == 5


def test_a_letter_is_of_the_order_that_was_shown(tmp_path: Path) -> None:
    question = make_question(1, "source_counting")  # the key is choice 1, B
    # rotated by r, place p shows choice (p + r) mod 4: the true one stands at A for r = 1, at D for 2, at C for 3
    letters = ("B", "A", "D", "C")
    lines = [{"id": question.id, "answer": letter, "rotation": r} for r, letter in enumerate(letters)]
    rotations = score_lines(tmp_path, [question], lines).consistency.rotations
    assert rotations is not None
    assert (rotations.n, rotations.correct, rotations.share) == (1, 1, 1.0)
    for wrong in range(4):
        bent = [
            {**line, "answer": "ABCD"[("ABCD".index(line["answer"]) + (r == wrong)) % 4]}
            for r, line in enumerate(lines)
        ]
        found = score_lines(tmp_path, [question], bent)
        assert found.consistency.rotations is not None
        assert found.consistency.rotations.correct == 0
        assert found.overall.correct == (wrong != 0)


def test_only_questions_shown_in_all_rotations_count_for_consistency(tmp_path: Path) -> None:
    questions = [make_question(number, "source_counting") for number in range(4)]
    lines = [reply(question, True, r) for question in questions[:2] for r in range(4)]
    lines += [reply(questions[2], True, r) for r in range(3)] + [reply(questions[3], True)]
    lines[5] = {**lines[5], "output": "no idea"}
    score = score_lines(tmp_path, questions, lines)
    assert score.consistency.rotations is not None
    assert (score.consistency.rotations.n, score.consistency.rotations.share) == (2, 0.5)
    assert score.overall.correct == 4
    assert score.overall.unparsed == 0


def test_without_rotations_and_pairs_there_is_no_consistency(tmp_path: Path) -> None:
    questions = make_questions({"source_counting": 3})
    score = score_lines(tmp_path, questions, [reply(question, True) for question in questions])
    assert (score.consistency.rotations, score.consistency.pairs) == (None, None)


def test_a_contrast_pair_is_right_when_both_are(tmp_path: Path) -> None:
    tags = ("pair:000000", "pair:000000", "pair:000001", "pair:000001", "pair:000002", "front_back")
    questions = [make_question(number, "attribute_binding", tags=(tag,)) for number, tag in enumerate(tags)]
    rights = (True, True, True, False, True, True)
    score = score_lines(tmp_path, questions, [reply(q, right) for q, right in zip(questions, rights, strict=True)])
    assert score.consistency.pairs is not None
    assert (score.consistency.pairs.n, score.consistency.pairs.correct) == (2, 1)
    assert {tag: (found.n, found.correct) for tag, found in score.tags.items()} == {"front_back": (1, 1)}


def test_levels_difficulty_and_tags_are_counted(tmp_path: Path) -> None:
    questions = [
        make_question(0, "source_counting", tags=("elevation", "front_back")),
        make_question(1, "attribute_binding", difficulty="hard", tags=("elevation",)),
        make_question(2, "counterfactual", difficulty="hard"),
    ]
    score = score_lines(tmp_path, questions, [reply(q, right) for q, right in zip(questions, (1, 0, 1), strict=True)])
    assert {name: (a.n, a.correct) for name, a in score.asa_levels.items()} == {
        "atomic": (1, 1), "relational": (1, 0), "cognitive": (1, 1),
    }  # fmt: skip
    assert {name: (a.n, a.correct) for name, a in score.difficulty.items()} == {"core": (1, 1), "hard": (2, 1)}
    assert {name: (a.n, a.correct) for name, a in score.tags.items()} == {"elevation": (2, 1), "front_back": (1, 1)}


def test_macro_averages_weigh_tasks_and_areas_alike(tmp_path: Path) -> None:
    counts: dict[Task, int] = {"source_counting": 8, "content_identification": 2, "counterfactual": 5}
    right: dict[Task, int] = {"source_counting": 4, "content_identification": 2, "counterfactual": 1}
    questions = make_questions(counts)
    macro = score_lines(tmp_path, questions, reply_all(questions, right)).macro
    assert macro.tasks == pytest.approx((0.5 + 1.0 + 0.2) / 3)
    assert macro.areas == pytest.approx((0.6 + 0.2) / 2)
    assert macro.within_areas == pytest.approx({"perception": 0.75, "reasoning": 0.2})


def test_the_clustered_interval_says_how_it_was_made(tmp_path: Path) -> None:
    def clustered(scenes: str, rights: Iterable[bool]) -> Any:
        questions = [make_question(n, "source_counting", scene=scene) for n, scene in enumerate(scenes)]
        lines = [reply(question, right) for question, right in zip(questions, rights, strict=True)]
        return score_lines(tmp_path, questions, lines)

    alone = clustered("abcd", (True, False, True, True))
    assert alone.clustered.overall.method == "wilson"
    assert alone.clustered.overall.ci95 == alone.overall.ci95
    # three scenes of two, mean 1/2, sums of residuals 1, 0, -1: variance 3/2 * 2 / 36 = 1/12
    shared = clustered("aabbcc", (True, True, True, False, False, False)).clustered
    half = 1.959964 * (1 / 12) ** 0.5
    assert shared.overall.method == "cluster_robust"
    assert shared.overall.scenes == 3
    assert shared.overall.ci95 == (max(0.0, 0.5 - half), min(1.0, 0.5 + half))
    assert shared.tasks["source_counting"] == shared.areas["perception"] == shared.overall
    wider = clustered("aaaabbbbccccddddeeee" * 2, [True] * 4 + [False] * 16 + [True] * 4 + [False] * 16)
    assert wider.clustered.overall.ci95[1] > wider.overall.ci95[1]
    # all right: no residuals; two scenes of two right ones
    certain = clustered("aabb", (True,) * 4).clustered.overall
    expected = binomtest(2, 2).proportion_ci(method="wilson")
    assert certain.method == "wilson_of_scenes"
    assert certain.ci95 == pytest.approx((expected.low, expected.high), abs=1e-6)
    single = clustered("aa", (True, False)).clustered.overall
    assert (single.method, single.ci95) == ("none", None)


def test_a_contrast_pair_is_one_cluster_whatever_its_scenes(tmp_path: Path) -> None:
    """Six scenes, six questions, two pairs: four clusters of (right, n) = (2, 2), (1, 2), (0, 1), (1, 1)."""
    tags = ("pair:000000", "pair:000000", "pair:000001", "pair:000001", "front_back", "front_back")
    questions = [make_question(n, "attribute_binding", tags=("elevation", tag)) for n, tag in enumerate(tags)]
    rights = (True, True, True, False, False, True)
    found = score_lines(tmp_path, questions, [reply(q, right) for q, right in zip(questions, rights, strict=True)])
    # mean 2/3, sums of residuals 2/3, -1/3, -2/3, 1/3: squares 10/9 together, variance 4/3 * 10/9 / 36
    half = 1.959964 * (4 / 3 * 10 / 9 / 36) ** 0.5
    assert found.clustered.overall.method == "cluster_robust"
    assert found.clustered.overall.scenes == 4
    assert found.clustered.overall.ci95 == pytest.approx((2 / 3 - half, 1.0), abs=1e-12)
    # the same scenes without pairs are six
    alone = [make_question(n, "attribute_binding", tags=("front_back",)) for n in range(6)]
    other = score_lines(tmp_path, alone, [reply(q, right) for q, right in zip(alone, rights, strict=True)])
    assert (other.clustered.overall.method, other.clustered.overall.scenes) == ("wilson", 6)


def test_the_mirrored_key_takes_the_place_of_the_true_one(tmp_path: Path) -> None:
    mirrors = (1, 0, None, 2)
    questions = [
        make_question(4 * n, "sound_location_binding", mirror_index=mirror) for n, mirror in enumerate(mirrors)
    ]
    lines = [{"id": q.id, "answer": letter} for q, letter in zip(questions, "BABB", strict=True)]
    mirrored = score_lines(tmp_path, questions, lines, key="mirror")
    assert (mirrored.key, mirrored.left_out, mirrored.overall.n, mirrored.overall.correct) == ("mirror", 1, 3, 2)
    same = score_lines(tmp_path, questions, lines, only_mirrored=True)
    assert (same.key, same.left_out, same.overall.n, same.overall.correct) == ("true", 1, 3, 1)
    assert score_lines(tmp_path, questions, lines).overall.n == 4


def test_a_question_that_is_left_out_needs_no_answer(tmp_path: Path) -> None:
    questions = [make_question(0, "source_counting"), make_question(1, "source_counting", mirror_index=1)]
    score = score_lines(tmp_path, questions, [reply(questions[1], True)], key="mirror")
    assert (score.overall.n, score.overall.correct, score.missing) == (1, 1, 0)


def test_missing_answers_are_wrong_when_allowed(tmp_path: Path) -> None:
    questions = make_questions({"source_counting": 4})
    lines = [reply(questions[0], True), reply(questions[1], True, rotation=2)]
    score = score_lines(tmp_path, questions, lines, allow_missing=True)
    assert (score.missing, score.overall.n, score.overall.correct, score.overall.unparsed) == (3, 4, 1, 0)


def test_a_comparison_counts_what_one_run_alone_has_right(tmp_path: Path) -> None:
    questions = make_questions({"source_counting": 10, "counterfactual": 6})
    first = (1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0)
    second = (0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 0, 0)
    lines, other = ([reply(q, right) for q, right in zip(questions, run, strict=True)] for run in (first, second))
    against = score_lines(tmp_path, questions, lines, other=other).compare["other"]
    assert (against.overall.n, against.overall.only_first, against.overall.only_second) == (16, 7, 2)
    assert against.overall.mcnemar_p == pytest.approx(binomtest(2, 9).pvalue)
    counting, turning = against.tasks["source_counting"], against.tasks["counterfactual"]
    assert (counting.n, counting.only_first, counting.only_second) == (10, 6, 1)
    assert counting.mcnemar_p == pytest.approx(binomtest(1, 7).pvalue)
    assert counting.holm_p == pytest.approx(2 * counting.mcnemar_p)
    assert (turning.only_first, turning.only_second, turning.mcnemar_p, turning.holm_p, turning.h) == (1, 1, 1, 1, 0)
    assert (against.other.overall.correct, against.other.tasks["counterfactual"].correct) == (5, 3)


def test_runs_are_named_by_what_tells_them_apart(tmp_path: Path) -> None:
    def names(*words: str) -> list[str]:
        return list(name_runs([tmp_path / word for word in words]).values())

    assert names("a/sft.jsonl", "b/grpo.jsonl") == ["sft", "grpo"]
    assert names("a/preds.jsonl", "b/preds.jsonl") == ["a/preds", "b/preds"]
    assert names("preds.json", "preds.jsonl") == ["preds.json", "preds.jsonl"]
    with pytest.raises(SpecError, match="twice"):
        names("a/preds.jsonl", "a/../a/preds.jsonl")


def test_foreign_questions_are_scored_as_far_as_they_say_what_they_are(tmp_path: Path) -> None:
    lines = [
        {"id": "x", "question": "Where?", "choices": ["left", "right"], "answer": "B", "task": "side"},
        {"id": "y", "question": "Which?", "choices": ["a", "b", "c", "d"], "answer_index": 0},
    ]
    benchmark = write_lines(tmp_path / "foreign.jsonl", lines)
    # rotated by one of two, A shows the second choice; a C is no choice of the first question
    said = [{"id": "x", "answer": "C"}, {"id": "x", "answer": "A", "rotation": 1}, {"id": "y", "answer": "A"}]
    score = score_files(ScoreRequest(benchmark, write_lines(tmp_path / "preds.jsonl", said)))
    assert {task: (a.n, a.correct, a.unparsed) for task, a in score.tasks.items()} == {
        "all": (1, 1, 0),
        "side": (1, 0, 1),
    }
    assert (score.areas, score.macro.areas, score.chance) == ({}, None, 0.375)
    assert score.clustered.overall.method == "wilson"
    assert score.consistency.rotations is not None
    assert (score.consistency.rotations.n, score.consistency.rotations.correct) == (1, 0)


def test_an_unusual_end_of_line_within_a_reply_ends_no_line(tmp_path: Path) -> None:
    questions = write_questions(tmp_path / "questions.jsonl", [make_question(0, "source_counting")])
    path = tmp_path / "preds.jsonl"
    path.write_bytes('{"id": "q-000000", "output": "<think>one\u2028two\x85</think><answer>A</answer>"}\r\n'.encode())
    assert score_files(ScoreRequest(questions, path)).overall.correct == 1
