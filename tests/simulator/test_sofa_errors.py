"""Every SOFA file that cannot be used gives one plain sentence that names the file."""

import os

import netCDF4
import numpy as np
import pytest
import sofar

from twnm_schemas import HrtfError
from twnm_sim.hrtf import load_hrtf
from twnm_sim.hrtf.catalog import packaged_kemar


def make_sofa(receivers=2):
    sofa = sofar.Sofa("SimpleFreeFieldHRIR")
    clicks = np.zeros((4, receivers, 32))
    clicks[..., 10] = 1.0
    sofa.Data_IR = clicks
    sofa.Data_SamplingRate = 44100
    sofa.Data_Delay = np.zeros((1, receivers))
    sofa.ReceiverPosition = np.array([[0.0, 0.09, 0.0], [0.0, -0.09, 0.0], [0.1, 0.0, 0.0]])[:receivers]
    sofa.SourcePosition = np.array([[0.0, 0.0, 1.0], [90.0, 0.0, 1.0], [180.0, 0.0, 1.0], [270.0, 0.0, 1.0]])
    return sofa


@pytest.fixture
def path(tmp_path):
    """A good file."""
    path = tmp_path / "head.sofa"
    sofar.write_sofa(path, make_sofa())
    load_hrtf(path)
    return path


