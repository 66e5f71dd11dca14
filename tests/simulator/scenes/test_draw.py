"""Draws of scenes: each at its own address, within its spec."""

from dataclasses import replace

import numpy as np
import pytest
from clip_files import make_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from small_scenes import RATE, SOUNDS, Sound, write_sounds

from twnm_schemas.constraints import Farthest, Pairwise, SameClass
from twnm_schemas.distributions import Choice, Constant, Uniform
from twnm_schemas.errors import SpecError
from twnm_schemas.scenes import AmbienceSpec, Interval, Placement, RoomFilter, SceneSpec
from twnm_sim.clips.catalog import Catalog
from twnm_sim.scenes.draw import (
    Ingredients,
    RefusedDrawError,
    _place_clip,
    count_reasons,
    draw_gains_again,
    draw_scene,
)
from twnm_sim.scenes.maker import SceneMaker, describe_spec, require_splits

SPEC = SceneSpec(
    duration_s=3.0,
    sources=Choice(values=(1.0, 2.0, 3.0)),
    ambience=AmbienceSpec(),
    noise_dbfs=Uniform(low=-70.0, high=-60.0),
    audible=False,
)


def change(spec, **changes):
    return SceneSpec.model_validate({**spec.model_dump(), **changes})


@pytest.fixture(scope="module")
def ingredients(library, catalog):
    return Ingredients(SPEC, library, catalog, "research-nc")


@pytest.fixture
def with_spec(library, catalog):
    def with_spec(profile="research-nc", clips=catalog, **changes):
        return Ingredients(change(SPEC, **changes), library, clips, profile)

    return with_spec


def draw_many(ingredients, count, split="train", **where):
    """The first draws that are not refused."""
    drawn = []
    for index in range(10 * count):
        try:
            drawn.append(draw_scene(ingredients, 1, index, split, **where))
        except RefusedDrawError:
            continue
        if len(drawn) == count:
            return drawn
    raise AssertionError("most draws are refused")


def test_a_scene_is_the_same_whatever_was_drawn_before(ingredients, library, catalog):
    forward = [draw_scene(ingredients, 3, index, "train").recipe for index in range(12)]
    backward = [draw_scene(ingredients, 3, index, "train").recipe for index in reversed(range(12))][::-1]
    anew = draw_scene(Ingredients(SPEC, library, catalog, "research-nc"), 3, 7, "train").recipe
    assert forward == backward
    assert anew == forward[7]
    assert len({recipe.model_dump_json() for recipe in forward}) == 12


def numbers_of(recipe):
    """What is drawn from continuous distributions."""
    ambience = recipe.ambience
    return {recipe.loudness, recipe.noise_dbfs, ambience.snr_db, *(event.gain_db for event in recipe.events)}


def test_seeds_indices_attempts_and_splits_have_nothing_in_common(library, catalog):
    clips = Catalog(catalog.clips + tuple(c.model_copy(update={"split": "validation"}) for c in catalog.clips))
    ingredients = Ingredients(SPEC, library, clips, "research-nc")
    ingredients._rooms["validation"] = ingredients.rooms("train")  # the same rooms, so that nothing else differs
    recipes = [
        draw_scene(ingredients, seed, index, split, attempt).recipe
        for seed in (3, 4)
        for index in (0, 1)
        for split in ("train", "validation")
        for attempt in (0, 1)
    ]
    numbers = [number for recipe in recipes for number in numbers_of(recipe)]
    assert len(set(numbers)) == len(numbers) >= 16 * 4


def test_what_one_part_draws_does_not_move_another(with_spec):
    """More sources, other constraints, no background: loudness, noise and the room's background stay."""
    first = draw_scene(with_spec(sources={"kind": "constant", "value": 2.0}), 3, 5, "train").recipe
    for changes in (
        {"sources": {"kind": "constant", "value": 3.0}},
        {"onset_s": {"kind": "uniform", "low": 0.0, "high": 1.0}},
        {"classes": "any"},
    ):
        other = draw_scene(
            with_spec(**{"sources": {"kind": "constant", "value": 2.0}, **changes}), 3, 5, "train"
        ).recipe
        assert (other.loudness, other.noise_dbfs, other.ambience) == (first.loudness, first.noise_dbfs, first.ambience)
        assert [event.gain_db for event in other.events][:2] == [event.gain_db for event in first.events]


