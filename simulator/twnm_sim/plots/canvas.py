"""How a figure is made and saved: one style, the same bytes for the same drawing."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

LEFT, RIGHT, FIT, THEORY, QUIET, HEAD = "#0072b2", "#d55e00", "#009e73", "#222222", "#8a8f98", "#c0152f"
_DPI = 110
_STYLE: Any = {
    "font.size": 9.0,
    "font.family": "DejaVu Sans",
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666a70",
    "axes.grid": True,
    "grid.color": "#e3e5e8",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.2,
    "svg.hashsalt": "twnm",
    "svg.fonttype": "path",
}


@contextmanager
def drawing() -> Iterator[None]:
    """The house's style, for making and saving figures inside the block."""
    with matplotlib.rc_context(_STYLE):
        yield


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure on an Agg canvas; panels make room for their labels."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, kind: str) -> bytes:
    """The figure as "png" or "svg"."""
    stream = io.BytesIO()
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    figure.savefig(stream, format=kind, dpi=_DPI, metadata=metadata)
    return stream.getvalue()


def png_uri(figure: Figure) -> str:
    """The figure as a data URI."""
    return data_uri("image/png", save_figure(figure, "png"))


def data_uri(media: str, data: bytes) -> str:
    """Any bytes as a data URI."""
    return f"data:{media};base64,{base64.b64encode(data).decode()}"


def hide_frame(axes: Axes) -> None:
    """Leave only what is drawn."""
    axes.set_axis_off()
