"""What a clip's audio tells, and whether it may be a clip at all.

C channels, T samples, L frames. Every reason for which a file is rejected:

| reason            | when                                                                                     |
|-------------------|------------------------------------------------------------------------------------------|
| `missing`         | the file is not there                                                                    |
| `unreadable`      | it may not be read, or libsndfile does not know it                                       |
| `truncated`       | it ends before its own header says                                                       |
| `zero_length`     | no bytes, or no samples                                                                  |
| `not_finite`      | NaN or infinite samples                                                                  |
| `multichannel`    | more than two channels: surround and array recordings are no dry point sources           |
| `low_sample_rate` | under 16 kHz (an option): above 8 kHz lies much of what tells front from back            |
| `silent`          | the mono mix, without its mean, peaks under -60 dB of full scale                         |
| `clipped`         | over 0.1 % of a channel's active samples lie in runs of 3 or more at full scale          |
| `too_short`       | what is within 40 dB of the loudest 10 ms spans under 0.1 s                              |

Runs of three are what audio editors count as clipping (Audacity's Find Clipping, its default): one or two samples at
full scale are an ordinary peak after normalising. Clipping that was turned down or coded lossily afterwards has no such
runs and is not found. All is measured in the first `MAX_CLIP_S` seconds, which are all that is ever used.
"""

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from twnm_sim.clips.audio import (
    MAX_CLIP_S,
    Audio,
    Decoded,
    UnusableAudioError,
    decode_stream,
    digest_of,
    mix_to_mono,
    open_clip,
    say_place,
)
from twnm_sim.clips.listing import Probed

FRAME_S = 0.01
ACTIVE_DB = -40.0  # of the loudest frame
SILENT_DB = -60.0
FULL_SCALE = 1.0 - 2.0**-14  # 16-bit audio reaches 1 - 2^-15 upwards
CLIPPED_RUN = 3
CLIPPED_SHARE = 1e-3
MAX_CHANNELS = 2


@dataclass(frozen=True)
class Limits:
    """What is asked of a clip and may be asked otherwise."""

    min_sample_rate: int = 16000
    min_active_s: float = 0.1


@dataclass(frozen=True)
class Active:
    """Where a sound is: `frames_L` says of each 10 ms whether it is within 40 dB of the loudest."""

    frames_L: npt.NDArray[np.bool_]
    onset_s: float
    offset_s: float
    level_dbfs: float


def probe_clip(path: str, member: str, offset: int | None, limits: Limits) -> Probed:
    """Decode, judge and measure one clip. Raises UnusableAudioError with the reason it is rejected for."""
    place = say_place(path, member)
    with open_clip(path, member, offset) as stream:
        return probe_stream(stream, place, limits)


def probe_stream(stream: BinaryIO, place: str, limits: Limits) -> Probed:
    """The same of an open sound file."""
    decoded = decode_stream(stream, place, duration_s=MAX_CLIP_S)
    _judge_format(decoded, place, limits)
    mono_T = mix_to_mono(decoded.audio_CT)
    active = find_active(mono_T, decoded.sample_rate, place)
    if is_clipped(decoded.audio_CT, decoded.sample_rate, active.frames_L):
        raise UnusableAudioError("clipped", f"{place} is clipped.")
    if active.offset_s - active.onset_s < limits.min_active_s:
        raise UnusableAudioError("too_short", f"{place} sounds for less than {limits.min_active_s:g} s.")
    return Probed(
        duration_s=decoded.duration_s,
        sample_rate=decoded.sample_rate,
        channels=len(decoded.audio_CT),
        sha256=digest_of(stream),
        onset_s=active.onset_s,
        offset_s=active.offset_s,
        level_dbfs=active.level_dbfs,
    )


def _judge_format(decoded: Decoded, place: str, limits: Limits) -> None:
    channels = len(decoded.audio_CT)
    if channels > MAX_CHANNELS:
        raise UnusableAudioError("multichannel", f"{place} has {channels} channels; one or two are used.")
    if decoded.sample_rate < limits.min_sample_rate:
        raise UnusableAudioError(
            "low_sample_rate", f"{place} is at {decoded.sample_rate} Hz; at least {limits.min_sample_rate} are asked."
        )


def find_active(mono_T: Audio, sample_rate: int, place: str) -> Active:
    """Where the sound is, and its level there. Raises UnusableAudioError if it is silent."""
    sound_T = mono_T - np.mean(mono_T, dtype=np.float64).astype(np.float32)  # a constant is not heard
    if np.abs(sound_T).max() < 10.0 ** (SILENT_DB / 20.0):
        raise UnusableAudioError("silent", f"{place} is silent: its peak is under {SILENT_DB:g} dB of full scale.")
    power_L = frame_powers(sound_T, sample_rate)
    frames_L = power_L >= power_L.max() * 10.0 ** (ACTIVE_DB / 10.0)
    active = np.flatnonzero(frames_L)
    step = round(FRAME_S * sample_rate)
    return Active(
        frames_L=frames_L,
        onset_s=float(active[0]) * step / sample_rate,
        offset_s=min(float(active[-1] + 1) * step, float(len(mono_T))) / sample_rate,
        level_dbfs=float(10.0 * np.log10(power_L[frames_L].mean())),
    )


def frame_powers(sound_T: Audio, sample_rate: int) -> npt.NDArray[np.float64]:
    """The mean square of each 10 ms (L,); the last frame may be shorter."""
    starts_L = np.arange(0, len(sound_T), round(FRAME_S * sample_rate))
    energy_L = np.add.reduceat(np.square(sound_T, dtype=np.float64), starts_L)
    lengths_L = np.diff(starts_L, append=len(sound_T))
    powers_L: npt.NDArray[np.float64] = energy_L / lengths_L
    return powers_L


def is_clipped(audio_CT: Audio, sample_rate: int, frames_L: npt.NDArray[np.bool_]) -> bool:
    """Whether any channel holds runs at full scale over more than 0.1 % of its active samples."""
    if np.abs(audio_CT).max() < FULL_SCALE:
        return False
    samples = int(np.count_nonzero(frames_L)) * round(FRAME_S * sample_rate)
    return any(count_clipped(channel_T) > CLIPPED_SHARE * samples for channel_T in audio_CT)


def count_clipped(channel_T: Audio) -> int:
    """How many samples lie in runs of at least `CLIPPED_RUN` at full scale, each run on one side."""
    return sum(
        int(lengths[lengths >= CLIPPED_RUN].sum())
        for side in (1.0, -1.0)
        for lengths in [_run_lengths(channel_T * np.float32(side) >= FULL_SCALE)]
    )


def _run_lengths(flags_T: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    edges = np.flatnonzero(np.diff(flags_T, prepend=False, append=False))
    return edges[1::2] - edges[::2]
