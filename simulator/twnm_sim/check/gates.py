"""The gates: what is measured, in which unit, how far it may go, and what a list of values makes of it.

Every value is a deviation, so that smaller is better; a value carries the place it was measured at.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

Status = Literal["pass", "fail", "reported", "not checked"]
TAILS_NEEDED = 100
_DIGITS = 6  # what is written of a value: the last digits differ with the linear algebra library


class Value(NamedTuple):
    """One deviation, the gate it is for, and the room and source it was measured at."""

    gate: str
    value: float
    place: str


@dataclass(frozen=True)
class Gate:
    """One line of the table. `limit` None: the value is reported and never fails.

    Judged is the worst value, or the mean where values are shares (`by_mean`).
    """

    name: str
    part: Literal["records", "audio", "direct sound", "labels", "theory", "listening"]
    sentence: str
    unit: str
    limit: float | None
    by_mean: bool = False


@dataclass
class Ledger:
    """All values so far, gate by gate; of places, only that of the worst is kept."""

    numbers: dict[str, "array[float]"] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    _worst: dict[str, float] = field(default_factory=dict)

    def add(self, values: Iterable[Value]) -> None:
        """Enter values."""
        for gate, number, place in values:
            self.numbers.setdefault(gate, array("d")).append(number)
            rank = np.inf if np.isnan(number) else number
            if gate not in self._worst or rank > self._worst[gate]:
                self._worst[gate], self.places[gate] = rank, place


@dataclass(frozen=True)
class Verdict:
    """What became of a gate. `worst`, `p95` and `median` are of the deviations; `place` is where the worst is."""

    gate: Gate
    status: Status
    count: int
    worst: float | None
    p95: float | None
    median: float | None
    place: str
    note: str = ""


# "nulls" leaves room for bands that decay into the quantising of 24 bits, where a label is refused or not by a hair.
GATES = (
    Gate(
        "record_valid", "records", "Every record is a valid RoomRecord of its own room and fingerprint", "faults", 0.0
    ),
    Gate("azimuth", "records", "Azimuth follows from the positions and the head's turn", "degrees", 1e-6),
    Gate("elevation", "records", "Elevation follows from the positions and the head's turn", "degrees", 1e-6),
    Gate("lateral", "records", "The lateral angle follows from the positions and the head's turn", "degrees", 1e-6),
    Gate("distance", "records", "Distance follows from the positions", "m", 1e-6),
    Gate("clearance", "records", "Listener and sources keep their clearances (shortfall)", "m", 1e-9),
    Gate("rt60_theory", "records", "rt60_theory_s is Eyring's formula (relative difference)", "", 1e-6),
    Gate("hrtf_error", "records", "hrtf_error_deg is the angle to the nearest measured direction", "degrees", 1e-6),
    Gate("coverage", "records", "Direct paths lie near a measured direction, or are flagged", "degrees", 7.5),
    Gate("decodes", "audio", "FLACs decode, and have the channels, rate and length of the record", "faults", 0.0),
    Gate("sound", "audio", "No NaN, no infinity, no silent channel", "faults", 0.0),
    Gate("clipping", "audio", "No sample beyond the peak that the encoder leaves", "steps", 0.0),
    Gate("dc", "audio", "No DC: the mean's share of the energy", "", 0.01),
    Gate("direct_onset", "direct sound", "The direct sound starts at r/c plus the HRIR's own delay", "sample", 1.0),
    Gate("direct_level", "direct sound", "Its level is the HRIR's at 1/r, less the air's loss", "dB", 0.2),
    Gate("direct_itd", "direct sound", "Its ITD is that of the SOFA entry", "us", 10.0),
    Gate("direct_ild", "direct sound", "Its ILD is that of the SOFA entry", "dB", 0.5),
    Gate("early", "direct sound", "The first 80 ms equal a float64 sum of all images (error energy)", "dB", -40.0),
    Gate("rt60", "labels", "RT60 and EDT measured again from the decoded audio", "%", 2.0),
    Gate("c50", "labels", "C50 measured again", "dB", 0.2),
    Gate("drr", "labels", "DRR measured again against an exact direct sound", "dB", 0.2),
    Gate("iacc", "labels", "IACC and D50 measured again", "", 0.01),
    Gate("ild", "labels", "ILD measured again, of the whole and of the direct sound", "dB", 0.2),
    Gate("nulls", "labels", "The same values are null (share that is not)", "", 0.001, True),
    Gate("coherence", "theory", "Interaural coherence of pooled tails against the head's diffuse field", "", 0.1),
    Gate("decay", "theory", "A room's pooled tails against the images' energy, 1 to 8 kHz to -40 dB", "dB", None),
    Gate("rt60_eyring", "theory", "Measured t_mid over Eyring's (true shoeboxes decay slower)", "", None),
    Gate("side", "listening", "A classical listener hears the right side (share that is wrong)", "", 0.05, True),
    Gate("lateral_heard", "listening", "The lateral angle that listener is wrong by", "degrees", None),
)
BY_NAME = {gate.name: gate for gate in GATES}


def judge(ledger: Ledger, reasons: dict[str, str], notes: dict[str, str]) -> tuple[Verdict, ...]:
    """The verdicts of all gates. `notes`: what a reader should know of a gate.

    `reasons`: why a gate cannot be judged; one that has values all the same is reported.
    """
    return tuple(_judge(gate, ledger, reasons.get(gate.name, ""), notes.get(gate.name, "")) for gate in GATES)


def _judge(gate: Gate, ledger: Ledger, reason: str, note: str) -> Verdict:
    if gate.name not in ledger.numbers:
        return Verdict(gate, "not checked", 0, None, None, None, "", reason or "no position qualifies")
    numbers = np.array(ledger.numbers[gate.name])
    worst = float(numbers.mean() if gate.by_mean else numbers.max())  # NaN goes through and fails
    status: Status = "pass"
    if gate.limit is None or reason:
        status = "reported"
    elif not worst <= gate.limit:
        status = "fail"
    p95, median = (None, None) if gate.by_mean else (_round(float(q)) for q in np.quantile(numbers, (0.95, 0.5)))
    place = "" if worst == 0.0 else ledger.places[gate.name]
    return Verdict(gate, status, len(numbers), _round(worst), p95, median, place, reason or note)


def _round(value: float) -> float | None:
    """Six significant digits; null where JSON has no number."""
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None
