"""The 20 Hz high-pass: second-order Butterworth, forward and backward, so without phase.

All images of a shoebox have positive gain, so their sum builds up a mode at 0 Hz that no real room has; it would spoil
every energy measure. Shapes: C channels, K taps.
"""

from functools import lru_cache

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from twnm_sim.compiled import compiled

_RING_PERIODS = 4.0  # of the corner frequency; the filter is 150 dB down after them


@lru_cache(maxsize=8)
def _coefficients(corner_hz: float, sample_rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    b, a = scipy.signal.butter(2, corner_hz, "highpass", fs=sample_rate)
    return np.asarray(b), np.asarray(a)


def apply_highpass(response_CK: NDArray[np.float32], corner_hz: float, sample_rate: int) -> NDArray[np.float32]:
    """The filtered response, same shape; `corner_hz` 0 returns it as it is.

    The response is zero before and after its ends; the filter's ringing past the end runs back into it, that before
    the moment of emission is dropped.
    """
    if corner_hz == 0.0:
        return response_CK
    b, a = _coefficients(corner_hz, sample_rate)
    ring = int(_RING_PERIODS * sample_rate / corner_hz)
    out_CK = np.empty_like(response_CK)
    for c in range(0, len(response_CK), 2):  # by twos: one channel's recursion waits for itself, two fill the time
        pair = slice(c, min(c + 2, len(response_CK)))
        _filter_both_ways(np.ascontiguousarray(response_CK[pair]), b, a, ring, out_CK[pair])
    return out_CK


@compiled
def _filter_both_ways(x_CK, b, a, ring, out_CK):  # type: ignore[no-untyped-def]  # compiled
    taps, last = x_CK.shape[1], x_CK.shape[0] - 1
    forward_K2 = np.empty((taps + ring, 2))
    b0, b1, b2, a1, a2 = b[0], b[1], b[2], a[1], a[2]
    s1 = s2 = t1 = t2 = 0.0
    for t in range(taps + ring):
        x = np.float64(x_CK[0, t]) if t < taps else 0.0
        z = np.float64(x_CK[last, t]) if t < taps else 0.0
        y = b0 * x + s1
        w = b0 * z + t1
        s1 = b1 * x - a1 * y + s2
        t1 = b1 * z - a1 * w + t2
        s2 = b2 * x - a2 * y
        t2 = b2 * z - a2 * w
        forward_K2[t, 0] = y
        forward_K2[t, 1] = w
    s1 = s2 = t1 = t2 = 0.0
    for t in range(taps + ring - 1, -1, -1):
        x = forward_K2[t, 0]
        z = forward_K2[t, 1]
        y = b0 * x + s1
        w = b0 * z + t1
        s1 = b1 * x - a1 * y + s2
        t1 = b1 * z - a1 * w + t2
        s2 = b2 * x - a2 * y
        t2 = b2 * z - a2 * w
        if t < taps:
            out_CK[last, t] = w
            out_CK[0, t] = y
