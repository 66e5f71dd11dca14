"""Frames, angles and words: a fixture for each sign, identities for the rest."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twnm_schemas.geometry import (
    AZIMUTH_WORDS,
    Vector,
    angle_between,
    azimuth_difference,
    azimuth_words,
    clock_hour,
    direction_of,
    elevation_words,
    rotation_matrix,
    side_words,
    to_listener_frame,
    unit_vector,
)

AHEAD, LEFT, UP = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
angles = st.floats(-720.0, 720.0)
coordinates = st.floats(-100.0, 100.0).filter(lambda x: x == 0.0 or abs(x) > 1e-3)
vectors = st.tuples(coordinates, coordinates, coordinates).filter(any)


def hear(world: Vector, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Vector:
    """Where a world direction lies for a listener turned like this."""
    return to_listener_frame(rotation_matrix(yaw, pitch, roll), world)


@pytest.mark.parametrize(
    ("turn", "world", "heard"),
    [
        ({"yaw": 0.0}, AHEAD, AHEAD),  # yaw 0 faces world +x
        ({"yaw": 90.0}, LEFT, AHEAD),  # positive yaw turns left: what was left is now ahead
        ({"yaw": -90.0}, LEFT, (-1.0, 0.0, 0.0)),
        ({"pitch": 90.0}, AHEAD, UP),  # positive pitch lowers the nose: what was ahead is now above
        ({"pitch": -90.0}, UP, AHEAD),
        ({"roll": 90.0}, UP, LEFT),  # positive roll raises the left ear: what was above is now at the left ear
        ({"roll": -90.0}, UP, (0.0, -1.0, 0.0)),
    ],
)
def test_each_rotation_has_its_sign(turn: dict[str, float], world: Vector, heard: Vector) -> None:
    assert hear(world, **turn) == pytest.approx(heard, abs=1e-12)


@pytest.mark.parametrize(
    ("vector", "azimuth", "elevation", "lateral"),
    [
        (AHEAD, 0.0, 0.0, 0.0),
        (LEFT, 90.0, 0.0, 90.0),
        ((-1.0, 0.0, 0.0), 180.0, 0.0, 0.0),
        ((0.0, -1.0, 0.0), 270.0, 0.0, -90.0),
        (UP, 0.0, 90.0, 0.0),
        ((0.0, 0.0, -2.0), 0.0, -90.0, 0.0),
        ((1.0, 1.0, math.sqrt(2.0)), 45.0, 45.0, 30.0),
    ],
)
def test_directions_are_counted_counter_clockwise_from_ahead(
    vector: Vector, azimuth: float, elevation: float, lateral: float
) -> None:
    direction = direction_of(vector)
    assert (direction.azimuth_deg, direction.elevation_deg, direction.lateral_deg) == pytest.approx(
        (azimuth, elevation, lateral), abs=1e-9
    )
    assert direction.distance_m == pytest.approx(math.hypot(*vector))


def test_rotations_are_applied_as_roll_then_pitch_then_yaw() -> None:
    combined = rotation_matrix(20.0, 30.0, 40.0)
    for axis in (AHEAD, LEFT, UP):
        step = to_listener_frame(rotation_matrix(20.0), axis)
        step = to_listener_frame(rotation_matrix(0.0, 30.0), step)
        step = to_listener_frame(rotation_matrix(0.0, 0.0, 40.0), step)
        assert to_listener_frame(combined, axis) == pytest.approx(step, abs=1e-12)


@given(angles, angles, angles)
def test_a_rotation_is_right_handed_and_keeps_lengths(yaw: float, pitch: float, roll: float) -> None:
    x, y, z = rotation_matrix(yaw, pitch, roll)
    for first, second, product in ((x, x, 1.0), (x, y, 0.0), (x, z, 0.0), (y, y, 1.0), (y, z, 0.0), (z, z, 1.0)):
        assert sum(a * b for a, b in zip(first, second, strict=True)) == pytest.approx(product, abs=1e-12)
    cross = (x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0])
    assert cross == pytest.approx(z, abs=1e-12)


@given(vectors)
def test_a_direction_leads_back_to_its_vector(vector: Vector) -> None:
    direction = direction_of(vector)
    unit = unit_vector(direction.azimuth_deg, direction.elevation_deg)
    assert tuple(direction.distance_m * u for u in unit) == pytest.approx(vector, abs=1e-9)
    assert math.sin(math.radians(direction.lateral_deg)) == pytest.approx(unit[1], abs=1e-9)
    assert 0.0 <= direction.azimuth_deg < 360.0
    assert -90.0 <= direction.elevation_deg <= 90.0


@given(vectors)
def test_a_mirror_turns_left_into_right(vector: Vector) -> None:
    here, there = direction_of(vector), direction_of((vector[0], -vector[1], vector[2]))
    assert there.lateral_deg == -here.lateral_deg
    assert (here.azimuth_deg + there.azimuth_deg) % 360.0 == pytest.approx(0.0, abs=1e-9)


@given(vectors, st.floats(-360.0, 360.0))
def test_turning_the_head_left_moves_the_world_right(vector: Vector, yaw: float) -> None:
    before, after = direction_of(vector), direction_of(hear(vector, yaw=yaw))
    assert after.distance_m == pytest.approx(before.distance_m)
    assert after.elevation_deg == pytest.approx(before.elevation_deg, abs=1e-6)
    if math.hypot(vector[0], vector[1]) > 1e-2:
        turned = azimuth_difference(before.azimuth_deg, after.azimuth_deg)
        assert azimuth_difference(turned, yaw) == pytest.approx(0.0, abs=1e-6)


def test_an_azimuth_a_hair_right_of_ahead_does_not_become_360() -> None:
    assert direction_of((1.0, -1e-17, 0.0)).azimuth_deg == 0.0
    assert direction_of((1.0, -0.0, 0.0)).azimuth_deg == 0.0


def test_the_head_itself_has_no_direction() -> None:
    with pytest.raises(ValueError, match="centre"):
        direction_of((0.0, 0.0, 0.0))


@given(angles, angles)
def test_a_turn_is_at_most_half_a_circle(first: float, second: float) -> None:
    turn = azimuth_difference(first, second)
    assert -180.0 <= turn < 180.0
    assert math.cos(math.radians(second + turn - first)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("first", "second", "turn"),
    [(350.0, 10.0, -20.0), (10.0, 350.0, 20.0), (180.0, 0.0, -180.0), (0.0, 180.00000000000003, -180.0)],
)
def test_a_turn_to_the_left_is_positive(first: float, second: float, turn: float) -> None:
    assert azimuth_difference(first, second) == pytest.approx(turn, abs=1e-9)


@given(st.floats(0.0, 360.0), st.floats(-89.0, 89.0))
def test_angles_between_vectors_are_those_of_the_sphere(azimuth: float, elevation: float) -> None:
    vector = unit_vector(azimuth, elevation)
    opposite = (-vector[0], -vector[1], -vector[2])
    assert angle_between(vector, vector) == pytest.approx(0.0, abs=1e-9)
    assert angle_between(vector, opposite) == pytest.approx(180.0, abs=1e-9)
    assert angle_between(vector, UP) == pytest.approx(90.0 - elevation, abs=1e-9)


def test_small_angles_are_accurate() -> None:
    assert angle_between(AHEAD, (1.0, math.radians(1e-7), 0.0)) == pytest.approx(1e-7, rel=1e-9)


@pytest.mark.parametrize(("index", "words"), list(enumerate(AZIMUTH_WORDS)))
def test_a_sector_of_45_degrees_has_one_name(index: int, words: str) -> None:
    centre = 45.0 * index
    assert {azimuth_words(centre + offset) for offset in (-22.5, -10.0, 0.0, 22.4, 360.0, -720.0)} == {words}
    assert azimuth_words(centre + 22.5) == AZIMUTH_WORDS[(index + 1) % 8]


def test_left_is_90_degrees_in_words_too() -> None:
    assert (azimuth_words(90.0), azimuth_words(270.0), azimuth_words(317.0)) == ("left", "right", "front-right")
    assert [clock_hour(azimuth) for azimuth in (0.0, 90.0, 180.0, 270.0, 330.0)] == [12, 9, 6, 3, 1]
    assert [side_words(lateral) for lateral in (90.0, 10.0, 0.0, -10.0, -11.0)] == [
        "left", "centre", "centre", "centre", "right",
    ]  # fmt: skip
    assert [elevation_words(e) for e in (21.0, 20.0, -20.0, -21.0)] == ["above", "level", "level", "below"]


@given(angles)
def test_the_clock_agrees_with_the_azimuth(azimuth: float) -> None:
    assert abs(azimuth_difference(azimuth, -30.0 * clock_hour(azimuth))) <= 15.0 + 1e-9
