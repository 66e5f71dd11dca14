"""Who may be heard where: every clip's group, its split, and that no identity stands on two sides.

The group of a clip is the first of these that is known:

1. `uploader:PLATFORM/NAME`, its uploader; PLATFORM is "freesound" for all datasets drawn from there, "youtube" for
   clips with a video id, else the dataset, so that equal names of different places never meet;
2. the same, where another clip of the scan with the same Freesound id names the uploader;
3. `freesound:ID`;  4. `video:ID`;  5. `speaker:DATASET/NAME`;  6. the clip's own id.

The group's name is hashed to the split (`twnm_schemas.splits.split_of`), so neither the other clips nor their order
move it. A clip also carries keys: its uploader, Freesound id, video id, speaker and the SHA-256 of its file. A key
belongs to the split in which it was first seen; a later clip whose group hashes elsewhere is dropped as `split_clash`
(a speaker in videos of two groups, say). Rows of a catalog made before are seated first and keep their group and split,
even where this scan would have found a better one: a newcomer that tells who recorded two of them, which lie in two
splits, is dropped, and they stay.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from twnm_schemas.splits import split_of


class Identified(Protocol):
    """What is asked of a clip; `Found` and `Clip` have it."""

    @property
    def clip_id(self) -> str: ...
    @property
    def dataset(self) -> str: ...
    @property
    def uploader(self) -> str: ...
    @property
    def freesound_id(self) -> str: ...
    @property
    def video_id(self) -> str: ...
    @property
    def speaker(self) -> str: ...
    @property
    def source_url(self) -> str: ...


def name_uploader(clip: Identified) -> str:
    """`uploader:PLATFORM/NAME`, or "" if the clip names none. Names that differ in case alone are one."""
    if not clip.uploader:
        return ""
    if clip.freesound_id or "freesound.org/" in clip.source_url:
        platform = "freesound"
    else:
        platform = "youtube" if clip.video_id else clip.dataset
    return f"uploader:{platform}/{clip.uploader.casefold()}"


def find_uploaders(clips: Iterable[Identified]) -> dict[str, str]:
    """The uploader's name by Freesound id, as the first clip of that id has it that names one."""
    found: dict[str, str] = {}
    for clip in clips:
        if clip.freesound_id and clip.uploader:
            found.setdefault(clip.freesound_id, name_uploader(clip))
    return found


def group_of(clip: Identified, uploaders: Mapping[str, str]) -> str:
    """The clip's group, by the rules above; `uploaders` as `find_uploaders` gives them."""
    return next(iter(identities_of(clip, uploaders)), clip.clip_id)


def identities_of(clip: Identified, uploaders: Mapping[str, str]) -> tuple[str, ...]:
    """All that says whose the clip is, the most telling first."""
    names = (
        name_uploader(clip) or uploaders.get(clip.freesound_id, ""),
        clip.freesound_id and f"freesound:{clip.freesound_id}",
        clip.video_id and f"video:{clip.video_id}",
        clip.speaker and f"speaker:{clip.dataset}/{clip.speaker}",
    )
    return tuple(name for name in names if name)


@dataclass(frozen=True)
class Seat:
    """Where a clip belongs."""

    group: str
    split: str


@dataclass
class Seating:
    """The splits that are taken so far, by key."""

    taken: dict[str, str] = field(default_factory=dict)

    def take(self, seat: Seat, keys: Iterable[str]) -> bool:
        """Claim the keys for the seat's split; False, and nothing is claimed, if one lies in another."""
        keys = {seat.group, *keys}
        if any(self.taken.get(key, seat.split) != seat.split for key in keys):
            return False
        self.taken.update(dict.fromkeys(keys, seat.split))
        return True


def seat_clips(
    clips: Sequence[Identified],
    digests: Sequence[str],
    kept: Mapping[int, Seat] | None = None,
    held_out: Mapping[int, str] | None = None,
) -> list[Seat | None]:
    """The seat of each clip in order, None for a `split_clash`.

    `digests`: the SHA-256 of each. `kept`: seats that are not decided here, by place in `clips`; they are taken first,
    in order, and a kept one is refused only where it contradicts an earlier kept one. `held_out`: the split that a clip
    is held out for, by place, whatever its group hashes to; what else is of its group is then a clash elsewhere.
    """
    kept = kept or {}
    old, new = sorted(kept), [place for place in range(len(clips)) if place not in kept]
    known_before = find_uploaders(clips[place] for place in old)
    known = find_uploaders(clips[place] for place in (*old, *new))
    seating = Seating()
    seats: list[Seat | None] = [None] * len(clips)
    for place, uploaders in (*((place, known_before) for place in old), *((place, known) for place in new)):
        clip = clips[place]
        seat = kept.get(place) or _seat_newcomer(clip, uploaders, (held_out or {}).get(place, ""))
        if seating.take(seat, (*identities_of(clip, uploaders), f"sha256:{digests[place]}")):
            seats[place] = seat
    return seats


def _seat_newcomer(clip: Identified, uploaders: Mapping[str, str], held_out: str) -> Seat:
    group = group_of(clip, uploaders)
    return Seat(group, held_out or split_of(group))
