"""The sound of a scene: dry pieces heard through their responses, each alone and all together.

Convolution is by FFT over the part of the scene that sounds. Each dry piece and each channel of a response is
transformed once; each event is brought back by itself, since its level and audibility are measured, and the mixture is
their sum. All in float32 with transforms of good sizes. Shapes: S events, C channels, K taps, T samples of the scene, F
bins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from twnm_schemas.scenes import EventRecipe

Audio = NDArray[np.float32]
COMMON_LEVEL_DBFS = -26.0  # of a clip's active frames, as pressure at 1 m, before its drawn gain


def cut_piece(clip_T: Audio, event: EventRecipe) -> Audio:
    """The event's piece of a clip, faded at its ends and brought to the common level; its `gain_db` comes later.

    A piece that would end after the clip does is as long as the clip allows.
    """
    gain = decibels_to_gain(COMMON_LEVEL_DBFS - event.level_dbfs)
    piece_T = clip_T[event.clip_start : event.clip_start + event.length] * gain
    for length, edge in ((event.fade_in, slice(None)), (event.fade_out, slice(None, None, -1))):
        length = min(length, len(piece_T))
        piece_T[edge][:length] *= _rise(length)
    return piece_T


def decibels_to_gain(level_db: float) -> np.float32:
    """The factor of an amplitude, in the precision that audio is multiplied in."""
    return np.float32(10.0 ** (level_db / 20.0))


def _rise(length: int) -> Audio:
    """A raised cosine from 0 to 1."""
    return (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(length, 1))).astype(np.float32)


@dataclass(frozen=True)
class DrySpectra:
    """Dry pieces on the scene's time line, transformed. The line begins at sample `origin` of the scene."""

    spectrum_SF: NDArray[np.complex64]
    origin: int
    size: int
    taps: int


def transform_dry(pieces: Sequence[Audio], emitted: Sequence[int], taps: int, samples: int) -> DrySpectra:
    """Transform pieces that begin at `emitted`; `taps`: of the responses they will be heard through.

    Nothing sounds before the first piece, and what comes after `samples` is not wanted, so the transform spans no more.
    """
    origin = min(emitted)
    taps = min(taps, samples - origin)
    last = max(start + len(piece_T) for start, piece_T in zip(emitted, pieces, strict=True)) - origin
    size = int(scipy.fft.next_fast_len(last + taps - 1, real=True))
    line_ST = np.zeros((len(pieces), last), np.float32)
    for row_T, start, piece_T in zip(line_ST, emitted, pieces, strict=True):
        row_T[start - origin : start - origin + len(piece_T)] = piece_T
    return DrySpectra(scipy.fft.rfft(line_ST, size), origin, size, taps)


def hear_each(dry: DrySpectra, responses: Sequence[Audio], samples: int) -> Audio:
    """Each piece through its response (C, K): (S, C, T), as far as the scene goes."""
    heard_SCT = scipy.fft.irfft(dry.spectrum_SF[:, None] * _transform_responses(dry, responses), dry.size)
    return _onto_scene(heard_SCT, dry, samples)


def hear_together(dry: DrySpectra, responses: Sequence[Audio], gains_S: Sequence[np.float32], samples: int) -> Audio:
    """All pieces through their responses, each with its gain, summed: (C, T). One inverse transform a channel."""
    louder_SF = dry.spectrum_SF * np.asarray(gains_S, np.float32)[:, None]
    spectrum_CF = np.einsum("sf,scf->cf", louder_SF, _transform_responses(dry, responses))
    return _onto_scene(scipy.fft.irfft(spectrum_CF, dry.size), dry, samples)


def _transform_responses(dry: DrySpectra, responses: Sequence[Audio]) -> NDArray[np.complex64]:
    line_SCK = np.zeros((len(responses), len(responses[0]), dry.taps), np.float32)
    for row_CK, response_CK in zip(line_SCK, responses, strict=True):
        taps = min(dry.taps, response_CK.shape[1])
        row_CK[:, :taps] = response_CK[:, :taps]
    spectrum_SCF: NDArray[np.complex64] = scipy.fft.rfft(line_SCK, dry.size)
    return spectrum_SCF


def _onto_scene(heard_T: Audio, dry: DrySpectra, samples: int) -> Audio:
    """Shift from the transform's origin to the scene's, and cut or pad to its length."""
    scene_T = np.zeros((*heard_T.shape[:-1], samples), np.float32)
    length = min(samples - dry.origin, heard_T.shape[-1])
    scene_T[..., dry.origin : dry.origin + length] = heard_T[..., :length]
    return scene_T
