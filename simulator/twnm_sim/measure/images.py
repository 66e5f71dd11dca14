"""The direct-to-reverberant ratio of a simulated response: its direct image against all the others.

Shapes: C channels, K taps, T taps of the direct sound, B octave bands.
"""

import numpy as np
from numpy.typing import NDArray

from twnm_schemas import OCTAVE_CENTRES_HZ
from twnm_sim.measure.bands import choose_fft_size, plan_bands, take_band, transform_real
from twnm_sim.measure.brir import DrrImages

_DIRECT_SIZE = 8192  # resolves the 125 Hz octave
_NOTHING = 1e-9  # of the direct energy: what is left of an anechoic response is rounding


def measure_image_drr(
    response_CK: NDArray[np.float32], direct_CT: NDArray[np.float32], start: int, sample_rate: int
) -> DrrImages:
    """The ratios in dB per octave band and broadband, both ears summed; null where nothing follows the direct sound.

    `direct_CT`: the direct image rendered alone, its first sample at sample `start` of the response (may be negative).
    Of four channels (Ambisonics) the first is used.
    """
    channels = 1 if len(response_CK) == 4 else len(response_CK)
    rest_CK = response_CK[:channels].copy()
    low, high = max(0, -start), min(direct_CT.shape[1], rest_CK.shape[1] - start)
    rest_CK[:, start + low : start + high] -= direct_CT[:channels, low:high]
    direct_B = _band_energies(direct_CT[:channels], max(_DIRECT_SIZE, 2 * direct_CT.shape[1]), sample_rate)
    rest_B = _band_energies(rest_CK, choose_fft_size(rest_CK.shape[1], sample_rate), sample_rate)
    ratios = [_ratio_db(direct, rest) for direct, rest in zip(direct_B, rest_B, strict=True)]
    return DrrImages(tuple(ratios), _ratio_db(sum(direct_B), sum(rest_B)))


def _band_energies(samples_CK: NDArray[np.float32], least: int, sample_rate: int) -> list[float]:
    size = choose_fft_size(least, sample_rate)
    spectrum_CF = transform_real(np.ascontiguousarray(samples_CK), size)
    bands = plan_bands(size, sample_rate)
    return [
        0.0 if band is None else float(take_band(spectrum_CF, band, size).energy_C.sum())
        for band in bands[: len(OCTAVE_CENTRES_HZ)]
    ]


def _ratio_db(direct: float, rest: float) -> float | None:
    if direct <= 0.0 or rest <= _NOTHING * direct:
        return None
    return float(10.0 * np.log10(direct / rest))
