import numpy as np
import pytest

from twnm_sim.hrtf.grid import first_of_each, solid_angles, unit_vectors


def test_angles_follow_the_convention():
    vectors = unit_vectors(np.array([0.0, 90.0, 180.0, 270.0, 17.0, 17.0]), np.array([0.0, 0.0, 0.0, 0.0, 90.0, -90.0]))
    expected = [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    assert np.array_equal(vectors, expected)


def test_mirrored_angles_give_bitwise_mirrored_vectors():
    azimuths = np.arange(0.0, 360.0, 360.0 / 56.0)
    elevations = np.full_like(azimuths, -40.0)
    left, right = unit_vectors(azimuths, elevations), unit_vectors(360.0 - azimuths, elevations)
    assert np.array_equal(left * [1, -1, 1], right)


def test_an_octahedron_shares_the_sphere_evenly():
    axes = np.vstack([np.eye(3), -np.eye(3)])
    np.testing.assert_allclose(solid_angles(axes), np.full(6, 4.0 * np.pi / 6.0), rtol=1e-9)


def test_a_ring_grid_is_weighed_by_its_bands():
    """On an equiangular grid a cell's area is about the step in azimuth x the band's height on the axis."""
    azimuths, elevations = (a.ravel() for a in np.meshgrid(np.arange(0, 360, 10.0), np.arange(-80, 81, 10.0)))
    areas = solid_angles(unit_vectors(azimuths, elevations))
    expected = np.radians(10.0) * (np.sin(np.radians(elevations + 5.0)) - np.sin(np.radians(elevations - 5.0)))
    inner = np.abs(elevations) < 75.0
    np.testing.assert_allclose(areas[inner], expected[inner], rtol=0.02)
    assert areas.sum() == pytest.approx(4.0 * np.pi)


@pytest.mark.parametrize(
    ("azimuths", "elevations"),
    [
        (np.arange(0.0, 360.0, 5.0), np.zeros(72)),  # the horizontal plane alone
        (np.arange(0.0, 360.0, 30.0), np.full(12, 40.0)),  # a ring above it
        (np.array([30.0]), np.array([0.0])),
        (np.array([30.0, 90.0, 200.0]), np.array([0.0, 10.0, -40.0])),
    ],
)
def test_sets_that_span_no_volume_are_weighed_too(azimuths, elevations):
    areas = solid_angles(unit_vectors(azimuths, elevations))
    assert areas.sum() == pytest.approx(4.0 * np.pi)
    if np.ptp(elevations) == 0.0:
        np.testing.assert_allclose(areas, 4.0 * np.pi / len(areas), rtol=0.02)


def test_of_equal_directions_the_first_is_kept():
    poles = unit_vectors(np.array([0.0, 45.0, 90.0, 360.0, 10.0]), np.array([90.0, 90.0, 0.0, 90.0, 0.0]))
    assert first_of_each(poles).tolist() == [0, 2, 4]
