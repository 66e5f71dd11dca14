"""One room looked into deeply: its audio decoded, compared with its record and with theory.

`Inspector` holds what all rooms share (the head and its tables); `inspect` gives a room's findings, which are small.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.geometry import OCTAVE_CENTRES_HZ
from twnm_schemas.records import MeasuredRoom, SimulatedRoom, SimulatedSource, read_room
from twnm_schemas.render import Atmosphere, RenderSpec
from twnm_shards.contents import CHANNELS
from twnm_shards.tars import Sample, read_sample
from twnm_sim.check.decoding import Audio, decode_position
from twnm_sim.check.direct import DirectSound, compare_direct, expect_direct
from twnm_sim.check.early import early_error_db
from twnm_sim.check.gates import Value
from twnm_sim.check.library import Place
from twnm_sim.check.measured import HEARD_S, inspect_measured, is_heard_aside
from twnm_sim.check.records import atmosphere_of, local_vector, name_place
from twnm_sim.check.remeasure import compare_acoustics, measure_again
from twnm_sim.check.tails import (
    CoherenceSum,
    Tail,
    decay_differences_db,
    diffuse_power,
    expected_energies,
    find_tail,
    no_tails,
    octave_energies,
    sum_coherence,
)
from twnm_sim.hrtf.model import Hrtf
from twnm_sim.listening import LateralTable, lateral_table, localise_lateral


@dataclass(frozen=True)
class Findings:
    """What one room gave: deviations, how many positions there were and how many of them had a direct sound alone."""

    values: tuple[Value, ...]
    coherence: CoherenceSum
    positions: int
    direct_alone: int


@dataclass(frozen=True)
class Inspector:
    """What the inspection of any room of a library needs."""

    spec: RenderSpec
    hrtf: Hrtf | None

    def inspect(self, place: Place, with_early: bool) -> Findings:
        """Decode one room and compare; faults of its audio are values too."""
        sample = read_sample(place.shard, place.offset)
        record = read_room(sample.members["json"])
        if isinstance(record, MeasuredRoom):
            return Findings(tuple(inspect_measured(sample, record)), no_tails(), len(record.sources), 0)
        inspection = _Inspection(self, record, atmosphere_of(record, self.spec))
        for number, source in enumerate(record.sources):
            inspection.add_source(sample, source, with_early and number == 0)
        inspection.add_decay()
        return inspection.findings()

    def table(self) -> LateralTable | None:
        """The head's table for the classical listener, computed once."""
        return None if self.hrtf is None else _table_of(self.hrtf)


@lru_cache(maxsize=1)
def _table_of(hrtf: Hrtf) -> LateralTable:
    return lateral_table(hrtf)


@lru_cache(maxsize=1)
def _power_of(hrtf: Hrtf) -> NDArray[np.float64]:
    return diffuse_power(hrtf)


