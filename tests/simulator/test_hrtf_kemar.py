import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import twnm_sim.hrtf
from twnm_schemas import SpecError
from twnm_sim.hrtf import hrtf_names, load_hrtf
from twnm_sim.hrtf.measures import diffuse_gain, find_onsets, mean_latency
from twnm_sim.hrtf.resample import delay_hrirs

FABIAN_358 = Path(__file__).parents[3] / "shared" / "data" / "hrtf" / "fabian_358.sofa"


@pytest.fixture(scope="module")
def kemar():
    return load_hrtf("kemar")


def nearest(hrtf, vector):
    return int(np.argmax(hrtf.directions_D3 @ np.array(vector, dtype=float)))


def test_the_file_is_the_reviewed_one_with_its_terms_beside_it(kemar):
    data = Path(twnm_sim.hrtf.__file__).with_name("data")
    assert hashlib.sha256((data / "MIT_KEMAR_normal_pinna.sofa").read_bytes()).hexdigest() == kemar.info.sha256
    terms = " ".join((data / "KEMAR-TERMS.txt").read_text().split())
    assert "provided free with no restrictions on use, provided the authors are cited" in terms
    assert kemar.info.license == "LicenseRef-MIT-KEMAR"
    assert "Gardner" in kemar.info.citation
    assert (kemar.info.name, kemar.info.directions, kemar.info.taps) == ("kemar", 710, 512)
    assert kemar.info.measured_distance_m == pytest.approx(1.4)
    assert kemar.info.lowest_elevation_deg == pytest.approx(-40.0)


def test_arrays_are_read_only_and_typed(kemar):
    arrays = (kemar.hrirs_DCK, kemar.directions_D3, kemar.solid_angles_D, kemar.onsets_s_DC)
    assert [a.dtype.name for a in arrays] == ["float32", "float64", "float64", "float64"]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0
    np.testing.assert_allclose(np.linalg.norm(kemar.directions_D3, axis=1), 1.0, rtol=1e-12)
    assert kemar.solid_angles_D.sum() == pytest.approx(4.0 * np.pi)


def test_the_left_ear_leads_and_is_louder_for_a_source_at_the_left(kemar):
    left, right = kemar.hrirs_DCK[nearest(kemar, (0, 1, 0))]
    assert 1e6 * (np.argmax(np.abs(right)) - np.argmax(np.abs(left))) / 44100 == pytest.approx(700.0, abs=60.0)
    assert np.sum(left**2) > 10.0 * np.sum(right**2)
    onsets = kemar.onsets_s_DC[nearest(kemar, (0, 1, 0))]
    assert 550e-6 < onsets[1] - onsets[0] < 750e-6


def test_the_set_is_exactly_mirror_symmetric(kemar):
    rows = {tuple(v): i for i, v in enumerate(kemar.directions_D3)}
    mirrored = [rows[(x, -y + 0.0, z)] for x, y, z in kemar.directions_D3]
    assert np.array_equal(kemar.hrirs_DCK[mirrored][:, ::-1], kemar.hrirs_DCK)
    np.testing.assert_allclose(kemar.solid_angles_D[mirrored], kemar.solid_angles_D, rtol=1e-6)


def test_what_lies_below_the_lowest_ring_weighs_on_it(kemar):
    """The ring at -40 degrees answers for everything below: half a step up, and the whole cap down."""
    ring = np.isclose(kemar.directions_D3[:, 2], np.sin(np.radians(-40.0)))
    cap = 2.0 * np.pi * (1.0 + np.sin(np.radians(-35.0)))
    assert kemar.solid_angles_D[ring].sum() == pytest.approx(cap, rel=0.01)


def test_latency_and_gain_of_a_known_set():
    """Clicks: 20 samples late and half as loud at each ear."""
    clicks = np.zeros((6, 2, 64))
    clicks[..., 20] = 0.5
    weights = np.full(6, 4.0 * np.pi / 6.0)
    onsets = find_onsets(clicks, 44100)
    assert mean_latency(clicks, onsets, weights) == pytest.approx(19.1 / 44100)  # a tenth of the way up
    assert diffuse_gain(clicks, weights, 44100) == pytest.approx(-6.02, abs=0.01)


def test_latency_is_weighed_by_energy_and_solid_angle():
    clicks = np.zeros((2, 2, 64))
    clicks[0, :, 10], clicks[1, :, 40] = 1.0, 2.0
    onsets = find_onsets(clicks, 1000)
    assert mean_latency(clicks, onsets, np.array([3.0, 1.0])) == pytest.approx((3 * 9.1 + 4 * 39.1) / 7 / 1000)


@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.75])
def test_onsets_follow_fractions_of_a_sample(kemar, fraction):
    measured = kemar.hrirs_DCK.astype(np.float64)
    delayed = delay_hrirs(measured, np.full((710, 2), fraction))
    later = find_onsets(delayed, 1) - find_onsets(measured, 1)
    assert later.mean() == pytest.approx(fraction, abs=0.01)
    assert later.std() < 0.2


def test_kemar_latency_lies_where_its_responses_set_in(kemar):
    assert 28 <= kemar.info.latency_s * 44100 <= 38
    assert kemar.onset_s * 44100 == pytest.approx(28.0, abs=1.0)
    assert -3.0 < kemar.info.diffuse_gain_db < 3.0


def test_the_license_can_be_overridden_and_only_by_one_that_reads():
    assert load_hrtf("kemar", license="CC-BY-4.0").info.license == "CC-BY-4.0"
    assert load_hrtf("kemar", license="LicenseRef-ours").info.license == "LicenseRef-ours"
    with pytest.raises(SpecError, match="SPDX"):
        load_hrtf("kemar", license="ask my boss")


def test_an_odd_rate_is_refused():
    with pytest.raises(SpecError, match="sample rate of 100 Hz"):
        load_hrtf("kemar", sample_rate=100)


def test_importing_loads_nothing_heavy():
    heavy = ["sofar", "netCDF4", "pooch", "soxr", "scipy", "pyroomacoustics", "numba"]
    code = f"import sys, twnm_sim.hrtf, twnm_sim.rooms, twnm_sim.air; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_are_listed():
    assert hrtf_names() == ("kemar", "fabian", "spherical-head")


@pytest.mark.skipif(not FABIAN_358.is_file(), reason="needs ../shared/data/hrtf/fabian_358.sofa")
def test_a_set_of_two_planes_loads_with_its_own_licence():
    fabian = load_hrtf(FABIAN_358)
    assert (fabian.info.directions, fabian.info.license, fabian.info.name) == (358, "CC-BY-4.0", "fabian_358")
    assert fabian.solid_angles_D.sum() == pytest.approx(4.0 * np.pi)
    left, right = fabian.onsets_s_DC[nearest(fabian, (0, 1, 0))]
    assert 550e-6 < right - left < 800e-6
