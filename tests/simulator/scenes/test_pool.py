"""Which clips may sound, and together with which."""

from collections import Counter

import numpy as np
import pytest
from clip_files import make_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

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
    assert sorted(map(len, pool.by_label.values())) == [2, 2]
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
    assert {place for places in pool.by_label.values() for place in places} == set(range(len(pool)))


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
