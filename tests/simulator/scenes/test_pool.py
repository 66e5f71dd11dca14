"""Which clips may sound, and together with which."""

from collections import Counter
from itertools import combinations, permutations

import numpy as np
import pytest
from clip_files import make_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from twnm_schemas.distributions import Constant
from twnm_schemas.errors import SpecError
from twnm_schemas.licences import combine_licenses
from twnm_schemas.scenes import ClipFilter, SceneSpec
from twnm_sim.scenes.pool import are_distinct, draw_clips, gather_pool, require_clips

KEMAR = "LicenseRef-MIT-KEMAR"
DOG = make_clip("a:dog", label="Dog", labels=("Dog",), ancestors=("Domestic animals", "Animal"), license="CC0-1.0")
BARK = make_clip("a:bark", label="Bark", labels=("Bark",), ancestors=("Dog", "Animal"))
ANIMAL = make_clip("a:animal", label="animal", labels=("animal",))
CAT = make_clip("a:cat", label="Cat", labels=("Cat",), ancestors=("Animal",))
DUET = make_clip("a:duet", label="Bell", labels=("Bell", "Cat"))
LOWER_DOG = make_clip("b:dog", label="dog", labels=("dog",))


@pytest.mark.parametrize(
    ("first", "second", "distinct"),
    [
        (DOG, CAT, True),  # brothers share an ancestor and are two sounds all the same
        (DOG, BARK, False),  # one is a broader name of the other
        (DOG, ANIMAL, False),
        (BARK, ANIMAL, False),
        (DOG, LOWER_DOG, False),  # another dataset's spelling
        (CAT, DUET, False),  # a leaf that is not the label
        (DOG, DUET, True),
        (DOG, DOG, False),
    ],
)
def test_classes_are_distinct_where_neither_is_a_name_of_the_other(first, second, distinct):
    assert are_distinct(first, second) == are_distinct(second, first) == distinct


BARK_ID, DOG_ID, CAT_ID = "/m/05tny_", "/m/0bt9lr", "/m/01yrx"  # of the AudioSet ontology
SPELLED = make_clip("b:barking", label="dog barking", labels=("dog barking",), audioset_ids=(BARK_ID,))
OTHERWISE = make_clip("c:bark", label="Bow bow", labels=("Bow bow",), audioset_ids=(BARK_ID,))
HOUND = make_clip("c:hound", label="hound", labels=("hound",), audioset_ids=(DOG_ID,))
TOM = make_clip("c:tom", label="tom", labels=("tom",), audioset_ids=(CAT_ID,))


def test_one_class_is_one_class_however_datasets_spell_it():
    assert not are_distinct(SPELLED, OTHERWISE)
    assert not are_distinct(SPELLED, HOUND)  # a bark is a dog's by the ontology, though neither clip says so
    assert are_distinct(SPELLED, TOM)
    assert are_distinct(HOUND, TOM)


def test_a_class_of_two_spellings_is_drawn_as_often_as_one():
    clips = (
        SPELLED,
        OTHERWISE,
        *(make_clip(f"d:{k}", label="cat", labels=("cat",), audioset_ids=(CAT_ID,)) for k in "ab"),
    )
    pool = gather_pool(clips, SceneSpec(), "train", "open")
    assert sorted(map(len, pool.every.by_label.values())) == [2, 2]
    rng = np.random.default_rng(3)
    twins = [clip for _ in range(40) for clip in draw_clips(pool, SceneSpec(), 2, 2, KEMAR, rng)[0]]
    assert {clip.label for clip in twins} == {"dog barking", "Bow bow", "cat"}
    for first, second in zip(twins[::2], twins[1::2], strict=True):
        assert first.audioset_ids == second.audioset_ids


CLIPS = (
    make_clip("a:1", label="Dog", labels=("Dog",), ancestors=("Animal",), language=""),
    make_clip("b:2", label="bell", labels=("bell",)),
    make_clip("b:3", label="bell", labels=("bell",), onset_s=0.0, offset_s=0.2),
    make_clip("c:4", label="speech", labels=("speech",), language="en", offset_s=9.0, duration_s=10.0),
    make_clip("c:5", label="speech", labels=("speech",), language="de", license="CC-BY-NC-4.0"),
    make_clip("d:6", label="music", labels=("music",), license="LicenseRef-unknown"),
    make_clip("d:7", label="", labels=()),
    make_clip("d:8", label="bell", split="test"),
)
PLAIN = ClipFilter()


