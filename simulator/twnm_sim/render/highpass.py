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
    for c in range(len(response_CK)):
        _filter_both_ways(np.ascontiguousarray(response_CK[c]), b, a, ring, out_CK[c])
    return out_CK


@compiled
def _filter_both_ways(x_K, b, a, ring, out_K):  # type: ignore[no-untyped-def]  # compiled
    taps = len(x_K)
    forward = np.empty(taps + ring)
    s1 = s2 = 0.0
    for t in range(taps + ring):
        x = np.float64(x_K[t]) if t < taps else 0.0
        y = b[0] * x + s1
        s1 = b[1] * x - a[1] * y + s2
        s2 = b[2] * x - a[2] * y
        forward[t] = y
    s1 = s2 = 0.0
    for t in range(taps + ring - 1, -1, -1):
        x = forward[t]
        y = b[0] * x + s1
        s1 = b[1] * x - a[1] * y + s2
        s2 = b[2] * x - a[2] * y
        if t < taps:
            out_K[t] = y
