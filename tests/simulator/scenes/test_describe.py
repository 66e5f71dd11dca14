"""The words for a scene say what its record says, and change when it changes."""

import math
import re

import numpy as np
import pytest
from small_scenes import make_event, make_recipe

from twnm_schemas.constraints import SameClass
from twnm_schemas.distributions import Constant, Uniform
from twnm_schemas.scenes import AmbienceRecipe, AmbienceSpec, Overlap, SceneSpec
from twnm_sim.scenes.caches import ClipReader
from twnm_sim.scenes.compose import compose_recipe
from twnm_sim.scenes.describe import describe_scene
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.facts import read_facts
from twnm_sim.scenes.labels import Context
from twnm_sim.scenes.maker import SceneMaker
from twnm_sim.scenes.wording import name_sound

DOG = {
    "label": "dog", "azimuth_deg": 45.0, "elevation_deg": 0.0, "lateral_deg": 45.0, "distance_m": 1.5, "onset_s": 0.5,
    "offset_s": 1.2, "active_s": 0.7, "audible_s": 0.7, "level_left_dbfs": -20.0, "level_right_dbfs": -20.0,
}  # fmt: skip
RAIN = {
    **DOG, "label": "rain", "azimuth_deg": 270.0, "lateral_deg": -90.0, "distance_m": 6.2, "onset_s": 0.0,
    "offset_s": 2.0, "active_s": 2.0, "audible_s": 2.0, "level_left_dbfs": -30.0, "level_right_dbfs": -30.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def composed(library, catalog):
    """A real scene of two events and two seconds, whose record the tests change."""
    clips = catalog.by_id
    events = [make_event(clips[f"small:{name}"], source) for source, name in enumerate(("barking", "ringing"))]
    recipe = make_recipe(library, events, outputs=("binaural",), stems=False, dry=False)
    return compose_recipe(recipe, library, clips, ClipReader(library.sample_rate), Context("train")).scene


@pytest.fixture
def scene_of(composed):
    """A scene with these events; overlaps follow from their times."""

    def make(*events, t_mid_s=0.45, **changes):
        base = composed.events[0]
        made = tuple(base.model_copy(update={**DOG, "index": i, **event}) for i, event in enumerate(events))
        acoustics = composed.room.acoustics.model_copy(update={"t_mid_s": t_mid_s})
        room = composed.room.model_copy(update={"acoustics": acoustics})
        update = {"events": made, "overlaps": tuple(overlaps_of(made)), "room": room, "duration_s": 2.0, **changes}
        return composed.model_copy(update=update)

    return make


def overlaps_of(events):
    for second, b in enumerate(events):
        for first, a in enumerate(events[:second]):
            seconds = min(a.offset_s, b.offset_s) - max(a.onset_s, b.onset_s)
            if seconds > 0.0:
                yield Overlap(first=first, second=second, seconds=seconds)


def test_two_sounds_in_the_words_of_the_paper(scene_of):
    assert describe_scene(scene_of(RAIN, DOG)) == (
        "Indoors with slight reverberation, two sounds are audible. "
        "One is rain from the right, far away (about 6 metres), heard from beginning to end. "
        "The other is a dog from the front left, close (about 1.5 metres), heard from 0.5 s to 1.2 s. "
        "They overlap for 0.7 s. The dog is clearly nearer than the rain. The dog is clearly louder than the rain."
    )


def test_exact_numbers_on_request(scene_of):
    text = describe_scene(scene_of({"azimuth_deg": 350.0, "lateral_deg": -10.0, "elevation_deg": -7.0}), degrees=True)
    assert text == (
        "Indoors with slight reverberation (t_mid 0.45 s), one sound is audible. It is a dog from straight ahead, "
        "close (about 1.5 metres), heard from 0.5 s to 1.2 s "
        "(10 degrees to the right, 12 o'clock; elevation -7 degrees, 1.50 m)."
    )


@pytest.mark.parametrize(
    ("change", "said", "not_said"),
    [
        ({"azimuth_deg": 315.0, "lateral_deg": -45.0}, "from the front right,", "front left"),
        ({"azimuth_deg": 68.0}, "from the left,", "front left"),
        ({"azimuth_deg": 9.0, "lateral_deg": 9.0}, "from straight ahead,", "left"),
        ({"azimuth_deg": 12.0, "lateral_deg": 12.0}, "from ahead, slightly to the left,", "straight"),
        ({"azimuth_deg": 180.0, "lateral_deg": 0.0}, "from straight behind,", "left"),
        ({"azimuth_deg": 195.0, "lateral_deg": -15.0}, "from behind, slightly to the right,", "left"),
        ({"elevation_deg": 21.0}, "from the front left and above,", "below"),
        ({"elevation_deg": -21.0}, "from the front left and below,", "above"),
        ({"elevation_deg": 61.0, "lateral_deg": 20.0}, "from almost overhead, slightly to the left,", "front"),
        ({"elevation_deg": 80.0, "lateral_deg": 7.0}, "from almost overhead,", "left"),
        ({"elevation_deg": -70.0, "lateral_deg": 7.0}, "from almost straight below,", "left"),
        ({"distance_m": 0.31}, "very close (about 30 cm)", "metre"),
        ({"distance_m": 1.01}, "close (about 1 metre)", "metres"),
        ({"distance_m": 2.6}, "at a moderate distance (about 2.5 metres)", "close"),
        ({"distance_m": 11.9}, "far away (about 12 metres)", "very far"),
        ({"distance_m": 25.4}, "very far away (about 25 metres)", "close"),
        ({"distance_m": None}, "a dog from the front left, heard", "metre"),
        ({"label": "alarm clock"}, "It is an alarm clock from", "dog"),
        ({"onset_s": 0.05, "active_s": 1.15}, "heard from the beginning to 1.2 s", "0.5 s"),
        ({"offset_s": 1.95, "active_s": 1.45}, "heard from 0.5 s to the end", "1.2 s"),
        ({"offset_s": 0.55, "active_s": 0.05, "audible_s": 0.05}, "heard briefly at 0.5 s", "from 0.5 s"),
        ({"active_s": 0.4, "audible_s": 0.4}, "heard on and off from 0.5 s", "heard from"),
        ({"audible_s": 0.3}, "it is not clearly audible. It is a dog", "is audible"),
        ({"audible_s": 0.3}, "audible for only 0.3 s", "masked"),
        ({"audible_s": 0.0}, "masked by the rest", "audible for"),
        ({"label": "", "caption": "Doors in the wind."}, 'a sound described as "Doors in the wind"', "dog"),
    ],
)  # fmt: skip
def test_one_change_of_the_record_changes_the_words(scene_of, change, said, not_said):
    before, after = describe_scene(scene_of({})), describe_scene(scene_of(change))
    assert said in after
    assert not_said not in after
    assert said not in before


@pytest.mark.parametrize(
    ("t_mid_s", "word"),
    [(0.29, "hardly any"), (0.31, "slight"), (0.61, "moderate"), (1.21, "strong"), (2.41, "very long")],
)
def test_reverberation_is_named_by_t_mid(scene_of, t_mid_s, word):
    assert describe_scene(scene_of({}, t_mid_s=t_mid_s)).startswith(f"Indoors with {word} reverberation, one sound")


@pytest.mark.parametrize(
    ("flags", "opening"),
    [
        (("rt60_500hz_ringing",), "Indoors with hardly any reverberation"),
        (("rt60_1000hz_too_fast",), "Indoors with hardly any reverberation"),
        (("rt60_500hz_cut", "rt60_1000hz_cut"), "Indoors with very long reverberation"),
        (("rt60_125hz_cut",), "Indoors, one sound"),
        ((), "Indoors, one sound"),
    ],
)
def test_where_t_mid_is_null_the_flags_tell_dry_from_live(scene_of, composed, flags, opening):
    acoustics = composed.events[0].acoustics.model_copy(update={"flags": flags})
    assert describe_scene(scene_of({"acoustics": acoustics}, t_mid_s=None)).startswith(opening)


def test_sounds_of_one_class_are_counted_and_told_apart(scene_of):
    later = {"onset_s": 1.3, "offset_s": 1.9}
    text = describe_scene(scene_of(DOG, {**DOG, **later, "distance_m": 7.0}, {**RAIN, "distance_m": 3.4}))
    assert "three sounds are audible, among them two dogs." in text
    assert "The second is a dog from" in text
    assert "The third is another dog from" in text
    assert "All of them overlap in time, except the first dog with the second dog." in text
    assert "The first dog is clearly the nearest. The second dog is clearly the farthest." in text
    assert "two sounds are audible: two dogs." in describe_scene(scene_of(DOG, {**DOG, **later}))
    assert "two sounds are audible: two sounds of rain. One is rain" in describe_scene(scene_of(RAIN, RAIN))
    assert "The other is more rain from" in describe_scene(scene_of(RAIN, RAIN))


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (((0.0, 1.0), (0.5, 1.5), (0.9, 2.0)), "All three overlap in time."),
        (((0.0, 0.4), (0.5, 1.5), (1.6, 1.8)), "No two of them overlap in time."),
        (((0.0, 0.4), (0.3, 1.5), (1.6, 1.8)), "Only these overlap in time: the dog with the rain."),
        (((0.0, 1.4), (0.3, 1.5), (1.45, 1.8)), "Only"),
        (((0.0, 1.8), (0.3, 0.5), (0.6, 1.8)), "All of them overlap in time, except the rain with the bell."),
        (((0.0, 0.5), (0.45, 1.0)), "They overlap for less than 0.1 s."),
        (((0.0, 0.5), (0.6, 1.0)), "They do not overlap in time."),
    ],
)
def test_what_sounds_together_is_said(scene_of, times, said):
    names = ("dog", "rain", "bell")
    events = [
        {"label": name, "onset_s": a, "offset_s": b, "active_s": b - a, "audible_s": b - a}
        for name, (a, b) in zip(names, times, strict=False)
    ]
    if said == "Only":  # two pairs of three overlap: the exception is shorter
        said = "All of them overlap in time, except the dog with the bell."
    assert said in describe_scene(scene_of(*events))


