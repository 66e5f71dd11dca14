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
class ClipPool:
    """Clips of one split that a spec allows, by class (`class_key`); `refused` counts why others are not here."""

    clips: tuple[Clip, ...]
    by_label: dict[str, tuple[int, ...]]
    labels: tuple[str, ...]
    refused: Counter[str]
    profile: str

    def __len__(self) -> int:
        return len(self.clips)


def gather_pool(clips: Iterable[Clip], spec: SceneSpec, split: str, profile: str) -> ClipPool:
    """The clips of `split` that the spec's filter and the licence profile allow."""
    kept: list[Clip] = []
    refused: Counter[str] = Counter()
    for clip in clips:
        if clip.split != split:
            continue
        if reason := _find_fault(clip, spec.clips, profile):
            refused[reason] += 1
        else:
            kept.append(clip)
    by_label: dict[str, list[int]] = {}
    for place, clip in enumerate(kept):
        by_label.setdefault(class_key(clip), []).append(place)
    groups = {label: tuple(by_label[label]) for label in sorted(by_label)}
    return ClipPool(tuple(kept), groups, tuple(groups), refused, profile)


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
    """`count` clips, the first `twins` of them of one class, or as many as were found and what is missing, by name.

    Where one class is asked for more than once, the others are of classes of their own whatever `spec.classes` says.
    Clips that may not be mixed with the head and those before them are passed over, unless only recipes are kept.
    """
    if twins > 1:
        spec = spec.model_copy(update={"classes": "distinct"})
    chosen: list[Clip] = []
    for place in range(count):
        label = class_key(chosen[0]) if 0 < place < twins else None
        found, reason = _draw_one(pool, spec, chosen, label, place < twins, head_license, rng)
        if found is None:
            return chosen, reason
        chosen.append(found)
    return chosen, ""


def _draw_one(
    pool: ClipPool,
    spec: SceneSpec,
    chosen: Sequence[Clip],
    label: str | None,
    is_twin: bool,
    head_license: str,
    rng: np.random.Generator,
) -> tuple[Clip | None, str]:
    reasons: Counter[str] = Counter()
    for _ in range(_TRIES):
        clip = pool.clips[_draw_place(pool, spec, label, rng)]
        reason = _find_clash(pool, spec, chosen, clip, is_twin and bool(chosen), head_license)
        if not reason:
            return clip, ""
        reasons[reason] += 1
    return None, reasons.most_common(1)[0][0]


def _draw_place(pool: ClipPool, spec: SceneSpec, label: str | None, rng: np.random.Generator) -> int:
    if label is None and spec.balance == "clip":
        return int(rng.integers(len(pool.clips)))
    places = pool.by_label[label or pool.labels[int(rng.integers(len(pool.labels)))]]
    return places[int(rng.integers(len(places)))]


def _find_clash(
    pool: ClipPool, spec: SceneSpec, chosen: Sequence[Clip], clip: Clip, is_twin: bool, head_license: str
) -> str:
    if any(clip.clip_id == other.clip_id for other in chosen):
        return "clips_too_few"
    if spec.classes == "distinct" and not is_twin and not all(are_distinct(clip, other) for other in chosen):
        return "classes_not_distinct"
    if pool.profile != "recipe" and not may_mix(frozenset([head_license, clip.license, *(c.license for c in chosen)])):
        return "license_mix"
    return ""


def check_clip_filter(clips: Sequence[Clip], wanted: ClipFilter) -> None:
    """Raises SpecError for a word of the filter that no clip knows, with those most like it."""
    require_known("dataset", wanted.datasets, {clip.dataset for clip in clips})
    require_known("source split", wanted.source_splits, {clip.source_split for clip in clips})
    require_known("language", wanted.languages, {clip.language for clip in clips})
    if labels := _lower((*wanted.labels, *wanted.exclude_labels)):
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
