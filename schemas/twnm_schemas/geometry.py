"""Frames, angles and words for directions. Decided once, here; every record carries `conventions: "twnm-1"`.

World frame: a room's corner at the origin, x and y horizontal, z up, metres.
Listener frame (SOFA / AES69): x forward, y left, z up, origin at the head's centre. Rotations are right-handed:
positive yaw turns left, positive pitch lowers the nose, positive roll raises the left ear;
R = Rz(yaw) Ry(pitch) Rx(roll) takes the listener frame to the world, so a world vector v is R^T v to the listener.
Azimuth: degrees counter-clockwise from straight ahead seen from above, in [0, 360): 90 is left, 270 is right.
Elevation: degrees up from the horizontal, [-90, 90]. Lateral angle: asin(y / r), +90 fully left.
"""

from math import asin, atan2, cos, degrees, hypot, radians, sin, sqrt
from typing import NamedTuple

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

CONVENTIONS = "twnm-1"
SURFACES = ("west", "east", "south", "north", "floor", "ceiling")
OCTAVE_CENTRES_HZ = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)


class Direction(NamedTuple):
    """Where a point lies in the listener frame."""

    azimuth_deg: float
    elevation_deg: float
    distance_m: float
    lateral_deg: float


def rotation_matrix(yaw_deg: float, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> Matrix:
    """R = Rz(yaw) Ry(pitch) Rx(roll), as three rows; it takes the listener frame to the world frame."""
    a, b, c = radians(yaw_deg), radians(pitch_deg), radians(roll_deg)
    ca, sa, cb, sb, cc, sc = cos(a), sin(a), cos(b), sin(b), cos(c), sin(c)
    return (
        (ca * cb, ca * sb * sc - sa * cc, ca * sb * cc + sa * sc),
        (sa * cb, sa * sb * sc + ca * cc, sa * sb * cc - ca * sc),
        (-sb, cb * sc, cb * cc),
    )


def to_listener_frame(rotation: Matrix, vector: Vector) -> Vector:
    """R^T v: a world-frame vector as the listener sees it."""
    x, y, z = (sum(rotation[row][column] * vector[row] for row in range(3)) for column in range(3))
    return x, y, z


def direction_of(vector: Vector) -> Direction:
    """Azimuth, elevation, distance and lateral angle of a listener-frame vector in metres."""
    x, y, z = vector
    distance = sqrt(x * x + y * y + z * z)
    if distance == 0.0:
        raise ValueError("a point at the head's centre has no direction")
    azimuth = degrees(atan2(y, x)) % 360.0
    return Direction(
        azimuth_deg=0.0 if azimuth >= 360.0 else azimuth,  # -1e-17 % 360 rounds to 360
        elevation_deg=degrees(atan2(z, hypot(x, y))),
        distance_m=distance,
        lateral_deg=degrees(asin(max(-1.0, min(1.0, y / distance)))),
    )


def unit_vector(azimuth_deg: float, elevation_deg: float) -> Vector:
    """The listener-frame unit vector of a direction."""
    a, e = radians(azimuth_deg), radians(elevation_deg)
    return cos(e) * cos(a), cos(e) * sin(a), sin(e)


def angle_between(first: Vector, second: Vector) -> float:
    """The angle between two vectors in degrees, accurate near 0 and 180 too."""
    cross = (
        first[1] * second[2] - first[2] * second[1],
        first[2] * second[0] - first[0] * second[2],
        first[0] * second[1] - first[1] * second[0],
    )
    dot = sum(a * b for a, b in zip(first, second, strict=True))
    return degrees(atan2(sqrt(sum(c * c for c in cross)), dot))


def azimuth_difference(first_deg: float, second_deg: float) -> float:
    """The smallest turn from the second azimuth to the first, in [-180, 180); positive is to the left."""
    turn = (first_deg - second_deg + 180.0) % 360.0
    return -180.0 if turn >= 360.0 else turn - 180.0  # as in direction_of


AZIMUTH_WORDS = ("front", "front-left", "left", "back-left", "back", "back-right", "right", "front-right")


def azimuth_words(azimuth_deg: float) -> str:
    """The 45-degree sector in words, e.g. 'front-left' for 45."""
    return AZIMUTH_WORDS[int((azimuth_deg % 360.0 + 22.5) // 45.0) % 8]


def clock_hour(azimuth_deg: float) -> int:
    """The clock-face hour, 12 straight ahead and 3 to the right."""
    return int((-azimuth_deg % 360.0 + 15.0) // 30.0) % 12 or 12


def elevation_words(elevation_deg: float) -> str:
    """'above', 'level' or 'below', split at 20 degrees from the horizontal."""
    if elevation_deg > 20.0:
        return "above"
    return "below" if elevation_deg < -20.0 else "level"


def side_words(lateral_deg: float) -> str:
    """'left', 'right' or 'centre' by the lateral angle, with 10 degrees of margin."""
    if lateral_deg > 10.0:
        return "left"
    return "right" if lateral_deg < -10.0 else "centre"
