"""Directions in words, with margins: where a sector begins, how sure one can be of it, how it is said.

Nothing here is finer than what listeners tell for certain: sectors keep a guard of 10 degrees at their edges, and a
direction within it has no name. Azimuths are counter-clockwise from straight ahead (90 is left).
"""

import re
from dataclasses import dataclass

from twnm_schemas.geometry import azimuth_difference

GUARD_DEG = 10.0
LEVEL_DEG = 20.0  # sounds that are higher or lower have no direction on the horizon worth asking for
SIDE_DEG = 15.0  # of lateral angle, from which left and right are told for certain
PLACE_SIDE_DEG = 25.0  # the same where "ahead" is a third place
CLEARLY_ABOVE_DEG, CLEARLY_LEVEL_DEG = 30.0, 10.0


@dataclass(frozen=True)
class Sector:
    """A range of azimuths: `centre_deg` (positive is left) and how far it reaches to both sides.

    `open_left` and `open_right`: that edge needs no guard, because nothing is named beyond it. `words` and `clock`: how
    it is said as an option.
    """

    name: str
    centre_deg: float
    half_width_deg: float
    words: str
    clock: str
    open_left: bool = False
    open_right: bool = False

    def guard_left_deg(self, azimuth_deg: float) -> float:
        """Degrees from the azimuth to the sector's left edge; negative outside."""
        return self.half_width_deg - azimuth_difference(azimuth_deg, self.centre_deg)

    def guard_right_deg(self, azimuth_deg: float) -> float:
        """Degrees from the azimuth to the sector's right edge; negative outside."""
        return self.half_width_deg + azimuth_difference(azimuth_deg, self.centre_deg)

    def margin_deg(self, azimuth_deg: float) -> float:
        """Degrees to the nearest edge that has a guard; negative outside the sector."""
        edges = (self.guard_left_deg(azimuth_deg), self.guard_right_deg(azimuth_deg))
        if min(edges) < 0.0:
            return min(edges)
        guarded = [edge for edge, is_open in zip(edges, (self.open_left, self.open_right), strict=True) if not is_open]
        return min(guarded, default=max(edges))

    @property
    def mirrored_deg(self) -> float:
        """The centre of the sector with left and right exchanged."""
        return -self.centre_deg


SECTORS5 = (
    Sector("far left", 72.0, 18.0, "Far to the left", "Between 9 and 10 o'clock", open_left=True),
    Sector("front-left", 36.0, 18.0, "To the front left", "Around 11 o'clock"),
    Sector("ahead", 0.0, 18.0, "Straight ahead", "Around 12 o'clock"),
    Sector("front-right", -36.0, 18.0, "To the front right", "Around 1 o'clock"),
    Sector("far right", -72.0, 18.0, "Far to the right", "Between 2 and 3 o'clock", open_right=True),
)
SECTORS8 = (
    Sector("front", 0.0, 22.5, "Straight ahead", "At 12 o'clock"),
    Sector("front-left", 45.0, 22.5, "To the front left", "Towards 10:30"),
    Sector("left", 90.0, 22.5, "Directly left", "At 9 o'clock"),
    Sector("back-left", 135.0, 22.5, "To the back left", "Towards 7:30"),
    Sector("back", 180.0, 22.5, "Directly behind", "At 6 o'clock"),
    Sector("back-right", -135.0, 22.5, "To the back right", "Towards 4:30"),
    Sector("right", -90.0, 22.5, "Directly right", "At 3 o'clock"),
    Sector("front-right", -45.0, 22.5, "To the front right", "Towards 1:30"),
)
QUARTERS = (
    Sector("ahead", 0.0, 45.0, "In front of you", "Around 12 o'clock"),
    Sector("left", 90.0, 45.0, "On your left", "Around 9 o'clock"),
    Sector("behind", 180.0, 45.0, "At your back", "Around 6 o'clock"),
    Sector("right", -90.0, 45.0, "On your right", "Around 3 o'clock"),
)
DIAGONALS = (
    Sector("front-left", 45.0, 45.0, "Ahead to the left", "Between 9 and 12 o'clock"),
    Sector("back-left", 135.0, 45.0, "Behind to the left", "Between 6 and 9 o'clock"),
    Sector("back-right", -135.0, 45.0, "Behind to the right", "Between 3 and 6 o'clock"),
    Sector("front-right", -45.0, 45.0, "Ahead to the right", "Between 12 and 3 o'clock"),
)
SYSTEMS: dict[str, tuple[Sector, ...]] = {
    "sector5": SECTORS5,
    "sector8": SECTORS8,
    "quarter": QUARTERS,
    "diagonal": DIAGONALS,
}
OUTSIDE_DEG = 20.0  # beyond its edge, from which a sound is clearly not in a sector


