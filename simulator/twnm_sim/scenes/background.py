"""What sounds besides the events: a diffuse background, and the noise of the microphones.

The background is noise that comes from everywhere with the same power. At the ears of a head it has the head's own
diffuse-field spectrum and interaural coherence; in Ambisonics (SN3D) W, Y, Z and X are independent with powers 1, 1/3,
1/3 and 1/3. Both are made of the same field, as the tail of a room is (`render.tail`): L = g_L (a W + j b Y), R = g_R
(a W - j b Y) with a^2 = (1 + coherence) / 2. Shapes: C channels, T samples, F bins.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from twnm_schemas.scenes import Colour
from twnm_sim.hrtf.model import Hrtf
from twnm_sim.render.tail import diffuse_field, frame_hop

Audio = NDArray[np.float32]
_SLOPES = {"white": 0.0, "pink": -0.5, "brown": -1.0}  # of the amplitude over frequency
_FLAT_BELOW_HZ = 40.0
_SILENT_BELOW_HZ = 20.0


@dataclass(frozen=True)
class HeadField:
    """A head's diffuse field: amplitude at each ear (2, F) and the real coherence (F,), at `frequency_F`."""

    frequency_F: NDArray[np.float64]
    gain_CF: NDArray[np.float64]
    coherence_F: NDArray[np.float64]


@lru_cache(maxsize=4)
def head_field(hrtf: Hrtf) -> HeadField:
    """The diffuse field of a head, every direction weighted by its solid angle."""
    field = diffuse_field(hrtf.hrirs_DCK, hrtf.solid_angles_D, hrtf.sample_rate)
    share_D = hrtf.solid_angles_D / hrtf.solid_angles_D.sum()
    power_CF = np.einsum("d,cdf->cf", share_D, field.power_CDF.astype(np.float64))
    frequency_F = np.fft.rfftfreq(2 * frame_hop(hrtf.sample_rate), 1.0 / hrtf.sample_rate).astype(np.float64)
    return HeadField(frequency_F, np.sqrt(power_CF), np.asarray(field.coherence_F, np.float64))


def make_background(
    field: HeadField, colour: Colour, samples: int, sample_rate: int, rng: np.random.Generator, foa: bool
) -> dict[str, Audio]:
    """The background at the ears, and in Ambisonics if asked for; `match_level` brings it to its level."""
    size = int(scipy.fft.next_fast_len(samples, real=True))
    frequency_F = np.fft.rfftfreq(size, 1.0 / sample_rate).astype(np.float64)
    tint_F = _tint(frequency_F, colour)
    w_F, y_F = (tint_F * _noise(size, rng) for _ in range(2))
    coherence_F = np.interp(frequency_F, field.frequency_F, field.coherence_F)
    even_F, odd_F = np.sqrt(0.5 * (1.0 + coherence_F)) * w_F, 1j * np.sqrt(0.5 * (1.0 - coherence_F)) * y_F
    left_F, right_F = (np.interp(frequency_F, field.frequency_F, gain_F) for gain_F in field.gain_CF)
    made = {"binaural": _to_time([left_F * (even_F + odd_F), right_F * (even_F - odd_F)], size, samples)}
    if foa:
        third = np.sqrt(1.0 / 3.0)
        z_F, x_F = (tint_F * _noise(size, rng) for _ in range(2))
        made["foa"] = _to_time([w_F, third * y_F, third * z_F, third * x_F], size, samples)
    return made


def _tint(frequency_F: NDArray[np.float64], colour: Colour) -> NDArray[np.float64]:
    tint_F = np.maximum(frequency_F, _FLAT_BELOW_HZ) ** _SLOPES[colour]
    return np.where(frequency_F < _SILENT_BELOW_HZ, 0.0, tint_F / tint_F[0])


def _noise(size: int, rng: np.random.Generator) -> NDArray[np.complex128]:
    """The spectrum of white noise: complex, normal."""
    parts = rng.standard_normal((2, size // 2 + 1))
    spectrum_F: NDArray[np.complex128] = parts[0] + 1j * parts[1]
    return spectrum_F


def _to_time(spectra: list[NDArray[np.complex128]], size: int, samples: int) -> Audio:
    audio_CT: Audio = scipy.fft.irfft(np.stack(spectra), size)[:, :samples].astype(np.float32)
    return audio_CT


def match_level(background: dict[str, Audio], events_CT: Audio, snr_db: float) -> dict[str, Audio]:
    """The background so that the events' power over its own is `snr_db`, both ears, over the whole scene."""
    events, own = (float(np.square(x, dtype=np.float64).sum()) for x in (events_CT, background["binaural"]))
    gain = np.float32(np.sqrt(events / max(own, 1e-30)) * 10.0 ** (-snr_db / 20.0))
    return {output: audio_CT * gain for output, audio_CT in background.items()}


def microphone_noise(channels: int, samples: int, level_dbfs: float, rng: np.random.Generator) -> Audio:
    """White noise, independent in each channel, of this RMS level."""
    noise_CT = rng.standard_normal((channels, samples), dtype=np.float32)
    noise_CT *= np.float32(10.0 ** (level_dbfs / 20.0))
    return noise_CT