@pytest.mark.parametrize(
    ("wanted", "profile", "kept"),
    [
        (PLAIN, "open", "124"),
        (PLAIN, "research-nc", "1245"),
        (PLAIN, "recipe", "12456"),
        (ClipFilter(datasets=("b", "c")), "open", "24"),
        (ClipFilter(labels=("ANIMAL", "Bell")), "open", "12"),
        (ClipFilter(exclude_labels=("animal",)), "open", "24"),
        (ClipFilter(languages=("en",)), "research-nc", "4"),
        (ClipFilter(min_duration_s=0.0), "open", "1234"),
        (ClipFilter(max_duration_s=5.0), "open", "12"),
    ],
)
def test_a_filter_and_a_profile_keep(wanted, profile, kept):
    pool = gather_pool(CLIPS, SceneSpec(clips=wanted), "train", profile)
    assert "".join(clip.clip_id[-1] for clip in pool.clips) == kept
    assert sum(pool.refused.values()) + len(pool) == 7  # the eighth is of another split
    assert {place for places in pool.every.by_label.values() for place in places} == set(range(len(pool)))


def test_what_kept_clips_out_is_counted_by_name():
    pool = gather_pool(CLIPS, SceneSpec(clips=ClipFilter(datasets=("c",), max_duration_s=5.0)), "train", "open")
    assert pool.refused == {
        "clip_of_other_dataset": 4,
        "clip_too_long": 1,
        "clip_license_outside_profile": 1,
        "clip_without_label": 1,
    }
    with pytest.raises(SpecError, match=r"^No clip of the train split can be used \(4 clip_of_other_dataset, .*\.$"):
        require_clips(pool, "train")
    with pytest.raises(SpecError, match=r"^No clip of the x split can be used \(the catalog has none in x\); .*\.$"):
        require_clips(gather_pool(CLIPS, SceneSpec(), "x", "open"), "x")


def test_another_profile_is_refused_by_name():
    with pytest.raises(SpecError, match=r"^The licence profile 'closed' is not known; there are open, .*\.$"):
        gather_pool(CLIPS, SceneSpec(), "train", "closed")


def many(labels, each=4, **changes):
    return [
        make_clip(f"x:{label}{n}", label=label, labels=(label,), **changes) for label in labels for n in range(each)
    ]


LICENSES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "GPL-3.0-only", "GPL-2.0-only")


@given(seed=st.integers(0, 2**32), count=st.integers(1, 5), head=st.sampled_from([KEMAR, "CC-BY-4.0", "CC0-1.0"]))
@settings(max_examples=150, deadline=None)
def test_what_is_drawn_together_may_be_published_together(seed, count, head):
    rng = np.random.default_rng(seed)
    clips = [
        make_clip(f"x:{n}", label=f"c{n % 9}", labels=(f"c{n % 9}",), license=LICENSES[int(rng.integers(7))])
        for n in range(30)
    ]
    pool = gather_pool(clips, SceneSpec(), "train", "research-nc")
    found, missing = draw_clips(pool, SceneSpec(), count, 1, head, rng)
    combine_licenses([head, *(clip.license for clip in found)])  # raises where nobody may publish it
    terms = {clip.license.split("-")[0] for clip in found}
    assert not ("GPL" in terms and any(clip.license.startswith("CC-BY") for clip in found))
    assert len({clip.label for clip in found}) == len(found)
    assert missing in ("", "license_mix", "classes_not_distinct")
    assert len(found) == count or missing


def test_only_recipes_take_what_nobody_may_publish():
    clips = many(["a"], 1, license="GPL-3.0-only") + many(["b"], 1, license="LicenseRef-unknown")
    rng = np.random.default_rng(1)
    recipes = gather_pool(clips, SceneSpec(), "train", "recipe")
    assert len(draw_clips(recipes, SceneSpec(), 2, 1, KEMAR, rng)[0]) == 2
    both = many(["a"], 1, license="GPL-3.0-only") + many(["b"], 1, license="CC-BY-4.0")
    pool = gather_pool(both, SceneSpec(), "train", "open")
    assert draw_clips(pool, SceneSpec(), 2, 1, KEMAR, rng)[1] in (
        "license_mix",
        "classes_not_distinct",
        "clips_too_few",
    )
    alone = gather_pool(both[:1], SceneSpec(), "train", "open")
    assert draw_clips(alone, SceneSpec(), 1, 1, "CC-BY-4.0", rng) == ([], "license_mix")  # nor with the head


