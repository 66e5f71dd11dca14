"""`twnm-bench score`: what it writes, what it prints, and the sentences of its mistakes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib.image
import pytest
from called_bench import call_bench
from counted_answers import make_question, make_questions, reply, write_lines, write_paper, write_questions

from twnm_bench.score import Score
from twnm_schemas.questions import TASKS

Patch, Capture = pytest.MonkeyPatch, pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_paper(tmp_path_factory.mktemp("paper"))


def test_json_holds_the_paper_s_figures(
    paper: dict[str, Path], tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    out = tmp_path / "new" / "score.json"
    words = ("score", "--benchmark", paper["questions"], "--predictions", paper["grpo"], "--json", out)
    code, said, _ = call_bench(monkeypatch, capsys, *words, "--compare", paper["sft2"], "--compare", paper["sft1"])
    assert code == 0
    score = json.loads(out.read_text("utf-8"))
    assert set(score["overall"]) == {"n", "correct", "accuracy", "ci95", "unparsed"}
    assert (score["overall"]["n"], score["overall"]["correct"]) == (1000, 611)
    assert [round(100 * bound, 1) for bound in score["overall"]["ci95"]] == [58.0, 64.1]
    assert [round(100 * bound, 1) for bound in score["tasks"]["scene_summarisation"]["ci95"]] == [96.2, 100.0]
    counts = {area: (found["correct"], found["n"]) for area, found in score["areas"].items()}
    assert counts == {"perception": (191, 321), "integration": (133, 285), "reasoning": (287, 394)}
    assert set(score["tasks"]) == set(score["compare"]["sft2"]["tasks"]) == set(TASKS)
    assert round(score["compare"]["sft2"]["overall"]["h"], 2) == 0.22
    assert set(score["compare"]["sft1"]["tasks"]["counterfactual"]) == {
        "h", "mcnemar_p", "holm_p", "n", "only_first", "only_second",
    }  # fmt: skip
    assert "58.0–64.1" in said
    assert max(map(len, said.splitlines())) <= 100
    accuracy = said[: said.index("Kinds of questions")]
    assert max(len(line) for line in accuracy.splitlines() if not line.startswith("95 %")) <= 80
    assert Score.model_validate_json(out.read_text("utf-8")).overall.correct == 611


def test_json_on_the_standard_output_stands_alone(
    paper: dict[str, Path], tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    words = ("score", "--benchmark", paper["questions"], "--predictions", paper["sft1"])
    code, said, _ = call_bench(monkeypatch, capsys, *words, "--json", "-")
    assert (code, json.loads(said)["overall"]["correct"]) == (0, 251)
    call_bench(monkeypatch, capsys, *words, "--json", tmp_path / "score.json")
    assert (tmp_path / "score.json").read_text("utf-8") == said


def test_the_mirror_and_missing_options_reach_the_score(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> None:
    questions = [make_question(n, "source_counting", mirror_index=(n + 1) % 4 if n < 3 else None) for n in range(4)]
    benchmark = write_questions(tmp_path / "questions.jsonl", questions)
    predictions = write_lines(tmp_path / "preds.jsonl", [reply(question, False) for question in questions[:2]])
    words = ("score", "--benchmark", benchmark, "--predictions", predictions, "--json", "-", "--allow-missing")
    found = [
        json.loads(call_bench(monkeypatch, capsys, *words, *more)[1])
        for more in ((), ("--mirror",), ("--only-mirrored",))
    ]
    assert [(score["overall"]["n"], score["overall"]["correct"]) for score in found] == [(4, 0), (3, 2), (3, 0)]
    assert [(score["key"], score["left_out"], score["missing"]) for score in found] == [
        ("true", 0, 2), ("mirror", 1, 1), ("true", 1, 1),
    ]  # fmt: skip
    said = call_bench(monkeypatch, capsys, *words[:5], "--allow-missing", "--mirror")[1]
    said = " ".join(said.split())
    assert "counted as wrong: 1" in said
    assert "Left out, without a mirrored choice: 1" in said


def test_markdown_and_latex_hold_the_same_cells(
    paper: dict[str, Path], tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    run = tmp_path / "run_5%&more.jsonl"
    run.write_bytes(paper["grpo"].read_bytes())
    words = ("score", "--benchmark", paper["questions"], "--predictions", run, "--compare", paper["sft2"])
    files = (tmp_path / "score.md", tmp_path / "score.tex")
    assert call_bench(monkeypatch, capsys, *words, "--markdown", files[0], "--latex", files[1])[0] == 0
    markdown, latex = (path.read_text("utf-8") for path in files)
    assert "| **overall** | 611/1000 | 61.1 | 58.0–64.1 | 58.0–64.1 | 0 |" in markdown
    assert r"\textbf{overall} & 611/1000 & 61.1 & 58.0--64.1 & 58.0--64.1 & 0 \\" in latex
    assert r"\quad scene\_summarisation & 98/98 & 100.0 & 96.2--100.0" in latex
    assert r"run\_5\%\&more" in latex
    assert latex.count(r"\toprule") == latex.count(r"\bottomrule") == latex.count(r"\begin{table}") == 4
    # every line of a tabular has as many cells as it declares columns
    for columns, body in re.findall(r"\\begin\{tabular\}\{(l?r*)\}(.*?)\\end\{tabular\}", latex, re.DOTALL):
        lines = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert len(lines) > 3
        assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in lines} == {len(columns)}
    for block in re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_scoring_without_a_plot_loads_nothing_heavy(paper: dict[str, Path]) -> None:
    words = ["twnm-bench", "score", "--benchmark", f"{paper['questions']}", "--predictions", f"{paper['grpo']}"]
    code = f"""
