"""The direct sound alone, against the HRIR that it should be: when it starts, how loud, between the ears.

What a response holds before its first reflection is compared with an exact copy: the HRIR of the nearest measured
direction, delayed by r/c with a phase ramp, at 1/r, less the air's loss. Both are cut by the same window, so an HRIR
longer than the window costs nothing. Above 500 Hz, where the 20 Hz high-pass of the whole response leaves no trace.
Shapes: C ears (or one microphone), T samples, F bins.
"""

from dataclasses import dataclass
from math import dist

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.records import SimulatedRoom, SimulatedSource
from twnm_schemas.render import Atmosphere
from twnm_sim.air import air_absorption_db_per_m
from twnm_sim.check.records import local_vector
from twnm_sim.hrtf.model import Hrtf

Floats = NDArray[np.float64]
_LEAD = 64  # samples of the copy before r/c
_GUARD = 24  # samples before a reflection that its fractional delay and its HRIR's foot may ring into
_FADE = 16
_SHORTEST_S = 0.0015  # of direct sound after the later ear's onset; shorter windows are not judged
_BAND_HZ = (500.0, 16_000.0)
_FINER = 16  # steps a sample in which a lag is looked for
_FARTHEST_LAG = 96  # samples


@dataclass(frozen=True)
class DirectSound:
    """The expected direct sound (C, T), its first sample's place in the response, and where it stops being alone."""

    expected_CT: Floats
    start: int
    alone: int


@dataclass(frozen=True)
class Deviation:
    """How a direct sound differs: lag in samples by ear (C,), level in dB of all ears and by ear (C,)."""

    lag_C: Floats
    level_db: float
    level_db_C: Floats


def expect_direct(
    record: SimulatedRoom, source: SimulatedSource, atmosphere: Atmosphere, hrtf: Hrtf | None
) -> DirectSound:
    """The direct sound of a position through the head, or at an omnidirectional microphone where `hrtf` is None."""
    vector = np.array(local_vector(record, source))
    distance = float(np.linalg.norm(vector))
    rate, speed = record.sample_rate, atmosphere.speed_of_sound
    hrir_CT = np.ones((1, 1)) if hrtf is None else _nearest_hrir(hrtf, vector)
    start = int(distance / speed * rate) - _LEAD
    size = 1 << int(np.ceil(np.log2(hrir_CT.shape[1] + 4 * _LEAD)))
    frequency_F = bin_frequencies(size, rate)
    ramp_F = np.exp(-2j * np.pi * frequency_F * (distance / speed - start / rate)) / distance
    spectrum_CF = np.fft.rfft(hrir_CT, size) * ramp_F * air_gain(frequency_F, distance, atmosphere)
    reflection = _first_reflection_m(record, source) / speed * rate
    onset = 0.0 if hrtf is None else hrtf.onset_s * rate
    return DirectSound(np.fft.irfft(spectrum_CF, size), start, int(reflection + onset) - _GUARD)


def bin_frequencies(size: int, rate: int) -> Floats:
    """The frequencies of a real transform's bins in Hz (F,)."""
    return np.asarray(np.arange(size // 2 + 1) * (rate / size), dtype=np.float64)


def air_gain(frequency_F: Floats, distance: float, atmosphere: Atmosphere) -> Floats:
    """What the air leaves of an amplitude after so many metres (F,)."""
    if not atmosphere.absorption:
        return np.ones(len(frequency_F))
    decibels_F = air_absorption_db_per_m(
        frequency_F, atmosphere.celsius, atmosphere.humidity_percent, atmosphere.pressure_kpa
    )
    return np.asarray(10.0 ** (-0.05 * distance * decibels_F))


def _nearest_hrir(hrtf: Hrtf, vector_3: Floats) -> Floats:
    return np.asarray(hrtf.hrirs_DCK[int(np.argmax(hrtf.directions_D3 @ vector_3))], dtype=np.float64)


def _first_reflection_m(record: SimulatedRoom, source: SimulatedSource) -> float:
    """The distance to the nearest of the six first-order images."""
    nearest = np.inf
    for axis, side in enumerate(record.size_m):
        for wall in (0.0, side):
            image = list(source.position_m)
            image[axis] = 2.0 * wall - image[axis]
            nearest = min(nearest, dist(image, record.listener.position_m))
    return float(nearest)


def compare_direct(
    response_CK: NDArray[np.float32], direct: DirectSound, onset_s: float, rate: int
) -> Deviation | None:
    """How the direct sound differs from the expected; None where a reflection comes too soon to tell.

    `onset_s`: the later ear's onset in the HRIR.
    """
    first = max(0, direct.start)
    stop = min(direct.alone, direct.start + direct.expected_CT.shape[1], response_CK.shape[1])
    if stop < direct.start + _LEAD + (onset_s + _SHORTEST_S) * rate:
        return None
    window_T = np.ones(stop - first)
    window_T[-_FADE:] = np.cos(0.5 * np.pi * (np.arange(_FADE) + 0.5) / _FADE) ** 2
    expected_CT = direct.expected_CT[:, first - direct.start : stop - direct.start] * window_T
    heard_CT = response_CK[: len(expected_CT), first:stop].astype(np.float64) * window_T
    return _compare(heard_CT, expected_CT, rate)


def _compare(heard_CT: Floats, expected_CT: Floats, rate: int) -> Deviation:
    size = 1 << int(np.ceil(np.log2(heard_CT.shape[1] + 2 * _FARTHEST_LAG)))
    frequency_F = bin_frequencies(size, rate)
    band_F = (frequency_F >= _BAND_HZ[0]) & (frequency_F <= min(_BAND_HZ[1], 0.45 * rate))
    heard_CF, expected_CF = np.fft.rfft(heard_CT, size) * band_F, np.fft.rfft(expected_CT, size) * band_F
    lag_C = np.array([_find_lag(h_F * e_F.conj(), size) for h_F, e_F in zip(heard_CF, expected_CF, strict=True)])
    heard_C, expected_C = (np.maximum(np.sum(np.abs(x) ** 2, axis=1), 1e-300) for x in (heard_CF, expected_CF))
    level_db_C = 10.0 * np.log10(heard_C / expected_C)
    return Deviation(lag_C, float(10.0 * np.log10(heard_C.sum() / expected_C.sum())), level_db_C)


def _find_lag(cross_F: NDArray[np.complex128], size: int) -> float:
    """Samples by which the correlation peaks away from zero, by interpolation of the spectrum."""
    fine = np.fft.irfft(cross_F, size * _FINER)
    reach = _FARTHEST_LAG * _FINER
    near = np.concatenate([fine[-reach:], fine[: reach + 1]])
    peak = int(np.clip(np.argmax(near), 1, len(near) - 2))
    before, top, after = near[peak - 1 : peak + 2]
    bend = before - 2.0 * top + after
    return float((peak - reach + (0.5 * (before - after) / bend if bend < 0.0 else 0.0)) / _FINER)


def direct_for_drr(direct: DirectSound) -> tuple[NDArray[np.float32], int]:
    """The exact direct sound as `measure.images.measure_image_drr` takes it."""
    return direct.expected_CT.astype(np.float32), direct.start
