"""The panels of one position: where it is, what arrives when, how it decays, what the ears share.

Shapes: C channels, K taps, G grid points, M frames, O third octaves.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from twnm_schemas.geometry import OCTAVE_CENTRES_HZ, rotation_matrix, unit_vector
from twnm_schemas.records import MeasuredRoom, RoomRecord, SimulatedRoom, SimulatedSource
from twnm_schemas.render import Atmosphere
from twnm_sim.check.early import list_lattice
from twnm_sim.check.records import room_of
from twnm_sim.check.tails import THIRD_OCTAVES_HZ, diffuse_coherence, find_tail, sum_coherence
from twnm_sim.decay import band_air_db_per_m, energy_rates
from twnm_sim.measure import band_decay_db
from twnm_sim.plots.canvas import FIT, HEAD, LEFT, QUIET, RIGHT, THEORY
from twnm_sim.plots.view import PositionView

_FLOOR_DB = -65.0
_WAVEFORM_S = 0.06
_ECHOGRAM_S = 0.15
_RANGES = {"T30": (-5.0, -35.0), "T20": (-5.0, -25.0)}
_EAR_NAMES = {1: ("mono",), 2: ("left", "right"), 4: ("W", "Y", "Z", "X")}
_ARRIVALS = (("direct", HEAD), ("first order", FIT))
_NAMED_SOURCES = 12  # more labels than these would lie over each other


def draw_map(axes: Axes, record: SimulatedRoom, source: int | None, side_view: bool, title: str) -> Any:
    """The room from above (x, y) or from the side (x, z), sources coloured by DRR; returns what a colour bar needs."""
    a, b = (0, 2) if side_view else (0, 1)
    width, height = record.size_m[a], record.size_m[b]
    axes.plot([0, width, width, 0, 0], [0, 0, height, height, 0], color="#444444", lw=1.6)
    if source is not None:
        here, there = record.listener.position_m, record.sources[source].position_m
        axes.plot([here[a], there[a]], [here[b], there[b]], color=QUIET, lw=1.0, ls="--", zorder=2)
    x_S, y_S = ([s.position_m[axis] for s in record.sources] for axis in (a, b))
    spots = _scatter_by_drr(axes, record, source, x_S, y_S)
    _name_sources(axes, record, source, a, b)
    _draw_head(axes, record, a, b)
    margin = 0.04 * max(width, height)
    axes.set_xlim(-margin, width + margin)
    axes.set_ylim(-margin, height + margin)
    axes.set_aspect("equal")
    axes.grid(False)
    axes.set_title(title)
    axes.set_xlabel("x / m")
    axes.set_ylabel("z / m" if side_view else "y / m")
    return spots


def draw_directions(axes: Axes, record: MeasuredRoom, source: int, from_behind: bool, title: str) -> Any:
    """Directions of a measured room's sources in the listener's frame, from above (ahead is up) or from behind.

    At their distances where all of these are known, else all on one circle; coloured by DRR.
    """
    unit_S3 = np.array([unit_vector(s.azimuth_deg, s.elevation_deg) for s in record.sources])
    distance_S = np.array([s.distance_m or np.nan for s in record.sources])
    known = bool(np.isfinite(distance_S).all())
    spot_S3 = unit_S3 * (distance_S[:, None] if known else 1.0)
    across_S, up_S = -spot_S3[:, 1], spot_S3[:, 2 if from_behind else 0]  # left is to the left
    axes.plot([0.0, across_S[source]], [0.0, up_S[source]], color=QUIET, lw=1.0, ls="--", zorder=2)
    spots = _scatter_by_drr(axes, record, source, across_S, up_S)
    axes.scatter([0.0], [0.0], s=60, color=HEAD, zorder=4)
    reach = 1.15 * float(np.linalg.norm(spot_S3, axis=1).max())
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    axes.set_title(title)
    axes.set_xlabel("left to right / m" if known else "left to right (distances unknown)")
    axes.set_ylabel("up" if from_behind else "ahead")
    return spots


def _scatter_by_drr(axes: Axes, record: RoomRecord, source: int | None, x_S: Any, y_S: Any) -> Any:
    drr = [s.acoustics.broadband.drr_db for s in record.sources]
    return axes.scatter(
        x_S,
        y_S,
        c=[np.nan if x is None else x for x in drr],
        cmap="viridis",
        s=46,
        edgecolors=["#000000" if i == source else "#ffffff" for i in range(len(drr))],
        linewidths=[1.8 if i == source else 0.8 for i in range(len(drr))],
        plotnonfinite=True,
        zorder=3,
    )


def _name_sources(axes: Axes, record: SimulatedRoom, source: int | None, a: int, b: int) -> None:
    for i, spot in enumerate(record.sources):
        if i == source or len(record.sources) <= _NAMED_SOURCES:
            at = spot.position_m[a], spot.position_m[b]
            weight = "bold" if i == source else "normal"
            axes.annotate(f"s{spot.index:02d}", at, (6, 4), textcoords="offset points", fontsize=8, fontweight=weight)


def _draw_head(axes: Axes, record: SimulatedRoom, a: int, b: int) -> None:
    """A disc with a nose that points where the listener looks, as far as the view shows it."""
    head = record.listener
    rotation = np.array(rotation_matrix(head.yaw_deg, head.pitch_deg, head.roll_deg))
    reach = 0.13 * max(record.size_m[a], record.size_m[b])
    x, y = head.position_m[a], head.position_m[b]
    tip = (x + reach * rotation[a, 0], y + reach * rotation[b, 0])
    axes.annotate(
        "",
        tip,
        (x, y),
        arrowprops={"arrowstyle": "-|>", "color": HEAD, "lw": 1.6, "shrinkA": 0.0, "shrinkB": 0.0},
        zorder=5,
    )
    axes.scatter([x], [y], s=60, color=HEAD, zorder=4)


def draw_waveform(axes: Axes, view: PositionView) -> None:
    """The response from shortly before the direct sound on."""
    first = max(0.0, view.onset_s - 0.003)
    low, high = (round(t * view.sample_rate) for t in (first, first + _WAVEFORM_S))
    shown_CT = view.response_CK[:2, low:high]
    time_ms = 1e3 * (low + np.arange(shown_CT.shape[1])) / view.sample_rate
    peak = float(np.abs(shown_CT).max()) or 1.0
    names = _EAR_NAMES[len(view.response_CK)]
    for c, (channel_T, colour) in enumerate(zip(shown_CT, (LEFT, RIGHT), strict=False)):
        axes.plot(time_ms, channel_T - 1.6 * peak * c, color=colour, lw=0.8, label=names[c])
    axes.set_yticks([-1.6 * peak * c for c in range(len(shown_CT))], names[: len(shown_CT)])
    axes.set_title(f"Impulse response (peak {peak:.3g})")
    axes.set_xlabel(_name_time(view))
    axes.margins(x=0)


def _name_time(view: PositionView) -> str:
    """A measurement has a latency of its own, so that its first sample is not the moment of emission."""
    return "time / ms" if isinstance(view.record, MeasuredRoom) else "time since emission / ms"


def draw_echogram(axes: Axes, view: PositionView) -> None:
    """Level over time in steps of a quarter millisecond, both ears' energy, with the arrivals of low-order images."""
    rate = view.sample_rate
    step = max(1, round(0.00025 * rate))
    end = round((view.onset_s + _ECHOGRAM_S) * rate)
    energy_K = np.square(view.response_CK[:2, :end], dtype=np.float64).sum(axis=0)
    energy_Q = np.add.reduceat(energy_K, np.arange(0, len(energy_K), step))
    level_Q = 10.0 * np.log10(np.maximum(energy_Q / energy_Q.max(), 1e-12))
    time_ms = 1e3 * (np.arange(len(energy_Q)) + 0.5) * step / rate
    axes.vlines(time_ms, _FLOOR_DB, np.maximum(level_Q, _FLOOR_DB), color=LEFT, lw=0.7)
    for (name, colour), arrival_N in zip(_ARRIVALS, _find_arrivals_s(view), strict=False):
        axes.plot(1e3 * arrival_N, np.full(len(arrival_N), 2.5), "v", color=colour, ms=5, label=name, clip_on=False)
    if view.record.mixing_time_s is not None:
        axes.axvline(1e3 * view.record.mixing_time_s, color=THEORY, ls=":", lw=1.0, label="mixing time")
    axes.set_ylim(_FLOOR_DB, 5.0)
    axes.set_xlim(0.0, float(time_ms[-1]))
    axes.set_title("Echogram")
    axes.set_xlabel(_name_time(view))
    axes.set_ylabel("dB re loudest")
    axes.legend(loc="upper right", ncols=3)


