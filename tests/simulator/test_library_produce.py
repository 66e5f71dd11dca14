"""One room of a library: what its sample holds, and that the record tells the truth about the audio."""

from dataclasses import replace

import numpy as np
import pytest

from twnm_schemas import HrtfError, RenderSpec, RoomRecord, RoomSpec
from twnm_schemas.distributions import Constant, Uniform
from twnm_schemas.rooms import FlatAbsorption, SizeSpec
from twnm_shards.flac import decode_flac
from twnm_sim.library.plan import fingerprint_of, library_versions
from twnm_sim.library.produce import Recipe, _has_dc, make_producer

SMALL = RoomSpec(
    sizes=(SizeSpec(name="small", x_m=Constant(value=5.0), y_m=Constant(value=6.0), z_m=Constant(value=3.0)),),
    absorptions=(FlatAbsorption(name="low_reverberation", alpha=Uniform(low=0.5, high=0.9)),),
)


def make_recipe(**changes):
    from twnm_sim import load_hrtf

    spec = RenderSpec(**{"room": SMALL, "sources_per_room": 4, **changes})
    info = load_hrtf("kemar", spec.sample_rate).info
    return Recipe(spec, info, None, 7, fingerprint_of(spec, info, 7), library_versions())


@pytest.fixture(scope="module")
def three_outputs():
    produced = make_producer(make_recipe(outputs=("binaural", "foa", "mono")))(17)
    return produced, RoomRecord.model_validate_json(produced.members[0][1])


def test_a_sample_holds_its_record_and_one_flac_a_position_and_output(three_outputs):
    produced, record = three_outputs
    assert produced.key == record.room_id == "room-000017"
    expected = [f"s{s:02d}.{e}" for s in range(4) for e in ("flac", "foa.flac", "mono.flac")]
    assert [name for name, _ in produced.members] == ["json", *expected]
    assert record.outputs == ("binaural", "foa", "mono")


def test_every_flac_times_its_scale_has_the_recorded_shape_and_level(three_outputs):
    produced, record = three_outputs
    members = dict(produced.members)
    for source in record.sources:
        for extension, output, channels in (("flac", "binaural", 2), ("foa.flac", "foa", 4), ("mono.flac", "mono", 1)):
            audio, rate = decode_flac(members[f"s{source.index:02d}.{extension}"], getattr(source.scale, output))
            assert rate == record.sample_rate
            assert audio.shape == (channels, round(record.duration_s * record.sample_rate))
            if output == "mono":  # the direct impulse: 1 / r
                arrival = source.distance_m / record.speed_of_sound_m_s * rate
                near = audio[0, int(arrival) - 24 : int(arrival) + 24]
                assert abs(near.sum() * source.distance_m - 1.0) < 0.5
    w = decode_flac(members["s00.foa.flac"], record.sources[0].scale.foa)[0][0]
    mono = decode_flac(members["s00.mono.flac"], record.sources[0].scale.mono)[0][0]
    assert np.abs(w - mono).max() < 1e-5 * np.abs(mono).max()


def test_a_room_is_the_same_whatever_was_made_before_it(three_outputs):
    again = make_producer(make_recipe(outputs=("binaural", "foa", "mono")))
    again(3)
    assert again(17) == three_outputs[0]


def test_an_output_does_not_depend_on_which_others_are_rendered(three_outputs):
    alone = dict(make_producer(make_recipe())(17).members)
    assert alone["s02.flac"] == dict(three_outputs[0].members)["s02.flac"]


def test_the_recorded_side_is_the_side_one_hears(three_outputs):
    for source in three_outputs[1].sources:
        if abs(source.lateral_deg) > 15:
            assert np.sign(source.acoustics.broadband.direct_itd_us) == np.sign(source.lateral_deg)
            assert np.sign(source.acoustics.broadband.direct_ild_db) == np.sign(source.lateral_deg)


