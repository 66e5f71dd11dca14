"""Fractional delays: the kernels by which sounds are placed between samples.

Two tools. A short windowed-sinc kernel per 1/1024 sample places an impulse (Ambisonics, mono, the late field). For a
long response that is placed again and again (an HRIR), four copies shifted by 0, 1/4, 1/2, 3/4 sample are kept, and
four neighbouring copies are blended; the blend is the least-squares best over the audible band.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PHASES = 4  # shifted copies of an HRIR
BLENDS = 1024  # blends between two copies: steps of 1/4096 sample
STEPS = 1024  # kernels an impulse is placed with
_BAND = 0.86  # of Nyquist: the band in which blends are fitted, 19 kHz at 44.1 kHz


@lru_cache(maxsize=4)
def impulse_kernels(taps: int) -> NDArray[np.float32]:
    """Kernels (STEPS + 1, taps): an impulse delayed by step / STEPS samples, centred on tap taps // 2 - 1.

    A sinc under a Kaiser window; the window's attenuation is the best that `taps` allow for a transition from 18 kHz to
    its alias at 44.1 kHz (Kaiser 1974).
    """
    transition = 2.0 * np.pi * 0.18
    attenuation = 2.285 * transition * (taps - 1) + 7.95
    beta = (
        0.1102 * (attenuation - 8.7)
        if attenuation > 50
        else 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    )
    fraction_S1 = (np.arange(STEPS + 1) / STEPS)[:, None]
    time_ST = np.arange(taps)[None, :] - (taps // 2 - 1) - fraction_S1
    inside = np.clip(1.0 - (time_ST / (taps / 2)) ** 2, 0.0, None)
    return (np.sinc(time_ST) * np.i0(beta * np.sqrt(inside)) / np.i0(beta)).astype(np.float32)


@lru_cache(maxsize=1)
def blend_weights() -> NDArray[np.float32]:
    """Weights (BLENDS + 1, 4) of the copies at -1, 0, 1, 2 quarter samples for a delay of step / BLENDS quarters.

    Minimises the mean squared error of exp(-j w delay) over |w| < _BAND pi; symmetric under reversal.
    """
    copies_4 = np.arange(-1, 3)
    delay_B1 = (np.arange(BLENDS + 1) / BLENDS)[:, None]
    band = _BAND / PHASES  # sinc(band t) is the inner product of two delays t apart
    gram_44 = np.sinc(band * (copies_4[:, None] - copies_4[None, :]))
    target_B4 = np.sinc(band * (delay_B1 - copies_4[None, :]))
    return np.linalg.solve(gram_44, target_B4.T).T.astype(np.float32)


def shift_copies(responses_RK: NDArray[np.float32], pad: int) -> NDArray[np.float32]:
    """Copies (R, PHASES, pad + K + pad) of responses delayed by 0, 1/4, 1/2, 3/4 sample, by exact phase ramps.

    `pad` zeros stand on both sides, into which the shifted copies ring.
    """
    rows, taps = responses_RK.shape
    width = pad + taps + pad
    size = 1 << int(np.ceil(np.log2(width + 64)))
    frequency_F = np.arange(size // 2 + 1) / size
    copies = np.empty((rows, PHASES, width), np.float32)
    for first in range(0, rows, 512):  # bounds the memory of large sets
        part = slice(first, first + 512)
        padded = np.zeros((len(responses_RK[part]), size))
        padded[:, pad : pad + taps] = responses_RK[part]
        spectrum = np.fft.rfft(padded)
        for phase in range(PHASES):
            ramp_F = np.exp(-2j * np.pi * frequency_F * phase / PHASES)
            copies[part, phase] = np.fft.irfft(spectrum * ramp_F, size)[:, :width]
    return copies
