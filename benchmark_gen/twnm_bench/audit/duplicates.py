"""Questions that ask the same thing twice: exact and near duplicates, and how many there are of one scene."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from twnm_bench.audit.grouping import scene_of
from twnm_bench.audit.verdicts import Verdict, judge, leave_open, say_count, say_some
from twnm_bench.audit.words import same_text, split_words
from twnm_bench.items import Item
from twnm_schemas.errors import MissingExtraError
from twnm_schemas.scenes import Event, Scene

_NO_SCENES = "Not every question names its scene or audio."
MOST_PER_SCENE = 2
MOST_ALIKE = 0.8
_SHINGLE = 3
_PERMUTATIONS = 128
_SECTORS = 8
_SEED = 1
_MISSES, _EXTRAS = 0.9, 0.1  # what the hash tables weigh: a pair that they miss is lost, one too many is looked at


def judge_exact(items: Sequence[Item]) -> Verdict:
    """No two items run one program on one scene; without a program, no two ask about it in the same words with the
    same options."""
    name, title = "exact_duplicates", "No question is asked twice"
    if not all(map(scene_of, items)):
        return leave_open(name, title, _NO_SCENES)
    seen: dict[tuple[str, ...], str] = {}
    repeats = {}
    for item in items:
        first = seen.setdefault(_what_is_asked(item), item.id)
        if first != item.id:
            repeats[item.id] = first
    again, before = next(iter(repeats.items()), ("", ""))
    return judge(
        name,
        title,
        f"{say_count(len(repeats), 'question')} repeated: {again} asks what {before} asks." if repeats else "",
        "No two questions run the same program on the same scene.",
        {"repeats": len(repeats)},
        repeats,
    )


def _what_is_asked(item: Item) -> tuple[str, ...]:
    if item.program:
        return scene_of(item), item.program
    return scene_of(item), same_text(item.question), *sorted(map(same_text, item.choices))


def judge_near(items: Sequence[Item], scenes: Mapping[str, Scene] | None) -> Verdict:
    """No two items are alike by 0.8 or more in what is said and what is heard.

    Questions made from templates share their words by design, and a small catalog of clips is heard again and again:
    neither alone makes a duplicate. So an item is the set of all pairs of a text shingle (three words in a row of the
    question or of an option) and a token of the scene (its room; each clip; each clip with the eighth of the horizon
    that it comes from), and alike is the Jaccard index of these sets. For a product of sets it is that of the texts
    where the scenes are equal, that of the scenes where the texts are equal, and below both elsewhere. MinHash
    (Broder 1997, On the resemblance and containment of documents; 128 permutations) finds the candidates, the sets
    themselves decide. Items of one contrast pair whose keys differ are alike by intent and let through.
    """
    name, title = "near_duplicates", "No two questions are nearly the same"
    tokens = [list_scene_tokens(item, scenes) for item in items]
    if not all(tokens):
        return leave_open(name, title, _NO_SCENES)
    shingles = [frozenset(product(list_shingles(item), heard)) for item, heard in zip(items, tokens, strict=True)]
    alike = {
        (items[first].id, items[second].id): likeness
        for first, second in _find_candidates(shingles)
        if (likeness := _jaccard(shingles[first], shingles[second])) >= MOST_ALIKE
        and not _contrast(items[first], items[second])
    }
    worst = max(alike, key=lambda pair: alike[pair], default=("", ""))
    return judge(
        name,
        title,
        f"{say_count(len(alike), 'pair')} of questions nearly the same: {worst[0]} and {worst[1]} are alike by "
        f"{alike[worst]:.2g}; {MOST_ALIKE:g} is the limit."
        if alike
        else "",
        f"No two questions are alike by {MOST_ALIKE:g} in their words and their scenes.",
        {"pairs": len(alike), "limit": MOST_ALIKE},
        (item_id for pair in alike for item_id in pair),
    )


def _contrast(first: Item, second: Item) -> bool:
    return bool(first.pairs & second.pairs) and same_text(first.choices[first.key]) != same_text(
        second.choices[second.key]
    )


def list_shingles(item: Item) -> frozenset[str]:
    """Three words in a row of the question and of each option; the order of the options is nothing."""
    return frozenset(shingle for text in (item.question, *item.choices) for shingle in _shingle(text))


def _shingle(text: str) -> Iterator[str]:
    words = split_words(text) or [text]
    for start in range(max(1, len(words) - _SHINGLE + 1)):
        yield " ".join(words[start : start + _SHINGLE])


def list_scene_tokens(item: Item, scenes: Mapping[str, Scene] | None) -> frozenset[str]:
    """What is heard with an item: of its scene's record where there is one, else the name of the scene or audio."""
    scene = (scenes or {}).get(item.scene_id)
    if scene is None:
        return frozenset(filter(None, (scene_of(item),)))
    tokens = {f"room:{scene.room.group}"}
    for event in scene.events:
        tokens |= {f"clip:{event.clip_id}", f"clip:{event.clip_id}@{_eighth(event)}"}
    return frozenset(tokens)


def _eighth(event: Event) -> int:
    return round(event.azimuth_deg / (360.0 / _SECTORS)) % _SECTORS


def _jaccard(first: frozenset[tuple[str, str]], second: frozenset[tuple[str, str]]) -> float:
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)


def _find_candidates(sets: Sequence[frozenset[tuple[str, str]]]) -> list[tuple[int, int]]:
    try:
        from datasketch import MinHash, MinHashLSH
    except ImportError:
        raise MissingExtraError("Near duplicates need datasketch: pip install 'twnm[bench]'.") from None
    tables = MinHashLSH(threshold=MOST_ALIKE, num_perm=_PERMUTATIONS, weights=(_EXTRAS, _MISSES))
    found = []
    for place, members in enumerate(sets):
        sketch = MinHash(num_perm=_PERMUTATIONS, seed=_SEED)
        sketch.update_batch(["\n".join(pair).encode() for pair in sorted(members)])
        found += [(other, place) for other in sorted(tables.query(sketch))]
        tables.insert(place, sketch)
    return found


def judge_per_scene(items: Sequence[Item]) -> Verdict:
    """At most 2 items are about one scene."""
    name, title = "items_per_scene", "No scene is asked about too often"
    scenes = [scene_of(item) for item in items]
    if not all(scenes):
        return leave_open(name, title, _NO_SCENES)
    counts = Counter(scenes)
    crowded = [scene for scene, count in counts.items() if count > MOST_PER_SCENE]
    worst, most = counts.most_common(1)[0]
    return judge(
        name,
        title,
        f"{say_some(_bare(scene) for scene in crowded)} {'is' if len(crowded) == 1 else 'are'} asked about more than "
        f"{MOST_PER_SCENE} times, {_bare(worst)} {most} times."
        if crowded
        else "",
        f"No scene is asked about more than {say_count(most, 'time')}.",
        {"scenes": len(counts), "most": most, "limit": MOST_PER_SCENE},
        (item.id for item, scene in zip(items, scenes, strict=True) if scene in crowded),
    )


def _bare(scene: str) -> str:
    return scene.partition(":")[2]
