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
    complex samples over the transform's span; `turn_M`: exp(2 pi i m / envelope_size) for its first half. The bins fall
    between `nodes` frequencies from `first_node` on, `group` bins apart.
    """

    centre_hz: float
    first_bin: int
    magnitude_F: NDArray[np.float32]
    envelope_size: int
    turn_M: NDArray[np.complex64]
    group: int
    first_node: int
    nodes: int


@dataclass(frozen=True)
class BandSpectrum:
    """What one pass over a band's bins gives.

    `halves_RM`: what transforms into twice the baseband signal's even samples (rows 0 to C - 1) and odd samples (rows C
    to 2 C - 1). `energy_C`: energy of the filtered signal, by Parseval. `cross_N`: conj(left) right summed onto the
    nodes (zeros for one channel).
    """

    halves_RM: NDArray[np.complex64]
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
    half = scipy.fft.next_fast_len(ceil(magnitude_F.size * (0.5 if centre_hz > 1000.0 else 1.0)))
    turn_M = np.exp(1j * np.pi * np.arange(half) / half).astype(np.complex64)
    group = group_bins(fft_size, sample_rate)
    first_node, last_node = first // group, last // group + 1
    return Band(centre_hz, first, magnitude_F, 2 * half, turn_M, group, first_node, last_node - first_node + 1)


def group_bins(fft_size: int, sample_rate: int) -> int:
    """How many bins lie between two nodes that are at most `NODE_SPACING_HZ` apart."""
    return max(1, int(NODE_SPACING_HZ * fft_size / sample_rate))


def transform_real(channels_CK: NDArray[np.float32], fft_size: int) -> NDArray[np.complex64]:
    """The real transform of zero-padded channels (C, fft_size / 2 + 1); `fft_size` is a multiple of 4.

    Even and odd samples are transformed as rows of their own and joined (one step of Cooley and Tukey by hand): with
    four rows the library's transform works on all of them at once, 2.5 times as fast as on two of double length.
    """
    channels, taps = channels_CK.shape
    parts_RK = np.zeros((2 * channels, fft_size // 2), dtype=np.float32)
    parts_RK[:channels, : (taps + 1) // 2] = channels_CK[:, 0::2]
    parts_RK[channels:, : taps // 2] = channels_CK[:, 1::2]
    spectrum_CF = np.empty((channels, fft_size // 2 + 1), dtype=np.complex64)
    _join(scipy.fft.rfft(parts_RK, axis=-1), _turn_back(fft_size), spectrum_CF)
    return spectrum_CF


@lru_cache(maxsize=64)
def _turn_back(fft_size: int) -> NDArray[np.complex64]:
    turn_F: NDArray[np.complex64] = np.exp(-2j * np.pi * np.arange(fft_size // 4 + 1) / fft_size).astype(np.complex64)
    return turn_F


@compiled
def _join(parts_RF, turn_F, spectrum_CF):  # type: ignore[no-untyped-def]  # compiled
    channels, bins = spectrum_CF.shape
    for c in range(channels):
        for f in range(len(turn_F)):
            even = parts_RF[c, f]
            odd = parts_RF[channels + c, f] * turn_F[f]
            mirrored = even - odd
            spectrum_CF[c, bins - 1 - f] = complex(mirrored.real, -mirrored.imag)
            spectrum_CF[c, f] = even + odd


def take_band(spectrum_CF: NDArray[np.complex64], band: Band, fft_size: int) -> BandSpectrum:
    """Weight a band's bins of a spectrum (C, F), C one or two, and sum what is asked of them."""
    channels = len(spectrum_CF)
    baseband_CM = np.zeros((channels, band.envelope_size), dtype=np.complex64)
    energy_C = np.zeros(channels)
    cross_N = np.zeros(band.nodes, dtype=np.complex128)
    _take(spectrum_CF, band.first_bin, band.magnitude_F, baseband_CM, energy_C)
    if channels == 2:
        _cross(baseband_CM, band.first_bin, len(band.magnitude_F), band.group, cross_N)
    halves_RM = np.empty((2 * channels, band.envelope_size // 2), dtype=np.complex64)
    _split(baseband_CM, band.turn_M, halves_RM)
    scale = 2.0 / fft_size  # each bin stands for its conjugate too
    return BandSpectrum(halves_RM, energy_C * scale, cross_N * scale)


@compiled
def _take(spectrum_CF, first, magnitude_F, baseband_CM, energy_C):  # type: ignore[no-untyped-def]  # compiled
    for c in range(len(spectrum_CF)):
        energy = 0.0
        for f in range(len(magnitude_F)):
            z = spectrum_CF[c, first + f] * magnitude_F[f]
            baseband_CM[c, f] = z
            energy += z.real * z.real + z.imag * z.imag
        energy_C[c] = energy


@compiled
def _cross(baseband_CM, first, bins, group, cross_N):  # type: ignore[no-untyped-def]  # compiled
    f, node, offset = 0, 0, first % group
    while f < bins:
        # The linear shares (1 - r, r) of a group's bins, through its plain sum and its first moment.
        plain, moment = 0.0j, 0.0j
        while f < bins and offset < group:
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


@compiled
def _split(baseband_CM, turn_M, halves_RM):  # type: ignore[no-untyped-def]  # compiled
    channels, half = len(baseband_CM), len(turn_M)
    for c in range(channels):
        for m in range(half):
            low, high = baseband_CM[c, m], baseband_CM[c, half + m]
            halves_RM[c, m] = low + high
            halves_RM[channels + c, m] = (low - high) * turn_M[m]


def energy_until(spectrum: BandSpectrum, fft_size: int, sample_rate: int, kept_s: float, times_s: Floats) -> Floats:
    """Energy of a band, channels summed, up to each time (T,).

    What lies after `kept_s` in the transform's cyclic span is from before the first sample.
    """
    halves_RM = scipy.fft.ifft(spectrum.halves_RM, axis=-1)
    samples = 2 * halves_RM.shape[1]
    total_M = np.empty(samples + 1)
    _accumulate(halves_RM, 0.5 * samples / fft_size, total_M)
    until_T = np.empty(len(times_s) + 1)
    _read_off(total_M, np.append(times_s, kept_s) * (samples * sample_rate / fft_size), until_T)
    before_zero = total_M[-1] - until_T[-1]
    energy_T: Floats = until_T[:-1] + before_zero
    return energy_T


@compiled
def _accumulate(halves_RM, scale, total_M):  # type: ignore[no-untyped-def]  # compiled
    rows, half = halves_RM.shape
    total = 0.0
    total_M[0] = 0.0
    for m in range(half):
        for part in range(2):  # even, then odd samples
            energy = 0.0
            for r in range(part * rows // 2, (part + 1) * rows // 2):
                z = halves_RM[r, m]
                energy += z.real * z.real + z.imag * z.imag
            total += scale * energy
            total_M[2 * m + part + 1] = total


@compiled
def _read_off(total_M, place_T, until_T):  # type: ignore[no-untyped-def]  # compiled
    samples = len(total_M) - 1
    for t in range(len(place_T)):
        place = min(place_T[t] + 0.5, samples * (1.0 - 1e-12))  # a sample's energy lies around it
        m = int(place)
        until_T[t] = total_M[m] + (place - m) * (total_M[m + 1] - total_M[m])
