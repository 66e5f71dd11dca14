"""Losses that depend on frequency: walls per octave band, and air.

Walls. Image i is filtered by the zero-phase magnitude exp(sum over axes of ln-gain(f)), linear in dB over log frequency
between octave centres and constant outside. Filtering a million images one by one is out of reach, and octave-band
signals mixed linearly would be wrong between centres. But these magnitudes are smooth and much alike, so they are
written as sum_r w_ir B_r(f) with the few B_r that a principal component analysis of the images at hand gives, kept
until the rest is 60 dB down: R sums of images, each filtered once.

Air. Every image at distance d loses exp(-m(f) d), ISO 9613-1 at every frequency, and its sound arrives at d / c: so the
sum itself is filtered, in triangular windows of 10 ms, each by the loss at its centre. Between centres the windows
blend two exponentials linearly, an error of (m 1.7 m)^2 / 2, or -55 dB at 16 kHz.

Shapes: N images, R rows, F frequencies, K taps, C channels.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from twnm_schemas.render import Atmosphere
from twnm_sim.air import air_absorption_db_per_m
from twnm_sim.compiled import compiled
from twnm_sim.render.images import Axis, Images
from twnm_sim.walls import interpolate_octaves, octave_place

Float = NDArray[np.floating]
_PER_OCTAVE = 12
_PLACES = np.arange(6 * _PER_OCTAVE + 1) / _PER_OCTAVE  # octaves above 125 Hz at which magnitudes are kept
_KEPT = 1e-6  # energy of the magnitudes that the kept rows may miss
_SAMPLED = 4096  # images a decomposition is computed from
_HOP_S = 0.010
_PRE = 2048  # samples that a wall filter rings before and after, at 44.1 kHz 46 ms


@dataclass(frozen=True)
class WallBasis:
    """Zero-phase magnitudes (R, nodes) that a room's wall losses are sums of, and the axes' tables (A, nodes)."""

    magnitude_RM: Float
    tables: tuple[Float, Float, Float]

    def weigh(self, images: Images) -> Float:
        """The images' weights (R, N) in this basis; they hold 1 / distance too."""
        weight_RN = np.empty((len(self.magnitude_RM), len(images)))
        _project(*self.tables, images.index_N3, images.distance_N, self.magnitude_RM, weight_RN)
        return weight_RN


