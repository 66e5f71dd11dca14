"""What tails are like together: coherence between the ears, and energy over time against the images' own.

A tail starts after the mixing time and ends 50 dB lower. It is cut into frames of about 93 ms that overlap by half
under a Hann window; each frame is divided by its own energy before coherence is pooled, so that loud and late frames
count alike. A single response is never judged: interference alone moves it. Shapes: C ears, M frames, F bins, O third
octaves, B octaves.
"""

from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.geometry import OCTAVE_CENTRES_HZ
from twnm_schemas.records import SimulatedRoom
from twnm_schemas.render import Atmosphere
from twnm_sim.check.direct import air_gain, bin_frequencies
from twnm_sim.check.records import room_of
from twnm_sim.decay import energy_rates
from twnm_sim.hrtf.model import Hrtf

Floats = NDArray[np.float64]
THIRD_OCTAVES_HZ = 1000.0 * 2.0 ** (np.arange(-10, 7) / 3.0)  # 100 Hz to 4 kHz
DECAY_BANDS = (3, 4, 5, 6)  # 1 to 8 kHz
_FRAME_S = 0.093
_AFTER_MIXING_S = 0.012  # the fade of the images into the tail
_EARLIEST_S = 0.080
_DEPTH_DB = 50.0
DECAY_FLOOR_DB = -40.0


@dataclass(frozen=True)
class Tail:
    """One response's tail: power and cross-spectra by frame, in frequency bins.

    `power_CMF`: of each ear; `cross_MF`: left times conjugate right (empty for one channel); `centre_M`: seconds.
    """

    frequency_F: Floats
    power_CMF: Floats
    cross_MF: NDArray[np.complex128]
    centre_M: Floats


@dataclass(frozen=True)
class CoherenceSum:
    """Pooled over tails, in third octaves: real cross-power and power of each ear (3, O), and how many tails."""

    sums_3O: Floats
    tails: int

    def __add__(self, other: "CoherenceSum") -> "CoherenceSum":
        return CoherenceSum(self.sums_3O + other.sums_3O, self.tails + other.tails)

    def coherence(self) -> Floats:
        """Real part of the normalised cross-spectrum (O,)."""
        cross_O, left_O, right_O = self.sums_3O
        return np.asarray(cross_O / np.sqrt(np.maximum(left_O * right_O, 1e-300)))


def no_tails() -> CoherenceSum:
    """A sum of nothing."""
    return CoherenceSum(np.zeros((3, len(THIRD_OCTAVES_HZ))), 0)


def frame_size(rate: int) -> int:
    """Samples of a frame: the power of two nearest to 93 ms."""
    return 1 << round(log2(_FRAME_S * rate))


