"""Pictures of scenes: what is drawn lies where the record says, labels stay apart, the page plays what is stored."""

import base64
import re
from html.parser import HTMLParser
from itertools import combinations

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.image import imread
from matplotlib.patches import Rectangle
from scene_runs import make_world, run_program
from small_scenes import make_event, make_recipe

from twnm_schemas.errors import AudioError, SpecError, StoreError
from twnm_schemas.manifests import Manifest, ShardEntry
from twnm_shards.files import sha256_of
from twnm_shards.manifests import INDEX_NAME, read_index, write_index, write_manifest
from twnm_shards.tars import END_OF_ARCHIVE, write_sample
from twnm_sim.plots.callouts import choose_sides, spread_labels
from twnm_sim.plots.canvas import drawing
from twnm_sim.plots.places import plan_scene
from twnm_sim.plots.scene import SceneView, draw_scene, tell_scene, view_scene
from twnm_sim.plots.scene_page import draw_scene_file, plot_scene
from twnm_sim.plots.sounds import log_spectrogram, peak_envelope
from twnm_sim.plots.times import find_runs
from twnm_sim.scenes.caches import ClipReader
from twnm_sim.scenes.compose import compose_recipe
from twnm_sim.scenes.finding import FoundScene, find_scene
from twnm_sim.scenes.labels import Context
from twnm_sim.scenes.store import pack_scene

NAMES = ("barking", "ringing", "raining")


@pytest.fixture(scope="module")
def composed(library, catalog):
    """Three sounds in two seconds, with stems: the second is 25 dB fainter and so is masked by the others in part."""
    clips = catalog.by_id
    placed = {"length": 30000, "fade_out": 100}
    events = [
        make_event(clips[f"small:{name}"], source, emitted=8000 * source, gain_db=gain_db, **placed)
        for source, (name, gain_db) in enumerate(zip(NAMES, (0.0, -25.0, 0.0), strict=True))
    ]
    recipe = make_recipe(library, events, outputs=("binaural",), stems=True, dry=False)
    return compose_recipe(recipe, library, clips, ClipReader(library.sample_rate), Context("train", "research-nc"))


@pytest.fixture(scope="module")
def found(composed, tmp_path_factory):
    """The scene as it is stored."""
    sample, scene = pack_scene(composed)
    return FoundScene(scene, dict(sample.members), tmp_path_factory.mktemp("found"))


@pytest.fixture(scope="module")
def view(found):
    return view_scene(found)


def draw(view):
    with drawing():
        figure = draw_scene(view)
        figure.canvas.draw()
    return figure


def change(scene, room=None, **events):
    """A scene with fields of its room and of all its events changed; lists give each event its own value."""
    changed = [
        event.model_copy(update={k: v[i] if isinstance(v, list) else v for k, v in events.items()})
        for i, event in enumerate(scene.events)
    ]
    return scene.model_copy(update={"events": tuple(changed), "room": scene.room.model_copy(update=room or {})})


def crowd(scene, places):
    """As many sounds as places, of the classes that there are."""
    events = [
        scene.events[i % len(scene.events)].model_copy(update={"index": i, "position_m": tuple(place)})
        for i, place in enumerate(places)
    ]
    return scene.model_copy(update={"events": tuple(events)})


def texts_of(axes):
    return {text.get_text(): text for text in axes.texts if text.get_text()}


def markers_of(axes):
    return np.array([line.get_xydata()[0] for line in axes.lines if line.get_marker() == "o"])


def test_the_plan_puts_sounds_and_walls_where_they_are_to_scale(view):
    figure = draw(view)
    plan, profile = figure.axes[0], figure.axes[2]
    places = np.array([event.position_m for event in view.scene.events])
    assert np.allclose(markers_of(plan), places[:, :2])
    walls = next(patch for patch in plan.patches if isinstance(patch, Rectangle))
    assert (walls.get_width(), walls.get_height()) == pytest.approx(view.scene.room.size_m[:2])
    head = np.array(view.scene.room.listener.position_m)
    across = np.hypot(*(places - head)[:, :2].T)
    assert np.allclose(markers_of(profile), np.stack([across, places[:, 2]], axis=1))
    for axes in (plan, profile):
        unit = axes.transData.transform([(1.0, 0.0), (0.0, 1.0)]) - axes.transData.transform((0.0, 0.0))
        assert unit[0, 0] == pytest.approx(unit[1, 1], rel=1e-3)


