"""Image sources of a shoebox, complete up to a distance (Allen and Berkley 1979, J. Acoust. Soc. Am. 65, 943).

Along each axis the images of a source at s in a room of length L, heard at p, lie at the displacements
k L + (s or, for odd k, L - s) - p for every integer k; image k has been reflected |k| times, ceil(|k| / 2) of them at
the wall on its own side. A shoebox's image is one choice of k an axis, and its reflection gain the product over axes.
Shapes: N images, B octave bands, A positions along one axis.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.rooms import Room
from twnm_sim.compiled import compiled
from twnm_sim.walls import log_reflection

Float = NDArray[np.floating]


@dataclass(frozen=True)
class Axis:
    """The images along one axis, by ascending displacement.

    `displacement_A`: metres from the listener. `gain_A`: product of the walls' amplitude reflection factors in the band
    with the most reflective walls' (exact where walls are flat). `log_gain_AB`: natural log of that per octave band.
    """

    displacement_A: Float
    gain_A: Float
    log_gain_AB: Float


@dataclass(frozen=True)
class Images:
    """Image sources: displacement from the listener (world frame), distance, amplitude and position on each axis.

    `gain_N` is the walls' gain over distance, valid where walls are flat over frequency.
    """

    displacement_N3: Float
    distance_N: Float
    gain_N: Float
    index_N3: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.distance_N)


def list_axes(
    room: Room, source: tuple[float, ...], listener: tuple[float, ...], farthest_m: float
) -> tuple[Axis, Axis, Axis]:
    """The three axes' images up to `farthest_m` from the listener."""
    log_reflection_SB = log_reflection(room)
    return tuple(  # type: ignore[return-value]
        _list_axis(room.size_m[a], source[a], listener[a], log_reflection_SB[2 * a : 2 * a + 2], farthest_m)
        for a in range(3)
    )


def _list_axis(length: float, source: float, listener: float, log_reflection_2B: Float, farthest_m: float) -> Axis:
    most = int(np.ceil(farthest_m / length)) + 1
    k_A = np.arange(-most, most + 1)
    offset_A = np.where(k_A % 2 == 0, source, length - source)
    # the wall on the image's own side is hit first: ceil(|k| / 2) times, the other floor(|k| / 2) times
    own_A, other_A = (np.abs(k_A) + 1) // 2, np.abs(k_A) // 2
    low_A, high_A = np.where(k_A < 0, own_A, other_A), np.where(k_A < 0, other_A, own_A)
    log_gain_AB = low_A[:, None] * log_reflection_2B[0] + high_A[:, None] * log_reflection_2B[1]
    return Axis(k_A * length + offset_A - listener, np.asarray(np.exp(log_gain_AB.max(axis=1))), log_gain_AB)


def list_images(axes: tuple[Axis, Axis, Axis], nearest_m: float, farthest_m: float) -> Images:
    """Every image with nearest_m <= distance < farthest_m. Neighbouring ranges share no image and miss none."""
    x, y, z = axes
    arguments = (x.displacement_A, y.displacement_A, z.displacement_A, nearest_m**2, farthest_m**2)
    count = _count(*arguments)
    displacement_N3, distance_N, gain_N = np.empty((count, 3)), np.empty(count), np.empty(count)
    index_N3 = np.empty((count, 3), np.int32)
    _fill(*arguments, x.gain_A, y.gain_A, z.gain_A, displacement_N3, distance_N, gain_N, index_N3)
    return Images(displacement_N3, distance_N, gain_N, index_N3)


def count_images(room: Room, distance_m: float) -> float:
    """How many images to expect within a distance: the sphere's volume over the room's."""
    return 4.0 / 3.0 * np.pi * distance_m**3 / room.volume_m3


@compiled
def _first_reaching(values_A, start, stop, limit):  # type: ignore[no-untyped-def]  # compiled
    """First index in [start, stop) whose square reaches `limit`; the squares ascend over the range."""
    while start < stop:
        middle = (start + stop) // 2
        if values_A[middle] * values_A[middle] < limit:
            start = middle + 1
        else:
            stop = middle
    return start


@compiled
def _first_below(values_A, start, stop, limit):  # type: ignore[no-untyped-def]  # compiled
    """First index in [start, stop) whose square is below `limit`; the squares descend over the range."""
    while start < stop:
        middle = (start + stop) // 2
        if values_A[middle] * values_A[middle] >= limit:
            start = middle + 1
        else:
            stop = middle
    return start


@compiled
def _column(z_A, zero, low2, high2):  # type: ignore[no-untyped-def]  # compiled
    """The two index ranges of z with low2 <= z^2 < high2, below and above zero."""
    a0 = _first_below(z_A, 0, zero, high2)
    a1 = _first_below(z_A, a0, zero, low2)
    b0 = _first_reaching(z_A, zero, len(z_A), low2)
    b1 = _first_reaching(z_A, b0, len(z_A), high2)
    return a0, a1, b0, b1


@compiled
def _count(x_A, y_A, z_A, low2, high2):  # type: ignore[no-untyped-def]  # compiled
    zero = np.searchsorted(z_A, 0.0)
    total = 0
    for i in range(len(x_A)):
        x2 = x_A[i] * x_A[i]
        if x2 >= high2:
            continue
        for j in range(len(y_A)):
            rho2 = x2 + y_A[j] * y_A[j]
            if rho2 < high2:
                a0, a1, b0, b1 = _column(z_A, zero, low2 - rho2, high2 - rho2)
                total += a1 - a0 + b1 - b0
    return total


@compiled
def _fill(x_A, y_A, z_A, low2, high2, gx_A, gy_A, gz_A, displacement_N3, distance_N, gain_N, index_N3):  # type: ignore[no-untyped-def]  # compiled
    zero = np.searchsorted(z_A, 0.0)
    n = 0
    for i in range(len(x_A)):
        x2 = x_A[i] * x_A[i]
        if x2 >= high2:
            continue
        for j in range(len(y_A)):
            rho2 = x2 + y_A[j] * y_A[j]
            if rho2 >= high2:
                continue
            a0, a1, b0, b1 = _column(z_A, zero, low2 - rho2, high2 - rho2)
            gain = gx_A[i] * gy_A[j]
            for part in range(2):
                first, last = (a0, a1) if part == 0 else (b0, b1)
                for k in range(first, last):
                    distance = np.sqrt(rho2 + z_A[k] * z_A[k])
                    displacement_N3[n, 0] = x_A[i]
                    displacement_N3[n, 1] = y_A[j]
                    displacement_N3[n, 2] = z_A[k]
                    distance_N[n] = distance
                    gain_N[n] = gain * gz_A[k] / distance
                    index_N3[n, 0] = i
                    index_N3[n, 1] = j
                    index_N3[n, 2] = k
                    n += 1
