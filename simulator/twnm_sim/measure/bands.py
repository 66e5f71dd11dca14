"""Zero-phase octave bands by one transform, and each band's energy over time from a short one.

The magnitude is Meyer's (the wavelet's window on a logarithmic frequency axis; power complementary as the filters of
J. Antoni, "Orthogonal-like fractional-octave-band filters", JASA 127(2), 2010, 884-895). With u = |log2(f / fc)|:

    |H(f)| = cos(pi/2 nu(u)) for u < 1, else 0,    nu(u) = u^4 (35 - 84 u + 70 u^2 - 20 u^3)

It is 0.05 dB down a quarter octave from the centre, 3.01 dB at the band's edges (fc / sqrt 2 and fc sqrt 2), and silent
from one octave on: steeper than the shape that IEC 61260-1 asks of class 1. The squares of neighbouring bands add up to
one, so the octaves' energies add up to the broadband energy, and the compact support lets a band live at a low rate.
"""

# B bands, C ears or channels, K taps, F frequency bins, M envelope samples, N nodes, T times

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from twnm_schemas import OCTAVE_CENTRES_HZ

from twnm_sim.compiled import compiled

Floats = NDArray[np.float64]
PAD_S = 0.13  # half of this before and after: the 125 Hz filter has rung down by 70 dB in it
_RUNGS = (16, 18, 20, 24, 25, 27, 30, 32)  # of 2^k / 16: few distinct transform sizes, so that filters are reused
NODE_SPACING_HZ = 10.0  # see `interaural`


def octave_band_magnitude(freq_F: NDArray[np.floating], centre_hz: float) -> Floats:
    """|H| of the octave around `centre_hz` at the frequencies `freq_F` in Hz (any shape): formula above."""
    frequency_F = np.asarray(freq_F, dtype=np.float64)
    u_F = np.abs(np.log2(np.maximum(frequency_F, 1e-9) / centre_hz))
    u_F = np.minimum(u_F, 1.0)
    nu_F = u_F**4 * (35.0 - 84.0 * u_F + 70.0 * u_F**2 - 20.0 * u_F**3)
    magnitude_F: Floats = np.where(u_F < 1.0, np.cos(0.5 * np.pi * nu_F), 0.0)
    return magnitude_F


@dataclass(frozen=True)
class Band:
    """One octave on the bins of one transform size.

    `magnitude_F`: float32, from bin `first_bin` on. The band-pass signal, shifted to baseband, is `envelope_size`
    complex samples over the transform's span. Its bins fall between `nodes` frequencies from `first_node` on, `group`
    bins apart.
    """

    centre_hz: float
    first_bin: int
    magnitude_F: NDArray[np.float32]
    envelope_size: int
    group: int
    first_node: int
    nodes: int


@dataclass(frozen=True)
class BandSpectrum:
    """What one pass over a band's bins gives.

    `baseband_CM`: the weighted bins from 0 on, zeros after them. `energy_C`: energy of the filtered signal, by
    Parseval. `cross_N`: conj(left) right summed onto the nodes (zeros for one channel).
    """

    baseband_CM: NDArray[np.complex64]
    energy_C: Floats
    cross_N: NDArray[np.complex128]


def bandwidth_hz(centre_hz: float) -> float:
    """The octave's width: fc sqrt 2 - fc / sqrt 2."""
    return float(centre_hz / np.sqrt(2.0))


def fits_below_nyquist(centre_hz: float, sample_rate: int) -> bool:
    """Whether the octave's upper edge (fc sqrt 2) can be in audio of this rate."""
    return bool(centre_hz * np.sqrt(2.0) <= 0.5 * sample_rate)