def refuse(path):
    """The sentence that a file is refused with."""
    with pytest.raises(HrtfError) as caught:
        load_hrtf(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_truncated_file(tmp_path, share):
    whole = packaged_kemar().read_bytes()
    path = tmp_path / "cut.sofa"
    path.write_bytes(whole[: int(share * len(whole))])
    assert "damaged, cut short or no SOFA file" in refuse(path)


def test_a_file_with_damaged_data(tmp_path):
    whole = bytearray(packaged_kemar().read_bytes())
    whole[200_000:300_000] = bytes(100_000)
    path = tmp_path / "damaged.sofa"
    path.write_bytes(whole)
    refuse(path)


@pytest.mark.parametrize("content", [b"RIFF....WAVEfmt ", b"just text", b"\x89HDF\r\n\x1a\n"])
def test_something_else_under_the_name(tmp_path, content):
    path = tmp_path / "song.sofa"
    path.write_bytes(content)
    assert "cannot be read as a SOFA file" in refuse(path)


def test_a_netcdf_file_that_is_no_sofa(tmp_path):
    path = tmp_path / "weather.sofa"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("x", 3)
        file.createVariable("rain", "f8", ("x",))[:] = 1.0
    assert "names no SOFA convention" in refuse(path)


@pytest.mark.parametrize("convention", ["GeneralFIR", "SingleRoomDRIR", "MyOwnConvention"])
def test_the_wrong_convention(tmp_path, convention):
    path = tmp_path / "room.sofa"
    sofar.write_sofa(path, sofar.Sofa("GeneralFIR"))
    with netCDF4.Dataset(path, "r+") as file:
        file.SOFAConventions = convention
    assert f"follows the SOFA convention {convention};" in refuse(path)


def test_transfer_functions_in_place_of_responses(path):
    with netCDF4.Dataset(path, "r+") as file:
        file.DataType = "TF"
    assert "data of type TF" in refuse(path)


@pytest.mark.parametrize("receivers", [1, 3])
def test_another_number_of_ears(tmp_path, receivers):
    path = tmp_path / "ears.sofa"
    sofar.write_sofa(path, make_sofa(receivers))
    assert f"has {receivers} receiver(s); two ears are needed" in refuse(path)


@pytest.mark.parametrize(
    "variable", ["Data.IR", "SourcePosition", "Data.Delay", "Data.SamplingRate", "ListenerPosition"]
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none(path, variable, value):
    with netCDF4.Dataset(path, "r+") as file:
        file[variable][..., 0] = value
    assert f"{variable} of" in refuse(path)
    assert "NaN or infinite" in refuse(path)


def test_missing_data(path):
    with netCDF4.Dataset(path, "r+") as file:
        file["Data.IR"][1, 1, 4] = netCDF4.default_fillvals["f8"]
    assert "Data.IR of" in refuse(path)


@pytest.mark.parametrize("variable", ["Data.IR", "SourcePosition", "Data.SamplingRate"])
def test_a_missing_variable(path, variable):
    with netCDF4.Dataset(path, "r+") as file:
        file.renameVariable(variable, "Gone")
    assert f"has no {variable}" in refuse(path)


def test_sources_at_the_heads_centre(path):
    with netCDF4.Dataset(path, "r+") as file:
        file["SourcePosition"][1:3, 2] = 0.0
    assert "no usable direction for 2 of its 4 source positions" in refuse(path)


def test_no_directions_at_all(tmp_path):
    path = tmp_path / "empty.sofa"
    with netCDF4.Dataset(path, "w") as file:
        file.SOFAConventions, file.DataType = "SimpleFreeFieldHRIR", "FIR"
        for name, size in (("M", None), ("R", 2), ("N", 8), ("C", 3), ("I", 1)):
            file.createDimension(name, size)
        file.createVariable("Data.IR", "f8", ("M", "R", "N"))
        file.createVariable("SourcePosition", "f8", ("M", "C"))
        file.createVariable("Data.SamplingRate", "f8", ("I",))[:] = 44100.0
    assert "directions x 2 ears x taps" in refuse(path)


def test_positions_that_do_not_match_the_responses(path):
    with netCDF4.Dataset(path, "r+") as file:
        file.createDimension("other", 3)
        file.renameVariable("SourcePosition", "Gone")
        positions = file.createVariable("SourcePosition", "f8", ("other", "C"))
        positions.Type, positions.Units = "spherical", "degree, degree, metre"
        positions[:] = file["Gone"][:3]
    assert "3 source positions for 4 responses" in refuse(path)


@pytest.mark.parametrize(
    ("attribute", "value", "told"),
    [("Type", "bipolar", "bipolar coordinates"), ("Units", "furlong, degree, metre", "furlong")],
)
def test_coordinates_nobody_knows(path, attribute, value, told):
    with netCDF4.Dataset(path, "r+") as file:
        file["SourcePosition"].setncattr(attribute, value)
    assert told in refuse(path)


def test_a_silent_response(path):
    with netCDF4.Dataset(path, "r+") as file:
        file["Data.IR"][2, 1] = 0.0
    assert "silent at measurement 2, receiver 1" in refuse(path)


def test_a_negative_delay(path):
    with netCDF4.Dataset(path, "r+") as file:
        file["Data.Delay"][:] = -1.0
    assert "Data.Delay" in refuse(path)


def test_a_rate_that_is_none(path):
    with netCDF4.Dataset(path, "r+") as file:
        file["Data.SamplingRate"][:] = 0.0
    assert "Data.SamplingRate" in refuse(path)


def test_a_view_along_the_crown(path):
    with netCDF4.Dataset(path, "r+") as file:
        file["ListenerView"][:] = [[0.0, 0.0, 1.0]]
    assert "do not span a frame" in refuse(path)


def test_a_missing_file_and_a_folder(tmp_path):
    assert "There is no file" in refuse(tmp_path / "absent.sofa")
    folder = tmp_path / "folder.sofa"
    folder.mkdir()
    assert "There is no file" in refuse(folder)


def test_another_suffix(tmp_path):
    path = tmp_path / "head.nc"
    path.write_bytes(packaged_kemar().read_bytes())
    assert "does not end in .sofa" in refuse(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_must_not_be_read(path):
    path.chmod(0)
    assert "must not be read" in refuse(path)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(HrtfError, match="no HRTF set named 'kemer'; give one of kemar, fabian, spherical-head"):
        load_hrtf("kemer")
