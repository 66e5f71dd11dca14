"""SOFA files of measured rooms: every sign of their geometry, which ear is which, and what is not told."""

import numpy as np
import pytest
from measured_rooms import CONVENTIONS, EARS, HEAD_M, SIZE_M, SOURCES_M, YAWS_DEG, make_sofa, render_truth, write_sofa

from twnm_schemas.geometry import direction_of, rotation_matrix, to_listener_frame
from twnm_sim.measured.run import open_set
from twnm_sim.measured.sets import Given

CLICK_S = np.eye(1, 64, 8)[0]


@pytest.fixture(scope="module")
def truth():
    return render_truth()


def open_file(path, **given):
    return open_set(str(path), Given(**given))


def angles(pose):
    return np.array([[s.azimuth_deg, s.elevation_deg, s.lateral_deg, s.distance_m] for s in pose.sources])


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_every_convention_gives_the_same_poses_directions_and_responses(truth, tmp_path, convention):
    one = open_file(write_sofa(tmp_path / "hall.sofa", CONVENTIONS[convention](truth)))
    assert len(one.poses) == len(YAWS_DEG)
    for pose, angles_E4, brirs_ECK in zip(one.poses, truth.angles_ME4, truth.brirs_MECK, strict=True):
        assert np.allclose(angles(pose), angles_E4, atol=1e-6)
        assert np.allclose(one.read(pose), brirs_ECK)
    assert (one.sample_rate, one.head, one.license) == (44100, "KEMAR", "CC-BY-4.0")
    assert one.citation == "A. Author, A room, 2020"


def test_a_shoebox_whose_corners_are_told_gives_size_listener_and_positions(truth, tmp_path):
    one = open_file(write_sofa(tmp_path / "hall.sofa", CONVENTIONS["SingleRoomMIMOSRIR"](truth)))
    for pose, yaw in zip(one.poses, YAWS_DEG, strict=True):
        assert pose.size_m == pytest.approx(SIZE_M)
        assert pose.listener.position_m == pytest.approx(HEAD_M)
        turns = (pose.listener.yaw_deg, pose.listener.pitch_deg, pose.listener.roll_deg)
        assert turns == pytest.approx((yaw, 0.0, 0.0), abs=1e-9)
        assert np.allclose([source.position_m for source in pose.sources], SOURCES_M)


def test_corners_that_leave_something_outside_tell_nothing(truth, tmp_path):
    small = CONVENTIONS["SingleRoomMIMOSRIR"](truth, RoomCornerB=np.array([[4.0, 4.0, 3.0]]))
    pose = open_file(write_sofa(tmp_path / "small.sofa", small)).poses[0]
    assert (pose.size_m, pose.listener, pose.sources[0].position_m) == (None, None, None)
    assert pose.sources[0].distance_m is not None


def test_corners_that_were_never_set_tell_nothing_even_where_all_fits(tmp_path):
    places = {"ListenerPosition": np.array([[0.3, 0.5, 1.5]]), "SourcePosition": np.array([[0.7, 1.5, 1.5]])}
    for corner, size_m in (([1.0, 2.0, 3.0], None), ([1.0, 2.0, 3.1], (1.0, 2.0, 3.1))):
        sofa = make_click(**places, RoomCornerB=np.array([corner]))
        assert open_file(write_sofa(tmp_path / "click.sofa", sofa)).poses[0].size_m == size_m


def make_click(**values):
    """One loudspeaker 2 m along the room's +x, one measurement, a click at both ears."""
    given = {
        "Data_IR": np.stack([CLICK_S, 0.5 * CLICK_S])[None],
        "Data_SamplingRate": 44100,
        "Data_Delay": np.zeros((1, 2)),
        "ReceiverPosition": EARS,
        "ReceiverPosition_Type": "cartesian",
        "ReceiverPosition_Units": "metre",
        "ListenerPosition": np.zeros((1, 3)),
        "SourcePosition": np.array([[2.0, 0.0, 0.0]]),
    }
    return make_sofa("SingleRoomSRIR", **{**given, **values})


SPHERICAL = {"ListenerView_Type": "spherical", "ListenerView_Units": "degree, degree, metre"}


