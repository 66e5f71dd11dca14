"""The report as one page: no script, no request, readable where it lies and years later."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from twnm_sim.check.gates import Verdict
from twnm_sim.check.library import Library
from twnm_sim.check.report import DISTRIBUTIONS, RATIO, Report, describe
from twnm_sim.plots.audition import audition_uri
from twnm_sim.plots.canvas import drawing, png_uri
from twnm_sim.plots.library import draw_histograms, draw_pooled_coherence
from twnm_sim.plots.position import describe_position, draw_position
from twnm_sim.plots.view import load_view


def render_page(report: Report, library: Library) -> str:
    """The HTML of a report; draws and plays the examples out of the library."""
    environment = Environment(
        loader=PackageLoader("twnm_sim.check", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    data = describe(report)
    return environment.get_template("report.html.j2").render(
        data=data,
        verdicts=report.verdicts,
        say=say_number,
        say_limit=say_limit,
        counts=count_statuses(report.verdicts),
        titles={d.name: d.title for d in (*DISTRIBUTIONS, RATIO)},
        sizes=sorted({place[0] for place in report.tally.classes}, key=_rank),
        absorptions=sorted({place[1] for place in report.tally.classes}, key=_rank),
        classes=report.tally.classes,
        examples=_draw_examples(report, library),
        **_draw_library(report),
    )


def count_statuses(verdicts: tuple[Verdict, ...]) -> dict[str, int]:
    """How many gates came out how."""
    found = [verdict.status for verdict in verdicts]
    return {status: found.count(status) for status in ("pass", "fail", "reported", "not checked")}


def say_number(value: float | None) -> str:
    """Three significant digits; a dash for nothing."""
    if value is None:
        return "-"
    return "0" if value == 0.0 else f"{value:.3g}"


def say_limit(verdict: Verdict) -> str:
    """The gate with its unit."""
    gate = verdict.gate
    return "" if gate.limit is None else f"{gate.limit:g} {gate.unit}".strip()


def _rank(name: str) -> tuple[int, str]:
    """Small before medium before large, low before medium before high, anything else last."""
    order = ("small", "low", "medium", "large", "high")
    word = name.partition("_")[0]
    return (order.index(word) if word in order else len(order)), name


def _draw_library(report: Report) -> dict[str, str]:
    with drawing():
        return {
            "histograms": png_uri(draw_histograms(report)),
            "coherence": png_uri(draw_pooled_coherence(report)) if report.pooled.tails else "",
        }


def _draw_examples(report: Report, library: Library) -> list[dict[str, Any]]:
    shown = []
    for example in report.examples:
        view = load_view(library, example.place.shard, example.place.offset, example.source, report.hrtf)
        with drawing():
            picture = png_uri(draw_position(view))
        facts = describe_position(view)
        sound = audition_uri(view.response_CK, view.sample_rate)
        shown.append({"name": example.name, "picture": picture, "sound": sound, "facts": facts})
    return shown
