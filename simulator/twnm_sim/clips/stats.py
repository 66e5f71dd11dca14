"""What a catalog holds, in numbers."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from twnm_schemas.clips import Clip
from twnm_schemas.splits import SPLITS
from twnm_sim.clips.catalog import Catalog

DURATION_EDGES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True)
class Share:
    """How many clips, and for how many hours they sound from start to end."""

    clips: int
    hours: float


@dataclass(frozen=True)
class Stats:
    """Shares by name, the largest first (splits, durations and groups per split in their own order).

    A clip of several labels counts under each of them.
    """

    total: Share
    datasets: Mapping[str, Share]
    splits: Mapping[str, Share]
    groups: Mapping[str, int]
    licenses: Mapping[str, Share]
    labels: Mapping[str, Share]
    durations: Mapping[str, Share]
    rejections: Mapping[str, int]
    digest: str


def summarise(catalog: Catalog) -> Stats:
    """The catalog in numbers."""
    clips = catalog.clips
    return Stats(
        total=_share(clips),
        datasets=_by_size(clips, lambda clip: (clip.dataset,)),
        splits=_in_order(clips, lambda clip: clip.split, SPLITS),
        groups={name: len({clip.group for clip in clips if clip.split == name}) for name in SPLITS},
        licenses=_by_size(clips, lambda clip: (clip.license,)),
        labels=_by_size(clips, lambda clip: clip.labels or ("",)),
        durations=_in_order(clips, lambda clip: name_duration(clip.duration_s), _duration_names()),
        rejections=dict(Counter(catalog.rejections).most_common()),
        digest=catalog.digest,
    )


def _share(clips: Iterable[Clip]) -> Share:
    durations = [clip.duration_s for clip in clips]
    return Share(len(durations), sum(durations) / 3600.0)


def _group(clips: Iterable[Clip], names_of: Callable[[Clip], Iterable[str]]) -> dict[str, list[Clip]]:
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        for name in names_of(clip):
            groups.setdefault(name, []).append(clip)
    return groups


def _by_size(clips: Iterable[Clip], names_of: Callable[[Clip], Iterable[str]]) -> dict[str, Share]:
    groups = _group(clips, names_of)
    return {name: _share(groups[name]) for name in sorted(groups, key=lambda name: (-len(groups[name]), name))}


def _in_order(clips: Iterable[Clip], name_of: Callable[[Clip], str], names: Iterable[str]) -> dict[str, Share]:
    groups = _group(clips, lambda clip: (name_of(clip),))
    return {name: _share(groups.get(name, ())) for name in names}


def name_duration(duration_s: float) -> str:
    """The class of a duration: "1-2 s" from 1 s on and under 2 s."""
    return _duration_names()[bisect_right(DURATION_EDGES_S, duration_s)]


def _duration_names() -> tuple[str, ...]:
    edges = DURATION_EDGES_S
    between = (f"{low:g}-{high:g} s" for low, high in pairwise(edges))
    return (f"under {edges[0]:g} s", *between, f"{edges[-1]:g} s and over")
