"""How a score is shown: its tables, the escaping of names, the plot."""

from pathlib import Path
from typing import Any

import pytest
from counted_answers import make_question, reply, write_lines, write_paper, write_questions
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from twnm_bench.score import Score, ScoreRequest, score_files
from twnm_bench.score.formats import escape_latex, escape_markdown
from twnm_bench.score.plot import draw_figure
from twnm_bench.score.tables import lay_out
from twnm_schemas.questions import TASKS
from twnm_sim.plots.canvas import drawing


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Score:
    paper = write_paper(tmp_path_factory.mktemp("paper"))
    return score_files(ScoreRequest(paper["questions"], paper["grpo"], (paper["sft2"], paper["sft1"])))


def test_signs_of_a_foreign_name_are_escaped() -> None:
    assert escape_latex("a_b & 5% #1 {x} $y$ ~ ^ \\ −1") == (
        r"a\_b \& 5\% \#1 \{x\} \$y\$ \textasciitilde{} \textasciicircum{} \textbackslash{} $-$1"
    )
    assert escape_markdown("a|b\n*c* [d]") == r"a\|b \*c\* \[d\]"


def test_the_tables_follow_the_areas(compared: Score) -> None:
    accuracy, kinds, runs, *contrasts = lay_out(compared)
    names = [row.name for row in accuracy.rows]
    assert names[:3] == ["overall", "perception", "content_identification"]
    assert [name for name in names if name in TASKS] == list(TASKS)
    assert [row.name for row in kinds.rows] == [
        "level: atomic",
        "level: relational",
        "level: cognitive",
        "difficulty: core",
    ]
    assert runs.columns == ("questions", "n", "grpo", "sft2", "sft1")
    assert runs.rows[0].cells == ("1000", "61.1 (58.0–64.1)", "50.1 (47.0–53.2)", "25.1 (22.5–27.9)")
    assert [sheet.rows[0].cells[:3] for sheet in contrasts] == [("61.1", "50.1", "+0.22"), ("61.1", "25.1", "+0.75")]


@pytest.mark.parametrize(
    ("scenes", "rights", "said"),
    [
        ("abcd", (1, 0, 1, 0), "by scene: the same, as every scene has one question."),
        ("aabb", (1, 0, 1, 1), "by scene: cluster-robust over 2 scenes."),
        ("aabb", (1, 1, 1, 1), "by scene: cluster-robust over 2 scenes, Wilson's over scenes where all or none are"),
    ],
)
def test_the_note_says_which_interval_allows_for_scenes(
    scenes: str, rights: tuple[int, ...], said: str, tmp_path: Path
) -> None:
    questions = [make_question(n, "source_counting", scene=scene) for n, scene in enumerate(scenes)]
    benchmark = write_questions(tmp_path / "questions.jsonl", questions)
    lines = [reply(question, bool(right)) for question, right in zip(questions, rights, strict=True)]
    score = score_files(ScoreRequest(benchmark, write_lines(tmp_path / "preds.jsonl", lines)))
    assert said in lay_out(score)[0].note


def test_tasks_and_areas_that_are_not_ours_have_their_rows(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {"id": "x", "question": "Where?", "choices": ["a", "b"], "answer_index": 0, "task": "$side$", "area": "space"},
        {"id": "y", "question": "Who?", "choices": ["a", "b"], "answer_index": 0, "task": "source_counting"},
    ]
    benchmark = write_lines(tmp_path / "foreign.jsonl", lines)
    predictions = write_lines(tmp_path / "preds.jsonl", [{"id": line["id"], "answer": "A"} for line in lines])
    score = score_files(ScoreRequest(benchmark, predictions))
    names = [row.name for row in lay_out(score)[0].rows]
    assert names == ["overall", "perception", "source_counting", "space", "$side$"]
    with drawing():
        (axes,) = draw_figure(score).axes
    assert [label.get_text() for label in axes.get_yticklabels()][-1] == r"\$side\$ (1)"  # no formula


def test_the_plot_shows_every_accuracy_of_every_run(compared: Score) -> None:
    with drawing():
        (axes,) = draw_figure(compared).axes
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    scores: list[Any] = [compared, *(against.other for against in compared.compare.values())]
    assert len(bars) == 3 * (1 + 3 + 10)
    expected = [
        100 * accuracy for run in scores for accuracy in (run.overall.accuracy, run.areas["integration"].accuracy)
    ]
    widths = [bar.get_width() for bar in bars]
    assert all(any(abs(width - share) < 1e-9 for width in widths) for share in expected)
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ["overall (1000)", "perception (321)"]
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [set(line.get_xdata()) for line in dashed] == [{25.0}]
    # Wilson's bounds of the whole, of each run, are among the whiskers
    whiskers = [tuple(line.get_xdata()) for line in axes.lines]
    assert all(tuple(100 * bound for bound in run.overall.ci95) in whiskers for run in scores)
    own = [bar.get_facecolor()[:3] for bar in bars[3::3]]
    assert own[0] == own[1] == pytest.approx(to_rgb("#0072b2"))
    assert len(set(own)) == 3
