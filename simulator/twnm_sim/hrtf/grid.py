"""Directions on the sphere: from angles, distinct, and weighed by the solid angle that each stands for."""

# D directions, P points, 3 coordinates

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SAME_DIRECTION = 1e-6  # unit vectors that round to the same multiple of this are one direction
_PROBES = 200_000


def unit_vectors(azimuths_deg: Floats, elevations_deg: Floats) -> Floats:
    """Listener-frame unit vectors (D, 3).

    Mirrored angles give bit-for-bit mirrored vectors (a and 360 - a differ in the sign of y alone), so that a tie
    between two directions in a symmetric set falls alike on both sides. Angles count to 1e-9 degrees.
    """
    azimuth = np.radians(_fold_azimuth(np.asarray(azimuths_deg, dtype=np.float64)))
    elevation = np.radians(np.round(np.asarray(elevations_deg, dtype=np.float64), 9))
    horizontal = _snap(np.cos(elevation))
    vectors = [horizontal * _snap(np.cos(azimuth)), horizontal * _snap(np.sin(azimuth)), _snap(np.sin(elevation))]
    return np.stack(vectors, axis=-1)


def _fold_azimuth(azimuths_deg: Floats) -> Floats:
    """Into [-180, 180], where mirrored azimuths are exact negatives."""
    folded: Floats = np.round(np.remainder(azimuths_deg + 180.0, 360.0) - 180.0, 9)
    return folded


def _snap(values: Floats) -> Floats:
    """cos(90 degrees) is 0, not 6e-17."""
    snapped: Floats = np.where(np.abs(values) < 1e-15, 0.0, values)
    return snapped


def first_of_each(directions_D3: Floats) -> NDArray[np.intp]:
    """Indices, ascending, that keep the first of each set of equal directions."""
    rounded = np.round(directions_D3 / SAME_DIRECTION).astype(np.int64)
    _, first = np.unique(rounded, axis=0, return_index=True)
    return np.sort(first)


def solid_angles(directions_D3: Floats) -> Floats:
    """Steradians nearest to each of D distinct unit vectors; they sum to 4 pi.

    Areas of the spherical Voronoi cells. Sets that span no volume (one direction, one ring) have no such cells; there,
    and where the cells do not add up, an even cloud of probes is shared out to the nearest directions instead.
    """
    areas = _voronoi_areas(directions_D3)
    if areas is None:
        areas = _probed_areas(directions_D3)
    weights: Floats = areas * (4.0 * np.pi / areas.sum())
    return weights


def _voronoi_areas(directions_D3: Floats) -> Floats | None:
    from scipy.spatial import QhullError, SphericalVoronoi

    if len(directions_D3) < 4:
        return None
    try:
        areas = SphericalVoronoi(directions_D3).calculate_areas()
    except (QhullError, ValueError):  # no volume: coplanar directions
        return None
    whole = np.isfinite(areas).all() and areas.min() >= 0.0 and abs(areas.sum() / (4.0 * np.pi) - 1.0) < 1e-6
    return np.asarray(areas, dtype=np.float64) if whole else None


def _probed_areas(directions_D3: Floats) -> Floats:
    from scipy.spatial import cKDTree

    nearest = cKDTree(directions_D3).query(_fibonacci_sphere(_PROBES))[1]
    return np.bincount(nearest, minlength=len(directions_D3)).astype(np.float64)


def _fibonacci_sphere(points: int) -> Floats:
    """Nearly even points (P, 3) on the sphere: a spiral in equal steps of height, turning by the golden angle."""
    index = np.arange(points) + 0.5
    z = 1.0 - 2.0 * index / points
    turn = np.pi * (1.0 + np.sqrt(5.0)) * index
    radius = np.sqrt(1.0 - z * z)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), z], axis=-1)
