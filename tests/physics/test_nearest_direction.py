"""The exact nearest measured direction, by comparison with all of them; ties fall the same way in a mirror."""

import numpy as np
import pytest
from physics_cases import open_head

from twnm_schemas.geometry import rotation_matrix
from twnm_sim.render.nearest import build_direction_table

MIRROR = np.array([1.0, -1.0, 1.0])


def random_directions(count, seed):
    vectors_N3 = np.random.default_rng(seed).standard_normal((count, 3))
    return vectors_N3 / np.linalg.norm(vectors_N3, axis=1, keepdims=True)


def assert_nearest(directions_D3, queries_N3, found_N):
    unit_N3 = queries_N3 / np.linalg.norm(queries_N3, axis=1, keepdims=True)
    best_N = (unit_N3 @ directions_D3.T).max(axis=1)
    chosen_N = np.sum(unit_N3 * directions_D3[found_N], axis=1)
    assert np.all(chosen_N >= best_N - 2e-12)


SETS = {
    "kemar": lambda: open_head("kemar", 44100).directions_D3,
    "fabian": lambda: open_head("fabian_358", 44100).directions_D3,
    "spherical-head": lambda: open_head("spherical-head", 44100).directions_D3,
    "one": lambda: np.array([[0.0, 0.0, 1.0]]),
    "two": lambda: np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    "clump": lambda: random_directions(400, 3) * [0.02, 0.02, 0.02] + [0.0, 0.0, 1.0],
    "dense": lambda: random_directions(3000, 4),
}


@pytest.mark.parametrize("name", SETS)
def test_it_is_the_nearest_of_all(name):
    directions_D3 = SETS[name]()
    directions_D3 = directions_D3 / np.linalg.norm(directions_D3, axis=1, keepdims=True)
    table = build_direction_table(directions_D3)
    scale_N1 = np.random.default_rng(1).uniform(0.1, 1000.0, (20_000, 1))  # any length of a query
    queries_N3 = random_directions(20_000, 2) * scale_N1
    assert_nearest(directions_D3, queries_N3, table.find(queries_N3))
    corners = np.array([[x, y, z] for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if x or y or z], float)
    assert_nearest(directions_D3, corners, table.find(corners))


def test_every_measured_direction_finds_itself(hrtf):
    directions_D3 = hrtf.directions_D3
    table = build_direction_table(directions_D3)
    assert np.array_equal(table.find(directions_D3), np.arange(len(directions_D3)))


def test_a_turned_listener_looks_along_his_own_axes(kemar):
    table = build_direction_table(kemar.directions_D3)
    rotation = np.array(rotation_matrix(37.0, 10.0, -8.0))
    queries_N3 = random_directions(5000, 7)
    assert np.array_equal(table.find_turned(queries_N3, rotation), table.find(queries_N3 @ rotation))
    ahead = table.find_turned(np.array([rotation[:, 0]]), rotation)[0]
    assert np.allclose(kemar.directions_D3[ahead], [1.0, 0.0, 0.0])


def between_neighbours(directions_D3):
    """Points exactly half way between near directions: ties, or as near to one as floats come."""
    cosine_DD = directions_D3 @ directions_D3.T
    first_N, second_N = np.nonzero((cosine_DD > np.cos(np.radians(12.0))) & (cosine_DD < 1.0 - 1e-9))
    return directions_D3[first_N] + directions_D3[second_N]


@pytest.mark.parametrize("name", ["kemar", "spherical-head"])
def test_ties_fall_the_same_way_in_a_mirror(name):
    directions_D3 = open_head(name, 44100).directions_D3
    table = build_direction_table(directions_D3)
    queries_N3 = between_neighbours(directions_D3)
    queries_N3 = queries_N3[np.abs(queries_N3[:, 1]) > 1e-9]  # the median plane is its own mirror image
    found_N3, mirrored_N3 = (directions_D3[table.find(q_N3)] for q_N3 in (queries_N3, queries_N3 * MIRROR))
    assert len(queries_N3) > 1000
    assert np.abs(found_N3 * MIRROR - mirrored_N3).max() < 1e-12
    assert_nearest(directions_D3, queries_N3, table.find(queries_N3))