def test_a_scene_that_is_drawn_again_keeps_its_number_of_sources(ingredients):
    for index in range(12):
        counts = set()
        for attempt in range(6):
            try:
                counts.add(len(draw_scene(ingredients, 5, index, "train", attempt).recipe.events))
            except RefusedDrawError:
                continue
        assert len(counts) == 1, f"scene {index} has {counts} sources by turns"


def test_gains_drawn_again_begin_with_the_draws_own(ingredients):
    drawn = draw_scene(ingredients, 3, 4, "train")
    gains_GS = draw_gains_again(SPEC, drawn, 5)
    assert gains_GS[0].tolist() == [event.gain_db for event in drawn.recipe.events]
    assert len(np.unique(gains_GS)) == gains_GS.size


def test_what_is_drawn_is_distributed_as_the_spec_says(with_spec):
    drawn = [one.recipe for one in draw_many(with_spec(sources={"kind": "constant", "value": 1.0}), 400)]
    for values, low, high in (
        ([recipe.loudness for recipe in drawn], -32.0, -20.0),
        ([recipe.noise_dbfs for recipe in drawn], -70.0, -60.0),
        ([recipe.ambience.snr_db for recipe in drawn], 5.0, 25.0),
        ([recipe.events[0].gain_db for recipe in drawn], -6.0, 6.0),
        ([recipe.events[0].emitted / RATE for recipe in drawn], 0.0, 2.0),
    ):
        assert kstest(values, "uniform", (low, high - low)).pvalue > 0.001
    assert {recipe.ambience.colour for recipe in drawn} == {"pink", "brown"}


def test_the_piece_of_a_clip_lies_in_its_sound(with_spec, catalog):
    """It begins a lead of 5 ms before the onset at most, all that is active sounds if it fits, and it ends in time."""
    cut = 0
    for drawn in draw_many(with_spec(duration_s=2.0, onset_s={"kind": "uniform", "low": 0.0, "high": 1.9}), 300):
        for event, clip in zip(drawn.recipe.events, drawn.clips, strict=True):
            start_s, end_s = event.clip_start / RATE, (event.clip_start + event.length) / RATE
            room_s = (drawn.recipe.samples - event.emitted) / RATE
            assert event.emitted + event.length <= drawn.recipe.samples
            assert end_s <= clip.duration_s + 1e-9
            assert start_s >= max(0.0, clip.onset_s - 0.005) - 1 / RATE
            if room_s < clip.offset_s - clip.onset_s + 0.005:
                cut += 1
                assert end_s <= clip.offset_s + 1 / RATE  # a stretch from within
                assert event.length == drawn.recipe.samples - event.emitted
            else:
                assert start_s <= max(0.0, clip.onset_s - 0.005)
                if room_s > clip.offset_s - start_s + 0.001:
                    assert end_s >= clip.offset_s - 1e-9
            assert (event.fade_in > 0) == (event.clip_start > 0)
            assert event.fade_out == min(round(0.005 * RATE), event.length)
    assert cut > 100


def test_a_stretch_from_within_is_any_stretch(with_spec, tmp_path):
    rain = write_sounds(tmp_path, [sound for sound in SOUNDS if sound.name == "raining"])
    drawn = draw_many(
        with_spec(clips=rain, sources=Constant(value=1.0), onset_s=Constant(value=0.5), duration_s=2.0), 300
    )
    starts_s = [one.recipe.events[0].clip_start / RATE for one in drawn]
    assert kstest(starts_s, "uniform", (0.0, 7.0 - 1.5)).pvalue > 0.001


@given(
    onset=st.floats(0.0, 2.0),
    active=st.floats(0.02, 6.0),
    rest=st.floats(0.0, 1.0),
    emitted=st.floats(0.0, 1.99),
    seed=st.integers(0, 2**20),
)
@settings(max_examples=300, deadline=None)
def test_any_clip_finds_a_piece(onset, active, rest, emitted, seed):
    clip = make_clip(onset_s=onset, offset_s=onset + active, duration_s=onset + active + rest)
    event = _place_clip(clip, 0, emitted, 0.0, RATE, 2 * RATE, np.random.default_rng(seed))
    assert event.length > 0
    assert event.emitted + event.length <= 2 * RATE
    assert event.clip_start <= (onset + active) * RATE
    assert event.clip_start + event.length <= clip.duration_s * RATE + 1


