"""What is heard of each event in the finished mixture, and how loud the mixture is.

Definitions are those of `twnm_schemas.Event` and `twnm_schemas.Scene`. Shapes: S events, C ears, T samples, L frames.
"""

import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyloudnorm import Meter

Audio = NDArray[np.float32]
Floats = NDArray[np.float64]
HOP_S = 0.01
ACTIVE_DB = -30.0
FLOOR_DBFS = -60.0
AUDIBLE_DB = -10.0
NOTHING_DB = 100.0  # what lies so far below an event is the rounding of transforms
AUDIBLE_ENOUGH_S, AUDIBLE_ENOUGH_SHARE = 1.0, 0.8
_SILENT_DBFS = -200.0  # what stands for the level of digital silence
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, 10.0


@dataclass(frozen=True)
class Heard:
    """The measured fields of `twnm_schemas.Event`, and in which frames (L,) it is active."""

    onset_s: float
    offset_s: float
    active_s: float
    level_left_dbfs: float
    level_right_dbfs: float
    snr_db: float | None
    audible_s: float
    active_L: NDArray[np.bool_] = field(repr=False, compare=False)

    @property
    def is_audible(self) -> bool:
        """Whether a listener can be asked about it (`heard_enough`)."""
        return heard_enough(self.active_s, self.audible_s)


def heard_enough(active_s: float, audible_s: float) -> bool:
    """Whether an event is audible: for a second, or for 80 % of its active time."""
    enough_s = min(AUDIBLE_ENOUGH_S, AUDIBLE_ENOUGH_SHARE * active_s)
    return active_s > 0.0 and audible_s >= enough_s - 1e-9  # times are decimal fractions


def measure_events(stems_SCT: Audio, mixture_CT: Audio, sample_rate: int) -> list[Heard]:
    """What is heard of each event. `stems_SCT`: each as it is in `mixture_CT`, all else of which is the rest."""
    return [_measure_event(stem_CT, mixture_CT, sample_rate) for stem_CT in stems_SCT]


def audible_frames(stem_CT: Audio, mixture_CT: Audio, sample_rate: int) -> NDArray[np.bool_]:
    """In which frames (L,), 20 ms long and one every 10 ms, an event is audible: those that `audible_s` counts."""
    return _find_frames(stem_CT, mixture_CT, sample_rate).audible_L


class _Frames(NamedTuple):
    """Frame by frame: the event's power at each ear and in both, that of all else, and what follows from these."""

    own_CL: Floats
    own_block_L: Floats
    rest_L: Floats
    loudest: float
    near_L: NDArray[np.bool_]
    active_L: NDArray[np.bool_]
    audible_L: NDArray[np.bool_]


def _find_frames(stem_CT: Audio, mixture_CT: Audio, sample_rate: int) -> _Frames:
    own_CL, own_block_L = _frame_powers(stem_CT, sample_rate)
    rest_L = _frame_powers(mixture_CT - stem_CT, sample_rate)[0].mean(axis=0)
    own_L = own_CL.mean(axis=0)
    loudest = max(float(own_L.max()), 1e-30)
    near_L = own_L >= loudest * _power(ACTIVE_DB)
    active_L = near_L & (own_L >= _power(FLOOR_DBFS))
    audible_L = active_L & (own_L >= rest_L * _power(AUDIBLE_DB))
    return _Frames(own_CL, own_block_L, rest_L, loudest, near_L, active_L, audible_L)


def _measure_event(stem_CT: Audio, mixture_CT: Audio, sample_rate: int) -> Heard:
    own_CL, own_block_L, rest_L, loudest, near_L, active_L, audible_L = _find_frames(stem_CT, mixture_CT, sample_rate)
    own_L = own_CL.mean(axis=0)
    is_heard = bool(active_L.any())
    used_L = active_L if is_heard else near_L
    bound = max(loudest * _power(ACTIVE_DB), _power(FLOOR_DBFS) if is_heard else 0.0)
    blocks = np.flatnonzero(own_block_L >= bound)
    hop = frame_hop(sample_rate)

    def seconds(hops: int) -> float:
        return float(min(hops * hop, stem_CT.shape[1]) / sample_rate)

    own, rest = (float(power_L[used_L].sum()) for power_L in (own_L, rest_L))
    left, right = (decibels(float(own_L[used_L].mean())) for own_L in own_CL)
    return Heard(
        onset_s=seconds(int(blocks[0])),
        offset_s=seconds(int(blocks[-1]) + 1),
        active_s=seconds(int(np.count_nonzero(active_L))),
        level_left_dbfs=left,
        level_right_dbfs=right,
        snr_db=decibels(own / rest) if rest > own * _power(-NOTHING_DB) else None,
        audible_s=seconds(int(np.count_nonzero(audible_L))),
        active_L=active_L,
    )


def active_together_s(first: Heard, second: Heard, samples: int, sample_rate: int) -> float:
    """For how long two events are both active, in seconds; `samples`: of the scene."""
    hops = int(np.count_nonzero(first.active_L & second.active_L))
    return float(min(hops * frame_hop(sample_rate), samples) / sample_rate)


def frame_hop(sample_rate: int) -> int:
    """Samples from one frame to the next: 10 ms, rounded at rates such as 22,050 Hz."""
    return round(HOP_S * sample_rate)


