"""`--tail diffuse` decays, over many positions, as the energies of all image sources do."""

import numpy as np
import pytest
from incoherent_reference import IncoherentSum, compare_decays
from physics_cases import MILD_TABLE, TURNED, draw_sources, open_head
from reference_renderer import octave_energy
from twnm_schemas import Atmosphere, Listener, Room
from twnm_schemas.geometry import OCTAVE_CENTRES_HZ
from twnm_sim import render_brirs
from twnm_sim.render.tail import mixing_time_s

POSITIONS = 30
GATED = tuple(band for band, centre in enumerate(OCTAVE_CENTRES_HZ) if centre >= 1000.0)
MIDDLE, CORNER = (3.6, 4.1, 1.6), (0.3, 0.4, 0.5)
# head, rate, size, absorption, air, listener, seconds
CASES = {
    "flat-air": ("kemar", 44100, (8.1, 6.3, 4.2), 0.40, True, MIDDLE, 0.30),
    "flat": ("kemar", 48000, (8.1, 6.3, 4.2), 0.40, False, CORNER, 0.30),
    "table": ("kemar", 44100, (8.1, 6.3, 4.2), MILD_TABLE, False, MIDDLE, 0.30),
    "table-air": ("fabian_358", 44100, (8.1, 6.3, 4.2), MILD_TABLE, True, MIDDLE, 0.30),
    "small": ("fabian_358", 48000, (4.1, 5.3, 2.7), 0.50, True, (1.6, 3.2, 1.5), 0.19),
    "large": ("kemar", 44100, (21.0, 27.0, 11.0), 0.40, True, (9.0, 16.0, 1.6), 0.75),
}


def pool(case, output="binaural"):
    """(pooled responses (S, C, K), the incoherent sum of the same positions, rate)."""
    name, rate, size_m, absorption, air, listener_m, duration_s = CASES[case]
    room, listener = Room(size_m=size_m, absorption=absorption), Listener(position_m=listener_m, **TURNED)
    hrtf = open_head(name, rate) if output == "binaural" else None
    sources = draw_sources(room, listener, POSITIONS, np.random.default_rng(3))
    response_SCK = render_brirs(
        room,
        listener,
        sources,
        hrtf,
        sample_rate=rate,
        duration_s=duration_s,
        tail="diffuse",
        air_absorption=air,
        output=output,
    )
    expected = IncoherentSum(room, listener, hrtf, rate, response_SCK.shape[2], air=air)
    for source in sources:
        expected.add(source)
    return response_SCK, expected, rate


@pytest.mark.parametrize("case", CASES)
def test_pooled_over_thirty_positions_it_decays_as_the_images_do(case):
    response_SCK, expected, rate = pool(case)
    energy_BW = expected.octave_energies()
    found = {
        OCTAVE_CENTRES_HZ[band]: compare_decays(octave_energy(response_SCK, rate, OCTAVE_CENTRES_HZ[band]), energy_BW[band])
        for band in range(len(OCTAVE_CENTRES_HZ))
    }
    print({centre: round(difference, 2) for centre, difference in found.items()})
    assert all(abs(found[OCTAVE_CENTRES_HZ[band]]) < 1.0 for band in GATED), found


@pytest.mark.parametrize("output", ["mono", "foa"])
def test_microphones_tails_continue_at_the_level_of_the_images(output):
    """The noise alone, from 20 ms after the mixing time on, against the images' energy in the same stretch."""
    case = "flat-air"
    response_SCK, expected, rate = pool(case, output)
    room = Room(size_m=CASES[case][2], absorption=CASES[case][3])
    first = int((mixing_time_s(room, Atmosphere().speed_of_sound) + 0.02) * rate)
    stretch = slice(first, first + int(0.1 * rate))
    energy_BW = expected.octave_energies()
    for band in GATED:
        wanted = energy_BW[band][stretch.start // 16 : stretch.stop // 16].sum()
        by_channel_C = [
            octave_energy(response_SCK[:, c], rate, OCTAVE_CENTRES_HZ[band])[stretch].sum()
            for c in range(response_SCK.shape[1])
        ]
        assert abs(10.0 * np.log10(by_channel_C[0] / wanted)) < 1.0
        if output == "foa":  # SN3D: a diffuse field's three gradients together are as strong as its pressure
            assert abs(10.0 * np.log10(sum(by_channel_C[1:]) / wanted)) < 1.0