def test_positions_below_the_heads_coverage_are_redrawn_or_flagged():
    low = SMALL.model_copy(update={"ear_height_m": Constant(value=2.4), "nearest_source_m": 1.0})
    kept = make_producer(make_recipe(room=low, hrtf_gap="keep", sources_per_room=12))(0)
    record = RoomRecord.model_validate_json(kept.members[0][1])
    outside = [s for s in record.sources if s.hrtf_error_deg > 7.5]
    assert outside
    assert all("outside_hrtf_coverage" in s.acoustics.flags for s in outside)
    assert all("outside_hrtf_coverage" not in s.acoustics.flags for s in record.sources if s not in outside)
    redrawn = make_producer(make_recipe(room=low, sources_per_room=12))(0)
    record = RoomRecord.model_validate_json(redrawn.members[0][1])
    assert all(s.hrtf_error_deg <= 7.5 for s in record.sources)
    assert redrawn.rejections.count("outside_hrtf_coverage") >= len(outside)
    assert record.rejections == redrawn.rejections


def test_a_position_whose_sound_comes_after_the_end_is_rejected_by_name_and_redrawn():
    # 22 ms end before the sound of a source 5.5 m away is heard
    side = SizeSpec(name="large", x_m=Constant(value=20.0), y_m=Constant(value=6.0), z_m=Constant(value=3.0))
    produced = make_producer(make_recipe(room=SMALL.model_copy(update={"sizes": (side,)}), duration_s=0.022))(1)
    record = RoomRecord.model_validate_json(produced.members[0][1])
    assert produced.rejections.count("direct_sound_after_end") >= 1
    assert all(source.distance_m < 5.6 for source in record.sources)


def test_a_room_stays_in_its_split_however_it_is_rendered():
    from twnm_sim.library.produce import room_group

    spec = RenderSpec(room=SMALL)
    changed = [
        {"tail": "images"},
        {"duration_s": 1.0},
        {"outputs": ("mono",)},
        {"hrtf": "fabian"},
        {"highpass_hz": 0.0},
    ]
    assert {room_group(spec.model_copy(update=change), 7, 17) for change in changed} == {room_group(spec, 7, 17)}
    assert room_group(spec, 8, 17) != room_group(spec, 7, 17) != room_group(RenderSpec(), 7, 17)


def test_a_head_that_changed_since_the_plan_stops_the_worker():
    recipe = make_recipe()
    other = recipe.hrtf.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(HrtfError, match="changed while the run went on"):
        make_producer(replace(recipe, hrtf=other))


def test_an_anechoic_room_has_no_reverberation_to_set_the_direct_sound_against():
    dead = SMALL.model_copy(update={"absorptions": (FlatAbsorption(alpha=Constant(value=1.0)),)})
    record = RoomRecord.model_validate_json(make_producer(make_recipe(room=dead, duration_s=0.2))(0).members[0][1])
    for source in record.sources:
        assert source.acoustics.broadband.drr_db is None
        assert source.acoustics.t_mid_s is None


@pytest.mark.parametrize("highpass_hz", [0.0, 20.0, 100.0])
def test_the_direct_image_is_treated_as_the_response_is(highpass_hz):
    """The ratio at 1 kHz and above must not depend on a high-pass far below."""
    ratios = []
    for corner_hz in (0.0, highpass_hz):
        produced = make_producer(make_recipe(highpass_hz=corner_hz))(17)
        record = RoomRecord.model_validate_json(produced.members[0][1])
        ratios.append([source.acoustics.bands[3].drr_db for source in record.sources])
    np.testing.assert_allclose(ratios[0], ratios[1], atol=0.1)


def test_dc_is_seen():
    noise = np.random.default_rng(0).standard_normal((2, 4096)).astype(np.float32)
    noise -= noise.mean(axis=1, keepdims=True)
    assert not _has_dc(noise)
    assert _has_dc(noise + np.float32([[0.0], [0.2]]))


def test_the_measured_values_are_those_of_the_decoded_audio(three_outputs):
    from twnm_sim import measure_brir

    produced, record = three_outputs
    source = record.sources[1]
    audio, rate = decode_flac(dict(produced.members)["s01.flac"], source.scale.binaural)
    onset = source.distance_m / record.speed_of_sound_m_s + record.hrtf.latency_s
    measured = measure_brir(audio, rate, onset_s=onset)
    assert measured.broadband.c50_db == pytest.approx(source.acoustics.broadband.c50_db, abs=0.01)
    assert measured.broadband.iacc == pytest.approx(source.acoustics.broadband.iacc, abs=1e-3)
    assert source.acoustics.drr_method == "images"
    assert measured.drr_method == "window"
