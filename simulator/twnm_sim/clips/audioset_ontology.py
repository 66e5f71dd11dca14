"""The classes of AudioSet and which is broader than which.

`audioset_ontology.tsv` holds the 632 classes: id, display name, the ids of their parents. These are facts of the
AudioSet ontology (`ontology.json` of github.com/audioset/ontology, version 1 of 2017, published by Google under
CC BY-SA 4.0) as described by Gemmeke et al., "Audio Set: An ontology and human-labeled dataset for audio events",
ICASSP 2017; descriptions and examples are not included. A class may have several parents: a hiss is heard from cats,
snakes and steam.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from twnm_schemas.errors import StoreError

_FILE = Path(__file__).with_suffix(".tsv")


@dataclass(frozen=True)
class SoundClass:
    """A class: its display name ("Chirp, tweet") and the ids of the classes just above it."""

    mid: str
    name: str
    parents: tuple[str, ...]


@cache
def load_ontology() -> dict[str, SoundClass]:
    """All classes by id ("/m/07pggtn"), each after one of its parents."""
    with _FILE.open(encoding="utf-8") as stream:
        next(stream)  # the header
        rows = (line.rstrip("\n").split("\t") for line in stream)
        return {mid: SoundClass(mid, name, tuple(parents.split())) for mid, name, parents in rows}


@cache
def ancestor_ids(mid: str) -> frozenset[str]:
    """The ids of every class broader than this one, by any path; none for an id that AudioSet does not have."""
    known = load_ontology().get(mid)
    if known is None:
        return frozenset()
    return frozenset(known.parents).union(*map(ancestor_ids, known.parents))


def split_leaves(mids: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids that are most specific, and those that are broader than another of them; both in the given order."""
    mids = tuple(dict.fromkeys(mids))
    broader = frozenset().union(*map(ancestor_ids, mids))
    return tuple(m for m in mids if m not in broader), tuple(m for m in mids if m in broader)


def say_class(mid: str) -> str:
    """The class in lower case. Raises StoreError for an id that AudioSet does not have."""
    try:
        return load_ontology()[mid].name.lower()
    except KeyError:
        raise StoreError(f"'{mid}' is the id of no class of AudioSet.") from None
