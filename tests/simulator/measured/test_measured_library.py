"""Imported rooms as a library: they sound and measure as they did, and the rest of the project reads them."""

import json
import subprocess
import sys

import numpy as np
import pytest
from checked_libraries import break_library, change_audio, change_record
from measured_rooms import CONVENTIONS, YAWS_DEG, multi_speaker, render_truth, write_folder, write_sofa

from twnm_schemas.errors import MismatchError
from twnm_schemas.records import MeasuredRoom, RoomRecord, SimulatedRoom, read_room
from twnm_schemas.splits import split_of
from twnm_shards.flac import decode_flac
from twnm_shards.manifests import read_index, read_manifest
from twnm_shards.tars import iter_samples
from twnm_shards.verify import verify_folder
from twnm_sim.check import CheckRequest
from twnm_sim.check.library import open_library
from twnm_sim.check.measured import NEED_POSITIONS, NEED_SIMULATION, NO_POSITIONS
from twnm_sim.check.run import check_library, examine_library
from twnm_sim.hrtf import load_hrtf
from twnm_sim.listening import lateral_table, localise_lateral
from twnm_sim.measure import measure_brir
from twnm_sim.measured import ImportRequest, plan_import, run_import
from twnm_sim.plots.page import plot_position
from twnm_sim.plots.position import describe_position
from twnm_sim.plots.view import find_room, load_view


@pytest.fixture(scope="module")
def truth():
    return render_truth()


@pytest.fixture(scope="module")
def sofa(truth, tmp_path_factory):
    return write_sofa(tmp_path_factory.mktemp("sofa") / "studio.sofa", CONVENTIONS["SingleRoomSRIR"](truth))


def import_to(out, *specs, **request):
    run_import(plan_import(ImportRequest(tuple(map(str, specs)), out, **request)))
    return out


@pytest.fixture(scope="module")
def library(sofa, tmp_path_factory):
    return import_to(tmp_path_factory.mktemp("library") / "data", sofa)


def read_samples(root):
    """Each sample's record and responses (E, C, K)."""
    found = []
    for sample in iter_samples(root / "brirs" / "brirs-000000.tar"):
        record = read_room(sample.members["json"])
        decoded = [decode_flac(sample.members[f"s{s.index:02d}.flac"], s.scale.binaural)[0] for s in record.sources]
        found.append((record, np.array(decoded)))
    return found


def test_the_folder_is_whole_and_its_rows_say_what_is_known(library):
    assert list(verify_folder(library / "brirs")) == []
    rows = read_index(library / "brirs")
    assert [row["key"] for row in rows] == [f"room-{m:06d}" for m in range(len(YAWS_DEG))]
    row = rows[0]
    assert (row["origin"], row["name"], row["hrtf"], row["license"]) == ("measured", "Studio 3", "KEMAR", "CC-BY-4.0")
    assert (row["size_category"], row["absorption_class"], row["volume_m3"], row["sources"]) == ("", "", None, 4)
    assert row["t_mid_s"] == pytest.approx(0.3, abs=0.1)


def test_records_hold_what_is_told_and_null_for_the_rest(library, truth):
    for m, (record, _) in enumerate(read_samples(library)):
        assert isinstance(record, MeasuredRoom)
        assert RoomRecord.model_validate_json(record.model_dump_json()).model_dump() == record.model_dump()
        nulls = {name for name, value in record.model_dump().items() if value is None}
        air = {"speed_of_sound_m_s", "air_absorption", "temperature_c", "humidity_percent", "pressure_kpa"}
        assert nulls == {"size_m", "absorption", "listener", "hrtf", "mixing_time_s", "highpass_hz", *air}
        assert record.rt60_theory_s == (None,) * 7
        assert (record.tail, record.outputs, record.head) == ("measured", ("binaural",), "KEMAR")
        assert record.citation == "A. Author, A room, 2020"
        for source, angles in zip(record.sources, truth.angles_ME4[m], strict=True):
            told = (source.azimuth_deg, source.elevation_deg, source.lateral_deg, source.distance_m)
            assert told == pytest.approx(tuple(angles), abs=1e-6)
            assert (source.position_m, source.hrtf_error_deg) == (None, None)
            assert source.acoustics.drr_method == "window"


