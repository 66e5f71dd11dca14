"""Ambisonics and mono: every image as a short fractional-delay impulse, weighted by spherical harmonics.

AmbiX: channels in ACN order, SN3D normalisation (Nachbar et al. 2011, "ambiX"), in the listener frame, so the sound
field turns with the head. Order 0 is the omnidirectional pressure; order 1 is (W, Y, Z, X) = (1, y, z, x). Higher
orders need their harmonics here and nothing else. Shapes: N images, C channels, K taps, R rows of loss weights.
"""

import numpy as np
from numpy.typing import NDArray

from twnm_sim.compiled import compiled
from twnm_sim.render.fractional import STEPS, impulse_kernels

_TAPS = 32


def spherical_harmonics(order: int, vectors_N3: NDArray[np.floating]) -> NDArray[np.floating]:
    """Real SN3D harmonics (N, (order + 1)^2) of unit vectors, ACN order."""
    x, y, z = vectors_N3.T
    if order == 0:
        return np.ones((len(vectors_N3), 1))
    if order == 1:
        return np.stack([np.ones_like(x), y, z, x], axis=1)
    raise NotImplementedError(f"Ambisonics of order {order}: only 0 and 1 are written")


def add_impulses(
    weight_CN: NDArray[np.floating], delay_N: NDArray[np.floating], weight_RN: NDArray[np.floating], taps: int
) -> NDArray[np.float32]:
    """Responses (R, C, taps): impulses at `delay_N` samples, each with its channel's and its row's weight."""
    out = np.zeros((len(weight_RN), len(weight_CN), taps + 2 * _TAPS), np.float32)
    _add(impulse_kernels(_TAPS), weight_CN, delay_N, weight_RN, taps, out)
    return out[:, :, _TAPS : _TAPS + taps]


@compiled
def _add(kernels, weight_CN, delay_N, weight_RN, taps, out):  # type: ignore[no-untyped-def]  # compiled
    width = kernels.shape[1]
    for n in range(len(delay_N)):
        start = int(np.floor(delay_N[n]))
        if start >= taps or start < 0:
            continue
        kernel = kernels[int((delay_N[n] - start) * STEPS + 0.5)]
        first = start - (width // 2 - 1) + width
        for r in range(weight_RN.shape[0]):
            for c in range(weight_CN.shape[0]):
                gain = np.float32(weight_RN[r, n] * weight_CN[c, n])
                o = out[r, c, first : first + width]
                for t in range(width):
                    o[t] += gain * kernel[t]