@pytest.mark.parametrize(("low", "high"), [(0.4, None), (0.0, 0.2), (0.3, 0.5)])
def test_any_two_events_overlap_as_long_as_was_asked(with_spec, low, high):
    sources = Choice(values=(2.0, 3.0) if high is None else (2.0,))
    for drawn in draw_many(with_spec(sources=sources, min_overlap_s=low, max_overlap_s=high), 60):
        spans = []
        for event, clip in zip(drawn.recipe.events, drawn.clips, strict=True):
            begins_s = event.emitted / RATE
            spans.append((begins_s, min(begins_s + clip.offset_s - clip.onset_s, 3.0)))
        for b in range(len(spans)):
            for a in range(b):
                shared = max(0.0, min(spans[a][1], spans[b][1]) - max(spans[a][0], spans[b][0]))
                assert shared >= low - 1e-4
                assert high is None or shared <= high + 1e-4


def test_an_overlap_that_cannot_be_is_refused_by_name(with_spec):
    with pytest.raises(RefusedDrawError, match=r"^overlap$"):
        draw_scene(with_spec(sources=Constant(value=2.0), min_overlap_s=2.9), 1, 0, "train")


def test_what_sounds_is_heard_together_as_long(library, catalog):
    """The overlap of what is heard is what was drawn, and more by the room's reverberation."""
    spec = change(SPEC, sources=Constant(value=2.0), min_overlap_s=0.3, ambience=None, noise_dbfs=None)
    maker = SceneMaker(Ingredients(spec, library, catalog, "research-nc"), seed=6)
    for index in range(10):
        (overlap,) = maker.make(index, "train").scene.overlaps
        assert overlap.seconds > 0.25


def test_no_class_meets_its_own_or_a_broader_one(ingredients):
    """A dog is an animal: the sounds of both never meet."""
    for drawn in draw_many(ingredients, 200):
        for b, second in enumerate(drawn.clips):
            for first in drawn.clips[:b]:
                assert first.label != second.label
                assert {first.label, second.label} != {"dog", "animal"}


def test_one_class_twice_from_two_places(with_spec):
    spec = {"sources": Constant(value=3.0), "constraints": [SameClass(), Pairwise(degrees=30.0)]}
    orders = set()
    for drawn in draw_many(with_spec(**spec), 60):
        labels = [clip.label for clip in drawn.clips]
        assert sorted(labels.count(label) for label in set(labels)) == [1, 2]
        assert len({event.source_index for event in drawn.recipe.events}) == 3
        assert len({clip.clip_id for clip in drawn.clips}) == 3
        twin = next(label for label in labels if labels.count(label) == 2)
        orders.add(tuple(label == twin for label in labels))
    assert len(orders) == 3  # twins need not come first


def test_every_scene_holds_each_class_that_is_included(with_spec):
    places = {"Animal": set(), "rain": set()}
    for drawn in draw_many(with_spec(sources=Constant(value=3.0), include=("Animal", "rain")), 60):
        assert len(drawn.clips) == 3
        for word, labels in (("Animal", {"animal", "dog"}), ("rain", {"rain"})):
            found = [place for place, clip in enumerate(drawn.clips) if clip.label in labels]
            assert len(found) == 1  # classes are distinct still
            places[word] |= {*found}
    assert places == {"Animal": {0, 1, 2}, "rain": {0, 1, 2}}  # they need not come first


def test_a_given_room_with_fewer_places_than_included_classes_is_refused_by_name(with_spec, library, monkeypatch):
    usable_RP = library.positions.usable_RP.copy()
    usable_RP[1, 1:] = False
    monkeypatch.setattr(library, "positions", replace(library.positions, usable_RP=usable_RP))
    ingredients = with_spec(sources=Constant(value=2.0), include=("dog", "rain"))
    assert len(draw_scene(ingredients, 1, 0, "train", room=0).recipe.events) == 2
    with pytest.raises(RefusedDrawError, match=r"^room_without_places$"):
        draw_scene(ingredients, 1, 0, "train", room=1)


