"""`twnm-sim check` on a small rendered library, whole and with one thing broken at a time."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from checked_libraries import SHARD, break_library, change_audio, change_record, render_library, request_of

from twnm_schemas.distributions import Uniform
from twnm_schemas.errors import HrtfError, SpecError, StoreError
from twnm_schemas.render import RenderSpec
from twnm_schemas.rooms import MaterialAbsorption, RoomSpec
from twnm_shards.verify import verify_folder
from twnm_sim.check.library import choose_deep, open_library
from twnm_sim.check.run import CheckRequest, check_library, examine_library
from twnm_sim.library.run import plan_run, run_plan

KEY, EXT = "room-000001", "s01.flac"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return render_library(tmp_path_factory.mktemp("check") / "data")


def examine(root, **request):
    return examine_library(open_library(root), CheckRequest(root, workers=1, **request))


def by_name(report):
    return {verdict.gate.name: verdict for verdict in report.verdicts}


def failed(report):
    return {verdict.gate.name for verdict in report.verdicts if verdict.status == "fail"}


@pytest.fixture(scope="module")
def whole(library):
    return examine(library)


@pytest.mark.parametrize(("reason", "place"), [("cut", -1), ("ringing", 0), ("too_fast", 0)])
def test_a_room_without_a_reverberation_time_is_shown_as_what_its_flags_say(library, tmp_path, reason, place):
    def forget(record):
        known = record["room_id"] != KEY
        for source in record["sources"]:
            source["acoustics"]["t_mid_s"] = 0.4 if known else None
            source["acoustics"]["flags"] = [] if known else [f"rt60_500hz_{reason}", f"rt60_1000hz_{reason}"]

    examples = examine(break_library(library, tmp_path / "data", "", change_record(forget))).examples
    assert [example.place.key == KEY for example in examples].index(True) == place % 3


def test_a_sound_library_passes_every_gate_by_a_margin(whole):
    verdicts = by_name(whole)
    assert whole.passed
    assert {verdict.status for verdict in verdicts.values()} <= {"pass", "reported", "not checked"}
    assert verdicts["direct_onset"].count >= 4
    assert verdicts["direct_onset"].worst < 0.05
    assert verdicts["direct_level"].worst < 0.05
    assert verdicts["early"].worst < -48.0
    assert verdicts["drr"].count > 0
    assert verdicts["rt60_eyring"].count > 0
    assert verdicts["coherence"].status == "reported"  # a dozen tails say little
    assert whole.rooms_heard == 3
    assert whole.positions_heard == 12


def as_before(audio_CK):
    return audio_CK


def delay(audio_CK):
    return np.roll(audio_CK, 3, axis=1)


def swap(audio_CK):
    return audio_CK[::-1]


def add_dc(audio_CK):
    return audio_CK + 0.02


def louder(audio_CK):
    return audio_CK * 10.0 ** (1.0 / 20.0)


def mute_left(audio_CK):
    return audio_CK * np.array([[0.0], [1.0]])


def lose_a_reflection(audio_CK):
    """Everything from 40 to 60 ms."""
    changed_CK = audio_CK.copy()
    changed_CK[:, 1764:2646] = 0.0
    return changed_CK


@pytest.mark.parametrize(
    ("change", "gates", "spared"),
    [
        (as_before, set(), {"direct_onset", "direct_level", "early", "dc", "drr"}),
        (delay, {"direct_onset"}, {"direct_itd", "direct_ild", "direct_level", "azimuth"}),
        (swap, {"direct_itd", "direct_ild"}, {"dc", "rt60", "azimuth"}),
        (
            louder,
            {"direct_level"},
            {"direct_itd", "direct_ild", "direct_onset", "rt60"},
        ),
        (add_dc, {"dc"}, {"azimuth", "direct_onset"}),
        (mute_left, {"sound"}, {"decodes", "azimuth"}),
    ],
    ids=["as before", "3 samples late", "ears swapped", "1 dB louder", "with DC", "one ear silent"],
)
def test_altered_audio_fails_its_own_gates(library, tmp_path, whole, change, gates, spared):
    ext = alone_position(whole, library)
    report = examine(break_library(library, tmp_path / "data", KEY, change_audio(ext, change)))
    assert gates <= failed(report)
    assert not spared & failed(report)
    if gates:
        assert all(by_name(report)[gate].place.startswith(KEY) for gate in gates)


def alone_position(whole, library):
    """The FLAC of a source to one side in room 1 whose direct sound is heard alone."""
    from twnm_shards.tars import iter_samples

    record = next(json.loads(s.members["json"]) for s in iter_samples(library / SHARD) if s.key == KEY)
    best = min(record["sources"], key=lambda s: s["distance_m"] + 10.0 * (abs(s["lateral_deg"]) < 15.0))
    return f"s{best['index']:02d}.flac"


def test_a_missing_reflection_fails_the_float64_sum(library, tmp_path):
    change = change_audio("s00.flac", lose_a_reflection)
    report = examine(break_library(library, tmp_path / "data", KEY, change))
    assert "early" in failed(report)
    assert by_name(report)["early"].place == f"{KEY} s00"


def test_audio_that_is_cut_or_clipped_fails(library, tmp_path):
    def cut(members):
        members["s00.flac"] = members["s00.flac"][: len(members["s00.flac"]) // 2]
        steps_TC, rate = soundfile.read(io.BytesIO(members["s01.flac"]), dtype="float64")
        stream = io.BytesIO()
        soundfile.write(stream, np.clip(4.0 * steps_TC, -1.0, 1.0), rate, format="FLAC", subtype="PCM_24")
        members["s01.flac"] = stream.getvalue()

    report = examine(break_library(library, tmp_path / "data", KEY, cut))
    assert {"decodes", "clipping"} <= failed(report)
    assert by_name(report)["decodes"].place == f"{KEY}.s00.flac"
    assert by_name(report)["clipping"].place == f"{KEY}.s01.flac"


def test_all_ears_swapped_is_heard(library, tmp_path):
    def swap_all(members):
        for ext in [ext for ext in members if ext.endswith("flac")]:
            change_audio(ext, swap)(members)

    assert "direct_itd" in failed(examine(break_library(library, tmp_path / "data", "", swap_all)))


def falsify(name, change):
    def alter(record):
        record["sources"][1][name] = change(record["sources"][1][name])

    return alter


def falsify_rt60(record):
    record["sources"][1]["acoustics"]["bands"][4]["rt60_s"] *= 1.05


@pytest.mark.parametrize(
    ("change", "gate"),
    [
        (falsify("azimuth_deg", lambda x: (x + 1e-3) % 360.0), "azimuth"),
        (falsify("elevation_deg", lambda x: x * 0.999), "elevation"),
        (falsify("distance_m", lambda x: x + 1e-5), "distance"),
        (falsify("lateral_deg", lambda x: -x), "lateral"),
        (falsify("hrtf_error_deg", lambda x: x + 0.1), "hrtf_error"),
        (falsify("hrtf_error_deg", lambda x: 9.0), "coverage"),
        (falsify_rt60, "rt60"),
        (lambda record: record.update(fingerprint="0" * 16), "record_valid"),
        (lambda record: record.pop("seed"), "record_valid"),
        (lambda record: record["rt60_theory_s"].__setitem__(3, 1.0), "rt60_theory"),
        (lambda record: record["listener"]["position_m"].__setitem__(2, 0.3), "clearance"),
    ],
)
def test_a_falsified_record_fails_its_own_gate(library, tmp_path, change, gate):
    report = examine(break_library(library, tmp_path / "data", KEY, change_record(change)), rooms=3)
    assert gate in failed(report)
    assert by_name(report)[gate].place.startswith(KEY)


def test_another_head_leaves_its_gates_unchecked_and_says_so(library):
    report = examine(library, hrtf="spherical-head")
    assert report.passed
    for name in ("direct_onset", "direct_ild", "early", "drr", "side"):
        verdict = by_name(report)[name]
        assert verdict.status == "not checked"
        assert "not the head of the records" in verdict.note
    assert by_name(report)["rt60"].status == "pass"


def test_other_outputs_tails_walls_and_tilted_heads_pass_too(tmp_path):
    names = {"walls": ("hard_surface", "rough_concrete"), "floor": ("carpet_cotton",), "ceiling": ("plasterboard",)}
    walls = MaterialAbsorption(**names)
    tilted = RoomSpec(absorptions=(walls,), pitch_deg=Uniform(low=-30, high=30), roll_deg=Uniform(low=-30, high=30))
    ears = render_library(tmp_path / "ears", 2, 3, tail="images", sample_rate=48000, duration_s=0.2, room=tilted)
    report = examine(ears)
    assert report.passed, failed(report)
    assert by_name(report)["early"].count == 2
    settings = {"outputs": ("foa", "mono"), "highpass_hz": 0.0, "hrtf": "spherical-head"}
    microphones = render_library(tmp_path / "foa", 2, 3, **settings)
    report = examine(microphones)
    assert report.passed, failed(report)
    assert by_name(report)["direct_level"].count > 0
    assert by_name(report)["decodes"].count == 12
    assert by_name(report)["direct_itd"].status == "not checked"


def test_reports_are_the_same_whatever_the_workers_and_leave_the_library_whole(library):
    first = check_library(CheckRequest(library, workers=1))
    written = first.json_path.read_bytes(), first.html_path.read_bytes()
    check_library(CheckRequest(library / "brirs", workers=2))
    assert (first.json_path.read_bytes(), first.html_path.read_bytes()) == written
    assert first.json_path == library / "report.json"
    data = json.loads(written[0])
    assert data["passed"]
    assert data["distributions"]["distance_m"]["count"] == 12
    assert sum(data["distributions"]["azimuth_deg"]["counts"]) == 12
    assert verify_folder(library) == []
    assert run_plan(plan_run(request_of(library, 3, 3, RenderSpec(sources_per_room=4, duration_s=0.45)))).rooms == 3
    page = written[1].decode()
    assert "http" not in page.replace("https://doi.org", "").replace("https://sound.media.mit.edu", "")
    assert page.count("data:image/png") >= 4
    assert page.count("data:audio/flac") == 3


def test_the_command_writes_its_report_and_then_exits_with_2(library, tmp_path):
    broken = break_library(library, tmp_path / "data", KEY, change_record(falsify("lateral_deg", lambda x: -x)))
    script = "from twnm_sim.cli import main; main()"
    command = [sys.executable, "-c", script, "check", str(broken), "--rooms", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "FAILED: The lateral angle follows" in done.stdout
    assert f"worst at {KEY} s01" in done.stdout
    assert "a gate fails" in (broken / "report.html").read_text()
    assert not json.loads((broken / "report.json").read_bytes())["passed"]


def test_what_cannot_be_checked_gets_one_sentence(library, tmp_path):
    with pytest.raises(StoreError, match="holds no brirs folder"):
        check_library(CheckRequest(tmp_path))
    (tmp_path / "brirs").mkdir()
    with pytest.raises(StoreError, match="no finished run"):
        check_library(CheckRequest(tmp_path))
    with pytest.raises(SpecError, match="give 1 or more"):
        check_library(CheckRequest(library, rooms=0))


def test_rooms_are_chosen_evenly_with_both_ends():
    assert sorted(choose_deep(101, 5)) == [0, 25, 50, 75, 100]
    assert sorted(choose_deep(3, 200)) == [0, 1, 2]
    assert sorted(choose_deep(10_000, 1)) == [0]


def test_a_head_that_was_named_and_is_not_there_is_an_error_at_once(library):
    with pytest.raises(HrtfError, match="nobody"):
        examine(library, hrtf="nobody")
