"""The classical listener on synthetic heads and rooms whose angles and times are known."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.signal

from twnm_schemas import AudioError, SpecError
from twnm_sim.listening import (
    estimate_reverberation,
    interaural_cues,
    lateral_table,
    localise_lateral,
    woodworth_itd_us,
)

RATE = 44100
FRONTAL = (-60, -45, -20, -5, 0, 10, 30, 50)
SIDEWAYS = (-85, -70, 75, 90)


def head_brir(lateral_deg, *, t60_s=None, drr_db=0.0, seed=0, itd_scale=1.0, rate=RATE):
    """A far source at a sphere without shadow but for a level difference, and an independent diffuse tail."""
    taps = round(rate * (1.2 * t60_s if t60_s else 0.05))
    frequency = np.fft.rfftfreq(taps, 1 / rate)
    itd_s, ild_db = itd_scale * woodworth_itd_us(lateral_deg) * 1e-6, lateral_deg / 9
    ears = [
        10 ** (side * ild_db / 40) * np.fft.irfft(np.exp(-2j * np.pi * frequency * (0.005 - side * itd_s / 2)), taps)
        for side in (1, -1)
    ]
    direct = np.stack(ears)
    if t60_s is None:
        return direct
    tail = np.random.default_rng(seed).standard_normal(direct.shape) * 10 ** (-3 * np.arange(taps) / rate / t60_s)
    tail[:, : round(0.008 * rate)] = 0
    return direct + tail * np.sqrt(np.sum(direct**2) / np.sum(tail**2) / 10 ** (drr_db / 10))


def bursts(duration_s, seed=1, rate=RATE):
    """Noise of 0.2 s every 1.3 s."""
    rng, sound = np.random.default_rng(seed), np.zeros(round(duration_s * rate))
    for start_s in np.arange(0.1, duration_s - 0.9, 1.3):
        start, length = round(start_s * rate), round(0.2 * rate)
        sound[start : start + length] = rng.standard_normal(length)
    return sound


def heard(dry, brir):
    return scipy.signal.fftconvolve(dry[None], brir, axes=1)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize("lateral_deg", FRONTAL)
def test_clicks_in_the_free_field_are_placed_within_a_degree(lateral_deg, rate):
    estimate = localise_lateral(head_brir(lateral_deg, rate=rate), rate)
    assert estimate.lateral_deg == pytest.approx(lateral_deg, abs=1)
    assert estimate.itd_us == pytest.approx(woodworth_itd_us(lateral_deg), abs=3)
    assert estimate.ild_db == pytest.approx(lateral_deg / 9, abs=0.3)
    assert estimate.confidence > 0.95


@pytest.mark.parametrize("lateral_deg", SIDEWAYS)
def test_sources_at_the_side_are_placed_within_three_degrees(lateral_deg):
    assert localise_lateral(heard(bursts(2.0), head_brir(lateral_deg)), RATE).lateral_deg == pytest.approx(
        lateral_deg, abs=3
    )


@pytest.mark.parametrize("drr_db", [5, 0, -5])
@pytest.mark.parametrize("lateral_deg", [-60, -20, 0, 45])
def test_reverberation_does_not_draw_the_place_to_itself(lateral_deg, drr_db):
    brir = head_brir(lateral_deg, t60_s=1.0, drr_db=drr_db)
    assert localise_lateral(heard(bursts(3.0), brir), RATE).lateral_deg == pytest.approx(lateral_deg, abs=2)


@pytest.mark.parametrize("delay_s", [0.004, 0.012])
def test_the_first_sound_decides_where_a_reflection_says_otherwise(delay_s):
    direct, reflection = head_brir(40), head_brir(-50)
    late = np.pad(reflection, ((0, 0), (round(delay_s * RATE), 0)))[:, : direct.shape[1]]
    assert localise_lateral(direct + 0.7 * late, RATE).lateral_deg == pytest.approx(40, abs=3)


def test_unrelated_ears_and_contradicting_levels_lower_the_confidence():
    noise = np.random.default_rng(7).standard_normal((2, 2 * RATE))
    assert localise_lateral(noise, RATE).confidence < 0.5
    clear = head_brir(40)
    against = clear * np.array([[0.3], [1.0]])
    assert localise_lateral(against, RATE).confidence < 0.6 * localise_lateral(clear, RATE).confidence


def test_a_heads_own_table_corrects_for_its_size():
    lateral_deg = np.arange(-90.0, 91.0, 5.0)
    sides = np.sin(np.radians(lateral_deg))
    hrtf = SimpleNamespace(
        hrirs_DCK=np.stack([head_brir(angle, itd_scale=1.15) for angle in lateral_deg]).astype(np.float32),
        directions_D3=np.stack([np.sqrt(1 - sides**2), sides, np.zeros_like(sides)], axis=1),
        sample_rate=RATE,
    )
    sound = head_brir(42, itd_scale=1.15)
    assert abs(localise_lateral(sound, RATE).lateral_deg - 42) > 5
    assert localise_lateral(sound, RATE, hrtf).lateral_deg == pytest.approx(42, abs=0.5)
    assert localise_lateral(sound, RATE, lateral_table(hrtf)) == localise_lateral(sound, RATE, hrtf)


@pytest.mark.parametrize("t60_s", [0.15, 0.3, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("drr_db", [-5, 5, 12])
def test_a_brir_decays_as_it_was_made(t60_s, drr_db):
    estimate = estimate_reverberation(head_brir(20, t60_s=t60_s, drr_db=drr_db), RATE)
    assert estimate.t_mid_s == pytest.approx(t60_s, rel=0.12)


@pytest.mark.parametrize("t60_s", [0.3, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("drr_db", [0, 5])
def test_the_room_is_heard_in_the_pauses_of_a_sound(t60_s, drr_db):
    estimate = estimate_reverberation(heard(bursts(6.0), head_brir(20, t60_s=t60_s, drr_db=drr_db)), RATE)
    assert estimate.t_mid_s == pytest.approx(t60_s, rel=0.15)
    assert estimate.low_s <= estimate.t_mid_s * 1.2
    assert estimate.high_s >= estimate.t_mid_s * 0.8
    assert estimate.decays >= 4


def test_steady_sound_tells_nothing_of_the_room():
    steady = np.random.default_rng(2).standard_normal((2, 3 * RATE))
    assert estimate_reverberation(steady, RATE) == (None, None, None, 0)


def test_interaural_cues_are_those_of_the_delay_and_level():
    cues = interaural_cues(heard(bursts(2.0), head_brir(30)), RATE)
    assert cues.itd_us[:4] == pytest.approx([woodworth_itd_us(30)] * 4, abs=3)
    assert cues.itd_us[4:] == (None, None, None)
    assert cues.ild_db == pytest.approx([30 / 9] * 7, abs=0.05)
    assert cues.iacc == pytest.approx([1] * 7, abs=2e-3)


@pytest.mark.parametrize("listen", [localise_lateral, estimate_reverberation, interaural_cues])
def test_what_cannot_be_listened_to_is_said_in_a_sentence(listen):
    with pytest.raises(AudioError, match="silent"):
        listen(np.zeros((2, 1000)), RATE)
    with pytest.raises(AudioError, match="NaN"):
        listen(np.full((2, 1000), np.nan), RATE)
    with pytest.raises(SpecError, match="binaural"):
        listen(np.ones((1, 1000)), RATE)