@pytest.mark.parametrize("yaw_deg", [0.0, 75.0, 200.0])
def test_ears_are_marked_at_their_sides_and_the_arrow_looks_ahead(view, yaw_deg):
    listener = view.scene.room.listener.model_copy(update={"yaw_deg": yaw_deg})
    axes = draw(SceneView(change(view.scene, {"listener": listener}), None)).axes[0]
    ahead = np.array([np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))])
    left = np.array([-ahead[1], ahead[0]])
    head = np.array(listener.position_m[:2])
    ears = {name: np.array(texts_of(axes)[name].get_position()) - head for name in "LR"}
    assert ears["L"] @ left > 0.9 * np.linalg.norm(ears["L"])
    assert ears["R"] @ left < -0.9 * np.linalg.norm(ears["R"])
    arrow = next(text for text in axes.texts if getattr(text, "arrow_patch", None) is not None)
    assert (np.array(arrow.xy) - head) @ ahead > 0.99 * np.linalg.norm(np.array(arrow.xy) - head)


def test_a_room_that_tells_no_size_is_drawn_around_the_listener(view):
    unknown = {"size_m": None, "listener": None, "origin": "measured", "name": "A hall"}
    scene = change(view.scene, unknown, position_m=None, azimuth_deg=[90.0, 180.0, 0.0], elevation_deg=0.0,
                   distance_m=[2.0, 3.0, 1.0])  # fmt: skip
    assert np.allclose(plan_scene(scene).spot_S2, [(-2.0, 0.0), (0.0, -3.0), (0.0, 1.0)])  # left, behind, ahead
    assert np.allclose(markers_of(draw(SceneView(scene, None)).axes[0]), plan_scene(scene).spot_S2)
    assert dict(tell_scene(scene))["Room"] == "A hall, measured"
    assert not dict(tell_scene(scene))["Size"].endswith(" m")
    no_distance = change(scene, distance_m=[2.0, None, 1.0])
    assert np.allclose(np.linalg.norm(plan_scene(no_distance).spot_S2, axis=1), 1.0)
    axes = draw(SceneView(no_distance, None)).axes
    assert "distances not known" in texts_of(axes[0])
    assert len(axes) == 3  # no view from the side: plan, facts, timeline


CLOSE = np.random.default_rng(1).normal((3.0, 3.0, 1.5), 0.05, (6, 3))
SPREAD = np.random.default_rng(2).uniform(0.5, 2.9, (16, 3))


@pytest.mark.parametrize("places", [CLOSE, SPREAD, CLOSE[:1].repeat(16, axis=0)], ids=["close", "many", "one spot"])
def test_no_label_lies_on_another(view, places):
    figure = draw(SceneView(crowd(view.scene, places), None))
    assert len(markers_of(figure.axes[0])) == len(places)
    for axes, names in ((figure.axes[0], True), (figure.axes[2], False)):
        badges = [text for text in axes.texts if text.get_text().isdigit()]
        labels = (
            [text for text in axes.texts if re.match(r"[a-z]|\d+\.\d m;|\d+\.\d m$", text.get_text())] if names else []
        )
        assert len(badges) == len(places) or (not names and len(places) > 7)
        boxes = [text.get_window_extent() for text in (*badges, *labels)]
        clashes = [(a, b) for a, b in combinations(boxes, 2) if a.overlaps(b) and _depth(a, b) > 1.0]
        assert clashes == []
        assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)


def _depth(a, b):
    """By how many pixels two boxes lie on each other."""
    return min(min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0))


