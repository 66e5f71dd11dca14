"""The first 80 ms of both tails against a float64 sum of the same images with exact delays and losses."""

import numpy as np
import pytest
from physics_cases import TABLE, TURNED, UPSIDE, draw_scene
from reference_renderer import error_db, sum_reference

from twnm_schemas import Atmosphere, Listener, Room
from twnm_sim import render_brirs

SURFACES = (0.1, 0.3, 0.2, 0.6, 0.05, 0.9)
CASES = {
    "flat": (0.2, False, -50.0),
    "surfaces": (SURFACES, False, -50.0),
    "flat-air": (0.2, True, -40.0),
    "table": (TABLE, False, -40.0),
    "table-air": (TABLE, True, -40.0),
}


def early_error_db(room, listener, source, hrtf, tail, reference_CK, air, atmosphere=None):
    taps = reference_CK.shape[1]
    duration_s = taps / hrtf.sample_rate if tail == "images" else 0.2
    response_CK = render_brirs(
        room,
        listener,
        [source],
        hrtf,
        sample_rate=hrtf.sample_rate,
        duration_s=duration_s,
        tail=tail,
        air_absorption=air,
        atmosphere=atmosphere,
        highpass_hz=0.0,
    )[0]
    return error_db(response_CK[:, :taps], reference_CK, hrtf.sample_rate)


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_exact_sum(hrtf, case):
    absorption, air, gate_db = CASES[case]
    room = Room(size_m=(6.1, 5.3, 3.2), absorption=absorption)
    listener, source = Listener(position_m=(2.1, 2.3, 1.6), **TURNED), (3.7, 1.2, 1.4)
    reference_CK = sum_reference(room, listener, source, hrtf, int(0.08 * hrtf.sample_rate), air=air)
    for tail in ("images", "diffuse"):
        assert early_error_db(room, listener, source, hrtf, tail, reference_CK, air) < gate_db


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("absorption", [0.1, TABLE], ids=["flat", "table"])
def test_it_is_so_wherever_listener_and_source_may_be(hrtf, absorption, seed):
    rng = np.random.default_rng(seed)
    room = Room(size_m=tuple(rng.uniform((4.0, 5.0, 2.6), (12.0, 15.0, 6.0)).tolist()), absorption=absorption)
    listener, source = draw_scene(room, rng, nearest_m=0.12)
    reference_CK = sum_reference(room, listener, source, hrtf, int(0.08 * hrtf.sample_rate))
    gate_db = -50.0 if absorption == 0.1 else -40.0
    for tail in ("images", "diffuse"):
        assert early_error_db(room, listener, source, hrtf, tail, reference_CK, air=False) < gate_db


@pytest.mark.parametrize(
    ("size_m", "listener_m", "source_m"),
    [
        ((5.0, 4.0, 3.0), (2.5, 2.0, 1.5), (3.7, 2.0, 1.5)),  # symmetric: images coincide and lie on ties
        ((5.0, 4.0, 3.0), (0.1, 0.1, 0.1), (5.0, 4.0, 3.0)),  # head in one corner, source in the other
        ((3.0, 4.0, 2.5), (1.5, 1.5, 1.2), (1.62, 1.5, 1.2)),  # as near as a source may come
        ((0.9, 1.1, 2.1), (0.45, 0.5, 1.6), (0.2, 0.9, 0.4)),  # a cupboard: 20,000 images
    ],
    ids=["symmetric", "corners", "near", "cupboard"],
)
def test_it_is_so_at_the_edges_of_what_may_be(kemar, size_m, listener_m, source_m):
    room, listener = Room(size_m=size_m, absorption=SURFACES), Listener(position_m=listener_m, **UPSIDE)
    reference_CK = sum_reference(room, listener, source_m, kemar, 3528)
    for tail in ("images", "diffuse"):
        assert early_error_db(room, listener, source_m, kemar, tail, reference_CK, air=False) < -50.0


def test_warm_air_is_faster_and_the_sum_still_exact(kemar):
    air = Atmosphere(temperature_c=35.0, humidity_percent=20.0, pressure_kpa=90.0)
    room, listener, source = (
        Room(size_m=(6.1, 5.3, 3.2), absorption=0.2),
        Listener(position_m=(2.0, 2.3, 1.6)),
        (4.0, 4, 1),
    )
    reference_CK = sum_reference(room, listener, source, kemar, 3528, air=True, atmosphere=air)
    assert early_error_db(room, listener, source, kemar, "images", reference_CK, True, air) < -40.0
    assert early_error_db(room, listener, source, kemar, "images", reference_CK, True) > -10.0
