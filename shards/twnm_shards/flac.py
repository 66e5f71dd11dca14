"""24-bit FLAC with the scale that gives pressure back.

Shapes: C channels, T samples.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

from twnm_schemas.errors import AudioError

FULL_SCALE = 2**23
PEAK = FULL_SCALE - 8
# Measured on 88,200 x 2 samples of noise decaying by 60 dB (libsndfile 1.2.2, one slow core): level 0.0 takes 2.8 ms
# and 403.3 kB, 0.5 takes 3.2 ms and 402.5 kB, the library's own 0.625 3.6 ms, 1.0 7.8 ms and 402.2 kB. Noise does not
# predict, so searching longer buys 0.3 %.
COMPRESSION_LEVEL = 0.0
# Peaks between which float32 holds the scale, its inverse and what they give: 2^23 / scale overflows under 2.5e-32.
SILENCE = 1e-30
LOUDEST = 1e38

Audio = npt.NDArray[np.float32]
# A frame holds at most 65,536 samples, and its header alone takes 8 bytes where it says so (RFC 9639, 9.1).
_MOST_SAMPLES_PER_BYTE = 65536 // 8
_BLOCK = 1 << 18
_MD5 = slice(26, 42)  # of the STREAMINFO block: after "fLaC", a block header of 4 bytes and 18 bytes of sizes


def encode_flac(audio_CT: npt.NDArray[Any], sample_rate: int) -> tuple[bytes, float]:
    """A 24-bit FLAC whose peak is just under full scale, and the scale that takes decoded samples back to pressure.

    The scale is a float32 value: decoded times scale gives the same float32 on every reading, within two steps of
    24 bits (scale / 2^22: half a step of quantising, the rest float32's own rounding near the peak) of what went in.
    Raises AudioError for NaN, infinity, silence (a peak under 1e-30), a peak over 1e38 and audio of no samples.
    """
    if audio_CT.ndim != 2 or audio_CT.size == 0:
        raise AudioError(f"audio of shape {audio_CT.shape} cannot be written: channels x samples are needed")
    peak = float(max(audio_CT.max(), -audio_CT.min()))
    if not np.isfinite(peak):
        raise AudioError("audio with NaN or infinite samples cannot be written")
    if peak < SILENCE:
        raise AudioError(f"silence cannot be written: its peak is {peak:g}, under {SILENCE:g}")
    if peak > LOUDEST:
        raise AudioError(f"audio with a peak of {peak:g} cannot be written: it is over {LOUDEST:g}")
    scale = np.float32(peak) * np.float32(FULL_SCALE / PEAK)
    steps_TC = np.rint(audio_CT.T * (np.float32(FULL_SCALE) / scale)).astype(np.int32)
    steps_TC <<= 8  # libsndfile takes the upper 24 bits
    return _encode_steps(np.ascontiguousarray(steps_TC), sample_rate), float(scale)


def encode_face_value(audio_CT: npt.NDArray[Any], sample_rate: int) -> tuple[bytes, str]:
    """A 24-bit FLAC that decodes to the audio itself (full scale +-1, within half a step), and its `pcm_sha256`.

    Raises AudioError for NaN, infinity, audio of no samples, and a sample that 24 bits would clip.
    """
    if audio_CT.ndim != 2 or audio_CT.size == 0:
        raise AudioError(f"audio of shape {audio_CT.shape} cannot be written: channels x samples are needed")
    peak = float(max(audio_CT.max(), -audio_CT.min()))
    if not np.isfinite(peak):
        raise AudioError("audio with NaN or infinite samples cannot be written")
    if peak * FULL_SCALE > FULL_SCALE - 1:
        raise AudioError(f"audio with a peak of {peak:g} cannot be written at face value: full scale is 1")
    steps_TC = np.ascontiguousarray(np.rint(audio_CT.T * np.float32(FULL_SCALE)).astype(np.int32))
    steps_TC <<= 8
    return _encode_steps(steps_TC, sample_rate), hash_steps(steps_TC)


def hash_steps(steps_TC: npt.NDArray[np.int32]) -> str:
    """The SHA-256 of 24-bit samples (little endian, interleaved), given in the upper bits of 32."""
    packed = steps_TC.astype("<i4", copy=False).view(np.uint8).reshape(-1, 4)[:, 1:]
    return hashlib.sha256(packed.tobytes()).hexdigest()


def _encode_steps(steps_TC: npt.NDArray[np.int32], sample_rate: int) -> bytes:
    stream = io.BytesIO()
    with soundfile.SoundFile(
        stream,
        "w",
        sample_rate,
        steps_TC.shape[1],
        subtype="PCM_24",
        format="FLAC",
        compression_level=COMPRESSION_LEVEL,
    ) as file:
        file.write(steps_TC)
    return stream.getvalue()


def decode_flac(data: bytes, scale: float = 1.0) -> tuple[Audio, int]:
    """The audio (C, T) as float32 times `scale`, and its sample rate. Raises AudioError if it does not decode."""
    with _opened(data) as file:
        steps_TC = np.concatenate(list(_decode_steps(file)))
        sample_rate = int(file.samplerate)
    audio_TC = steps_TC.astype(np.float32)  # exact: the lower 8 of the 32 bits are empty
    audio_TC *= np.float32(2.0**-31)
    audio_TC *= np.float32(scale)
    return np.ascontiguousarray(audio_TC.T), sample_rate


class FlacFacts(NamedTuple):
    """What a FLAC turned out to hold; the peak is in steps of 24 bits, `pcm_sha256` as `hash_steps` gives it."""

    channels: int
    samples: int
    sample_rate: int
    peak: int
    pcm_sha256: str


def check_flac(data: bytes) -> FlacFacts:
    """Decode completely, a piece at a time, and say what it holds.

    Raises AudioError if it is cut, damaged, not 24-bit FLAC, or other audio than its own MD5 says.
    """
    md5, sha256, peak, samples = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0, 0
    with _opened(data) as file:
        if data[:4] != b"fLaC" or file.subtype != "PCM_24":
            raise AudioError(f"it is not 24-bit FLAC but {file.subtype}")
        for steps_TC in _decode_steps(file):
            steps_TC >>= 8
            packed = steps_TC.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
            md5.update(packed)
            sha256.update(packed)
            peak = max(peak, int(np.abs(steps_TC).max(initial=0)))
            samples += len(steps_TC)
        facts = FlacFacts(file.channels, samples, file.samplerate, peak, sha256.hexdigest())
    if md5.digest() != data[_MD5]:
        raise AudioError("its audio differs from its own MD5")
    return facts


def count_promised(data: bytes) -> int:
    """How many samples the header promises; nothing is decoded. Raises AudioError if that cannot be true."""
    with _opened(data) as file:
        return int(file.frames)


@contextmanager
def _opened(data: bytes) -> Iterator[soundfile.SoundFile]:
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if file.frames > len(data) * _MOST_SAMPLES_PER_BYTE:
                raise AudioError(f"its header promises {file.frames} samples, which {len(data)} bytes cannot hold")
            yield file
    except soundfile.LibsndfileError as error:
        raise AudioError(f"it does not decode ({error.error_string.strip().rstrip('.')})") from error


def _decode_steps(file: soundfile.SoundFile) -> Iterator[npt.NDArray[np.int32]]:
    """The samples in pieces (T, C), at least one: what a header promises is never allocated before it is there."""
    decoded = 0
    while True:
        steps_TC = file.read(_BLOCK, dtype="int32", always_2d=True)
        yield steps_TC
        decoded += len(steps_TC)
        if decoded == file.frames:
            return
        if not len(steps_TC):
            raise AudioError(f"it ends after {decoded} of {file.frames} samples")