@pytest.mark.parametrize("classes", ["distinct", "any"])
@pytest.mark.parametrize("twins", [2, 3])
def test_one_class_is_heard_as_often_as_it_was_asked_for(classes, twins):
    spec = SceneSpec(classes=classes)
    pool = gather_pool(many("abcdef"), spec, "train", "open")
    for seed in range(200):
        found, missing = draw_clips(pool, spec, 5, twins, KEMAR, np.random.default_rng(seed))
        assert not missing
        assert len({clip.clip_id for clip in found}) == 5  # no recording twice
        counts = Counter(clip.label for clip in found)
        assert sorted(counts.values()) == [1] * (5 - twins) + [twins]


def test_any_classes_may_meet_by_chance_and_recordings_never():
    spec = SceneSpec(classes="any")
    pool = gather_pool(many("ab"), spec, "train", "open")
    drawn = [draw_clips(pool, spec, 4, 1, KEMAR, np.random.default_rng(seed))[0] for seed in range(100)]
    assert any(len({clip.label for clip in found}) == 1 for found in drawn)
    assert all(len({clip.clip_id for clip in found}) == 4 for found in drawn)


@pytest.mark.parametrize(
    ("labels", "each", "count", "twins", "missing"),
    [("ab", 3, 3, 1, "classes_not_distinct"), ("abc", 1, 2, 2, "clips_too_few"), ("a", 2, 3, 3, "clips_too_few")],
)
def test_what_is_missing_is_named(labels, each, count, twins, missing):
    pool = gather_pool(many(labels, each), SceneSpec(), "train", "open")
    assert draw_clips(pool, SceneSpec(), count, twins, KEMAR, np.random.default_rng(1))[1] == missing


@pytest.mark.parametrize(("balance", "share"), [("label", 1 / 3), ("clip", 8 / 10)])
def test_balance_is_by_class_or_by_recording(balance, share):
    spec = SceneSpec(balance=balance)
    pool = gather_pool(many("a", 8) + many("bc", 1), spec, "train", "open")
    rng = np.random.default_rng(4)
    drawn = Counter(draw_clips(pool, spec, 1, 1, KEMAR, rng)[0][0].clip_id for _ in range(3000))
    wanted = [3000 * share / 8] * 8 + [3000 * (1 - share) / 2] * 2
    assert chisquare([drawn[clip.clip_id] for clip in pool.clips], wanted).pvalue > 0.001


ZOO = (
    *many(["Bark", "Howl"], 3, ancestors=("Dog", "Animal")),
    *many(["Meow"], 5, ancestors=("Cat", "Animal")),
    *many(["Bell"], 6, ancestors=("Thing",)),
    *many(["Rain", "Wind", "Drum"], 2),
    make_clip("y:duet", label="Choir", labels=("Choir", "Rain")),
)


def is_of(clip, word):
    return word.lower() in {name.lower() for name in (clip.label, *clip.labels, *clip.ancestors)}


def with_include(*include, constraints=(), **changes):
    return SceneSpec(sources=Constant(value=6.0), include=include, constraints=constraints, **changes)


@pytest.mark.parametrize("balance", ["label", "clip"])
@pytest.mark.parametrize("include", [("dog",), ("RAIN", "cat"), ("Animal", "Dog"), ("wind", "Thing", "Meow")])
def test_each_included_class_is_there_and_classes_stay_distinct(include, balance):
    spec = with_include(*include, balance=balance)
    pool = gather_pool(ZOO, spec, "train", "open")
    for seed in range(200):
        found, missing = draw_clips(pool, spec, 4, 1, KEMAR, np.random.default_rng(seed))
        assert (missing, len(found)) == ("", 4)
        assert all(are_distinct(a, b) for a, b in combinations(found, 2))
        heard = [{word for word in include if is_of(clip, word)} for clip in found]
        # one clip each: some way to give every class a clip of its own
        assert any(all(w in h for w, h in zip(include, order, strict=False)) for order in permutations(heard))


