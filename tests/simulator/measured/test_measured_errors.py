"""Every file, folder and number that cannot be imported gives one plain sentence that names it."""

import netCDF4
import numpy as np
import pytest
import soundfile
from measured_rooms import CONVENTIONS, EARS, multi_speaker, render_truth, single_source, write_folder, write_sofa

from twnm_schemas.errors import AudioError, HrtfError, MismatchError, SpecError, StoreError, TwnmError
from twnm_sim.measured.run import ImportRequest, open_set, plan_import, run_import
from twnm_sim.measured.sets import Given


@pytest.fixture(scope="module")
def truth():
    return render_truth()


@pytest.fixture
def path(truth, tmp_path):
    """A good file."""
    return write_sofa(tmp_path / "hall.sofa", multi_speaker(truth))


def refuse(spec, error=HrtfError):
    """The sentence that something is refused with."""
    with pytest.raises(error) as caught:
        open_set(str(spec), Given())
    sentence = str(caught.value)
    assert str(spec).removeprefix("folder:") in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_a_truncated_file(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "damaged, cut short or no SOFA file" in refuse(path)


@pytest.mark.parametrize("convention", ["SimpleFreeFieldHRIR", "GeneralFIR", "SingleRoomDRIR"])
def test_the_wrong_convention(path, convention):
    with netCDF4.Dataset(path, "r+") as file:
        file.SOFAConventions = convention
    sentence = refuse(path)
    assert f"follows the SOFA convention {convention};" in sentence
    assert "MultiSpeakerBRIR, SingleRoomSRIR, SingleRoomMIMOSRIR" in sentence


def test_no_convention_and_another_type_of_data(path):
    with netCDF4.Dataset(path, "r+") as file:
        file.DataType = "TF-E"
    assert "holds data of type TF-E; MultiSpeakerBRIR has FIRE" in refuse(path)
    with netCDF4.Dataset(path, "r+") as file:
        file.delncattr("SOFAConventions")
    assert "names no SOFA convention" in refuse(path)


@pytest.mark.parametrize("receivers", [1, 3])
def test_another_number_of_receivers(truth, tmp_path, receivers):
    stored = np.repeat(truth.brirs_MECK[:1, :, :1], receivers, axis=2).transpose(0, 2, 1, 3)
    ears = np.array([[0.0, 0.09, 0.0], [0.0, -0.09, 0.0], [0.1, 0.0, 0.0]])[:receivers]
    changes = {"ListenerView": np.array([[1.0, 0.0, 0.0]]), "Data_Delay": np.zeros((1, receivers, stored.shape[2]))}
    sofa = multi_speaker(truth, Data_IR=stored, ReceiverPosition=ears, **changes)
    assert f"has {receivers} receiver(s); two ears are needed" in refuse(write_sofa(tmp_path / "hall.sofa", sofa))


@pytest.mark.parametrize("ears", [np.zeros((2, 3)), EARS * [1.0, 0.0, 1.0] + [0.0, 0.01, 0.0]])
def test_receivers_that_do_not_tell_left_from_right(truth, tmp_path, ears):
    path = write_sofa(tmp_path / "hall.sofa", multi_speaker(truth, ReceiverPosition=ears))
    assert "does not tell the left ear" in refuse(path)


def test_receivers_too_far_apart_for_a_head(truth, tmp_path):
    path = write_sofa(tmp_path / "hall.sofa", multi_speaker(truth, ReceiverPosition=10.0 * EARS))
    assert "1.80 m apart" in refuse(path)


def test_nan_and_silence_are_named_by_their_place(path):
    with netCDF4.Dataset(path, "r+") as file:
        file["Data.IR"][1, 0, 2, 100:103] = np.nan
    assert "measurement 1, emitter 2, holds 3 samples that are missing, NaN or infinite" in refuse(path)
    with netCDF4.Dataset(path, "r+") as file:
        file["Data.IR"][1, 0, 2] = 0.0
    assert "measurement 1, emitter 2, is silent at the left ear" in refuse(path)


@pytest.mark.parametrize(
    ("variable", "attribute", "value", "part"),
    [
        ("EmitterPosition", "Units", "inch", "EmitterPosition"),
        ("EmitterPosition", "Type", "spherical harmonics", "spherical harmonics coordinates"),
        ("ListenerPosition", "Units", "feet", "'feet'"),
    ],
)
def test_units_and_coordinates_that_are_not_known(path, variable, attribute, value, part):
    with netCDF4.Dataset(path, "r+") as file:
        file[variable].setncattr(attribute, value)
    assert part in refuse(path)


@pytest.mark.parametrize("variable", ["EmitterPosition", "ListenerPosition", "Data.SamplingRate", "ReceiverPosition"])
def test_values_that_are_missing(path, variable):
    with netCDF4.Dataset(path, "r+") as file:
        file[variable][:] = np.nan
    assert "missing, NaN or infinite" in refuse(path)


def test_a_variable_that_is_not_there(path):
    with netCDF4.Dataset(path, "r+") as file:
        file.renameVariable("ReceiverPosition", "Gone")
    assert "has no ReceiverPosition; it is not a whole MultiSpeakerBRIR file" in refuse(path)


def test_a_view_without_a_frame_and_a_source_in_the_head(path):
    with netCDF4.Dataset(path, "r+") as file:
        file["EmitterPosition"][1, :, 0] = file["ListenerPosition"][0]
    assert "measurement 0, emitter 1 lies at the head's centre" in refuse(path)
    with netCDF4.Dataset(path, "r+") as file:
        file["ListenerView"][:] = 0.0
    assert "do not span a frame" in refuse(path)


def test_a_delay_that_cannot_be(path):
    with netCDF4.Dataset(path, "r+") as file:
        file["Data.Delay"][:] = -1.0
    assert "runs from -1 to -1 samples" in refuse(path)


def test_what_is_not_there_or_is_a_folder(tmp_path):
    assert "There is no file at" in refuse(tmp_path / "no.sofa")
    assert "is a folder; name its SOFA files" in refuse(tmp_path, SpecError)


@pytest.fixture
def folder(truth, tmp_path):
    return write_folder(tmp_path / "attic", truth)


def rewrite(folder, change):
    table = folder / "positions.csv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join(change(lines)) + "\n")


def test_a_folder_without_its_table(folder):
    (folder / "positions.csv").unlink()
    assert "There is no positions.csv in" in refuse(f"folder:{folder}", SpecError)


def set_cell(column, text):
    """Write something else into the first row."""

    def change(lines):
        cells = lines[1].split(",")
        cells[column] = text
        return [lines[0], ",".join(cells), *lines[2:]]

    return change


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda lines: lines[:1], "has no rows"),
        (lambda lines: [lines[0].replace("azimuth_deg", "azimuth"), *lines[1:]], "has the column azimuth;"),
        (lambda lines: ["file,room", *lines[1:]], "has the columns file, room; give file, azimuth_deg"),
        (set_cell(1, "left"), "line 2, has the azimuth_deg left; give a number from -360 to 360"),
        (set_cell(1, ""), "line 2, has the azimuth_deg (empty)"),
        (set_cell(2, "95"), "has the elevation_deg 95"),
        (set_cell(3, "-2"), "has the distance_m -2"),
    ],
)
def test_a_table_that_is_not_usable(folder, change, part):
    rewrite(folder, change)
    assert part in refuse(f"folder:{folder}", SpecError)


