"""From a response to its energy over time by octave band, on one uniform time grid."""

# B bands, C ears or channels, K taps, F frequency bins, G grid points

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twnm_schemas import AudioError, SpecError
from twnm_sim.measure.bands import (
    BandSpectrum,
    Floats,
    choose_fft_size,
    energy_until,
    plan_bands,
    take_band,
    transform_real,
)
from twnm_sim.measure.decays import INTERVALS, Decay, integrate_decay

EARLY_S = 0.05
ONSET_RATIO = 0.1  # ISO 3382-1: a response starts where it first comes within 20 dB of its maximum
_SILENT_RATIO = 1e-6  # -120 dB of the peak: what stays below to the end is not part of the response
_CHUNK = 4096


@dataclass(frozen=True)
class Response:
    """A response made ready: its channels (1 or 2, C K'), cut where it is over, and when its direct sound arrives."""

    heard_CK: NDArray[np.float32]
    sample_rate: int
    onset_s: float
    fft_size: int

    @property
    def end_s(self) -> float:
        return float(self.heard_CK.shape[1] / self.sample_rate)

    def transform(self, channels_CK: NDArray[np.float32]) -> NDArray[np.complex64]:
        """The spectrum (C, F) of channels as long as the response."""
        return transform_real(channels_CK, self.fft_size)


def prepare_response(brir_CK: NDArray[np.floating], sample_rate: int, onset_s: float | None) -> Response:
    """Check a response (1, 2 or 4 channels by taps; of four, Ambisonic W is kept), trim its silent end, find its onset.

    Raises SpecError for another shape or an onset outside the response, AudioError for silence, NaN or infinity.
    """
    samples_CK = _pick_channels(brir_CK)
    magnitude_K = np.abs(samples_CK).max(axis=0) if samples_CK.size else np.zeros(1)
    peak = float(magnitude_K.max())
    if not np.isfinite(peak):
        raise AudioError("The response holds NaN or infinite samples; it cannot be measured.")
    if peak == 0.0:
        raise AudioError("The response is silent; it cannot be measured.")
    end = _last_above(magnitude_K, _SILENT_RATIO * peak) + 1
    if onset_s is None:
        onset_s = float(np.argmax(magnitude_K >= ONSET_RATIO * peak)) / sample_rate
    if not 0.0 <= onset_s < end / sample_rate:
        raise SpecError(f"The onset at {onset_s} s is not within the response's {end / sample_rate:.4f} s of sound.")
    return Response(samples_CK[:, :end], sample_rate, onset_s, choose_fft_size(end, sample_rate))


def find_onset_s(brir_CK: NDArray[np.floating], sample_rate: int) -> float:
    """When the direct sound of a response sets in, from its first sample; raises as `prepare_response`."""
    return prepare_response(brir_CK, sample_rate, None).onset_s


def _pick_channels(brir_CK: NDArray[np.floating]) -> NDArray[np.float32]:
    if brir_CK.ndim != 2 or brir_CK.shape[0] not in (1, 2, 4):
        raise SpecError(
            f"A response of shape {brir_CK.shape} cannot be measured; give (1, K) mono, (2, K) binaural or "
            "(4, K) first-order Ambisonics."
        )
    kept_CK = brir_CK[:1] if brir_CK.shape[0] == 4 else brir_CK
    return np.ascontiguousarray(kept_CK, dtype=np.float32)


def _last_above(magnitude_K: NDArray[Any], threshold: float) -> int:
    for start in range((magnitude_K.size - 1) // _CHUNK * _CHUNK, -1, -_CHUNK):
        above = np.flatnonzero(magnitude_K[start : start + _CHUNK] > threshold)
        if above.size:
            return start + int(above[-1])
    raise AssertionError("the peak is above the threshold")


def grid_times(response: Response) -> Floats:
    """The grid (G,) from the onset to the end of the response in seconds, and after it the early limit."""
    early_s = min(response.onset_s + EARLY_S, response.end_s)
    return np.append(np.linspace(response.onset_s, response.end_s, INTERVALS + 1), early_s)


def band_energy_curve(spectrum: BandSpectrum, response: Response, times_s: Floats) -> Floats:
    """Energy of one band, channels summed, up to each time."""
    kept_s = 0.5 * (response.end_s + response.fft_size / response.sample_rate)
    return energy_until(spectrum, response.fft_size, response.sample_rate, kept_s, times_s)


def decay_of(energy_BG: Floats, times_s: Floats) -> Decay:
    """The Schroeder curves of energies on `grid_times`."""
    return integrate_decay(energy_BG[:, :-1], energy_BG[:, -1], float(times_s[1] - times_s[0]))


def band_decay_db(
    brir_CK: NDArray[np.floating], sample_rate: int, centre_hz: float, *, onset_s: float | None = None
) -> tuple[Floats, Floats]:
    """The energy decay curve of one octave band: times in seconds (G,) from the onset, levels in dB (G,).

    Channels are summed in energy (of first-order Ambisonics, W); 0 dB is the band's whole energy; corrected for the cut
    (ISO 3382-1). Where stationary noise takes over, the curve ends. Raises as `measure_brir`, and SpecError for a band
    above Nyquist.
    """
    response = prepare_response(brir_CK, sample_rate, onset_s)
    band = plan_bands(response.fft_size, sample_rate, (centre_hz,))[0]
    if band is None:
        raise SpecError(f"The octave at {centre_hz:g} Hz reaches above half the sample rate of {sample_rate} Hz.")
    times_s = grid_times(response)
    spectrum = take_band(response.transform(response.heard_CK), band, response.fft_size)
    decay = decay_of(band_energy_curve(spectrum, response, times_s)[None], times_s)
    stop = int(decay.stop_B[0]) + (0 if np.isinf(decay.reach_db_B[0]) else 1)
    return times_s[:stop], decay.level_BG[0, :stop]
