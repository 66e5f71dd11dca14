"""Speech by the program espeak-ng, from nothing but a clip's id: `espeak:en-us+f3-0012` is that voice's 13th utterance.

The program is run by itself, writes a WAV to its output and is not part of this package. Licence of what it says:
espeak-ng is under GPL-3.0-or-later, which covers the program; what a GPL program puts out is covered only where it
copies parts of the program (GPL-3.0 section 2: "only if the output, given its content, constitutes a covered work";
FSF, Frequently Asked Questions about the GNU Licenses, "GPLOutput"). Formant synthesis computes the waveform. The
sentences are ours and dedicated to the public domain, so the clips are CC0-1.0.
"""

import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

import numpy as np

from twnm_schemas.errors import AudioError, MissingExtraError, SpecError
from twnm_shards.rng import rng_for
from twnm_sim.clips.sentences import SENTENCES

SPEECH_VERSION = 1  # raised whenever another sentence, speed or pitch comes of an id
VARIANTS = ("f1", "m1", "f2", "m2", "f3", "m3", "f4", "m4", "f5", "m5", "m6", "m7")
SEED = 20_260_102

_PROGRAM = "espeak-ng"
_CLIP_ID = re.compile(r"espeak:([a-z-]+)\+([fm]\d)-(\d{4,})")
_HEADER = 44  # bytes before the samples of the WAV that it streams; its sizes are unknown when it is written
_AMPLITUDE = "50"  # at its usual 100 the louder voices reach full scale
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Utterance:
    """What is said, in which voice, how fast, and at what pitch (0 to 99; at 50 a voice is its own).

    `voice`: the variant in the language, "en-us+f3".
    """

    language: str
    variant: str
    text: str
    words_per_minute: int
    pitch: int

    @property
    def voice(self) -> str:
        return f"{self.language}+{self.variant}"


def utterance_of(clip_id: str) -> Utterance:
    """What an id says. A voice has a pitch of its own, and goes through all sentences before it repeats one.

    Raises SpecError for an id that is not ours.
    """
    match = _CLIP_ID.fullmatch(clip_id)
    if match is None or match.group(1) not in SENTENCES or match.group(2) not in VARIANTS:
        raise SpecError(f"There is no speech '{clip_id}'; write an id like espeak:en-us+f3-0012.")
    language, variant, number = match.group(1), match.group(2), int(match.group(3))
    voice, texts = f"{language}+{variant}", SENTENCES[language]
    own, now = rng_for(SEED, "espeak", voice), rng_for(SEED, "espeak", voice, number)
    start, pitch, pace = int(own.integers(len(texts))), own.uniform(25.0, 75.0), own.uniform(140.0, 180.0)
    return Utterance(
        language=language,
        variant=variant,
        text=texts[(start + number) % len(texts)],
        words_per_minute=round(pace * now.uniform(0.9, 1.1)),
        pitch=round(pitch + now.uniform(-5.0, 5.0)),
    )


def speak_clip(clip_id: str, sample_rate: int) -> np.ndarray:
    """The clip (T,), float32, mono, resampled from the program's own rate.

    Raises SpecError for an id that is not ours, MissingExtraError where espeak-ng is not installed, and AudioError
    where it fails.
    """
    import soxr

    sound, rate = speak(utterance_of(clip_id))
    spoken: np.ndarray = soxr.resample(sound, rate, sample_rate, "HQ")
    return spoken


def speak(utterance: Utterance) -> tuple[np.ndarray, int]:
    """The utterance as the program says it: samples (T,), float32, and their rate. Raises as `speak_clip`."""
    speed, pitch = str(utterance.words_per_minute), str(utterance.pitch)
    arguments = [
        "-v",
        utterance.voice,
        "-a",
        _AMPLITUDE,
        "-s",
        speed,
        "-p",
        pitch,
        "-z",
        "-b",
        "1",
        "--stdin",
        "--stdout",
    ]
    wav = _run(arguments, utterance.text)
    if len(wav) <= _HEADER or wav[:4] != b"RIFF" or wav[36:40] != b"data":
        raise AudioError(f"The program {_PROGRAM} said nothing in the voice {utterance.voice}; is it installed whole?")
    samples = np.frombuffer(wav, "<i2", offset=_HEADER, count=(len(wav) - _HEADER) // 2)
    return samples.astype(np.float32) / 32_768.0, int.from_bytes(wav[24:28], "little")


@cache
def program_version() -> str:
    """The version of the espeak-ng that is installed, e.g. "1.51". Raises MissingExtraError where there is none."""
    said = _run(["--version"], "").decode("utf-8", "replace")
    match = re.search(r"\d+(?:\.\d+)+\S*", said)
    return match.group(0) if match else said.strip()


def recipe_digest(clip_id: str) -> str:
    """The SHA-256 of what makes the clip, the program's version included: it changes whenever the sound does."""
    return hashlib.sha256(f"espeak {SPEECH_VERSION} {program_version()} {clip_id}".encode()).hexdigest()


def _run(arguments: list[str], text: str) -> bytes:
    program = shutil.which(_PROGRAM)
    if program is None:
        raise MissingExtraError(
            f"Speech needs the program {_PROGRAM}, which is not installed; install it (Debian and Ubuntu: apt install "
            f"{_PROGRAM}; macOS: brew install {_PROGRAM}) or leave out the clips 'espeak'."
        )
    try:
        done = subprocess.run(
            [program, *arguments], input=text.encode(), capture_output=True, timeout=_PATIENCE_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        reason = str(error).rstrip(".")
        raise AudioError(f"The program {program} failed: {reason}.") from error
    return done.stdout
