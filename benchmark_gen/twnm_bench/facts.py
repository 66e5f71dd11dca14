"""From a Scene record to what is true of it: the sounds and the room as programs see them, and statements with margins.

The record is the only source. What a record does not tell (distances in some measured rooms) is None, and what is too
close to call is not stated.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from twnm_bench.directions import GUARD_DEG, LEVEL_DEG, SIDE_DEG, clear_height, clear_side, hear_sector
from twnm_schemas.geometry import angle_between, unit_vector
from twnm_schemas.scenes import Event, Scene
from twnm_sim.clips.audioset_ontology import ancestor_ids
from twnm_sim.reverberance import explain_null
from twnm_sim.scenes.facts import name_of
from twnm_sim.scenes.heard import heard_enough
from twnm_sim.scenes.wording import SoundName, name_sound

WINNER_RATIO = 2.0  # of distances, between a winner and the next
NEIGHBOUR_RATIO = 1.5  # between neighbours of an order
EQUAL_RATIO, EQUAL_DRR_DB = 1.1, 1.0
APART_DEG = 30.0  # two directions
CROWDED_APART_DEG = 20.0  # the same where four or more sound
DIRECTION_DRR_DB = -10.0  # below it a direction is for the hard set
DISTANCE_DRR_DB = (-10.0, 20.0)  # outside, the room says nothing of the distance
HEARD_DRR_DB = 1.0  # by which a nearer sound must be drier: gains are random, only the room tells which is nearer
REVERBERATION_GRID_S = (0.25, 0.5, 1.0, 2.0, 4.0)  # a factor 2 apart
GRID_MARGIN = 2.0**0.3  # how far a room may lie from its grid value: at least 1.6 times nearer than to the next


@dataclass(frozen=True)
class Sound:
    """One event as a program sees it. `name`: how it is said; `classes`: its labels, every broader one, and their ids.

    Angles in degrees in the listener frame; distance in metres, DRR in dB and reverberation time at its place in
    seconds, None where the record does not tell;
    `onset_s` and `offset_s` as in `twnm_schemas.Event`: what is heard of it within 30 dB, reverberation included.
    """

    index: int
    label: str
    name: str
    classes: frozenset[str]
    azimuth_deg: float
    elevation_deg: float
    lateral_deg: float
    distance_m: float | None
    drr_db: float | None
    onset_s: float
    offset_s: float
    is_audible: bool
    t_mid_s: float | None = None

    @property
    def said(self) -> SoundName:
        """Its name as it stands in a sentence."""
        return name_sound(self.name)

    @property
    def is_level(self) -> bool:
        """Whether its direction is worth naming on the horizon."""
        return abs(self.elevation_deg) <= LEVEL_DEG


@dataclass(frozen=True)
class World:
    """What programs run on: the sounds, in the order in which they begin, and the room.

    `t_mid_s` None: not measurable; `why_null` then is "dry", "live" or "unknown".
    """

    sounds: tuple[Sound, ...]
    t_mid_s: float | None
    why_null: str
    size_category: str
    absorption_class: str
    duration_s: float

    def named(self, name: str) -> tuple[Sound, ...]:
        """The sounds of that name."""
        return tuple(sound for sound in self.sounds if sound.name == name)


@dataclass(frozen=True)
class Fact:
    """A true statement: `claim`, an expression that `programs` evaluates to true; `about`, the sounds by index.

    `kind`: what it says (side, sector5, nearer, ...). `margin`: by how many times it exceeds what certainty needs.
    """

    kind: str
    claim: str
    about: tuple[int, ...]
    margin: float


def read_world(scene: Scene) -> World:
    """The scene as programs see it."""
    acoustics = scene.room.acoustics
    sounds = tuple(map(_read_sound, scene.events))
    why = "" if acoustics.t_mid_s is not None else explain_null(f for e in scene.events for f in e.acoustics.flags)
    return World(
        sounds=tuple(sorted(sounds, key=lambda sound: (sound.onset_s, sound.index))),
        t_mid_s=acoustics.t_mid_s,
        why_null=why,
        size_category=scene.room.size_category,
        absorption_class=scene.room.absorption_class,
        duration_s=scene.duration_s,
    )


def _read_sound(event: Event) -> Sound:
    name = name_of(event).text
    return Sound(
        index=event.index,
        label=event.label,
        name=name,
        classes=classes_of(name, (event.label, *event.labels), event.ancestors, event.audioset_ids),
        azimuth_deg=event.azimuth_deg,
        elevation_deg=event.elevation_deg,
        lateral_deg=event.lateral_deg,
        distance_m=event.distance_m,
        drr_db=event.acoustics.broadband.drr_db,
        t_mid_s=event.acoustics.t_mid_s,
        onset_s=event.onset_s,
        offset_s=event.offset_s,
        is_audible=heard_enough(event.active_s, event.audible_s),
    )


def classes_of(name: str, labels: Iterable[str], ancestors: Iterable[str], mids: Iterable[str]) -> frozenset[str]:
    """Every class of a sound: words in lower case, and AudioSet ids with those of all broader classes.

    Datasets spell a class each in its own way ("dog bark", "dog barking"); the id is the same.
    """
    known = [mid for mid in mids if mid]
    words = (word.lower() for word in (name, *labels, *ancestors) if word)
    return frozenset({*words, *known}.union(*(ancestor_ids(mid) for mid in known)))


def mirror_world(world: World) -> World:
    """The world with left and right exchanged, as it is heard with the ears exchanged."""
    return replace(world, sounds=tuple(map(_mirror_sound, world.sounds)))


def _mirror_sound(sound: Sound) -> Sound:
    return replace(sound, azimuth_deg=-sound.azimuth_deg % 360.0, lateral_deg=-sound.lateral_deg)


def angle_apart(first: Sound, second: Sound) -> float:
    """The great-circle angle between two sounds in degrees."""
    return angle_between(
        unit_vector(first.azimuth_deg, first.elevation_deg), unit_vector(second.azimuth_deg, second.elevation_deg)
    )


def grid_value(t_mid_s: float | None) -> float | None:
    """The value of `REVERBERATION_GRID_S` that a reverberation time clearly belongs to, or None."""
    if t_mid_s is None:
        return None
    near = [value for value in REVERBERATION_GRID_S if value / GRID_MARGIN <= t_mid_s <= value * GRID_MARGIN]
    return near[0] if near else None


def tells_distance(sound: Sound) -> bool:
    """Whether the room tells how far a sound is: its DRR is within the range in which distance is heard."""
    low, high = DISTANCE_DRR_DB
    return sound.distance_m is not None and sound.drr_db is not None and low <= sound.drr_db <= high


def is_clearly_nearer(near: Sound, far: Sound, ratio: float) -> bool:
    """Whether one sound is nearer by this ratio of distances, and is heard to be: its DRR is higher, too.

    Gains are random, so that loudness tells nothing of distance; a reflection of its own may make a far sound drier.
    """
    if near.distance_m is None or far.distance_m is None or near.drr_db is None or far.drr_db is None:
        return False
    # a rounding does not decide what is exactly at the margin
    return far.distance_m >= (ratio - 1e-9) * near.distance_m and near.drr_db - far.drr_db >= HEARD_DRR_DB


def quote(text: str) -> str:
    """A text as it stands in a program."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def pick(name: str) -> str:
    """The program of the one sound of that name."""
    return f"unique(filter(scene(), label={quote(name)}))"


