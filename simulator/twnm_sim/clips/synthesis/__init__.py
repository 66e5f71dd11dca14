"""The sounds that come with the package, made from nothing but their id: some fifty classes, endless variations each.

`CLASSES` says what there is and `synthesise_clip` makes it. The files are by physical kind: `impacts`, `rhythms`,
`textures`, `machines`, `alarms`, `creatures`, `tones`; `signals` has their building blocks, `draws` the randomness,
`finish` what happens to every sound at the end.

A clip is made at 44.1 kHz like a recording and resampled for another rate, so that a rate never changes what is heard.
"""

import hashlib
import re

import numpy as np

from twnm_schemas.errors import SpecError
from twnm_sim.clips.synthesis.classes import CLASSES, SoundClass
from twnm_sim.clips.synthesis.draws import Draws
from twnm_sim.clips.synthesis.finish import ACTIVE_DBFS, finish
from twnm_sim.clips.synthesis.lengths import measure_sound, tabled_lengths
from twnm_sim.clips.synthesis.signals import RATE

__all__ = [
    "BUILTIN_VERSION",
    "CLASSES",
    "RATE",
    "SoundClass",
    "class_of",
    "clip_id_of",
    "measure_clip",
    "recipe_digest",
    "synthesise_clip",
]

BUILTIN_VERSION = 1  # raised whenever a byte of any clip changes: catalogs made before then no longer match

_CLIP_ID = re.compile(r"builtin:([a-z-]+)-(\d{4,})")


def clip_id_of(slug: str, variation: int) -> str:
    """The id of a variation of a class, e.g. `builtin:clock-tick-0007`."""
    return f"builtin:{slug}-{variation:04d}"


def recipe_digest(clip_id: str) -> str:
    """The SHA-256 of what makes the clip: it changes whenever the sound does."""
    return hashlib.sha256(f"builtin {BUILTIN_VERSION} {clip_id}".encode()).hexdigest()


def class_of(clip_id: str) -> tuple[SoundClass, int]:
    """The class and the number of the variation that an id names. Raises SpecError for one that is not ours."""
    match = _CLIP_ID.fullmatch(clip_id)
    if match is None or match.group(1) not in CLASSES or clip_id != clip_id_of(match.group(1), int(match.group(2))):
        raise SpecError(
            f"There is no built-in sound '{clip_id}'; write builtin:CLASS-0000 with one of: {', '.join(CLASSES)}."
        )
    return CLASSES[match.group(1)], int(match.group(2))


def measure_clip(clip_id: str) -> tuple[float, float]:
    """The duration in seconds and the active level in dBFS of a clip; it is made only where no table has it.

    Raises SpecError for an id that is not ours.
    """
    kind, variation = class_of(clip_id)
    known = tabled_lengths()[kind.slug]
    return (known[variation], ACTIVE_DBFS) if variation < len(known) else measure_sound(synthesise_clip(clip_id))


def synthesise_clip(clip_id: str, sample_rate: int = RATE) -> np.ndarray:
    """The clip (T,), float32, mono, from its first loud sample to its last, its active level -26 dBFS.

    The same id is the same sound at every rate (a lower one loses what is above its half). Raises SpecError for an id
    that is not ours.
    """
    kind, variation = class_of(clip_id)
    sound = finish(kind.make(Draws(kind.slug, variation)))
    if sample_rate == RATE:
        return sound
    import soxr

    resampled: np.ndarray = soxr.resample(sound, RATE, sample_rate, "HQ")
    return resampled
