"""Clips as sound: decoded from a file or a tar, mixed to mono, at the rate that is asked.

C channels, T samples. A clip that was cut or changed since its catalog was made is refused by name.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from twnm_schemas.clips import Clip
from twnm_schemas.errors import AudioError, MissingExtraError
from twnm_sim.clips.containers import is_cut

if TYPE_CHECKING:
    import soundfile

MAX_CLIP_S = 60.0  # of a longer recording only this much is used, and probed
_BLOCK = 1 << 18  # frames decoded at a time: what a header promises is never allocated before it is there
# Decoded before a window: an MP3 frame takes bits of up to nine before it, and comes out silent without them.
_WARM_UP_S = 0.25
_TOLERANCE_S = 0.5e-3  # a record's duration was computed from the same count of frames; this is rounding, generously

Audio = npt.NDArray[np.float32]


class UnusableAudioError(AudioError):
    """Audio that is no clip; `reason` is the name under which rejections are counted."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True)
class Decoded:
    """Samples (C, T) from where they were asked, and what the whole file holds."""

    audio_CT: Audio
    sample_rate: int
    frames: int

    @property
    def duration_s(self) -> float:
        """Of the whole file."""
        return self.frames / self.sample_rate


def decode_clip(
    path: str | Path,
    member: str = "",
    offset: int | None = None,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
) -> tuple[Audio, int]:
    """The audio (C, T) and sample rate of a file, or of the tar member whose header is at byte `offset`.

    `start_s` and `duration_s` cut a window, which is sought and not decoded up to. Reads what libsndfile reads (WAV,
    FLAC, Ogg, MP3, AIFF, ...). Raises UnusableAudioError, an AudioError with one sentence, for what is `missing`,
    `unreadable`, `truncated`, of `zero_length` or `not_finite`.
    """
    decoded = decode(path, member, offset, start_s=start_s, duration_s=duration_s)
    return decoded.audio_CT, decoded.sample_rate


def decode(
    path: str | Path,
    member: str = "",
    offset: int | None = None,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
) -> Decoded:
    """As `decode_clip`, with the length of the whole file."""
    place = say_place(path, member)
    with open_clip(path, member, offset) as stream:
        return decode_stream(stream, place, start_s=start_s, duration_s=duration_s)


def say_place(path: str | Path, member: str = "") -> str:
    """Where a clip lies, for a sentence."""
    return f"{member} in {path}" if member else str(path)


@contextmanager
def open_clip(path: str | Path, member: str = "", offset: int | None = None) -> Iterator[BinaryIO]:
    """The file's bytes, or the tar member's. Raises UnusableAudioError: `missing`, `unreadable` or `truncated`."""
    try:
        with Path(path).open("rb") as stream:
            yield stream if offset is None else _open_member(stream, path, member, offset)
    except (FileNotFoundError, NotADirectoryError):
        raise UnusableAudioError("missing", f"{path} is not there; scan its dataset again.") from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UnusableAudioError("unreadable", f"{path} cannot be read: {reason}.") from error


def _open_member(stream: BinaryIO, path: str | Path, member: str, offset: int) -> BinaryIO:
    """tarfile reads from where the stream stands, and knows the long names that take several headers."""
    place = say_place(path, member)
    stream.seek(offset)
    try:
        with tarfile.open(fileobj=stream, mode="r:") as tar:
            info = tar.next()
            data = tar.extractfile(info) if info is not None else None
            if info is None or data is None or (member and info.name != member):
                raise UnusableAudioError(
                    "unreadable", f"{place} is not at byte {offset}; the tar changed: scan its dataset again."
                )
            return io.BytesIO(_read_member(data, place))
    except tarfile.TarError as error:
        raise UnusableAudioError("unreadable", f"{place} cannot be read from its tar at byte {offset}.") from error


def _read_member(data: IO[bytes], place: str) -> bytes:
    try:
        return data.read()
    except tarfile.ReadError as error:
        raise UnusableAudioError("truncated", f"{place} is cut: the tar ends before it does.") from error


def decode_stream(stream: BinaryIO, place: str, *, start_s: float = 0.0, duration_s: float | None = None) -> Decoded:
    """The samples of an open sound file; `place` names it in errors, which are those of `decode_clip`."""
    import soundfile

    if not stream.seek(0, 2):
        raise UnusableAudioError("zero_length", f"{place} is empty.")
    if is_cut(stream):
        raise UnusableAudioError("truncated", f"{place} is cut: it ends before its own header says.")
    stream.seek(0)
    try:
        with soundfile.SoundFile(stream) as file:
            audio_CT = _read_window(file, place, start_s, duration_s)
            decoded = Decoded(audio_CT, int(file.samplerate), int(file.frames))
    except soundfile.LibsndfileError as error:
        reason = error.error_string.strip().rstrip(".").lower() or "its data is damaged or cut"
        raise UnusableAudioError("unreadable", f"{place} does not decode: {reason}.") from error
    if not np.isfinite(audio_CT).all():
        raise UnusableAudioError("not_finite", f"{place} holds NaN or infinite samples.")
    return decoded


def _read_window(file: "soundfile.SoundFile", place: str, start_s: float, duration_s: float | None) -> Audio:
    if not file.frames:
        raise UnusableAudioError("zero_length", f"{place} holds no samples.")
    start = round(start_s * file.samplerate)
    if start >= file.frames:
        raise AudioError(f"{place} ends before {start_s:g} s.")
    wanted = file.frames - start
    if duration_s is not None:
        wanted = min(wanted, round(duration_s * file.samplerate))
    warm_up = min(start, round(_WARM_UP_S * file.samplerate))
    if start:
        file.seek(start - warm_up)
    audio_TC = np.concatenate(list(_read_blocks(file, warm_up + wanted)))[warm_up:]
    if len(audio_TC) < wanted:
        raise UnusableAudioError(
            "truncated", f"{place} is cut: it ends after {len(audio_TC)} of {wanted} samples that its header promises."
        )
    return np.ascontiguousarray(audio_TC.T)


