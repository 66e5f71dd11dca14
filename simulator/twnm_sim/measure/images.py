"""The direct image of a simulated response against all its other images.

Shapes: C channels, K taps, T taps of the direct sound, B octave bands (one more row: broadband).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twnm_sim.measure.bands import PAD_S, Floats, choose_fft_size, plan_bands, take_band, transform_real


class DirectImage(NamedTuple):
    """The direct sound rendered alone: samples (C, T), the first of them at sample `start` of the response."""

    samples_CT: NDArray[np.float32]
    start: int


def split_direct_image(
    heard_CK: NDArray[np.float32], sample_rate: int, image: DirectImage, energy_B: Floats
) -> tuple[Floats, Floats]:
    """Energy by band (last: broadband) of the direct image, and of the response without it; channels summed.

    `energy_B` is the whole response's. Taking the direct sound away changes it by E(part - direct) - E(part), where
    `part` is the stretch of the response in which a band's filter still feels the direct sound: no second transform of
    the whole is needed.
    """
    channels, taps = heard_CK.shape
    ring = int(PAD_S * sample_rate)
    length = image.samples_CT.shape[1]
    part_CT = np.zeros((channels, length + 2 * ring), np.float32)
    low, high = max(0, image.start - ring), min(taps, image.start + length + ring)
    offset = low - (image.start - ring)
    part_CT[:, offset : offset + high - low] = heard_CK[:, low:high]
    direct_CT = np.zeros_like(part_CT)
    direct_CT[:, ring : ring + length] = image.samples_CT[:channels]
    part_B, direct_B, without_B = (
        _band_energies(samples_CT, sample_rate) for samples_CT in (part_CT, direct_CT, part_CT - direct_CT)
    )
    return direct_B, np.maximum(energy_B + without_B - part_B, 0.0)


def _band_energies(samples_CT: NDArray[np.float32], sample_rate: int) -> Floats:
    size = choose_fft_size(samples_CT.shape[1], sample_rate)
    spectrum_CF = transform_real(samples_CT, size)
    energies = [
        0.0 if band is None else take_band(spectrum_CF, band, size).energy_C.sum()
        for band in plan_bands(size, sample_rate)
    ]
    return np.array([*energies, sum(energies)])
