"""The 20 Hz high-pass: |H| = f^4 / (f^4 + f0^4) without phase, and nothing left at 0 Hz."""

import numpy as np
import pytest

from twnm_schemas import Listener, Room
from twnm_sim import render_brirs
from twnm_sim.render.highpass import apply_highpass


def zero_phase_spectrum(response_K, centre, rate):
    size = len(response_K)
    frequency_F = np.fft.rfftfreq(size, 1.0 / rate)
    return frequency_F, np.fft.rfft(np.roll(response_K.astype(float), -centre))


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize("corner_hz", [20.0, 60.0])
def test_magnitude_and_phase_are_those_of_a_butterworth_run_both_ways(rate, corner_hz):
    taps, centre = 4 * rate, 2 * rate
    impulse_CK = np.zeros((2, taps), np.float32)
    impulse_CK[:, centre] = 0.5, -1.0
    filtered_CK = apply_highpass(impulse_CK, corner_hz, rate)
    frequency_F, spectrum_F = zero_phase_spectrum(filtered_CK[0], centre, rate)
    exact_F = 0.5 * frequency_F**4 / (frequency_F**4 + corner_hz**4)
    below_F = frequency_F < 0.2 * rate  # the bilinear transform bends the rest of the axis by less than it matters
    assert np.abs(spectrum_F - exact_F)[below_F].max() < 1e-3
    assert np.abs(spectrum_F.real - 0.5)[~below_F].max() < 1e-3
    assert np.allclose(filtered_CK[1], -2.0 * filtered_CK[0], atol=1e-7)
    assert np.allclose(filtered_CK[0, centre - 1000 : centre], filtered_CK[0, centre + 1000 : centre : -1], atol=1e-6)


def test_zero_turns_it_off():
    noise_CK = np.random.default_rng(0).standard_normal((2, 500)).astype(np.float32)
    assert np.array_equal(apply_highpass(noise_CK, 0.0, 44100), noise_CK)


def test_what_is_left_of_a_cut_response_is_what_an_unbounded_filter_would_leave():
    """The ends are cut after filtering: the filter does not see a response repeated or reflected there."""
    noise_CK = np.random.default_rng(0).standard_normal((1, 9000)).astype(np.float32)
    long_CK = np.zeros((1, 9000 + 88200), np.float32)
    long_CK[:, 44100 : 44100 + 9000] = noise_CK
    short, long = (apply_highpass(x_CK, 20.0, 44100) for x_CK in (noise_CK, long_CK))
    assert np.abs(short - long[:, 44100 : 44100 + 9000]).max() < 1e-5


def test_the_mode_at_zero_hertz_is_gone_from_a_hard_room():
    room, listener = Room(size_m=(4.0, 5.0, 3.0), absorption=0.1), Listener(position_m=(1.7, 2.9, 1.5))
    arguments = {"duration_s": 1.0, "tail": "images", "output": "mono"}
    kept_K, filtered_K = (
        render_brirs(room, listener, [(3.1, 1.2, 1.1)], None, highpass_hz=hz, **arguments)[0, 0] for hz in (0.0, 20.0)
    )
    assert abs(kept_K.astype(float).sum()) > 100.0 * abs(filtered_K.astype(float).sum())
    ends = slice(-8820, None)  # the last 200 ms: the drift of the DC mode is all that is left of low frequencies
    assert np.abs(kept_K[ends].mean()) > 20.0 * np.abs(filtered_K[ends].mean())
