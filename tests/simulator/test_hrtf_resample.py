import numpy as np
import pytest

from twnm_sim.hrtf import load_hrtf
from twnm_sim.hrtf.resample import delay_hrirs, resample_hrirs


def respond(hrirs, rate, frequencies):
    return hrirs.astype(float) @ np.exp(-2j * np.pi * np.outer(np.arange(hrirs.shape[-1]), frequencies) / rate)


@pytest.mark.parametrize("rate", [48000, 88200, 96000])
def test_kemar_keeps_its_complex_response_below_18_khz(rate):
    """Magnitude and delay at once: the two responses are subtracted."""
    frequencies = np.linspace(50.0, 18000.0, 120)
    stored, resampled = load_hrtf("kemar"), load_hrtf("kemar", sample_rate=rate)
    before = respond(stored.hrirs_DCK[::5], 44100, frequencies)
    after = respond(resampled.hrirs_DCK[::5], rate, frequencies)
    error = np.sum(np.abs(after - before) ** 2) / np.sum(np.abs(before) ** 2)
    assert 10.0 * np.log10(error) < -80.0
    strong = np.abs(before) > 0.03 * np.abs(before).max()
    assert np.abs(20.0 * np.log10(np.abs(after / before)))[strong].max() < 0.05
    assert resampled.info.sample_rate == resampled.sample_rate == rate
    assert resampled.info.measured_sample_rate == 44100
    assert resampled.info.taps == resampled.hrirs_DCK.shape[-1] >= 512 * rate / 44100
    assert resampled.info.latency_s == stored.info.latency_s


def test_a_response_that_ends_loud_keeps_its_last_sample():
    click = np.zeros((1, 2, 100))
    click[..., -1] = 1.0
    frequencies = np.linspace(50.0, 15000.0, 100)
    resampled = resample_hrirs(click, 44100, 48000)
    np.testing.assert_allclose(respond(resampled, 48000, frequencies), respond(click, 44100, frequencies), atol=3e-3)


def test_the_same_rate_changes_nothing():
    kemar = load_hrtf("kemar")
    assert np.array_equal(load_hrtf("kemar", sample_rate=44100).hrirs_DCK, kemar.hrirs_DCK)


def test_whole_delays_move_samples_and_fractional_ones_the_phase():
    click = np.zeros((1, 2, 64))
    click[..., 40] = 1.0
    delayed = delay_hrirs(click, np.array([[7.0, 7.25]]))
    assert np.flatnonzero(delayed[0, 0]).tolist() == [47]
    frequencies = np.linspace(50.0, 17000.0, 100)
    expected = np.exp(-2j * np.pi * frequencies * 47.25 / 44100)
    np.testing.assert_allclose(respond(delayed[0, 1], 44100, frequencies), expected, atol=1e-3)


def test_no_delay_changes_nothing():
    click = np.ones((3, 2, 5))
    assert delay_hrirs(click, np.zeros((3, 2))) is click
