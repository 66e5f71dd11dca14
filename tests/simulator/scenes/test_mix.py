"""The sum of convolutions is what it is defined to be."""

import numpy as np
import pytest
from scipy.signal import convolve
from small_scenes import make_event, make_recipe

from twnm_schemas.scenes import EventRecipe
from twnm_sim.scenes.caches import ClipReader
from twnm_sim.scenes.compose import compose_recipe
from twnm_sim.scenes.labels import Context
from twnm_sim.scenes.mix import (
    COMMON_LEVEL_DBFS,
    cut_piece,
    decibels_to_gain,
    hear_each,
    hear_together,
    transform_dry,
)


def noise(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def place(dry_T, start, response_CK, samples):
    """What is heard by the definition of convolution, in double precision, cut where the scene ends."""
    scene_CT = np.zeros((len(response_CK), samples))
    for ear_T, response_K in zip(scene_CT, response_CK.astype(float), strict=True):
        heard_T = convolve(dry_T.astype(float), response_K, method="direct")[: samples - start]
        ear_T[start : start + len(heard_T)] = heard_T
    return scene_CT


def error_db(found, wanted):
    return 20.0 * np.log10(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


CASES = {  # (length, emitted) of each piece, taps of each response, samples of the scene
    "odd lengths": ([(1501, 0), (733, 117)], [401, 77], 2999),
    "late events": ([(500, 2000), (13, 2986)], [300, 300], 2999),
    "responses longer than the scene": ([(400, 100), (100, 0)], [5000, 3001], 1500),
    "responses of one tap": ([(400, 31), (97, 0)], [1, 1], 600),
    "one tap beside many": ([(400, 31), (97, 0)], [1, 800], 600),
    "a single sample": ([(1, 0)], [50], 64),
    "the scene's last sample": ([(1, 999), (200, 3)], [40, 40], 1000),
    "one event over all": ([(4000, 0)], [900], 4000),
    "a scene longer than its sound": ([(100, 10)], [20], 5000),
}


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("case", CASES)
def test_each_and_all_are_convolutions(case, channels):
    pieces, taps, samples = CASES[case]
    rng = np.random.default_rng(len(case))
    dry = [noise(rng, length) for length, _ in pieces]
    emitted = [start for _, start in pieces]
    responses = [noise(rng, channels, count) for count in taps]
    gains = [decibels_to_gain(gain_db) for gain_db in (-7.3, 4.1)][: len(dry)]
    wanted_SCT = np.stack([place(*row, samples) for row in zip(dry, emitted, responses, strict=True)])
    spectra = transform_dry(dry, emitted, max(taps), samples)
    each_SCT = hear_each(spectra, responses, samples)
    assert each_SCT.dtype == np.float32
    assert each_SCT.shape == wanted_SCT.shape
    for found_CT, wanted_CT, dry_T, response_CK in zip(each_SCT, wanted_SCT, dry, responses, strict=True):
        sound = np.linalg.norm(dry_T) * np.linalg.norm(response_CK)  # with what the scene cuts off
        assert 20.0 * np.log10(np.linalg.norm(found_CT - wanted_CT) / sound) < -120.0
    together_CT = hear_together(spectra, responses, gains, samples)
    assert error_db(together_CT, np.tensordot(np.array(gains, float), wanted_SCT, 1)) < -120.0


def test_a_faint_event_is_not_lost_in_the_rounding_of_a_loud_one():
    rng = np.random.default_rng(1)
    dry = [noise(rng, 5000), noise(rng, 5000) * np.float32(1e-6)]
    responses = [noise(rng, 2, 2000), noise(rng, 2, 2000)]
    heard_SCT = hear_each(transform_dry(dry, [0, 400], 2000, 9000), responses, 9000)
    assert error_db(heard_SCT[1], place(dry[1], 400, responses[1], 9000)) < -120.0


def test_a_piece_is_cut_levelled_and_faded():
    clip_T = np.arange(1, 1001, dtype=np.float32) / 1000.0
    event = {"clip_id": "a:b", "clip_sha256": "", "source_index": 0, "emitted": 0, "level_dbfs": -20.0, "gain_db": -3.0}
    whole_T = cut_piece(clip_T, EventRecipe(**event, clip_start=100, length=300, fade_in=0, fade_out=0))
    common = 10.0 ** ((COMMON_LEVEL_DBFS + 20.0) / 20.0)
    assert whole_T == pytest.approx(clip_T[100:400] * common, rel=1e-6)  # the drawn gain comes later
    faded_T = cut_piece(clip_T, EventRecipe(**event, clip_start=100, length=300, fade_in=40, fade_out=60))
    rise_T = np.sin(np.pi * (np.arange(40) + 0.5) / 80.0) ** 2  # a raised cosine
    assert faded_T[:40] / whole_T[:40] == pytest.approx(rise_T, abs=1e-5)
    assert np.array_equal(faded_T[40:240], whole_T[40:240])
    assert (faded_T[240:] / whole_T[240:])[::-1] == pytest.approx(
        np.sin(np.pi * (np.arange(60) + 0.5) / 120.0) ** 2, abs=1e-5
    )
    beyond_T = cut_piece(clip_T, EventRecipe(**event, clip_start=900, length=300, fade_in=0, fade_out=500))
    assert len(beyond_T) == 100  # as long as the clip allows, and still faded out
    assert beyond_T[-1] < 1e-3
    assert clip_T[0] == np.float32(0.001)  # the clip itself is left as it was


@pytest.fixture(scope="module")
def composed(library, catalog):
    by_id = catalog.by_id
    events = [
        make_event(by_id["small:barking"], 2, emitted=1234, fade_in=221, fade_out=221),
        make_event(by_id["small:ringing"], 0, emitted=45001, gain_db=-4.7),
        make_event(by_id["small:raining"], 5, clip_start=44100, length=2 * 44100 - 77, emitted=77, gain_db=3.0),
    ]
    recipe = make_recipe(library, events)
    return compose_recipe(recipe, library, by_id, ClipReader(library.sample_rate), Context("train"))


def test_stems_are_the_dry_sounds_through_the_stored_responses(composed, library):
    recipe = composed.scene.recipe
    for event, dry_T, stem_CT in zip(recipe.events, composed.dry_ST, composed.stems_SCT, strict=True):
        response_CK = library.response(0, event.source_index)
        wanted_CT = np.stack([convolve(dry_T.astype(float), h.astype(float)) for h in response_CK])
        assert error_db(stem_CT, wanted_CT[:, : recipe.samples]) < -120.0


def test_ambisonics_is_the_same_scene_through_its_own_responses(composed, library):
    recipe = composed.scene.recipe
    wanted_CT = np.zeros((4, recipe.samples))
    for event, dry_T in zip(recipe.events, composed.dry_ST, strict=True):
        response_CK = library.response(0, event.source_index, "foa")
        wanted_CT += [convolve(dry_T.astype(float), h.astype(float))[: recipe.samples] for h in response_CK]
    assert error_db(composed.foa_CT, wanted_CT) < -120.0


def test_the_mixture_is_its_stems_and_nothing_else(composed):
    assert error_db(composed.audio_CT, composed.stems_SCT.sum(axis=0, dtype=float)) < -120.0


def test_with_a_background_it_is_stems_and_background(library, catalog, composed):
    changes = {"ambience": {"colour": "pink", "snr_db": 8.0}, "loudness": -3.0}  # so loud that it is attenuated
    recipe = type(composed.scene.recipe).model_validate({**composed.scene.recipe.model_dump(), **changes})
    again = compose_recipe(recipe, library, catalog.by_id, ClipReader(library.sample_rate), Context("train"))
    assert again.scene.attenuation_db > 1.0
    parts_CT = again.stems_SCT.sum(axis=0, dtype=float) + again.ambience_CT
    assert error_db(again.audio_CT, parts_CT) < -120.0


def test_nothing_is_heard_before_sound_could_arrive(library, catalog):
    """The first sample of a response is the moment of emission, sound travels at 343 m/s."""
    for source in range(6):
        event = make_event(catalog.by_id["small:raining"], source, length=44100, emitted=4410)  # it sounds at once
        recipe = make_recipe(library, [event], loudness_unit="dbfs", loudness=-20.0)
        made = compose_recipe(recipe, library, catalog.by_id, ClipReader(44100), Context("train"))
        arrival = 4410 + int(made.scene.events[0].distance_m / 343.0 * 44100)
        stem_CT, foa_CT = made.stems_SCT[0], made.foa_CT
        assert np.abs(stem_CT[:, :4410]).max() < 1e-6 * np.abs(stem_CT).max()  # before it is emitted: rounding
        # between emission and arrival: what the zero-phase high-pass puts there, and fractional delays' ringing
        assert np.abs(stem_CT[:, : arrival - 20]).max() < 0.02 * np.abs(stem_CT).max()
        assert np.abs(foa_CT[:, : arrival - 20]).max() < 0.02 * np.abs(foa_CT).max()
        first = int(np.argmax(np.abs(foa_CT[0]) > 0.1 * np.abs(foa_CT[0]).max()))
        assert arrival - 20 <= first < arrival + 200