def find_sector(system: str, azimuth_deg: float, guard_deg: float = GUARD_DEG) -> Sector | None:
    """The sector of an azimuth, or None within the guard of an edge and where nothing is named (behind, of five)."""
    for sector in SYSTEMS[system]:
        if sector.margin_deg(azimuth_deg) >= guard_deg:
            return sector
    return None


def fold_azimuth(azimuth_deg: float, lateral_deg: float) -> float:
    """The azimuth on the horizon, before or behind as the sound is, that has its lateral angle: what the ears tell."""
    is_front = abs(azimuth_difference(azimuth_deg, 0.0)) <= 90.0
    return (lateral_deg if is_front else 180.0 - lateral_deg) % 360.0


def hear_sector(system: str, azimuth_deg: float, lateral_deg: float) -> Sector | None:
    """The sector of a sound, or None near an edge, or where its height puts it into another one by ear."""
    sector = find_sector(system, azimuth_deg)
    if sector is None or sector.margin_deg(fold_azimuth(azimuth_deg, lateral_deg)) < 0.0:
        return None
    return sector


def get_sector(system: str, name: str) -> Sector:
    """The sector of that name. Raises KeyError for none."""
    for sector in SYSTEMS[system]:
        if sector.name == name:
            return sector
    raise KeyError(name)


def mirror_sector(system: str, sector: Sector) -> Sector:
    """The sector that it becomes when left and right are exchanged."""
    return next(s for s in SYSTEMS[system] if azimuth_difference(s.centre_deg, sector.mirrored_deg) == 0.0)


_TIDY = re.compile(r"[^a-z0-9:']+")


def _tidy(text: str) -> str:
    return f" {_TIDY.sub(' ', text.lower()).strip()} "


def read_sector(system: str, text: str) -> Sector | None:
    """The one sector whose words, clock or name an option says; None where it says none or several."""
    said = _tidy(text)
    by_words = [s for s in SYSTEMS[system] if _tidy(s.words) in said or _tidy(s.clock) in said]
    by_name = []
    for sector in sorted(SYSTEMS[system], key=lambda s: -len(s.name)):  # "back-left" holds "back" and "left"
        if _tidy(sector.name) in said:
            by_name.append(sector)
            said = said.replace(_tidy(sector.name), " ")
    found = by_words or by_name
    return found[0] if len(found) == 1 else None


def read_sector5(text: str) -> Sector | None:
    """The frontal sector that an option says."""
    return read_sector("sector5", text)


def clear_side(lateral_deg: float, margin_deg: float = SIDE_DEG) -> str:
    """ "left" or "right" where the lateral angle is clear, else ""."""
    if abs(lateral_deg) < margin_deg:
        return ""
    return "left" if lateral_deg > 0.0 else "right"


def clear_height(elevation_deg: float) -> str:
    """ "above" or "below" from 30 degrees on, "level" within 10, else ""."""
    if abs(elevation_deg) >= CLEARLY_ABOVE_DEG:
        return "above" if elevation_deg > 0.0 else "below"
    return "level" if abs(elevation_deg) <= CLEARLY_LEVEL_DEG else ""