def test_an_included_class_that_no_licence_lets_in_names_the_reason(with_spec):
    """A horn under the GPL, an engine that is not for trade: neither goes with the other."""
    ingredients = with_spec(sources=Constant(value=2.0), include=("horn", "engine"))
    said = r"^Scene 0 of the train split was rejected 100 times: license_mix \(100\); too few clips may be mixed: .*\.$"
    with pytest.raises(SpecError, match=said):
        SceneMaker(ingredients, 1).make(0, "train")


def test_a_split_without_an_included_class_is_left_out(with_spec):
    one = {"sources": Constant(value=1.0)}
    assert with_spec(**one).splits == with_spec(**one, include=("rain",)).splits == ("train",)
    only_in_test = with_spec(**one, include=("door",))
    assert (only_in_test.splits, len(only_in_test.pool("test"))) == ((), 1)
    with pytest.raises(
        SpecError, match=r"^No split has both rooms and clips .*'door'\); loosen the filter or add clips"
    ):
        require_splits(only_in_test)


def test_runs_that_include_nothing_are_the_runs_of_before(with_spec):
    """What made a run's name before classes could be included makes it still."""
    plain, rain = (SceneMaker(with_spec(sources=Constant(value=2.0), include=words), 1) for words in ((), ("rain",)))
    told = {name: value for name, value in plain.ingredients.spec.model_dump(mode="json").items() if name != "include"}
    assert describe_spec(plain.ingredients.spec) == told
    assert describe_spec(rain.ingredients.spec) == {**told, "include": ["rain"]}
    assert plain.fingerprint_of("train") != rain.fingerprint_of("train")


def test_constraints_and_placements_hold_in_what_is_drawn(with_spec, library):
    placed = Placement(distance_m=Interval(low=1.2, high=6.0), lateral_deg=Interval(low=-80.0, high=80.0))
    spec = {"sources": Constant(value=2.0), "constraints": [Farthest(ratio=1.5)], "placement": placed}
    for drawn in draw_many(with_spec(**spec), 60):
        sources = library.room(drawn.room).record.sources
        near, far = sorted(sources[event.source_index].distance_m for event in drawn.recipe.events)
        assert far >= 1.5 * near
        assert near >= 1.2
        assert far <= 6.0
        assert all(abs(sources[event.source_index].lateral_deg) <= 80.0 for event in drawn.recipe.events)
        assert drawn.recipe.room_id == library.room(drawn.room).record.room_id


def test_the_poses_of_one_room_are_drawn_as_one_room(with_spec, library, monkeypatch):
    table = library.positions
    train = np.flatnonzero(table.split_R == "train")
    assert len(train) >= 5
    group_R = table.group_R.astype("U40")
    group_R[train[1:]] = "hall"  # four and more poses of a hall, beside one other room
    monkeypatch.setattr(library, "positions", replace(table, group_R=group_R))
    drawn = [d.room for d in draw_many(with_spec(), 120)]
    alone = sum(room == train[0] for room in drawn)
    assert 40 <= alone <= 80  # half of all, not a fifth
    assert {room for room in drawn if room != train[0]} == set(train[1:].tolist())  # every pose is drawn


def test_the_one_room_that_fits_is_found_among_many(with_spec, library, monkeypatch):
    table = library.positions
    train = np.flatnonzero(table.split_R == "train")
    many = np.concatenate([np.repeat(train[1], 300), [train[0]]])  # 300 rooms in which all is near, and one that fits
    distance_RP = table.distance_RP[many].copy()
    distance_RP[:-1] = 2.0
    distance_RP[-1] = np.linspace(1.0, 30.0, distance_RP.shape[1])
    fields = {name: getattr(table, name)[many] for name in table.__dataclass_fields__}
    fields |= {"distance_RP": distance_RP, "group_R": np.array([f"g{k}" for k in range(len(many))])}
    monkeypatch.setattr(library, "positions", type(table)(**fields))
    ingredients = with_spec(sources=Constant(value=2.0), constraints=[Farthest(ratio=2.0)], audible=False)
    assert {draw_scene(ingredients, 2, index, "train").room for index in range(5)} == {len(many) - 1}


def test_a_room_of_few_positions_has_as_many_sources(with_spec, library, monkeypatch):
    table = library.positions
    usable_RP = table.usable_RP.copy()
    usable_RP[1, 2:] = False
    monkeypatch.setattr(library, "positions", replace(table, usable_RP=usable_RP))
    ingredients = with_spec(sources=Constant(value=3.0))
    assert len(draw_scene(ingredients, 1, 0, "train", room=1).recipe.events) == 2
    assert len(draw_scene(ingredients, 1, 0, "train", room=0).recipe.events) == 3


