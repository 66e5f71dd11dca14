"""`twnm-sim plot`: pictures of one position that show what is there, and sentences for what is not."""

import subprocess
import sys

import numpy as np
import pytest
from checked_libraries import render_library
from matplotlib.image import imread

from twnm_schemas.errors import SpecError, StoreError
from twnm_sim.check.library import open_library
from twnm_sim.plots.audition import audition_uri
from twnm_sim.plots.canvas import drawing
from twnm_sim.plots.page import plot_position
from twnm_sim.plots.position import describe_position, draw_position
from twnm_sim.plots.view import find_room, load_view


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return render_library(tmp_path_factory.mktemp("plots") / "data", rooms=2, sources=3, outputs=("binaural", "foa"))


@pytest.fixture(scope="module")
def view(library):
    opened = open_library(library)
    return load_view(opened, *find_room(opened, 1), 2)


def lines_of(axes):
    return {line.get_label(): np.asarray(line.get_xydata()) for line in axes.lines if line.get_label()[0] != "_"}


def test_the_picture_shows_the_measured_decay_its_fit_and_the_theory(view):
    with drawing():
        figure = draw_position(view)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[:2] == ["Plan", "Side"]
    assert "Echogram" in titles
    told = view.source.acoustics.bands[3].rt60_s
    axes = figure.axes[next(i for i, title in enumerate(titles) if title.startswith("1 kHz"))]
    lines = lines_of(axes)
    assert {"measured", "image energy"} <= lines.keys()
    assert lines["measured"][0, 1] == pytest.approx(0.0, abs=1.0)
    assert (told is not None) == ("fit (RT60)" in lines)
    if told is not None:
        (x0, y0), (x1, y1) = lines["fit (RT60)"]
        assert -60.0 * (x1 - x0) / (y1 - y0) == pytest.approx(told, rel=1e-6)
    coherence = lines_of(figure.axes[titles.index("Interaural coherence of the tail")])
    assert {"diffuse field", "this tail"} <= coherence.keys()


def test_the_map_puts_sources_and_listener_where_they_are(view):
    with drawing():
        figure = draw_position(view)
    spots = figure.axes[0].collections[0].get_offsets()
    assert np.allclose(spots, [source.position_m[:2] for source in view.record.sources])
    assert np.allclose(figure.axes[0].collections[1].get_offsets()[0], view.record.listener.position_m[:2])
    heights = figure.axes[1].collections[0].get_offsets()[:, 1]
    assert np.allclose(heights, [source.position_m[2] for source in view.record.sources])


def test_the_echogram_marks_the_direct_sound_and_six_reflections_where_they_arrive(view):
    with drawing():
        figure = draw_position(view)
    echogram = next(axes for axes in figure.axes if axes.get_title(loc="left") == "Echogram")
    lines = lines_of(echogram)
    assert lines["direct"][:, 0] == pytest.approx([1e3 * view.onset_s])
    assert len(lines["first order"]) <= 6
    assert (lines["first order"][:, 0] > 1e3 * view.onset_s).all()


def test_pictures_are_written_by_their_ending_and_the_same_each_time(library, tmp_path):
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("html", b"<!doctype html>")):
        written = [plot_position(library, 1, 2, tmp_path / f"{i}.{kind}").read_bytes() for i in range(2)]
        assert written[0] == written[1]
        assert written[0].startswith(start)
    assert imread(tmp_path / "0.png").std() > 0.1
    page = (tmp_path / "0.html").read_text()
    assert "data:image/svg+xml" in page
    assert "data:audio/flac" in page


def test_the_default_name_lies_in_the_current_folder(library, tmp_path):
    script = "from twnm_sim.cli import main; main()"
    command = [sys.executable, "-c", script, "plot", str(library), "--room", "0", "--source", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "room-000000-s01.png\n"
    assert (tmp_path / "room-000000-s01.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("room", "source", "out", "sentence"),
    [
        (17, 0, "x.png", "There is no room 17 in .*; it holds room-000000 to room-000001."),
        (-1, 0, "x.png", "There is no room -1"),
        (0, 3, "x.png", "room-000000 has sources 0 to 2; there is no source 3."),
        (0, -1, "x.png", "there is no source -1"),
        (0, 0, "x.bmp", "end it in .png, .svg, .html"),
        (0, 0, "nowhere/x.png", "is not there; make it"),
    ],
)
def test_what_is_not_there_gets_one_sentence(library, tmp_path, room, source, out, sentence):
    with pytest.raises(SpecError, match=sentence):
        plot_position(library, room, source, tmp_path / out)
    assert list(tmp_path.iterdir()) == []


def test_no_library_gets_one_sentence(tmp_path):
    with pytest.raises(StoreError, match="holds no brirs folder"):
        plot_position(tmp_path, 0, 0, tmp_path / "x.png")


def test_labels_are_in_words_and_the_sound_leans_to_the_louder_ear(view):
    facts = dict(describe_position(view))
    assert facts["Distance"] == f"{view.source.distance_m:.2f} m"
    assert "deg (" in facts["Direction"]
    louder = audition_uri(view.response_CK * np.array([[1.0], [0.1]]), view.sample_rate)
    assert louder != audition_uri(view.response_CK, view.sample_rate)
    assert decode(louder)[:, 0].std() > 3.0 * decode(louder)[:, 1].std()


def decode(uri):
    import base64
    import io

    import soundfile

    return soundfile.read(io.BytesIO(base64.b64decode(uri.partition(",")[2])))[0]
