"""One position in one picture: room map, response, echogram, decays, coherence, and its labels."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twnm_schemas.geometry import azimuth_words, elevation_words
from twnm_schemas.records import MeasuredRoom, SimulatedRoom
from twnm_sim.plots.canvas import hide_frame, new_figure
from twnm_sim.plots.panels import (
    draw_coherence,
    draw_decay,
    draw_directions,
    draw_echogram,
    draw_map,
    draw_waveform,
)
from twnm_sim.plots.view import PositionView
from twnm_sim.reverberance import explain_null

_NO_T_MID = {"dry": "null: nearly dry", "live": "null: cut, too long for the response", "unknown": "null"}


def draw_position(view: PositionView) -> Figure:
    """The whole picture, 11 x 12.5 inches; call it inside `canvas.drawing`."""
    record, source = view.record, view.source
    figure = new_figure(11.0, 12.5)
    figure.suptitle(f"{record.room_id}, source s{source.index:02d}", fontsize=13, fontweight="bold", x=0.01, ha="left")
    rows = figure.add_gridspec(4, 1, height_ratios=(1.25, 1.0, 0.8, 0.9))
    _draw_maps(figure, rows[0], view)
    sounds = rows[1].subgridspec(1, 2)
    draw_waveform(figure.add_subplot(sounds[0]), view)
    draw_echogram(figure.add_subplot(sounds[1]), view)
    _draw_decays(figure, rows[2], view)
    last = rows[3].subgridspec(1, 2)
    draw_coherence(figure.add_subplot(last[0]), view)
    _write_labels(figure.add_subplot(last[1]), view)
    return figure


def _draw_maps(figure: Figure, place, view: PositionView) -> None:  # type: ignore[no-untyped-def]
    """The room from above and from the side; of a measured room the directions around the listener."""
    record, number = view.record, view.record.sources.index(view.source)
    grid = place.subgridspec(1, 2)
    first, second = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    if isinstance(record, SimulatedRoom):
        spots = draw_map(first, record, number, False, "Plan")
        draw_map(second, record, number, True, "Side")
    else:
        spots = draw_directions(first, record, number, False, "From above")
        draw_directions(second, record, number, True, "From behind")
    if spots.get_array().count():
        figure.colorbar(spots, ax=second, label="DRR / dB", shrink=0.7)


def _draw_decays(figure: Figure, place, view: PositionView) -> None:  # type: ignore[no-untyped-def]
    grid = place.subgridspec(1, 7, wspace=0.03)
    panels = [figure.add_subplot(grid[band]) for band in range(7)]
    for band, axes in enumerate(panels):
        draw_decay(axes, view, band, band == 0)
    panels[0].legend(loc="lower left", fontsize=7, handlelength=1.6)


def _write_labels(axes: Axes, view: PositionView) -> None:
    hide_frame(axes)
    for line, (name, value) in enumerate(describe_position(view)):
        axes.text(0.02, 0.97 - 0.105 * line, name, transform=axes.transAxes, va="top", color="#5a5f66")
        axes.text(0.36, 0.97 - 0.105 * line, value, transform=axes.transAxes, va="top")


def describe_position(view: PositionView) -> list[tuple[str, str]]:
    """What a reader asks first of a position, in words and units."""
    record, source = view.record, view.source
    room, no_t_mid = source.acoustics.broadband, _NO_T_MID[explain_null(source.acoustics.flags)]
    return [
        *_describe_room(record),
        ("Direction", f"{source.azimuth_deg:.0f} deg ({azimuth_words(source.azimuth_deg)}), "
                      f"{source.elevation_deg:+.0f} deg ({elevation_words(source.elevation_deg)})"),
        ("Distance", _say(source.distance_m, "{:.2f} m", "unknown")),
        ("Reverberation", _say(source.acoustics.t_mid_s, "{:.2f} s (t_mid)", no_t_mid)),
        ("DRR, C50", f"{_say(room.drr_db, '{:+.1f} dB')}, {_say(room.c50_db, '{:+.1f} dB')}"),
        ("IACC", _say(room.iacc, "{:.2f}")),
        ("Direct ITD, ILD", f"{_say(room.direct_itd_us, '{:+.0f} us')}, {_say(room.direct_ild_db, '{:+.1f} dB')}"),
        ("Head", f"{record.head or 'unknown'}, tail: {record.tail}"),
    ]  # fmt: skip


def _describe_room(record: SimulatedRoom | MeasuredRoom) -> list[tuple[str, str]]:
    if isinstance(record, MeasuredRoom):
        return [("Room", record.name), ("Licence", record.license)]
    x, y, z = record.size_m
    return [
        ("Room", f"{x:.1f} x {y:.1f} x {z:.1f} m, {record.size_category}"),
        ("Absorption", _say_absorption(record.absorption, record.absorption_class)),
    ]


def _say(value: float | None, form: str, otherwise: str = "null") -> str:
    return otherwise if value is None else form.format(value)


def _say_absorption(table: tuple[tuple[float, ...], ...], name: str) -> str:
    low, high = min(map(min, table)), max(map(max, table))
    return f"{low:.2f}, {name}" if high - low < 5e-3 else f"{low:.2f} to {high:.2f}, {name}"