def _find_arrivals_s(view: PositionView) -> list[NDArray[Any]]:
    """When the direct sound and the six first-order images arrive; of a measured room only the onset is known."""
    record, source = view.record, view.source
    if not isinstance(record, SimulatedRoom) or not isinstance(source, SimulatedSource):
        return [np.array([view.onset_s])]
    displacement_N3, hits_NS = list_lattice(record, source, _ECHOGRAM_S * record.speed_of_sound_m_s)
    order_N = hits_NS.sum(axis=1)
    arrival_N = np.linalg.norm(displacement_N3, axis=1) / record.speed_of_sound_m_s + view.latency_s
    return [arrival_N[order_N == order] for order in (0, 1)]


def draw_decay(axes: Axes, view: PositionView, band: int, first: bool) -> None:
    """One octave's decay, the line its reverberation time was read from, and the images' expected energy."""
    hz = OCTAVE_CENTRES_HZ[band]
    told = view.source.acoustics.bands[band]
    axes.set_ylim(_FLOOR_DB, 3.0)
    if hz * np.sqrt(2.0) <= 0.5 * view.sample_rate:
        time_G, level_G = band_decay_db(view.response_CK, view.sample_rate, hz, onset_s=view.onset_s)
        shown_G = level_G > _FLOOR_DB - 5.0
        end_s = float(time_G[shown_G][-1])
        axes.plot(time_G, level_G, color=LEFT, lw=1.4, label="measured")
        if isinstance(view.record, SimulatedRoom) and view.atmosphere is not None:
            start_s = max(view.record.mixing_time_s or 0.08, view.onset_s)
            _draw_theory(axes, view.record, view.atmosphere, band, start_s, time_G, level_G)
        if told.rt60_s is not None:
            _draw_fit(axes, time_G, level_G, told.rt60_s, _RANGES[told.rt60_range])
        axes.set_xlim(view.onset_s, max(end_s, view.onset_s + 0.02))
    name = f"{hz:.0f} Hz" if hz < 1000 else f"{hz / 1000:.0f} kHz"
    value = "null" if told.rt60_s is None else f"{told.rt60_s:.2f} s"
    axes.set_title(f"{name}: {value}", fontsize=9)
    axes.set_xlabel("s")
    axes.locator_params(axis="x", nbins=3)
    if first:
        axes.set_ylabel("decay / dB")
    else:
        axes.set_yticklabels([])