def find_tail(
    response_CK: NDArray[np.float32], rate: int, latency_s: float = 0.0, mixing_time_s: float | None = None
) -> Tail | None:
    """The frames of a tail; None where not one fits. `latency_s`: of the head, after which the mixing time counts."""
    size = frame_size(rate)
    start = round(((mixing_time_s or _EARLIEST_S) + latency_s + _AFTER_MIXING_S) * rate)
    if start + size > response_CK.shape[1]:
        return None
    frames_CMT = np.lib.stride_tricks.sliding_window_view(response_CK[:2, start:], size, axis=1)[:, :: size // 2]
    spectrum_CMF = np.fft.rfft(frames_CMT * np.hanning(size))
    power_CMF = np.square(np.abs(spectrum_CMF))
    energy_M = power_CMF.sum(axis=(0, 2))
    used = max(1, int(np.argmax(np.append(energy_M < 10.0 ** (-0.1 * _DEPTH_DB) * energy_M[0], True))))
    cross_MF = spectrum_CMF[0] * spectrum_CMF[-1].conj()
    centre_M = (start + 0.5 * size * (1 + np.arange(used))) / rate - latency_s
    return Tail(bin_frequencies(size, rate), power_CMF[:, :used], cross_MF[:used], centre_M)


def sum_coherence(tail: Tail) -> CoherenceSum:
    """One tail's contribution, each frame weighing the same."""
    weight_M1 = 1.0 / np.maximum(tail.power_CMF.sum(axis=(0, 2)), 1e-300)[:, None]
    rows_3F = [np.sum(part * weight_M1, axis=0) for part in (tail.cross_MF.real, *tail.power_CMF)]
    return CoherenceSum(_in_third_octaves(np.array(rows_3F), tail.frequency_F), 1)


def _in_third_octaves(rows_RF: Floats, frequency_F: Floats) -> Floats:
    place_F = np.log2(np.maximum(frequency_F, 1.0) / THIRD_OCTAVES_HZ[0]) * 3.0
    return np.stack([rows_RF[:, np.abs(place_F - o) <= 0.5].sum(axis=1) for o in range(len(THIRD_OCTAVES_HZ))], axis=1)


def diffuse_coherence(hrtf: Hrtf) -> Floats:
    """The head's diffuse field in the same third octaves (O,): every direction by its solid angle."""
    size = frame_size(hrtf.sample_rate)
    weight_D = hrtf.solid_angles_D / hrtf.solid_angles_D.sum()
    rows_3F = np.zeros((3, size // 2 + 1))
    for first in range(0, len(weight_D), 128):
        spectrum_DCF = np.fft.rfft(hrtf.hrirs_DCK[first : first + 128].astype(np.float64), size)
        left_DF, right_DF = spectrum_DCF[:, 0], spectrum_DCF[:, 1]
        parts = ((left_DF * right_DF.conj()).real, np.abs(left_DF) ** 2, np.abs(right_DF) ** 2)
        rows_3F += np.array([weight_D[first : first + 128] @ part_DF for part_DF in parts])
    sums_3O = _in_third_octaves(rows_3F, bin_frequencies(size, hrtf.sample_rate))
    return CoherenceSum(sums_3O, 0).coherence()


def octave_energies(power_MF: Floats, frequency_F: Floats) -> Floats:
    """Energy by octave and frame (len(DECAY_BANDS), M)."""
    octave_F = np.log2(np.maximum(frequency_F, 1.0) / OCTAVE_CENTRES_HZ[0])
    return np.stack([power_MF[:, np.abs(octave_F - b) <= 0.5].sum(axis=1) for b in DECAY_BANDS])


def expected_energies(record: SimulatedRoom, atmosphere: Atmosphere, tail: Tail, power_F: Floats) -> Floats:
    """What the images bring to each octave and frame (len(DECAY_BANDS), M), less the air at every frequency.

    `power_F`: the diffuse-field power of the head on the tail's bins, ones for a microphone.
    """
    rates_BM = energy_rates(room_of(record), tail.centre_M, atmosphere.speed_of_sound, DECAY_BANDS)[:, :, 0]
    loss_F = np.log(air_gain(tail.frequency_F, 1.0, atmosphere))
    air_MF = np.exp(2.0 * np.outer(atmosphere.speed_of_sound * tail.centre_M, loss_F)) * power_F
    return np.asarray(rates_BM * octave_energies(air_MF, tail.frequency_F))


def diffuse_power(hrtf: Hrtf) -> Floats:
    """Both ears' power of a diffuse field on a frame's bins (F,)."""
    weight_D = hrtf.solid_angles_D / hrtf.solid_angles_D.sum()
    size = frame_size(hrtf.sample_rate)
    total_F = np.zeros(size // 2 + 1)
    for first in range(0, len(weight_D), 128):
        spectrum_DCF = np.fft.rfft(hrtf.hrirs_DCK[first : first + 128].astype(np.float64), size)
        total_F += weight_D[first : first + 128] @ np.square(np.abs(spectrum_DCF)).sum(axis=1)
    return total_F


def decay_differences_db(energy_BM: Floats, expected_BM: Floats) -> Floats:
    """The largest difference of the backward-integrated curves down to -40 dB, by octave (B,)."""
    found_BM, theory_BM = (_integrate_db(rows_BM) for rows_BM in (energy_BM, expected_BM))
    return np.asarray(np.max(np.abs(found_BM - theory_BM) * (theory_BM > DECAY_FLOOR_DB), axis=1))


def _integrate_db(energy_BM: Floats) -> Floats:
    left_BM = np.cumsum(energy_BM[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(10.0 * np.log10(np.maximum(left_BM, 1e-300) / np.maximum(left_BM[:, :1], 1e-300)))