def test_the_responses_are_those_that_were_measured(library, truth):
    for (_, found_ECK), expected_ECK in zip(read_samples(library), truth.brirs_MECK, strict=True):
        assert np.abs(found_ECK - expected_ECK[..., : found_ECK.shape[-1]]).max() < 1e-6 * np.abs(expected_ECK).max()


def test_the_labels_are_those_of_the_room_that_was_rendered(library, truth):
    for m, (record, _) in enumerate(read_samples(library)):
        for source, brir_CK in zip(record.sources, truth.brirs_MECK[m], strict=True):
            expected = measure_brir(brir_CK.astype(np.float32), truth.rate)
            found = source.acoustics
            assert found.t_mid_s == pytest.approx(expected.t_mid_s, rel=0.01)
            assert found.broadband.c50_db == pytest.approx(expected.broadband.c50_db, abs=0.05)
            assert found.broadband.drr_db == pytest.approx(expected.broadband.drr_db, abs=0.05)
            assert found.broadband.direct_itd_us == pytest.approx(expected.broadband.direct_itd_us, abs=5.0)


def test_sources_are_heard_where_they_are_labelled(library):
    table = lateral_table(load_hrtf("kemar", 44100))
    errors = []
    for record, found_ECK in read_samples(library):
        for source, brir_CK in zip(record.sources, found_ECK, strict=True):
            heard = localise_lateral(brir_CK, record.sample_rate, table)
            if abs(source.lateral_deg) <= 60.0:
                errors.append(abs(heard.lateral_deg - source.lateral_deg))
            if abs(source.lateral_deg) > 10.0:
                assert heard.lateral_deg * source.lateral_deg > 0.0
    assert len(errors) >= 6
    assert max(errors) < 8.0


def test_all_poses_of_a_room_lie_in_one_split_whatever_file_they_come_from(truth, sofa, tmp_path):
    other = write_sofa(tmp_path / "studio2.sofa", multi_speaker(truth))
    out = import_to(tmp_path / "data", sofa, other, max_duration_s=0.1)
    groups = [row["group"] for row in read_index(out / "brirs")]
    assert groups == ["room:measured:studio 3"] * 3 + ["room:measured:studio2"] * 3
    one = import_to(tmp_path / "named", sofa, other, max_duration_s=0.1, given=given(room="Studio  3"))
    assert {row["group"] for row in read_index(one / "brirs")} == {"room:measured:studio 3"}
    assert {row["split"] for row in read_index(one / "brirs")} == {split_of("room:measured:studio 3")}


def test_a_split_that_is_asked_for_stands_before_the_one_of_the_name(sofa, tmp_path):
    by_name = import_to(tmp_path / "data", sofa, max_duration_s=0.1)
    asked = import_to(tmp_path / "asked", sofa, max_duration_s=0.1, split="test")
    group = "room:measured:studio 3"
    assert split_of(group) == "train"
    for root, split in ((by_name, "train"), (asked, "test")):
        assert {(record.group, record.split) for record, _ in read_samples(root)} == {(group, split)}
        assert {(row["group"], row["split"]) for row in read_index(root / "brirs")} == {(group, split)}
    manifests = [read_manifest(root / "brirs") for root in (by_name, asked)]
    assert ["split" in manifest.settings for manifest in manifests] == [False, True]
    assert manifests[0].fingerprint != manifests[1].fingerprint
    with pytest.raises(MismatchError, match=r'split is .* there and "test" here'):
        import_to(tmp_path / "data", sofa, max_duration_s=0.1, split="test")
    assert list(verify_folder(asked / "brirs")) == []


def given(**values):
    from twnm_sim.measured.sets import Given

    return Given(**values)


