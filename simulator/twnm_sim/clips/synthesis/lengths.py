"""How long and how loud each clip is, known for the first variations without making them.

`lengths.tsv`: a row a class, the slug and then the number of 10 ms frames of each variation. It is written anew by
`tests/support/builtin_lengths.py` whenever a sound changes.
"""

from functools import cache
from pathlib import Path

import numpy as np

from twnm_sim.clips.synthesis.finish import ACTIVE_DBFS, FRAME, active_rms
from twnm_sim.clips.synthesis.signals import RATE

FILE = Path(__file__).with_suffix(".tsv")


@cache
def tabled_lengths() -> dict[str, tuple[float, ...]]:
    """The lengths in seconds of the first variations of each class. All of these clips are at ACTIVE_DBFS."""
    rows = (line.split("\t") for line in FILE.read_text("utf-8").splitlines())
    return {slug: tuple(int(frames) * FRAME / RATE for frames in rest) for slug, *rest in rows}


def measure_sound(sound: np.ndarray) -> tuple[float, float]:
    """The duration in seconds and the active level in dBFS of a finished sound."""
    level_dbfs = float(20.0 * np.log10(active_rms(sound.astype(np.float64))))
    return len(sound) / RATE, ACTIVE_DBFS if abs(level_dbfs - ACTIVE_DBFS) < 0.005 else level_dbfs
