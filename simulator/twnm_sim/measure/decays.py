"""What is read from a band's energy over time: reverberation times, early decay, clarity.

Schroeder's backward integration with the correction for the cut of ISO 3382-1: what would have followed the end of the
response is taken as the continuation of its late decay. Everything is vectorised over bands (the last row may be their
sum, the broadband response).
"""

# B bands, G points of a uniform time grid, Q blocks of the grid

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twnm_sim.compiled import compiled

Floats = NDArray[np.float64]
BLOCKS = 64
_POINTS_PER_BLOCK = 16
INTERVALS = BLOCKS * _POINTS_PER_BLOCK
T30, T20, EDT = (-5.0, -35.0), (-5.0, -25.0), (0.0, -10.0)
MARGIN_DB = 10.0  # a range is used if the response reaches this far below its lower limit
_TINY = 1e-300
_LATE_NEPERS = 3.45  # the late decay is read over its last 15 dB
_FLOOR_DROP_DB = 1.5  # a last quarter that falls less than this is noise: a decay as slow never got low enough
_FLOOR_RANGE_DB = 15.0  # noise nearer to the loudest block than this is not told from a slow decay
_DEEP = 10.0**-7.5
_FLOOR_KNEE = 2.5  # the decay is followed until it is 4 dB above the noise


@dataclass(frozen=True)
class Decay:
    """Backward-integrated energy by band on a uniform time grid.

    `level_BG`: dB below the whole energy, with the correction for the cut. `stop_B`: the first grid point that is not
    used (the end, or where noise takes over). `reach_db_B`: the level that the curve has there, +inf if no decay is
    seen. `total_B`: energy including the extrapolated `beyond_B`. `early_B`: energy up to the early limit.
    """

    step_s: float
    level_BG: Floats
    stop_B: NDArray[np.intp]
    reach_db_B: Floats
    total_B: Floats
    beyond_B: Floats
    early_B: Floats


