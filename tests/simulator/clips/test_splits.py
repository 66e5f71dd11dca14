"""Groups and splits: whoever made a clip is heard on one side only, whatever else is scanned."""

import hashlib
from collections import defaultdict
from dataclasses import replace

from clip_files import make_found
from hypothesis import given, settings
from hypothesis import strategies as st

from twnm_schemas.splits import split_of
from twnm_sim.clips.listing import Found
from twnm_sim.clips.splits import Seat, find_uploaders, group_of, identities_of, seat_clips


def digest(clip: Found) -> str:
    return hashlib.sha256(clip.clip_id.encode()).hexdigest()


def seat(clips: list[Found], kept: dict[int, Seat] | None = None) -> list[Seat | None]:
    return seat_clips(clips, [digest(clip) for clip in clips], kept)


def names_in(wanted: str, prefix: str = "name") -> str:
    """A name whose group falls into this split."""
    return next(f"{prefix}{i}" for i in range(1000) if split_of(f"uploader:freesound/{prefix}{i}") == wanted)


def test_the_group_is_the_first_of_the_rules_that_applies() -> None:
    everything = make_found(
        "set:1", uploader="Ann B", freesound_id="7", video_id="v", speaker="s", source_url="https://freesound.org/s/7/"
    )
    assert group_of(everything, {}) == "uploader:freesound/ann b"
    without = replace(everything, uploader="")
    assert group_of(without, {"7": "uploader:freesound/ann b"}) == "uploader:freesound/ann b"
    assert group_of(without, {"8": "uploader:freesound/else"}) == "freesound:7"
    without = replace(without, freesound_id="")
    assert group_of(without, {}) == "video:v"
    without = replace(without, video_id="")
    assert group_of(without, {}) == "speaker:set/s"
    assert group_of(replace(without, speaker=""), {}) == "set:1"


def test_equal_names_of_different_places_are_different_people() -> None:
    groups = {
        group_of(make_found("espeak:1", uploader="max"), {}),
        group_of(make_found("fsd50k:1", uploader="max", freesound_id="1"), {}),
        group_of(make_found("yodas:1", uploader="max", video_id="x"), {}),
        group_of(make_found("espeak:2", speaker="max"), {}),
        group_of(make_found("emilia:2", speaker="max"), {}),
    }
    assert len(groups) == 5


def test_one_freesound_user_is_one_group_in_every_dataset() -> None:
    clips = [
        make_found("fsd50k:10", uploader="Bobby Beck", freesound_id="10"),
        make_found("clotho:a.wav", uploader="bobby beck", source_url="https://freesound.org/people/bobby%20beck/"),
        make_found("esc50:1-10-A", freesound_id="10"),
    ]
    assert {group_of(clip, find_uploaders(clips)) for clip in clips} == {"uploader:freesound/bobby beck"}


def test_an_uploader_is_found_wherever_in_the_scan_the_id_is_named() -> None:
    nameless, named = make_found("esc50:1-10-A", freesound_id="10"), make_found("x:1", uploader="u", freesound_id="10")
    for clips in ([nameless, named], [named, nameless]):
        assert [s and s.group for s in seat(clips)] == ["uploader:freesound/u"] * 2
    assert [s and s.group for s in seat([nameless])] == ["freesound:10"]


def test_a_speaker_in_videos_of_two_splits_stays_in_the_first() -> None:
    train = next(f"v{i}" for i in range(1000) if split_of(f"video:v{i}") == "train")
    test = next(f"v{i}" for i in range(1000) if split_of(f"video:v{i}") == "test")
    first, second = make_found("y:1", video_id=train, speaker="s"), make_found("y:2", video_id=test, speaker="s")
    other = make_found("y:3", video_id=test, speaker="t")
    assert [s and s.split for s in seat([first, second, other])] == ["train", None, "test"]
    assert [s and s.split for s in seat([second, first, other])] == ["test", None, "test"]