def test_a_folder_of_stereo_files_gives_the_same_rooms(library, truth, tmp_path):
    folder = write_folder(tmp_path / "attic", truth)
    out = import_to(tmp_path / "data", f"folder:{folder}", given=given(license="CC0-1.0", head="KEMAR"))
    assert list(verify_folder(out / "brirs")) == []
    pairs = list(zip(read_samples(out), read_samples(library), strict=True))
    for (record, found_ECK), (told, expected_ECK) in pairs:
        assert np.abs(found_ECK - expected_ECK).max() < 1e-6
        assert (record.name, record.license, record.group) == ("Studio 3", "CC0-1.0", told.group)
        for source, expected in zip(record.sources, told.sources, strict=True):
            assert source.azimuth_deg == pytest.approx(expected.azimuth_deg)
            assert source.lateral_deg == pytest.approx(expected.lateral_deg, abs=1e-6)


def test_what_a_table_leaves_out_is_null_or_has_its_default(truth, tmp_path):
    folder = write_folder(tmp_path / "attic", truth)
    (folder / "positions.csv").write_text("file,azimuth_deg\nturn0_speaker0.wav,-30\nturn0_speaker1.wav,90\n")
    ((record, _),) = read_samples(import_to(tmp_path / "data", f"folder:{folder}"))
    assert (record.name, record.license, record.citation) == ("attic", "LicenseRef-unknown", "")
    assert [(s.azimuth_deg, s.elevation_deg, s.distance_m) for s in record.sources] == [
        (330.0, 0.0, None),
        (90.0, 0.0, None),
    ]
    assert record.sources[0].lateral_deg == pytest.approx(-30.0)


def test_another_rate_keeps_times_levels_and_angles(library, truth, tmp_path):
    other = render_truth(48000)
    path = write_sofa(tmp_path / "studio.sofa", CONVENTIONS["SingleRoomSRIR"](other))
    for (record, found_ECK), (told, expected_ECK) in zip(
        read_samples(import_to(tmp_path / "data", path)), read_samples(library), strict=True
    ):
        assert record.sample_rate == 44100
        assert record.duration_s == pytest.approx(0.5, abs=0.01)
        level_db = 10.0 * np.log10(np.sum(found_ECK[..., :2000] ** 2) / np.sum(expected_ECK[..., :2000] ** 2))
        assert abs(level_db) < 0.5
        for source, expected in zip(record.sources, told.sources, strict=True):
            difference_us = source.acoustics.broadband.direct_itd_us - expected.acoustics.broadband.direct_itd_us
            assert abs(difference_us) < 30.0


def test_another_rate_keeps_the_gain(truth, tmp_path):
    pulse_K = np.pad(np.hanning(800), (100, 100))
    brirs_MECK = np.broadcast_to(pulse_K, (*truth.brirs_MECK.shape[:3], len(pulse_K)))
    path = write_sofa(tmp_path / "pulse.sofa", multi_speaker(type(truth)(brirs_MECK, truth.angles_ME4, 48000)))
    ((_, found_ECK), *_) = read_samples(import_to(tmp_path / "data", path))
    assert np.allclose(found_ECK.sum(axis=-1), pulse_K.sum(), rtol=1e-3)


def test_responses_are_cut_as_asked_and_padding_goes_for_all_sources_alike(truth, tmp_path):
    padded = np.pad(truth.brirs_MECK, ((0, 0), (0, 0), (0, 0), (0, 9000)))
    padded[0, 1, :, 12000:] = 0.0  # one source ends earlier
    longer = type(truth)(padded, truth.angles_ME4, truth.rate)
    path = write_sofa(tmp_path / "studio.sofa", multi_speaker(longer))
    whole = read_samples(import_to(tmp_path / "whole", path))
    assert {round(record.duration_s * 44100) for record, _ in whole} == {truth.brirs_MECK.shape[-1]}
    cut = read_samples(import_to(tmp_path / "cut", path, max_duration_s=0.2))
    assert {record.duration_s for record, _ in cut} == {0.2}
    assert np.array_equal(cut[0][1].shape, (4, 2, 8820))


