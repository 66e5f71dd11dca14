"""How a shoebox decays: Eyring's formula, and the image-source energy itself in closed form.

The expected energy. Averaged over where source and listener stand in the room, the image that lies at displacement x
along an axis of length L is number floor(|x| / L) or the next, with probabilities linear in |x| / L (two uniform
positions differ by a triangular variable). So in direction u and at distance d the expected energy reflection is the
product over axes of the linear interpolation of that axis' gains at |u_a| d / L_a: exact for the lattice, where the
continuum of Lehmann and Johansson (2010, IEEE TASLP 18(6), 1429) takes the exponential of its mean. Images are 1 / V
dense and each gives gain / d^2, so energy arrives at the rate (4 pi c / V) x (mean over directions).
The decay is not one exponential and not Eyring's: directions along the long axes meet fewer walls.

Shapes: W instants, Q quadrature directions, B octave bands, D groups of directions.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.geometry import OCTAVE_CENTRES_HZ
from twnm_schemas.render import MAX_DURATION_S, Atmosphere
from twnm_schemas.rooms import Room
from twnm_sim.air import air_absorption_db_per_m
from twnm_sim.compiled import compiled
from twnm_sim.walls import interpolate_octaves, log_reflection, walls_are_flat

Float = NDArray[np.floating]
_GAUSS = 12  # points a face's side: 3,456 directions
_LENGTH_STEPS = 320  # 3 % apart in time


@lru_cache(maxsize=1)
def quadrature_directions() -> tuple[Float, Float]:
    """Unit vectors (Q, 3) and weights (Q,) summing to 1: Gauss-Legendre on the faces of a cube, octant by octant.

    An octant's edges hold the kinks. Late in a room with one hard pair of walls all energy comes along one axis, where
    the nodes crowd: face coordinates are the cubes of the Gauss points, so that the first is at 0.00005 degrees.
    """
    node, weight = np.polynomial.legendre.leggauss(_GAUSS)
    node, weight = 0.5 * (node + 1.0), 0.5 * weight
    u, v = np.meshgrid(node**3, node**3, indexing="ij")
    area = np.outer(3.0 * node**2 * weight, 3.0 * node**2 * weight) * (1.0 + u**2 + v**2) ** -1.5
    face_P3 = np.stack([u, v, np.ones_like(u)], axis=-1).reshape(-1, 3)
    face_P3 /= np.linalg.norm(face_P3, axis=1, keepdims=True)
    octant_P3 = np.concatenate([np.roll(face_P3, turn, axis=1) for turn in range(3)])
    signs_83 = np.array([[x, y, z] for x in (1.0, -1.0) for y in (1.0, -1.0) for z in (1.0, -1.0)])
    weight_Q = np.tile(area.ravel(), 3 * len(signs_83))
    return (signs_83[:, None] * octant_P3).reshape(-1, 3), weight_Q / weight_Q.sum()


def energy_rates(
    room: Room,
    times_W: Float,
    speed: float,
    places_B: Sequence[float],
    groups_Q: NDArray[np.int32] | None = None,
) -> Float:
    """Energy (pressure squared x samples at 1 Hz) that arrives per second: (B, W, D), without air.

    `places_B`: octave bands by number, 0 is 125 Hz and 6 is 8 kHz, or places between two of them. `groups_Q` sums the
    quadrature's directions into groups (all into one if None).
    """
    vectors_Q3, weight_Q = quadrature_directions()
    if groups_Q is None:
        groups_Q = np.zeros(len(weight_Q), np.int32)
    size_3 = np.asarray(room.size_m)
    most = int(np.ceil(speed * times_W.max() / size_3.min())) + 2
    energy_SB = np.exp(2.0 * interpolate_octaves(np.asarray(places_B, float), log_reflection(room)))
    out = np.zeros((len(places_B), len(times_W), int(groups_Q.max()) + 1))
    for energy_S, out_WD in zip(energy_SB.T, out, strict=True):
        tables = np.stack([_axis_table(energy_S[2 * a], energy_S[2 * a + 1], most) for a in range(3)])
        _accumulate(tables, size_3, vectors_Q3, weight_Q, groups_Q, times_W * speed, out_WD)
    return np.asarray(4.0 * np.pi * speed / room.volume_m3 * out)


def _axis_table(low: float, high: float, most: int) -> Float:
    """Energy gains (2, most + 1) after k reflections, starting at the low wall (row 0) or at the high wall (row 1)."""
    k = np.arange(most + 1)
    both = (low * high) ** (k // 2)
    return np.stack([np.where(k % 2 == 1, both * low, both), np.where(k % 2 == 1, both * high, both)])


@compiled
def _accumulate(tables, size_3, vectors_Q3, weight_Q, groups_Q, distance_W, out_WD):  # type: ignore[no-untyped-def]  # compiled
    for q in range(len(weight_Q)):
        u0, u1, u2 = vectors_Q3[q, 0], vectors_Q3[q, 1], vectors_Q3[q, 2]
        r0 = abs(u0) / size_3[0]
        r1 = abs(u1) / size_3[1]
        r2 = abs(u2) / size_3[2]
        t0, t1, t2 = tables[0, 1 if u0 > 0 else 0], tables[1, 1 if u1 > 0 else 0], tables[2, 1 if u2 > 0 else 0]
        for w in range(len(distance_W)):
            x0, x1, x2 = r0 * distance_W[w], r1 * distance_W[w], r2 * distance_W[w]
            k0, k1, k2 = int(x0), int(x1), int(x2)
            g0 = t0[k0] + (x0 - k0) * (t0[k0 + 1] - t0[k0])
            g1 = t1[k1] + (x1 - k1) * (t1[k1 + 1] - t1[k1])
            g2 = t2[k2] + (x2 - k2) * (t2[k2 + 1] - t2[k2])
            out_WD[w, groups_Q[q]] += weight_Q[q] * g0 * g1 * g2


def band_air_db_per_m(atmosphere: Atmosphere) -> Float:
    """Air loss at the seven octave centres, zero where air absorption is off."""
    if not atmosphere.absorption:
        return np.zeros(len(OCTAVE_CENTRES_HZ))
    return np.asarray(
        air_absorption_db_per_m(
            np.array(OCTAVE_CENTRES_HZ), atmosphere.celsius, atmosphere.humidity_percent, atmosphere.pressure_kpa
        )
    )


def rt60_eyring(room: Room, atmosphere: Atmosphere) -> tuple[float | None, ...]:
    """Eyring's reverberation time per octave band, seconds; null where the walls absorb everything.

    T = (24 ln 10 / c) V / (-S ln(1 - mean alpha) + 4 m V), m the air's energy attenuation in nepers per metre.
    """
    areas_S = np.asarray(room.surface_areas_m2)
    mean_alpha_B = areas_S @ np.asarray(room.absorption) / areas_S.sum()
    energy_per_m_B = band_air_db_per_m(atmosphere) * np.log(10.0) / 10.0
    times: list[float | None] = []
    for alpha, m in zip(mean_alpha_B, energy_per_m_B, strict=True):
        if alpha >= 1.0 - 1e-12 or (alpha <= 1e-12 and m == 0.0):
            times.append(None)
            continue
        loss = -areas_S.sum() * np.log1p(-alpha) + 4.0 * m * room.volume_m3
        times.append(float(24.0 * np.log(10.0) / atmosphere.speed_of_sound * room.volume_m3 / loss))
    return tuple(times)


def response_length_s(room: Room, atmosphere: Atmosphere, head_s: float = 0.03) -> float:
    """How long a response is kept: 60 dB of incoherent image energy in the slowest octave band, at most 5 s.

    At least the time in which sound crosses the room once plus `head_s` for the response of the head; a whole number
    of milliseconds.
    """
    speed = atmosphere.speed_of_sound
    times_W = np.geomspace(1e-3, 2.0 * MAX_DURATION_S, _LENGTH_STEPS)
    bands = (0,) if walls_are_flat(room) else tuple(range(len(OCTAVE_CENTRES_HZ)))
    rates_BW = energy_rates(room, times_W, speed, bands)[:, :, 0]
    air_B1 = band_air_db_per_m(atmosphere)[
        list(bands), None
    ]  # rises with frequency: flat walls decay slowest at 125 Hz
    rates_BW = rates_BW * 10.0 ** (-0.1 * air_B1 * speed * times_W)
    slowest = max(_time_to_60_db(times_W, rates_W) for rates_W in rates_BW)
    crossing = float(np.linalg.norm(room.size_m)) / speed + head_s
    return float(min(MAX_DURATION_S, np.ceil(1000.0 * max(slowest, crossing)) / 1000.0))


def _time_to_60_db(times_W: Float, rates_W: Float) -> float:
    parts = 0.5 * (rates_W[1:] + rates_W[:-1]) * np.diff(times_W)
    left_W = np.append(np.cumsum(parts[::-1])[::-1], 0.0)
    total = left_W[0] + rates_W[0] * times_W[0]
    level_W = 10.0 * np.log10(np.maximum(left_W / total, 1e-30))
    return float(np.interp(60.0, -level_W, times_W))
