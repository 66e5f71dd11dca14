"""A composed scene: its physics, its record, and a sentence for everything that can be wrong with its parts."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_scenes import RATE, SOUNDS, Sound, make_event, make_noise, make_recipe, write_clip, write_layouts

from twnm_schemas.distributions import Choice, Constant, Uniform
from twnm_schemas.errors import AudioError, LicenseError, SpecError, StoreError
from twnm_schemas.licences import combine_licenses
from twnm_schemas.records import RoomRecord
from twnm_schemas.render import RenderSpec
from twnm_schemas.rooms import Listener, Room
from twnm_schemas.scenes import AmbienceSpec, Scene, SceneSpec
from twnm_shards.tars import END_OF_ARCHIVE, iter_samples, write_sample
from twnm_sim import compose_scene
from twnm_sim.clips.catalog import Catalog
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.compose import ClipReader, ClipSilentError, Composed, Context, compose_recipe
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.maker import SceneMaker
from twnm_sim.scenes.store import pack_scene

CENTRE_Y = 5.0


@pytest.fixture(scope="module")
def laid(tmp_path_factory):
    """A nearly anechoic room and its mirror image, heard by a symmetric head that looks along +x."""
    room = Room(size_m=(12.0, 2 * CENTRE_Y, 6.0), absorption=0.95)
    head = Listener(position_m=(3.0, CENTRE_Y, 3.0))
    sources = [(4.0, CENTRE_Y, 3.0), (7.0, CENTRE_Y, 3.0), (5.0, 6.5, 3.4), (4.5, 2.8, 2.5)]
    mirrored = [(x, 2 * CENTRE_Y - y, z) for x, y, z in sources]
    spec = RenderSpec(hrtf="spherical-head", duration_s=0.06, tail="images", outputs=("binaural", "foa"))
    rooms = [(room, head, sources), (room, head, mirrored)]
    return open_brirs(write_layouts(tmp_path_factory.mktemp("laid"), spec, rooms))


def compose(library, catalog, events, room=0, context=None, **changes):
    recipe = make_recipe(library, events, room, **changes)
    return compose_recipe(recipe, library, catalog.by_id, ClipReader(library.sample_rate), context or Context("train"))


def level_db(audio_CT):
    return 10.0 * np.log10(np.mean(audio_CT.astype(float) ** 2))


def test_at_four_metres_a_sound_is_twelve_decibels_fainter_than_at_one(laid, catalog):
    clip = catalog.by_id["small:howling"]
    made = compose(laid, catalog, [make_event(clip, 0), make_event(clip, 1)])
    near, far = made.scene.events
    assert (near.distance_m, far.distance_m) == (1.0, 4.0)
    assert level_db(made.stems_SCT[0]) - level_db(made.stems_SCT[1]) == pytest.approx(12.04, abs=1.0)
    assert near.level_left_dbfs - far.level_left_dbfs == pytest.approx(12.04, abs=1.0)
    lag = np.argmax(np.correlate(made.stems_SCT[1][0][: RATE // 2], made.stems_SCT[0][0][: RATE // 2], "full"))
    assert (lag - (RATE // 2 - 1)) / RATE == pytest.approx(3.0 / 343.0, abs=1e-4)  # and that much later


def test_gains_are_over_the_common_level_of_clips(laid, catalog):
    """Two clips recorded 15 dB apart are as loud from one place; a drawn gain is all that is between them."""
    by_id = catalog.by_id
    events = [make_event(by_id["small:howling"], 0), make_event(by_id["small:ringing"], 0, gain_db=-5.0)]
    first, second = compose(laid, catalog, events).scene.events
    assert first.level_left_dbfs - second.level_left_dbfs == pytest.approx(5.0, abs=0.3)


def test_a_pause_of_a_clip_is_no_sound_of_it(laid, catalog, tmp_path):
    """A bark, ten seconds of the recorder's hiss, a bark: the hiss would be lifted to the loudness of a bark."""
    sound = Sound("pausing", "dog", "CC0-1.0", onset_s=0.0, active_s=12.0, rest_s=0.0)
    bark_T = make_noise(Sound("pausing", "dog", "CC0-1.0", onset_s=0.0, active_s=1.0, rest_s=0.0))
    hiss_T = 1e-4 * np.random.default_rng(1).standard_normal(10 * RATE)
    clip = write_clip(tmp_path, sound, np.concatenate([bark_T, hiss_T, bark_T]))
    with pytest.raises(ClipSilentError, match=r"^The clip small:pausing is silent where the scene wants it\.$"):
        compose(laid, Catalog((clip,)), [make_event(clip, 0, clip_start=3 * RATE, length=RATE)])
    made = compose(laid, Catalog((clip,)), [make_event(clip, 0, clip_start=RATE // 2, length=RATE)])  # half of a bark
    assert made.scene.events[0].active_s > 0.4


def test_words_stand_in_a_record_only_where_they_leave_its_licence_as_it_is(laid, catalog):
    clip = catalog.by_id["small:howling"]
    for words, kept in (("CC0-1.0", True), ("CC-BY-SA-4.0", False), ("CC-BY-NC-4.0", False), ("LicenseRef-x", False)):
        told = clip.model_copy(update={"caption": "A dog far away.", "caption_license": words})
        scene = compose(laid, Catalog((told,)), [make_event(told, 0)]).scene
        assert (scene.events[0].caption == "A dog far away.") == kept
        assert scene.license == combine_licenses([clip.license, scene.room.license])


def test_an_edited_recipe_is_composed_as_it_is_under_a_name_of_its_own(library, catalog):
    spec = SceneSpec(duration_s=3.0, sources=Constant(value=2.0), stems=True)
    maker = SceneMaker(Ingredients(spec, library, catalog, "research-nc"), 4)
    first = maker.make(3, "train")
    again = maker.compose(first.scene.recipe, "train")
    assert np.array_equal(again.audio_CT, first.audio_CT)
    assert again.scene.model_copy(update={"rejections": first.scene.rejections}) == first.scene
    a, b = first.scene.recipe.events
    swapped = (
        a.model_copy(update={"source_index": b.source_index}),
        b.model_copy(update={"source_index": a.source_index}),
    )
    edited = maker.compose(first.scene.recipe.model_copy(update={"events": swapped}), "train", "scene-000003-swap")
    assert edited.scene.scene_id == "scene-000003-swap"
    assert [event.azimuth_deg for event in edited.scene.events] == [e.azimuth_deg for e in first.scene.events][::-1]
    assert [event.clip_id for event in edited.scene.events] == [event.clip_id for event in first.scene.events]


def test_scenes_of_two_splits_have_two_fingerprints(library, catalog):
    maker = SceneMaker(Ingredients(SceneSpec(), library, catalog, "research-nc"), 4)
    assert maker.fingerprint_of("train") != maker.fingerprint_of("test")
    assert maker.make(0, "train").scene.fingerprint == maker.fingerprint_of("train")


def test_a_dry_sound_is_at_its_level_at_one_metre(laid, catalog):
    made = compose(laid, catalog, [make_event(catalog.by_id["small:howling"], 0)], loudness_unit="dbfs", loudness=-30.0)
    direct = level_db(made.stems_SCT[0]) - level_db(made.dry_ST[:1])
    assert direct == pytest.approx(0.0, abs=2.5)  # straight ahead at 1 m a head changes the level little
    assert level_db(made.foa_CT[:1]) == pytest.approx(level_db(made.dry_ST[:1]), abs=0.5)


def test_ears_swap_where_the_scene_is_mirrored(laid, catalog):
    by_id = catalog.by_id
    events = [make_event(by_id["small:barking"], 2), make_event(by_id["small:ringing"], 3, emitted=20000)]
    first, second = (compose(laid, catalog, events, room) for room in (0, 1))
    size = np.linalg.norm(first.audio_CT)
    assert np.linalg.norm(first.audio_CT - second.audio_CT[::-1]) < 1e-5 * size
    assert np.linalg.norm(first.audio_CT - second.audio_CT) > 0.3 * size
    mirrored_CT = second.foa_CT * np.float32([[1.0], [-1.0], [1.0], [1.0]])  # of W, Y, Z, X only Y points left
    assert np.linalg.norm(first.foa_CT - mirrored_CT) < 1e-5 * np.linalg.norm(first.foa_CT)
    for here, there in zip(first.scene.events, second.scene.events, strict=True):
        assert here.azimuth_deg == pytest.approx(360.0 - there.azimuth_deg)
        assert here.lateral_deg == pytest.approx(-there.lateral_deg)
        assert here.level_left_dbfs == pytest.approx(there.level_right_dbfs, abs=1e-3)
        assert (here.level_left_dbfs > here.level_right_dbfs) == (here.lateral_deg > 0.0)


@pytest.fixture(scope="module")
def made(library, catalog) -> Composed:
    by_id = catalog.by_id
    events = [
        make_event(by_id["small:barking"], 2),
        make_event(by_id["small:ringing"], 0, emitted=22050, gain_db=-2.0),
        make_event(by_id["small:idling"], 5, length=60000, emitted=1000),
    ]
    context = Context("train", "research-nc", "a-fingerprint", ("event_inaudible",))
    return compose(library, catalog, events, 1, context, ambience={"colour": "pink", "snr_db": 12.0})


def room_of(library, number) -> RoomRecord:
    return library.room(number).record


def test_a_record_repeats_what_the_rooms_record_says(made, library):
    record, scene = room_of(library, 1), made.scene
    for event, placed in zip(scene.events, scene.recipe.events, strict=True):
        source = record.sources[placed.source_index]
        for name in ("azimuth_deg", "elevation_deg", "distance_m", "lateral_deg", "position_m", "acoustics"):
            assert getattr(event, name) == getattr(source, name)
    room = scene.room
    assert (room.room_id, room.size_m, room.listener) == (record.room_id, record.size_m, record.listener)
    assert (room.size_category, room.absorption_class) == (record.size_category, record.absorption_class)
    assert (room.origin, room.hrtf, room.hrtf_sha256) == ("simulated", "kemar", record.hrtf.sha256)
    assert room.volume_m3 == pytest.approx(np.prod(record.size_m))
    used = [record.sources[source].acoustics for source in (2, 0, 5)]
    drr = [acoustics.broadband.drr_db for acoustics in used]
    assert room.acoustics.drr_db == pytest.approx(np.mean(drr))
    for band in range(7):
        known = [acoustics.bands[band].rt60_s for acoustics in used if acoustics.bands[band].rt60_s is not None]
        found = room.acoustics.rt60_s[band]
        assert found == (pytest.approx(np.mean(known)) if known else None)


def test_a_record_repeats_what_the_catalog_says(made, catalog):
    for event, placed in zip(made.scene.events, made.scene.recipe.events, strict=True):
        clip = catalog.by_id[placed.clip_id]
        for name in ("clip_id", "dataset", "label", "labels", "audioset_ids", "ancestors", "caption", "speaker"):
            assert getattr(event, name) == getattr(clip, name)
        assert placed.clip_sha256 == clip.sha256
        assert event.gain_db == placed.gain_db


CONTRACT = "scene_id room_id conventions sample_rate duration_s channels events room split license attribution seed"
OF_EVENTS = (
    "clip_id label labels source_index azimuth_deg elevation_deg distance_m lateral_deg gain_db onset_s offset_s "
    "snr_db audible_s"
)


def test_the_json_has_what_was_promised(made):
    sample, scene = pack_scene(made)
    told = json.loads(dict(sample.members)["json"])
    assert set(CONTRACT.split()) | {"fingerprint", "recipe"} <= set(told)
    assert all(set(OF_EVENTS.split()) <= set(event) for event in told["events"])
    assert {"t_mid_s", "rt60_s", "edt_s", "c50_db", "d50", "drr_db"} <= set(told["room"]["acoustics"])
    assert told["scene_id"] == sample.key == "scene-000007"
    assert told["conventions"] == "twnm-1"
    assert (told["channels"], told["duration_s"], told["sample_rate"], told["seed"]) == (2, 2.0, RATE, 11)
    assert (told["split"], told["fingerprint"]) == ("train", "a-fingerprint")
    assert told["rejections"] == ["event_inaudible"]
    assert Scene.model_validate(told) == scene
    names = [name for name, _ in sample.members]
    stems = ["stem0.flac", "stem1.flac", "stem2.flac", "ambience.flac", "dry0.flac", "dry1.flac", "dry2.flac"]
    assert names == ["json", "flac", "foa.flac", *stems]
    assert [member.ext for member in scene.audio] == names[1:]


def test_a_recipe_says_all_that_makes_the_audio(made, library, catalog):
    told = Scene.model_validate_json(made.scene.model_dump_json())
    again = compose_recipe(told.recipe, library, catalog.by_id, ClipReader(RATE), Context("test"))
    assert np.array_equal(again.audio_CT, made.audio_CT)
    assert np.array_equal(again.foa_CT, made.foa_CT)
    assert np.array_equal(again.stems_SCT, made.stems_SCT)


def test_whose_work_it_is_and_under_which_terms(made, library, catalog):
    rows = {row.what: row for row in made.scene.attribution}
    used = ("small:barking", "small:ringing", "small:idling")
    assert set(rows) == {*used, "hrtf:kemar"}
    for clip_id in used:
        clip, row = catalog.by_id[clip_id], rows[clip_id]
        assert (row.title, row.author, row.license) == (clip.title, clip.uploader, clip.license)
        assert row.source_url == clip.source_url
        assert "cut" in row.changes
    record = room_of(library, 1)
    head = rows["hrtf:kemar"]
    assert (head.author, head.source_url, head.license) == (record.citation, record.source_url, record.license)
    parts = [record.license, *(catalog.by_id[clip_id].license for clip_id in used)]
    assert made.scene.license == combine_licenses(parts) == "CC-BY-NC-4.0"


@pytest.mark.parametrize(
    ("names", "license_spdx"),
    [
        (("howling",), "LicenseRef-MIT-KEMAR"),
        (("howling", "growling"), "CC-BY-3.0"),
        (("growling", "barking"), "CC-BY-4.0"),
        (("barking", "tolling"), "CC-BY-SA-4.0"),
        (("howling", "hooting"), "GPL-2.0-or-later"),
        (("barking", "hooting"), None),
        (("tolling", "idling"), None),
        (("clapping",), None),
    ],
)
def test_a_mixture_has_the_terms_of_its_parts_or_is_refused(library, catalog, names, license_spdx):
    events = [make_event(catalog.by_id[f"small:{name}"], place, length=20000) for place, name in enumerate(names)]
    if license_spdx:
        assert compose(library, catalog, events).scene.license == license_spdx
        return
    with pytest.raises(LicenseError, match=r"^(The terms|GPL|CC).*; leave .* out\.$"):
        compose(library, catalog, events)
    kept = compose(library, catalog, events, context=Context("train", "recipe"))
    assert kept.scene.license == "LicenseRef-unpublishable"
    assert [name for name, _ in pack_scene(kept)[0].members] == ["json"]  # and then no audio is stored


def one_event(clip, **changes):
    return [make_event(clip, 0, length=min(30000, round(clip.duration_s * RATE)), **changes)]


@pytest.fixture
def write(tmp_path):
    """Write a clip of noise that a test then spoils."""

    def write(audio_T=None, rate=RATE, **changes):
        return write_clip(tmp_path, Sound("victim", "victim"), audio_T, rate, **changes)

    return write


def refuse(library, clip, sentence, error=AudioError, events=None):
    with pytest.raises(error, match=sentence) as caught:
        compose(library, Catalog((clip,)), events or one_event(clip))
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).endswith(".")


def test_a_clip_that_is_gone_is_named(library, write):
    clip = write()
    recipe_events = one_event(clip)
    with pytest.raises(StoreError, match=r"^The clip small:victim is in no catalog; scan its dataset and .*\.$"):
        compose(library, Catalog(()), recipe_events)
    Path(clip.path).write_bytes(b"")
    refuse(library, clip, r"^The clip small:victim cannot be used: .*victim\.wav is empty\.$")
    Path(clip.path).unlink()
    refuse(
        library, clip, r"^The clip small:victim cannot be used: .*victim\.wav is not there; scan its dataset again\.$"
    )


def test_a_clip_that_was_changed_is_named(library, write):
    clip = write()
    other = clip.model_copy(update={"sha256": "0" * 64})
    refuse(
        library,
        other,
        r"^The clip small:victim differs from the recipe's \(another SHA-256\)",
        StoreError,
        one_event(clip),
    )
    soundfile.write(clip.path, make_noise(Sound("longer", "longer", active_s=2.0)), RATE)
    refuse(
        library,
        clip,
        r"^The clip small:victim differs from its record \(2\.150 s at 44100 Hz, 0\.950 s .*scan again\.$",
    )


def test_a_clip_that_is_cut_or_not_a_number_is_named(library, write):
    clip = write()
    with open(clip.path, "r+b") as file:
        file.truncate(30000)
    refuse(library, clip, r"^The clip small:victim cannot be used: .*victim\.wav is cut")
    broken_T = make_noise(Sound("victim", "victim"))
    broken_T[777] = np.nan
    refuse(library, write(broken_T), r"^The clip small:victim cannot be used: .* holds NaN or infinite samples\.$")


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 192000])
def test_a_clip_of_another_rate_is_heard_as_it_is(laid, tmp_path, rate):
    """A tone keeps its pitch, its place and its level."""
    time_T = np.arange(round(1.0 * rate)) / rate
    tone_T = np.sqrt(2.0) * 10.0 ** (-26.0 / 20.0) * np.sin(2.0 * np.pi * 440.0 * time_T)
    sound = Sound("tone", "tone", onset_s=0.0, active_s=1.0, level_dbfs=-26.0)
    clip = write_clip(tmp_path, sound, tone_T, rate)
    event = make_event(clip, 0, length=RATE, emitted=10000)
    made = compose(laid, Catalog((clip,)), [event], loudness_unit="dbfs", loudness=-40.0)
    dry_T = made.dry_ST[0][10000 : 10000 + RATE].astype(float)
    wanted_T = np.sin(2.0 * np.pi * 440.0 * np.arange(RATE) / RATE)
    within = slice(2000, -2000)
    share = np.vdot(dry_T[within], wanted_T[within]) ** 2
    share /= np.sum(dry_T[within] ** 2) * np.sum(wanted_T[within] ** 2)
    assert share > 0.9999
    ratio_db = level_db(made.dry_ST[0][12000 : 8000 + RATE]) - made.scene.mix_gain_db
    assert ratio_db == pytest.approx(-26.0, abs=0.05)  # the common level of clips


