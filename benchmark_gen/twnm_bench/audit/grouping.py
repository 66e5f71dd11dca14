"""What belongs together when one part of a set is learnt from and another is tried: scenes and contrast pairs."""

import hashlib
import json
from collections.abc import Sequence

from twnm_bench.items import Item

FOLDS = 10


def scene_of(item: Item) -> str:
    """What is heard with a question: its scene, or its audio as a foreign set names it; "" where it tells neither."""
    if item.scene_id:
        return f"scene:{item.scene_id}"
    audio = item.raw.get("audio")
    return f"audio:{json.dumps(audio, sort_keys=True)}" if audio else ""


def group_items(items: Sequence[Item]) -> list[str]:
    """Of each item the name of its group: items of one scene or one contrast pair, and of what these share, are one."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = name = parent[parent[name]]
        return name

    marks = [[*filter(None, (scene_of(item),)), *sorted(item.pairs)] or [f"id:{item.id}"] for item in items]
    for names in marks:
        for other in names[1:]:
            first, second = sorted((root(names[0]), root(other)))
            parent[second] = first
    return [root(names[0]) for names in marks]


def cut_folds(items: Sequence[Item], folds: int = FOLDS) -> list[int]:
    """The fold of each item: whole groups, in an order that neither the file nor the key decides, in equal parts."""
    groups = group_items(items)
    sizes: dict[str, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    fold_of, before = {}, 0
    for group in sorted(sizes, key=lambda name: hashlib.sha256(name.encode()).digest()):
        fold_of[group] = before * folds // len(items)
        before += sizes[group]
    return [fold_of[group] for group in groups]