import sys
from twnm_bench.cli import main
sys.argv = {words!r}
try:
    main()
except SystemExit as stop:
    assert not stop.code
assert not {{"numpy", "scipy", "matplotlib", "pyarrow"}} & sys.modules.keys()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_plot_is_written_as_it_is_named(
    paper: dict[str, Path], tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    words = ("score", "--benchmark", paper["questions"], "--predictions", paper["grpo"], "--plot")
    for name, begins in (("o.png", b"\x89PNG"), ("o.svg", b"<?xml"), ("o.PDF", b"%PDF")):
        assert call_bench(monkeypatch, capsys, *words, tmp_path / name)[0] == 0
        data = (tmp_path / name).read_bytes()
        assert data.startswith(begins)
        assert b"CreationDate" not in data
        call_bench(monkeypatch, capsys, *words, tmp_path / name)
        assert (tmp_path / name).read_bytes() == data
    picture = matplotlib.image.imread(tmp_path / "o.png")
    assert picture.shape[1] > 1500


ANSWERS = [{"id": f"q-{number:06d}", "answer": "A"} for number in range(3)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "preds.jsonl is empty: it holds no prediction."),
        ("\n \n", "preds.jsonl is empty: it holds no prediction."),
        ([*ANSWERS, {"id": "q-9", "answer": "A"}], "preds.jsonl answers q-9, which the benchmark does not hold."),
        ([*ANSWERS, ANSWERS[1]], "preds.jsonl answers q-000001 in rotation 0 more than once."),
        (ANSWERS[:1], "preds.jsonl has no answer (rotation 0) to q-000001 and 1 more; give all, or count"),
        (ANSWERS[:2], "preds.jsonl has no answer (rotation 0) to q-000002; give all, or count them as wrong with"),
        ([*ANSWERS[:2], {**ANSWERS[2], "rotation": 1}], "preds.jsonl has no answer (rotation 0) to q-000002;"),
        ('{"id": "q-000000", "answer": "A"}\n{"id": ', "preds.jsonl line 2 is not JSON."),
        ("[1]", "preds.jsonl line 1 is no prediction: the whole: "),
        ([{"answer": "A"}], "preds.jsonl line 1 is no prediction: id: field required."),
        ([{"id": "q-000000", "letter": "A"}], "preds.jsonl line 1 is no prediction: letter: extra inputs are not"),
        (
            [{**ANSWERS[0], "rotation": 4}],
            "preds.jsonl line 1 is no prediction: rotation: input should be less than 4.",
        ),
        ([{"id": "q-000000"}], "preds.jsonl line 1 (q-000000) has neither `output` nor `answer`; give one of the two."),
        (
            [{"id": "q-000000", "output": None, "answer": None}],
            "preds.jsonl line 1 (q-000000) has neither `output` nor `answer`; give one of the two.",
        ),
        ([{**ANSWERS[0], "output": "B"}], "preds.jsonl line 1 (q-000000) has both `output` and `answer`; give one of"),
        (b"\xff\xfe", "preds.jsonl does not read as text: "),
        (None, "preds.jsonl is not there; give a predictions file"),
    ],
)
@pytest.mark.parametrize("compared_with", [False, True])
def test_predictions_that_cannot_be_scored_get_one_sentence(
    text: Any, sentence: str, compared_with: bool, tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    benchmark = write_questions(tmp_path / "questions.jsonl", make_questions({"source_counting": 3}))
    path = tmp_path / "preds.jsonl"
    if isinstance(text, list):
        write_lines(path, text)
    elif text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    good = write_lines(tmp_path / "good.jsonl", ANSWERS)
    runs = ("--predictions", good, "--compare", path) if compared_with else ("--predictions", path)
    out = tmp_path / "score.json"
    code, said, error = call_bench(monkeypatch, capsys, "score", "--benchmark", benchmark, *runs, "--json", out)
    assert (code, said) == (2, "")
    assert error.startswith(f"error: {tmp_path}/{sentence}")
    assert error.count("\n") == 1
    assert not out.exists()


FOREIGN: dict[str, Any] = {"id": "x", "question": "Where?", "choices": ["a", "b"], "answer_index": 0}


@pytest.mark.parametrize(
    ("question", "more", "sentence"),
    [
        ({**FOREIGN, "choices": list("abcde")}, (), "x has 5 choices; answers are one of A to D."),
        ({**FOREIGN, "mirror_index": 2}, (), "x has a `mirror_index` of 2, which is no place of a choice."),
        ({**FOREIGN, "mirror_index": "1"}, (), "x has a `mirror_index` of '1', which is no place of a choice."),
        (FOREIGN, ("--mirror",), "has no question with a `mirror_index`, so none can be scored by it."),
        (FOREIGN, ("--only-mirrored",), "has no question with a `mirror_index`, so none can be scored by it."),
        (FOREIGN, (), "answers x in rotation 3, but the question has 2 choices."),
    ],
)
def test_questions_that_cannot_be_scored_get_one_sentence(
    question: dict[str, Any], more: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    benchmark = write_lines(tmp_path / "questions.jsonl", [question])
    predictions = write_lines(tmp_path / "preds.jsonl", [{"id": "x", "answer": "A", "rotation": 3}])
    words = ("score", "--benchmark", benchmark, "--predictions", predictions, *more)
    code, said, error = call_bench(monkeypatch, capsys, *words)
    assert (code, said) == (2, "")
    assert error.endswith(f"{sentence}\n")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--plot", "o.gif"), "o.gif is no kind of picture that can be drawn; end it in .png, .svg, .pdf."),
        (("--json", "-", "--latex", "-"), "Only one of --json, --markdown and --latex can go to the standard output"),
        (("--json", "."), ". is a folder; name a file in it."),
        (("--json", "o.txt", "--markdown", "./o.txt"), "o.txt is named for two outputs; name another file for one"),
        (("--compare", "preds.jsonl"), "preds.jsonl is given twice; compare with another file."),
        (("--json", "preds.jsonl/score.json"), "preds.jsonl cannot be written"),
    ],
)
def test_what_cannot_be_written_or_compared_gets_one_sentence(
    more: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: Patch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    write_questions(Path("questions.jsonl"), make_questions({"source_counting": 3}))
    write_lines(Path("preds.jsonl"), ANSWERS)
    words = ("score", "--benchmark", "questions.jsonl", "--predictions", "preds.jsonl", *more)
    code, said, error = call_bench(monkeypatch, capsys, *words)
    assert (code, said) == (2, "")
    assert error.startswith(f"error: {sentence}")
    assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["preds.jsonl", "questions.jsonl"]
