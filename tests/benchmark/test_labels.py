"""The inventory: groups of sounds that are like each other, and what may stand beside what."""

from itertools import combinations

import pytest
from clip_files import make_clip
from hypothesis import given, settings
from hypothesis import strategies as st
from small_questions import make_small_scenes
from worlds import make_inventory, make_label

from twnm_bench.families import BY_NAME
from twnm_bench.families.base import LENGTH_RATIO
from twnm_bench.families.content_identification import _say_heard
from twnm_bench.families.intents import RULES, find_rule
from twnm_bench.labels import LEAST_GROUP, Inventory, Label, inventory_of_scenes, read_inventory
from twnm_sim.clips.synthesis.classes import CLASSES
from twnm_sim.scenes.wording import name_sound

_PATHS = st.lists(st.sampled_from(["sounds", "animals", "things", "music", "water"]), max_size=4).map(tuple)


@st.composite
def _inventories(draw: st.DrawFn) -> Inventory:
    paths = draw(st.lists(_PATHS, min_size=1, max_size=40))
    return make_inventory(*(make_label(f"label {place:02d}", *path) for place, path in enumerate(paths)))


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(_inventories())
def test_every_label_is_in_one_group_of_four_at_least(inventory: Inventory) -> None:
    groups = set(inventory.groups.values())
    assert sorted(name for group in groups for name in group) == sorted(inventory.names)
    assert all(name in inventory.groups[name] for name in inventory.names)
    if len(inventory) >= LEAST_GROUP:
        assert min(map(len, groups)) >= LEAST_GROUP


def test_labels_of_one_class_are_one_group() -> None:
    birds = [make_label(f"bird {n}", "animals", "birds") for n in range(5)]
    dogs = [make_label(f"dog {n}", "animals", "dogs") for n in range(4)]
    inventory = make_inventory(*birds, *dogs)
    assert set(inventory.groups["bird 0"]) == {label.name for label in birds}
    assert set(inventory.groups["dog 3"]) == {label.name for label in dogs}


def test_small_groups_are_joined_under_the_broader_class() -> None:
    birds = [make_label(f"bird {n}", "animals", "birds") for n in range(2)]
    dogs = [make_label(f"dog {n}", "animals", "dogs") for n in range(3)]
    tools = [make_label(f"tool {n}", "things") for n in range(4)]
    inventory = make_inventory(*birds, *dogs, *tools)
    assert set(inventory.groups["bird 0"]) == {label.name for label in (*birds, *dogs)}
    assert set(inventory.groups["tool 0"]) == {label.name for label in tools}


def test_large_groups_are_cut_evenly() -> None:
    inventory = make_inventory(*(make_label(f"label {n:02d}", "things") for n in range(25)))
    assert sorted(map(len, set(inventory.groups.values()))) == [8, 8, 9]


def test_a_part_does_not_stand_beside_its_whole() -> None:
    labels = [make_label(name, "bells") for name in ("bell", "gong", "chime", "cowbell", "handbell")]
    church = make_label("church bell", "bells", classes=("bell",))
    inventory = make_inventory(*labels, church)
    assert set(inventory.others("church bell", ())) == {"gong", "chime", "cowbell", "handbell"}
    assert set(inventory.others("gong", ["church bell"])) == {"chime", "cowbell", "handbell"}
    assert "bell" not in inventory.absent(["church bell"])
    assert "church bell" not in inventory.absent(["bell"])
    assert "gong" in inventory.absent(["bell", "a sound that nobody knows"])


def test_what_else_is_heard_in_a_clip_does_not_stand_beside_it() -> None:
    """By the name of a label or by its dataset's, whatever is large in it."""
    bells = [make_label(name, "bells") for name in ("bell", "gong", "chime", "cowbell", "handbell")]
    own = frozenset({"siren", "siren, wail", "/m/03kmc9"})
    inventory = make_inventory(*bells, Label("siren", "Siren, wail", ("alarms",), own, own, 1))
    assert set(inventory.others("bell", ["bell"], {"bell", "gong", "chime"})) == {"cowbell", "handbell", "siren"}
    assert "gong" not in inventory.absent(["bell"], {"gong"})
    assert "siren" in inventory.absent(["bell"], {"bell", "wail"})
    for heard in own:  # a dataset may spell a class in its own way: then its AudioSet id tells
        assert "siren" not in inventory.absent(["bell"], {"bell", heard})


