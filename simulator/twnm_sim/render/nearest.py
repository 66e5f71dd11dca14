"""The exact nearest measured direction of every image, by a cube-map table of candidates.

A cell of the table lists every direction that can be nearest to some point of the cell: those within
(distance of the cell's centre to its nearest direction) + 2 (angular radius of the cell). A look-up compares only
these. Ties (within 1e-12 of the cosine) go to the direction first in (z, x, |y|), so that a mirrored scene meets a
mirrored choice. Shapes: N queries, D directions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twnm_sim.compiled import compiled

_WORK = 3e8  # comparisons that building a table may cost
_TIE = 1e-12


@dataclass(frozen=True)
class DirectionTable:
    """`start` has one entry a cell (and one more); `candidates` holds the cells' directions one after the other."""

    resolution: int
    start: NDArray[np.int32]
    candidates: NDArray[np.int32]
    directions_D3: NDArray[np.floating]

    def find(self, vectors_N3: NDArray[np.floating]) -> NDArray[np.int32]:
        """Index of the nearest direction for each vector (any length but 0), listener frame."""
        found_N = np.empty(len(vectors_N3), np.int32)
        _find(vectors_N3, np.eye(3), self.resolution, self.start, self.candidates, self.directions_D3, found_N)
        return found_N

    def find_turned(self, vectors_N3: NDArray[np.floating], rotation: NDArray[np.floating]) -> NDArray[np.int32]:
        """The same for world-frame vectors and a listener turned by `rotation` (3 x 3, listener to world)."""
        found_N = np.empty(len(vectors_N3), np.int32)
        _find(vectors_N3, rotation, self.resolution, self.start, self.candidates, self.directions_D3, found_N)
        return found_N


def build_direction_table(directions_D3: NDArray[np.floating]) -> DirectionTable:
    """The table of a set of unit vectors."""
    count = len(directions_D3)
    resolution = int(np.clip(np.sqrt(min(60.0 * count, _WORK / count) / 6.0), 4, 128))
    x, y, z = directions_D3.T
    by_key = np.lexsort((y, np.round(np.abs(y), 9), np.round(x, 9), np.round(z, 9)))
    start, candidates = _fill_table(resolution, np.ascontiguousarray(directions_D3[by_key]))
    return DirectionTable(resolution, start, by_key[candidates].astype(np.int32), np.array(directions_D3))


@compiled
def _cell_point(face, u, v):  # type: ignore[no-untyped-def]  # compiled
    norm = 1.0 / np.sqrt(1.0 + u * u + v * v)
    sign = 1.0 if face % 2 == 0 else -1.0
    if face < 2:
        return sign * norm, u * norm, v * norm
    if face < 4:
        return u * norm, sign * norm, v * norm
    return u * norm, v * norm, sign * norm


@compiled
def _fill_table(resolution, directions_D3):  # type: ignore[no-untyped-def]  # compiled
    count = len(directions_D3)
    cells = 6 * resolution * resolution
    start = np.zeros(cells + 1, np.int32)
    candidates = np.empty(cells * 4, np.int32)
    angle_D = np.empty(count)
    used = 0
    for cell in range(cells):
        face = cell // (resolution * resolution)
        row = (cell // resolution) % resolution
        column = cell % resolution
        u, v = 2.0 * (row + 0.5) / resolution - 1.0, 2.0 * (column + 0.5) / resolution - 1.0
        cx, cy, cz = _cell_point(face, u, v)
        radius = 0.0
        for corner in range(4):
            du = (2.0 * (corner // 2) - 1.0) / resolution
            dv = (2.0 * (corner % 2) - 1.0) / resolution
            px, py, pz = _cell_point(face, u + du, v + dv)
            chord = np.sqrt((px - cx) ** 2 + (py - cy) ** 2 + (pz - cz) ** 2)
            radius = max(radius, 2.0 * np.arcsin(0.5 * chord))
        nearest = 10.0
        for d in range(count):
            chord = np.sqrt(
                (directions_D3[d, 0] - cx) ** 2 + (directions_D3[d, 1] - cy) ** 2 + (directions_D3[d, 2] - cz) ** 2
            )
            angle_D[d] = 2.0 * np.arcsin(min(1.0, 0.5 * chord))
            nearest = min(nearest, angle_D[d])
        for d in range(count):
            if angle_D[d] <= nearest + 2.0 * radius + 1e-9:
                if used == len(candidates):
                    grown = np.empty(2 * used, np.int32)
                    grown[:used] = candidates
                    candidates = grown
                candidates[used] = d
                used += 1
        start[cell + 1] = used
    return start, candidates[:used].copy()


@compiled
def _find(vectors_N3, rotation, resolution, start, candidates, directions_D3, found_N):  # type: ignore[no-untyped-def]  # compiled
    half = 0.5 * resolution
    for n in range(len(vectors_N3)):
        a, b, c = vectors_N3[n, 0], vectors_N3[n, 1], vectors_N3[n, 2]
        x = rotation[0, 0] * a + rotation[1, 0] * b + rotation[2, 0] * c
        y = rotation[0, 1] * a + rotation[1, 1] * b + rotation[2, 1] * c
        z = rotation[0, 2] * a + rotation[1, 2] * b + rotation[2, 2] * c
        ax, ay, az = abs(x), abs(y), abs(z)
        if ax >= ay and ax >= az:
            face, major, u, v = (0 if x > 0 else 1), ax, y, z
        elif ay >= az:
            face, major, u, v = (2 if y > 0 else 3), ay, x, z
        else:
            face, major, u, v = (4 if z > 0 else 5), az, x, y
        scale = half / major
        row = min(int(u * scale + half), resolution - 1)
        column = min(int(v * scale + half), resolution - 1)
        cell = (face * resolution + row) * resolution + column
        first, last = start[cell], start[cell + 1]
        best = candidates[first]
        if last - first > 1:
            norm = 1.0 / np.sqrt(x * x + y * y + z * z)
            x, y, z = x * norm, y * norm, z * norm
            highest = x * directions_D3[best, 0] + y * directions_D3[best, 1] + z * directions_D3[best, 2]
            for i in range(first + 1, last):
                d = candidates[i]
                cosine = x * directions_D3[d, 0] + y * directions_D3[d, 1] + z * directions_D3[d, 2]
                if cosine > highest + _TIE:
                    best, highest = d, cosine
        found_N[n] = best
