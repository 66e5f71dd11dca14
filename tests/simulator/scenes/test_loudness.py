"""Loudness and peaks: what is asked for is what an independent meter finds in the finished audio."""

import warnings

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_scenes import RATE, make_event, make_recipe

from twnm_sim.scenes.caches import ClipReader
from twnm_sim.scenes.compose import compose_recipe
from twnm_sim.scenes.heard import block_loudness, gain_to_loudness, gate_loudness
from twnm_sim.scenes.labels import Context
from twnm_sim.scenes.store import pack_scene

PEAK_LIMIT = 10.0 ** (-0.1 / 20.0)


def integrated_loudness(audio_CT, rate=RATE):
    """What pyloudnorm says by its front door."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pyloudnorm.Meter(rate).integrated_loudness(np.asarray(audio_CT, float).T)


def make_signal(kind, seconds=4.0, rate=RATE):
    rng = np.random.default_rng(3)
    samples = round(seconds * rate)
    noise_CT = rng.standard_normal((2, samples)) * 0.05
    time_T = np.arange(samples) / rate
    shapes = {
        "steady": np.ones(samples),
        "sparse": (time_T % 1.7 < 0.06).astype(float),
        "one click": (np.abs(time_T - 2.0) < 1e-3).astype(float),
        "half as quiet as the relative gate": np.where(time_T < 2.0, 1.0, 10.0 ** (-11.0 / 20.0)),
        "half just over the relative gate": np.where(time_T < 2.0, 1.0, 10.0 ** (-8.0 / 20.0)),
        "a decay": np.exp(-3.0 * time_T),
        "under the absolute gate for most": np.where(time_T < 0.6, 1.0, 1e-3),
        "a long fade": 10.0 ** (-4.0 * time_T / seconds),
    }
    return noise_CT * shapes[kind]


KINDS = (
    *("steady", "sparse", "one click", "half as quiet as the relative gate", "half just over the relative gate"),
    *("a decay", "under the absolute gate for most", "a long fade"),
)


@pytest.mark.parametrize("gain_db", [-30.0, 0.0, 12.0])
@pytest.mark.parametrize("kind", KINDS)
def test_the_gates_are_those_of_the_standard(kind, gain_db):
    audio_CT = make_signal(kind)
    wanted = integrated_loudness(audio_CT * 10.0 ** (gain_db / 20.0))
    found = gate_loudness(block_loudness(audio_CT, RATE), gain_db)
    if found is None:
        assert wanted == -np.inf
    else:
        assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("rate", [16000, 22050, 48000])
def test_at_other_rates(rate):
    audio_CT = make_signal("half just over the relative gate", rate=rate)
    assert gate_loudness(block_loudness(audio_CT, rate)) == pytest.approx(integrated_loudness(audio_CT, rate), abs=1e-6)


def test_silence_has_no_loudness_and_no_gain():
    blocks_L = block_loudness(np.zeros((2, RATE), np.float32), RATE)
    assert gate_loudness(blocks_L) is None
    assert gain_to_loudness(blocks_L, -20.0) is None


@pytest.mark.parametrize("wanted", [-65.0, -32.0, -20.0, -5.0])
@pytest.mark.parametrize("kind", KINDS)
def test_after_the_gain_the_meter_shows_what_was_wanted(kind, wanted):
    audio_CT = make_signal(kind)
    gain_db = gain_to_loudness(block_loudness(audio_CT, RATE), wanted)
    assert integrated_loudness(audio_CT * 10.0 ** (gain_db / 20.0)) == pytest.approx(wanted, abs=1e-4)


@given(levels=st.lists(st.floats(-120.0, 0.0), min_size=1, max_size=60), wanted=st.floats(-69.0, 0.0))
@settings(max_examples=200, deadline=None)
def test_a_gain_is_found_for_any_loudness_of_the_blocks(levels, wanted):
    blocks_L = np.array(levels)
    gain_db = gain_to_loudness(blocks_L, wanted)
    assert gate_loudness(blocks_L, gain_db) == pytest.approx(wanted, abs=1e-5)


@pytest.fixture(scope="module")
def compose(library, catalog):
    reader = ClipReader(library.sample_rate)
    by_id = catalog.by_id
    events = [
        make_event(by_id["small:howling"], 1, emitted=4000),
        make_event(by_id["small:ringing"], 4, emitted=30000, gain_db=-3.0),
    ]

    def compose(**changes):
        recipe = make_recipe(library, events, **{"dry": False, **changes})
        return compose_recipe(recipe, library, by_id, reader, Context("train"))

    return compose


@pytest.mark.parametrize("ambience", [None, {"colour": "brown", "snr_db": 10.0}])
@pytest.mark.parametrize("wanted", [-40.0, -26.3, -8.0, 3.0])
def test_the_finished_scene_is_as_loud_as_was_drawn_or_attenuated_by_what_is_told(compose, wanted, ambience):
    made = compose(loudness=wanted, ambience=ambience)
    scene = made.scene
    assert integrated_loudness(made.audio_CT) == pytest.approx(wanted - scene.attenuation_db, abs=0.05)
    assert scene.loudness_lufs == pytest.approx(wanted - scene.attenuation_db, abs=1e-3)
    assert (scene.attenuation_db > 0.0) == (wanted > -10.0)


def test_with_microphones_noise_the_record_tells_what_the_meter_does(compose):
    made = compose(loudness=-32.0, noise_dbfs=-35.0)
    assert made.scene.loudness_lufs == pytest.approx(integrated_loudness(made.audio_CT), abs=1e-3)
    assert made.scene.loudness_lufs > -31.0
    loud = compose(loudness=5.0, noise_dbfs=-20.0)
    assert loud.scene.loudness_lufs == pytest.approx(integrated_loudness(loud.audio_CT), abs=1e-3)


@pytest.mark.parametrize("wanted", [-45.0, -22.5])
def test_a_level_in_decibels_of_full_scale(compose, wanted):
    made = compose(loudness_unit="dbfs", loudness=wanted)
    assert 10.0 * np.log10(np.mean(made.audio_CT.astype(float) ** 2)) == pytest.approx(wanted, abs=1e-3)
    assert made.scene.level_dbfs == pytest.approx(wanted, abs=1e-3)
    assert made.scene.loudness_lufs == pytest.approx(integrated_loudness(made.audio_CT), abs=1e-3)


def test_what_a_gain_of_the_mixture_is_called(compose):
    """The mixture over the sum of the events before it is the two gains that the record tells."""
    quiet, loud = compose(loudness=-30.0), compose(loudness=2.0)
    told_db = [made.scene.mix_gain_db - made.scene.attenuation_db for made in (quiet, loud)]
    ratio = np.linalg.norm(loud.audio_CT.astype(float)) / np.linalg.norm(quiet.audio_CT.astype(float))
    assert told_db[1] - told_db[0] == pytest.approx(20.0 * np.log10(ratio), abs=1e-3)


@given(
    unit=st.sampled_from(["lufs", "dbfs"]),
    loudness=st.floats(-30.0, 20.0),
    noise=st.one_of(st.none(), st.floats(-80.0, 20.0)),
    outputs=st.sampled_from([("binaural",), ("binaural", "foa")]),
)
@settings(max_examples=12, deadline=None)
def test_no_sample_ever_clips(compose, unit, loudness, noise, outputs):
    made = compose(loudness_unit=unit, loudness=loudness, noise_dbfs=noise, outputs=outputs)
    scene = made.scene
    parts = [made.audio_CT] if made.foa_CT is None else [made.audio_CT, made.foa_CT]
    peak = max(float(np.abs(part_CT).max()) for part_CT in parts)
    assert peak <= PEAK_LIMIT * (1.0 + 1e-6)
    assert scene.peak == float(np.abs(made.audio_CT).max())
    if scene.attenuation_db:
        assert peak == pytest.approx(PEAK_LIMIT, rel=1e-5)  # no more was taken off than was needed
    _, packed = pack_scene(made)  # stems and all find room in 24 bits
    assert all(member.scale >= 1.0 for member in packed.audio)
    assert next(member for member in packed.audio if member.what == "binaural").scale == 1.0
