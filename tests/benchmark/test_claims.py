"""Texts about a scene: the true ones pass, every false one is caught, and what cannot be understood is refused by name.

The scene is laid out by hand: a dog far left at 1.4 m, a church bell to the front right at 5.8 m, rain straight behind
at 3 m, in a small hard room of 0.95 s. The farther a sound is, the more reverberant it is.
"""

from collections import Counter
from dataclasses import replace
from math import asin, cos, degrees, log10, radians, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twnm_bench.claims.check import check_text, read_claims, say_first
from twnm_bench.facts import Sound, World
from twnm_bench.teaching.phrases import (
    say_a,
    say_count,
    say_metres,
    say_place,
    say_reverberation,
    say_seconds,
    say_the,
)

NAMES = ("cat", "siren", "typing on a keyboard", "dog barking", "church bell", "rain", "helicopter", "flute", "guitar")


def make_sound(
    index: int, name: str, azimuth: float, metres: float, elevation: float = 0.0, classes: tuple[str, ...] = ()
) -> Sound:
    lateral = degrees(asin(cos(radians(elevation)) * sin(radians(azimuth))))
    onset = 0.4 + 0.4 * index
    return Sound(
        index=index,
        label=name,
        name=name,
        classes=frozenset({name, *classes}),
        azimuth_deg=azimuth % 360.0,
        elevation_deg=elevation,
        lateral_deg=lateral,
        distance_m=metres,
        drr_db=3.0 - 20.0 * log10(metres / 2.0),
        t_mid_s=None,
        onset_s=onset,
        offset_s=4.5,
        is_audible=True,
    )


def make_world(*sounds: Sound, t_mid_s: float = 0.95) -> World:
    return World(sounds, t_mid_s, "", "small", "high_reverberation", 5.0)


WORLD = make_world(
    make_sound(0, "dog barking", 70.0, 1.4, classes=("dog", "animal", "bark")),
    make_sound(1, "church bell", -40.0, 5.8, classes=("bell",)),
    make_sound(2, "rain", 178.0, 3.0, classes=("water",)),
)
TRUE = [
    "The dog barks far to your left, about one and a half metres away.",
    "On your left a dog barks, and the church bell tolls to your front right.",
    "The bell is roughly six metres away, while the dog is close by.",
    "It is raining behind you.",
    "There are three sounds: a dog, a bell and rain.",
    "The dog is nearer than the bell.",
    "The dog is the nearest of the three; the bell is farthest away.",
    "Only one of them, the dog, is on your left.",
    "Nothing is above you.",
    "The room is small and has hard walls, and the reverberation lasts about a second.",
    "You would have to turn right to face the bell.",
    "No cat can be heard.",
    "One is a dog on the left, another a church bell ahead to the right, and the third is rain at your back.",
    "The barking comes from between 9 and 10 o'clock.",
    "To your left is the dog and to your right the bell.",
    "The bell, which is to the right, is about four times as far away as the dog.",
    "A barking dog is on the left; it is about 1.5 m away.",
    "The bell is not on the left but on the right.",
    "I can make out three sources, and exactly one of them is behind you.",
    "The animal is on the left. It is close to you.",
    "Of the dog and the bell, the dog is closer.",
    "With moderate reverberation around you, rain falls at your back and a bell rings ahead to the right.",
    "Neither a siren nor a flute is part of this scene.",
    "The rain is farther away than the dog.",
    "You hear a bell around 1 o'clock, at about six metres.",
]
FALSE = [
    "The dog barks far to your right, about one and a half metres away.",
    "On your left a bell tolls, and the dog barks to your front right.",
    "The bell is roughly three metres away.",
    "It is raining in front of you.",
    "There are four sounds here.",
    "The bell is nearer than the dog.",
    "The dog is the farthest of the three.",
    "Two of them are on your left.",
    "A cat meows on the left.",
    "The reverberation lasts about two seconds.",
    "The room is large with soft walls.",
    "The dog is not on the left.",
    "There is no rain.",
    "The bell is at 9 o'clock.",
    "A kazoo plays on your left.",
    "The dog is at 70.25 degrees.",
    "The rain is moving to the left.",
    "There are seven.",
    "There is hardly any reverberation.",
    "The dog is louder than the bell.",
]

