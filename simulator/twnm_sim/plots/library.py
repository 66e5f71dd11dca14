"""Pictures of whole libraries: histograms, and what all tails together say of the diffuse field."""

import numpy as np
from matplotlib.figure import Figure

from twnm_sim.check.report import DISTRIBUTIONS, RATIO, Report, bin_edges
from twnm_sim.check.tails import THIRD_OCTAVES_HZ
from twnm_sim.plots.canvas import LEFT, QUIET, THEORY, new_figure
from twnm_sim.plots.panels import finish_coherence

_COLUMNS = 3


def draw_histograms(report: Report) -> Figure:
    """All distributions, nine panels."""
    shown = (*DISTRIBUTIONS, RATIO)
    figure = new_figure(11.0, 2.3 * -(-len(shown) // _COLUMNS))
    grid = figure.subplots(-(-len(shown) // _COLUMNS), _COLUMNS)
    for axes, distribution in zip(grid.flat, shown, strict=True):
        values = np.array(report.column(distribution))
        axes.set_title(distribution.title, fontsize=9)
        axes.set_xlabel(distribution.unit)
        if not values.size:
            axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", color=QUIET)
            continue
        edges = bin_edges(distribution, values)
        axes.hist(values, edges, color=LEFT, edgecolor="#ffffff", linewidth=0.4)
        axes.axvline(float(np.median(values)), color=THEORY, lw=1.0, ls=":")
        axes.margins(x=0.02)
        axes.grid(axis="x", visible=False)
    return figure


def draw_pooled_coherence(report: Report) -> Figure:
    """The coherence of all tails against the head's diffuse field, with the gate around it."""
    figure = new_figure(7.5, 3.2)
    axes = figure.subplots()
    if report.theory_O is not None:
        theory_O = report.theory_O
        axes.fill_between(THIRD_OCTAVES_HZ, theory_O - 0.1, theory_O + 0.1, color="#dfe3e8", label="gate, 0.1")
        axes.plot(THIRD_OCTAVES_HZ, theory_O, color=THEORY, ls=":", lw=1.6, label="diffuse field of the head")
    name = f"{report.pooled.tails} tails"
    axes.plot(THIRD_OCTAVES_HZ, report.pooled.coherence(), "o-", color=LEFT, ms=4, label=name)
    finish_coherence(axes, "Interaural coherence of all tails together")
    return figure
