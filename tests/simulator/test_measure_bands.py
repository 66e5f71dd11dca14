"""The octave filters and the short transforms against plain float64 computations at the full rate."""

import numpy as np
import pytest
import scipy.signal

from twnm_schemas import OCTAVE_CENTRES_HZ
from twnm_sim.measure import interaural, octave_band_magnitude
from twnm_sim.measure.bands import choose_fft_size, energy_until, plan_bands, take_band, transform_real

RATE = 44100


def filter_plainly(signal_CK, size, centre_hz):
    """The band-pass signal (C, size) by the documented magnitude, float64, circular over the transform."""
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    return np.fft.irfft(
        np.fft.rfft(signal_CK.astype(np.float64), size) * octave_band_magnitude(frequency, centre_hz), size
    )


@pytest.fixture(scope="module")
def noise_CK():
    rng = np.random.default_rng(5)
    decay = 10 ** (-3 * np.arange(30001) / RATE / 0.6)
    left, other = rng.standard_normal((2, 30001)) * decay
    return np.stack([left, 0.6 * np.roll(left, 11) + 0.5 * other]).astype(np.float32)


def level_db(octaves):
    return 20 * np.log10(octave_band_magnitude(np.array([1000 * 2.0**octaves]), 1000.0)[0])


@pytest.mark.parametrize("side", [-1, 1])
def test_an_octave_is_flat_inside_3_db_down_at_its_edges_and_silent_an_octave_away(side):
    assert level_db(0) == 0
    assert level_db(side * 0.25) > -0.1
    assert level_db(side * 0.375) > -1.3
    assert level_db(side * 0.5) == pytest.approx(10 * np.log10(0.5), abs=1e-9)
    assert level_db(side * 0.75) < -15
    assert np.all(octave_band_magnitude(1000 * 2.0 ** (side * np.array([1.0, 1.5, 4.0])), 1000.0) == 0)


def test_the_octaves_add_up_to_everything_between_125_hz_and_8_khz():
    frequency = np.geomspace(125, 8000, 500)
    power = sum(octave_band_magnitude(frequency, centre) ** 2 for centre in OCTAVE_CENTRES_HZ)
    np.testing.assert_allclose(power, 1.0, atol=1e-12)


@pytest.mark.parametrize("taps", [1, 4096, 30001])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_joined_transform_is_the_real_transform(taps, channels):
    signal = np.random.default_rng(1).standard_normal((channels, taps)).astype(np.float32)
    size = choose_fft_size(taps, RATE)
    expected = np.fft.rfft(signal.astype(np.float64), size)
    np.testing.assert_allclose(transform_real(signal, size), expected, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize("taps", [100, 22050, 88200, 220500])
def test_the_transform_leaves_room_for_the_filters_to_ring(taps):
    assert choose_fft_size(taps, RATE) >= taps + 0.13 * RATE
    assert choose_fft_size(taps, RATE) % 4 == 0


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("row", range(7))
def test_energy_over_time_is_that_of_the_filtered_signal(noise_CK, row, channels):
    signal, size = noise_CK[:channels], choose_fft_size(30001, RATE)
    band = plan_bands(size, RATE)[row]
    taken = take_band(transform_real(signal, size), band, size)
    kept_s = (30001 + size) / 2 / RATE
    times_s = np.linspace(0, 0.68, 60)
    filtered = filter_plainly(signal, size, OCTAVE_CENTRES_HZ[row])
    np.testing.assert_allclose(taken.energy_C, np.sum(filtered**2, axis=1), rtol=1e-5)
    power = np.sum(np.abs(scipy.signal.hilbert(filtered)) ** 2, axis=0) / 2  # the envelope's; the same in sum
    before_zero = power[round(kept_s * RATE) :].sum()
    expected = before_zero + np.interp(times_s * RATE, np.arange(size) + 0.5, np.cumsum(power))
    np.testing.assert_allclose(energy_until(taken, size, RATE, kept_s, times_s), expected, atol=0.005 * power.sum())
    whole = energy_until(taken, size, RATE, kept_s, np.array([kept_s]))[0]
    assert whole == pytest.approx(power.sum(), rel=1e-5)


@pytest.mark.parametrize("row", range(7))
def test_the_grouped_cross_spectrum_gives_the_correlation_within_a_thousandth(noise_CK, row):
    size = choose_fft_size(30001, RATE)
    band = plan_bands(size, RATE)[row]
    taken = take_band(transform_real(noise_CK, size), band, size)
    correlation = interaural.correlate_band(taken, band, size, RATE)
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    left, right = np.fft.rfft(filter_plainly(noise_CK, size, OCTAVE_CENTRES_HZ[row]))
    turn = np.exp(2e-6j * np.pi * np.outer(interaural.LAGS_US, frequency))
    expected = 2 / size * np.real(turn @ (np.conj(left) * right))
    norm = np.sqrt(np.prod(taken.energy_C))
    assert np.abs(correlation - expected).max() < 1e-3 * norm
    assert np.abs(expected).max() > 0.3 * norm


def test_grouping_errs_less_than_its_bound_on_the_worst_spectrum():
    size = choose_fft_size(220500, RATE)
    band = plan_bands(size, RATE)[3]
    spectrum = np.zeros((2, size // 2 + 1), dtype=np.complex64)
    worst_bin = (1000 * size // RATE) // band.group * band.group + band.group // 2  # half way between two nodes
    spectrum[:, worst_bin] = 1
    taken = take_band(spectrum, band, size)
    expected = np.cos(2e-6 * np.pi * interaural.LAGS_US * worst_bin * RATE / size) * taken.energy_C[0]
    error = np.abs(interaural.correlate_band(taken, band, size, RATE) - expected).max() / taken.energy_C[0]
    spacing_hz = band.group * RATE / size
    assert error <= (2 * np.pi * spacing_hz * 1e-3) ** 2 / 8 + 1e-5 < 1e-3


def test_a_band_whose_edge_is_above_nyquist_is_left_out():
    assert [band is not None for band in plan_bands(32768, 16000)] == [True] * 6 + [False]
    assert all(band is not None for band in plan_bands(32768, 24000))
