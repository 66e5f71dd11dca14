"""What a position sounds like: a click and two bursts of noise heard through its response, as a small FLAC."""

import io

import numpy as np
import scipy.signal
import soundfile
from numpy.typing import NDArray

from twnm_shards.rng import rng_for
from twnm_sim.plots.canvas import data_uri

_SPAN_S = 2.4
_CLICK_S, _BURSTS_S, _BURST_S = 0.1, (0.9, 1.3), 0.15
_PEAK = 0.7


def audition_uri(response_CK: NDArray[np.float32], sample_rate: int) -> str:
    """A 16-bit FLAC as a data URI: one or two channels, 2.4 s and faded at the end, its peak at -3 dB."""
    dry_T = _make_dry(sample_rate)
    heard_CT = scipy.signal.fftconvolve(response_CK[: 2 if len(response_CK) == 2 else 1], dry_T[None], axes=1)
    heard_CT = heard_CT[:, : len(dry_T)]
    fade = round(0.1 * sample_rate)
    heard_CT[:, -fade:] *= np.linspace(1.0, 0.0, fade)
    heard_CT *= _PEAK / np.abs(heard_CT).max()
    stream = io.BytesIO()
    soundfile.write(stream, heard_CT.T, sample_rate, format="FLAC", subtype="PCM_16")
    return data_uri("audio/flac", stream.getvalue())


def _make_dry(sample_rate: int) -> NDArray[np.float64]:
    dry_T = np.zeros(round(_SPAN_S * sample_rate))
    dry_T[round(_CLICK_S * sample_rate)] = 3.0
    burst = round(_BURST_S * sample_rate)
    window = np.hanning(burst) ** 0.25
    for start_s in _BURSTS_S:
        first = round(start_s * sample_rate)
        dry_T[first : first + burst] = 0.25 * rng_for(0, "audition").standard_normal(burst) * window
    return dry_T
