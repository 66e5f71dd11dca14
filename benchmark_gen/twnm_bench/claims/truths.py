"""What the words for places, distances and rooms mean, and whether they are true of a sound or a world.

Every answer is true, false, or None where the scene is too near to the border to tell. The ranges hold whatever
`directions` and the scene descriptions of the simulator call by that word.
"""

from collections.abc import Callable, Iterable

from twnm_bench.directions import SIDE_DEG
from twnm_bench.facts import EQUAL_RATIO, NEIGHBOUR_RATIO, Sound, World, is_clearly_nearer
from twnm_schemas.geometry import azimuth_difference

Verdict = bool | None
BORDER_DEG = 10.0  # outside a range, in which nothing is told
METRES_OFF = 0.25  # of a distance or a reverberation time, as a share
STEEP_DEG = 60.0  # beyond, an azimuth says little
_HOUR_DEG = 30.0
_ONSET_OFF_S = 0.3

# centre and half width in degrees of azimuth
_SECTORS = {
    "straight ahead": (0.0, 22.5),
    "ahead": (0.0, 45.0),
    "front left": (45.0, 35.0),
    "front right": (-45.0, 35.0),
    "ahead, slightly left": (20.0, 25.0),
    "ahead, slightly right": (-20.0, 25.0),
    "far left": (90.0, 42.0),
    "far right": (-90.0, 42.0),
    "straight behind": (180.0, 22.5),
    "behind": (180.0, 45.0),
    "back left": (135.0, 35.0),
    "back right": (-135.0, 35.0),
    "behind, slightly left": (160.0, 25.0),
    "behind, slightly right": (-160.0, 25.0),
}
# bounds of the lateral angle in degrees, positive left; None: open
_SIDES: dict[str, tuple[float, float | None]] = {
    "left": (SIDE_DEG, None),
    "slightly left": (5.0, 40.0),
}
_HEIGHTS = {"above": (20.0, 91.0), "below": (-91.0, -20.0), "level": (-20.0, 20.0)}
_DISTANCES_M = {
    "very close": (0.0, 1.2),
    "close": (0.0, 3.0),
    "moderate": (2.0, 7.5),
    "far": (5.0, 1e9),
    "very far": (10.0, 1e9),
}
_TIMES_S = {
    "dry": (0.0, 0.35),
    "short": (0.0, 0.7),
    "slight": (0.2, 0.7),
    "moderate": (0.5, 1.4),
    "strong": (1.0, 1e9),
    "very long": (2.0, 1e9),
}
_TIME_BORDER = 1.3  # a factor, outside which a word is false
_WALLS = {"hard": "high_reverberation", "soft": "low_reverberation"}


def is_at(sound: Sound, where: str) -> Verdict:
    """Whether a sound is where a word says; `where` as `patterns_of_places` has it: "front left", "azimuth 90 30"."""
    kind, _, rest = where.partition(" ")
    if kind == "height":
        return _within(sound.elevation_deg, *_HEIGHTS[rest], BORDER_DEG)
    if kind == "azimuth":  # centre and half width
        centre, half = map(float, rest.split())
        return _in_sector(sound, centre, half)
    if where in _SECTORS:
        return _in_sector(sound, *_SECTORS[where])
    if where == "middle":
        return _within(abs(sound.lateral_deg), -1.0, SIDE_DEG, BORDER_DEG)
    return _on_side(sound, where)


def _in_sector(sound: Sound, centre_deg: float, half_deg: float) -> Verdict:
    if abs(sound.elevation_deg) > STEEP_DEG:
        return None
    off = abs(azimuth_difference(sound.azimuth_deg, centre_deg))
    return True if off <= half_deg + 1e-6 else None if off < half_deg + BORDER_DEG else False


def _on_side(sound: Sound, where: str) -> Verdict:
    name = where.replace("right", "left")
    lateral = sound.lateral_deg if name == where else -sound.lateral_deg
    low, high = _SIDES[name]
    if lateral <= -5.0:
        return False
    return _within(lateral, low, 91.0 if high is None else high, BORDER_DEG)


def _within(value: float, low: float, high: float, border: float) -> Verdict:
    if low - 1e-6 <= value <= high + 1e-6:
        return True
    return None if low - border < value < high + border else False