@pytest.mark.parametrize(
    ("metres", "nearest", "farthest"),
    [
        ((1.0, 2.0, 4.0), 0, 2),
        ((1.0, 1.99, 3.97), None, None),
        ((5.0, 1.1, 2.3), 1, 0),
        ((2.0, 2.0, 2.0), None, None),
        ((1.0, None, 9.0), None, None),
    ],
)
def test_nearest_and_farthest_are_named_from_a_factor_of_two_on(scene_of, metres, nearest, farthest):
    labels = ("dog", "footsteps", "bell")
    scene = scene_of(*({"label": label, "distance_m": m} for label, m in zip(labels, metres, strict=True)))
    facts, text = read_facts(scene), describe_scene(scene)
    assert (facts.nearest, facts.farthest) == (nearest, farthest)
    subjects = ("The dog is", "The footsteps are", "The bell is")
    for index, subject in enumerate(subjects):
        assert (f"{subject} clearly the nearest." in text) == (index == nearest)
        assert (f"{subject} clearly the farthest." in text) == (index == farthest)


@pytest.mark.parametrize(
    ("ears", "said"),
    [
        (((-20.0, -20.0), (-26.1, -26.1)), "The dog is clearly louder than the rain."),
        (((-29.0, -20.0), (-20.0, -29.0)), "Both are about equally loud."),
        (((-20.0, -20.0), (-24.0, -24.0)), ""),
        (((-20.0, -60.0), (-20.0, -20.0)), ""),  # half the power, 3.01 dB
        (((-20.0, -20.0), (-21.0, -21.0), (-28.0, -28.0)), "The bell is clearly the faintest."),
        (((-20.0, -20.0), (-21.0, -21.0), (-22.0, -22.0)), "All are about equally loud."),
    ],
)
def test_loudness_is_compared_by_the_power_at_both_ears(scene_of, ears, said):
    events = [
        {"label": label, "level_left_dbfs": left, "level_right_dbfs": right}
        for label, (left, right) in zip(("dog", "rain", "bell"), ears, strict=False)
    ]
    text = describe_scene(scene_of(*events))
    assert said in text
    assert said or "lou" not in text