def test_the_same_bytes_never_lie_in_two_splits() -> None:
    clips = [make_found("a:1", uploader="p", freesound_id="1"), make_found("b:1", uploader="q", freesound_id="2")]
    clips = [replace(clip, uploader=names_in(split)) for clip, split in zip(clips, ("train", "test"), strict=True)]
    assert [s and s.split for s in seat_clips(clips, ["same", "same"])] == ["train", None]


def test_kept_rows_stay_where_they_are_and_newcomers_give_way_whatever_the_order() -> None:
    user = names_in("train")
    kept = Seat("freesound:5", "test")  # made when nobody knew who recorded 5
    old, new = make_found("esc50:5", freesound_id="5"), make_found("fsd50k:5", uploader=user, freesound_id="5")
    assert seat([new, old], {1: kept}) == [None, kept]
    assert seat([old, new], {0: kept}) == [kept, None]


def test_kept_rows_that_contradict_each_other_do_not_both_stay() -> None:
    one, two = make_found("a:1", freesound_id="5"), make_found("b:1", freesound_id="5")
    assert seat([one, two], {0: Seat("g", "test"), 1: Seat("h", "train")}) == [Seat("g", "test"), None]


def test_a_group_that_was_kept_elsewhere_pulls_nobody_over() -> None:
    user = names_in("train")
    kept = Seat(f"uploader:freesound/{user}", "test")  # by another rule of old
    old, new = (make_found(f"a:{i}", uploader=user, freesound_id=str(i)) for i in (1, 2))
    assert seat([old, new], {0: kept}) == [kept, None]


SOME = st.sampled_from(["", "a", "b", "c", "d"])
CLIPS = st.lists(
    st.builds(
        make_found,
        st.integers(0, 10**6).map(lambda i: f"set:{i}"),
        uploader=SOME,
        freesound_id=SOME,
        video_id=SOME,
        speaker=SOME,
    ),
    max_size=12,
    unique_by=lambda clip: clip.clip_id,
)


@given(CLIPS)
@settings(max_examples=300)
def test_no_identity_stands_on_two_sides(clips: list[Found]) -> None:
    sides = defaultdict(set)
    uploaders = find_uploaders(clips)
    for clip, place in zip(clips, seat(clips), strict=True):
        if place:
            for key in (place.group, *identities_of(clip, uploaders)):
                sides[key].add(place.split)
    assert all(len(splits) == 1 for splits in sides.values())


@given(CLIPS)
@settings(max_examples=300)
def test_a_clip_is_dropped_only_for_a_clash_with_one_before_it(clips: list[Found]) -> None:
    uploaders, taken = find_uploaders(clips), {}
    for clip, place in zip(clips, seat(clips), strict=True):
        keys = {group_of(clip, uploaders), *identities_of(clip, uploaders)}
        split = split_of(group_of(clip, uploaders))
        clash = any(taken.get(key, split) != split for key in keys)
        assert (place is None) is clash
        if place:
            assert place == Seat(group_of(clip, uploaders), split)
            taken |= dict.fromkeys(keys, split)


@given(CLIPS, CLIPS)
@settings(max_examples=300)
def test_adding_data_moves_no_clip_that_was_seated(before: list[Found], added: list[Found]) -> None:
    added = [replace(clip, clip_id=f"{clip.clip_id}-new") for clip in added]
    first = seat(before)
    kept = {place: found for place, found in enumerate(first) if found}
    seated = [clip for clip, found in zip(before, first, strict=True) if found]
    again = seat(seated + added, dict(enumerate(kept.values())))
    assert again[: len(seated)] == list(kept.values())
    shuffled = seat(added + seated, {len(added) + i: found for i, found in enumerate(kept.values())})
    assert shuffled[len(added) :] == list(kept.values())
    assert shuffled[: len(added)] == again[len(seated) :]


def test_what_is_held_out_takes_its_whole_group_along() -> None:
    held = make_found("esc50:1", freesound_id="5", uploader=names_in("train"))
    other = make_found("fsd50k:2", freesound_id="6", uploader=names_in("train"))
    clips = [held, other]
    seats = seat_clips(clips, [digest(clip) for clip in clips], held_out={0: "test"})
    assert seats[0] == Seat(group_of(held, {}), "test")
    assert seats[1] is None  # the same uploader, and its group hashes to train
