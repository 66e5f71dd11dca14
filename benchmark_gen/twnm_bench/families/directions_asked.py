"""Directions as options, shared by the families that ask for one."""

import numpy as np

from twnm_bench.directions import GUARD_DEG, SYSTEMS, Sector, get_sector, hear_sector
from twnm_bench.facts import Sound
from twnm_bench.families.base import Option, equals, shuffle
from twnm_schemas.constraints import Sector as InSector

FRONTAL = InSector(start_deg=270.0, stop_deg=90.0, who="all")
CLOCK_SHARE = 1.0 / 3.0  # of the questions whose options are read off a clock


def place_in(system: str, name: str) -> InSector:
    """The constraint that some source is clearly in that sector."""
    sector = get_sector(system, name)
    left = sector.half_width_deg - (0.0 if sector.open_left else GUARD_DEG)
    right = sector.half_width_deg - (0.0 if sector.open_right else GUARD_DEG)
    return InSector(
        start_deg=(sector.centre_deg - right) % 360.0, stop_deg=(sector.centre_deg + left) % 360.0, who="any"
    )


def direction_options(
    program: str, system: str, key: str, rng: np.random.Generator, first: tuple[str, ...] = (), count: int = 4
) -> tuple[Option, ...]:
    """The key and other directions of the system, those of `first` before any; in words or by the clock."""
    names = [key, *(name for name in dict.fromkeys(first) if name != key)]
    names += shuffle(rng, [sector.name for sector in SYSTEMS[system] if sector.name not in names])
    by_clock = rng.random() < CLOCK_SHARE
    return tuple(Option(_say(get_sector(system, name), by_clock), equals(program, name)) for name in names[:count])


def _say(sector: Sector, by_clock: bool) -> str:
    return sector.clock if by_clock else sector.words


def clear_sectors(sounds: tuple[Sound, ...], system: str) -> tuple[str, ...]:
    """The names of the sectors in which sounds clearly are."""
    found = (hear_sector(system, sound.azimuth_deg, sound.lateral_deg) for sound in sounds if sound.is_level)
    return tuple(sector.name for sector in found if sector is not None)
