"""Mono and first-order Ambisonics: AmbiX (W, Y, Z, X in SN3D), turned with the head."""

import numpy as np
import pytest
from physics_cases import TURNED, draw_scene
from reference_renderer import list_reference_images, place_fractionally

from twnm_schemas import Listener, Room
from twnm_schemas.geometry import rotation_matrix
from twnm_sim import render_brirs

RATE = 44100
ANECHOIC = Room(size_m=(8.0, 7.0, 5.0), absorption=1.0)
SETTINGS = {"duration_s": 0.06, "tail": "images", "air_absorption": False, "highpass_hz": 0.0}


def band_spectrum(response_CK, rate=RATE, low_hz=100.0, high_hz=18000.0):
    size = 1 << 14
    frequency_F = np.fft.rfftfreq(size, 1.0 / rate)
    kept_F = (frequency_F > low_hz) & (frequency_F < high_hz)
    return frequency_F[kept_F], np.fft.rfft(np.asarray(response_CK, float), size)[..., kept_F]


@pytest.mark.parametrize(
    ("offset_m", "wyzx"),
    [
        ((2.0, 0.0, 0.0), (1, 0, 0, 1)),  # in front
        ((0.0, 2.0, 0.0), (1, 1, 0, 0)),  # left
        ((0.0, 0.0, 2.0), (1, 0, 1, 0)),  # above
        ((-2.0, 0.0, 0.0), (1, 0, 0, -1)),
        ((0.0, -2.0, 0.0), (1, -1, 0, 0)),
        ((0.0, 0.0, -2.0), (1, 0, -1, 0)),
    ],
    ids=["front", "left", "above", "back", "right", "below"],
)
def test_the_axes_have_their_channels_and_signs(offset_m, wyzx):
    listener = Listener(position_m=(4.0, 3.5, 2.5))
    source = tuple(np.add(listener.position_m, offset_m).tolist())
    response_CK = render_brirs(ANECHOIC, listener, [source], None, output="foa", **SETTINGS)[0]
    peak = int(np.argmax(np.abs(response_CK[0])))
    assert response_CK[0, peak] > 0.0
    assert np.abs(response_CK[:, peak] / response_CK[0, peak] - wyzx).max() < 1e-6


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_direct_sound_is_a_plane_wave_in_sn3d_turned_with_the_head(rate):
    rng = np.random.default_rng(6)
    for _ in range(12):
        listener, source = draw_scene(ANECHOIC, rng)
        response_CK = render_brirs(ANECHOIC, listener, [source], None, sample_rate=rate, output="foa", **SETTINGS)[0]
        pose = np.array(rotation_matrix(listener.yaw_deg, listener.pitch_deg, listener.roll_deg))
        offset_3 = np.subtract(source, listener.position_m)
        distance = np.linalg.norm(offset_3)
        x, y, z = pose.T @ offset_3 / distance
        frequency_F, spectrum_CF = band_spectrum(response_CK, rate)
        exact_F = np.exp(-2j * np.pi * frequency_F * distance / 343.0) / distance
        error_CF = spectrum_CF - np.array([1.0, y, z, x])[:, None] * exact_F
        assert np.abs(error_CF).max() < 0.01 / distance


def test_turning_the_head_turns_the_field():
    """X and Y of a head turned by 90 degrees are Y and -X of the unturned one, reflections included."""
    room, source = Room(size_m=(5.0, 4.0, 3.0), absorption=0.3), (3.7, 1.2, 1.4)
    straight, turned = (
        render_brirs(room, Listener(position_m=(2.1, 2.3, 1.6), yaw_deg=yaw), [source], None, output="foa", **SETTINGS)[
            0
        ]
        for yaw in (0.0, 90.0)
    )
    w, y, z, x = straight
    assert np.allclose(turned, np.stack([w, -x, z, y]), atol=1e-6 * np.abs(w).max())


@pytest.mark.parametrize("tail", ["images", "diffuse"])
def test_mono_is_the_pressure_of_ambisonics(tail):
    room, listener = Room(size_m=(5.0, 4.0, 3.0), absorption=0.3), Listener(position_m=(2.1, 2.3, 1.6), **TURNED)
    mono, foa = (
        render_brirs(room, listener, [(3.7, 1.2, 1.4)], None, duration_s=0.3, tail=tail, output=output)[0]
        for output in ("mono", "foa")
    )
    assert np.abs(mono[0] - foa[0]).max() < 1e-6 * np.abs(foa[0]).max()
    assert np.abs(mono[0, 6000:]).max() > 0.0


def test_the_early_part_is_the_exact_sum_of_the_images():
    room, listener, source = (
        Room(size_m=(5.0, 4.0, 3.0), absorption=0.3),
        Listener(position_m=(2.1, 2.3, 1.6)),
        (3.7, 1.2, 1.4),
    )
    response_CK = render_brirs(room, listener, [source], None, output="foa", **SETTINGS)[0]
    displacement_N3, hits_NS = list_reference_images(room, source, listener, 343.0 * 0.06)
    distance_N = np.linalg.norm(displacement_N3, axis=1)
    gain_N = np.sqrt(0.7) ** hits_NS.sum(axis=1) / distance_N
    y_N, z_N, x_N = (displacement_N3[:, axis] / distance_N for axis in (1, 2, 0))
    exact_CK = np.stack(
        [
            place_fractionally(distance_N * (RATE / 343.0) + 64, gain_N * weight_N, 4096)[
                64 : 64 + response_CK.shape[1]
            ]
            for weight_N in (np.ones_like(gain_N), y_N, z_N, x_N)
        ]
    )
    _, difference_CF = band_spectrum(response_CK - exact_CK)
    _, exact_CF = band_spectrum(exact_CK)
    assert 10 * np.log10(np.sum(np.abs(difference_CF) ** 2) / np.sum(np.abs(exact_CF) ** 2)) < -50.0
