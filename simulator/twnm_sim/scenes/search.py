"""Places for sources: which positions of a room fulfil a spec's constraints together.

For a room many sets of positions are drawn at once and judged as arrays; the first that holds is taken, so that every
set that holds is equally likely. What is counted on the way tells which constraint starves a search. Shapes: T trial
sets, N sources, P positions of a room.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import singledispatch
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.constraints import (
    Constraint,
    DistanceOrder,
    EqualDistance,
    Farthest,
    Nearest,
    OppositeSides,
    Pairwise,
    PairwiseLateral,
    SameClass,
    Sector,
    Sides,
    say_constraint,
)
from twnm_schemas.scenes import Interval, Placement
from twnm_sim.scenes.positions import PositionTable

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
_TRIALS = 512  # sets judged at a time
_ROUNDS = 4  # of them in one room
_OFTEN = 200  # times that a constraint must have held before its never meeting another tells something


@dataclass(frozen=True)
class Geometry:
    """Where the sources of each trial set are; angles in degrees, distances in metres, NaN where not known."""

    azimuth_TN: Floats
    elevation_TN: Floats
    lateral_TN: Floats
    distance_TN: Floats
    drr_TN: Floats

    @property
    def unit_TN3(self) -> Floats:
        """Unit vectors in the listener frame."""
        azimuth, elevation = np.radians(self.azimuth_TN), np.radians(self.elevation_TN)
        return np.stack(
            [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)], axis=-1
        )


@singledispatch
def holds(constraint: Constraint, geometry: Geometry) -> Bools:
    """Which trial sets (T,) fulfil a constraint. A distance that is not known fulfils nothing."""
    raise TypeError(f"{type(constraint).__name__} is no constraint on places")


@holds.register
def _farthest(constraint: Farthest, geometry: Geometry) -> Bools:
    sorted_TN = np.sort(geometry.distance_TN, axis=1)
    return _at_least(sorted_TN[:, -1:], sorted_TN[:, -2:-1], constraint.ratio)


@holds.register
def _nearest(constraint: Nearest, geometry: Geometry) -> Bools:
    sorted_TN = np.sort(geometry.distance_TN, axis=1)
    known_T = ~np.isnan(sorted_TN[:, -1])  # unknown ones are sorted last, and one of them may be the nearest
    return known_T & _at_least(sorted_TN[:, 1:2], sorted_TN[:, :1], constraint.ratio)


@holds.register
def _distance_order(constraint: DistanceOrder, geometry: Geometry) -> Bools:
    sorted_TN = np.sort(geometry.distance_TN, axis=1)
    return _at_least(sorted_TN[:, 1:], sorted_TN[:, :-1], constraint.ratio)


def _at_least(upper_TN: Floats, lower_TN: Floats, ratio: float) -> Bools:
    """Whether there is something to compare and every upper value is `ratio` times its lower one."""
    if upper_TN.shape[1] == 0 or lower_TN.shape[1] == 0:
        return np.zeros(len(upper_TN), bool)
    held_T: Bools = np.all(upper_TN >= ratio * lower_TN, axis=1)
    return held_T


@holds.register
def _equal_distance(constraint: EqualDistance, geometry: Geometry) -> Bools:
    far_T, near_T = geometry.distance_TN.max(axis=1), geometry.distance_TN.min(axis=1)
    spread_T = np.ptp(geometry.drr_TN, axis=1)
    held_T: Bools = (far_T <= constraint.ratio * near_T) & (spread_T <= constraint.drr_db)
    return held_T


@holds.register
def _pairwise(constraint: Pairwise, geometry: Geometry) -> Bools:
    units_TN3 = geometry.unit_TN3
    cosines_TNN = np.einsum("tnk,tmk->tnm", units_TN3, units_TN3)
    upper = np.triu_indices(units_TN3.shape[1], 1)
    held_T: Bools = np.all(cosines_TNN[:, *upper] <= np.cos(np.radians(constraint.degrees)), axis=1)
    return held_T


@holds.register
def _pairwise_lateral(constraint: PairwiseLateral, geometry: Geometry) -> Bools:
    gaps_TN = np.diff(np.sort(geometry.lateral_TN, axis=1), axis=1)
    held_T: Bools = np.all(gaps_TN >= constraint.degrees, axis=1)
    return held_T


@holds.register
def _opposite_sides(constraint: OppositeSides, geometry: Geometry) -> Bools:
    lateral_TN = geometry.lateral_TN
    held_T: Bools = np.any(lateral_TN >= constraint.degrees, axis=1) & np.any(lateral_TN <= -constraint.degrees, axis=1)
    return held_T


@holds.register
def _sides(constraint: Sides, geometry: Geometry) -> Bools:
    left_TN = geometry.lateral_TN >= constraint.degrees
    right_TN = geometry.lateral_TN <= -constraint.degrees
    held_T: Bools = np.all(left_TN | right_TN, axis=1) & (np.count_nonzero(left_TN, axis=1) == constraint.left)
    return held_T


@holds.register
def _sector(constraint: Sector, geometry: Geometry) -> Bools:
    width = (constraint.stop_deg - constraint.start_deg) % 360.0 or 360.0
    inside_TN = (geometry.azimuth_TN - constraint.start_deg) % 360.0 <= width
    held_T: Bools = np.all(inside_TN, axis=1) if constraint.who == "all" else np.any(inside_TN, axis=1)
    return held_T


@holds.register
def _same_class(constraint: SameClass, geometry: Geometry) -> Bools:
    """A matter of clips; as to places, there must be as many sources."""
    return np.full(len(geometry.azimuth_TN), geometry.azimuth_TN.shape[1] >= constraint.times)


@dataclass
class Starvation:
    """What held a search back: of the sets tried, how many each constraint refused, and how many it refused alone."""

    sets: int = 0
    rooms: set[int] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    together: Counter[tuple[str, str]] = field(default_factory=Counter)

    def name_clash(self) -> tuple[str, str] | None:
        """Two constraints that were each fulfilled, many a time, and never both."""
        often = [name for name, count in self.held.items() if count >= _OFTEN]
        pairs = combinations(sorted(often), 2)
        return next((pair for pair in pairs if not self.together[pair]), None)

    def name_worst(self) -> str:
        """The constraint that starves: it alone refused the most sets, else it refused the most of all."""
        counts = self.alone if self.alone.total() else self.refused
        return counts.most_common(1)[0][0] if counts else ""

    def describe(self) -> str:
        """What was tried, and how often the worst constraint held, in half a sentence."""
        worst = self.name_worst()
        rooms = "1 room" if len(self.rooms) == 1 else f"{len(self.rooms):,} rooms"
        if not self.sets:
            return f"of {rooms} none has places enough" + (f" ('{worst}')" if worst else "")
        if clash := self.name_clash():
            return f"'{clash[0]}' and '{clash[1]}' are never fulfilled together ({self.sets:,} sets in {rooms})"
        share = 1.0 - self.refused[worst] / self.sets
        return f"'{worst}' starves: of {self.sets:,} sets of positions in {rooms} it allows {100 * share:.2g} %"


def find_positions(
    table: PositionTable,
    room: int,
    count: int,
    placement: Placement,
    constraints: Iterable[Constraint],
    rng: np.random.Generator,
    starvation: Starvation,
) -> list[int] | None:
    """`count` positions of a room that fulfil the placement each and the constraints together; None if none are found.

    `starvation` is told what stood in the way.
    """
    starvation.rooms.add(room)
    places_P = np.flatnonzero(_fits(table, room, placement, count, starvation))
    if len(places_P) < count:
        return None
    wanted = list(constraints)
    for _ in range(_ROUNDS if wanted else 1):
        sets_TN = _draw_sets(places_P, count, _TRIALS if wanted else 1, rng)
        held_T = _judge(_geometry_of(table, room, sets_TN), wanted, starvation)
        if held_T.any():
            return [int(place) for place in sets_TN[int(np.argmax(held_T))]]
    return None


def _fits(table: PositionTable, room: int, placement: Placement, count: int, starvation: Starvation) -> Bools:
    """Which positions fulfil what is asked of each; the condition that leaves too few is counted by name."""
    fits_P: Bools = table.usable_RP[room].copy()
    if np.count_nonzero(fits_P) < count:
        starvation.refused[f"{count} sources in a room"] += 1
    asked: tuple[tuple[str, Interval | None, Floats], ...] = (
        ("distance_m", placement.distance_m, table.distance_RP[room]),
        ("elevation_deg", placement.elevation_deg, table.elevation_RP[room]),
        ("lateral_deg", placement.lateral_deg, table.lateral_RP[room]),
        ("drr_db", placement.drr_db, table.drr_RP[room]),
    )
    for name, interval, values_P in asked:
        if interval is not None:
            inside_P = (values_P >= interval.low) & (values_P <= interval.high)
            if np.count_nonzero(inside_P & table.usable_RP[room]) < count:
                starvation.refused[f"{name} {interval.low:g} to {interval.high:g}"] += 1
            fits_P &= inside_P
    return fits_P


def _draw_sets(places_P: NDArray[np.intp], count: int, trials: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Trial sets (T, N) of distinct positions, every ordered set equally likely."""
    keys_TP = rng.random((trials, len(places_P)))
    return places_P[np.argsort(keys_TP, axis=1)[:, :count]]


