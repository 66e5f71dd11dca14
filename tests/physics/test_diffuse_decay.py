"""`--tail diffuse` decays, over many positions, as the energies of all image sources do."""

import numpy as np
import pytest
from incoherent_reference import BIN, IncoherentSum, compare_decays
from physics_cases import MILD_TABLE, TURNED, UNEVEN_TABLE, draw_point, draw_sources, open_head
from reference_renderer import octave_energy

from twnm_schemas import Atmosphere, Listener, Room
from twnm_schemas.geometry import OCTAVE_CENTRES_HZ
from twnm_sim import render_brirs
from twnm_sim.render.tail import mixing_time_s

POSITIONS = 30
GATED = {centre: band for band, centre in enumerate(OCTAVE_CENTRES_HZ) if centre >= 1000.0}
# head, rate, size, absorption, air, seconds
CASES = {
    "flat-air": ("kemar", 44100, (8.1, 6.3, 4.2), 0.40, True, 0.30),
    "flat": ("kemar", 48000, (8.1, 6.3, 4.2), 0.40, False, 0.30),
    "table": ("kemar", 44100, (8.1, 6.3, 4.2), MILD_TABLE, False, 0.30),
    "table-air": ("fabian_358", 44100, (8.1, 6.3, 4.2), MILD_TABLE, True, 0.30),
    "small": ("fabian_358", 48000, (4.1, 5.3, 2.7), 0.30, True, 0.27),
    "dry": ("fabian_358", 48000, (4.1, 5.3, 2.7), 0.50, True, 0.18),
    "uneven": ("kemar", 44100, (8.1, 6.3, 4.2), UNEVEN_TABLE, True, 0.40),
    "low-rate": ("kemar", 16000, (8.1, 6.3, 4.2), 0.40, True, 0.30),
    "large": ("kemar", 44100, (21.0, 27.0, 11.0), 0.40, True, 0.75),
}


def pool(case, scenes, output="binaural"):
    """(responses (S, C, K), the incoherent sum of the same positions) of (listener, sources) in a case's room."""
    name, rate, size_m, absorption, air, duration_s = CASES[case]
    room, hrtf = Room(size_m=size_m, absorption=absorption), open_head(name, rate) if output == "binaural" else None
    expected = IncoherentSum(room, hrtf, rate, round(duration_s * rate), air=air)
    settings = {
        "sample_rate": rate,
        "duration_s": duration_s,
        "tail": "diffuse",
        "output": output,
        "air_absorption": air,
    }
    responses = []
    for number, (listener, sources) in enumerate(scenes):
        responses.append(render_brirs(room, listener, sources, hrtf, seed=number, **settings))
        for source in sources:
            expected.add(listener, source)
    return np.concatenate(responses), expected


def scatter(case, seed):
    """Ten listeners with three sources each: the interference that a single head hears averages out."""
    room, rng = Room(size_m=CASES[case][2], absorption=0.5), np.random.default_rng(seed)
    listeners = [
        Listener(position_m=draw_point(room, rng), yaw_deg=float(rng.uniform(0, 360)), pitch_deg=10.0, roll_deg=-8.0)
        for _ in range(POSITIONS // 3)
    ]
    return [(listener, draw_sources(room, listener, 3, rng)) for listener in listeners]


def after_mixing(case, sample_rate):
    """Samples of the tail alone, past its fade-in."""
    room = Room(size_m=CASES[case][2], absorption=0.5)
    first = int((mixing_time_s(room, Atmosphere().speed_of_sound) + 0.02) * sample_rate)
    return slice(first - first % BIN, None)


@pytest.mark.parametrize("case", [case for case in CASES if case != "dry"])
def test_pooled_over_thirty_positions_it_decays_as_the_images_do(case):
    rate = CASES[case][1]
    response_SCK, expected = pool(case, scatter(case, seed=3))
    found = {
        centre: compare_decays(octave_energy(response_SCK, rate, centre), energy_W)
        for centre, energy_W in zip(OCTAVE_CENTRES_HZ, expected.octave_energies(), strict=True)
        if centre * 2.0 <= rate / 2.0
    }
    print({centre: round(difference, 2) for centre, difference in found.items()})
    assert all(abs(found[centre]) < 1.0 for centre in GATED if centre in found), found


@pytest.mark.parametrize(
    ("case", "place_m"),
    [
        ("flat-air", (3.6, 4.1, 1.6)),
        ("flat-air", (0.3, 0.4, 0.5)),
        ("dry", (1.6, 3.2, 1.5)),
        ("large", (9.0, 16.0, 1.6)),
    ],
    ids=["middle", "corner", "dry", "large"],
)
def test_around_one_listener_the_tail_has_the_level_that_the_images_have(case, place_m):
    """As in a library's room, and for the tail alone.

    One head among its walls hears the same interference from every source, and in small dry rooms the exact coherent
    sum lies up to 1.4 dB below the incoherent one at 1 kHz however many positions are pooled: early parts, which are
    exact, may differ from an incoherent sum by more than a decibel. The tail must not.
    """
    rate, room, listener = (
        CASES[case][1],
        Room(size_m=CASES[case][2], absorption=0.5),
        Listener(position_m=place_m, **TURNED),
    )
    sources = draw_sources(room, listener, POSITIONS, np.random.default_rng(9))
    response_SCK, expected = pool(case, [(listener, sources)])
    tail = after_mixing(case, rate)
    energy_BW = expected.octave_energies()
    for centre, band in GATED.items():
        ours_K = octave_energy(response_SCK, rate, centre)[tail]
        theirs_W = energy_BW[band][tail.start // BIN :]
        level_db = 10.0 * np.log10(ours_K.sum() / theirs_W.sum())
        assert abs(level_db) < 1.0
        assert abs(level_db + compare_decays(ours_K, theirs_W, floor_db=-15.0)) < 1.0


@pytest.mark.parametrize("output", ["mono", "foa"])
def test_microphones_tails_go_on_at_the_level_of_the_images(output):
    case = "flat-air"
    room, listener = Room(size_m=CASES[case][2], absorption=0.5), Listener(position_m=(3.6, 4.1, 1.6), **TURNED)
    sources = draw_sources(room, listener, POSITIONS, np.random.default_rng(9))
    response_SCK, expected = pool(case, [(listener, sources)], output)
    tail = after_mixing(case, 44100)
    energy_BW = expected.octave_energies()
    for centre, band in GATED.items():
        wanted = energy_BW[band][tail.start // BIN :].sum()
        channels_SK = response_SCK.transpose(1, 0, 2)
        pressure, *gradients = (octave_energy(one_SK, 44100, centre)[tail].sum() for one_SK in channels_SK)
        assert abs(10.0 * np.log10(pressure / wanted)) < 1.0
        if output == "foa":  # SN3D: the three gradients of a plane wave together are as strong as its pressure
            assert abs(10.0 * np.log10(sum(gradients) / wanted)) < 1.0
