"""What a run is: its size, its cut, and what its fingerprint holds and leaves out."""

import shutil

import pytest
from pydantic import ValidationError

from twnm_schemas import Atmosphere, RenderSpec, RoomSpec, SpecError, StoreError
from twnm_schemas.distributions import Uniform
from twnm_shards import space
from twnm_shards.space import require_space
from twnm_sim import load_hrtf
from twnm_sim.hrtf.catalog import packaged_kemar
from twnm_sim.library.plan import build_job, fingerprint_of, parse_shard_size, predict

SPEC = RenderSpec()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("64", ("samples", 64)), ("1GB", ("bytes", 1e9)), ("500 mb", ("bytes", 5e8)), ("2MiB", ("bytes", 2 * 2.0**20))],
)
def test_a_shard_size_is_rooms_or_bytes(text, expected):
    assert parse_shard_size(text) == expected


@pytest.mark.parametrize("text", ["", "0", "-3", "1.5", "GB", "1TB5", "nan", "1e999GB "])
def test_other_shard_sizes_are_refused(text):
    with pytest.raises(SpecError, match="shard size"):
        parse_shard_size(text)


def test_a_prediction_depends_on_the_spec_and_not_on_how_many_rooms():
    few, many = predict(SPEC, 10, 3), predict(SPEC, 1000, 3)
    assert few.room_bytes == many.room_bytes
    assert many.bytes == pytest.approx(1000 * many.room_bytes, rel=1e-6)
    assert predict(SPEC.model_copy(update={"duration_s": 0.5}), 10, 3).response_s == pytest.approx(10 * 30 * 0.5)


def test_shard_boundaries_come_from_counts_or_predicted_bytes():
    info = load_hrtf("kemar").info
    prediction = predict(SPEC, 1000, 0)
    by_count = build_job(SPEC, info, 1000, 0, "64", prediction)
    assert by_count.samples_per_shard == 64
    by_bytes = build_job(SPEC, info, 1000, 0, "1GB", prediction)
    assert by_bytes.samples_per_shard == round(1e9 / prediction.room_bytes)


def test_the_fingerprint_holds_whatever_changes_a_sample():
    info = load_hrtf("kemar").info
    base = fingerprint_of(SPEC, info, 0)
    changed = [
        {"room": RoomSpec(ear_height_m=Uniform(low=1.2, high=1.8))},
        {"sources_per_room": 29},
        {"hrtf_gap": "keep"},
        {"tail": "images"},
        {"outputs": ("mono",)},
        {"sample_rate": 48000},
        {"duration_s": 1.0},
        {"atmosphere": Atmosphere(humidity_percent=60.0)},
        {"highpass_hz": 0.0},
    ]
    assert set().union(*changed) == set(RenderSpec.model_fields) - {"hrtf"}  # no field is forgotten
    names = {fingerprint_of(SPEC.model_copy(update=change), info, 0) for change in changed}
    names.add(fingerprint_of(SPEC, info, 1))
    names.add(fingerprint_of(SPEC, info.model_copy(update={"sha256": "0" * 64}), 0))
    assert base not in names
    assert len(names) == len(changed) + 2


def test_the_fingerprint_knows_a_sofa_by_its_bytes_and_not_by_its_place(tmp_path):
    paths = [tmp_path / "a.sofa", tmp_path / "deep" / "a.sofa"]
    paths[1].parent.mkdir()
    names = set()
    for path in paths:
        shutil.copy(packaged_kemar(), path)
        spec = SPEC.model_copy(update={"hrtf": str(path)})
        names.add(fingerprint_of(spec, load_hrtf(str(path)).info, 0))
    names.add(fingerprint_of(SPEC, load_hrtf("kemar").info, 0))
    assert len(names) == 1


def test_no_path_reaches_the_settings(tmp_path):
    path = tmp_path / "mine.sofa"
    shutil.copy(packaged_kemar(), path)
    spec = SPEC.model_copy(update={"hrtf": str(path)})
    job = build_job(spec, load_hrtf(str(path)).info, 3, 0, "1GB", predict(spec, 3, 0))
    assert str(tmp_path) not in str(job.settings)


@pytest.mark.parametrize(("rooms", "seed"), [(0, 0), (-1, 0), (1, -1), (1, 2**63)])
def test_counts_and_seeds_out_of_range_are_refused(rooms, seed):
    with pytest.raises(SpecError):
        build_job(SPEC, load_hrtf("kemar").info, rooms, seed, "1GB", predict(SPEC, 1, 0))


def test_outputs_named_in_another_order_or_twice_are_the_same_recipe():
    assert RenderSpec(outputs=("mono", "binaural", "mono")).outputs == ("binaural", "mono")


@pytest.mark.parametrize("corner_hz", [0.001, 0.5, 201.0, -1.0])
def test_a_high_pass_that_would_take_all_memory_or_all_sound_is_refused(corner_hz):
    with pytest.raises(ValidationError):
        RenderSpec(highpass_hz=corner_hz)


def test_the_disk_must_hold_the_library_and_the_units_of_one_shard(tmp_path, monkeypatch):
    prediction = predict(SPEC, 100, 0)
    job = build_job(SPEC, load_hrtf("kemar").info, 100, 0, "1GB", prediction)
    for share, fits in ((1.5, False), (2.2, True)):  # of the predicted size; one shard holds it all
        monkeypatch.setattr(space, "free_bytes", lambda folder, share=share: int(share * prediction.bytes))
        if fits:
            require_space(tmp_path, job, prediction.bytes, "It", "shorten it.")
        else:
            with pytest.raises(StoreError, match=r"GB free; shorten it\."):
                require_space(tmp_path, job, prediction.bytes, "It", "shorten it.")
