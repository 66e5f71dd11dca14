"""Losses over frequency: the few wall filters of a room, and the air, against every image's own."""

import numpy as np
import pytest
from physics_cases import TABLE, draw_scene
from reference_renderer import air_nepers, error_db, list_reference_images, log_wall_gains

from twnm_schemas import Atmosphere, Room
from twnm_sim.render.images import list_axes, list_images
from twnm_sim.render.losses import apply_air, apply_walls, find_wall_basis

RATE = 44100


@pytest.mark.parametrize(("nearest_m", "farthest_m"), [(0.0, 25.0), (60.0, 64.0)], ids=["early", "late"])
def test_a_few_rows_give_every_images_walls(nearest_m, farthest_m):
    """Image by image and frequency by frequency, 50 dB down in the mean, from the textbook's own list."""
    room, rng = Room(size_m=(5.0, 4.0, 3.0), absorption=TABLE), np.random.default_rng(3)
    listener, source = draw_scene(room, rng)
    axes = list_axes(room, source, listener.position_m, farthest_m)
    images = list_images(axes, nearest_m, farthest_m)
    basis = find_wall_basis(axes, images)
    assert len(basis.magnitude_RM) <= 12
    frequency_F = np.geomspace(125.0, 8000.0, basis.magnitude_RM.shape[1])
    ours_NF = basis.weigh(images).T @ basis.magnitude_RM
    displacement_N3, hits_NS = list_reference_images(room, source, listener, farthest_m)
    distance_N = np.linalg.norm(displacement_N3, axis=1)
    exact_NF = np.exp(hits_NS @ log_wall_gains(room, frequency_F)) / distance_N[:, None]
    kept_N = distance_N >= nearest_m
    ours_NF = ours_NF[np.lexsort(images.displacement_N3.round(6).T)]
    exact_NF = exact_NF[kept_N][np.lexsort(displacement_N3[kept_N].round(6).T)]
    assert ours_NF.shape == exact_NF.shape
    assert np.sum((ours_NF - exact_NF) ** 2) < 1e-5 * np.sum(exact_NF**2)


def test_filters_have_the_magnitudes_and_no_phase():
    room = Room(size_m=(5.0, 4.0, 3.0), absorption=TABLE)
    axes = list_axes(room, (1.0, 1.0, 1.0), (3.0, 2.0, 1.5), 20.0)
    images = list_images(axes, 0.0, 20.0)
    basis = find_wall_basis(axes, images)
    weight_RN = basis.weigh(images)
    last = int(np.argmax(images.distance_N))
    impulse_RCK = np.zeros((len(weight_RN), 1, 16384), np.float32)
    impulse_RCK[:, 0, 8192] = weight_RN[:, last] * images.distance_N[last]
    filtered_K = apply_walls(impulse_RCK, basis, RATE)[0].astype(float)
    spectrum_F = np.fft.rfft(np.roll(filtered_K, -8192))
    frequency_F = np.fft.rfftfreq(16384, 1.0 / RATE)
    displacement_N3, hits_NS = list_reference_images(
        room, (1.0, 1.0, 1.0), type("Head", (), {"position_m": (3.0, 2.0, 1.5)}), 20.0
    )
    mine = int(np.argmin(np.linalg.norm(displacement_N3 - images.displacement_N3[last], axis=1)))
    exact_F = np.exp(hits_NS[mine] @ log_wall_gains(room, frequency_F))
    heard_F = frequency_F > 50.0
    assert np.abs(spectrum_F - exact_F)[heard_F].max() < 0.02


@pytest.mark.parametrize(
    "atmosphere", [Atmosphere(), Atmosphere(temperature_c=5.0, humidity_percent=20.0)], ids=["mild", "cold-and-dry"]
)
def test_air_of_a_long_response_is_that_of_each_arrivals_own_distance(atmosphere):
    """A second of arrivals that decay as in a hall, each with exactly the air of its own flight."""
    rng, taps, size = np.random.default_rng(5), 44100, 1 << 17
    place_N = np.unique(rng.integers(100, taps - 2000, 1500))
    gain_N = rng.standard_normal(len(place_N)) * np.exp(-place_N / 12000.0)
    dry_K = np.zeros((1, taps), np.float32)
    dry_K[0, place_N] = gain_N
    wet_K = apply_air(dry_K, RATE, atmosphere, 0.0)
    frequency_F = np.fft.rfftfreq(size, 1.0 / RATE)
    nepers_F = air_nepers(frequency_F, atmosphere)
    exact_F = np.zeros(len(frequency_F), complex)
    for place, gain in zip(place_N, gain_N, strict=True):
        metres = atmosphere.speed_of_sound * place / RATE
        exact_F += gain * np.exp(-metres * nepers_F - 2j * np.pi * frequency_F * (place / RATE))
    exact_K = np.fft.irfft(exact_F, size)[None, :taps]
    assert error_db(wet_K, exact_K, RATE) < -45.0
    assert error_db(wet_K, exact_K, RATE, 5000.0, 12000.0) < -40.0
    assert error_db(dry_K, exact_K, RATE) > -10.0  # there was something to lose


def test_air_counts_from_the_arrival_not_from_the_latency_of_the_head():
    impulse_K = np.zeros((1, 4410), np.float32)
    impulse_K[0, 2000] = 1.0
    late, early = (apply_air(impulse_K, RATE, Atmosphere(), latency_s) for latency_s in (0.0, 0.01))
    top_F = np.fft.rfftfreq(4410, 1.0 / RATE) > 10000.0
    loss = [np.sum(np.abs(np.fft.rfft(h_K[0])[top_F]) ** 2) for h_K in (late, early)]
    assert loss[1] > loss[0]
