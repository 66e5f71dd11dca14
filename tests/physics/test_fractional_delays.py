"""Sounds placed between samples, against exact phase ramps."""

import numpy as np
import pytest
from scipy.signal import convolve, firwin

from twnm_sim.render.ambisonics import add_impulses
from twnm_sim.render.binaural import add_binaural, build_phase_table

SIZE = 8192


def band_of(rate, high_hz=18000.0):
    frequency_F = np.fft.rfftfreq(SIZE, 1.0 / rate)
    return (frequency_F > 100.0) & (frequency_F < high_hz)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_hrirs_are_delayed_by_any_fraction(rate):
    """-60 dB at the worst delay, on noise that begins and ends in silence and holds little at Nyquist, as HRIRs do."""
    rng = np.random.default_rng(0)
    noise_DCK = rng.standard_normal((3, 2, 98)) * np.hanning(98)
    hrirs_DCK = convolve(noise_DCK, firwin(31, 0.8)[None, None]).astype(np.float32)
    table = build_phase_table(hrirs_DCK)
    fractions = np.concatenate([np.linspace(0.0, 1.0, 41), [0.25 - 1e-9, 0.25 + 1e-9, 1.0 - 1e-12]])
    omega_F = 2.0 * np.pi * np.arange(SIZE // 2 + 1) / SIZE
    for delay in 300.0 + fractions:
        d = int(rng.integers(3))
        heard_CK = add_binaural(table, np.array([d], np.int32), np.array([delay]), np.array([[0.7]]), 1000)[0]
        exact_CF = 0.7 * np.fft.rfft(hrirs_DCK[d].astype(float), SIZE) * np.exp(-1j * omega_F * delay)
        error_CF = np.fft.rfft(heard_CK.astype(float), SIZE) - exact_CF
        kept_F = band_of(rate)
        assert np.sum(np.abs(error_CF[:, kept_F]) ** 2) < 1e-6 * np.sum(np.abs(exact_CF[:, kept_F]) ** 2)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_impulses_are_delayed_by_any_fraction(rate):
    omega_F = 2.0 * np.pi * np.arange(SIZE // 2 + 1) / SIZE
    for delay in 300.0 + np.linspace(0.0, 1.0, 37):
        heard_K = add_impulses(np.array([[1.0]]), np.array([delay]), np.array([[0.7]]), 1000)[0, 0]
        exact_F = 0.7 * np.exp(-1j * omega_F * delay)
        error_F = (np.fft.rfft(heard_K.astype(float), SIZE) - exact_F)[band_of(rate)]
        assert np.sum(np.abs(error_F) ** 2) < 1e-5 * 0.49 * len(error_F)


def test_images_outside_the_response_are_dropped_and_those_at_its_ends_cut():
    table = build_phase_table(np.ones((1, 2, 64), np.float32))
    none_N = np.zeros(3, np.int32)
    silent = add_binaural(table, none_N, np.array([-70.0, 500.0, 1e6]), np.ones((1, 3)), 500)
    assert np.abs(silent).max() == 0.0
    cut = add_binaural(table, none_N[:1], np.array([490.0]), np.ones((1, 1)), 500)[0]
    assert np.allclose(cut[:, 490:], 1.0, atol=1e-3)
    assert np.allclose(cut[:, :470], 0.0, atol=1e-3)


def test_every_row_of_weights_is_summed_by_itself():
    rng = np.random.default_rng(1)
    table = build_phase_table(rng.standard_normal((5, 2, 32)).astype(np.float32))
    direction_N, delay_N = rng.integers(0, 5, 40).astype(np.int32), rng.uniform(0.0, 300.0, 40)
    weight_RN = rng.standard_normal((3, 40))
    together = add_binaural(table, direction_N, delay_N, weight_RN, 400)
    for row, weight_N in enumerate(weight_RN):
        assert np.array_equal(add_binaural(table, direction_N, delay_N, weight_N[None], 400)[0], together[row])