def find_wall_basis(axes: tuple[Axis, Axis, Axis], images: Images) -> WallBasis:
    """The fewest magnitudes that give these images' wall losses 60 dB down."""
    x, y, z = (np.exp(interpolate_octaves(_PLACES, axis.log_gain_AB)) for axis in axes)
    stride = max(1, len(images) // _SAMPLED)
    i, j, k = images.index_N3[::stride].T
    sampled_NM = x[i] * y[j] * z[k] / images.distance_N[::stride, None]
    values, vectors_MM = np.linalg.eigh(sampled_NM.T @ sampled_NM)
    missed_M = np.cumsum(values.clip(0.0))  # ascending: what dropping the first ones costs
    rows = max(1, int(np.sum(missed_M > _KEPT * missed_M[-1])))
    return WallBasis(np.ascontiguousarray(vectors_MM[:, ::-1][:, :rows].T), (x, y, z))


@compiled
def _project(x_AM, y_AM, z_AM, index_N3, distance_N, magnitude_RM, weight_RN):  # type: ignore[no-untyped-def]  # compiled
    # Four sums of their own for each row: the additions of a single one would wait for each other.
    rows, nodes = magnitude_RM.shape
    whole = nodes - nodes % 4
    magnitude_M = np.empty(nodes)
    for n in range(len(distance_N)):
        x_M, y_M, z_M = x_AM[index_N3[n, 0]], y_AM[index_N3[n, 1]], z_AM[index_N3[n, 2]]
        for m in range(nodes):
            magnitude_M[m] = x_M[m] * y_M[m] * z_M[m]
        for r in range(rows):
            a = b = c = d = 0.0
            for m in range(0, whole, 4):
                a += magnitude_M[m] * magnitude_RM[r, m]
                b += magnitude_M[m + 1] * magnitude_RM[r, m + 1]
                c += magnitude_M[m + 2] * magnitude_RM[r, m + 2]
                d += magnitude_M[m + 3] * magnitude_RM[r, m + 3]
            for m in range(whole, nodes):
                a += magnitude_M[m] * magnitude_RM[r, m]
            weight_RN[r, n] = ((a + b) + (c + d)) / distance_N[n]


def apply_walls(response_RCK: NDArray[np.float32], walls: WallBasis, sample_rate: int) -> NDArray[np.float32]:
    """Filter each row's sum with its magnitude and add the rows: (C, K)."""
    taps = response_RCK.shape[-1]
    size = scipy.fft.next_fast_len(taps + 2 * _PRE, real=True)
    frequency_F = np.fft.rfftfreq(size, 1.0 / sample_rate)
    place_F = octave_place(frequency_F)
    out_CF = np.zeros((response_RCK.shape[1], len(frequency_F)), np.complex64)
    for response_CK, magnitude_M in zip(response_RCK, walls.magnitude_RM, strict=True):
        magnitude_F = np.interp(place_F, _PLACES, magnitude_M).astype(np.float32)
        out_CF += scipy.fft.rfft(response_CK, size) * magnitude_F
    return np.asarray(scipy.fft.irfft(out_CF, size)[:, :taps])


def air_nepers_per_m(frequency_F: Float, atmosphere: Atmosphere) -> Float:
    """Amplitude attenuation in nepers per metre at each frequency."""
    decibels = air_absorption_db_per_m(
        frequency_F, atmosphere.celsius, atmosphere.humidity_percent, atmosphere.pressure_kpa
    )
    return np.asarray(decibels * np.log(10.0) / 20.0)


@lru_cache(maxsize=8)
def _air_on_bins(size: int, sample_rate: int, atmosphere: Atmosphere) -> Float:
    return air_nepers_per_m(np.fft.rfftfreq(size, 1.0 / sample_rate), atmosphere)


def air_hop(sample_rate: int) -> int:
    """Samples between two windows of `apply_air`."""
    return int(_HOP_S * sample_rate)


def apply_air(
    response_CK: NDArray[np.float32], sample_rate: int, atmosphere: Atmosphere, latency_s: float, first_hop: int = 0
) -> NDArray[np.float32]:
    """The response (C, K) with the loss of the air that each part of it has crossed.

    What sounds at time t came from the distance c (t - latency_s); `latency_s` is the delay of the HRIRs. A part of a
    response that begins `first_hop` times `air_hop` samples after emission is filtered as the whole would be.
    """
    channels, taps = response_CK.shape
    hop = air_hop(sample_rate)
    size = scipy.fft.next_fast_len(4 * hop, real=True)
    lead = (size - 2 * hop) // 2
    step_m = atmosphere.speed_of_sound * hop / sample_rate
    first_m = -atmosphere.speed_of_sound * latency_s
    windows = -(-taps // hop) + 1
    padded = np.zeros((channels, (windows + 1) * hop), np.float32)
    padded[:, hop : hop + taps] = response_CK
    blocks = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop, axis=1)[:, ::hop]
    rise = (np.arange(hop, dtype=np.float32) + 0.5) / hop
    triangle = np.concatenate([rise, rise[::-1]])
    # the triangle of block b peaks at sample b * hop: rise + fall of neighbours is one
    framed = np.zeros((channels, windows, size), np.float32)
    framed[:, :, lead : lead + 2 * hop] = blocks * triangle
    distance_W = np.maximum(first_m + step_m * (first_hop + np.arange(windows)), 0.0)
    loss_WF = np.exp(-np.outer(distance_W, _air_on_bins(size, sample_rate, atmosphere))).astype(np.float32)
    filtered = scipy.fft.irfft(scipy.fft.rfft(framed) * loss_WF, size)
    return _overlap(filtered, hop, lead, taps)


def _overlap(filtered_CWT: NDArray[np.float32], hop: int, lead: int, taps: int) -> NDArray[np.float32]:
    channels, _windows, size = filtered_CWT.shape
    out = np.zeros((channels, lead + hop + taps + size), np.float32)
    _overlap_add(filtered_CWT, hop, out)
    return out[:, lead + hop : lead + hop + taps]


@compiled
def _overlap_add(frames_CWT, hop, out):  # type: ignore[no-untyped-def]  # compiled
    channels, windows, size = frames_CWT.shape
    for c in range(channels):
        for w in range(windows):
            start = w * hop
            if start + size > out.shape[1]:
                break
            for t in range(size):
                out[c, start + t] += frames_CWT[c, w, t]
