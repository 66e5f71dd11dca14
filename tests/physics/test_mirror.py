"""A mirrored scene swaps the ears of a symmetric head."""

import numpy as np
import pytest
from physics_cases import draw_scene

from twnm_schemas import Listener, Room
from twnm_schemas.geometry import rotation_matrix
from twnm_sim import render_brirs

WALLS = (0.25, 0.5, 0.35, 0.3, 0.2, 0.6)
TABLE = [[alpha, alpha, alpha, 0.3, 0.4, 0.4, 0.5] for alpha in WALLS]


def mirror(room, listener, source, axis):
    """The scene seen in a wall across x (axis 0) or y (axis 1)."""
    side = room.size_m[axis]
    absorption = list(room.absorption)
    absorption[2 * axis], absorption[2 * axis + 1] = absorption[2 * axis + 1], absorption[2 * axis]
    flip = [lambda point, a=a: side - point[a] if a == axis else point[a] for a in range(3)]
    yaw_deg = -listener.yaw_deg if axis == 1 else 180.0 - listener.yaw_deg
    mirrored = Listener(
        position_m=tuple(f(listener.position_m) for f in flip),
        yaw_deg=yaw_deg,
        pitch_deg=listener.pitch_deg,
        roll_deg=-listener.roll_deg,
    )
    return room.model_copy(update={"absorption": tuple(absorption)}), mirrored, tuple(f(source) for f in flip)


@pytest.mark.parametrize("axis", [0, 1], ids=["across-x", "across-y"])
def test_the_mirrored_pose_is_the_mirrored_head(axis):
    """The geometry that this file relies on: mirror x the head's axes x mirror of left and right."""
    room = Room(size_m=(5.0, 4.0, 3.0), absorption=0.3)
    listener, _ = draw_scene(room, np.random.default_rng(4))
    _, mirrored, _ = mirror(room, listener, (1.0, 1.0, 1.0), axis)
    wall, ears = np.eye(3), np.diag([1.0, -1.0, 1.0])
    wall[axis, axis] = -1.0
    pose, other = (np.array(rotation_matrix(one.yaw_deg, one.pitch_deg, one.roll_deg)) for one in (listener, mirrored))
    assert np.abs(wall @ pose @ ears - other).max() < 1e-12


@pytest.mark.parametrize("absorption", [WALLS, TABLE], ids=["surfaces", "table"])
@pytest.mark.parametrize("axis", [0, 1], ids=["across-x", "across-y"])
@pytest.mark.parametrize("seed", range(4))
def test_ears_swap(kemar, seed, axis, absorption):
    rng = np.random.default_rng(seed)
    room = Room(size_m=tuple(rng.uniform((3.5, 4.0, 2.5), (5.0, 6.0, 3.5)).tolist()), absorption=absorption)
    scene = (room, *draw_scene(room, rng))
    duration_s = 0.3 if seed == 0 else 0.15  # the first goes through the late field's buffers
    responses = [
        render_brirs(r, li, [s], kemar, duration_s=duration_s, tail="images")[0].astype(float)
        for r, li, s in (scene, mirror(*scene, axis))
    ]
    difference = np.sum((responses[0] - responses[1][::-1]) ** 2) / np.sum(responses[0] ** 2)
    assert 10.0 * np.log10(difference) < -80.0
    assert np.sum((responses[0] - responses[1]) ** 2) > 0.1 * np.sum(responses[0] ** 2)  # the ears do differ