@pytest.mark.parametrize(("snr_db", "word"), [(25.0, "faint"), (15.0, "soft"), (5.0, "clearly audible")])
def test_a_background_is_mentioned_where_there_is_one(scene_of, composed, snr_db, word):
    recipe = composed.recipe.model_copy(update={"ambience": AmbienceRecipe(colour="pink", snr_db=snr_db)})
    said = f"A {word} background noise comes from all around."
    assert describe_scene(scene_of({}, recipe=recipe)).endswith(said)
    assert "background" not in describe_scene(scene_of({}))


def test_how_many_are_clearly_audible_is_said(scene_of):
    masked = {**RAIN, "audible_s": 0.5}
    assert "two sounds are present; one of them is clearly audible." in describe_scene(scene_of(DOG, masked))
    text = describe_scene(scene_of(masked, masked, DOG))
    assert "three sounds are present, among them two sounds of rain; one of them is clearly audible." in text
    assert "three sounds are present, among them two sounds of rain; none" in describe_scene(
        scene_of(masked, masked, {"audible_s": 0.1})
    )


def test_words_for_sides_agree_with_the_lateral_angle_all_around(scene_of):
    """Left and right are said exactly where the lateral angle is past 10 degrees, worked out from the vector itself."""
    for azimuth in range(0, 360, 5):
        for elevation in range(-85, 90, 10):
            a, e = math.radians(azimuth), math.radians(elevation)
            lateral = math.degrees(math.asin(math.cos(e) * math.sin(a)))
            place = {"azimuth_deg": float(azimuth), "elevation_deg": float(elevation), "lateral_deg": lateral}
            words = describe_scene(scene_of(place)).partition("It is a dog ")[2].partition("close")[0]
            assert ("left" in words) == (lateral > 10.0), (place, words)
            assert ("right" in words) == (lateral < -10.0), (place, words)


