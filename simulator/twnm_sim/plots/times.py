"""When the sounds of a scene are heard: both ears' spectrograms, the events' bars, the envelope at each ear.

All panels share one time axis. Shapes: C ears, B bands, L frames.
"""

from functools import cache
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from numpy.typing import NDArray

from twnm_schemas.scenes import Scene
from twnm_sim.plots.canvas import QUIET
from twnm_sim.plots.places import INK, SOFT, colour_of, shorten
from twnm_sim.plots.sounds import Spectrogram
from twnm_sim.scenes.facts import name_of

RANGE_DB = 60.0
_PALEST = 48  # of 256 colours, which fade to white
_TICKS_HZ = {100: "100", 200: "", 500: "", 1000: "1k", 2000: "", 5000: "", 10_000: "10k"}
_LONGEST_NAME = 20


@cache
def level_colours() -> ListedColormap:
    """From white over magma's colours to black: steadily darker, so that grey and any colour vision do."""
    colours = colormaps["magma_r"](np.linspace(0.0, 1.0, 256))
    share = np.minimum(np.arange(256) / _PALEST, 1.0)[:, None]
    return ListedColormap(share * colours + (1.0 - share))


def draw_spectrogram(axes: Axes, spectrogram: Spectrogram, ear: int) -> Any:
    """One ear over time and log frequency, 60 dB under the loudest of both ears; returns what a colour bar needs."""
    octaves = np.log2(spectrogram.edges_hz_B)
    image = axes.imshow(
        spectrogram.level_CBL[ear], origin="lower", aspect="auto", cmap=level_colours(), vmin=-RANGE_DB, vmax=0.0,
        extent=(0.0, spectrogram.duration_s, float(octaves[0]), float(octaves[-1])), interpolation="bilinear",
    )  # fmt: skip
    shown = {hz: name for hz, name in _TICKS_HZ.items() if octaves[0] <= np.log2(hz) <= octaves[-1]}
    axes.set_yticks([float(np.log2(hz)) for hz in shown], list(shown.values()))
    axes.set_ylabel("Hz")
    axes.grid(False)
    name = ("left ear", "right ear")[ear]
    axes.text(0.008, 0.93, name, transform=axes.transAxes, va="top", fontsize=9, fontweight="bold", color=INK,
              bbox={"facecolor": "#ffffff", "edgecolor": "none", "alpha": 0.8, "pad": 1.5})  # fmt: skip
    return image


def draw_timeline(axes: Axes, scene: Scene, audible: list[NDArray[np.bool_]] | None) -> None:
    """A bar an event from onset to offset, and how long it is audible beside all else.

    `audible`: of each event the frames (10 ms) in which it is audible, drawn in full colour; None where not known.
    """
    for row, event in enumerate(scene.events):
        colour = colour_of(event)
        pale = 0.9 if audible is None else 0.3
        axes.barh(row, event.offset_s - event.onset_s, 0.56, event.onset_s, color=colour, alpha=pale, lw=0)
        if audible is not None:
            axes.broken_barh(find_runs(audible[row]), (row - 0.28, 0.56), color=colour, lw=0)
        axes.text(1.008, row, f"{event.audible_s:.1f} s", transform=axes.get_yaxis_transform(), va="center", fontsize=8,
                  color=SOFT)  # fmt: skip
    axes.text(1.008, -0.85, "audible", transform=axes.get_yaxis_transform(), va="center", fontsize=7, color=QUIET)
    names = [f"{shorten(name_of(event).text, _LONGEST_NAME)}  {event.index}" for event in scene.events]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", visible=False)


def find_runs(frames_L: NDArray[np.bool_], hop_s: float = 0.01) -> list[tuple[float, float]]:
    """Start and length in seconds of each run of frames; a frame of two hops stands for the hop at its middle."""
    steps = np.diff(np.concatenate([[False], frames_L, [False]]).astype(int))
    starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [(hop_s * (float(a) + 0.5), hop_s * float(b - a)) for a, b in zip(starts, stops, strict=True)]


def draw_envelopes(axes: Axes, envelope_CL: NDArray[np.float32], hop_s: float = 0.01) -> None:
    """The peak in each 10 ms, the left ear upwards and the right ear downwards, on one scale."""
    time_s = hop_s * (np.arange(envelope_CL.shape[1]) + 0.5)
    top = 1.08 * max(float(envelope_CL.max()), 1e-9)
    for envelope_L, sign in zip(envelope_CL, (1.0, -1.0), strict=True):
        axes.fill_between(time_s, 0.0, sign * envelope_L, color="#5a6470", lw=0)
    axes.axhline(0.0, color="#ffffff", lw=0.8)
    axes.set_ylim(-top, top)
    axes.set_yticks([0.5 * top, -0.5 * top], ["left", "right"])
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("time / s")
