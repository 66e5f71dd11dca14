import numpy as np
import pytest
from scipy.special import eval_legendre, spherical_jn, spherical_yn

from twnm_sim.hrtf import load_hrtf
from twnm_sim.hrtf.measures import find_onsets
from twnm_sim.hrtf.spherical_head import DELAY_S, RADIUS_M, SPEED_OF_SOUND, sphere_transfer

ANGLES_DEG = (10.0, 30.0, 60.0, 90.0)


def interaural_delay(frequency_hz, lateral_deg):
    """Phase delay of the right ear behind the left in seconds, at one low frequency."""
    sine = np.sin(np.radians(lateral_deg))
    left, right = sphere_transfer(np.array([sine, -sine]), np.array([frequency_hz]))[:, 0]
    return np.angle(left / right) / (2.0 * np.pi * frequency_hz)


@pytest.mark.parametrize("lateral_deg", ANGLES_DEG)
def test_low_frequency_delay_is_kuhns_three_a_over_c_sine(lateral_deg):
    expected = 3.0 * RADIUS_M / SPEED_OF_SOUND * np.sin(np.radians(lateral_deg))
    assert interaural_delay(40.0, lateral_deg) == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize("lateral_deg", ANGLES_DEG)
def test_high_frequency_delay_nears_woodworth(lateral_deg):
    sine = np.sin(np.radians(lateral_deg))
    frequencies = np.arange(1.0, 40000.0, 20.0)
    left, right = sphere_transfer(np.array([sine, -sine]), frequencies)
    phase = np.unwrap(np.angle(left / right))
    delay = (phase[-1] - phase[len(phase) // 2]) / (2.0 * np.pi * (frequencies[-1] - frequencies[len(phase) // 2]))
    theta = np.radians(lateral_deg)
    woodworth = RADIUS_M / SPEED_OF_SOUND * (np.sin(theta) + theta)
    assert delay == pytest.approx(woodworth, rel=0.03)


def test_series_equals_the_sum_of_incident_and_scattered_wave():
    """The rigid boundary solved the long way: every partial wave plus what the sphere sends back."""
    frequencies = np.array([300.0, 1000.0, 4000.0, 12000.0])
    cosines = np.array([-1.0, -0.3, 0.0, 0.6, 1.0])
    mu, n = 2.0 * np.pi * frequencies * RADIUS_M / SPEED_OF_SOUND, np.arange(60)[:, None]
    bessel, slope = spherical_jn(n, mu), spherical_jn(n, mu, derivative=True)
    hankel = bessel + 1j * spherical_yn(n, mu)
    hankel_slope = slope + 1j * spherical_yn(n, mu, derivative=True)
    # towards the sphere from theta = 0: (-i)^n, time as exp(-i omega t)
    partial = (-1j) ** n * (2 * n + 1) * np.where(np.abs(slope) > 1e-200, bessel - slope / hankel_slope * hankel, 0.0)
    expected = np.conj(eval_legendre(n[:, 0][None, :], cosines[:, None]) @ partial)
    np.testing.assert_allclose(sphere_transfer(cosines, frequencies), expected, rtol=1e-6, atol=1e-8)


def test_the_near_pole_gains_6_db_and_the_bass_nothing():
    low, high = np.abs(sphere_transfer(np.array([1.0]), np.array([20.0, 20000.0])))[0]
    assert 20.0 * np.log10(low) == pytest.approx(0.0, abs=0.1)
    assert 20.0 * np.log10(high) == pytest.approx(6.0, abs=0.2)


@pytest.mark.parametrize("rate", [16000, 44100, 96000])
def test_the_set_is_symmetric_causal_and_arrives_when_documented(rate):
    hrtf = load_hrtf("spherical-head", sample_rate=rate)
    mirror = {tuple(v): i for i, v in enumerate(hrtf.directions_D3)}
    swapped = [mirror[(x, -y + 0.0, z)] for x, y, z in hrtf.directions_D3]
    assert np.array_equal(hrtf.hrirs_DCK[swapped][:, ::-1], hrtf.hrirs_DCK)
    assert len(hrtf.directions_D3) > 1000
    assert {(0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)} <= mirror.keys()
    side = hrtf.hrirs_DCK[mirror[(0.0, 1.0, 0.0)]]
    early = DELAY_S - RADIUS_M / SPEED_OF_SOUND  # the near ear is a radius closer than the centre
    assert np.argmax(side[0]) == pytest.approx(early * rate, abs=1.0)
    quiet = 1e-2 if rate >= 44100 else 4e-2  # the band limit rings longer at a low rate
    assert np.abs(hrtf.hrirs_DCK[..., 0]).max() < quiet * np.abs(hrtf.hrirs_DCK).max()
    assert np.abs(hrtf.hrirs_DCK[..., -1]).max() < 1e-3 * np.abs(hrtf.hrirs_DCK).max()


def test_left_leads_by_woodworth_for_a_source_at_the_left():
    hrtf = load_hrtf("spherical-head", sample_rate=96000)
    side = int(np.argmax(hrtf.directions_D3[:, 1]))
    left, right = find_onsets(hrtf.hrirs_DCK[side], 96000)
    assert right - left == pytest.approx(RADIUS_M / SPEED_OF_SOUND * (1.0 + np.pi / 2.0), rel=0.08)
    assert hrtf.info.sha256 == ""
    assert hrtf.info.measured_distance_m is None