PLACED = re.compile(
    r"(?:It|One|The other|The (?:first|second|third|fourth|fifth|sixth)) is (?P<what>.+?) from (?P<where>.+?), "
    r"(?:very close|close|at a moderate distance|far away|very far away) "
    r"\(about (?P<far>[\d.]+) (?P<unit>cm|metres?)\), "
    r"heard (?:on and off )?from (?P<start>beginning|the beginning|[\d.]+ s) to (?P<stop>end|the end|[\d.]+ s)"
)
NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def test_real_scenes_say_of_every_sound_what_its_record_says(library, catalog):
    """Over many composed scenes the text is read back, sound by sound, and compared with the record."""
    specs = (
        SceneSpec(duration_s=2.0, onset_s=Uniform(low=0.0, high=1.0)),
        SceneSpec(sources=Constant(value=5.0), classes="any", audible=False, ambience=AmbienceSpec()),
        SceneSpec(duration_s=3.0, sources=Constant(value=3.0), classes="any", constraints=(SameClass(times=2),)),
    )
    scenes = [scene for spec in specs for scene in make_scenes(library, catalog, spec, 25)]
    told = 0
    for scene in scenes:
        text = describe_scene(scene)
        assert text == describe_scene(type(scene).model_validate_json(scene.model_dump_json()))
        count = NUMBERS[len(scene.events)]
        assert f" {count} sound{'s are' if len(scene.events) > 1 else ' is'} " in text
        placed = list(PLACED.finditer(text))
        assert len(placed) == len(scene.events)
        in_order = sorted(scene.events, key=lambda event: event.onset_s)
        for event, match in zip(in_order, placed, strict=True):
            check_sound(event, match, scene.duration_s)
            told += 1
        check_counts(scene, text)
        check_overlaps(scene, text)
        check_distances(scene, text)
    assert told > 150


def make_scenes(library, catalog, spec, count):
    maker = SceneMaker(Ingredients(spec, library, catalog, "research-nc"), 5)
    return [maker.make(index, "train").scene for index in range(count)]


def check_sound(event, match, duration_s):
    assert match["what"].split()[-1] == event.label
    a, e = math.radians(event.azimuth_deg), math.radians(event.elevation_deg)
    x, y, z = math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)
    where = match["where"]
    left_deg = math.degrees(math.asin(y))
    assert ("left" in where, "right" in where) == (left_deg > 10.0, left_deg < -10.0)
    assert x > 0.0 or not re.search("front|ahead", where)
    assert x < 0.0 or not re.search("back|behind", where)
    assert ("above" in where or "overhead" in where) == (z > math.sin(math.radians(20.0)))
    assert ("below" in where) == (z < -math.sin(math.radians(20.0)))
    metres = float(match["far"]) * (0.01 if match["unit"] == "cm" else 1.0)
    assert metres == pytest.approx(event.distance_m, abs=0.5)
    starts = 0.0 if "beginning" in match["start"] else float(match["start"][:-2])
    stops = duration_s if "end" in match["stop"] else float(match["stop"][:-2])
    assert starts == pytest.approx(event.onset_s, abs=0.1)
    assert stops == pytest.approx(event.offset_s, abs=0.1)