def _geometry_of(table: PositionTable, room: int, sets_TN: NDArray[np.intp]) -> Geometry:
    return Geometry(
        azimuth_TN=table.azimuth_RP[room][sets_TN],
        elevation_TN=table.elevation_RP[room][sets_TN],
        lateral_TN=table.lateral_RP[room][sets_TN],
        distance_TN=table.distance_RP[room][sets_TN],
        drr_TN=table.drr_RP[room][sets_TN],
    )


def _judge(geometry: Geometry, constraints: list[Constraint], starvation: Starvation) -> Bools:
    trials = len(geometry.azimuth_TN)
    starvation.sets += trials
    if not constraints:
        return np.ones(trials, bool)
    held_QT = np.stack([holds(constraint, geometry) for constraint in constraints])
    failures_T = np.count_nonzero(~held_QT, axis=0)
    names = [say_constraint(constraint) for constraint in constraints]
    for name, held_T in zip(names, held_QT, strict=True):
        starvation.refused[name] += int(np.count_nonzero(~held_T))
        starvation.alone[name] += int(np.count_nonzero(~held_T & (failures_T == 1)))
        starvation.held[name] += int(np.count_nonzero(held_T))
    for (first, first_T), (second, second_T) in combinations(zip(names, held_QT, strict=True), 2):
        starvation.together[min(first, second), max(first, second)] += int(np.count_nonzero(first_T & second_T))
    passed_T: Bools = failures_T == 0
    return passed_T