def test_labels_keep_their_order_and_their_distance_and_move_no_more_than_they_must():
    rng = np.random.default_rng(0)
    for _ in range(200):
        wanted = rng.uniform(0.0, 10.0, rng.integers(1, 9))
        placed = spread_labels(wanted, 1.0, 0.0, 10.0)
        order = np.argsort(wanted)
        assert (np.diff(placed[order]) >= 1.0 - 1e-9).all()
        assert placed.min() >= 0.5 - 1e-9
        assert placed.max() <= 9.5 + 1e-9
        if (np.diff(wanted[order]) >= 1.0).all() and wanted.min() >= 0.5 and wanted.max() <= 9.5:
            assert np.allclose(placed, wanted)
    assert np.allclose(spread_labels(np.array([5.0, 5.0]), 1.0, 0.0, 10.0), [4.5, 5.5])
    assert np.allclose(np.diff(spread_labels(np.full(20, 5.0), 1.0, 0.0, 10.0)), 0.5)  # too many: evenly


def test_labels_stand_at_their_side_unless_it_is_full():
    x = np.array([1.0, 9.0, 2.0, 3.0])
    assert choose_sides(x, 5.0, 9).tolist() == [True, False, True, True]
    assert choose_sides(x, 5.0, 2).tolist() == [True, False, True, False]
    assert choose_sides(x, 0.0, 3).tolist() == [True, False, False, False]


def test_a_tone_stands_at_its_frequency_its_time_and_its_level():
    rate = 44100
    time_T = np.arange(2 * rate) / rate
    tone_T = np.sin(2.0 * np.pi * 1000.0 * time_T) * ((time_T > 0.8) & (time_T < 1.2))
    spectrogram = log_spectrogram(np.stack([tone_T, 0.1 * tone_T]).astype(np.float32), rate)
    bands, frames = np.nonzero(spectrogram.level_CBL[0] > -6.0)
    edges = spectrogram.edges_hz_B
    assert edges[bands.min()] < 1000.0 < edges[bands.max() + 1]
    assert edges[bands.max() + 1] / edges[bands.min()] < 1.2
    seconds = frames * spectrogram.duration_s / spectrogram.level_CBL.shape[2]
    assert (seconds.min(), seconds.max()) == pytest.approx((0.8, 1.2), abs=0.03)
    assert spectrogram.level_CBL[0].max() == 0.0
    assert spectrogram.level_CBL[1].max() == pytest.approx(-20.0, abs=0.01)
    assert (edges[0], edges[-1]) == pytest.approx((60.0, 20000.0))


@pytest.mark.parametrize("rate", [8000, 44100])
def test_white_noise_is_flat_over_bands_of_any_width(rate):
    noise_CT = np.random.default_rng(3).standard_normal((2, 30 * rate)).astype(np.float32)
    power_B = (10.0 ** (log_spectrogram(noise_CT, rate).level_CBL / 10.0)).mean(axis=(0, 2))
    assert np.abs(10.0 * np.log10(power_B / power_B.mean())).max() < 0.7


def test_the_envelope_is_the_peak_of_every_ten_milliseconds():
    audio_CT = np.zeros((2, 1050), np.float32)
    audio_CT[0, 310], audio_CT[1, 1049] = -0.5, 0.25
    assert peak_envelope(audio_CT, 10000).tolist() == [
        [0.0, 0.0, 0.0, 0.5] + 7 * [0.0],
        10 * [0.0] + [0.25],
    ]


def test_bars_go_from_onset_to_offset_and_are_solid_where_the_sound_is_audible(view):
    timeline = draw(view).axes[6]
    bars = [patch for patch in timeline.patches if isinstance(patch, Rectangle)]
    solid = [c for c in timeline.collections if isinstance(c, PolyCollection)]
    assert len(bars) == len(solid) == len(view.scene.events)
    masked = 0
    for event, bar, runs in zip(view.scene.events, bars, solid, strict=True):
        assert (bar.get_x(), bar.get_x() + bar.get_width()) == pytest.approx((event.onset_s, event.offset_s))
        spans = [np.ptp(path.vertices[:, 0]) for path in runs.get_paths()]
        assert sum(spans) == pytest.approx(event.audible_s, abs=0.011)
        masked += event.audible_s < 0.9 * event.active_s
    assert masked  # else the solid part would tell nothing
    names = [label.get_text() for label in timeline.get_yticklabels()]
    assert names == [f"{event.label}  {event.index}" for event in view.scene.events]
    assert timeline.get_xlim() == (0.0, 2.0)