@pytest.mark.parametrize(
    ("values", "azimuth_deg", "elevation_deg", "distance_m"),
    [
        ({}, 0.0, 0.0, 2.0),
        ({"SourcePosition": np.array([[0.0, 2.0, 0.0]])}, 90.0, 0.0, 2.0),
        ({"SourcePosition": np.array([[0.0, -2.0, 0.0]])}, 270.0, 0.0, 2.0),
        ({"SourcePosition": np.array([[1.0, 0.0, 1.0]])}, 0.0, 45.0, np.sqrt(2.0)),
        ({"ListenerPosition": np.array([[1.0, 1.0, 0.0]])}, 315.0, 0.0, np.sqrt(2.0)),
        ({"ListenerView": np.array([[0.0, 1.0, 0.0]])}, 270.0, 0.0, 2.0),
        (
            {"ListenerView": np.array([[90.0, 0.0, 1.0]]), "ListenerUp": np.array([[0.0, 90.0, 1.0]]), **SPHERICAL},
            270.0,
            0.0,
            2.0,
        ),
        ({"ListenerUp": np.array([[0.0, 1.0, 0.0]]), "SourcePosition": np.array([[0.0, 2.0, 0.0]])}, 0.0, 90.0, 2.0),
        ({"ListenerView": np.array([[1.0, 0.0, -1.0]]), "ListenerUp": np.array([[1.0, 0.0, 1.0]])}, 0.0, 45.0, 2.0),
        ({"EmitterPosition": np.array([[90.0, 0.0, 2.0]])}, 45.0, 0.0, np.sqrt(8.0)),
        (
            {"EmitterPosition": np.array([[90.0, 0.0, 2.0]]), "SourceView": np.array([[-1.0, 0.0, 0.0]])},
            315.0,
            0.0,
            np.sqrt(8.0),
        ),
        (
            {
                "SourcePosition": np.array([[30.0, 10.0, 3.0]]),
                "SourcePosition_Type": "spherical",
                "SourcePosition_Units": "degree, degree, metre",
            },
            30.0,
            10.0,
            3.0,
        ),
    ],
)
def test_the_sign_of_every_turn_and_place(tmp_path, values, azimuth_deg, elevation_deg, distance_m):
    one = open_file(write_sofa(tmp_path / "click.sofa", make_click(**values)))
    (pose,) = one.poses
    found = angles(pose)[0]
    assert (found[0] - azimuth_deg + 180.0) % 360.0 == pytest.approx(180.0, abs=1e-6)
    assert found[1] == pytest.approx(elevation_deg, abs=1e-6)
    assert found[3] == pytest.approx(distance_m)


@pytest.mark.parametrize("turn", [(20.0, 0.0, 0.0), (0.0, 30.0, 0.0), (0.0, 0.0, 25.0), (200.0, -35.0, 40.0)])
def test_a_listener_who_bows_and_leans_is_turned_as_the_record_says(tmp_path, turn):
    rotation = np.array(rotation_matrix(*turn))
    source, head = np.array([3.0, 2.5, 2.0]), np.array([2.0, 1.0, 1.5])
    values = {
        "ListenerPosition": head[None],
        "ListenerView": rotation[None, :, 0],
        "ListenerUp": rotation[None, :, 2],
        "SourcePosition": source[None],
        "RoomCornerA": np.array([[-1.0, 4.0, 0.0]]),
        "RoomCornerB": np.array([[5.0, -0.5, 3.0]]),
    }
    (pose,) = open_file(write_sofa(tmp_path / "click.sofa", make_click(**values))).poses
    listener = pose.listener
    assert (listener.yaw_deg, listener.pitch_deg, listener.roll_deg) == pytest.approx(turn)
    assert pose.size_m == pytest.approx((6.0, 4.5, 3.0))
    assert listener.position_m == pytest.approx((3.0, 1.5, 1.5))
    assert pose.sources[0].position_m == pytest.approx((4.0, 3.0, 2.0))
    expected = direction_of(to_listener_frame(rotation_matrix(*turn), tuple((source - head).tolist())))
    assert angles(pose)[0] == pytest.approx([*expected[:2], expected.lateral_deg, expected.distance_m])


