"""The labels there are, and which sound alike: the inventory from which options that are not heard are taken.

Labels are put into groups of sounds that are near to each other, and the wrong options of a key come from its own
group. The groups are the same for every key, so that each label is an option as often as its neighbours are keys: to
know which labels exist tells nothing about which is true.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from twnm_schemas.clips import Clip
from twnm_schemas.scenes import Scene
from twnm_sim.clips.audioset_ontology import ancestor_ids
from twnm_sim.clips.synthesis.classes import CLASSES
from twnm_sim.scenes.positions import PositionTable
from twnm_sim.scenes.wording import name_sound

LEAST_GROUP = 4  # a key and three others
_MOST_GROUP = 12


@dataclass(frozen=True)
class Label:
    """One class as it is said and as its dataset has it.

    `path`: what it belongs to, from broad to narrow; `own`: its names in lower case and its AudioSet id; `classes`:
    these and all broader ones, as far as all its clips have them; `count`: how many clips there are.
    """

    name: str
    label: str
    path: tuple[str, ...]
    own: frozenset[str]
    classes: frozenset[str]
    count: int


@dataclass(frozen=True)
class Inventory:
    """All labels that may be options, by name, and the rooms there are.

    `times_s`: their reverberation times; `kinds`: pairs of size category and absorption class.
    """

    labels: Mapping[str, Label]
    times_s: tuple[float, ...] = ()
    kinds: frozenset[tuple[str, str]] = frozenset()

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.labels))

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """For each label its group: itself and the labels most like it, four at least where there are as many."""
        return {name: group for group in _gather(list(self.labels.values())) for name in group}

    def others(self, name: str, present: Iterable[str], classes: Collection[str] = ()) -> list[str]:
        """The labels of the key's group that are not in the scene, nor part or whole of what is, or of the key.

        `classes`: every class of the sounds that are heard, in lower case.
        """
        group = self.groups.get(name, ())
        return [other for other in group if self._is_absent(other, (name, *present), classes)]

    def absent(self, present: Iterable[str], classes: Collection[str] = ()) -> list[str]:
        """All labels that are clearly none of those in the scene; `classes` as in `others`."""
        heard = tuple(present)
        return [name for name in self.names if self._is_absent(name, heard, classes)]

    def _is_absent(self, name: str, heard: Iterable[str], classes: Collection[str]) -> bool:
        label = self.labels[name]
        if label.own & set(classes):
            return False
        return not any(_overlaps(label, self.labels[one]) for one in heard if one in self.labels)


# classes that sound like one another, whatever the ontology says: neither is a wrong option for the other
_ALIKE = (
    frozenset({"applause", "hand clapping", "clapping"}),
    frozenset({"speech", "conversation", "chatter"}),
    frozenset({"rain", "raindrop", "rain on surface"}),
    frozenset({"knocking on a door", "knock", "door"}),
    frozenset({"engine", "engine idling", "idling", "motor vehicle (road)"}),
    frozenset({"laughter", "giggle", "chuckle, chortle"}),
)


def _overlaps(first: Label, second: Label) -> bool:
    """Whether they are the same, one is a broader name of the other, or nobody tells them apart."""
    if first.own & second.classes or second.own & first.classes:
        return True
    return any(first.own & alike and second.own & alike for alike in _ALIKE)


def _gather(labels: list[Label]) -> list[tuple[str, ...]]:
    """Groups by the nearest common class, small ones joined to their neighbours under the next broader class."""
    by_path: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for label in labels:
        by_path[label.path].append(label.name)
    finished: list[tuple[str, ...]] = []
    while by_path:
        depth = max(map(len, by_path))
        above: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for path in sorted(by_path):
            names = by_path[path]
            if len(path) < depth:
                above[path] += names
            elif len(names) >= LEAST_GROUP or depth == 0:
                finished += _cut(sorted(names))
            else:
                above[path[:-1]] += names
        by_path = above if depth else {}
    return _join_small(finished)


def _cut(names: list[str]) -> list[tuple[str, ...]]:
    """A large group in parts of nearly the same size."""
    parts = -(-len(names) // _MOST_GROUP)
    return [tuple(names[part::parts]) for part in range(parts)]


def _join_small(groups: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Groups too small for options are added to the smallest of the others."""
    large = sorted((g for g in groups if len(g) >= LEAST_GROUP), key=lambda g: (len(g), g))
    small = sorted(name for g in groups if len(g) < LEAST_GROUP for name in g)
    if not small:
        return large
    if len(small) >= LEAST_GROUP or not large:
        return [*large, tuple(small)]
    return [tuple(sorted((*large[0], *small))), *large[1:]]


Found = tuple[str, str, tuple[str, ...], str]  # name, label, broader classes (nearest first), AudioSet id or ""


def read_inventory(clips: Iterable[Clip], table: PositionTable | None = None, split: str = "") -> Inventory:
    """The labels of clips, and the rooms of a library, both of one split ("" for all)."""
    found = (_found(c.label, c.ancestors, c.audioset_ids) for c in clips if split in ("", c.split))
    if table is None:
        return Inventory(_count(found))
    rooms = [n for n in range(len(table)) if split in ("", str(table.split_R[n]))]
    times_s = sorted(float(table.t_mid_R[n]) for n in rooms if table.t_mid_R[n] == table.t_mid_R[n])
    kinds = frozenset((str(table.size_R[n]), str(table.absorption_R[n])) for n in rooms)
    return Inventory(_count(found), tuple(times_s), kinds)


def inventory_of_scenes(scenes: Sequence[Scene]) -> Inventory:
    """The labels that are heard in scenes, and their rooms."""
    found = (_found(e.label, e.ancestors, e.audioset_ids) for scene in scenes for e in scene.events)
    times_s = sorted(t for scene in scenes if (t := scene.room.acoustics.t_mid_s) is not None)
    kinds = frozenset((scene.room.size_category, scene.room.absorption_class) for scene in scenes)
    return Inventory(_count(found), tuple(times_s), kinds)


def _found(label: str, ancestors: Sequence[str], mids: Sequence[str]) -> Found:
    return name_sound(label).text, label, tuple(word.lower() for word in ancestors), mids[0] if mids else ""


def _count(found: Iterable[Found]) -> dict[str, Label]:
    """By name. A clip may be of other classes too, so that only what all clips of a name share is broader than it."""
    gathered: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        if one[1]:  # a sound of unknown class is no option
            gathered[one[0]].append(one)
    return {name: _make_label(gathered[name]) for name in sorted(gathered)}


def _make_label(found: Sequence[Found]) -> Label:
    name, label = found[0][:2]
    shared = set(found[0][2]).intersection(*(one[2] for one in found))
    ancestors = tuple(word for word in found[0][2] if word in shared)
    mid = next((one[3] for one in found if one[3]), "")
    own = frozenset({name.lower(), label.lower(), *([mid] if mid else [])})
    return Label(name, label, _path_of(name, ancestors), own, own | shared | ancestor_ids(mid), len(found))


def _path_of(name: str, ancestors: tuple[str, ...]) -> tuple[str, ...]:
    """Sounds of the package are near to those of their family, all others to those of their broader classes."""
    family = _FAMILIES.get(name)
    return (family,) if family else tuple(reversed(ancestors))


_FAMILIES = {name_sound(one.name).text: one.family for one in CLASSES.values()}