def test_where_noise_hides_the_decay_the_time_is_null_and_says_why(truth, tmp_path):
    rng = np.random.default_rng(0)
    noise = 0.02 * np.abs(truth.brirs_MECK).max() * rng.standard_normal(truth.brirs_MECK.shape)
    noisy = type(truth)(truth.brirs_MECK + noise, truth.angles_ME4, truth.rate)
    path = write_sofa(tmp_path / "studio.sofa", multi_speaker(noisy))
    for record, _ in read_samples(import_to(tmp_path / "data", path)):
        for source in record.sources:
            assert source.acoustics.t_mid_s is None
            assert "rt60_1000hz_cut" in source.acoustics.flags
    opened = open_library(tmp_path / "data")
    facts = dict(describe_position(load_view(opened, *find_room(opened, 0), 0)))
    assert facts["Reverberation"] == "null: cut, too long for the response"


def test_one_and_two_workers_and_a_lost_shard_give_the_same_bytes(sofa, tmp_path):
    def contents(root):
        return {path.name: path.read_bytes() for path in sorted((root / "brirs").iterdir()) if path.is_file()}

    one = import_to(tmp_path / "one", sofa, shard_size="1", workers=1)
    two = import_to(tmp_path / "two", sofa, shard_size="1", workers=2)
    assert contents(one) == contents(two)
    (two / "brirs" / "brirs-000001.tar").unlink()
    assert contents(import_to(two, sofa, shard_size="1", workers=1)) == contents(one)


def test_the_manifest_names_the_file_by_its_checksum_and_no_path(library, sofa):
    import hashlib

    settings = read_manifest(library / "brirs").settings
    assert settings["sets"][0]["sha256"] == hashlib.sha256(sofa.read_bytes()).hexdigest()
    assert str(sofa.parent) not in json.dumps(settings)


def examine(root):
    return examine_library(open_library(root), CheckRequest(root, workers=1))


def test_check_passes_what_can_be_checked_and_says_why_the_rest_is_not(library):
    report = examine(library)
    verdicts = {verdict.gate.name: verdict for verdict in report.verdicts}
    assert report.passed
    for name in (
        "record_valid",
        "decodes",
        "sound",
        "clipping",
        "lateral",
        "rt60",
        "c50",
        "drr",
        "iacc",
        "ild",
        "nulls",
    ):
        assert verdicts[name].status == "pass", name
    assert verdicts["side"].count > 0
    for name in NEED_SIMULATION:
        assert verdicts[name].status == "not checked"
        assert "no simulation to compare" in verdicts[name].note
    assert {verdicts[name].note for name in NEED_POSITIONS} == {NO_POSITIONS}


def test_check_compares_angles_with_positions_where_the_file_tells_them(truth, tmp_path):
    path = write_sofa(tmp_path / "studio.sofa", CONVENTIONS["SingleRoomMIMOSRIR"](truth))
    out = import_to(tmp_path / "data", path, max_duration_s=0.2)
    verdicts = {verdict.gate.name: verdict for verdict in examine(out).verdicts}
    assert {verdicts[name].status for name in NEED_POSITIONS} == {"pass"}
    assert verdicts["azimuth"].count == 12

    def turn(record):
        record["listener"]["yaw_deg"] += 1.0

    broken = examine(break_library(out, tmp_path / "turned", "room-000001", change_record(turn)))
    assert "azimuth" in {verdict.gate.name for verdict in broken.verdicts if verdict.status == "fail"}
    rows = read_index(out / "brirs")
    assert rows[0]["volume_m3"] == pytest.approx(5.6 * 4.4 * 2.9)


def swap(audio_CK):
    return audio_CK[::-1]


def test_check_fails_a_measured_library_in_which_something_is_broken(library, tmp_path):
    def turn(record):
        record["sources"][0]["lateral_deg"] += 10.0

    def shorten(record):
        record["sources"][0]["acoustics"]["bands"][3]["rt60_s"] *= 1.1

    def swap_ears(members):
        for number in range(4):
            change_audio(f"s{number:02d}.flac", swap)(members)

    for name, key, change, gates in (
        ("turned", "room-000001", change_record(turn), {"lateral"}),
        ("shortened", "room-000001", change_record(shorten), {"rt60"}),
        ("swapped", "", swap_ears, {"side", "ild"}),
    ):
        report = examine(break_library(library, tmp_path / name, key, change))
        assert gates <= {verdict.gate.name for verdict in report.verdicts if verdict.status == "fail"}, name


