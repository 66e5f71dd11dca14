"""What a picture shows of a sound: spectrograms on a logarithmic axis, and envelopes.

Shapes: C ears, T samples, L frames, B bands.
"""

from dataclasses import dataclass

import numpy as np
import scipy.signal
from numpy.typing import NDArray

Audio = NDArray[np.float32]
LOWEST_HZ = 60.0
HIGHEST_HZ = 20_000.0
_WINDOW_S, _HOP_S = 0.04, 0.01
_PADDING = 4  # a transform longer than its window, for a smooth picture of low frequencies
_BANDS_PER_OCTAVE = 18
_SILENCE = 1e-20


@dataclass(frozen=True)
class Spectrogram:
    """Power densities in dB over the loudest of both ears, (C, B, L), on bands of equal width in octaves."""

    level_CBL: NDArray[np.float64]
    edges_hz_B: NDArray[np.float64]
    duration_s: float


def log_spectrogram(audio_CT: Audio, sample_rate: int) -> Spectrogram:
    """The spectrogram of 40 ms windows every 10 ms, its power averaged in each band."""
    edges_hz = _band_edges(sample_rate)
    window = scipy.signal.windows.hann(round(_WINDOW_S * sample_rate), sym=False)
    transform = scipy.signal.ShortTimeFFT(window, round(_HOP_S * sample_rate), sample_rate, mfft=_PADDING * len(window))
    samples = audio_CT.shape[1]
    power_CFL = np.square(np.abs(transform.stft(audio_CT, p0=0, p1=transform.upper_border_begin(samples)[1])))
    power_CBL = _average_bands(power_CFL, transform.f, edges_hz)
    loudest = max(float(power_CBL.max()), _SILENCE)
    level_CBL = 10.0 * np.log10(np.maximum(power_CBL / loudest, _SILENCE))
    return Spectrogram(level_CBL, edges_hz, samples / sample_rate)


def _band_edges(sample_rate: int) -> NDArray[np.float64]:
    octaves = np.log2(min(HIGHEST_HZ, 0.5 * sample_rate) / LOWEST_HZ)
    bands = max(1, round(_BANDS_PER_OCTAVE * octaves))
    return LOWEST_HZ * np.exp2(np.linspace(0.0, octaves, bands + 1))


def _average_bands(
    power_CFL: NDArray[np.float64], frequency_F: NDArray[np.float64], edges_hz: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The mean of the power in each band, taking it as constant within a bin: also where bands are narrower."""
    step = frequency_F[1] - frequency_F[0]
    below_CFL = np.cumsum(power_CFL, axis=1) * step
    below_CFL = np.concatenate([np.zeros_like(below_CFL[:, :1]), below_CFL], axis=1)
    bin_edges = np.append(frequency_F - 0.5 * step, frequency_F[-1] + 0.5 * step)
    place = np.interp(edges_hz, bin_edges, np.arange(len(bin_edges)))
    low = np.minimum(place.astype(int), len(frequency_F) - 1)
    at_edges = below_CFL[:, low] + (place - low)[:, None] * (below_CFL[:, low + 1] - below_CFL[:, low])
    bands: NDArray[np.float64] = np.diff(at_edges, axis=1) / np.diff(edges_hz)[:, None]
    return bands


def peak_envelope(audio_CT: Audio, sample_rate: int) -> NDArray[np.float32]:
    """The largest magnitude in each 10 ms, (C, L)."""
    hop = round(_HOP_S * sample_rate)
    padded_CT = np.pad(np.abs(audio_CT), ((0, 0), (0, -audio_CT.shape[1] % hop)))
    envelope_CL: NDArray[np.float32] = padded_CT.reshape(len(audio_CT), -1, hop).max(axis=2)
    return envelope_CL