# Written after the reader was: forty sentences that it was not made for, half true, half with one thing false.
UNSEEN_TRUE = [
    "If I hear it right, the barking is off to your left, quite close to you.",
    "You can hear a dog to the left, and further away a bell.",
    "Rain patters behind you at roughly three metres.",
    "The bell is ahead and to the right.",
    "Turn your head to the left and you will face the dog.",
    "It's a small, reverberant space with three sources.",
    "The dog, which barks on your left, is closer to you than the church bell on the right.",
    "Both the dog and the rain are nearer than the bell.",
    "I hear a church bell at a moderate distance to the front right.",
    "The reverberation time is about one second.",
    "Three things are going on: barking on the left, a tolling bell to the front right, and rain at your back.",
    "Behind you it rains.",
    "The nearest sound is the dog, and it is on the left.",
    "The bell is the most distant source, at around six metres.",
    "There is neither a cat nor a helicopter here.",
    "Your left ear is closest to the dog.",
    "The dog and the bell are on opposite sides.",
    "Walk about three metres backwards and you reach the rain.",
    "The sound of rain comes from directly behind you.",
    "The bell is 40 degrees to your right.",
]
UNSEEN_FALSE = [
    "If I hear it right, the barking is off to your right, quite close to you.",
    "You can hear a helicopter to the left, and further away a bell.",
    "Rain patters behind you at roughly nine metres.",
    "The bell is ahead and to the left.",
    "Turn your head to the right and you will face the dog.",
    "It's a large, dry space with three sources.",
    "The dog, which barks on your left, is farther from you than the church bell on the right.",
    "The dog and the bell are nearer than the rain.",
    "I hear a church bell very close to you, to the front right.",
    "The reverberation time is about three seconds.",
    "Four things are going on: barking on the left, a tolling bell to the front right, and rain at your back.",
    "Above you it rains.",
    "The nearest sound is the bell, and it is on the right.",
    "The rain is the most distant source, at around three metres.",
    "There is no bell in the scene.",
    "Your right ear is closest to the dog.",
    "The dog and the bell are on the same side.",
    "The dog and the rain are equally far away.",
    "A siren wails in the distance.",
    "The bell is 40 degrees to your left.",
]
UNSEEN_ACCEPTED = 16  # of the 20 true ones; the others are refused, which costs a wording and no truth


def test_of_sentences_it_was_not_made_for_no_false_one_passes() -> None:
    assert len(UNSEEN_TRUE) == len(UNSEEN_FALSE) == 20
    assert [text for text in UNSEEN_FALSE if not check_text(text, WORLD, NAMES)] == []
    assert sum(not check_text(text, WORLD, NAMES) for text in UNSEEN_TRUE) >= UNSEEN_ACCEPTED


def test_true_sentences_pass_and_false_ones_are_caught() -> None:
    refused = [text for text in TRUE if check_text(text, WORLD, NAMES)]
    missed = [text for text in FALSE if not check_text(text, WORLD, NAMES)]
    assert missed == []
    assert len(refused) <= 0.05 * len(TRUE), refused  # what is true may be refused, seldom


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("A cat meows.", "absent_sound"),
        ("There is no rain.", "denied_sound"),
        ("The dog is on the right.", "wrong_direction"),
        ("The dog is ten metres away.", "wrong_distance"),
        ("The bell is nearer than the dog.", "wrong_comparison"),
        ("I hear two sounds.", "wrong_count"),
        ("The room is large.", "wrong_room"),
        ("The dog is at 70.25 degrees.", "raw_degrees"),
        ("The dog is on the left, 17.", "number_unattributed"),
        ("If you turned, the dog would be behind you.", "hypothetical"),
        ("The dog is louder than the rain.", "level_unverifiable"),
        ("The rain is approaching.", "movement_unverifiable"),
        ("It must be option B.", "option_letter"),
        ("There is a kazoo.", "unknown_sound"),
        ("The rain stands next to the bell.", "relative_place"),
        ("Somewhere on the left.", "unbound"),
        ("We are in a church, with rain behind you.", "room_unverifiable"),
    ],
)
def test_what_is_refused_has_a_reason_of_its_own(text: str, reason: str) -> None:
    found = check_text(text, WORLD, NAMES)
    assert reason in {claim.reason for claim in found}
    assert found[0].sentence in text
    assert say_first(found).endswith(".")


