"""Stretches of a sound in which nothing but the room is heard to decay, and how fast it does.

A blind estimate in the manner of free-decay regions (R. Ratnam et al., JASA 114(5), 2003, 2877-2892, ask the same
question of a likelihood): a decay starts at a peak of a band's level and ends where the level rises again; its slope is
read where neither the direct sound nor the next sound takes part.
"""

# C ears, T samples, L frames

import numpy as np
from numpy.typing import NDArray

from twnm_sim.measure.bands import Floats, choose_fft_size, energy_until, plan_bands, take_band, transform_real

FRAME_S = 0.005
_SMOOTH_FRAMES = 5
_PLATEAU_DB = 3.0
_SKIP_S = 0.03  # after that: the direct sound and the end of a fading source, smoothed over 25 ms
_RISE_DB = 6.0  # over the lowest level so far: another sound has begun
_RANGES_DB = (25.0, 20.0, 15.0)  # the longest that the stretch holds is fitted
_HEADROOM_DB = 4.0  # above the lowest level of the stretch, where the next sound or noise bends it
_STRAIGHT = -0.95  # correlation of level and time
_FLOOR_DB = -90.0  # below the loudest frame there is nothing to hear


def find_free_decays(ears_CT: NDArray[np.float32], sample_rate: int, centre_hz: float) -> Floats:
    """The reverberation times in seconds that a band's decays suggest, in order; empty where nothing decays freely."""
    level_L = band_levels(ears_CT, sample_rate, centre_hz)
    times_s = [fit_stretch(level_L[first:last]) for first, last in find_stretches(level_L)]
    return np.array([time_s for time_s in times_s if time_s is not None])


def band_levels(ears_CT: NDArray[np.float32], sample_rate: int, centre_hz: float) -> Floats:
    """An octave's level in frames of 5 ms, smoothed over 25 ms, ears summed; dB re the loudest frame (L,)."""
    samples = ears_CT.shape[1]
    size = choose_fft_size(samples, sample_rate)
    band = plan_bands(size, sample_rate, (centre_hz,))[0]
    if band is None:
        return np.zeros(0)
    edges_s = np.arange(0.0, samples / sample_rate, FRAME_S)
    kept_s = 0.5 * (samples + size) / sample_rate
    energy_L = np.diff(
        energy_until(take_band(transform_real(ears_CT, size), band, size), size, sample_rate, kept_s, edges_s)
    )
    if energy_L.size < _SMOOTH_FRAMES or energy_L.max() <= 0.0:
        return np.zeros(0)
    smooth_L = np.convolve(np.maximum(energy_L, 0.0), np.full(_SMOOTH_FRAMES, 1.0 / _SMOOTH_FRAMES), mode="valid")
    floor = smooth_L.max() * 10.0 ** (_FLOOR_DB / 10.0)
    levels_L: Floats = 10.0 * np.log10(np.maximum(smooth_L, floor) / smooth_L.max())
    return levels_L


def find_stretches(level_L: Floats) -> list[tuple[int, int]]:
    """(first, last + 1) frames from each peak to the lowest level before the next rise by 6 dB."""
    stretches = []
    peak = lowest = 0
    for frame in range(level_L.size):
        if level_L[frame] > level_L[lowest] + _RISE_DB:
            stretches.append((peak, lowest + 1))
            peak = lowest = frame
        elif level_L[frame] > level_L[peak]:
            peak = lowest = frame
        elif level_L[frame] < level_L[lowest]:
            lowest = frame
    if level_L.size:
        stretches.append((peak, lowest + 1))
    return stretches


def fit_stretch(level_L: Floats) -> float | None:
    """60 dB over the slope of a stretch in seconds; None where it is too short, too shallow or not straight."""
    plateau = int(np.flatnonzero(level_L >= level_L[0] - _PLATEAU_DB)[-1])  # a source that is still on wavers this much
    from_L = level_L[plateau + round(_SKIP_S / FRAME_S) :]
    if from_L.size < 4:
        return None
    room_db = float(from_L[0] - from_L[-1]) - _HEADROOM_DB
    range_db = next((asked for asked in _RANGES_DB if asked <= room_db), None)
    if range_db is None:
        return None
    stop = int(np.argmax(from_L < from_L[0] - range_db))
    if stop < 4:
        return None
    time_L = np.arange(stop) * FRAME_S
    slope, _ = np.polyfit(time_L, from_L[:stop], 1)
    straight = float(np.corrcoef(time_L, from_L[:stop])[0, 1]) <= _STRAIGHT
    return float(-60.0 / slope) if straight else None