def choose_fft_size(taps: int, sample_rate: int) -> int:
    """A transform size that holds the taps and the filters' ringing on both sides; few distinct values."""
    needed = max(taps + ceil(PAD_S * sample_rate), 4096)
    power = 1 << (needed.bit_length() - 1)
    return next(power * rung // 16 for rung in _RUNGS if power * rung // 16 >= needed)


@lru_cache(maxsize=64)
def plan_bands(
    fft_size: int, sample_rate: int, centres_hz: tuple[float, ...] = OCTAVE_CENTRES_HZ
) -> tuple[Band | None, ...]:
    """The octaves on the bins of a transform; None where a band's edge is above Nyquist."""
    return tuple(
        _plan_band(fft_size, sample_rate, centre) if fits_below_nyquist(centre, sample_rate) else None
        for centre in centres_hz
    )


def _plan_band(fft_size: int, sample_rate: int, centre_hz: float) -> Band:
    step = sample_rate / fft_size
    first = int(centre_hz / 2.0 / step) + 1
    last = min(ceil(2.0 * centre_hz / step) - 1, fft_size // 2)
    magnitude_F = octave_band_magnitude(np.arange(first, last + 1) * step, centre_hz).astype(np.float32)
    # Twice the bins make |envelope|^2 free of aliasing; high bands are so much finer in time than what is read from
    # them that one envelope sample a bin does (its sum is still exact, by Parseval).
    envelope_size = scipy.fft.next_fast_len(magnitude_F.size * (1 if centre_hz > 1000.0 else 2))
    group = group_bins(fft_size, sample_rate)
    first_node, last_node = first // group, last // group + 1
    return Band(centre_hz, first, magnitude_F, envelope_size, group, first_node, last_node - first_node + 1)


def group_bins(fft_size: int, sample_rate: int) -> int:
    """How many bins lie between two nodes that are at most `NODE_SPACING_HZ` apart."""
    return max(1, int(NODE_SPACING_HZ * fft_size / sample_rate))


def take_band(spectrum_CF: NDArray[np.complex64], band: Band, fft_size: int) -> BandSpectrum:
    """Weight a band's bins of a spectrum (C, F), C one or two, and sum what is asked of them."""
    channels = len(spectrum_CF)
    baseband_CM = np.zeros((channels, band.envelope_size), dtype=np.complex64)
    energy_C = np.zeros(channels)
    cross_N = np.zeros(band.nodes, dtype=np.complex128)
    _take(spectrum_CF, band.first_bin, band.magnitude_F, band.group, baseband_CM, energy_C, cross_N)
    scale = 2.0 / fft_size  # each bin stands for its conjugate too
    return BandSpectrum(baseband_CM, energy_C * scale, cross_N * scale)


@compiled
def _take(spectrum_CF, first, magnitude_F, group, baseband_CM, energy_C, cross_N):  # type: ignore[no-untyped-def]  # compiled
    for c in range(len(spectrum_CF)):
        energy = 0.0
        for f in range(len(magnitude_F)):
            z = spectrum_CF[c, first + f] * magnitude_F[f]
            baseband_CM[c, f] = z
            energy += z.real * z.real + z.imag * z.imag
        energy_C[c] = energy
    if len(spectrum_CF) < 2:
        return
    f, node = 0, 0
    offset = first % group
    while f < len(magnitude_F):
        # The linear shares (1 - r, r) of a group's bins, through its plain sum and its first moment.
        plain, moment = 0.0j, 0.0j
        while f < len(magnitude_F) and offset < group:
            left, right = baseband_CM[0, f], baseband_CM[1, f]
            cross = complex(left.real, -left.imag) * right
            plain += cross
            moment += cross * offset
            f += 1
            offset += 1
        offset = 0
        cross_N[node] += plain - moment / group
        cross_N[node + 1] += moment / group
        node += 1


def energy_until(spectrum: BandSpectrum, fft_size: int, sample_rate: int, kept_s: float, times_s: Floats) -> Floats:
    """Energy of a band, channels summed, up to each time (T,). What lies after `kept_s` in the cyclic span is before 0."""
    envelope_CM = scipy.fft.ifft(spectrum.baseband_CM, axis=-1, overwrite_x=True)
    samples = envelope_CM.shape[1]
    total_M = np.empty(samples + 1)
    _accumulate(envelope_CM, 2.0 * samples / fft_size, total_M)
    place_T = np.append(times_s, kept_s) * (samples * sample_rate / fft_size) + 0.5  # a sample's energy is around it
    place_T = np.minimum(place_T, samples * (1.0 - 1e-12))
    sample_T = place_T.astype(np.intp)
    before_T = total_M[sample_T]
    energy_T = before_T + (place_T - sample_T) * (total_M[sample_T + 1] - before_T)
    until_T: Floats = energy_T[:-1] + (total_M[-1] - energy_T[-1])
    return until_T


@compiled
def _accumulate(envelope_CM, scale, total_M):  # type: ignore[no-untyped-def]  # compiled
    total = 0.0
    total_M[0] = 0.0
    for m in range(envelope_CM.shape[1]):
        for c in range(len(envelope_CM)):
            z = envelope_CM[c, m]
            total += scale * (z.real * z.real + z.imag * z.imag)
        total_M[m + 1] = total