def test_included_classes_leave_one_class_heard_twice_to_another():
    spec = with_include("dog", "rain", constraints=("same class 3 times",), classes="any")
    pool = gather_pool(ZOO, spec, "train", "open")
    twins = Counter()
    for seed in range(200):
        found, missing = draw_clips(pool, spec, 6, 3, KEMAR, np.random.default_rng(seed))
        if missing:  # too few of the class that was drawn
            assert missing == "clips_too_few"
            continue
        counts = Counter(clip.label for clip in found)
        assert sorted(counts.values()) == [1, 1, 1, 3]
        twins[counts.most_common(1)[0][0]] += 1
        once = [clip for clip in found if counts[clip.label] == 1]
        assert any(is_of(clip, "dog") for clip in once)
        assert any(is_of(clip, "rain") for clip in once)
        assert all(are_distinct(a, b) for a, b in combinations(found, 2) if a.label != b.label)
    assert {"Bell", "Meow"} <= set(twins)


@pytest.mark.parametrize(("balance", "share"), [("label", 1 / 2), ("clip", 1 / 5)])
def test_an_included_class_is_drawn_by_its_own_classes_first(balance, share):
    """A dog barks in one clip and howls in four."""
    clips = [*many(["Bark"], 1, ancestors=("Dog",)), *many(["Howl"], 4, ancestors=("Dog",)), *many("abc")]
    spec = SceneSpec(include=("dog",), balance=balance)
    pool = gather_pool(clips, spec, "train", "open")
    rng = np.random.default_rng(6)
    drawn = Counter(draw_clips(pool, spec, 1, 1, KEMAR, rng)[0][0].clip_id for _ in range(2000))
    wanted = [2000 * share] + [2000 * (1 - share) / 4] * 4
    assert sum(drawn.values()) == 2000
    assert chisquare([drawn[clip.clip_id] for clip in clips[:5]], wanted).pvalue > 0.001


@pytest.mark.parametrize(
    ("include", "changes", "missing"),
    [
        (("bell", "BELL"), {}, "classes_not_distinct"),
        (("choir", "rain"), {}, "clips_too_few"),  # one clip is all there is of both
        (("choir", "choir"), {"classes": "any"}, "clips_too_few"),
        (("gpl",), {}, "license_mix"),
    ],
)
def test_an_included_class_that_cannot_be_there_is_missing_by_name(include, changes, missing):
    spec = with_include(*include, **changes)
    gpl = make_clip("z:gpl", label="gpl", labels=("gpl",), license="GPL-3.0-only")
    clips = (gpl, *(clip for clip in ZOO if clip.label != "Rain"))
    pool = gather_pool(clips, spec, "train", "open")
    found, reason = draw_clips(pool, spec, 4, 1, "CC-BY-4.0", np.random.default_rng(2))
    assert reason == missing
    assert len(found) < 2


def test_a_split_without_an_included_class_has_no_clips():
    spec = with_include("bell", "Cat")
    some = tuple(clip for clip in ZOO if clip.label != "Meow")
    assert len(gather_pool(ZOO, spec, "train", "open")) == len(ZOO)
    pool = gather_pool(some, spec, "train", "open")
    assert len(pool) == 0
    with pytest.raises(
        SpecError, match=r"^No clip of the train split can be used \(19 beside no clip of 'cat'\); .*\.$"
    ):
        require_clips(pool, "train")


@pytest.mark.parametrize("twins", [1, 2])
@pytest.mark.parametrize("balance", ["label", "clip"])
def test_clips_of_the_rest_are_drawn_as_they_were_before_classes_could_be_included(twins, balance):
    """The draws of the first composer, written out: label, then clip; twins from one class, no draw of a label."""
    spec = SceneSpec(balance=balance, classes="any")
    clips = many("abcdef", 4)
    pool = gather_pool(clips, spec, "train", "open")
    for seed in range(50):
        rng, chosen = np.random.default_rng(seed), []
        while len(chosen) < 3:
            if len(chosen) == 1 and twins == 2:
                drawn = ord(chosen[0].label) - 97, int(rng.integers(4))
            elif balance == "label":
                drawn = int(rng.integers(6)), int(rng.integers(4))
            else:
                drawn = divmod(int(rng.integers(24)), 4)
            clip = clips[4 * drawn[0] + drawn[1]]
            is_new = clip not in chosen and (twins == 1 or len(chosen) < 2 or clip.label != chosen[0].label)
            chosen += [clip] if is_new else []
        assert draw_clips(pool, spec, 3, twins, KEMAR, np.random.default_rng(seed)) == (chosen, "")
