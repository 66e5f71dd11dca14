"""What a set of scenes holds, in numbers: how many of what, and how its labels are distributed."""

from array import array
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TypeVar

import numpy as np

from twnm_schemas.geometry import angle_between, azimuth_words, unit_vector
from twnm_schemas.scenes import Event, Scene
from twnm_shards.manifests import read_manifest
from twnm_sim.scenes.finding import find_scene_folders
from twnm_sim.scenes.records import iter_records

QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)
T = TypeVar("T")


@dataclass(frozen=True)
class Spread:
    """A quantity: how many values it has, how many are null, and its `QUANTILES`."""

    unit: str
    values: int
    nulls: int
    quantiles: tuple[float, ...]


@dataclass(frozen=True)
class SceneStats:
    """`counts`: by name of what is counted, then by value; `spreads`: by name of the quantity."""

    scenes: int
    events: int
    hours: float
    counts: Mapping[str, Mapping[str, int]]
    spreads: Mapping[str, Spread]


def _each(read: Callable[[Event], T]) -> Callable[[Scene], list[T]]:
    """Of every event of a scene what `read` gives of one."""
    return lambda scene: [read(event) for event in scene.events]


def _angles(scene: Scene) -> list[float]:
    """The great-circle angle of every pair of events."""
    units = [unit_vector(event.azimuth_deg, event.elevation_deg) for event in scene.events]
    return [angle_between(first, second) for first, second in combinations(units, 2)]


_COUNTED: dict[str, Callable[[Scene], Iterable[str]]] = {
    "split": lambda scene: [scene.split],
    "sources": lambda scene: [str(len(scene.events))],
    "origin": lambda scene: [scene.room.origin],
    "size": lambda scene: [scene.room.size_category or "unknown"],
    "absorption": lambda scene: [scene.room.absorption_class or "unknown"],
    "license": lambda scene: [scene.license],
    "direction": _each(lambda event: azimuth_words(event.azimuth_deg)),
    "class": _each(lambda event: event.label),
}
_TOLD_APART: dict[str, Callable[[Scene], Iterable[Hashable]]] = {
    "rooms": lambda scene: [(scene.recipe.room_fingerprint, scene.room_id)],
    "clips": _each(lambda event: event.clip_id),
}
_MEASURED: dict[str, tuple[str, Callable[[Scene], Iterable[float | None]]]] = {
    "t_mid": ("s", lambda scene: [scene.room.acoustics.t_mid_s]),
    "loudness": ("LUFS", lambda scene: [scene.loudness_lufs]),
    "attenuation": ("dB", lambda scene: [scene.attenuation_db]),
    "room volume": ("m3", lambda scene: [scene.room.volume_m3]),
    "distance": ("m", _each(lambda event: event.distance_m)),
    "elevation": ("deg", _each(lambda event: event.elevation_deg)),
    "lateral angle": ("deg", _each(lambda event: event.lateral_deg)),
    "DRR": ("dB", _each(lambda event: event.acoustics.broadband.drr_db)),
    "onset": ("s", _each(lambda event: event.onset_s)),
    "active": ("s", _each(lambda event: event.active_s)),
    "audible": ("s", _each(lambda event: event.audible_s)),
    "over all else": ("dB", _each(lambda event: event.snr_db)),
    "between two": ("deg", _angles),
    "overlap of two": ("s", lambda scene: [overlap.seconds for overlap in scene.overlaps]),
}


def summarise_scenes(root: Path) -> SceneStats:
    """The scenes of a root, a scenes folder or one split in numbers; audio is not read.

    One record is held at a time, and eight bytes of every value. Raises StoreError where there are no scenes or a
    record does not read.
    """
    tally = _Tally()
    rejections: Counter[str] = Counter()
    for folder in find_scene_folders(root):
        rejections.update({count.reason: count.count for count in read_manifest(folder).rejections})
        for _, scene in iter_records(folder):
            tally.add(scene)
    return tally.sum_up(rejections)


class _Tally:
    """Names and numbers of the scenes so far; it keeps no records."""

    def __init__(self) -> None:
        self._scenes = self._events = 0
        self._seconds = 0.0
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED}
        self._apart: dict[str, set[Hashable]] = {name: set() for name in _TOLD_APART}
        self._values = {name: _Values(unit) for name, (unit, _) in _MEASURED.items()}

    def add(self, scene: Scene) -> None:
        self._scenes += 1
        self._events += len(scene.events)
        self._seconds += scene.duration_s
        for name, count in _COUNTED.items():
            self._counts[name].update(count(scene))
        for name, tell_apart in _TOLD_APART.items():
            self._apart[name].update(tell_apart(scene))
        for name, (_, measure) in _MEASURED.items():
            self._values[name].extend(measure(scene))

    def sum_up(self, rejections: Counter[str]) -> SceneStats:
        counts = {
            **{name: _sort(counter) for name, counter in self._counts.items()},
            **{name: {f"different {name}": len(found)} for name, found in self._apart.items()},
            "rejected": _sort(rejections),
        }
        return SceneStats(
            scenes=self._scenes,
            events=self._events,
            hours=self._seconds / 3600.0,
            counts=counts,
            spreads={name: values.spread() for name, values in self._values.items()},
        )


class _Values:
    """The values of one quantity so far."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._known = array("d")
        self._nulls = 0

    def extend(self, values: Iterable[float | None]) -> None:
        for value in values:
            if value is None:
                self._nulls += 1
            else:
                self._known.append(value)

    def spread(self) -> Spread:
        quantiles = tuple(float(q) for q in np.quantile(self._known, QUANTILES)) if self._known else ()
        return Spread(self._unit, len(self._known), self._nulls, quantiles)


def _sort(counter: Counter[str]) -> dict[str, int]:
    """The most frequent first, equals by name."""
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
