"""What an HRTF set does to sound as a whole: when it sets in, how late and how loud it is."""

# D directions, C ears, K taps, F frequencies

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ONSET_RATIO = 0.1  # -20 dB of a response's own peak
GAIN_BAND_HZ = (500.0, 2000.0)
_STEP_HZ = 10.0  # fine beside 1 / duration of any set


def find_onsets(hrirs_DCK: NDArray[np.floating], sample_rate: int) -> Floats:
    """Seconds (D, C) until each response first reaches a tenth (-20 dB) of its own peak.

    Between samples the magnitude is taken as a straight line, so that a delay by a fraction of a sample shows.
    """
    magnitude = np.abs(np.asarray(hrirs_DCK, dtype=np.float64))
    threshold = ONSET_RATIO * magnitude.max(axis=-1)
    crossing = np.argmax(magnitude >= threshold[..., None], axis=-1)
    after = np.take_along_axis(magnitude, crossing[..., None], axis=-1)[..., 0]
    before = np.take_along_axis(magnitude, np.maximum(crossing - 1, 0)[..., None], axis=-1)[..., 0]
    rise = np.where(crossing > 0, after - before, 1.0)
    fraction = np.where(crossing > 0, (after - threshold) / rise, 0.0)
    onsets: Floats = (crossing - fraction) / sample_rate
    return onsets


def mean_latency(hrirs_DCK: NDArray[np.floating], onsets_s_DC: Floats, solid_angles_D: Floats) -> float:
    """The onset in seconds, averaged over directions and ears with the weight energy x solid angle.

    It is the lag of a diffuse binaural sound behind an omnidirectional receiver at the head's centre.
    """
    energy_DC = np.sum(np.square(hrirs_DCK, dtype=np.float64), axis=-1)
    weights_DC = energy_DC * solid_angles_D[:, None]
    return float(np.sum(weights_DC * onsets_s_DC) / np.sum(weights_DC))


def diffuse_gain(hrirs_DCK: NDArray[np.floating], solid_angles_D: Floats, sample_rate: int) -> float:
    """Diffuse-field energy gain in dB over an omnidirectional receiver (unit impulse), 500 Hz to 2 kHz.

    The mean of |H|^2 over the frequencies of the band (linear), over directions by solid angle, and over both ears.
    """
    frequencies = np.arange(GAIN_BAND_HZ[0] + 0.5 * _STEP_HZ, GAIN_BAND_HZ[1], _STEP_HZ)
    phases_KF = 2.0 * np.pi * np.outer(np.arange(hrirs_DCK.shape[-1]), frequencies) / sample_rate
    weights_D = solid_angles_D / solid_angles_D.sum()
    power_DC = np.zeros(hrirs_DCK.shape[:2])
    for part_KF in (np.cos(phases_KF), np.sin(phases_KF)):
        for start in range(0, len(weights_D), 256):  # blocks hold the memory of a 12,000-direction set down
            block = slice(start, start + 256)
            power_DC[block] += np.mean(np.square(hrirs_DCK[block] @ part_KF), axis=-1)
    return 10.0 * float(np.log10(np.sum(weights_D * power_DC.mean(axis=1))))