def azimuth_of_hours(hours: Iterable[float]) -> tuple[float, float]:
    """The centre and half width in degrees of azimuth that one hour of a clock, or two, stand for."""
    told = [(-_HOUR_DEG * hour) % 360.0 for hour in hours]
    if len(told) == 1:
        return told[0], 22.5
    width = azimuth_difference(told[0], told[1])
    return (told[1] + width / 2.0) % 360.0, abs(width) / 2.0 + 15.0


def is_far(sound: Sound, low_m: float, high_m: float) -> Verdict:
    """Whether a distance in metres, or from one to another, is right: within a quarter, or as it is rounded."""
    distance_m = sound.distance_m
    if distance_m is None:
        return None
    rounding_m = 0.06 if low_m < 1.0 else 0.26 if low_m < 3.0 else 0.51
    off_m = max(METRES_OFF * distance_m, rounding_m)
    return low_m - off_m <= distance_m <= high_m + off_m


def is_distance_word(sound: Sound, word: str) -> Verdict:
    """Whether "close", "far", ... is right."""
    if sound.distance_m is None:
        return None
    low, high = _DISTANCES_M[word]
    if low <= sound.distance_m <= high:
        return True
    return None if low / _TIME_BORDER < sound.distance_m < high * _TIME_BORDER else False


def compare(near: Sound, far: Sound, ratio: float = NEIGHBOUR_RATIO) -> Verdict:
    """Whether the first is clearly nearer."""
    if near.distance_m is None or far.distance_m is None:
        return None
    if near.distance_m >= far.distance_m:
        return False
    return is_clearly_nearer(near, far, ratio) or None


def are_equally_far(sounds: Iterable[Sound]) -> Verdict:
    """Whether their distances are alike."""
    known = [sound.distance_m for sound in sounds]
    if None in known or len(known) < 2:
        return None
    ratio = max(known) / min(known)  # type: ignore[operator, type-var]
    return True if ratio <= EQUAL_RATIO else None if ratio < NEIGHBOUR_RATIO else False


def is_most(sound: Sound, which: str, among: Iterable[Sound]) -> Verdict:
    """Whether it is clearly the "nearest" or "farthest" of some."""
    verdicts = [
        compare(sound, other) if which == "nearest" else compare(other, sound) for other in among if other is not sound
    ]
    if not verdicts or False in verdicts:
        return False if verdicts else None
    return None if None in verdicts else True


def is_reverberant(world: World, word: str) -> Verdict:
    """Whether "slight", "strong", ... is right of the room's reverberation."""
    low, high = _TIMES_S[word]
    if world.t_mid_s is None:
        sure: dict[str, Callable[[], bool]] = {"dry": lambda: low == 0.0, "live": lambda: high > 1e8}
        return sure[world.why_null]() if world.why_null in sure else None
    if low <= world.t_mid_s <= high:
        return True
    return None if low / _TIME_BORDER < world.t_mid_s < high * _TIME_BORDER else False


def lasts(world: World, seconds: float) -> Verdict:
    """Whether a number of seconds is right for the reverberation: within a quarter."""
    if world.t_mid_s is None:
        return None
    ratio = seconds / world.t_mid_s
    return True if 1.0 / (1.0 + METRES_OFF) <= ratio <= 1.0 + METRES_OFF else None if 0.6 < ratio < 1.6 else False


def is_room(world: World, word: str) -> Verdict:
    """Whether the room is "small", "large", "medium", of "hard" or "soft" walls, or "outdoors"."""
    if word == "outdoors":
        return False
    if word in _WALLS:
        known = world.absorption_class
        return known == _WALLS[word] if known in _WALLS.values() else None
    sizes = ("small", "medium", "large")
    if world.size_category not in sizes:
        return None
    steps = abs(sizes.index(world.size_category) - sizes.index(word))
    return True if steps == 0 else False if steps == 2 or "medium" not in (word, world.size_category) else None


def begins_at(sound: Sound, seconds: float) -> Verdict:
    """Whether a sound begins then."""
    return abs(sound.onset_s - seconds) <= _ONSET_OFF_S


def ends_at(sound: Sound, seconds: float) -> Verdict:
    """Whether a sound ends then."""
    return abs(sound.offset_s - seconds) <= _ONSET_OFF_S