def test_runs_of_frames_are_where_they_are():
    assert find_runs(np.array([1, 1, 0, 0, 1], bool)) == [pytest.approx((0.005, 0.02)), pytest.approx((0.045, 0.01))]
    assert find_runs(np.zeros(3, bool)) == []


def test_both_ears_share_one_scale_of_sixty_decibels(view):
    figure = draw(view)
    images = [axes.images[0] for axes in figure.axes if axes.images]
    assert [image.get_clim() for image in images] == [(-60.0, 0.0)] * 2
    assert max(image.get_array().max() for image in images) == 0.0
    colours = images[0].cmap(np.linspace(0.0, 1.0, 64))[:, :3]
    luminance = colours @ (0.2126, 0.7152, 0.0722)
    assert colours[0].tolist() == [1.0, 1.0, 1.0]
    assert (np.diff(luminance) < 0.0).all()


def test_facts_are_those_of_the_record(view):
    facts = dict(tell_scene(view.scene))
    assert facts["Licence"] == view.scene.license
    assert f"{view.scene.room.acoustics.t_mid_s:.2f} s (t_mid)" in facts["Reverberation"]
    assert facts["Loudness"].startswith(f"{view.scene.loudness_lufs:.1f} LUFS, peak ")
    assert "taken off" not in facts["Loudness"]
    assert "2.5 dB taken off" in dict(tell_scene(view.scene.model_copy(update={"attenuation_db": 2.5})))["Loudness"]
    assert "Background" not in facts


