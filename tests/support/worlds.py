"""Worlds for programs and families: laid out by hand in few words, or drawn to what a variant's spec asks for.

The geometry is written here once more, on its own: the lateral angle of a direction is asin(cos(el) sin(az)). A drawn
world is not composed; places are drawn evenly, and only those kept that fulfil the constraints of the spec.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import asin, cos, degrees, log10, radians, sin
from types import EllipsisType
from typing import Any

import numpy as np

from twnm_bench.facts import REVERBERATION_GRID_S, Sound, World
from twnm_bench.families.base import Variant
from twnm_bench.labels import Inventory, Label
from twnm_schemas import constraints as wanted
from twnm_schemas.scenes import SceneSpec

_TABLE = {  # families of names that share no class; countable, mass, plural and activity
    "bells": ("church bell", "bicycle bell", "telephone ringing", "doorbell", "wind chimes"),
    "beats": ("footsteps", "typing on a keyboard", "knocking on a door", "hammering", "hand clapping"),
    "water": ("rain", "running stream", "ocean waves", "dripping water"),
    "air": ("wind", "applause", "hissing steam", "thunder"),
    "machines": ("engine idling", "chainsaw", "helicopter", "sewing machine"),
    "appliances": ("TV", "vacuum cleaner", "hair dryer", "fan"),
    "alarms": ("alarm clock", "smoke alarm", "siren", "car horn"),
    "animals": ("crickets", "birds chirping", "frog croaking", "dog barking"),
    "people": ("someone whistling", "laughter", "crying baby", "speech"),
    "music": ("guitar", "flute", "drum", "xylophone"),
    "glass": ("chink or clink", "glass breaking", "bottle opening", "coin dropping"),
    "steps": ("squeaky shoe", "creaking stair", "slamming door", "jingling keys"),
}
NAMES = tuple(name for family in _TABLE.values() for name in family)
TIMES_S = tuple(float(t) for grid in REVERBERATION_GRID_S for t in (0.95 * grid, grid, 1.05 * grid))
SIZES, ABSORPTIONS = ("small", "medium", "large"), ("low_reverberation", "mid_reverberation", "high_reverberation")
ROOM_KINDS = frozenset((size, absorption) for size in SIZES for absorption in ABSORPTIONS)


def make_label(name: str, *path: str, classes: Sequence[str] = (), count: int = 1) -> Label:
    """A label below `path`, from broad to narrow; `classes`: broader ones beside these."""
    return Label(name, name, path, frozenset({name.lower()}), frozenset({name.lower(), *path, *classes}), count)


def make_inventory(*labels: Label, times_s: Sequence[float] = TIMES_S, kinds: Any = ROOM_KINDS) -> Inventory:
    """The labels given, or all of the twelve families; rooms of every kind."""
    known = labels or tuple(make_label(n, f"family of {family}") for family, names in _TABLE.items() for n in names)
    return Inventory({label.name: label for label in known}, tuple(times_s), frozenset(kinds))


def lateral_of(azimuth_deg: float, elevation_deg: float = 0.0) -> float:
    """The lateral angle of a direction in degrees."""
    return degrees(asin(max(-1.0, min(1.0, cos(radians(elevation_deg)) * sin(radians(azimuth_deg))))))


def make_sound(
    name: str,
    azimuth: float = 0.0,
    distance: float | None = 2.0,
    elevation: float = 0.0,
    drr: float | EllipsisType | None = ...,
    onset: float = 0.2,
    offset: float = 2.5,
    audible: bool = True,
    classes: Sequence[str] = (),
    index: int = 0,
    t_mid_s: float | None = None,
) -> Sound:
    """One sound; `azimuth` may be negative (to the right); `t_mid_s`: at its own place.

    `drr`: if it is not given, 3 dB at 2 m, and 6 dB less at twice the distance.
    """
    return Sound(
        index=index,
        label=name,
        name=name,
        classes=frozenset({name.lower(), *classes}),
        azimuth_deg=azimuth % 360.0,
        elevation_deg=elevation,
        lateral_deg=lateral_of(azimuth, elevation),
        distance_m=distance,
        drr_db=_ratio_at(distance) if drr is ... else drr,
        t_mid_s=t_mid_s,
        onset_s=onset,
        offset_s=offset,
        is_audible=audible,
    )


def _ratio_at(distance_m: float | None) -> float:
    """What is direct to what is reverberant in dB: the direct sound falls with the square of the distance."""
    return 3.0 + 20.0 * log10(2.0 / (distance_m or 2.0))


def make_world(
    *sounds: Sound,
    t_mid_s: float | None = 0.5,
    size: str = "small",
    absorption: str = "high_reverberation",
    duration_s: float = 5.0,
) -> World:
    """The sounds as they are given, numbered in turn, in a room."""
    numbered = tuple(replace(sound, index=place) for place, sound in enumerate(sounds))
    return World(numbered, t_mid_s, "" if t_mid_s else "dry", size, absorption, duration_s)


def change(world: World, name: str, **changes: Any) -> World:
    """The world with the sound of that name changed as in `make_sound`: a place, a distance, whether it is heard."""
    return replace(world, sounds=tuple(_change(s, changes) if s.name == name else s for s in world.sounds))


def _change(sound: Sound, changes: dict[str, Any]) -> Sound:
    names = {
        "azimuth": "azimuth_deg", "elevation": "elevation_deg", "distance": "distance_m", "drr": "drr_db",
        "audible": "is_audible", "onset": "onset_s", "offset": "offset_s", "t_mid": "t_mid_s",
    }  # fmt: skip
    if "distance" in changes and "drr" not in changes:
        changes = {**changes, "drr": _ratio_at(changes["distance"])}
    moved = replace(sound, **{names.get(what, what): value for what, value in changes.items()})
    return replace(
        moved, azimuth_deg=moved.azimuth_deg % 360.0, lateral_deg=lateral_of(moved.azimuth_deg, moved.elevation_deg)
    )


def exchange(world: World, first: str, second: str) -> World:
    """The world with two sounds at each other's places, written out field by field."""
    a, b = (next(s for s in world.sounds if s.name == name) for name in (first, second))
    for one, other in ((a, b), (b, a)):
        world = change(
            world,
            one.name,
            azimuth=other.azimuth_deg,
            elevation=other.elevation_deg,
            distance=other.distance_m,
            drr=other.drr_db,
        )
    return world