def _frame_powers(audio_CT: Audio, sample_rate: int) -> tuple[Floats, Floats]:
    """Mean power in frames of 20 ms every 10 ms (C, L), and of both ears in each 10 ms."""
    hop = frame_hop(sample_rate)
    blocks = -(-audio_CT.shape[1] // hop)
    if blocks * hop != audio_CT.shape[1]:
        audio_CT = np.pad(audio_CT, ((0, 0), (0, blocks * hop - audio_CT.shape[1])))
    block_CLT = audio_CT.reshape(len(audio_CT), blocks, hop)
    power_CL = np.einsum("clt,clt->cl", block_CLT, block_CLT).astype(np.float64) / hop
    frame_CL = 0.5 * (power_CL[:, :-1] + power_CL[:, 1:])
    return frame_CL, power_CL.mean(axis=0)


def loudest_dbfs(audio_T: Audio, sample_rate: int) -> float:
    """The level of the loudest 20 ms of one channel; of all of it where it is shorter."""
    hop = frame_hop(sample_rate)
    if len(audio_T) < 2 * hop:
        return decibels(float(np.vdot(audio_T, audio_T)) / max(len(audio_T), 1))
    return decibels(float(_frame_powers(audio_T[None], sample_rate)[0].max()))


def _power(level_db: float) -> float:
    return float(10.0 ** (level_db / 10.0))


def decibels(power: float) -> float:
    """10 log10, with silence at -200 dB."""
    return max(_SILENT_DBFS, 10.0 * float(np.log10(max(power, 1e-30))))


def level_dbfs(audio_CT: Audio) -> float:
    """The level of the channels' mean power over all samples, full scale 0 dB."""
    return decibels(float(np.square(audio_CT, dtype=np.float64).mean()))


def block_loudness(audio_CT: Audio, sample_rate: int) -> Floats:
    """The loudness (LUFS) of each gating block of 0.4 s (ITU-R BS.1770-4, K-weighted by pyloudnorm), -inf if silent."""
    meter = _meter(sample_rate)
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore")  # of a logarithm of nothing
        meter.integrated_loudness(audio_CT.T.astype(np.float64))
    return np.asarray(meter.blockwise_loudness, np.float64)


def gate_loudness(blocks_L: Floats, gain_db: float = 0.0) -> float | None:
    """The integrated loudness after a gain: both gates of BS.1770-4 (-70 LUFS, then 10 LU below the mean of the rest).

    None where no block is over the absolute gate. The filters are linear, so that no gain needs them anew.
    """
    loud_L = blocks_L[blocks_L + gain_db > _ABSOLUTE_GATE_LUFS]
    if not loud_L.size:
        return None
    loud_L = loud_L[loud_L > _mean_loudness(loud_L) - _RELATIVE_GATE_LU]
    return _mean_loudness(loud_L) + gain_db


def _mean_loudness(blocks_L: Floats) -> float:
    return 10.0 * float(np.log10(np.mean(10.0 ** (blocks_L / 10.0))))


def gain_to_loudness(blocks_L: Floats, wanted_lufs: float) -> float | None:
    """The gain in dB after which the integrated loudness is as wanted; None for silence.

    The absolute gate falls on other blocks as the gain changes, so it is found by repetition. It begins too quiet, with
    the loudest block at the wanted level; each rise lets quieter blocks through, which lowers the mean and asks for
    another rise, until no block is left to come: it ends at the gain, from below.
    """
    if not np.isfinite(blocks_L).any():
        return None
    gain_db = wanted_lufs - float(blocks_L.max())
    for _ in range(len(blocks_L) + 1):
        found = gate_loudness(blocks_L, gain_db)
        if found is None or abs(found - wanted_lufs) < 1e-6:
            break
        gain_db += wanted_lufs - found
    return gain_db


@lru_cache(maxsize=8)
def _meter(sample_rate: int) -> "Meter":
    from pyloudnorm import Meter

    return Meter(sample_rate)


def predict_audible(stems_SCT: Audio, gains_db_GS: Floats, sample_rate: int) -> NDArray[np.bool_]:
    """Which sets of gains (G,) leave every event audible, as far as the events' own powers tell.

    What is heard with others is the sum of powers; where sounds are correlated, or background and floor matter, the
    finished mixture decides.
    """
    power_SL = np.stack([_frame_powers(stem_CT, sample_rate)[0].mean(axis=0) for stem_CT in stems_SCT])
    active_SL = power_SL >= power_SL.max(axis=1, keepdims=True) * _power(ACTIVE_DB)
    louder_GSL = power_SL * 10.0 ** (gains_db_GS[:, :, None] / 10.0)
    rest_GSL = louder_GSL.sum(axis=1, keepdims=True) - louder_GSL
    audible_GS = np.count_nonzero(active_SL & (louder_GSL >= rest_GSL * _power(AUDIBLE_DB)), axis=2)
    second = sample_rate / frame_hop(sample_rate)
    needed_S = np.minimum(AUDIBLE_ENOUGH_S * second, AUDIBLE_ENOUGH_SHARE * np.count_nonzero(active_SL, axis=1))
    held_G: NDArray[np.bool_] = np.all(audible_GS >= needed_S, axis=1)
    return held_G
