"""The first 80 ms again, the plain way: every image by itself in float64, exact delays, losses at every frequency.

Nothing here is shared with the renderer but the record, the HRTF and ISO 9613-1.
Shapes: N images, S surfaces, C ears, F bins, K taps.
"""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.geometry import OCTAVE_CENTRES_HZ, rotation_matrix
from twnm_schemas.records import SimulatedRoom, SimulatedSource
from twnm_schemas.render import Atmosphere
from twnm_sim.check.direct import air_gain, bin_frequencies
from twnm_sim.hrtf.model import Hrtf

Floats = NDArray[np.float64]
EARLY_S = 0.080
MOST_IMAGES = 12_000  # what a sum may cost; small hard rooms stay below
_RING = 4096  # samples that zero-phase losses may ring on either side
_HEARD_S = 0.02  # of the early part that must follow the direct sound
_FADE_S = 0.002
_BAND_HZ = (100.0, 18_000.0)
_AT_ONCE = 1 << 21  # numbers held at a time


def list_lattice(record: SimulatedRoom, source: SimulatedSource, farthest_m: float) -> tuple[Floats, NDArray[np.int_]]:
    """Displacements (N, 3) of all images nearer than `farthest_m`, and how often each wall is hit (N, 6).

    Allen and Berkley's parity form: x = (1 - 2 q) s + 2 m L, |m - q| hits at the wall at 0, |m| at the wall at L.
    """
    axes = []
    for s, p, side in zip(source.position_m, record.listener.position_m, record.size_m, strict=True):
        reach = ceil(farthest_m / (2.0 * side)) + 1
        m, q = (grid.ravel() for grid in np.meshgrid(np.arange(-reach, reach + 1), (0, 1)))
        axes.append(((1 - 2 * q) * s + 2 * m * side - p, np.abs(m - q), np.abs(m)))
    (x, *x_hits), (y, *y_hits), (z, *z_hits) = axes
    i, j, k = np.nonzero((x**2)[:, None, None] + (y**2)[:, None] + z**2 < farthest_m**2)
    hits = [axis_hits[at] for axis, at in ((x_hits, i), (y_hits, j), (z_hits, k)) for axis_hits in axis]
    return np.stack([x[i], y[j], z[k]], axis=1), np.stack(hits, axis=1)


def early_error_db(
    response_CK: NDArray[np.float32], record: SimulatedRoom, source: SimulatedSource, atmosphere: Atmosphere, hrtf: Hrtf
) -> float | None:
    """Energy of the difference over that of the sum, 100 Hz to 18 kHz, in dB.

    None where images are too many, and where the direct sound is not well within the early part (a hall's far end).
    """
    rate = record.sample_rate
    if source.distance_m / atmosphere.speed_of_sound + _HEARD_S > min(EARLY_S, response_CK.shape[1] / rate):
        return None
    taps = min(round(EARLY_S * rate), response_CK.shape[1])
    expected_CK = sum_images(record, source, atmosphere, hrtf, taps)
    if expected_CK is None:
        return None
    fade = round(_FADE_S * rate)
    window_K = np.ones(taps)
    rise = np.sin(0.5 * np.pi * (np.arange(fade) + 0.5) / fade) ** 2
    window_K[:fade], window_K[-fade:] = rise, rise[::-1]
    size = 1 << ceil(np.log2(2 * taps))
    frequency_F = bin_frequencies(size, rate)
    band_F = (frequency_F >= _BAND_HZ[0]) & (frequency_F <= _BAND_HZ[1])
    # both through the high-pass: what it takes out of the sum is below the band but for the cut at its end
    error_CF = np.fft.rfft((response_CK[:, :taps] - expected_CK) * window_K, size)[:, band_F]
    expected_CF = np.fft.rfft(expected_CK * window_K, size)[:, band_F]
    return float(10.0 * np.log10(max(np.sum(np.abs(error_CF) ** 2), 1e-30) / np.sum(np.abs(expected_CF) ** 2)))


