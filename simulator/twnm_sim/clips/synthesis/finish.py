"""From a raw sound to a clip: no DC, no silence around it, smooth edges, one level."""

import numpy as np
from scipy.signal import butter, sosfilt

from twnm_sim.clips.synthesis.signals import RATE, swell

ACTIVE_DBFS = -26.0  # the level of every clip's active frames, where its peak allows
PEAK = 0.9  # and what the peak may reach; another rate's resampling overshoots a little
FRAME = RATE // 100  # 10 ms, as in `twnm_schemas.Clip`
RANGE_DB = 40.0  # frames within this of the loudest are active
TRIM_DB = 36.0  # a clip ends where it has fallen so far: its faded edges are still active then
STEPS = 2.0**20  # samples are whole multiples of 1 / STEPS

_HIGHPASS = butter(2, 25.0, "high", fs=RATE, output="sos")


def finish(sound: np.ndarray) -> np.ndarray:
    """The clip (T,) float32 of a raw sound: high-passed at 25 Hz, trimmed to whole frames, faded, levelled.

    All of it is active from the first frame to the last by construction, so that onset and offset are its edges.
    Rounding to 20 bits keeps the last digits of a transform, which another processor or number of threads may compute
    differently, from deciding a byte.
    """
    sound = sosfilt(_HIGHPASS, sound.astype(np.float64))
    sound = swell(sound[active_span(sound)], 0.001, 0.004)
    gain = min(10.0 ** (ACTIVE_DBFS / 20.0) / active_rms(sound), PEAK / float(np.abs(sound).max()))
    clip: np.ndarray = (np.round(sound * (gain * STEPS)) / STEPS).astype(np.float32)
    return clip


def active_span(sound: np.ndarray) -> slice:
    """From the first whole frame within TRIM_DB of the loudest to the last."""
    powers = _powers(sound)
    active = np.flatnonzero(powers >= powers.max() * 10.0 ** (-TRIM_DB / 10.0))
    return slice(int(active[0]) * FRAME, int(active[-1] + 1) * FRAME)


def active_rms(sound: np.ndarray) -> float:
    """The RMS of the frames within RANGE_DB of the loudest."""
    powers = _powers(sound)
    return float(np.sqrt(powers[powers >= powers.max() * 10.0 ** (-RANGE_DB / 10.0)].mean()))


def _powers(sound: np.ndarray) -> np.ndarray:
    """The mean square of each whole frame (F,)."""
    powers: np.ndarray = np.square(sound[: len(sound) // FRAME * FRAME]).reshape(-1, FRAME).mean(1)
    return powers
