"""A score as a picture: accuracy by task with intervals, areas coloured, compared runs side by side."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twnm_bench.score.result import Accuracy, Score
from twnm_bench.score.tables import AREA_OF, Kind, pick_group, say_percent, walk_groups
from twnm_schemas.errors import SpecError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = ("png", "svg", "pdf")
_COLOURS = {"perception": "#0072b2", "integration": "#d55e00", "reasoning": "#009e73"}
_INK, _OTHER = "#222222", "#5b616a"
_WIDTH_IN, _DPI = 7.2, 220
_BAR_IN, _ONLY_BAR_IN = 0.15, 0.2  # the height of a bar where there are several in a row, and where it is alone
_GAP, _BREAK = 0.5, 0.7  # free space between two rows, and what an area gets beyond it, in bars
_NAME = 44  # letters of a run's name that a legend has room for


@dataclass(frozen=True)
class _Group:
    """One row: its label, colour, and the accuracy of each run from the top down."""

    kind: Kind
    label: str
    colour: str
    runs: tuple[Accuracy, ...]


def check_picture_kind(path: Path) -> None:
    """Raise SpecError for a file that cannot be drawn."""
    if path.suffix.lower()[1:] not in KINDS:
        raise SpecError(f"{path} is no kind of picture that can be drawn; end it in .{', .'.join(KINDS)}.")


def draw_score(score: Score, kind: str) -> bytes:
    """The picture as "png", "svg" or "pdf", the same bytes for the same score."""
    from twnm_sim.plots.canvas import drawing

    with drawing():
        figure = draw_figure(score)
        stream = io.BytesIO()
        quiet: dict[str, Any] = {
            "png": {"Software": None},
            "svg": {"Date": None, "Creator": None},
            "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        }
        figure.savefig(stream, format=kind, dpi=_DPI, metadata=quiet[kind])
    return stream.getvalue()


def draw_figure(score: Score) -> "Figure":
    """The picture before it is saved; inside the house's `drawing`."""
    from twnm_sim.plots.canvas import new_figure

    groups, names = _collect_groups(score), (score.name, *score.compare)
    tops, bottom = _place_groups(groups)
    bar_in = _BAR_IN if len(names) > 1 else _ONLY_BAR_IN
    figure = new_figure(_WIDTH_IN, bar_in * bottom + (1.0 if len(names) > 1 else 0.75))
    axes = figure.add_subplot()
    for top, group in zip(tops, groups, strict=True):
        _draw_group(axes, top, group)
    _mark_chance(axes, score.chance)
    _dress_axes(axes, groups, tops, bottom)
    accuracy = "mirrored accuracy" if score.key == "mirror" else "accuracy"
    axes.set_xlabel(f"{accuracy} in % with Wilson's 95 % interval (questions in brackets)")
    if len(names) > 1:
        _add_legend(figure, names)
    return figure


def _collect_groups(score: Score) -> list[_Group]:
    runs = (score, *(against.other for against in score.compare.values()))
    groups = []
    for kind, name in walk_groups(score):
        found = tuple(pick_group(run, kind, name) for run in runs)
        area = name if kind == "area" else AREA_OF.get(name, "")
        colour = _OTHER if kind == "whole" else _COLOURS.get(area, _OTHER)
        groups.append(_Group(kind, f"{_say_plain(name.replace('_', ' '))} ({found[0].n})", colour, found))
    return groups


def _place_groups(groups: list[_Group]) -> tuple[list[float], float]:
    """Where the first bar of each row lies, counted in bars from the top, and where the last row ends."""
    tops, place = [], 0.0
    for group in groups:
        place += _BREAK if group.kind == "area" else 0.0
        tops.append(place)
        place += len(group.runs) + _GAP
    return tops, place


def _lighten(colour: str, run: int, runs: int) -> tuple[float, float, float]:
    """The colour of a run: the first as it is, the others paler step by step."""
    from matplotlib.colors import to_rgb

    white = 0.0 if run == 0 else 0.25 + 0.5 * run / (runs - 1)
    red, green, blue = (part + (1.0 - part) * white for part in to_rgb(colour))
    return red, green, blue


def _draw_group(axes: "Axes", top: float, group: _Group) -> None:
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.0, foreground="white")]  # the line of chance runs behind the figures
    runs = len(group.runs)
    for run, accuracy in enumerate(group.runs):
        share, (low, high) = 100.0 * accuracy.accuracy, (100.0 * bound for bound in accuracy.ci95)
        axes.barh(top + run, share, 0.88, color=_lighten(group.colour, run, runs), linewidth=0.0)
        axes.plot([low, high], [top + run] * 2, color=_INK, linewidth=0.9, solid_capstyle="butt", zorder=3)
        axes.plot([low, high], [top + run] * 2, "|", color=_INK, markersize=3.5, markeredgewidth=0.9, zorder=3)
        weight = "normal" if group.kind == "task" else "bold"
        words = say_percent(accuracy.accuracy)
        place = (high + 1.2, top + run, words)
        axes.text(*place, va="center_baseline", fontsize=7.0, weight=weight, color=_INK, path_effects=halo, zorder=5)


def _mark_chance(axes: "Axes", chance: float) -> None:
    axes.axvline(100.0 * chance, color=_INK, linewidth=0.9, linestyle=(0, (4, 2.5)), zorder=4)
    axes.annotate(
        f"chance {say_percent(chance)} %",
        (100.0 * chance, 1.0),
        (0.0, 3.0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        fontsize=7.5,
    )


def _dress_axes(axes: "Axes", groups: list[_Group], tops: list[float], bottom: float) -> None:
    middle = (len(groups[0].runs) - 1) / 2.0
    axes.set_yticks([top + middle for top in tops], [group.label for group in groups])
    for label, group in zip(axes.get_yticklabels(), groups, strict=True):
        if group.kind != "task":
            label.set(color=group.colour, weight="bold")
    axes.set(xlim=(0.0, 109.0), xticks=range(0, 101, 20), ylim=(bottom - _GAP - 0.3, -0.8))
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _add_legend(figure: "Figure", names: tuple[str, ...]) -> None:
    from matplotlib.patches import Patch

    shown = [_say_plain(name if len(name) <= _NAME else f"...{name[3 - _NAME :]}") for name in names]
    patches = [Patch(color=_lighten(_OTHER, run, len(names)), label=name) for run, name in enumerate(shown)]
    columns = max(1, min(len(names), 100 // (4 + max(len(name) for name in shown))))
    figure.legend(handles=patches, loc="outside lower center", ncols=columns)


def _say_plain(text: str) -> str:
    return text.replace("$", r"\$")  # it would begin a formula
