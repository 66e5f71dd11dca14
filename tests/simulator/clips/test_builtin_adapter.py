"""`builtin`: listed at once, balanced, and truly what is synthesised."""

import hashlib
from collections import Counter

import pytest

from twnm_schemas.errors import SpecError
from twnm_sim.clips.adapters.builtin import list_clips
from twnm_sim.clips.probe import find_active
from twnm_sim.clips.specs import parse_spec
from twnm_sim.clips.synthesis import BUILTIN_VERSION, CLASSES, synthesise_clip


def test_every_class_has_its_variations_and_a_part_of_the_list_is_balanced() -> None:
    found = list(list_clips(parse_spec("builtin:3")))
    assert len({clip.clip_id for clip in found}) == len(found) == 3 * len(CLASSES)
    assert set(Counter(clip.label for clip in found).values()) == {3}
    assert set(Counter(clip.label for clip in found[: len(CLASSES)]).values()) == {1}
    assert len(list(list_clips(parse_spec("builtin")))) == 90 * len(CLASSES)


def test_a_clip_says_what_it_is() -> None:
    clip = next(clip for clip in list_clips(parse_spec("builtin:3")) if clip.clip_id == "builtin:frog-croak-0002")
    assert (clip.dataset, clip.path, clip.source_url, clip.uploader) == ("builtin", "", "", "")
    assert clip.license == "CC0-1.0"
    assert clip.title == "frog croaking 2"
    assert (clip.label, clip.labels) == ("frog croaking", ("frog croaking",))
    assert clip.audioset_ids == ("/m/07st88b",)
    assert clip.ancestors == ("frog", "wild animals", "animal")
    assert clip.probed is not None
    recipe = f"builtin {BUILTIN_VERSION} builtin:frog-croak-0002"
    assert clip.probed.sha256 == hashlib.sha256(recipe.encode()).hexdigest()


@pytest.mark.parametrize("variations", [1, 65])
def test_what_is_listed_is_what_is_heard(variations: int) -> None:
    """Of the last variation of a few classes, within the table of lengths and beyond it."""
    listed = list(list_clips(parse_spec(f"builtin:{variations}")))[-len(CLASSES) :: 9]
    for clip in listed:
        sound = synthesise_clip(clip.clip_id, 44_100)
        active = find_active(sound, 44_100, clip.clip_id)
        assert clip.probed is not None
        assert (clip.probed.sample_rate, clip.probed.channels) == (44_100, 1)
        assert clip.probed.duration_s == pytest.approx(len(sound) / 44_100, abs=1e-9)
        assert clip.probed.onset_s == active.onset_s
        assert clip.probed.offset_s == pytest.approx(active.offset_s, abs=1e-9)
        assert clip.probed.level_dbfs == pytest.approx(active.level_dbfs, abs=0.01)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("builtin:many", "'many' in 'builtin:many' is no number of variations; write builtin:90."),
        ("builtin:-3", "'-3' in 'builtin:-3' is no number of variations; write builtin:90."),
        ("builtin:0", "'0' in 'builtin:0' is no number of variations; write builtin:90."),
        ("builtin?seed=3", "The clips 'builtin?seed=3' take no options; write builtin or builtin:90."),
    ],
)
def test_a_spec_that_is_not_usable_is_refused(spec: str, sentence: str) -> None:
    with pytest.raises(SpecError) as error:
        list(list_clips(parse_spec(spec)))
    assert str(error.value) == sentence
