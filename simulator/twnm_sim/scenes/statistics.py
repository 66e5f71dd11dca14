"""What a set of scenes holds, in numbers: how many of what, and how its labels are distributed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from twnm_schemas.geometry import angle_between, azimuth_words, unit_vector
from twnm_schemas.scenes import Event, Scene
from twnm_shards.manifests import read_manifest
from twnm_sim.scenes.finding import find_scene_folders
from twnm_sim.scenes.records import iter_records

QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)


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


_OF_SCENES: dict[str, tuple[str, Callable[[Scene], float | None]]] = {
    "t_mid": ("s", lambda scene: scene.room.acoustics.t_mid_s),
    "loudness": ("LUFS", lambda scene: scene.loudness_lufs),
    "attenuation": ("dB", lambda scene: scene.attenuation_db),
    "room volume": ("m3", lambda scene: scene.room.volume_m3),
}
_OF_EVENTS: dict[str, tuple[str, Callable[[Event], float | None]]] = {
    "distance": ("m", lambda event: event.distance_m),
    "elevation": ("deg", lambda event: event.elevation_deg),
    "lateral angle": ("deg", lambda event: event.lateral_deg),
    "DRR": ("dB", lambda event: event.acoustics.broadband.drr_db),
    "onset": ("s", lambda event: event.onset_s),
    "active": ("s", lambda event: event.active_s),
    "audible": ("s", lambda event: event.audible_s),
    "over all else": ("dB", lambda event: event.snr_db),
}


def summarise_scenes(root: Path) -> SceneStats:
    """The scenes of a root, a scenes folder or one split in numbers; audio is not read.

    Raises StoreError where there are none or a record does not read.
    """
    folders = find_scene_folders(root)
    rejections: Counter[str] = Counter()
    for folder in folders:
        rejections.update({count.reason: count.count for count in read_manifest(folder).rejections})
    scenes = [_slim(scene) for folder in folders for _, scene in iter_records(folder)]
    events = [event for scene in scenes for event in scene.events]
    counts = {
        "split": Counter(scene.split for scene in scenes),
        "sources": Counter(str(len(scene.events)) for scene in scenes),
        "origin": Counter(scene.room.origin for scene in scenes),
        "rooms": {"different rooms": len({(s.recipe.room_fingerprint, s.room_id) for s in scenes})},
        "clips": {"different clips": len({event.clip_id for event in events})},
        "size": Counter(scene.room.size_category or "unknown" for scene in scenes),
        "absorption": Counter(scene.room.absorption_class or "unknown" for scene in scenes),
        "license": Counter(scene.license for scene in scenes),
        "rejected": rejections,
        "direction": Counter(azimuth_words(event.azimuth_deg) for event in events),
        "class": Counter(event.label for event in events),
    }
    return SceneStats(
        scenes=len(scenes),
        events=len(events),
        hours=sum(scene.duration_s for scene in scenes) / 3600.0,
        counts={
            name: dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))) for name, found in counts.items()
        },
        spreads={
            **{name: _spread(unit, map(read, scenes)) for name, (unit, read) in _OF_SCENES.items()},
            **{name: _spread(unit, map(read, events)) for name, (unit, read) in _OF_EVENTS.items()},
            "between two": _spread("deg", (angle for scene in scenes for angle in _angles(scene))),
            "overlap of two": _spread("s", (overlap.seconds for scene in scenes for overlap in scene.overlaps)),
        },
    )


def _slim(scene: Scene) -> Scene:
    """Without what is large and not counted."""
    return scene.model_copy(update={"audio": (), "attribution": (), "versions": ()})


def _angles(scene: Scene) -> Iterable[float]:
    """The great-circle angle of every pair of events."""
    units = [unit_vector(event.azimuth_deg, event.elevation_deg) for event in scene.events]
    return (angle_between(first, second) for first, second in combinations(units, 2))


def _spread(unit: str, values: Iterable[float | None]) -> Spread:
    found = list(values)
    known = [value for value in found if value is not None]
    quantiles = tuple(float(q) for q in np.quantile(known, QUANTILES)) if known else ()
    return Spread(unit, len(known), len(found) - len(known), quantiles)