def test_a_row_whose_file_is_missing(folder):
    (folder / "turn1_speaker0.wav").unlink()
    assert "names turn1_speaker0.wav, which is not in the folder" in refuse(f"folder:{folder}", AudioError)


@pytest.mark.parametrize(
    ("samples_KC", "rate", "part"),
    [
        (np.ones((900, 1)), 44100, "has 1 channel(s) of 900 samples; two ears are needed"),
        (np.ones((900, 4)), 44100, "has 4 channel(s)"),
        (np.ones((0, 2)), 44100, "of 0 samples"),
        (np.ones((900, 2)), 48000, "has 48000 Hz and turn0_speaker0.wav has 44100"),
        (np.stack([np.ones(900), np.zeros(900)], axis=1), 44100, "is silent at the right ear"),
        (np.full((900, 2), np.nan), 44100, "holds 1800 samples that are missing, NaN or infinite"),
    ],
)
def test_a_file_that_cannot_be_one_of_the_folder(folder, samples_KC, rate, part):
    soundfile.write(folder / "turn1_speaker0.wav", samples_KC, rate, subtype="FLOAT")
    assert part in refuse(f"folder:{folder}", AudioError)


def test_a_file_that_is_no_audio(folder):
    (folder / "turn1_speaker0.wav").write_bytes(b"no audio at all")
    assert "cannot be read as audio" in refuse(f"folder:{folder}", AudioError)


@pytest.mark.parametrize(
    ("changes", "error", "part"),
    [
        ({"specs": ()}, SpecError, "There is nothing to import"),
        ({"sample_rate": 4000}, SpecError, "--sample-rate 4000"),
        ({"max_duration_s": 0.0}, SpecError, "--max-duration 0"),
        ({"shard_size": "many"}, SpecError, "'many'"),
        ({"mode": "resume"}, StoreError, "holds no run to resume"),
        ({"given": Given(license="CC-BY-99")}, SpecError, "no licence that can be read"),
    ],
)
def test_a_request_that_cannot_be(path, tmp_path, changes, error, part):
    with pytest.raises(error, match=part) as caught:
        plan_import(ImportRequest(**{"specs": (str(path),), "out": tmp_path / "out", **changes}))
    assert isinstance(caught.value, TwnmError)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_another_run(truth, tmp_path):
    first = write_sofa(tmp_path / "a.sofa", multi_speaker(truth))
    second = write_sofa(tmp_path / "b.sofa", single_source(truth))
    out = tmp_path / "out"
    run_import(plan_import(ImportRequest((str(first),), out)))
    with pytest.raises(MismatchError, match="holds a run with other settings: sets"):
        run_import(plan_import(ImportRequest((str(second),), out)))


def test_a_file_that_changed_after_it_was_planned(truth, path, tmp_path):
    plan = plan_import(ImportRequest((str(path),), tmp_path / "out"))
    write_sofa(path, multi_speaker(truth, GLOBAL_Title="Another"))
    with pytest.raises(HrtfError, match="changed while the run went on"):
        run_import(plan)


def test_a_duration_that_ends_before_the_direct_sound(path, tmp_path):
    plan = plan_import(ImportRequest((str(path),), tmp_path / "out", max_duration_s=0.01))
    with pytest.raises(AudioError, match=r"does not fit into 0.01 s; give a longer --max-duration"):
        run_import(plan)


def test_a_response_too_short_for_a_room(truth, tmp_path):
    short = type(truth)(truth.brirs_MECK[..., :400], truth.angles_ME4, truth.rate)
    plan = plan_import(ImportRequest((str(write_sofa(tmp_path / "a.sofa", multi_speaker(short))),), tmp_path / "out"))
    with pytest.raises(AudioError, match=r"does not fit into .* s; leave this response out"):
        run_import(plan)


def test_every_convention_is_among_those_that_are_told(truth):
    from twnm_sim.measured.sofa import CONVENTIONS as READ

    assert set(READ) == set(CONVENTIONS)
