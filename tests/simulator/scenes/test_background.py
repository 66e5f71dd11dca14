"""The background is the head's own diffuse field, and the microphones' noise is theirs alone."""

import numpy as np
import pytest
from diffuse_coherence import THIRDS_HZ, diffuse_field_coherence, third_octaves
from small_scenes import RATE, make_event, make_recipe

from twnm_shards.rng import rng_for
from twnm_sim.hrtf.load import load_hrtf
from twnm_sim.scenes.background import head_field, make_background, match_level, microphone_noise
from twnm_sim.scenes.caches import ClipReader
from twnm_sim.scenes.compose import compose_recipe
from twnm_sim.scenes.labels import Context

SAMPLES = 60 * RATE


@pytest.fixture(scope="module")
def kemar():
    return load_hrtf("kemar", RATE)


@pytest.fixture(scope="module")
def white(kemar):
    """A minute of white background in both outputs."""
    return make_background(head_field(kemar), "white", SAMPLES, RATE, rng_for(1, "background"), foa=True)


def cross_spectrum(first_T, second_T):
    """The averaged cross-spectrum of two signals, by Hann windows of 8,192 samples."""
    size = 8192
    pieces = [x_T[: len(x_T) // size * size].astype(float).reshape(-1, size) for x_T in (first_T, second_T)]
    first_LF, second_LF = (np.fft.rfft(piece_LT * np.hanning(size)) for piece_LT in pieces)
    return np.fft.rfftfreq(size, 1.0 / RATE), (first_LF * second_LF.conj()).mean(axis=0)


def thirds(first_T, second_T):
    return third_octaves(*cross_spectrum(first_T, second_T))


def test_the_ears_are_as_coherent_as_in_the_heads_own_diffuse_field(white, kemar):
    left_T, right_T = white["binaural"]
    found = thirds(left_T, right_T).real / np.sqrt(thirds(left_T, left_T).real * thirds(right_T, right_T).real)
    wanted = diffuse_field_coherence(kemar)
    assert wanted[0] > 0.9
    assert wanted.min() < -0.05  # it is no sinc that stays positive: the head is heard
    assert np.abs(found - wanted).max() < 0.06, np.round(found - wanted, 3)


def test_each_ear_has_the_heads_diffuse_spectrum(white, kemar):
    """Of white noise from everywhere: the mean power of the HRIRs over the sphere."""
    size = 1 << 13
    power_DCF = np.abs(np.fft.rfft(kemar.hrirs_DCK.astype(float), size)) ** 2
    mean_CF = np.tensordot(kemar.solid_angles_D / (4.0 * np.pi), power_DCF, 1)
    frequency_F = np.fft.rfftfreq(size, 1.0 / RATE)
    w = thirds(white["foa"][0], white["foa"][0]).real
    bins = third_octaves(frequency_F, np.ones(len(frequency_F)))
    for ear in (0, 1):
        found_db = 10.0 * np.log10(thirds(white["binaural"][ear], white["binaural"][ear]).real / w)
        wanted_db = 10.0 * np.log10(third_octaves(frequency_F, mean_CF[ear]) / bins)
        # bins of a tail's frame are 43 Hz wide: below 200 Hz a third octave lies between two of them
        assert np.abs(found_db - wanted_db)[THIRDS_HZ > 200.0].max() < 0.5
        assert np.abs(found_db - wanted_db).max() < 1.5


def test_ambisonics_holds_a_diffuse_field(white):
    """SN3D: W has the power of the pressure, each gradient a third; they are independent."""
    powers = [float(np.mean(channel_T.astype(float) ** 2)) for channel_T in white["foa"]]
    assert np.array(powers[1:]) / powers[0] == pytest.approx([1.0 / 3.0] * 3, rel=0.02)
    correlation = np.corrcoef(white["foa"].astype(float))
    assert np.abs(correlation - np.eye(4)).max() < 0.01


def test_both_outputs_are_one_field(white):
    """What the ears have in common is W, what they differ in is Y, and of Z and X they hear nothing."""
    left_T, right_T = white["binaural"]
    low = THIRDS_HZ < 300.0
    for other, channel, high in ((right_T, 0, True), (-right_T, 1, True), (right_T, 2, False), (right_T, 3, False)):
        mix_T = left_T + other
        cross = np.abs(thirds(mix_T, white["foa"][channel]))
        power = thirds(mix_T, mix_T).real * thirds(white["foa"][channel], white["foa"][channel]).real
        coherence = cross[low] / np.sqrt(power[low])
        assert np.all(coherence > 0.9) if high else np.all(coherence < 0.2), (channel, coherence)


def test_what_comes_from_the_left_is_left_in_both(white):
    """The left ear leads what Y holds: L - R goes as +j w Y, as a wave from +y passes the ears."""
    left_T, right_T = white["binaural"]
    phase = np.angle(thirds(left_T - right_T, white["foa"][1])[THIRDS_HZ < 300.0])
    assert phase == pytest.approx(np.pi / 2.0, abs=0.3)


@pytest.mark.parametrize(("colour", "slope"), [("white", 0.0), ("pink", -1.0), ("brown", -2.0)])
def test_colours_fall_as_they_are_named(kemar, colour, slope):
    """Power over frequency in W, which hears the source noise as it is."""
    made = make_background(head_field(kemar), colour, 20 * RATE, RATE, rng_for(2, colour), foa=True)
    frequency_F, power_F = cross_spectrum(made["foa"][0], made["foa"][0])
    per_hz = third_octaves(frequency_F, power_F.real) / third_octaves(frequency_F, np.ones(len(frequency_F)))
    found = np.polyfit(np.log10(THIRDS_HZ[2:]), np.log10(per_hz[2:]), 1)[0]
    assert found == pytest.approx(slope, abs=0.05)
    assert power_F[(frequency_F > 0) & (frequency_F < 14.0)].sum() < 0.01 * power_F[frequency_F > 20.0].sum()


@pytest.mark.parametrize("samples", [22050, 220500, 220501, 44099])
def test_any_length(kemar, samples):
    made = make_background(head_field(kemar), "pink", samples, RATE, rng_for(3), foa=True)
    assert made["binaural"].shape == (2, samples)
    assert made["foa"].shape == (4, samples)
    assert np.isfinite(made["binaural"]).all()


def test_ambisonics_beside_it_does_not_move_the_ears(kemar):
    alone, both = (make_background(head_field(kemar), "pink", RATE, RATE, rng_for(4), foa=foa) for foa in (False, True))
    assert "foa" not in alone
    assert np.array_equal(alone["binaural"], both["binaural"])


def test_its_level_is_exact(white):
    events_CT = np.random.default_rng(5).standard_normal((2, RATE)).astype(np.float32) * 0.03
    given = {name: audio_CT[:, :RATE] for name, audio_CT in white.items()}
    made = match_level(given, events_CT, 7.3)
    ratio = np.sum(events_CT.astype(float) ** 2) / np.sum(made["binaural"].astype(float) ** 2)
    assert 10.0 * np.log10(ratio) == pytest.approx(7.3, abs=1e-4)
    gains = [np.linalg.norm(made[name]) / np.linalg.norm(given[name]) for name in made]
    assert gains[0] == pytest.approx(gains[1], rel=1e-5)  # one field, one level


def test_microphones_are_independent_and_at_their_level():
    noise_CT = microphone_noise(4, 10 * RATE, -54.0, rng_for(6)).astype(float)
    levels = 10.0 * np.log10(np.mean(noise_CT**2, axis=1))
    assert levels == pytest.approx([-54.0] * 4, abs=0.03)
    assert np.abs(np.corrcoef(noise_CT) - np.eye(4)).max() < 0.01
    frequency_F, power_F = cross_spectrum(noise_CT[0], noise_CT[0])
    flat = third_octaves(frequency_F, power_F.real) / third_octaves(frequency_F, np.ones(len(frequency_F)))
    assert np.abs(10.0 * np.log10(flat / flat.mean())).max() < 1.5


@pytest.fixture(scope="module")
def compose(library, catalog):
    reader, by_id = ClipReader(library.sample_rate), catalog.by_id
    events = [make_event(by_id["small:howling"], 1)]
    noisy = {"ambience": {"colour": "pink", "snr_db": 10.0}, "noise_dbfs": -40.0}

    def compose(room=0, **changes):
        recipe = make_recipe(library, events, room, **{**noisy, **changes})
        return compose_recipe(recipe, library, by_id, reader, Context("train"))

    return compose


def test_in_a_scene_it_is_as_far_below_the_events_as_was_drawn(compose):
    made = compose()
    events, background = (np.sum(x.astype(float) ** 2) for x in (made.stems_SCT.sum(axis=0), made.ambience_CT))
    assert 10.0 * np.log10(events / background) == pytest.approx(10.0, abs=1e-3)
    assert made.scene.ambience_dbfs == pytest.approx(10.0 * np.log10(np.mean(made.ambience_CT.astype(float) ** 2)))


def alike(first_CT, second_CT):
    return float(np.vdot(first_CT, second_CT) / np.linalg.norm(first_CT) / np.linalg.norm(second_CT))


def test_noise_is_drawn_at_its_scenes_address(compose):
    made = compose()
    again = compose()
    assert np.array_equal(made.audio_CT, again.audio_CT)
    assert np.array_equal(made.foa_CT, again.foa_CT)
    for other in (compose(index=8), compose(seed=12), compose(room=1)):
        assert abs(alike(made.ambience_CT, other.ambience_CT)) < 0.05
    quieter = compose(loudness=-30.0, noise_dbfs=None)  # what else is drawn does not move it
    assert alike(made.ambience_CT, quieter.ambience_CT) > 0.999999


def test_noise_of_the_microphones_is_neither_the_background_nor_the_same_in_two_outputs(compose):
    made = compose()
    ears_CT = made.audio_CT - made.stems_SCT.sum(axis=0) - made.ambience_CT
    assert 10.0 * np.log10(np.mean(ears_CT.astype(float) ** 2)) == pytest.approx(-40.0, abs=0.05)
    without = compose(noise_dbfs=None)
    field_CT = made.foa_CT - without.foa_CT
    assert 10.0 * np.log10(np.mean(field_CT.astype(float) ** 2)) == pytest.approx(-40.0, abs=0.05)
    for first_T in ears_CT:
        for second_T in (*field_CT, *made.ambience_CT):
            assert abs(alike(first_T, second_T)) < 0.02
    assert abs(alike(*ears_CT)) < 0.02