def integrate_decay(energy_BG: Floats, early_B: Floats, step_s: float) -> Decay:
    """Schroeder curves from the energy up to each point of the grid (B, INTERVALS + 1), in linear units.

    `early_B`: energy up to the early limit (50 ms after onset), for clarity.
    """
    power_BQ = np.diff(energy_BG[:, ::_POINTS_PER_BLOCK], axis=1)
    blocks_B = find_noise(power_BQ)
    beyond_B = extrapolate_energy(power_BQ, blocks_B)
    stop_B = blocks_B * _POINTS_PER_BLOCK
    kept_B = np.take_along_axis(energy_BG, stop_B[:, None], axis=1)[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        total_B = kept_B + beyond_B
        seen_B = np.isfinite(beyond_B)
        remaining_BG = (kept_B + np.where(seen_B, beyond_B, 0.0))[:, None] - energy_BG
        whole_B = np.where(seen_B, total_B, kept_B)
        level_BG = 10.0 * np.log10(np.maximum(remaining_BG, _TINY) / np.maximum(whole_B, _TINY)[:, None])
        reach_db_B = np.where(seen_B, 10.0 * np.log10(np.maximum(beyond_B, _TINY) / np.maximum(whole_B, _TINY)), np.inf)
    return Decay(step_s, level_BG, stop_B, reach_db_B, whole_B, beyond_B, np.minimum(early_B, kept_B))


def find_noise(power_BQ: Floats) -> NDArray[np.intp]:
    """The number of blocks (B,) before stationary noise takes over, or all is 75 dB down; all of them where neither is.

    What lies 75 dB down is not needed, and soon comes the floor of 24 bits or of float32, which a fast decay meets
    too late in the response to be told from its noise.
    """
    blocks_B = np.array([_find_depth(power_Q) for power_Q in power_BQ], dtype=np.intp)
    eighth = BLOCKS // 8
    before_B = power_BQ[:, -2 * eighth : -eighth].mean(axis=1)
    last_B = power_BQ[:, -eighth:].mean(axis=1)
    floor_B = 0.5 * (before_B + last_B)
    range_B = 10.0 * np.log10((power_BQ.max(axis=1) + _TINY) / (floor_B + _TINY))
    drop_B = 10.0 * np.log10((before_B + _TINY) / (last_B + _TINY))
    noisy_B = (drop_B < _FLOOR_DROP_DB) & (range_B > _FLOOR_RANGE_DB)
    for row in np.flatnonzero(noisy_B):
        smooth_Q = np.convolve(power_BQ[row], np.full(3, 1.0 / 3.0), mode="same")
        start = int(np.argmax(smooth_Q))
        knee = start + int(np.argmax(smooth_Q[start:] <= _FLOOR_KNEE * floor_B[row]))
        blocks_B[row] = min(blocks_B[row], max(knee, 4))
    return blocks_B


def _find_depth(power_Q: Floats) -> int:
    """The first block `_DEEP` below the loudest; all of them where that comes in the first eighth or never."""
    start = int(np.argmax(power_Q))
    deep_Q = power_Q[start:] <= _DEEP * power_Q[start]
    place = start + int(np.argmax(deep_Q))
    return place if deep_Q.any() and place >= BLOCKS // 8 else BLOCKS


def extrapolate_energy(power_BQ: Floats, blocks_B: NDArray[np.intp]) -> Floats:
    """The energy (B,) that would follow the kept blocks if the late decay went on; +inf where nothing decays.

    The rate is a regression on the log energy of the last 15 dB of blocks (between an eighth and a half of them); the
    amount is scaled by the energy of the same blocks, which unlike the regression's offset is free of bias.
    """
    place_Q = np.arange(power_BQ.shape[1])
    log_BQ = np.log(np.maximum(power_BQ, _TINY))
    rate_B = _decay_rate(log_BQ, (place_Q >= (blocks_B // 2)[:, None]) & (place_Q < blocks_B[:, None]))
    count_B = _LATE_NEPERS / np.maximum(rate_B, 1e-6)
    count_B = np.ceil(np.maximum(np.minimum(np.maximum(count_B, blocks_B / 8), blocks_B / 2), 4))
    window_BQ = (place_Q >= (blocks_B - count_B)[:, None]) & (place_Q < blocks_B[:, None])
    rate_B = _decay_rate(log_BQ, window_BQ)
    fall_B = np.minimum(rate_B * window_BQ.sum(axis=1), 600.0)
    energy_B = np.einsum("bq,bq->b", power_BQ, window_BQ)
    beyond_B: Floats = np.where(fall_B > 1e-3, energy_B / np.expm1(np.maximum(fall_B, 1e-3)), np.inf)
    return beyond_B


def _decay_rate(log_BQ: Floats, window_BQ: NDArray[np.bool_]) -> Floats:
    """Nepers (energy) a block, by least squares over the window."""
    place_Q = np.arange(log_BQ.shape[1], dtype=np.float64)
    count_B = window_BQ.sum(axis=1)
    mean_B = (window_BQ @ place_Q) / count_B
    centred_BQ = window_BQ * (place_Q - mean_B[:, None])
    rate_B: Floats = -np.einsum("bq,bq->b", centred_BQ, log_BQ) / np.einsum("bq,bq->b", centred_BQ, centred_BQ)
    return rate_B


@dataclass(frozen=True)
class DecayTimes:
    """60 dB divided by the slope over each range, by band: seconds, NaN where it cannot be had."""

    t30_s_B: Floats
    t20_s_B: Floats
    edt_s_B: Floats


def fit_decay_times(decay: Decay) -> DecayTimes:
    """Least-squares lines through the Schroeder curves over T30, T20 and EDT; NaN where the curve does not reach."""
    t30_s, t20_s, edt_s = (_fit_range(decay, limits) for limits in (T30, T20, EDT))
    return DecayTimes(t30_s, t20_s, edt_s)


def reaches(decay: Decay, limits_db: tuple[float, float]) -> NDArray[np.bool_]:
    """Whether each band's response goes 10 dB below the lower limit of a range."""
    reached_B: NDArray[np.bool_] = decay.reach_db_B <= limits_db[1] - MARGIN_DB
    return reached_B


def _fit_range(decay: Decay, limits_db: tuple[float, float]) -> Floats:
    slope_B = np.empty(len(decay.level_BG))
    _fit_lines(decay.level_BG, decay.stop_B, limits_db[0], limits_db[1], slope_B)
    usable_B = reaches(decay, limits_db) & (slope_B < 0.0)
    time_s_B: Floats = np.where(usable_B, -60.0 * decay.step_s / np.where(usable_B, slope_B, -1.0), np.nan)
    return time_s_B


@compiled
def _fit_lines(level_BG, stop_B, upper, lower, slope_B):  # type: ignore[no-untyped-def]  # compiled
    """Least-squares slopes in dB a grid step of the points between two levels; 0 where they are fewer than three."""
    for row in range(len(level_BG)):
        count = place_sum = level_sum = moment = square = 0.0
        for g in range(stop_B[row]):
            level = level_BG[row, g]
            if level < lower:
                break  # the curve never rises
            if level <= upper:
                count += 1.0
                place_sum += g
                level_sum += level
                moment += g * level
                square += g * g
        slope_B[row] = 0.0
        if count >= 3.0:
            slope_B[row] = (count * moment - place_sum * level_sum) / (count * square - place_sum * place_sum)