class _Inspection:
    """One room under way."""

    def __init__(self, inspector: Inspector, record: SimulatedRoom, atmosphere: Atmosphere) -> None:
        self.inspector, self.record, self.atmosphere = inspector, record, atmosphere
        self.hrtf = inspector.hrtf if "binaural" in record.outputs else None
        self.knows_direct = self.hrtf is not None or "binaural" not in record.outputs
        self._values: list[Value] = []
        self._coherence = no_tails()
        self._energy: NDArray[np.float64] | None = None
        self._tail: Tail | None = None
        self._alone = 0

    def add_source(self, sample: Sample, source: SimulatedSource, with_early: bool) -> None:
        """All comparisons of one position."""
        responses = decode_position(sample, self.record, source, self._values)
        output = next(name for name in CHANNELS if name in self.record.outputs)  # what labels were measured from
        if output not in responses:
            return
        response_CK, place = responses[output], name_place(self.record.room_id, source.index)
        direct = expect_direct(self.record, source, self.atmosphere, self.hrtf) if self.knows_direct else None
        if direct is not None:
            self._compare_direct(response_CK, source, direct, place)
        self._compare_labels(response_CK, source, direct, place)
        self._add_tail(response_CK)
        if self.hrtf is not None:
            self._listen(response_CK, source, self.hrtf, place)
            if with_early:
                error_db = early_error_db(response_CK, self.record, source, self.atmosphere, self.hrtf)
                self._values += [] if error_db is None else [Value("early", error_db, place)]

    def _compare_direct(self, response_CK: Audio, source: SimulatedSource, direct: DirectSound, place: str) -> None:
        onset_s = 0.0 if self.hrtf is None else _later_onset_s(self.hrtf, local_vector(self.record, source))
        rate = self.record.sample_rate
        found = compare_direct(response_CK, direct, onset_s, rate)
        if found is None:
            return
        self._alone += 1
        self._values.append(Value("direct_onset", float(np.abs(found.lag_C).max()), place))
        self._values.append(Value("direct_level", abs(found.level_db), place))
        if len(found.lag_C) == 2:
            self._values.append(Value("direct_itd", 1e6 / rate * abs(found.lag_C[0] - found.lag_C[1]), place))
            self._values.append(Value("direct_ild", abs(found.level_db_C[0] - found.level_db_C[1]), place))

    def _compare_labels(
        self, response_CK: Audio, source: SimulatedSource, direct: DirectSound | None, place: str
    ) -> None:
        found = measure_again(response_CK, self.record, source, direct)
        self._values += compare_acoustics(source.acoustics, found, direct is not None, place)
        theory_s = [self.record.rt60_theory_s[OCTAVE_CENTRES_HZ.index(hz)] for hz in (500.0, 1000.0)]
        if found.t_mid_s is not None and theory_s[0] and theory_s[1]:
            self._values.append(Value("rt60_eyring", 2.0 * found.t_mid_s / (theory_s[0] + theory_s[1]), place))

    def _add_tail(self, response_CK: Audio) -> None:
        latency_s = self.record.hrtf.latency_s if len(response_CK) == 2 else 0.0
        tail = find_tail(response_CK, self.record.sample_rate, latency_s, self.record.mixing_time_s)
        if tail is None:
            return
        if len(response_CK) == 2:
            self._coherence += sum_coherence(tail)
        energy_BM = octave_energies(tail.power_CMF.sum(axis=0), tail.frequency_F)
        if self._energy is None or self._tail is None:
            self._energy, self._tail = energy_BM, tail
            return
        if energy_BM.shape[1] < self._energy.shape[1]:
            self._tail = tail
        frames = min(energy_BM.shape[1], self._energy.shape[1])
        self._energy = self._energy[:, :frames] + energy_BM[:, :frames]

    def _listen(self, response_CK: Audio, source: SimulatedSource, hrtf: Hrtf, place: str) -> None:
        if not is_heard_aside(source):
            return
        rate, lateral_deg = self.record.sample_rate, source.lateral_deg
        stop = round((source.distance_m / self.record.speed_of_sound_m_s + HEARD_S) * rate)
        heard = localise_lateral(response_CK[:, :stop], rate, self.inspector.table())
        self._values.append(Value("side", float(heard.lateral_deg * lateral_deg < 0.0), place))
        self._values.append(Value("lateral_heard", abs(heard.lateral_deg - lateral_deg), place))

    def add_decay(self) -> None:
        """The room's pooled tails against theory, once all positions are in."""
        if self._energy is None or self._tail is None or self._energy.shape[1] < 3:
            return
        power_F = np.ones(len(self._tail.frequency_F)) if self.hrtf is None else _power_of(self.hrtf)
        expected_BM = expected_energies(self.record, self.atmosphere, self._tail, power_F)
        for difference in decay_differences_db(self._energy, expected_BM):
            self._values.append(Value("decay", float(difference), self.record.room_id))

    def findings(self) -> Findings:
        """What came out."""
        return Findings(tuple(self._values), self._coherence, len(self.record.sources), self._alone)


def _later_onset_s(hrtf: Hrtf, vector: tuple[float, float, float]) -> float:
    return float(hrtf.onsets_s_DC[int(np.argmax(hrtf.directions_D3 @ np.array(vector)))].max())