class Page(HTMLParser):
    """Tags of a page, and its text."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_the_page_plays_the_mixture_and_each_sound_and_lists_the_events(found):
    page = Page(draw_scene_file(found, "html").decode())
    players = [base64.b64decode(attrs["src"].partition(",")[2]) for tag, attrs in page.tags if tag == "audio"]
    assert players == [found.members["flac"], *(found.members[f"stem{i}.flac"] for i in range(3))]
    assert next(attrs for tag, attrs in page.tags if tag == "img")["src"].startswith("data:image/svg+xml;base64,")
    for event in found.scene.events:
        assert event.clip_id in page.text
        assert f"{event.distance_m:.2f} m" in page.text
    assert all(credit.title in page.text and credit.license in page.text for credit in found.scene.attribution)
    external = [
        v for _, attrs in page.tags for k, v in attrs.items() if k in ("src", "href") and not v.startswith("data:")
    ]
    assert set(external) == {credit.source_url for credit in found.scene.attribution if credit.source_url}


def test_what_a_dataset_wrote_is_text_in_the_page_and_no_markup(found):
    credit = found.scene.attribution[0].model_copy(
        update={"title": "<script>alert(1)</script>", "source_url": "javascript:alert(1)"}
    )
    scene = change(found.scene.model_copy(update={"attribution": (credit,)}), label="<img src=x>")
    page = Page(draw_scene_file(FoundScene(scene, found.members, found.folder), "html").decode())
    assert not [tag for tag, _ in page.tags if tag == "script"]
    assert not [attrs for tag, attrs in page.tags if tag == "a"]
    assert "<script>alert(1)</script>" in page.text
    assert len([tag for tag, _ in page.tags if tag == "img"]) == 1


def test_a_scene_without_audio_is_drawn_as_far_as_it_is_known(found):
    recipe = FoundScene(found.scene, {"json": found.members["json"]}, found.folder)
    figure = draw(view_scene(recipe))
    assert any("No audio is stored with this scene" in text.get_text() for text in figure.texts)
    assert not [axes for axes in figure.axes if axes.images]
    assert len(markers_of(figure.axes[0])) == 3
    page = Page(draw_scene_file(recipe, "html").decode())
    assert "No audio is stored with this scene" in page.text
    assert "audio" not in [tag for tag, _ in page.tags]


def test_damaged_audio_is_named(found):
    members = {**found.members, "stem1.flac": found.members["stem1.flac"][:500]}
    with pytest.raises(AudioError, match=r"scene-000007.stem1.flac is damaged: "):
        view_scene(FoundScene(found.scene, members, found.folder))


@pytest.fixture(scope="module")
def root(found, tmp_path_factory):
    """A root with one split of the one scene, its shard written by hand."""
    out = tmp_path_factory.mktemp("plots")
    write_run(out / "data" / "scenes" / "train", found)
    return out / "data"


def write_run(folder, found):
    folder.mkdir(parents=True)
    tar = folder / "scenes-000000.tar"
    with tar.open("wb") as stream:
        write_sample(stream, found.scene.scene_id, found.members.items())
        stream.write(END_OF_ARCHIVE)
    write_index(folder, [{"key": found.scene.scene_id, "shard": tar.name, "offset": 0}])
    shard = ShardEntry(name=tar.name, samples=1, bytes=tar.stat().st_size, sha256=sha256_of(tar))
    write_manifest(
        folder,
        Manifest(
            kind="scenes", samples=1, shards=(shard,), index_sha256=sha256_of(folder / INDEX_NAME), rejections=(),
            settings={}, versions=(), seed=11, fingerprint="0" * 16,
        ),
    )  # fmt: skip


def test_pictures_are_written_by_their_ending_and_the_same_each_time(root, tmp_path):
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("html", b"<!doctype html>")):
        written = [plot_scene(root, "scene-000007", tmp_path / f"{i}.{kind}").read_bytes() for i in range(2)]
        assert written[0] == written[1]
        assert written[0].startswith(start)
    picture = imread(tmp_path / "0.png")
    assert picture.shape[1] == 1100
    assert picture.std() > 0.1


@pytest.mark.parametrize(
    ("name", "out", "error", "sentence"),
    [
        ("scene-000008", "x.png", StoreError, "There is no scene-000008 in .*; it holds scene-000007 in .*train."),
        ("scene-000007", "x.bmp", SpecError, "end it in .png, .svg, .html"),
        ("scene-000007", "nowhere/x.png", SpecError, "is not there; make it"),
    ],
)
def test_what_is_not_there_gets_one_sentence(root, tmp_path, name, out, error, sentence):
    with pytest.raises(error, match=sentence):
        plot_scene(root, name, tmp_path / out)
    assert list(tmp_path.iterdir()) == []


def test_the_command_draws_scenes_and_rooms_by_name(root, tmp_path_factory, tmp_path):
    library = make_world(tmp_path_factory).brirs
    done = run_program("plot", library / "room-000003", "--source", "1", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "room-000003-s01.png\n"), done.stderr
    done = run_program("plot", "scene-000007", cwd=root.parent)
    assert (done.returncode, done.stdout) == (0, "scene-000007.png\n"), done.stderr
    assert (root.parent / "scene-000007.png").stat().st_size > 30_000
    for words, sentence in (
        (("data/scene-000007", "--room", "1"), "scene-000007 is a scene and takes none"),
        (("lib/room-000001", "--room", "1"), "names the room already; leave out --room"),
        (("lib/room-000001",), "lib holds no brirs folder"),
    ):
        refused = run_program("plot", *words, cwd=root.parent)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
        assert sentence in refused.stderr


def test_the_index_of_the_hand_made_run_is_what_finding_reads(root, found):
    assert read_index(root / "scenes" / "train")[0]["key"] == found.scene.scene_id
    assert find_scene(root, found.scene.scene_id).members == found.members


def test_a_sound_louder_than_full_scale_is_read_with_its_scale(found, view):
    """A stem may be stored at half its level; what is drawn is the level that its record tells."""
    audio = tuple(m.model_copy(update={"scale": 2.0 if m.ext == "stem1.flac" else 1.0}) for m in found.scene.audio)
    louder = view_scene(FoundScene(found.scene.model_copy(update={"audio": audio}), found.members, found.folder))
    gains = [np.abs(a).max() / np.abs(b).max() for a, b in zip(louder.stems, view.stems, strict=True)]
    assert gains == pytest.approx([1.0, 2.0, 1.0])
    assert np.array_equal(louder.audio_CT, view.audio_CT)
