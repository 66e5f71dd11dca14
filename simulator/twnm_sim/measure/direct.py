"""Interaural time and level difference of the direct sound: what arrives within 2.5 ms of the onset."""

# C ears, K taps, F frequency bins, L lags

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from twnm_schemas import OCTAVE_CENTRES_HZ
from twnm_sim.measure.bands import Floats, fits_below_nyquist, octave_band_magnitude
from twnm_sim.measure.interaural import LAGS_US, find_peaks, level_difference_db

WINDOW_S = 0.0025
_BEFORE_S = 0.001  # silence, or the other ear's first sound where the onset is a mean over directions
_SIZE_S = 0.0116  # the transform's span: window plus lag, twice over


def measure_direct(
    heard_CK: NDArray[np.float32], sample_rate: int, onset_s: float
) -> tuple[float | None, float | None]:
    """(itd_us, ild_db) of the direct sound over the 125 Hz to 8 kHz octaves; (None, None) for one channel.

    The time difference is the lag of the maximum of |IACF| within 1 ms, between samples by the spectrum's own
    interpolation; positive when the left ear leads. None also where an ear is silent.
    """
    if heard_CK.shape[0] != 2:
        return None, None
    start = max(0, round((onset_s - _BEFORE_S) * sample_rate))
    stop = round((onset_s + WINDOW_S) * sample_rate)
    size = scipy.fft.next_fast_len(int(_SIZE_S * sample_rate), real=True)
    power_F, cosine_FL, sine_FL = _plan_direct(size, sample_rate)
    spectrum_CF = scipy.fft.rfft(heard_CK[:, start:stop].astype(np.float64), size, axis=-1)
    energy_C = np.square(np.abs(spectrum_CF)) @ power_F
    cross_F = np.conj(spectrum_CF[0]) * spectrum_CF[1] * power_F
    correlation_L = cross_F.real @ cosine_FL - cross_F.imag @ sine_FL
    _, itd_us = find_peaks(correlation_L[None], energy_C[None])
    ild_db = level_difference_db(energy_C[None])
    if np.isnan(itd_us[0]) or np.isnan(ild_db[0]):
        return None, None
    return float(itd_us[0]), float(ild_db[0])


@lru_cache(maxsize=8)
def _plan_direct(size: int, sample_rate: int) -> tuple[Floats, Floats, Floats]:
    frequency_F = np.arange(size // 2 + 1) * (sample_rate / size)
    centres = [centre for centre in OCTAVE_CENTRES_HZ if fits_below_nyquist(centre, sample_rate)]
    power_F = np.sum([octave_band_magnitude(frequency_F, centre) ** 2 for centre in centres], axis=0)
    angle_FL = 2e-6 * np.pi * np.outer(frequency_F, LAGS_US)
    return power_F, np.cos(angle_FL), np.sin(angle_FL)