def test_a_clip_of_several_channels_is_their_mean(laid, tmp_path):
    left_T, right_T = (make_noise(Sound(name, name)) for name in ("left", "right"))
    two = write_clip(tmp_path, Sound("two", "two"), np.stack([left_T, right_T], axis=1))
    one = write_clip(tmp_path, Sound("one", "one"), (left_T + right_T) / 2.0)
    assert two.channels == 2
    first, second = (compose(laid, Catalog((clip,)), one_event(clip)).audio_CT for clip in (two, one))
    assert np.linalg.norm(first - second) < 1e-5 * np.linalg.norm(first)


def test_a_clip_that_is_silent_where_it_is_wanted_is_named(library, write):
    pause_T = make_noise(Sound("victim", "victim", active_s=1.5))
    pause_T[20000:60000] = 0.0
    clip = write(pause_T)
    silent = [make_event(clip, 0, clip_start=25000, length=20000)]
    refuse(library, clip, r"^The clip small:victim is silent where the scene wants it\.$", ClipSilentError, silent)
    beyond = [make_event(clip, 0, clip_start=len(pause_T) + 5, length=200)]
    refuse(library, clip, r"^The clip small:victim is silent where the scene wants it\.$", ClipSilentError, beyond)


@pytest.mark.parametrize("left", [1, 20, 120, 500])
def test_a_sound_that_does_not_arrive_before_the_end_is_refused(library, catalog, left):
    """What there is before would be noise and rumble at the loudness that is asked for."""
    farthest = max(room_of(library, 0).sources, key=lambda source: source.distance_m)
    clip = catalog.by_id["small:raining"]
    event = make_event(clip, farthest.index, length=left, emitted=2 * RATE - left)
    sentence = r"^The clip small:raining begins too late to be heard in the scene\.$"
    for beside in ([], [make_event(catalog.by_id["small:howling"], 0)]):
        with pytest.raises(ClipSilentError, match=sentence):
            compose(library, catalog, [event, *beside])


