"""Eyring's formula by hand, the closed-form energy of the images by listing them, and the length of a response."""

import numpy as np
import pytest
from physics_cases import TABLE, draw_scene
from reference_renderer import air_nepers, list_reference_images

from twnm_schemas import Atmosphere, Room
from twnm_schemas.geometry import OCTAVE_CENTRES_HZ
from twnm_sim.air import air_absorption_db_per_m
from twnm_sim.decay import energy_rates, quadrature_directions, response_length_s, rt60_eyring

SPEED = 343.0
DRY_AIR_OFF = Atmosphere(absorption=False)


def test_eyring_by_hand_without_air():
    """5 x 4 x 3 m, alpha 0.3: V 60, S 94, -ln 0.7 = 0.35667; 55.262 x 60 / (343 x 94 x 0.35667) = 0.28833 s."""
    assert rt60_eyring(Room(size_m=(5.0, 4.0, 3.0), absorption=0.3), DRY_AIR_OFF) == pytest.approx(
        [0.28833] * 7, rel=1e-4
    )


def test_eyring_by_hand_with_air_and_unequal_walls():
    """Floor 0.6, all else 0.1: mean (20 x 0.6 + 74 x 0.1) / 94 = 0.20638; air adds 4 m V, m in nepers of energy."""
    room = Room(size_m=(5.0, 4.0, 3.0), absorption=(0.1, 0.1, 0.1, 0.1, 0.6, 0.1))
    wet_8k = float(air_absorption_db_per_m(8000.0)) / (10.0 / np.log(10.0))
    assert wet_8k == pytest.approx(0.0243, rel=0.05)  # 105 dB a kilometre at 20 degrees and 50 %
    by_hand = 24.0 * np.log(10.0) / 343.0 * 60.0 / (94.0 * 0.231154 + 4.0 * wet_8k * 60.0)
    assert rt60_eyring(room, Atmosphere())[6] == pytest.approx(by_hand, rel=1e-4)
    assert rt60_eyring(room, Atmosphere())[6] < 0.85 * rt60_eyring(room, DRY_AIR_OFF)[6]


def test_eyring_has_no_answer_for_an_open_field_or_a_perfect_echo():
    assert rt60_eyring(Room(size_m=(5.0, 4.0, 3.0), absorption=1.0), DRY_AIR_OFF) == (None,) * 7
    assert rt60_eyring(Room(size_m=(5.0, 4.0, 3.0), absorption=0.0), DRY_AIR_OFF) == (None,) * 7
    assert all(rt60_eyring(Room(size_m=(5.0, 4.0, 3.0), absorption=0.0), Atmosphere()))


def listed_rates(room, band, edges_s, scenes, seed):
    """Energy a second between times, averaged over places anywhere in the room, by adding listed images."""
    rng, reflection_S = np.random.default_rng(seed), 1.0 - np.array(room.absorption)[:, band]
    energy_W = np.zeros(len(edges_s) - 1)
    for _ in range(scenes):
        listener, source = draw_scene(room, rng, nearest_m=0.0)
        displacement_N3, hits_NS = list_reference_images(room, source, listener, SPEED * edges_s[-1])
        distance_N = np.linalg.norm(displacement_N3, axis=1)
        power_N = np.prod(reflection_S**hits_NS, axis=1) / distance_N**2
        energy_W += np.histogram(distance_N / SPEED, edges_s, weights=power_N)[0]
    return energy_W / scenes / np.diff(edges_s)


@pytest.mark.parametrize(
    ("absorption", "band"),
    [(0.3, 0), ((0.1, 0.3, 0.2, 0.6, 0.05, 0.9), 0), (TABLE, 4)],
    ids=["flat", "surfaces", "table"],
)
def test_the_closed_form_is_the_average_of_listed_images(absorption, band):
    room = Room(size_m=(6.0, 4.5, 3.0), absorption=absorption)
    edges_s = np.linspace(0.02, 0.14, 13)
    listed_W = listed_rates(room, band, edges_s, scenes=200, seed=2)
    fine_s = edges_s[0] + (np.arange(240) + 0.5) * (edges_s[-1] - edges_s[0]) / 240
    formula_W = energy_rates(room, fine_s, SPEED, (band,))[0, :, 0].reshape(12, 20).mean(axis=1)
    assert np.abs(10.0 * np.log10(formula_W / listed_W)).max() < 0.3


