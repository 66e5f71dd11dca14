"""Sectors, their guards and their words, against what the compass and the clock say."""

import re

import pytest
from worlds import lateral_of

from twnm_bench.directions import (
    DIAGONALS,
    QUARTERS,
    SECTORS5,
    SYSTEMS,
    Sector,
    clear_height,
    clear_side,
    find_sector,
    fold_azimuth,
    get_sector,
    hear_sector,
    mirror_sector,
    read_sector,
    read_sector5,
)

_ALL = [pytest.param(system, s, id=f"{system}-{s.name}") for system, sectors in SYSTEMS.items() for s in sectors]


def _edges(system: str) -> list[float]:
    return [s.centre_deg + sign * s.half_width_deg for s in SYSTEMS[system] for sign in (-1.0, 1.0)]


@pytest.mark.parametrize("system", SYSTEMS)
def test_sectors_do_not_overlap_and_leave_no_gap(system: str) -> None:
    """Every tenth of a degree is in one sector, or on an edge; of the five only what is in front."""
    for tenth in range(3600):
        azimuth = tenth / 10.0
        inside = [s for s in SYSTEMS[system] if s.margin_deg(azimuth) > 0.0]
        on_edge = any((azimuth - edge) % 360.0 < 1e-9 for edge in _edges(system))
        if system == "sector5" and azimuth in (90.0, 270.0):
            continue  # an edge beyond which nothing is named belongs to its sector
        behind = system == "sector5" and 90.0 < azimuth < 270.0
        assert len(inside) == (0 if on_edge or behind else 1)


@pytest.mark.parametrize("system", SYSTEMS)
def test_within_ten_degrees_of_an_edge_there_is_no_name(system: str) -> None:
    for tenth in range(3600):
        azimuth = tenth / 10.0
        turned = (azimuth + 180.0) % 360.0 - 180.0
        if system == "sector5":
            near = abs(turned) > 90.0 or any(abs(turned - edge) < 10.0 - 1e-9 for edge in (-54, -18, 18, 54))
        else:
            near = any(abs((azimuth - edge + 180.0) % 360.0 - 180.0) < 10.0 - 1e-9 for edge in _edges(system))
        assert (find_sector(system, azimuth) is None) == near


@pytest.mark.parametrize(
    ("azimuth", "name"),
    [
        (0.0, "ahead"), (8.0, "ahead"), (8.1, None), (28.0, "front-left"), (44.0, "front-left"), (63.9, None),
        (64.0, "far left"), (90.0, "far left"), (90.1, None), (180.0, None), (269.9, None), (270.0, "far right"),
        (300.0, None), (324.0, "front-right"), (352.0, "ahead"), (360.0, "ahead"), (-36.0, "front-right"),
    ],
)  # fmt: skip
def test_the_five_frontal_sectors(azimuth: float, name: str | None) -> None:
    sector = find_sector("sector5", azimuth)
    assert (sector.name if sector else None) == name


def test_a_margin_is_counted_to_the_nearest_edge_with_a_guard() -> None:
    far_left = get_sector("sector5", "far left")
    assert far_left.margin_deg(72.0) == 18.0
    assert far_left.margin_deg(88.0) == 34.0  # the edge at 90 degrees needs no guard
    assert far_left.margin_deg(50.0) == -4.0
    assert far_left.margin_deg(100.0) == -10.0
    assert get_sector("sector5", "ahead").margin_deg(355.0) == 13.0


@pytest.mark.parametrize(("system", "sector"), _ALL)
def test_a_mirrored_sector_is_on_the_other_side(system: str, sector: Sector) -> None:
    mirrored = mirror_sector(system, sector)
    swapped = sector.name.replace("left", "?").replace("right", "left").replace("?", "right")
    assert mirrored.name == swapped
    assert mirror_sector(system, mirrored) is sector
    if system != "sector5":
        assert find_sector(system, -sector.centre_deg) is mirrored


@pytest.mark.parametrize(("system", "sector"), _ALL)
def test_an_option_says_its_sector(system: str, sector: Sector) -> None:
    assert read_sector(system, sector.words) is sector
    assert read_sector(system, sector.clock) is sector
    assert read_sector(system, f"It is {sector.words.lower()}, I think.") is sector


@pytest.mark.parametrize("system", SYSTEMS)
def test_words_and_clocks_are_all_different_and_of_about_one_length(system: str) -> None:
    for told in ([s.words for s in SYSTEMS[system]], [s.clock for s in SYSTEMS[system]]):
        assert len(set(told)) == len(told)
        assert max(map(len, told)) <= 1.5 * min(map(len, told))