def test_too_close_to_call_is_refused_on_both_sides() -> None:
    world = make_world(make_sound(0, "rain", 9.0, 2.0), make_sound(1, "flute", 100.0, 2.4))
    assert [c.reason for c in check_text("The rain is on the left.", world)] == ["not_clear"]
    assert [c.reason for c in check_text("The rain is not on the left.", world)] == ["not_clear"]
    assert [c.reason for c in check_text("The rain is nearer than the flute.", world)] == ["not_clear"]
    assert check_text("The rain is not on the right.", world) == []


@pytest.mark.parametrize(("drier_db", "is_told"), [(1.05, True), (0.95, False), (0.0, False), (-4.0, False)])
def test_nearer_is_told_only_where_the_room_tells_it(drier_db: float, is_told: bool) -> None:
    """The dog is four times as near as the bell; drier by less than 1 dB, it is not heard to be."""
    dog, bell, _ = WORLD.sounds
    world = make_world(replace(dog, drr_db=drier_db), replace(bell, drr_db=0.0))
    for text in ("The dog is nearer than the bell.", "The bell is farther away than the dog.",
                 "The dog is the nearest."):  # fmt: skip
        assert [claim.reason for claim in check_text(text, world, NAMES)] == ([] if is_told else ["not_clear"]), text
    # false whatever the room tells
    assert [c.reason for c in check_text("The bell is nearer than the dog.", world, NAMES)] == ["wrong_comparison"]
    unknown = make_world(replace(dog, drr_db=None), bell)
    assert [c.reason for c in check_text("The dog is nearer than the bell.", unknown, NAMES)] == ["not_clear"]


def test_what_depends_on_a_changed_scene_is_checked_there() -> None:
    turned = make_world(make_sound(0, "dog barking", 70.0 - 90.0, 1.4), *WORLD.sounds[1:])
    text = "The dog is on the left. If you turned, the dog would be ahead of you, slightly to the right."
    assert check_text(text, WORLD, NAMES, imagined=turned) == []
    assert check_text(text, WORLD, NAMES, imagined=WORLD) != []


def test_rejected_options_may_say_what_is_false() -> None:
    options = ("On the far right", "A cat on the left")
    text = 'The dog is on the left. "On the far right" does not fit that, and "A cat on the left" is ruled out.'
    assert check_text(text, WORLD, NAMES, discussed=options) == []
    assert check_text(text, WORLD, NAMES) != []
    swapped = text.replace("on the left. ", "on the right. ")
    assert check_text(swapped, WORLD, NAMES, discussed=options) != []


def test_claims_are_told_by_kind() -> None:
    claims = read_claims("The dog is on the left, about 1.5 m away. There are three sounds.", WORLD, NAMES)
    assert Counter(claim.kind for claim in claims) == {"sound": 1, "direction": 1, "distance": 1, "count": 1}
    assert all(claim.verdict is True for claim in claims)


WORDS = (*" ".join((*TRUE, *FALSE)).split(), '"', "(", "o'clock", "12:75", "o", "\x01", "½", "9", "0.5", "and a half")