def test_directions_share_out_the_energy_as_listed_images_do():
    """By the half axis that a direction is nearest to: long axes keep their energy longest, hard walls send more."""
    room = Room(size_m=(9.0, 4.0, 2.5), absorption=(0.2, 0.5, 0.5, 0.2, 0.1, 0.8))
    first_s, last_s = 0.02, 0.08
    times_s = first_s + (np.arange(120) + 0.5) * (last_s - first_s) / 120
    groups_Q = nearest_half_axis(quadrature_directions()[0]).astype(np.int32)
    formula_D = energy_rates(room, times_s, SPEED, (0,), groups_Q)[0].mean(axis=0)
    listed_D, rng = np.zeros(6), np.random.default_rng(5)
    for _ in range(300):
        listener, source = draw_scene(room, rng, nearest_m=0.0)
        displacement_N3, hits_NS = list_reference_images(room, source, listener, SPEED * last_s)
        distance_N = np.linalg.norm(displacement_N3, axis=1)
        power_N = np.prod((1.0 - np.array(room.absorption)[:, 0]) ** hits_NS, axis=1) / distance_N**2
        late_N = distance_N > SPEED * first_s
        listed_D += np.bincount(nearest_half_axis(displacement_N3[late_N]), power_N[late_N], 6)
    assert formula_D / formula_D.sum() == pytest.approx(listed_D / listed_D.sum(), abs=0.01)
    west, east, south, north, floor, ceiling = formula_D
    assert west > 1.3 * east
    assert north > 1.2 * south
    assert min(west, north) > max(floor, ceiling)


def nearest_half_axis(vectors_N3):
    """0 to 5 for -x, +x, -y, +y, -z, +z."""
    axis_N = np.argmax(np.abs(vectors_N3), axis=1)
    return 2 * axis_N + (vectors_N3[np.arange(len(axis_N)), axis_N] > 0.0)


def test_without_groups_all_directions_are_summed():
    room, times_s = Room(size_m=(5.0, 4.0, 3.0), absorption=0.3), np.array([0.05, 0.1])
    groups_Q = np.arange(len(quadrature_directions()[1]), dtype=np.int32)
    assert np.allclose(
        energy_rates(room, times_s, SPEED, (0,), groups_Q).sum(axis=2),
        energy_rates(room, times_s, SPEED, (0,))[:, :, 0],
    )


@pytest.mark.parametrize(
    ("absorption", "air"),
    [(0.35, False), (0.35, True), (np.maximum(TABLE, 0.3).tolist(), True)],
    ids=["flat", "air", "table"],
)
def test_a_response_ends_where_its_slowest_octave_is_60_db_down(absorption, air):
    room, atmosphere = Room(size_m=(6.0, 4.5, 3.0), absorption=absorption), Atmosphere(absorption=air)
    length_s = response_length_s(room, atmosphere)
    edges_s = np.linspace(0.0, 1.5 * length_s, 400)
    centres_s = 0.5 * (edges_s[1:] + edges_s[:-1])
    crossings = []
    for band, centre in enumerate(OCTAVE_CENTRES_HZ):
        rate_W = listed_rates(room, band, edges_s, scenes=3, seed=4)
        if air:
            rate_W = rate_W * np.exp(-2.0 * SPEED * centres_s * air_nepers(np.array([centre]), atmosphere))
        left_W = np.cumsum(rate_W[::-1])[::-1]
        crossings.append(float(np.interp(60.0, -10.0 * np.log10(left_W / left_W[0]), edges_s[:-1])))
        if band == 0 and not air:
            break  # flat walls: every octave decays alike
    assert length_s == pytest.approx(max(crossings), rel=0.03)


def test_a_dry_room_keeps_what_crosses_it_and_a_hard_one_five_seconds():
    assert response_length_s(Room(size_m=(5.0, 4.0, 3.0), absorption=1.0), DRY_AIR_OFF) >= np.sqrt(50.0) / SPEED + 0.03
    assert response_length_s(Room(size_m=(30.0, 35.0, 15.0), absorption=0.02), DRY_AIR_OFF) == 5.0


@pytest.mark.parametrize("side", [0.9, 0.6])
def test_the_energy_between_one_hard_pair_of_walls_is_followed_to_its_end(side):
    """Flutter: late, all energy comes along z. Images listed column by column, positions drawn at random."""
    size, hard, rng = (8.0, 6.0, 4.0), 0.05, np.random.default_rng(3)
    room = Room(size_m=size, absorption=[side, side, side, side, hard, hard])
    draws, few, many = 4000, np.arange(-9, 10), np.arange(-90, 91)

    def displacements(length, k):
        source, listener = rng.uniform(0.0, length, (2, draws, 1))
        return k * length + np.where(k % 2 == 0, source, length - source) - listener

    x, y, z = displacements(size[0], few), displacements(size[1], few), displacements(size[2], many)
    gain_x, gain_z = (1.0 - side) ** np.abs(few), (1.0 - hard) ** np.abs(many)
    for time_s in (0.2, 0.4, 0.8):
        near, far = SPEED * time_s - 4.0, SPEED * time_s + 4.0
        energy = 0.0
        for i in range(len(few)):
            for j in range(len(few)):
                distance = np.sqrt(x[:, i, None] ** 2 + y[:, j, None] ** 2 + z**2)
                inside = (distance >= near) & (distance < far)
                energy += np.sum(inside * gain_x[i] * gain_x[j] * gain_z / distance**2)
        listed = energy / draws / ((far - near) / SPEED)
        times_s = np.linspace(near, far, 41) / SPEED
        formula = energy_rates(room, times_s, SPEED, (0,))[0, :, 0].mean()
        assert 10 * np.log10(formula / listed) == pytest.approx(0.0, abs=0.6), time_s
