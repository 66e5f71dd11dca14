"""The classical listener as a baseline: direction and reverberation from the audio alone, all else left open.

It knows how a head delays a sound and how a room decays (`twnm_sim.listening`), and nothing of what sounds: where two
sources are heard it says where the clearer onsets are, so that of two sources it finds the one asked about half the
time. Collecting evidence for each option over frames in place of one peak brings 1.5 points at most (measured on 180
scenes of two and three sources, 50 against 48.5 % and 32.9 against 32.3 %), which is not worth its length here.

Of all decays it takes the lower quartile: what is not the room's own decay is longer than it (a bell, a fading engine).
On 142 scenes of two and three sources of 4 s, in rooms of 0.1 to 3 s, 83 % of these are within half an octave of the
truth, 75 % with the medians; in a third of the scenes no decay is heard at all.

Shapes: C ears, T samples, G angles.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twnm_bench.directions import SYSTEMS, read_sector
from twnm_bench.run.baselines import guess_place
from twnm_bench.run.heard import Answers, Audio, Heard
from twnm_bench.run.times import read_seconds
from twnm_schemas.answers import LETTERS, write_answer
from twnm_sim.hrtf.load import load_hrtf
from twnm_sim.listening import (
    LateralTable,
    estimate_reverberation,
    lateral_table,
    localise_lateral,
    woodworth_table,
)

SPHERE = "sphere"
DIRECTION_TASK, REVERBERATION_TASK = "sound_location_binding", "environmental_acoustics"
_SIDE_DEG = 60.0  # "to your left" as an angle, where the options are but sides
_SIDES = {"left": _SIDE_DEG, "right": -_SIDE_DEG}
_SIDE = re.compile(r"\b(?:left|right)\b")
_EQUAL = 1e-6  # degrees or octaves
Heads = dict[int, LateralTable]


@dataclass(frozen=True)
class Finding:
    """What was heard, in words, and how far each option is from it (the nearest is answered)."""

    words: str
    misses: tuple[float, ...]


class ClassicalListener(Answers):
    """Answers questions about one direction or about the reverberation; to others it gives no answer.

    `head`: an HRTF as `load_hrtf` takes it, or "sphere" for Woodworth's. `guess`: draw a letter where nothing is heard
    or the question is another, in place of no answer.
    """

    def __init__(self, seed: int, head: str = "kemar", guess: bool = False) -> None:
        self._seed, self._head, self._guess = seed, head, guess
        self._tables: Heads = {}

    async def answer(self, heard: Heard) -> str:
        """The option nearest to what is heard; "" for none. Raises HrtfError for a head that cannot be used."""
        finding = self.listen(heard)
        if finding is None:
            return self._leave_open(heard)
        nearest = min(finding.misses)
        equal = [place for place, miss in enumerate(finding.misses) if miss - nearest <= _EQUAL]
        # Options as near as each other are drawn from: the first would be a habit that a key could favour.
        drawn = guess_place(self._seed, heard.id, heard.rotation) * len(equal) // len(LETTERS)
        return write_answer(finding.words, LETTERS[equal[drawn]])

    def listen(self, heard: Heard) -> Finding | None:
        """What the audio says of the options, or None where it says nothing."""
        if heard.audio_CT is None or not heard.audio_CT.any():
            return None
        if heard.task == DIRECTION_TASK and (angles := read_laterals(heard.choices)):
            return self._find_direction(heard.audio_CT, heard.sample_rate, angles)
        if heard.task == REVERBERATION_TASK and (times_s := read_times(heard.choices)):
            return _find_reverberation(heard.audio_CT, heard.sample_rate, times_s)
        return None

    def _find_direction(self, audio_CT: Audio, sample_rate: int, angles: Sequence[float]) -> Finding:
        lateral_deg = localise_lateral(audio_CT, sample_rate, self._table(sample_rate)).lateral_deg
        side = "left" if lateral_deg > 0.0 else "right"
        words = f"The clearest onsets are about {abs(lateral_deg):.0f} degrees to the {side}."
        return Finding(words, tuple(abs(angle - lateral_deg) for angle in angles))

    def _table(self, sample_rate: int) -> LateralTable:
        if sample_rate not in self._tables:
            is_sphere = self._head == SPHERE
            self._tables[sample_rate] = (
                woodworth_table() if is_sphere else balance_table(lateral_table(load_hrtf(self._head, sample_rate)))
            )
        return self._tables[sample_rate]

    def _leave_open(self, heard: Heard) -> str:
        if not self._guess:
            return ""
        return write_answer("", LETTERS[guess_place(self._seed, heard.id, heard.rotation)])


def balance_table(table: LateralTable) -> LateralTable:
    """The table of the same head with its left and right made alike, so that exchanged ears give the mirrored angle."""
    lateral_G = np.arange(-90.0, 90.5, 1.0)
    itd_G = np.interp(lateral_G, table.lateral_deg, table.itd_us)
    odd_G = np.maximum.accumulate(0.5 * (itd_G - itd_G[::-1])[lateral_G.size // 2 :]) + 1e-6 * np.arange(91)
    odd_G[0] = 0.0
    return LateralTable(lateral_G, np.concatenate([-odd_G[:0:-1], odd_G]))


def read_laterals(choices: Sequence[str]) -> tuple[float, ...] | None:
    """The lateral angle that each option says, by the first system of sectors that knows all of them, or by sides.

    None where some option says no direction. Of front and back, which a time difference does not tell apart, both
    have the same angle.
    """
    for system in SYSTEMS:
        sectors = [read_sector(system, choice) for choice in choices]
        named = [sector for sector in sectors if sector is not None]
        if len(named) == len(choices):
            return tuple(_lateral_of(sector.centre_deg) for sector in named)
    sides = [{match[0] for match in _SIDE.finditer(choice.lower())} for choice in choices]
    return tuple(_SIDES[side.pop()] for side in sides) if all(len(side) == 1 for side in sides) else None


def _lateral_of(azimuth_deg: float) -> float:
    return math.degrees(math.asin(math.sin(math.radians(azimuth_deg))))


def read_times(choices: Sequence[str]) -> tuple[float, ...] | None:
    """The time in seconds that each option says; None where some option says none."""
    times = [time_s for choice in choices if (time_s := read_seconds(choice))]
    return tuple(times) if len(times) == len(choices) else None


def _find_reverberation(audio_CT: Audio, sample_rate: int, times_s: Sequence[float]) -> Finding | None:
    heard_s = estimate_reverberation(audio_CT, sample_rate).low_s
    if heard_s is None:
        return None
    words = f"The sound dies away in about {heard_s:.2g} seconds."
    return Finding(words, tuple(abs(math.log2(time_s / heard_s)) for time_s in times_s))