def test_a_given_room_is_used(ingredients):
    assert {drawn.room for drawn in draw_many(ingredients, 10, room=2)} == {2}
    assert len({drawn.room for drawn in draw_many(ingredients, 60)}) == 6


def test_rooms_are_filtered_by_what_is_known_of_them(with_spec, library):
    table = library.positions
    half = float(np.nanmedian(table.t_mid_R))
    dry = with_spec(rooms=RoomFilter(t_mid_s=Interval(low=0.0, high=half))).rooms("train")
    assert dry.tolist() == np.flatnonzero(table.t_mid_R <= half).tolist()  # unknown is in no interval
    named = with_spec(rooms=RoomFilter(room_ids=("room-000001", "room-000004"))).rooms("train")
    assert named.tolist() == [1, 4]
    assert not len(with_spec(rooms=RoomFilter(origins=("measured",))).rooms("train"))
    volume = with_spec(rooms=RoomFilter(volume_m3=Interval(low=0.0, high=float(np.median(table.volume_R))))).rooms(
        "train"
    )
    assert len(volume) == 3


@pytest.mark.parametrize(
    ("profile", "licenses"),
    [
        ("open", {"CC-BY-4.0", "CC0-1.0", "CC-BY-3.0", "CC-BY-SA-4.0", "GPL-2.0-or-later"}),
        ("research-nc", {"CC-BY-4.0", "CC0-1.0", "CC-BY-3.0", "CC-BY-SA-4.0", "GPL-2.0-or-later", "CC-BY-NC-4.0"}),
        ("recipe", {sound.license for sound in SOUNDS if sound.split == "train"}),
    ],
)
def test_a_profile_takes_its_licences(with_spec, profile, licenses):
    found = set()
    for drawn in draw_many(with_spec(profile), 200):
        together = {clip.license for clip in drawn.clips}
        found |= together
        if profile != "recipe":
            assert not any(x.startswith("GPL") for x in together) or not any(x.startswith("CC-BY") for x in together)
            assert not {"CC-BY-SA-4.0", "CC-BY-NC-4.0"} <= together
    assert found == licenses


def test_a_head_that_the_profile_does_not_take_is_refused_in_a_sentence(library, catalog, monkeypatch):
    terms = np.array(["CC-BY-NC-4.0"] * 6)
    monkeypatch.setattr(library, "positions", replace(library.positions, license_R=terms))
    with pytest.raises(
        SpecError, match=r"^The library's responses are under CC-BY-NC-4\.0, which the .* open does not"
    ):
        Ingredients(SPEC, library, catalog, "open")
    assert len(Ingredients(SPEC, library, catalog, "research-nc").rooms("train")) == 6
    terms[:2] = "CC-BY-4.0"
    assert Ingredients(SPEC, library, catalog, "open").rooms("train").tolist() == [0, 1]


def test_splits_have_clips_and_rooms_of_their_own(ingredients):
    assert ingredients.splits == ("train",)  # the small rooms are all of one split
    assert {clip.split for clip in ingredients.pool("train").clips} == {"train"}
    assert [clip.label for clip in ingredients.pool("test").clips] == ["door"]
    with pytest.raises(SpecError, match=r"^No room of the test split fits the spec; add rooms, .*\.$"):
        draw_scene(ingredients, 1, 0, "test")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rooms": RoomFilter(room_ids=("room-000003", "room-9"))}, r"^There is no room 'room-9'; .* others: room-"),
        ({"rooms": RoomFilter(size_categories=("smal",))}, r"^There is no size category 'smal'; .* others: small\.$"),
        ({"clips": {"labels": ("dog", "bel")}}, r"^There is no class 'bel'; .* others: bell"),
        ({"clips": {"exclude_labels": ("xylophone",)}}, r"^There is no class 'xylophone'; "),
        ({"include": ("dog", "bel"), "sources": Constant(value=2.0)}, r"^There is no class 'bel'; .* others: bell"),
        ({"clips": {"datasets": ("smal",)}}, r"^There is no dataset 'smal'; .* others: small\.$"),
    ],
)
def test_a_word_that_nothing_knows_is_refused_with_those_like_it(library, catalog, changes, sentence):
    with pytest.raises(SpecError, match=sentence):
        Ingredients(change(SPEC, **changes), library, catalog, "research-nc")