@pytest.mark.parametrize(("system", "sector"), _ALL)
def test_the_clock_says_the_sector_s_hours(system: str, sector: Sector) -> None:
    """Twelve is ahead, three is right: an hour is 30 degrees to the right."""
    hours = [int(h) + int(m or 0) / 60.0 for h, m in re.findall(r"(\d+)(?::(\d+))?", sector.clock)]
    azimuths = [(-30.0 * hour) % 360.0 for hour in hours]
    for azimuth in azimuths:
        away = abs((azimuth - sector.centre_deg + 180.0) % 360.0 - 180.0)
        assert away <= sector.half_width_deg
    if len(azimuths) == 1:
        assert abs((azimuths[0] - sector.centre_deg + 180.0) % 360.0 - 180.0) <= 6.0


@pytest.mark.parametrize(
    "text", ["", "somewhere", "Straight ahead, or far to the left", "Around 11 o'clock or around 1 o'clock"]
)
def test_what_says_no_sector_or_two_is_none(text: str) -> None:
    assert read_sector5(text) is None


def test_one_and_eleven_o_clock_are_not_mixed_up() -> None:
    assert read_sector5("around 1 o'clock") is get_sector("sector5", "front-right")
    assert read_sector5("AROUND 11 O'CLOCK!") is get_sector("sector5", "front-left")


@pytest.mark.parametrize(("system", "sector"), _ALL)
def test_a_sector_is_read_by_its_name(system: str, sector: Sector) -> None:
    """Also where the name holds others: back-left holds back and left."""
    assert read_sector(system, sector.name) is sector
    assert read_sector(system, f"It is {sector.name.upper()}.") is sector


@pytest.mark.parametrize(
    "text",
    [
        "front or right",
        "front-left or back-right",
        "front-left or right",
    ],
)
def test_two_names_are_none(text: str) -> None:
    assert read_sector("sector8", text) is None


@pytest.mark.parametrize(
    ("azimuth", "elevation", "folded"),
    [(60.0, 0.0, 60.0), (-60.0, 0.0, 300.0), (120.0, 0.0, 120.0), (90.0, 60.0, 30.0), (135.0, 45.0, 150.0),
     (225.0, 45.0, 210.0), (-45.0, 45.0, 330.0), (180.0, 20.0, 180.0), (0.0, -20.0, 0.0)],
)  # fmt: skip
def test_a_height_draws_a_direction_to_the_middle(azimuth: float, elevation: float, folded: float) -> None:
    """sin of what is heard is cos(el) sin(az): 1/2 where both angles are 45 degrees."""
    assert fold_azimuth(azimuth, lateral_of(azimuth, elevation)) == pytest.approx(folded, abs=1e-9)


def test_a_direction_that_is_another_one_by_ear_has_no_name() -> None:
    low, high = lateral_of(80.0, 20.0), lateral_of(80.0, 40.0)  # 67.7 and 49.0 degrees; the edge is at 54
    assert hear_sector("sector5", 80.0, low) is get_sector("sector5", "far left")
    assert hear_sector("sector5", 80.0, high) is None
    assert hear_sector("sector5", 60.0, 60.0) is None  # near an edge


def test_an_unknown_sector_is_an_error() -> None:
    with pytest.raises(KeyError):
        get_sector("sector5", "back-left")


@pytest.mark.parametrize(
    ("lateral", "side"), [(15.0, "left"), (14.9, ""), (0.0, ""), (-14.9, ""), (-15.0, "right"), (90.0, "left")]
)
def test_a_side_is_clear_from_fifteen_degrees_of_lateral_angle(lateral: float, side: str) -> None:
    assert clear_side(lateral) == side


@pytest.mark.parametrize(
    ("elevation", "height"),
    [(0.0, "level"), (10.0, "level"), (10.1, ""), (29.9, ""), (30.0, "above"), (-30.0, "below"), (-10.0, "level")],
)
def test_a_height_is_clear_from_thirty_degrees(elevation: float, height: str) -> None:
    assert clear_height(elevation) == height


def test_quarters_and_diagonals_are_turned_by_half_a_quarter() -> None:
    assert [s.centre_deg % 360.0 for s in QUARTERS] == [0.0, 90.0, 180.0, 270.0]
    assert [s.centre_deg % 360.0 for s in DIAGONALS] == [45.0, 135.0, 225.0, 315.0]
    assert len(SECTORS5) == 5