def drop(world: World, name: str) -> World:
    """The world without the sound of that name."""
    return replace(world, sounds=tuple(sound for sound in world.sounds if sound.name != name))


# ---------------------------------------------------------------- drawn to a spec

_BATCHES = (300, 3000)  # places drawn at once; more only where none of the few will do


def draw_world(spec: SceneSpec, inventory: Inventory, rng: np.random.Generator) -> World | None:
    """A world as a scene of the spec might be, every sound audible; None where no places in some thousand will do."""
    count = round(spec.sources.draw(rng))
    names = _draw_names(spec, inventory, count, rng)
    for batch in _BATCHES:
        found = _draw_places(spec, (batch, count), rng)
        if found is not None:
            t_mid_s = _draw_time(spec, rng)
            sounds = [_draw_sound(spec, name, place, t_mid_s, rng) for name, place in zip(names, found, strict=True)]
            return replace(
                make_world(*sounds, t_mid_s=t_mid_s, duration_s=spec.duration_s),
                size_category=_one_of(spec.rooms.size_categories or SIZES, rng),
                absorption_class=_one_of(spec.rooms.absorption_classes or ABSORPTIONS, rng),
            )
    return None


def _draw_places(spec: SceneSpec, shape_KS: tuple[int, int], rng: np.random.Generator) -> list[list[float]] | None:
    """Azimuth, elevation, distance and DRR of every sound, of the first candidate that fulfils the constraints."""
    azimuth_KS = rng.uniform(-180.0, 180.0, shape_KS)
    for one in spec.constraints:
        if isinstance(one, wanted.Sector) and one.who == "all":  # no candidate is wasted
            azimuth_KS = one.start_deg + rng.uniform(0.0, (one.stop_deg - one.start_deg) % 360.0, shape_KS)
    low, high = _bounds(spec.placement.elevation_deg, (-70.0, 70.0))
    spread_K1 = np.where(rng.random((shape_KS[0], 1)) < 0.5, 15.0, 45.0)
    elevation_KS = np.clip(rng.normal(0.0, 1.0, shape_KS) * spread_K1, low, high)
    near, far = _bounds(spec.placement.distance_m, (0.6, 9.0))
    distance_KS = np.exp(rng.uniform(np.log(near), np.log(far), shape_KS))
    drr_KS = 6.0 - 20.0 * np.log10(distance_KS) + rng.normal(0.0, 2.0, shape_KS)
    if any(isinstance(one, wanted.EqualDistance) for one in spec.constraints):
        distance_KS = distance_KS[:, :1] * rng.uniform(1.0, 1.1, shape_KS)
        drr_KS = drr_KS[:, :1] + rng.uniform(0.0, 1.0, shape_KS)
    low, high = _bounds(spec.placement.drr_db, (-15.0, 25.0))
    good_K = np.all((drr_KS >= low) & (drr_KS <= high), axis=1)
    for one in spec.constraints:
        good_K &= _FULFIL[type(one)](one, azimuth_KS, elevation_KS, distance_KS)
    if not good_K.any():
        return None
    at = int(np.argmax(good_K))
    return [
        [float(k[at, place]) for k in (azimuth_KS, elevation_KS, distance_KS, drr_KS)] for place in range(shape_KS[1])
    ]