def test_two_constraints_that_exclude_each_other_are_both_named(with_spec):
    ingredients = with_spec(
        sources=Constant(value=2.0), constraints=["opposite sides by 20 degrees", "sector 0 to 180"], audible=False
    )
    said = r"^No scene of 2 sources was found: 'opposite sides by 20 degrees' and 'sector 0 to 180' are never fulfilled"
    with pytest.raises(SpecError, match=said):
        draw_scene(ingredients, 1, 0, "train")


def test_events_are_numbered_as_they_begin(with_spec):
    for drawn in draw_many(with_spec(onset_s=Uniform(low=0.0, high=2.0)), 30):
        emitted = [event.emitted for event in drawn.recipe.events]
        assert emitted == sorted(emitted)
        assert [clip.clip_id for clip in drawn.clips] == [event.clip_id for event in drawn.recipe.events]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sample_rate": 48000}, r"^The library has 44100 Hz and 48000 Hz are asked for; render one with .*\.$"),
        ({"hrtf": "fabian"}, r"^The library was made with kemar and fabian is asked for; .*\.$"),
    ],
)
def test_a_library_of_another_rate_or_head_is_refused_in_a_sentence(with_spec, changes, sentence):
    with pytest.raises(SpecError, match=sentence):
        with_spec(**changes)
    assert with_spec(sample_rate=44100, hrtf="kemar").splits


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"sources": Constant(value=2.0), "constraints": [Farthest(ratio=99.0)]},
            r"^No scene of 2 sources was found: 'farthest by 99x' starves: of \d+,\d+ sets of positions in 6 rooms it",
        ),
        (
            {"placement": Placement(distance_m=Interval(low=50.0, high=60.0))},
            r"^No scene of \d sources? was found: of 6 rooms none has places enough \('distance_m 50 to 60'\); .*\.$",
        ),
        ({"sources": Constant(value=7.0)}, r"^No scene of 7 sources was found: .*\('7 sources in a room'\); .*\.$"),
        (
            {"rooms": RoomFilter(t_mid_s=Interval(low=99.0, high=100.0))},
            r"^No room of the train split fits the spec; .*\.$",
        ),
        ({"clips": {"min_duration_s": 30.0}}, None),
    ],
)
def test_a_spec_that_nothing_satisfies_says_why(with_spec, changes, sentence):
    if sentence is None:
        changed = Ingredients(change(SPEC, **changes), with_spec().brirs, with_spec().catalog, "open")
        changes, sentence = {}, r"^No clip of the train split can be used \(\d clip_too_short.*\.$"
    else:
        changed = with_spec(**changes)
    with pytest.raises(SpecError, match=sentence):
        draw_scene(changed, 1, 0, "train")


def test_where_one_drowns_the_others_however_gains_fall_nothing_is_composed(with_spec):
    """From distances and ratios alone; what is let through may still turn out inaudible."""
    even = with_spec(sources=Constant(value=2.0), audible=True, gain_db=Constant(value=0.0))
    reasons = []
    for index in range(60):
        try:
            draw_scene(even, 1, index, "train")
        except RefusedDrawError as refusal:
            reasons.append(str(refusal))
    assert set(reasons) <= {"event_buried", "license_mix"}
    assert count_reasons(["a", "b", "a"]) == "a (2), b (1)"


def test_scenes_are_of_so_many_samples_and_sources(with_spec):
    drawn = draw_many(with_spec(duration_s=1.2345, onset_s=Constant(value=0.2)), 30)
    assert {one.recipe.samples for one in drawn} == {round(1.2345 * RATE)}
    assert {len(one.recipe.events) for one in drawn} == {1, 2, 3}


def test_a_sound_of_silence_and_a_moment_is_placed(with_spec, tmp_path):
    click = write_sounds(tmp_path, [Sound("click", "click", onset_s=0.0, active_s=0.31, rest_s=0.0)])
    (drawn,) = draw_many(with_spec(clips=click, sources=Constant(value=1.0)), 1)
    assert drawn.recipe.events[0].clip_start == 0
    assert drawn.recipe.events[0].fade_in == 0