@pytest.mark.parametrize(
    ("first", "second"),
    [("applause", "hand clapping"), ("speech", "conversation"), ("rain", "raindrop"), ("engine", "engine idling")],
)
def test_what_nobody_tells_apart_does_not_stand_side_by_side(first: str, second: str) -> None:
    """Though neither is a class of the other."""
    inventory = make_inventory(*(make_label(name, "things") for name in (first, second, "gong", "horn", "siren")))
    for one, other in ((first, second), (second, first)):
        assert set(inventory.others(one, ())) == {"gong", "horn", "siren"}
        assert other not in inventory.absent([one])


def test_only_what_all_clips_of_a_name_share_is_broader_than_it() -> None:
    """One dog barks in a recording that is of a car as well."""
    clips = [
        make_clip("one:a", label="dog", labels=("dog",), ancestors=("pet", "animal"), audioset_ids=("/m/0bt9lr",)),
        make_clip("one:b", label="dog", labels=("dog", "car"), ancestors=("vehicle", "animal"), audioset_ids=("", "")),
    ]
    label = read_inventory(clips).labels["dog"]
    assert label.own == {"dog", "/m/0bt9lr"}
    assert {"dog", "animal", "/m/0bt9lr", "/m/0jbk"} <= label.classes  # the ids of the dog and of any animal
    assert not {"car", "vehicle", "pet"} & label.classes
    assert label.path == ("animal",)


def test_an_inventory_is_read_from_clips() -> None:
    clips = [
        make_clip("one:a", label="dog", labels=("dog",), ancestors=("animal",), split="train"),
        make_clip("one:b", label="dog", labels=("dog",), ancestors=("animal",), split="test"),
        make_clip("one:c", label="Chink, clink", labels=("Chink, clink",), ancestors=("Glass",), split="test"),
        make_clip("one:d", label="", labels=("",), ancestors=(), split="test"),
    ]
    inventory = read_inventory(clips)
    assert inventory.names == ("chink or clink", "dog")
    assert inventory.labels["dog"].count == 2
    assert inventory.labels["chink or clink"] == Label(
        "chink or clink",
        "Chink, clink",
        ("glass",),
        frozenset({"chink or clink", "chink, clink"}),
        frozenset({"chink or clink", "chink, clink", "glass"}),
        1,
    )
    assert read_inventory(clips, split="train").names == ("dog",)


def test_an_inventory_is_read_from_scenes() -> None:
    scenes = make_small_scenes()
    inventory = inventory_of_scenes(scenes)
    assert inventory.names == ("bell", "dog", "horn")
    assert inventory.labels["dog"].count == 5
    assert inventory.labels["dog"].classes == {"dog", "animal"}
    assert list(inventory.times_s) == sorted(
        scene.room.acoustics.t_mid_s for scene in scenes if scene.room.acoustics.t_mid_s is not None
    )


# ---------------------------------------------------------------- the sounds that come with the package


@pytest.fixture(scope="module")
def builtin() -> Inventory:
    clips = [
        make_clip(f"builtin:{slug}", label=one.name, labels=(one.name,), ancestors=one.ancestors)
        for slug, one in CLASSES.items()
    ]
    return read_inventory(clips)


def test_of_every_sound_that_may_be_the_key_three_others_are_options(builtin: Inventory) -> None:
    for name in ("which_heard", "which_missing"):
        variant = BY_NAME["content_identification", name]
        for label in builtin.names:
            if variant.may_ask(builtin, label):
                sets = combinations(builtin.others(label, ()), 3)
                lengths = ([len(_say_heard(one)) for one in (label, *three)] for three in sets)
                assert any(max(four) <= LENGTH_RATIO * min(four) for four in lengths), label


def test_all_sounds_of_the_package_may_be_asked_for(builtin: Inventory) -> None:
    variant = BY_NAME["content_identification", "which_heard"]
    assert [label for label in builtin.names if not variant.may_ask(builtin, label)] == []


def _written_for(name: str) -> str | None:
    return next((rule.act for rule in RULES if name in rule.classes), None)


@pytest.mark.parametrize("name", sorted(name_sound(one.name).text for one in CLASSES.values()))
def test_a_sound_finds_the_rule_that_was_written_for_it(builtin: Inventory, name: str) -> None:
    """And none where none was: no class of several sounds of the package stands in a rule."""
    label = builtin.labels[name]
    rule = find_rule(label.name, label.label, label.classes)
    assert (rule.act if rule else None) == _written_for(name)


def test_every_rule_is_for_a_sound_of_its_own() -> None:
    classes = [word for rule in RULES for word in rule.classes]
    assert len(set(classes)) == len(classes)
    assert all(word == word.lower() for word in classes)