def sum_images(
    record: SimulatedRoom, source: SimulatedSource, atmosphere: Atmosphere, hrtf: Hrtf, taps: int
) -> Floats | None:
    """The response (2, taps) of every image that arrives in it; None where they are over `MOST_IMAGES`."""
    rate, speed = record.sample_rate, atmosphere.speed_of_sound
    displacement_N3, hits_NS = list_lattice(record, source, speed * taps / rate)
    if len(displacement_N3) > MOST_IMAGES:
        return None
    distance_N = np.linalg.norm(displacement_N3, axis=1)
    size = 1 << ceil(np.log2(taps + hrtf.taps + _RING))
    frequency_F = bin_frequencies(size, rate)
    log_SF = _log_reflections(record, frequency_F)
    air_F = np.log(air_gain(frequency_F, 1.0, atmosphere))
    direction_N = _nearest_directions(displacement_N3, record, hrtf)
    spectrum_CF = np.zeros((2, len(frequency_F)), complex)
    for d in np.unique(direction_N):
        mine = direction_N == d
        pressure_F = _sum_pressures(frequency_F, distance_N[mine], hits_NS[mine], log_SF, air_F, speed)
        spectrum_CF += pressure_F * np.fft.rfft(hrtf.hrirs_DCK[d].astype(np.float64), size)
    return np.fft.irfft(spectrum_CF * _highpass(frequency_F, record), size)[:, :taps]


def _highpass(frequency_F: Floats, record: SimulatedRoom) -> Floats:
    """Second-order Butterworth forward and backward: |H|^2, of the bilinear transform."""
    if record.highpass_hz == 0.0:
        return np.ones(len(frequency_F))
    warped_F = np.tan(np.pi * np.minimum(frequency_F, 0.4999 * record.sample_rate) / record.sample_rate)
    ratio_F = warped_F / np.tan(np.pi * record.highpass_hz / record.sample_rate)
    return np.asarray(ratio_F**4 / (1.0 + ratio_F**4))


def _log_reflections(record: SimulatedRoom, frequency_F: Floats) -> Floats:
    """Natural log of each wall's amplitude factor (S, F): linear in dB over log frequency, constant outside."""
    octave_F = np.log2(np.maximum(frequency_F, 1.0) / OCTAVE_CENTRES_HZ[0])
    alpha_SB = np.array(record.absorption)
    # the convention of a band that a surface absorbs whole, but not every band: 40 dB (docs/acoustics.md)
    least_S1 = np.where(alpha_SB.min(axis=1, keepdims=True) >= 1.0, 1e-300, 1e-4)
    log_SB = 0.5 * np.log(np.maximum(1.0 - alpha_SB, least_S1))
    if np.ptp(log_SB, axis=1).max() == 0.0:
        return log_SB[:, :1]
    return np.stack([np.interp(octave_F, np.arange(len(OCTAVE_CENTRES_HZ)), log_B) for log_B in log_SB])


def _nearest_directions(displacement_N3: Floats, record: SimulatedRoom, hrtf: Hrtf) -> NDArray[np.int_]:
    head = record.listener
    local_N3 = displacement_N3 @ np.array(rotation_matrix(head.yaw_deg, head.pitch_deg, head.roll_deg))
    step = max(1, _AT_ONCE // len(hrtf.directions_D3))
    blocks = (local_N3[first : first + step] for first in range(0, len(local_N3), step))
    return np.concatenate([np.argmax(block_N3 @ hrtf.directions_D3.T, axis=1) for block_N3 in blocks])


def _sum_pressures(
    frequency_F: Floats, distance_N: Floats, hits_NS: NDArray[np.int_], log_SF: Floats, air_F: Floats, speed: float
) -> NDArray[np.complex128]:
    """Spectrum (F,) of the images of one direction."""
    total_F = np.zeros(len(frequency_F), complex)
    step = max(1, _AT_ONCE // len(frequency_F))
    for first in range(0, len(distance_N), step):
        metres_N1, hits = distance_N[first : first + step, None], hits_NS[first : first + step]
        exponent_NF = hits @ log_SF + metres_N1 * (air_F - 2j * np.pi * frequency_F / speed)
        total_F += np.sum(np.exp(exponent_NF) / metres_N1, axis=0)
    return total_F