def _read_blocks(file: "soundfile.SoundFile", frames: int) -> Iterator[Audio]:
    """Blocks (T, C) until that many frames are read or the file ends; at least one."""
    while True:
        block_TC = file.read(min(frames, _BLOCK), dtype="float32", always_2d=True)
        yield block_TC
        frames -= len(block_TC)
        if not frames or not len(block_TC):
            return


def mix_to_mono(audio_CT: Audio) -> Audio:
    """The mean of the channels (T,)."""
    mono_T: Audio = audio_CT[0] if len(audio_CT) == 1 else audio_CT.mean(axis=0, dtype=np.float32)
    return mono_T


def read_clip(clip: Clip, sample_rate: int) -> Audio:
    """The clip's first `MAX_CLIP_S` seconds (T,): the mean of its channels, resampled with soxr HQ.

    Raises AudioError naming the clip where it cannot be read or is not what its record says, by length, rate or
    SHA-256: the catalog no longer matches the files. A process hashes a file once, and again if its size or time of
    change is another.
    """
    if not clip.path:
        _require_digest(clip, _digest_recipe(clip))
        return _synthesise(clip, sample_rate)
    decoded = _decode_recorded(clip)
    return resample(mix_to_mono(decoded.audio_CT), decoded.sample_rate, sample_rate)


# What was found to be as recorded in this process: path, member, offset, size and time of change, SHA-256.
_verified: set[tuple[str, str, int | None, int, int, str]] = set()


def _decode_recorded(clip: Clip) -> Decoded:
    try:
        with open_clip(clip.path, clip.member, clip.offset) as stream:
            state = os.stat(clip.path)
            decoded = decode_stream(stream, say_place(clip.path, clip.member), duration_s=MAX_CLIP_S)
            _compare_with_record(clip, decoded)
            file = (clip.path, clip.member, clip.offset, state.st_size, state.st_mtime_ns, clip.sha256)
            if file not in _verified:
                _require_digest(clip, digest_of(stream))
                _verified.add(file)
            return decoded
    except UnusableAudioError as error:
        raise AudioError(f"The clip {clip.clip_id} cannot be used: {error}") from error


def resample(audio_T: Audio, rate_in: int, rate_out: int) -> Audio:
    """The same sound at another rate (soxr HQ)."""
    import soxr

    if rate_in == rate_out:
        return audio_T
    resampled_T: Audio = soxr.resample(audio_T, rate_in, rate_out, quality="HQ")
    return resampled_T


def _synthesise(clip: Clip, sample_rate: int) -> Audio:
    if clip.dataset == "builtin":
        from twnm_sim.clips.synthesis import synthesise_clip

        return synthesise_clip(clip.clip_id, sample_rate)
    if clip.dataset == "espeak":
        from twnm_sim.clips.speech import speak_clip

        return speak_clip(clip.clip_id, sample_rate)
    raise _not_synthesised(clip)


def _compare_with_record(clip: Clip, decoded: Decoded) -> None:
    same_length = abs(decoded.duration_s - clip.duration_s) <= _TOLERANCE_S
    if same_length and decoded.sample_rate == clip.sample_rate:
        return
    raise AudioError(
        f"The clip {clip.clip_id} differs from its record ({decoded.duration_s:.3f} s at {decoded.sample_rate} Hz, "
        f"{clip.duration_s:.3f} s at {clip.sample_rate} Hz in the catalog): the catalog no longer matches the files; "
        "scan again."
    )


def verify_clip(clip: Clip) -> None:
    """Raises AudioError naming the clip if its file is gone or no longer has the SHA-256 of the record.

    Of a clip that is synthesised the recipe is compared: another version of what makes it gives another sound.
    """
    try:
        found = _digest_file(clip) if clip.path else _digest_recipe(clip)
    except (AudioError, MissingExtraError) as error:
        raise AudioError(f"The clip {clip.clip_id} cannot be verified: {error}") from error
    _require_digest(clip, found)


def _require_digest(clip: Clip, found: str) -> None:
    if found != clip.sha256:
        place = f"{say_place(clip.path, clip.member)} has" if clip.path else "what makes it here has"
        raise AudioError(
            f"The clip {clip.clip_id} is not what was scanned ({place} another SHA-256): the catalog no longer matches "
            "the files; scan again."
        )


def _digest_file(clip: Clip) -> str:
    with open_clip(clip.path, clip.member, clip.offset) as stream:
        return digest_of(stream)


def _digest_recipe(clip: Clip) -> str:
    if clip.dataset == "builtin":
        from twnm_sim.clips import synthesis

        return synthesis.recipe_digest(clip.clip_id)
    if clip.dataset == "espeak":
        from twnm_sim.clips import speech

        return speech.recipe_digest(clip.clip_id)
    raise _not_synthesised(clip)


def _not_synthesised(clip: Clip) -> AudioError:
    return AudioError(f"The clip {clip.clip_id} has no path, and {clip.dataset} is not synthesised; scan it again.")


def digest_of(stream: BinaryIO) -> str:
    """The SHA-256 of all that an open file holds, in hexadecimal."""
    state = hashlib.sha256()
    stream.seek(0)
    while chunk := stream.read(1 << 20):
        state.update(chunk)
    return state.hexdigest()
