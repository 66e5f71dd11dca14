"""A score laid out as tables of text, for the terminal, Markdown and LaTeX alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from twnm_bench.score.result import Accuracy, Comparison, Score
from twnm_schemas.questions import AREAS

Kind = Literal["whole", "area", "task"]
RowKind = Kind | Literal["kind"]
AREA_OF: Mapping[str, str] = {task: area for area, tasks in AREAS.items() for task in tasks}
_T_co = TypeVar("_T_co", covariant=True)


@dataclass(frozen=True)
class Row:
    """One line: what it is about, how much it gathers, and the cells of the other columns."""

    kind: RowKind
    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A table: `columns` names all columns, that of the rows' names first; `note` says what the numbers are."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""


class _Grouped(Protocol[_T_co]):
    @property
    def overall(self) -> _T_co: ...
    @property
    def areas(self) -> Mapping[str, _T_co]: ...
    @property
    def tasks(self) -> Mapping[str, _T_co]: ...


def lay_out(score: Score) -> list[Sheet]:
    """The tables of a score: accuracies, kinds of questions where there are any, runs side by side, comparisons."""
    sheets = [_lay_out_accuracy(score)]
    if score.asa_levels or score.difficulty or score.tags:
        sheets.append(_lay_out_kinds(score))
    if score.compare:
        sheets.append(_lay_out_runs(score))
    return sheets + [_lay_out_comparison(score, name, against) for name, against in score.compare.items()]


def walk_groups(score: Score) -> Iterator[tuple[Kind, str]]:
    """Everything, then each area before its tasks, then the tasks that are not ours."""
    yield "whole", "overall"
    for area in score.areas:
        yield "area", area
        yield from (("task", task) for task in score.tasks if AREA_OF.get(task) == area)
    yield from (("task", task) for task in score.tasks if AREA_OF.get(task) not in score.areas)


def pick_group(grouped: _Grouped[_T_co], kind: Kind, name: str) -> _T_co:
    """What a score holds about one group of questions."""
    if kind == "whole":
        return grouped.overall
    return (grouped.areas if kind == "area" else grouped.tasks)[name]


def say_percent(share: float) -> str:
    """59.5 for 0.595."""
    return f"{100.0 * share:.1f}"


def say_interval(bounds: tuple[float, float] | None) -> str:
    """54.1–64.7, in percent."""
    return "none" if bounds is None else f"{say_percent(bounds[0])}–{say_percent(bounds[1])}"


def say_p(p: float) -> str:
    """Three decimals, or that it is smaller."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _lay_out_accuracy(score: Score) -> Sheet:
    rows = []
    for kind, name in walk_groups(score):
        accuracy, clustered = pick_group(score, kind, name), pick_group(score.clustered, kind, name)
        cells = (*_accuracy_cells(accuracy), say_interval(clustered.ci95), f"{accuracy.unparsed}")
        rows.append(Row(kind, name, cells))
    columns = ("questions", "right", "%", "95 %", "by scene", "unparsed")
    return Sheet(f"Accuracy of {score.name}", columns, tuple(rows), _note_accuracy(score))


def _accuracy_cells(accuracy: Accuracy) -> tuple[str, str, str]:
    return f"{accuracy.correct}/{accuracy.n}", say_percent(accuracy.accuracy), say_interval(accuracy.ci95)


def _note_accuracy(score: Score) -> str:
    parts = [f"95 %: Wilson's interval; by scene: {_say_method(score)}. Guessing gives {say_percent(score.chance)} %."]
    macro = score.macro
    areas = f" and {say_percent(macro.areas)} % over areas" if macro.areas is not None else ""
    parts.append(f"Macro average: {say_percent(macro.tasks)} % over tasks{areas}.")
    for what, share in (
        ("all rotations of a question", score.consistency.rotations),
        ("all of a contrast pair", score.consistency.pairs),
    ):
        if share is not None:
            interval = say_interval(share.ci95)
            parts.append(f"Right in {what}: {share.correct}/{share.n}, {say_percent(share.share)} % ({interval}).")
    if score.key == "mirror":
        parts.append("Scored against what is true with left and right exchanged.")
    if score.left_out:
        parts.append(f"Left out, without a mirrored choice: {score.left_out}.")
    if score.missing:
        parts.append(f"Without an answer, counted as wrong: {score.missing}.")
    return " ".join(parts)


def _say_method(score: Score) -> str:
    found = score.clustered
    methods = {each.method for each in (found.overall, *found.areas.values(), *found.tasks.values())}
    if methods == {"wilson"}:
        return "the same, as every scene has one question"
    ends = ", Wilson's over scenes where all or none are right" if "wilson_of_scenes" in methods else ""
    return f"cluster-robust over {found.overall.scenes} scenes{ends}"


def _lay_out_kinds(score: Score) -> Sheet:
    parts = {"level": score.asa_levels, "difficulty": score.difficulty, "tag": score.tags}
    rows = [
        Row("kind", f"{part}: {name}", (*_accuracy_cells(accuracy), f"{accuracy.unparsed}"))
        for part, groups in parts.items()
        for name, accuracy in groups.items()
    ]
    return Sheet(f"Kinds of questions, {score.name}", ("questions", "right", "%", "95 %", "unparsed"), tuple(rows))


def _lay_out_runs(score: Score) -> Sheet:
    runs = [score, *(against.other for against in score.compare.values())]
    rows = []
    for kind, name in walk_groups(score):
        found = [pick_group(run, kind, name) for run in runs]
        cells = (f"{say_percent(of_run.accuracy)} ({say_interval(of_run.ci95)})" for of_run in found)
        rows.append(Row(kind, name, (f"{found[0].n}", *cells)))
    note = "Accuracy in percent with Wilson's 95 % interval."
    return Sheet("Runs side by side", ("questions", "n", score.name, *score.compare), tuple(rows), note)


def _lay_out_comparison(score: Score, name: str, against: Comparison) -> Sheet:
    rows = [Row("whole", "overall", (*_contrast_cells(score, against, "whole", "overall"), ""))]
    for kind, task in walk_groups(score):
        if kind == "task":
            holm = say_p(against.tasks[task].holm_p)
            rows.append(Row(kind, task, (*_contrast_cells(score, against, kind, task), holm)))
    note = (
        "h: Cohen's, positive where the first is better. only: questions that one run alone has right, first : second. "
        "p: McNemar's exact test on these; Holm: the same, adjusted over the tasks."
    )
    columns = ("questions", "first", "second", "h", "only", "p", "Holm")
    return Sheet(f"{score.name} (first) against {name} (second)", columns, tuple(rows), note)


def _contrast_cells(score: Score, against: Comparison, kind: Kind, name: str) -> tuple[str, ...]:
    contrast = against.overall if kind == "whole" else against.tasks[name]
    return (
        say_percent(pick_group(score, kind, name).accuracy),
        say_percent(pick_group(against.other, kind, name).accuracy),
        f"{contrast.h:+.2f}".replace("-", "−"),
        f"{contrast.only_first} : {contrast.only_second}",
        say_p(contrast.mcnemar_p),
    )