def test_the_report_and_the_pictures_of_a_measured_library(library, tmp_path):
    outcome = check_library(CheckRequest(library, workers=1, out=tmp_path))
    page = outcome.html_path.read_text()
    assert "All gates hold" in page
    assert "<tr><td>Measured room</td><td>Studio 3: A. Author, A room, 2020<br>" in page
    assert plot_position(library, 1, 2, tmp_path / "x.svg").read_bytes().startswith(b"<?xml")
    opened = open_library(library)
    view = load_view(opened, *find_room(opened, 1), 2)
    facts = dict(describe_position(view))
    assert (facts["Room"], facts["Licence"]) == ("Studio 3", "CC-BY-4.0")
    assert facts["Distance"] == f"{view.source.distance_m:.2f} m"


def test_a_map_of_directions_has_left_on_the_left_and_ahead_above(library):
    from twnm_sim.plots.canvas import drawing
    from twnm_sim.plots.position import draw_position

    opened = open_library(library)
    view = load_view(opened, *find_room(opened, 0), 0)
    with drawing():
        figure = draw_position(view)
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == ["From above", "From behind"]
    spots_S2 = np.asarray(figure.axes[0].collections[0].get_offsets())
    for spot, source in zip(spots_S2, view.record.sources, strict=True):
        azimuth, level = np.radians(source.azimuth_deg), np.cos(np.radians(source.elevation_deg))
        expected = np.array([-np.sin(azimuth), np.cos(azimuth)]) * source.distance_m * level
        assert spot == pytest.approx(expected, abs=1e-9)


def test_a_record_that_is_neither_or_leaves_out_what_a_simulation_knows_is_invalid(library, tmp_path):
    def pretend(record):
        record["origin"], record["tail"] = "simulated", "images"

    broken = break_library(library, tmp_path / "pretended", "room-000001", change_record(pretend))
    sentences = [problem.sentence for problem in verify_folder(broken / "brirs")]
    assert any("room-000001.json is not a valid record: size_m" in sentence for sentence in sentences)
    with pytest.raises(ValueError, match="origin"):
        read_room(json.dumps({"origin": "dreamt"}))
    assert SimulatedRoom.model_fields.keys() == RoomRecord.model_fields.keys() == MeasuredRoom.model_fields.keys()


def run_command(*arguments, cwd):
    script = "from twnm_sim.cli import main; main()"
    command = [sys.executable, "-c", script, "import", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_the_command_says_what_it_made_and_refuses_in_one_sentence(sofa, tmp_path):
    done = run_command(sofa, "--out", "data", "--workers", "1", "--max-duration", "0.2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "data/brirs: 3 listener pose(s) of 1 measured room(s), 12 position(s)" in done.stdout
    assert "does not allow publishing" not in done.stdout
    assert list(verify_folder(tmp_path / "data" / "brirs")) == []
    again = ("--out", "test", "--split", "test", "--workers", "1", "--max-duration", "0.2")
    assert run_command(sofa, *again, cwd=tmp_path).returncode == 0
    assert {row["split"] for row in read_index(tmp_path / "test" / "brirs")} == {"test"}
    refused = run_command(tmp_path / "no.sofa", "--out", "other", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert refused.stderr.startswith("error: There is no file at")
    assert not (tmp_path / "other").exists()


def test_a_library_under_unknown_terms_is_made_and_said_to_be_unpublishable(truth, tmp_path):
    path = write_sofa(tmp_path / "studio.sofa", multi_speaker(truth, GLOBAL_License="ask me"))
    done = run_command(path, "--out", "data", "--workers", "1", "--max-duration", "0.2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "LicenseRef-unknown does not allow publishing; if the terms are known, import again" in done.stdout