def list_facts(world: World) -> list[Fact]:
    """Every statement about the world that is clear enough to be told, asked or checked."""
    facts = [*_room_facts(world), *_count_facts(world)]
    heard = [sound for sound in world.sounds if sound.is_audible]
    for sound in heard:
        facts += _sound_facts(world, sound)
    for first, second in combinations(heard, 2):
        facts += _pair_facts(world, first, second)
    return facts


def _room_facts(world: World) -> Iterator[Fact]:
    value = grid_value(world.t_mid_s)
    times_s = [sound.t_mid_s for sound in world.sounds if sound.t_mid_s is not None]
    if value is not None and all(grid_value(t) == value for t in times_s):
        yield Fact("reverberation", f"equals(reverberation(scene()), {value})", (), 1.0)


def _count_facts(world: World) -> Iterator[Fact]:
    if all(sound.is_audible for sound in world.sounds):
        yield Fact("count", f"equals(count(scene()), {len(world.sounds)})", (), 1.0)


def _sound_facts(world: World, sound: Sound) -> Iterator[Fact]:
    about = (sound.index,)
    yield Fact("present", f"has(scene(), label={quote(sound.name)})", about, 1.0)
    if len(world.named(sound.name)) > 1:
        return  # which of them is meant cannot be said
    it = pick(sound.name)
    if sound.is_level and (side := clear_side(sound.lateral_deg)):
        yield Fact("side", f'equals(query({it}, "side"), "{side}")', about, abs(sound.lateral_deg) / SIDE_DEG)
    for system in ("sector5", "sector8", "quarter"):
        sector = hear_sector(system, sound.azimuth_deg, sound.lateral_deg) if sound.is_level else None
        if sector is not None:
            margin = sector.margin_deg(sound.azimuth_deg) / GUARD_DEG
            yield Fact(system, f'equals(query({it}, "{system}"), "{sector.name}")', about, margin)
    if height := clear_height(sound.elevation_deg):
        yield Fact("height", f'equals(query({it}, "height"), "{height}")', about, 1.0)


def _pair_facts(world: World, first: Sound, second: Sound) -> Iterator[Fact]:
    if len(world.named(first.name)) > 1 or len(world.named(second.name)) > 1:
        return
    if not (tells_distance(first) and tells_distance(second)):
        return
    near, far = sorted((first, second), key=lambda sound: sound.distance_m or 0.0)
    if is_clearly_nearer(near, far, NEIGHBOUR_RATIO):
        ratio = (far.distance_m or 0.0) / (near.distance_m or 1.0)
        claim = f"nearer(scene(), {quote(near.name)}, {quote(far.name)})"
        yield Fact("nearer", claim, (near.index, far.index), ratio / NEIGHBOUR_RATIO)
