"""The clips there are for one kind of scene: filtered, and ready to be drawn by class and licence."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

import numpy as np

from twnm_schemas.clips import Clip
from twnm_schemas.errors import SpecError
from twnm_schemas.licences import combinable, profile_allows
from twnm_schemas.scenes import ClipFilter, SceneSpec
from twnm_sim.clips.audioset_ontology import ancestor_ids

_TRIES = 100  # for a clip that goes with those that are there


@dataclass(frozen=True)
class Choice:
    """Clips to draw from: their places in the pool, and the same by class (`class_key`), the classes in order."""

    places: Sequence[int]
    by_label: dict[str, tuple[int, ...]]
    labels: tuple[str, ...]

    def draw(self, balance: str, rng: np.random.Generator) -> int:
        """A place: of a class that is drawn first ("label"), or any ("clip")."""
        places = self.places
        if balance == "label":
            places = self.by_label[self.labels[int(rng.integers(len(self.labels)))]]
        return places[int(rng.integers(len(places)))]


@dataclass(frozen=True)
class ClipPool:
    """Clips of one split that a spec allows; `refused` counts why others are not here.

    `every`: all of them; `included`: those of each class that the spec includes, by its name in lower case.
    """

    clips: tuple[Clip, ...]
    every: Choice
    included: dict[str, Choice]
    refused: Counter[str]
    profile: str

    def __len__(self) -> int:
        return len(self.clips)


def gather_pool(clips: Iterable[Clip], spec: SceneSpec, split: str, profile: str) -> ClipPool:
    """The clips of `split` that the spec's filter and the licence profile allow.

    None where a class that the spec includes has none: no scene could be made of the others.
    """
    kept: list[Clip] = []
    refused: Counter[str] = Counter()
    for clip in clips:
        if clip.split != split:
            continue
        if reason := _find_fault(clip, spec.clips, profile):
            refused[reason] += 1
        else:
            kept.append(clip)
    included = _find_included(kept, spec.include)
    if missing := [word for word, choice in included.items() if not choice.places]:
        refused[f"beside no clip of '{missing[0]}'"] += len(kept)
        kept, included = [], {}
    return ClipPool(tuple(kept), _sort_out(kept, range(len(kept))), included, refused, profile)


def _find_included(clips: Sequence[Clip], include: Iterable[str]) -> dict[str, Choice]:
    """The clips of each class that a spec includes; looked for once a pool, which may be large."""
    places: dict[str, list[int]] = {word.lower(): [] for word in include}
    if places:
        for place, clip in enumerate(clips):
            for word in places.keys() & classes_of(clip):
                places[word].append(place)
    return {word: _sort_out(clips, found) for word, found in places.items()}


def _sort_out(clips: Sequence[Clip], places: Sequence[int]) -> Choice:
    by_label: dict[str, list[int]] = {}
    for place in places:
        by_label.setdefault(class_key(clips[place]), []).append(place)
    groups = {label: tuple(by_label[label]) for label in sorted(by_label)}
    return Choice(places, groups, tuple(groups))


def _find_fault(clip: Clip, wanted: ClipFilter, profile: str) -> str:
    classes = classes_of(clip)
    active_s = clip.offset_s - clip.onset_s
    if not clip.label:
        return "clip_without_label"
    if wanted.datasets and clip.dataset not in wanted.datasets:
        return "clip_of_other_dataset"
    if wanted.source_splits and clip.source_split not in wanted.source_splits:
        return "clip_of_other_source_split"
    if wanted.labels and not classes & _lower(wanted.labels):
        return "clip_of_other_class"
    if classes & _lower(wanted.exclude_labels):
        return "clip_of_excluded_class"
    if wanted.languages and clip.language not in wanted.languages:
        return "clip_of_other_language"
    if active_s < wanted.min_duration_s:
        return "clip_too_short"
    if wanted.max_duration_s is not None and active_s > wanted.max_duration_s:
        return "clip_too_long"
    return "" if profile_allows(profile, clip.license) else "clip_license_outside_profile"


def _lower(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.lower() for word in words)


def class_key(clip: Clip) -> str:
    """What decides whether two clips are of one class: the AudioSet id, or the words where there is none.

    Datasets spell a class each in its own way ("dog bark", "dog barking"); the id is the same.
    """
    return next((mid for mid in clip.audioset_ids if mid), clip.label.lower())


def classes_of(clip: Clip) -> frozenset[str]:
    """Every class that the clip belongs to, narrow and broad: words in lower case, and AudioSet ids."""
    broader = frozenset(mid for own in clip.audioset_ids for mid in ancestor_ids(own))
    return _leaves_of(clip) | _lower_once(clip.ancestors) | broader


def _leaves_of(clip: Clip) -> frozenset[str]:
    return _lower_once((clip.label, *clip.labels)) | {mid for mid in clip.audioset_ids if mid}


@lru_cache(maxsize=1 << 16)
def _lower_once(words: tuple[str, ...]) -> frozenset[str]:
    return _lower(words)


def are_distinct(first: Clip, second: Clip) -> bool:
    """Whether no class of one is a class of the other, or a broader name of it."""
    return not (_leaves_of(first) & classes_of(second) or _leaves_of(second) & classes_of(first))


@lru_cache(maxsize=1 << 12)
def may_mix(licenses: frozenset[str]) -> bool:
    """Whether a mixture under these licences may be published at all."""
    return combinable(licenses)


def draw_clips(
    pool: ClipPool, spec: SceneSpec, count: int, twins: int, head_license: str, rng: np.random.Generator
) -> tuple[list[Clip], str]:
    """`count` clips, or as many as were found and what is missing, by name.

    First comes one of each class that the spec includes (that with the fewest clips first), then `twins` of one class,
    then the rest. Where one class is asked for more than once, the others are of classes of their own whatever
    `spec.classes` says.
    Clips that may not be mixed with the head and those before them are passed over, unless only recipes are kept.
    """
    distinct = spec.classes == "distinct" or twins > 1
    words = sorted(map(str.lower, spec.include), key=lambda word: len(pool.included[word].places))
    first = len(words)  # of the twins
    chosen: list[Clip] = []
    for place in range(count):
        choice, balance, unlike = pool.every, spec.balance, chosen if distinct else []
        if place < first:
            choice = pool.included[words[place]]
        elif first < place < first + twins:
            choice, balance, unlike = _alike(pool, chosen[first]), "clip", chosen[:first]
        found, reason = _draw_one(pool, choice, balance, chosen, unlike, head_license, rng)
        if found is None:
            return chosen, reason
        chosen.append(found)
    return chosen, ""


def _alike(pool: ClipPool, clip: Clip) -> Choice:
    """The clips of one class."""
    label = class_key(clip)
    places = pool.every.by_label[label]
    return Choice(places, {label: places}, (label,))


def _draw_one(
    pool: ClipPool,
    choice: Choice,
    balance: str,
    chosen: Sequence[Clip],
    unlike: Sequence[Clip],
    head_license: str,
    rng: np.random.Generator,
) -> tuple[Clip | None, str]:
    """A clip that goes with those that are chosen, and is of a class of its own beside those in `unlike`."""
    reasons: Counter[str] = Counter()
    for _ in range(_TRIES):
        clip = pool.clips[choice.draw(balance, rng)]
        reason = _find_clash(pool, chosen, unlike, clip, head_license)
        if not reason:
            return clip, ""
        reasons[reason] += 1
    return None, reasons.most_common(1)[0][0]


def _find_clash(pool: ClipPool, chosen: Sequence[Clip], unlike: Sequence[Clip], clip: Clip, head_license: str) -> str:
    if any(clip.clip_id == other.clip_id for other in chosen):
        return "clips_too_few"
    if not all(are_distinct(clip, other) for other in unlike):
        return "classes_not_distinct"
    if pool.profile != "recipe" and not may_mix(frozenset([head_license, clip.license, *(c.license for c in chosen)])):
        return "license_mix"
    return ""


def check_clip_filter(clips: Sequence[Clip], wanted: ClipFilter, include: Iterable[str] = ()) -> None:
    """Raises SpecError for a word of the filter, or an included class, that no clip knows, with those most like it."""
    require_known("dataset", wanted.datasets, {clip.dataset for clip in clips})
    require_known("source split", wanted.source_splits, {clip.source_split for clip in clips})
    require_known("language", wanted.languages, {clip.language for clip in clips})
    if labels := _lower((*wanted.labels, *wanted.exclude_labels, *include)):
        require_known("class", labels, frozenset().union(*map(classes_of, clips)))


def require_known(what: str, asked: Iterable[str], known: Collection[str]) -> None:
    """Raises SpecError for the first of `asked` that is not among `known`, with those most like it."""
    for word in asked:
        if word not in known:
            like = get_close_matches(word, known, 3, 0.5) or sorted(known)[:8]
            raise SpecError(f"There is no {what} '{word}'; there are, among others: {', '.join(like) or 'none'}.")


def require_clips(pool: ClipPool, split: str) -> None:
    """Raises SpecError for a pool that is empty, with what kept the clips out."""
    if pool.clips:
        return
    why = ", ".join(f"{count} {reason}" for reason, count in pool.refused.most_common(3))
    raise SpecError(
        f"No clip of the {split} split can be used ({why or f'the catalog has none in {split}'}); "
        "add clips, or loosen the filter or --license-profile."
    )