def test_a_recipe_of_another_composer_is_refused(library, catalog):
    with pytest.raises(
        SpecError, match=r"^The recipe was drawn for scene-0 and this is scene-\d+; install the version"
    ):
        compose(library, catalog, one_event(catalog.by_id["small:barking"]), composer="scene-0")


def test_a_room_that_is_in_no_library_is_named(library, catalog):
    with pytest.raises(StoreError, match=r"^room-000001 of the library elsewhere is in none of the shards; name its"):
        compose(library, catalog, one_event(catalog.by_id["small:barking"]), 1, room_fingerprint="elsewhere")
    with pytest.raises(StoreError, match=r"^room-000000 in .* has no source 42\.$"):
        compose(library, catalog, [make_event(catalog.by_id["small:barking"], 42)])


def spoil(source, target, change):
    """A copy of a shard in which `change(members)` has altered each room's members."""
    samples = [(sample.key, dict(sample.members)) for sample in iter_samples(source)]
    with target.open("wb") as stream:
        for key, members in samples:
            change(members)
            write_sample(stream, key, members.items())
        stream.write(END_OF_ARCHIVE)
    return open_brirs(target)


def damage(members):
    data = bytearray(members["s00.flac"])
    data[len(data) // 2] ^= 0x10
    members["s00.flac"] = bytes(data)


def say_other_rate(members):
    record = json.loads(members["json"])
    members["json"] = json.dumps({**record, "sample_rate": 48000}).encode()


@pytest.mark.parametrize(
    ("change", "output", "error", "sentence"),
    [
        (damage, "binaural", AudioError, r"^.*spoilt\.tar room-000000\.s00\.flac is damaged: it does not decode .*\.$"),
        (say_other_rate, "binaural", AudioError, r"^.*s00\.flac has 44100 Hz, its record says otherwise\.$"),
        (
            lambda members: members.pop("s00.foa.flac"),
            "foa",
            StoreError,
            r"^room-000000 in .*spoilt\.tar has no foa response; render with --output binaural,foa\.$",
        ),
        (
            lambda members: members.pop("s00.flac"),
            "binaural",
            StoreError,
            r"^room-000000 in .*spoilt\.tar has no binaural response; .*\.$",
        ),
    ],
)
def test_a_response_that_cannot_be_had_is_named(small_rooms, catalog, tmp_path, change, output, error, sentence):
    spoilt = spoil(small_rooms, tmp_path / "spoilt.tar", change)
    clip = catalog.by_id["small:barking"]
    outputs = ("binaural", "foa") if output == "foa" else ("binaural",)
    with pytest.raises(error, match=sentence):
        compose(spoilt, catalog, one_event(clip), outputs=outputs, sample_rate=RATE)


def test_a_library_that_went_away_is_named(small_rooms, catalog, tmp_path):
    copy = tmp_path / "copy.tar"
    copy.write_bytes(small_rooms.read_bytes())
    library = open_brirs(copy)
    copy.unlink()
    with pytest.raises(StoreError, match=r"^.*copy\.tar is not there any more; name the library anew\.$"):
        compose(library, catalog, one_event(catalog.by_id["small:barking"]))


def test_no_background_where_the_head_is_not_known_by_itself(small_rooms, catalog, tmp_path):
    def forget(members):
        record = json.loads(members["json"])
        nulls = {"hrtf": None, "origin": "measured", "name": "A hall", "size_m": None, "listener": None}
        members["json"] = json.dumps({**record, **nulls}).encode()

    measured = spoil(small_rooms, tmp_path / "measured.tar", forget)
    events = one_event(catalog.by_id["small:barking"])
    with pytest.raises(SpecError, match=r"^No background can be made for room-000000: its head was not measured by"):
        compose(measured, catalog, events, ambience={"colour": "pink", "snr_db": 9.0})
    scene = compose(measured, catalog, events).scene
    assert (scene.room.volume_m3, scene.room.listener, scene.room.hrtf_sha256) == (None, None, "")
    assert [row.what for row in scene.attribution] == ["small:barking", "room:A hall"]


SPEC = SceneSpec(duration_s=3.0, sources=Choice(values=(2.0, 3.0)))


@pytest.fixture(scope="module")
def maker(library, catalog):
    return SceneMaker(Ingredients(SPEC, library, catalog, "research-nc"), seed=5)


def test_every_event_of_a_made_scene_is_audible(maker):
    """By the record's own definition; what was rejected on the way is told."""
    reasons = set()
    for index in range(12):
        scene = maker.make(index, "train").scene
        for event in scene.events:
            assert event.audible_s >= min(1.0, 0.8 * event.active_s) - 1e-9
            assert event.active_s > 0.0
        reasons.update(scene.rejections)
        assert (scene.fingerprint, scene.license_profile) == (maker.fingerprint_of("train"), "research-nc")
    assert reasons
    assert reasons <= {
        "event_inaudible",
        "event_buried",
        "license_mix",
        "overlap",
        "clip_silent",
        "classes_not_distinct",
    }


def test_where_audibility_does_not_matter_nothing_is_rejected_for_it(library, catalog):
    spec = SPEC.model_copy(update={"audible": False, "gain_db": Uniform(low=-40.0, high=0.0)})
    deaf = SceneMaker(Ingredients(spec, library, catalog, "recipe"), seed=5)
    scenes = [deaf.make(index, "train").scene for index in range(8)]
    assert all(set(scene.rejections) <= {"classes_not_distinct"} for scene in scenes)
    assert any(event.audible_s < 0.5 * event.active_s for scene in scenes for event in scene.events)


def test_made_again_it_is_the_same_whatever_was_made_before(maker, library, catalog):
    alone = SceneMaker(Ingredients(SPEC, library, catalog, "research-nc"), seed=5).make(3, "train")
    after = maker.make(3, "train")
    assert np.array_equal(alone.audio_CT, after.audio_CT)
    assert alone.scene == after.scene
    assert not np.array_equal(alone.audio_CT, maker.make(4, "train").audio_CT)


def test_the_fingerprint_names_all_that_changes_a_scene(library, catalog, small_rooms):
    def name(spec=SPEC, clips=catalog, profile="open", seed=1):
        return SceneMaker(Ingredients(spec, library, clips, profile), seed).fingerprint_of("train")

    fewer = Catalog(catalog.clips[1:])
    names = [
        name(),
        name(SPEC.model_copy(update={"dry": True})),
        name(clips=fewer),
        name(profile="recipe"),
        name(seed=2),
    ]
    assert len(set(names)) == 5
    assert name() == name()


def test_a_spec_that_always_fails_says_how_often_and_why(library, catalog):
    spec = SPEC.model_copy(update={"sources": Constant(value=2.0), "min_overlap_s": 2.9})
    maker = SceneMaker(Ingredients(spec, library, catalog, "open"), seed=5)
    with pytest.raises(SpecError, match=r"^Scene 0 of the train split was rejected 100 times: overlap \(\d+\).*\.$"):
        maker.make(0, "train")


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_out_of_range_is_refused(library, catalog, seed):
    with pytest.raises(SpecError, match=rf"^The seed {seed} is out of range; give 0 to 2\^63 - 1\.$"):
        SceneMaker(Ingredients(SPEC, library, catalog, "open"), seed)


def test_one_call_from_files_to_a_scene(small_rooms, catalog):
    spec = SPEC.model_copy(update={"ambience": AmbienceSpec(), "outputs": ("binaural", "foa")})
    made = compose_scene(small_rooms, catalog, spec, seed=4, index=2)
    assert made.audio_CT.shape == (2, 3 * RATE)
    assert made.foa_CT.shape == (4, 3 * RATE)
    assert made.scene.split == "train"
    assert np.array_equal(made.audio_CT, compose_scene(small_rooms, catalog, spec, seed=4, index=2).audio_CT)


def test_where_no_split_has_both_the_numbers_are_told(small_rooms, catalog):
    others = Catalog(tuple(clip for clip in catalog.clips if clip.split == "test"))
    with pytest.raises(
        SpecError, match=r"^No split has both rooms and clips .*: 6/0/0 rooms, 0/0/1 clips in train, .*\.$"
    ):
        compose_scene(small_rooms, others, SPEC)


def test_caches_stay_within_their_bytes(small_rooms, catalog):
    """And what falls out of them is decoded again, to the same."""
    library = open_brirs(small_rooms, cache_bytes=500_000)
    reader = ClipReader(RATE, cache_bytes=300_000)
    events = [make_event(catalog.by_id[f"small:{SOUNDS[n].name}"], n, length=20000) for n in (0, 3, 4)]
    recipes = [make_recipe(library, events, room) for room in range(6)]
    first = [compose_recipe(r, library, catalog.by_id, reader, Context("train")).audio_CT for r in recipes]
    assert 0 < library.cached_bytes <= 500_000
    assert 0 < reader.cached_bytes <= 300_000
    again = [compose_recipe(r, library, catalog.by_id, reader, Context("train")).audio_CT for r in recipes]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    with pytest.raises(ValueError, match="read-only"):
        library.response(0, 0)[0, 0] = 1.0
