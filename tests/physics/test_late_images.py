"""`--tail images` to its end: its decay is that of the float64 coherent sum of the same images."""

import numpy as np
import pytest
from physics_cases import TABLE, TURNED, draw_scene, open_head
from reference_renderer import octave_decay_db, sum_reference, sum_reference_long

from twnm_schemas import Listener, Room
from twnm_schemas.geometry import OCTAVE_CENTRES_HZ
from twnm_sim import render_brirs
from twnm_sim.render.receivers import prepare_head

GATE_DB = 0.5


def largest_difference_db(response_CK, reference_CK, rate):
    """Of the two decay curves of any octave, down to -40 dB, and the octave."""
    differences = []
    for centre in OCTAVE_CENTRES_HZ:
        ours_K, theirs_K = (octave_decay_db(h_CK, rate, centre) for h_CK in (response_CK, reference_CK))
        assert theirs_K[-1] < -40.0
        differences.append((float(np.abs(ours_K - theirs_K)[theirs_K > -40.0].max()), centre))
    return max(differences)


def render(room, listener, source, hrtf, duration_s, air=False):
    return render_brirs(
        room,
        listener,
        [source],
        hrtf,
        sample_rate=hrtf.sample_rate,
        duration_s=duration_s,
        tail="images",
        air_absorption=air,
        highpass_hz=0.0,
    )[0]


def assert_decays_as_the_sum(room, listener, source, hrtf, duration_s):
    taps = round(duration_s * hrtf.sample_rate)
    reference_CK = sum_reference_long(room, listener, source, hrtf, taps)
    response_CK = render(room, listener, source, hrtf, duration_s)
    difference_db, centre_hz = largest_difference_db(response_CK, reference_CK, hrtf.sample_rate)
    assert difference_db < GATE_DB, f"{centre_hz} Hz"


def test_it_decays_as_the_coherent_sum(hrtf):
    room = Room(size_m=(3.8, 4.6, 2.9), absorption=0.3)
    listener, source = Listener(position_m=(1.52, 2.8, 1.6), **TURNED), (2.85, 1.4, 1.1)
    assert_decays_as_the_sum(room, listener, source, hrtf, 0.32)


@pytest.mark.parametrize("seed", range(2))
def test_it_does_so_with_other_walls_and_places(kemar, seed):
    rng = np.random.default_rng(seed)
    room = Room(
        size_m=tuple(rng.uniform((3.5, 4.0, 2.5), (4.5, 5.0, 3.2)).tolist()), absorption=(0.3, 0.4, 0.2, 0.5, 0.2, 0.4)
    )
    assert_decays_as_the_sum(room, *draw_scene(room, rng), kemar, 0.3)


@pytest.mark.parametrize("name", ["kemar", "spherical-head"])
def test_it_does_so_in_the_very_middle_of_a_room(name):
    """Where images come in pairs and quadruples at the same instant, which makes the most of every error of phase."""
    hrtf = open_head(name, 44100)
    room, listener = Room(size_m=(4.0, 5.0, 3.0), absorption=0.25), Listener(position_m=(2.0, 2.5, 1.3), yaw_deg=90.0)
    assert_decays_as_the_sum(room, listener, (3.0, 2.5, 1.3), hrtf, 0.39)


def test_these_rooms_are_crowded_enough_to_go_through_the_late_buffers(kemar):
    late = prepare_head(kemar).late
    block_s = late.block / 44100.0
    last_m, first_m = 343.0 * 0.3, 343.0 * (0.3 - block_s)
    images = 4.0 / 3.0 * np.pi * (last_m**3 - first_m**3) / (3.8 * 4.6 * 2.9)
    assert late.prefers_buffers(images)


def test_walls_by_octave_and_air_hold_past_the_mixing_time(hrtf):
    room = Room(size_m=(9.0, 7.5, 5.0), absorption=np.maximum(TABLE, 0.35).tolist())
    listener, source = Listener(position_m=(3.0, 4.5, 1.6), **TURNED), (6.0, 2.0, 1.1)
    taps = round(0.22 * hrtf.sample_rate)
    reference_CK = sum_reference(room, listener, source, hrtf, taps, air=True)
    response_CK = render(room, listener, source, hrtf, 0.22, air=True)
    difference_db, centre_hz = largest_difference_db(response_CK, reference_CK, hrtf.sample_rate)
    assert difference_db < GATE_DB, f"{centre_hz} Hz"