def test_the_left_ear_is_the_receiver_on_the_left_whatever_its_number(tmp_path):
    usual = open_file(write_sofa(tmp_path / "usual.sofa", make_click()))
    turned = open_file(write_sofa(tmp_path / "turned.sofa", make_click(ReceiverPosition=EARS[::-1].copy())))
    (left,), (swapped,) = usual.read(usual.poses[0]), turned.read(turned.poses[0])
    assert left[0].max() > left[1].max()
    assert np.array_equal(swapped, left[::-1])


def test_delays_are_applied(tmp_path):
    one = open_file(write_sofa(tmp_path / "late.sofa", make_click(Data_Delay=np.array([[3.0, 40.0]]))))
    assert np.argmax(one.read(one.poses[0])[0], axis=-1).tolist() == [11, 48]


def test_delays_stay_with_the_ear_and_emitter_that_they_are_of(truth, tmp_path):
    delay = np.zeros((1, 2, len(SOURCES_M)))
    delay[0, 1, 2] = 30.0  # the left ear of the third loudspeaker, whose receiver is the second here
    sofa = CONVENTIONS["MultiSpeakerBRIR"](truth, Data_Delay=delay, ReceiverPosition=EARS[::-1].copy())
    one = open_file(write_sofa(tmp_path / "late.sofa", sofa))
    found_ECK = one.read(one.poses[0])
    expected_ECK = truth.brirs_MECK[0][:, ::-1]
    taps = expected_ECK.shape[-1]
    assert np.allclose(found_ECK[2, 0, 30 : taps + 30], expected_ECK[2, 0])
    assert not found_ECK[2, 0, :30].any()
    assert np.allclose(found_ECK[2, 1, :taps], expected_ECK[2, 1])
    assert np.allclose(found_ECK[1, :, :taps], expected_ECK[1])


def test_loudspeakers_of_a_source_that_was_never_set_count_from_the_origin(truth, tmp_path):
    unset = {
        "SourcePosition": np.array([[0.0, 0.0, 1.0]]),
        "SourcePosition_Type": "spherical",
        "SourcePosition_Units": "degree, degree, metre",
    }
    one = open_file(write_sofa(tmp_path / "hall.sofa", CONVENTIONS["MultiSpeakerBRIR"](truth, **unset)))
    assert np.allclose(angles(one.poses[0]), truth.angles_ME4[0], atol=1e-6)


def test_the_name_of_the_room_is_the_one_given_else_the_file_s_field_else_its_name(truth, tmp_path):
    named = write_sofa(tmp_path / "hall.sofa", CONVENTIONS["SingleRoomSRIR"](truth))
    plain = write_sofa(tmp_path / "attic.sofa", CONVENTIONS["MultiSpeakerBRIR"](truth))
    assert open_file(named).poses[0].room == "Studio 3"
    assert open_file(plain).poses[0].room == "attic"
    assert open_file(plain, room="Attic of 1890").poses[0].room == "Attic of 1890"


@pytest.mark.parametrize(
    ("field", "override", "spdx"),
    [
        ("CC BY-NC 4.0", None, "CC-BY-NC-4.0"),
        ("No license provided, ask the author for permission", None, "LicenseRef-unknown"),
        ("No license provided", "CC0-1.0", "CC0-1.0"),
    ],
)
def test_the_licence_is_read_or_given(tmp_path, field, override, spdx):
    path = write_sofa(tmp_path / "click.sofa", make_click(GLOBAL_License=field))
    assert open_file(path, license=override).license == spdx


def test_what_is_given_stands_before_what_the_file_says(tmp_path):
    origin = "https://example.org/rooms"
    path = write_sofa(tmp_path / "click.sofa", make_click(GLOBAL_Origin=origin))
    assert open_file(path).source_url == origin
    given = open_file(path, head="Neumann KU100", citation="B. Author, 2021", source_url="https://example.org/x")
    assert (given.head, given.citation, given.source_url) == (
        "Neumann KU100",
        "B. Author, 2021",
        "https://example.org/x",
    )


def test_a_file_from_a_url_is_named_by_the_url_and_not_by_where_it_is_kept(tmp_path, monkeypatch):
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    monkeypatch.setenv("TWNM_CACHE", str(tmp_path / "cache"))
    write_sofa(tmp_path / "small hall.sofa", make_click())
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/small%20hall.sofa"
        one = open_set(url, Given())
        server.shutdown()
    assert (one.name, one.poses[0].room, one.source_url) == ("small hall.sofa", "small hall", url)
