"""Another sample rate, and delays by a fraction of a sample."""

# D directions, C ears, K taps, T samples

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_TAIL = 64  # samples of room for the filters' ringing at a response's end
_INAUDIBLE = 1e-4  # -80 dB of the set's peak; the energy of what is left out lies below -85 dB
_HALF_WIDTH = 32  # taps of the fractional delay filter on each side
_KAISER_BETA = 10.0


def resample_hrirs(hrirs_DCK: Floats, rate_in: int, rate_out: int) -> Floats:
    """The same frequency responses and delays at another rate (soxr HQ).

    An impulse response is a density over time: its samples shrink by rate_in / rate_out as the rate grows. The
    filter's ringing past the last tap is kept down to -80 dB of the set's peak. What rings before the first sample is
    lost: from 44.1 to 48 kHz an energy of -87 dB (KEMAR) and -71 dB (FABIAN, which sets in earlier), and to 16 kHz
    about -40 dB, next to that rate's Nyquist frequency.
    """
    import soxr

    if rate_in == rate_out:
        return hrirs_DCK
    directions, ears, taps = hrirs_DCK.shape
    padded = np.pad(hrirs_DCK, ((0, 0), (0, 0), (0, _TAIL)))
    blocks = [
        soxr.resample(np.ascontiguousarray(block.reshape(-1, taps + _TAIL).T), rate_in, rate_out, quality="HQ")
        for block in np.array_split(padded, -(-directions // 256))
    ]
    resampled = np.concatenate([block.T for block in blocks]).reshape(directions, ears, -1) * (rate_in / rate_out)
    return _trim_tail(resampled, keep=-(-taps * rate_out // rate_in))


def delay_hrirs(hrirs_DCK: Floats, delays_DC: Floats) -> Floats:
    """Each response later by its own delay in samples (>= 0), integer or fractional.

    Whole samples are moved; fractions go through a Kaiser-windowed sinc, whose ringing before the first sample is
    dropped and whose ringing after the last tap is kept down to -80 dB.
    """
    if not delays_DC.any():
        return hrirs_DCK
    directions, ears, taps = hrirs_DCK.shape
    tail = 0 if np.array_equal(delays_DC, np.floor(delays_DC)) else _HALF_WIDTH
    delayed = np.zeros((directions, ears, taps + int(np.ceil(delays_DC.max())) + tail))
    for d, c in np.ndindex(directions, ears):
        _place(delayed[d, c], hrirs_DCK[d, c], float(delays_DC[d, c]))
    return _trim_tail(delayed, keep=taps + int(np.ceil(delays_DC.max())))


def _place(row_T: Floats, hrir_K: Floats, delay: float) -> None:
    whole = int(delay)
    fraction = delay - whole
    if fraction == 0.0:
        row_T[whole : whole + len(hrir_K)] = hrir_K
        return
    spread = np.convolve(hrir_K, _fractional_delay(fraction))
    start = whole - (_HALF_WIDTH - 1)
    spread = spread[max(0, -start) :]
    start = max(0, start)
    length = min(len(spread), len(row_T) - start)
    row_T[start : start + length] = spread[:length]


def _fractional_delay(fraction: float) -> Floats:
    """A windowed sinc of 64 taps that delays by 31 + fraction samples."""
    offset = np.arange(-_HALF_WIDTH + 1, _HALF_WIDTH + 1) - fraction
    window = np.i0(_KAISER_BETA * np.sqrt(1.0 - np.square(offset / _HALF_WIDTH))) / np.i0(_KAISER_BETA)
    taps = np.sinc(offset) * window
    return np.asarray(taps / taps.sum(), dtype=np.float64)


def _trim_tail(hrirs_DCK: Floats, keep: int) -> Floats:
    """Without the silence after the set's last audible sample, but never below `keep` taps."""
    peaks_K = np.abs(hrirs_DCK).max(axis=(0, 1))
    audible = np.flatnonzero(peaks_K > _INAUDIBLE * peaks_K.max())
    return hrirs_DCK[..., : max(keep, int(audible[-1]) + 1)]