def _bounds(interval: Any, otherwise: tuple[float, float]) -> tuple[float, float]:
    return otherwise if interval is None else (interval.low, interval.high)


def _one_of(values: Sequence[str], rng: np.random.Generator) -> str:
    return values[int(rng.integers(len(values)))]


def _draw_names(spec: SceneSpec, inventory: Inventory, count: int, rng: np.random.Generator) -> list[str]:
    others = [name for name in inventory.names if name not in spec.include]
    names = [*spec.include, *(others[int(n)] for n in rng.permutation(len(others)))][:count]
    return [names[int(n)] for n in rng.permutation(count)]


def _draw_time(spec: SceneSpec, rng: np.random.Generator) -> float:
    low, high = _bounds(spec.rooms.t_mid_s, (0.2, 4.9))
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _draw_sound(spec: SceneSpec, name: str, place: Sequence[float], t_mid_s: float, rng: np.random.Generator) -> Sound:
    """A sound that is heard until it has died away by 30 dB."""
    azimuth, elevation, distance, drr = place
    onset = float(spec.onset_s.draw(rng))
    longest = min(spec.clips.max_duration_s or 4.0, spec.duration_s - onset)
    length = float(rng.uniform(min(max(spec.clips.min_duration_s, 0.5), longest), longest))
    offset = min(onset + length + 0.5 * t_mid_s, spec.duration_s)
    at_place_s = t_mid_s * float(np.exp(rng.uniform(-0.1, 0.1)))
    return make_sound(name, azimuth, distance, elevation, drr, onset, offset, t_mid_s=at_place_s)


def _lateral(azimuth_KS: Any, elevation_KS: Any) -> Any:
    return np.degrees(np.arcsin(np.cos(np.radians(elevation_KS)) * np.sin(np.radians(azimuth_KS))))


def _apart(azimuth_KS: Any, elevation_KS: Any) -> Any:
    """(K,): the smallest great-circle angle between two of a candidate."""
    a, e = np.radians(azimuth_KS), np.radians(elevation_KS)
    unit_KSX = np.stack([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)], axis=-1)
    cosine_KSS = np.einsum("ksx,ktx->kst", unit_KSX, unit_KSX) - 3.0 * np.eye(a.shape[1])
    return np.degrees(np.arccos(np.clip(cosine_KSS.max(axis=(1, 2)), -1.0, 1.0)))


def _neighbours(distance_KS: Any) -> Any:
    """(K, S-1): ratios of neighbours in the order of distance."""
    ordered_KS = np.sort(distance_KS, axis=1)
    return ordered_KS[:, 1:] / ordered_KS[:, :-1]


def _inside(one: wanted.Sector, azimuth_KS: Any) -> Any:
    within_KS = (azimuth_KS - one.start_deg) % 360.0 <= (one.stop_deg - one.start_deg) % 360.0
    return within_KS.all(axis=1) if one.who == "all" else within_KS.any(axis=1)


def _sides(one: wanted.Sides, lateral_KS: Any) -> Any:
    left_K, right_K = ((sign * lateral_KS >= one.degrees).sum(axis=1) for sign in (1.0, -1.0))
    return (left_K == one.left) & (left_K + right_K == lateral_KS.shape[1])


def _opposite(one: wanted.OppositeSides, lateral_KS: Any) -> Any:
    return (lateral_KS.max(axis=1) >= one.degrees) & (lateral_KS.min(axis=1) <= -one.degrees)


_FULFIL: dict[type, Callable[..., Any]] = {  # constraint, azimuth, elevation, distance -> (K,)
    wanted.Farthest: lambda c, a, e, d: _neighbours(d)[:, -1] >= c.ratio,
    wanted.Nearest: lambda c, a, e, d: _neighbours(d)[:, 0] >= c.ratio,
    wanted.DistanceOrder: lambda c, a, e, d: (_neighbours(d) >= c.ratio).all(axis=1),
    wanted.EqualDistance: lambda c, a, e, d: np.full(len(d), True),
    wanted.Pairwise: lambda c, a, e, d: _apart(a, e) >= c.degrees,
    wanted.OppositeSides: lambda c, a, e, d: _opposite(c, _lateral(a, e)),
    wanted.Sides: lambda c, a, e, d: _sides(c, _lateral(a, e)),
    wanted.Sector: lambda c, a, e, d: _inside(c, a),
}


def deal_answers(variant: Variant, inventory: Inventory, count: int, rng: np.random.Generator) -> list[str]:
    """So many answers of a variant, each as often as any other or once more, in random order."""
    if variant.deal is not None:
        return variant.deal(count, rng)
    known = inventory.names if variant.is_about_labels else variant.answers
    there = [answer for answer in known if variant.may_ask(inventory, answer)]
    rounds = [there[int(n)] for _ in range(-(-count // len(there))) for n in rng.permutation(len(there))]
    return rounds[:count]
