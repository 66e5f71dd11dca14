"""A few numbers tell how far two sounds are apart."""

import numpy as np
import pytest

from twnm_sim.scenes.sketch import PROJECTIONS, difference_db, sketch_audio

SAMPLES = 150_000  # more than two blocks of signs


def noise(seed, channels=2, samples=SAMPLES):
    return np.random.default_rng(seed).standard_normal((channels, samples)).astype(np.float32) * np.float32(0.1)


def test_equal_sounds_are_equal():
    assert difference_db(sketch_audio(noise(1)), sketch_audio(noise(1))) == -np.inf


@pytest.mark.parametrize("apart_db", [-30.0, -90.0, -110.0])
def test_the_distance_of_two_sounds_is_known_to_three_decibels(apart_db):
    """Over many pairs: the estimates' energy is right on average, each within what 16 projections allow."""
    found = []
    for seed in range(12):
        first_CT = noise(seed).astype(float)
        error_CT = noise(100 + seed).astype(float)
        error_CT *= 10.0 ** (apart_db / 20.0) * np.linalg.norm(first_CT) / np.linalg.norm(error_CT)
        # the sketches themselves in double precision: that what is added is not lost in float32
        signs = [np.array(sketch_audio(x_CT)) for x_CT in (first_CT, first_CT + error_CT)]
        found.append(difference_db(*signs))
    assert np.abs(np.array(found) - apart_db).max() < 8.0
    assert 10.0 * np.log10(np.mean(10.0 ** (np.array(found) / 10.0))) == pytest.approx(apart_db, abs=2.0)


def test_rounding_of_another_machine_is_far_below_ninety_decibels():
    """The sums in another order and precision."""
    audio_CT = noise(3, samples=220_500)
    backwards = np.array(sketch_audio(audio_CT.astype(float)))
    assert difference_db(sketch_audio(audio_CT), backwards.tolist()) < -115.0


def test_a_change_in_one_channel_or_at_one_place_is_seen():
    audio_CT = noise(4)
    for change in (np.s_[1, :], np.s_[:, -1000:], np.s_[0, 70_000:70_100]):
        other_CT = audio_CT.copy()
        other_CT[change] *= 0.5
        wanted_db = 20.0 * np.log10(np.linalg.norm(other_CT - audio_CT) / np.linalg.norm(audio_CT))
        assert difference_db(sketch_audio(audio_CT), sketch_audio(other_CT)) == pytest.approx(wanted_db, abs=9.0)


def test_signs_do_not_depend_on_the_length():
    audio_CT = noise(5)
    longer_CT = np.pad(audio_CT, ((0, 0), (0, 99_999)))
    assert sketch_audio(longer_CT) == pytest.approx(sketch_audio(audio_CT), rel=1e-6)


def test_a_sketch_has_its_numbers_for_every_channel():
    assert len(sketch_audio(noise(6, channels=4))) == 4 * PROJECTIONS
    assert difference_db(sketch_audio(noise(6)), sketch_audio(noise(6, channels=4))) == np.inf


def test_silence_has_a_sketch():
    silence = sketch_audio(np.zeros((2, 500), np.float32))
    assert difference_db(silence, silence) == -np.inf
    assert difference_db(silence, sketch_audio(noise(7))) > 0.0


def test_the_squares_of_a_sketch_are_the_sounds_energy_on_average():
    sounds = [noise(200 + seed, samples=20_000) for seed in range(40)]
    found = [np.sum(np.square(sketch_audio(audio_CT))) / np.sum(audio_CT.astype(float) ** 2) for audio_CT in sounds]
    assert np.mean(found) == pytest.approx(1.0, abs=0.2)  # 640 projections: 6 % is one standard deviation