@settings(max_examples=200, deadline=None)
@given(text=st.one_of(st.text(max_size=80), st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join)))
def test_any_text_can_be_read(text: str) -> None:
    for claim in check_text(text, WORLD, NAMES, discussed=("On the left",), imagined=WORLD):
        assert claim.reason


# ---------------------------------------------------------------- texts by template, true and with one thing changed

POOL = ("dog barking", "church bell", "rain", "helicopter", "flute", "guitar", "siren", "crickets", "footsteps")


@st.composite
def draw_world(draw: st.DrawFn) -> World:
    """Two to four sounds, clearly on a side, distances a factor two apart, all level."""
    count = draw(st.integers(2, 4))
    names = draw(st.permutations(POOL))[:count]
    azimuths = [draw(st.sampled_from((35.0, 75.0, 100.0, 140.0, -35.0, -75.0, -100.0, -140.0))) for _ in names]
    first = draw(st.floats(0.8, 1.6))
    order = draw(st.permutations(range(count)))
    metres = [round(first * 2.0 ** order[place], 2) for place in range(count)]
    sounds = [make_sound(i, n, a, m) for i, (n, a, m) in enumerate(zip(names, azimuths, metres, strict=True))]
    return make_world(*sounds, t_mid_s=draw(st.sampled_from((0.2, 0.45, 0.9, 1.8, 3.5))))


def tell(world: World) -> list[str]:
    """Everything about a world, a statement each."""
    told = [f"There are {say_count(len(world.sounds))}."]
    for sound in world.sounds:
        told.append(f"I hear {say_a(sound.name)} {say_place(sound)}, about {say_metres(sound.distance_m or 0.0)} away.")
    for near in world.sounds:
        for far in world.sounds:
            if (far.distance_m or 0.0) >= 1.9 * (near.distance_m or 0.0):
                told.append(f"In distance, {say_the(near.name)} is nearer than {say_the(far.name)}.")
    seconds = say_seconds(world.t_mid_s or 0.0)
    told.append(f"The room has {say_reverberation(world)}, which takes about {seconds} to die away.")
    left = sum(sound.lateral_deg > 0.0 for sound in world.sounds)
    told.append(f"Of these, {say_count(left)} {'is' if left == 1 else 'are'} on your left.")
    return told


def exchange(text: str, first: str, second: str) -> str:
    return text.replace(first, "\0").replace(second, first).replace("\0", second)


@settings(max_examples=60, deadline=None)
@given(world=draw_world())
def test_every_true_statement_passes(world: World) -> None:
    assert check_text(" ".join(tell(world)), world, NAMES) == []


@settings(max_examples=60, deadline=None)
@given(world=draw_world(), data=st.data())
def test_every_change_of_one_thing_is_caught(world: World, data: st.DataObject) -> None:
    told = tell(world)
    sounds = [place for place, text in enumerate(told) if text.startswith("I hear")]
    place = data.draw(st.sampled_from(sounds))
    sound = world.sounds[place - 1]
    absent = data.draw(st.sampled_from([name for name in POOL if all(s.name != name for s in world.sounds)]))
    metres = say_metres(sound.distance_m or 0.0)
    other_metres = say_metres(2.0 * (sound.distance_m or 0.0))
    seconds = say_seconds(world.t_mid_s or 0.0)
    changes = {
        "side": (place, exchange(told[place], "left", "right")),
        "label": (place, told[place].replace(say_a(sound.name), say_a(absent))),
        "number": (place, told[place].replace(f"about {metres}", f"about {other_metres}")),
        "count": (0, told[0].replace(say_count(len(world.sounds)), say_count(len(world.sounds) + 1))),
        "room": (-2, told[-2].replace(f"about {seconds}", f"about {say_seconds(2.2 * (world.t_mid_s or 0.0))}")),
        "nearer": (-3, told[-3].replace("nearer", "farther")),
    }
    for what, (where, text) in changes.items():
        assert text != told[where], what
        changed = [*told]
        changed[where] = text
        assert check_text(" ".join(changed), world, NAMES), (what, text)