def _draw_fit(
    axes: Axes, time_G: NDArray[Any], level_G: NDArray[Any], rt60_s: float, limits: tuple[float, ...]
) -> None:
    inside_G = (level_G <= limits[0]) & (level_G >= limits[1])
    if not inside_G.any():
        return
    centre_s, centre_db = float(time_G[inside_G].mean()), float(level_G[inside_G].mean())
    ends_db = np.array([0.0, _FLOOR_DB])
    axes.plot(centre_s - (ends_db - centre_db) * rt60_s / 60.0, ends_db, color=FIT, ls="--", lw=1.2, label="fit (RT60)")


def _draw_theory(
    axes: Axes,
    record: SimulatedRoom,
    atmosphere: Atmosphere,
    band: int,
    start_s: float,
    time_G: NDArray[Any],
    level_G: NDArray[Any],
) -> None:
    """The images' energy alone, averaged over the room, from the mixing time on and through the curve there."""
    speed = atmosphere.speed_of_sound
    late_G = time_G >= start_s
    if late_G.sum() < 8:
        return
    times_s = np.append(time_G[late_G], time_G[-1] * np.linspace(1.01, 2.0, 100))
    rates_G = energy_rates(room_of(record), times_s, speed, (band,))[0, :, 0]
    rates_G = rates_G * 10.0 ** (-0.1 * band_air_db_per_m(atmosphere)[band] * speed * times_s)
    parts_G = 0.5 * (rates_G[1:] + rates_G[:-1]) * np.diff(times_s)
    left_G = np.cumsum(parts_G[::-1])[::-1][: late_G.sum()]
    theory_G = 10.0 * np.log10(np.maximum(left_G / left_G[0], 1e-12)) + level_G[late_G][0]
    axes.plot(time_G[late_G], theory_G, color=THEORY, ls=":", lw=1.4, label="image energy")


def draw_coherence(axes: Axes, view: PositionView) -> None:
    """Coherence of this tail by third octaves, which scatters, against the head's diffuse field, which does not."""
    latency_s = view.onset_s if isinstance(view.record, MeasuredRoom) else view.latency_s
    mixing_s = view.record.mixing_time_s
    tail = find_tail(view.response_CK, view.sample_rate, latency_s, mixing_s) if view.is_binaural else None
    if view.hrtf is not None:
        axes.plot(THIRD_OCTAVES_HZ, diffuse_coherence(view.hrtf), color=THEORY, ls=":", lw=1.6, label="diffuse field")
    if tail is not None:
        axes.plot(THIRD_OCTAVES_HZ, sum_coherence(tail).coherence(), "o-", color=LEFT, ms=3.5, label="this tail")
    else:
        axes.text(0.5, 0.5, "no tail to measure", transform=axes.transAxes, ha="center", color=QUIET)
    finish_coherence(axes, "Interaural coherence of the tail")


def finish_coherence(axes: Axes, title: str) -> None:
    """Axes and labels of a coherence panel."""
    axes.set_xscale("log")
    axes.set_xticks([125, 250, 500, 1000, 2000, 4000], ["125", "250", "500", "1k", "2k", "4k"])
    axes.minorticks_off()
    axes.set_xlim(90, 4500)
    axes.set_ylim(-0.75, 1.05)
    axes.set_title(title)
    axes.set_xlabel("Hz")
    axes.legend(loc="upper right")