def check_counts(scene, text):
    labels = [event.label for event in scene.events]
    plurals = {label: f"{label}s" for label in ("dog", "bell", "horn", "engine", "door", "animal")}
    plurals |= {label: f"sounds of {label}" for label in ("rain", "applause")}
    opening = text.partition(". ")[0]
    for label, plural in plurals.items():
        count = labels.count(label)
        found = re.search(rf"(\w+) {plural}\b", opening)
        assert (found[1] if found else "no") == (NUMBERS[count] if count > 1 else "no")


def check_overlaps(scene, text):
    spans = [(event.onset_s, event.offset_s) for event in scene.events]
    pairs = [(a, b) for i, a in enumerate(spans) for b in spans[:i]]
    together = [min(a[1], b[1]) > max(a[0], b[0]) for a, b in pairs]
    if len(spans) == 2:
        assert ("They overlap for" in text, "They do not overlap" in text) == (together[0], not together[0])
    elif pairs:
        assert bool(re.search(r"All (three|four|five) overlap", text)) == all(together)
        assert ("No two of them overlap" in text) == (not any(together))


def check_distances(scene, text):
    metres = np.sort([event.distance_m for event in scene.events])
    labels = [event.label for event in sorted(scene.events, key=lambda event: event.distance_m)]
    if len(metres) > 2:
        for word, clear, label in (
            ("nearest", metres[1] >= 2.0 * metres[0], labels[0]),
            ("farthest", metres[-1] >= 2.0 * metres[-2], labels[-1]),
        ):
            said = re.search(rf"The ([\w ]+) is clearly the {word}", text)
            assert bool(said) == clear
            assert said is None or said[1].split()[-1] == label
    elif len(metres) == 2:
        said = re.search(r"The ([\w ]+) is clearly nearer than the ([\w ]+)\.", text)
        assert bool(said) == (metres[1] >= 2.0 * metres[0])
        assert said is None or [said[1].split()[-1], said[2].split()[-1]] == labels


@pytest.mark.parametrize(
    ("label", "indefinite", "two", "is_plural"),
    [
        ("dog", "a dog", "two dogs", False),
        ("Alarm_clock", "an alarm clock", "two alarm clocks", False),
        ("baby cry", "a baby cry", "two baby cries", False),
        ("church bell", "a church bell", "two church bells", False),
        ("toothbrush", "a toothbrush", "two toothbrushes", False),
        ("organ", "an organ", "two organs", False),
        ("ukulele", "a ukulele", "two ukuleles", False),
        ("hourglass", "an hourglass", "two hourglasses", False),
        ("bus", "a bus", "two buses", False),
        ("sheep", "a sheep", "two sheep", False),
        ("TV set", "a TV set", "two TV sets", False),
        ("rain", "rain", "two sounds of rain", False),
        ("hissing steam", "hissing steam", "two sounds of hissing steam", False),
        ("bouncing ball", "a bouncing ball", "two bouncing balls", False),
        ("keyboard typing", "keyboard typing", "two sounds of keyboard typing", False),
        ("knocking on a door", "knocking on a door", "two sounds of knocking on a door", False),
        ("string", "a string", "two strings", False),
        ("footsteps", "footsteps", "two sounds of footsteps", True),
        ("clinking glasses", "clinking glasses", "two sounds of clinking glasses", True),
        ("Chink, clink", "a chink or clink", "two sounds of chink or clink", False),
        ("piece of glass", "a piece of glass", "two pieces of glass", False),
    ],
)
def test_names_of_sounds_are_english(label, indefinite, two, is_plural):
    name = name_sound(label)
    assert (name.indefinite, name.several(2), name.is_plural) == (indefinite, two, is_plural)
