"""SOFA conventions, each with a file written for it: coordinates, units, head pose, ears, delays, duplicates, terms."""

import numpy as np
import pytest
import sofar

from twnm_sim.hrtf import load_hrtf

# front, left, back, right, up, a little left of the front
AZIMUTHS = np.array([0.0, 90.0, 180.0, 270.0, 0.0, 10.0])
ELEVATIONS = np.array([0.0, 0.0, 0.0, 0.0, 90.0, 0.0])
COSINE, SINE = np.cos(np.radians(10.0)), np.sin(np.radians(10.0))
EXPECTED = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0], [0, 0, 1], [COSINE, SINE, 0]])


def make_sofa():
    """Six directions; the response of ear c from direction d is a click of height d + 1 at sample 10 + c."""
    sofa = sofar.Sofa("SimpleFreeFieldHRIR")
    clicks = np.zeros((6, 2, 32))
    clicks[:, 0, 10] = clicks[:, 1, 11] = np.arange(1.0, 7.0)
    sofa.Data_IR = clicks
    sofa.Data_SamplingRate = 44100
    sofa.SourcePosition = np.stack([AZIMUTHS, ELEVATIONS, np.full(6, 1.5)], axis=1)
    sofa.ReceiverPosition = np.array([[0.0, 0.09, 0.0], [0.0, -0.09, 0.0]])
    sofa.GLOBAL_License = "CC BY 3.0"
    sofa.GLOBAL_References = "A. Person,\na measurement, 2020"
    return sofa


@pytest.fixture
def load(tmp_path):
    def write_and_load(sofa, **options):
        path = tmp_path / "made here.sofa"
        sofar.write_sofa(path, sofa)
        return load_hrtf(path, **options)

    return write_and_load


def test_spherical_positions_and_metadata(load):
    hrtf = load(make_sofa())
    np.testing.assert_allclose(hrtf.directions_D3, EXPECTED, atol=1e-12)
    assert hrtf.hrirs_DCK[3, 0, 10] == hrtf.hrirs_DCK[3, 1, 11] == 4.0
    assert np.count_nonzero(hrtf.hrirs_DCK) == 12
    assert hrtf.info.name == "made here"
    assert hrtf.info.license == "CC-BY-3.0"
    assert hrtf.info.citation == "A. Person, a measurement, 2020"
    assert hrtf.info.source_url == ""
    assert hrtf.info.measured_distance_m == pytest.approx(1.5)


def test_cartesian_positions(load):
    sofa = make_sofa()
    sofa.SourcePosition = 2.0 * EXPECTED
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "cartesian", "metre"
    hrtf = load(sofa)
    np.testing.assert_allclose(hrtf.directions_D3, EXPECTED, atol=1e-12)
    assert hrtf.info.measured_distance_m == pytest.approx(2.0)


def test_spelling_of_units_does_not_matter(load, tmp_path):
    import netCDF4

    load(make_sofa())
    with netCDF4.Dataset(tmp_path / "made here.sofa", "r+") as file:
        file["SourcePosition"].Units = "radians,radians,meters"
        file["SourcePosition"][:, :2] = np.radians(file["SourcePosition"][:, :2])
    np.testing.assert_allclose(load_hrtf(tmp_path / "made here.sofa").directions_D3, EXPECTED, atol=1e-9)


def test_positions_are_seen_from_where_the_listener_sits(load):
    sofa = make_sofa()
    offset = np.array([[0.3, -0.2, 1.2]])
    sofa.SourcePosition = 2.0 * EXPECTED + offset
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "cartesian", "metre"
    sofa.ListenerPosition = offset
    np.testing.assert_allclose(load(sofa).directions_D3, EXPECTED, atol=1e-12)


def test_a_listener_who_looks_left_hears_the_left_in_front(load):
    sofa = make_sofa()
    sofa.ListenerView = np.array([[0.0, 1.0, 0.0]])
    turned = np.stack([EXPECTED[:, 1], -EXPECTED[:, 0], EXPECTED[:, 2]], axis=1)
    np.testing.assert_allclose(load(sofa).directions_D3, turned, atol=1e-12)


def test_a_view_in_spherical_coordinates_that_tilts_the_head(load):
    """Looking straight up with the crown to the back: what was above is in front, what was in front is below."""
    sofa = make_sofa()
    sofa.ListenerView = np.array([[0.0, 90.0, 1.0]])
    sofa.ListenerView_Type, sofa.ListenerView_Units = "spherical", "degree, degree, metre"
    sofa.ListenerUp = np.array([[180.0, 0.0, 1.0]])
    tilted = np.stack([EXPECTED[:, 2], EXPECTED[:, 1], -EXPECTED[:, 0]], axis=1)
    np.testing.assert_allclose(load(sofa).directions_D3, tilted, atol=1e-12)


def test_the_left_ear_comes_first_however_the_file_orders_them(load):
    sofa = make_sofa()
    sofa.ReceiverPosition = np.array([[0.0, -0.09, 0.0], [0.0, 0.09, 0.0]])
    sofa.Data_Delay = np.array([[5.0, 0.0]])
    hrtf = load(sofa)
    assert np.flatnonzero(hrtf.hrirs_DCK[0, 0]).tolist() == [11]
    assert np.flatnonzero(hrtf.hrirs_DCK[0, 1]).tolist() == [15]


def test_one_delay_for_all_directions_and_one_for_each(load):
    sofa = make_sofa()
    sofa.Data_Delay = np.array([[3.0, 8.0]])
    common = load(sofa)
    assert common.hrirs_DCK[2, 0, 13] == common.hrirs_DCK[2, 1, 19] == 3.0
    assert common.info.taps == 32 + 8
    sofa.Data_Delay = np.arange(12.0).reshape(6, 2)
    each = load(sofa)
    assert [int(np.flatnonzero(row)[0]) for row in each.hrirs_DCK[:, 1]] == [11 + delay for delay in range(1, 12, 2)]


def test_a_fractional_delay_moves_the_response_by_a_fraction(load):
    sofa = make_sofa()
    sofa.Data_Delay = np.array([[20.5, 20.0]])
    left, right = load(sofa).hrirs_DCK[0].astype(float)
    assert right[31] == 1.0
    assert left[30] == pytest.approx(left[31], rel=1e-3)  # a click half way between two samples
    assert np.sum(left) == pytest.approx(1.0, abs=1e-3)


def test_of_a_repeated_direction_the_first_measurement_is_kept(load):
    sofa = make_sofa()
    positions = sofa.SourcePosition.copy()
    positions[5] = [360.0, 0.0, 1.5]
    sofa.SourcePosition = positions
    hrtf = load(sofa)
    np.testing.assert_allclose(hrtf.directions_D3, EXPECTED[:5], atol=1e-12)
    assert hrtf.hrirs_DCK[:, 0, 10].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_terms_that_cannot_be_read_are_unknown_until_overridden(load):
    sofa = make_sofa()
    sofa.GLOBAL_License = "No license provided, ask the author for permission"
    assert load(sofa).info.license == "LicenseRef-unknown"
    assert load(sofa, license="CC0-1.0").info.license == "CC0-1.0"
