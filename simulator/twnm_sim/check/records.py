"""What can be checked of every record without its audio: validity, geometry, clearances, coverage, theory.

Shapes: S sources.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import dist

import numpy as np
from pydantic import ValidationError

from twnm_schemas.geometry import (
    angle_between,
    azimuth_difference,
    direction_of,
    rotation_matrix,
    to_listener_frame,
)
from twnm_schemas.manifests import Manifest
from twnm_schemas.records import MeasuredRoom, RoomRecord, SimulatedRoom, SimulatedSource, SourcePosition, read_room
from twnm_schemas.render import Atmosphere, RenderSpec
from twnm_schemas.rooms import Listener, Room, Triple
from twnm_sim.check.gates import Value
from twnm_sim.decay import rt60_eyring
from twnm_sim.hrtf.model import Hrtf
from twnm_sim.rooms import HEAD_RADIUS_M

OUTSIDE_COVERAGE = "outside_hrtf_coverage"
COLUMNS = ("t_mid_s", "drr_db", "c50_db", "distance_m", "azimuth_deg", "elevation_deg", "lateral_deg")


@dataclass
class Tally:
    """What all records together say: values by position, and counts."""

    rooms: int = 0
    positions: int = 0
    hours: float = 0.0
    columns: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in (*COLUMNS, "duration_s")})
    nulls: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLUMNS, 0))
    classes: dict[tuple[str, str], int] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)

    def add(self, record: RoomRecord) -> None:
        """Count one room."""
        self.rooms += 1
        self.positions += len(record.sources)
        self.hours += len(record.sources) * record.duration_s / 3600.0
        self.columns["duration_s"].append(record.duration_s)
        place = record.size_category, record.absorption_class
        self.classes[place] = self.classes.get(place, 0) + 1
        for source in record.sources:
            self._add_source(source)

    def _add_source(self, source: SourcePosition) -> None:
        room = source.acoustics.broadband
        values = {"t_mid_s": source.acoustics.t_mid_s, "drr_db": room.drr_db, "c50_db": room.c50_db}
        for name in COLUMNS:
            value = values[name] if name in values else getattr(source, name)
            if value is None:
                self.nulls[name] += 1
            else:
                self.columns[name].append(value)
        for flag in source.acoustics.flags:
            self.flags[flag] = self.flags.get(flag, 0) + 1


def name_place(key: str, source: int) -> str:
    """'room-000017 s03'."""
    return f"{key} s{source:02d}"


def read_record(data: bytes, key: str, manifest: Manifest) -> tuple[SimulatedRoom | MeasuredRoom | None, str]:
    """The record, or None; and what is wrong with it ("" if nothing is)."""
    try:
        record = read_room(data)
    except ValidationError as error:
        first = error.errors()[0]
        return None, f"{'.'.join(map(str, first['loc'][1:]))}: {first['msg'].lower()}"  # after the origin
    if record.room_id != key:
        return record, f"is the record of {record.room_id}"
    if record.fingerprint != manifest.fingerprint:
        return record, f"has the fingerprint {record.fingerprint}"
    return record, ""


def room_of(record: SimulatedRoom) -> Room:
    """The shoebox of a record."""
    return Room(size_m=record.size_m, absorption=record.absorption)


def atmosphere_of(record: SimulatedRoom, spec: RenderSpec) -> Atmosphere:
    """The air of a record; the speed of sound is the spec's."""
    return spec.atmosphere.model_copy(
        update={
            "absorption": record.air_absorption,
            "humidity_percent": record.humidity_percent,
            "pressure_kpa": record.pressure_kpa,
        }
    )


def local_vector(record: SimulatedRoom, source: SimulatedSource) -> Triple:
    """Where a source is in the listener's frame, metres."""
    return _to_frame_of(record.listener, source.position_m)


def _to_frame_of(head: Listener, position: Triple) -> Triple:
    rotation = rotation_matrix(head.yaw_deg, head.pitch_deg, head.roll_deg)
    x, y, z = (a - b for a, b in zip(position, head.position_m, strict=True))
    return to_listener_frame(rotation, (x, y, z))


def compare_direction(head: Listener, position: Triple, source: SourcePosition, place: str) -> Iterator[Value]:
    """The angles and the distance that a source has, against those that follow from the positions."""
    found = direction_of(_to_frame_of(head, position))
    yield Value("azimuth", abs(azimuth_difference(source.azimuth_deg, found.azimuth_deg)), place)
    yield Value("elevation", abs(source.elevation_deg - found.elevation_deg), place)
    yield Value("lateral", abs(source.lateral_deg - found.lateral_deg), place)
    if source.distance_m is not None:
        yield Value("distance", abs(source.distance_m - found.distance_m), place)


def check_record(record: SimulatedRoom, spec: RenderSpec, hrtf: Hrtf | None) -> Iterator[Value]:
    """All deviations of one record."""
    yield Value("rt60_theory", _eyring_difference(record, spec), record.room_id)
    yield Value("clearance", _listener_shortfall(record, spec), record.room_id)
    nearest_S = None if hrtf is None else _nearest_measured(record, hrtf)
    for s, source in enumerate(record.sources):
        place = name_place(record.room_id, source.index)
        yield from compare_direction(record.listener, source.position_m, source, place)
        yield Value("clearance", _source_shortfall(record, source, spec), place)
        if OUTSIDE_COVERAGE not in source.acoustics.flags:
            yield Value("coverage", source.hrtf_error_deg, place)
        if nearest_S is not None:
            yield Value("hrtf_error", abs(source.hrtf_error_deg - nearest_S[s]), place)


def _nearest_measured(record: SimulatedRoom, hrtf: Hrtf) -> list[float]:
    """The angle from each direct path to the nearest measured direction."""
    vectors = [local_vector(record, source) for source in record.sources]
    nearest_S = np.argmax(np.array(vectors) @ hrtf.directions_D3.T, axis=1)
    found = []
    for vector, d in zip(vectors, nearest_S, strict=True):
        x, y, z = hrtf.directions_D3[d].tolist()
        found.append(angle_between(vector, (x, y, z)))
    return found


def _eyring_difference(record: SimulatedRoom, spec: RenderSpec) -> float:
    theory = rt60_eyring(room_of(record), atmosphere_of(record, spec))
    pairs = list(zip(record.rt60_theory_s, theory, strict=True))
    if any((told is None) != (found is None) for told, found in pairs):
        return float("nan")
    return max((abs(told / found - 1.0) for told, found in pairs if told is not None and found), default=0.0)


def _to_wall(position: tuple[float, float, float], record: SimulatedRoom) -> float:
    return min(min(p, side - p) for p, side in zip(position, record.size_m, strict=True))


def _listener_shortfall(record: SimulatedRoom, spec: RenderSpec) -> float:
    clearance = max(spec.room.listener_clearance_m, HEAD_RADIUS_M)
    return max(0.0, clearance - _to_wall(record.listener.position_m, record))


def _source_shortfall(record: SimulatedRoom, source: SimulatedSource, spec: RenderSpec) -> float:
    to_head = dist(source.position_m, record.listener.position_m)
    return max(
        0.0,
        spec.room.source_clearance_m - _to_wall(source.position_m, record),
        spec.room.nearest_source_m - to_head,
    )
