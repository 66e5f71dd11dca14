"""Open questions about how many, how far and in what room; most of them name no sound."""

import numpy as np

from twnm_bench.directions import clear_side
from twnm_bench.facts import WINNER_RATIO, Sound, World, quote
from twnm_bench.labels import Inventory
from twnm_bench.programs import AbsentError, UnclearError, run_program
from twnm_bench.teaching.kinds import QaKind, Talk, choose_one
from twnm_bench.teaching.kinds_of_places import naming, placed
from twnm_bench.teaching.phrases import (
    distance_is_clear,
    place_is_clear,
    say_count,
    say_distance_word,
    say_metres,
    say_place,
    say_reverberation,
    say_seconds,
    say_the,
)
from twnm_sim.scenes.wording import join_words, say_number

_FAR = WINNER_RATIO


def _value(program: str, world: World) -> object:
    """The value of a program, None where there is none."""
    try:
        return run_program(program, world)
    except (UnclearError, AbsentError):
        return None


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _distances(world: World) -> list[Sound]:
    """The sounds of a name of their own whose distance can be told."""
    return [s for s in world.sounds if distance_is_clear(s, world) and len(world.named(s.name)) == 1]


def _find_far(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    sound = choose_one(rng, _distances(world))
    if sound is None or sound.distance_m is None:
        return None
    slots = naming(sound, {"metres": say_metres(sound.distance_m), "far": say_distance_word(sound.distance_m)})
    return Talk(slots, (f"has(scene(), label={quote(sound.name)})",), also=("distance",), helps=("reverberation",))


def _find_nearest(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    if len(world.sounds) < 2 or len(_distances(world)) < len(world.sounds):
        return None
    for which in ("nearest", "farthest") if rng.integers(2) else ("farthest", "nearest"):
        name = _value(f'winner(scene(), "{which}")', world)
        found = [s for s in world.sounds if s.name == name]
        if found and found[0].distance_m is not None:
            slots = naming(found[0], {"which": which, "metres": say_metres(found[0].distance_m)})
            how = "argmin" if which == "nearest" else "argmax"
            return Talk(slots, (f'query({how}(scene(), "distance"), "label")',))
    return None


def _find_comparison(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    sounds = _distances(world)
    pairs = [(a, b) for a in sounds for b in sounds if (b.distance_m or 0.0) >= _FAR * (a.distance_m or 1e9)]
    pair = choose_one(rng, pairs)
    if pair is None or pair[0].distance_m is None or pair[1].distance_m is None:
        return None
    near, far = pair
    shown = [say_the(near.name), say_the(far.name)]
    slots = {"near": shown[0], "far": shown[1]}
    slots |= {"first": shown[0], "second": shown[1]} if rng.integers(2) else {"first": shown[1], "second": shown[0]}
    slots |= {"near_metres": say_metres(near.distance_m), "far_metres": say_metres(far.distance_m)}  # type: ignore[arg-type]
    return Talk(slots, (f"nearer(scene(), {quote(near.name)}, {quote(far.name)})",))


def _find_count(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    count = _value("count(scene())", world)
    if not isinstance(count, int):
        return None
    return Talk(
        {"sounds": say_count(count), "sources": say_count(count, "source"), "is": _is(count)}, ("count(scene())",)
    )


def _sides(world: World) -> tuple[int, int] | None:
    """How many sounds are clearly on the left and on the right; None where one is on no clear side."""
    if not all(place_is_clear(sound) and clear_side(sound.lateral_deg) for sound in world.sounds):
        return None
    left = sum(sound.lateral_deg > 0.0 for sound in world.sounds)
    return left, len(world.sounds) - left


def _count_side(side: str) -> str:
    return f'count(filter(scene(), side="{side}"))'


def _find_side_count(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    counts = _sides(world)
    if counts is None:
        return None
    side = ("left", "right")[int(rng.integers(2))]
    count = counts[0] if side == "left" else counts[1]
    slots = {"side": side, "sounds": say_count(count), "is": _is(count), "all": say_count(len(world.sounds))}
    slots["all_is"] = _is(len(world.sounds))
    return Talk(slots, (_count_side(side),))


def _find_busier(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    counts = _sides(world)
    if counts is None or counts[0] == counts[1] or len(world.sounds) < 2:
        return None
    left, right = counts
    side, other = ("left", "right") if left > right else ("right", "left")
    slots = {"side": side, "other": other, "more": say_count(max(counts)), "fewer": say_count(min(counts))}
    slots |= {"more_is": _is(max(counts)), "fewer_is": _is(min(counts))}
    return Talk(slots, (_count_side("left"), _count_side("right")))


def _find_room(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    said = say_reverberation(world)
    if not said or world.t_mid_s is None:
        return None
    return Talk({"reverberation": said, "seconds": say_seconds(world.t_mid_s)}, ("reverberation(scene())",))


def _find_room_and_count(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    room, count = _find_room(world, inventory, rng), _find_count(world, inventory, rng)
    if room is None or count is None:
        return None
    return Talk(room.slots | count.slots, (*room.programs, *count.programs))


def _find_behind(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    count = _value('count(filter(scene(), quarter="behind"))', world)
    if not isinstance(count, int) or not all(place_is_clear(sound) for sound in world.sounds):
        return None
    yes = "Yes" if count else "No"
    slots = {"sounds": say_count(count), "is": _is(count), "yes": yes, "look": "worth" if count else "no use"}
    return Talk(slots, ('count(filter(scene(), quarter="behind"))',))


def _find_directions(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    """Only from where, not what."""
    sounds = placed(world)
    if not 1 <= len(sounds) <= 3 or len(sounds) < len(world.sounds):
        return None
    words = ["one sound" if place == 0 else "another sound" for place in range(len(sounds))]
    told = join_words([f"{word} {say_place(sound)}" for word, sound in zip(words, sounds, strict=True)])
    return Talk({"told": told, "count": say_number(len(sounds))}, ('count(filter(scene(), side="left"))',))


def _find_blind_distance(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    """How far the nearest sound is, whatever it is."""
    sounds = _distances(world)
    if not sounds or len(sounds) < len(world.sounds):
        return None
    near = min(sounds, key=lambda sound: sound.distance_m or 0.0)
    others = [s for s in sounds if s is not near and (s.distance_m or 0.0) < _FAR * (near.distance_m or 0.0)]
    if others or near.distance_m is None:
        return None
    slots = {"metres": say_metres(near.distance_m), "far": say_distance_word(near.distance_m)}
    return Talk(slots, (), also=("distance",), helps=("reverberation",))


KINDS = (
    QaKind(
        "how_far",
        _find_far,
        (
            "How far is it to {the}, by ear?",
            "Could I touch {the} from here, or {is} {it} farther off?",
            "Estimate the distance between us and {the}.",
            "Roughly how many metres lie between you and {the}?",
            "I would like to walk over to {the}. How far would that be?",
            "Is {the} near or far, would you say?",
        ),
        (
            "{the} {is} {far}, about {metres} from you.",
            "I would say that {the} {is} about {metres} away.",
            "By ear, {the} {is} {far}: about {metres} off.",
            "{the} {is} {far}, and my estimate is about {metres}.",
            "About {metres}: {the} {is} {far}.",
            "You hear {the} {far}, at about {metres}.",
        ),
    ),
    QaKind(
        "nearest",
        _find_nearest,
        (
            "Which of the sounds is the {which}, and how far away is it?",
            "Of all that you hear, what is {which} to us?",
            "Rank the sounds by distance: what is the {which}?",
            "If I reached out for the {which} sound, what would it be?",
            "What sounds the {which} to you?",
            "Name the {which} sound and guess its distance.",
        ),
        (
            "{the} {is} the {which}, about {metres} away.",
            "The {which} sound is {a}, at about {metres}.",
            "Clearly {the}: {it_is} the {which}, about {metres} from you.",
            "That {is} {the}, the {which} of all, about {metres} away.",
            "I hear {the} as the {which}, about {metres} off.",
            "Nothing else is {which}: {the} {is} about {metres} away.",
        ),
    ),
    QaKind(
        "which_is_nearer",
        _find_comparison,
        (
            "Is {first} nearer than {second}?",
            "{first} or {second}: which would I reach first?",
            "Compare the distances of {first} and {second}.",
            "Between {first} and {second}, which one is farther from us?",
            "I can only walk a few steps. Do I get to {first} or to {second}?",
            "Do {first} and {second} sound equally far away?",
        ),
        (
            "{near} is nearer than {far}.",
            "{far} is farther away than {near}.",
            "They differ: {near} is about {near_metres} away, {far} about {far_metres}.",
            "{near} is closer to you than {far}.",
            "Of the two, {near} is nearer than {far}; {near} is about {near_metres} away.",
            "{near} is nearer than {far}, which is about {far_metres} away.",
        ),
    ),
    QaKind(
        "how_many",
        _find_count,
        (
            "How many things are making a sound here?",
            "If each sound were a person, how many people would be in the room?",
            "Count what you hear. What do you get?",
            "Is it one thing that sounds, or are there several?",
            "How crowded is this scene? Give me a number.",
            "Into how many separate sources can you take this recording apart?",
        ),
        (
            "There {is} {sounds}.",
            "I count {sounds}.",
            "I hear {sources}.",
            "{sounds} in all.",
            "Taken apart, there {is} {sources}.",
            "I can tell {sounds} apart.",
        ),
        is_blind=True,
    ),
    QaKind(
        "how_many_on_a_side",
        _find_side_count,
        (
            "How many sounds would remain if only my {side} side counted?",
            "Count the sources on the {side}, please.",
            "Never mind what they are: how many sounds are on my {side}?",
            "How many different things sound on the {side} of us?",
            "On your {side}, how much is going on?",
            "Suppose I cover the other ear. How many sounds lie on my {side}?",
        ),
        (
            "There {is} {sounds} on your {side}.",
            "On your {side} there {is} {sounds}.",
            "I hear {sounds} on the {side}.",
            "I count {sounds} to your {side}.",
            "There {all_is} {all}, and there {is} {sounds} on the {side}.",
            "That makes {sounds} on the {side}.",
        ),
        is_blind=True,
    ),
    QaKind(
        "busier_side",
        _find_busier,
        (
            "On which side is more going on?",
            "Is it busier on the left or on the right?",
            "I would like to sit where there are fewer sounds. Left or right?",
            "Compare both sides: how many sounds are on each?",
            "Which ear has more sources on its side?",
            "How are the sounds shared out between left and right?",
        ),
        (
            "There {more_is} {more} on your {side} and {fewer} on your {other}.",
            "On the {side} there {more_is} {more}, and there {fewer_is} {fewer} on the {other}.",
            "With {more} on the {side} and {fewer} on the {other}, it is easy to say.",
            "I count {more} on the {side} and {fewer} on the {other}.",
            "I hear {fewer} on your {other} and {more} on your {side}.",
            "There {fewer_is} {fewer} on the {other}, but there {more_is} {more} on the {side}.",
        ),
        is_blind=True,
    ),
    QaKind(
        "room",
        _find_room,
        (
            "What is the room like, acoustically?",
            "Clap your hands in your mind: how would this room answer?",
            "Would this be a good room for a recording of speech?",
            "How long do sounds hang in the air here?",
            "Describe the reverberation to someone who cannot hear it.",
            "Is this a dry room or a live one?",
        ),
        (
            "There is {reverberation}; it takes about {seconds} to die away.",
            "The room has {reverberation}, which lasts about {seconds}.",
            "I hear {reverberation}. The decay takes about {seconds}.",
            "It has {reverberation}: sound lingers for about {seconds}.",
            "This is a room with {reverberation}, and a sound takes about {seconds} to fade away.",
            "The reverberation lasts about {seconds}, which I call {reverberation}.",
        ),
        is_blind=True,
    ),
    QaKind(
        "room_and_count",
        _find_room_and_count,
        (
            "Without naming anything: how full is the scene, and how reverberant is it?",
            "How many sounds are there, and what does the room do to them?",
            "Tell me two things: the number of sources and the reverberation.",
            "Is it the room or the number of sounds that fills the air here?",
            "Sketch the acoustics: how many sources, how much reverberation?",
            "What would a sound engineer note about sources and room?",
        ),
        (
            "There {is} {sounds} in a room with {reverberation}.",
            "I count {sounds}, and there is {reverberation} of about {seconds}.",
            "I hear {sounds}; the room has {reverberation}.",
            "There {is} {sources}, with {reverberation} that lasts about {seconds}.",
            "The room adds {reverberation} to {sources}.",
            "{sounds} in all, with {reverberation}.",
        ),
        is_blind=True,
    ),
    QaKind(
        "behind",
        _find_behind,
        (
            "Is there anything at my back?",
            "Should I look over my shoulder?",
            "How many sounds do I miss if I only look ahead?",
            "What about the space behind us: does anything sound there?",
            "Do all sounds come from somewhere I can see?",
            "Count what is at my back.",
        ),
        (
            "{yes}, there {is} {sounds} behind you.",
            "There {is} {sounds} at your back.",
            "I hear {sounds} behind you.",
            "{yes}: {sounds} behind you.",
            "Behind you there {is} {sounds}.",
            "I count {sounds} at your back.",
        ),
        is_blind=True,
    ),
    QaKind(
        "directions_only",
        _find_directions,
        (
            "Never mind what sounds: from where does it come?",
            "Point at every sound you hear, without naming it.",
            "From which directions is anything to be heard?",
            "Where should I turn my ears, whatever it is that sounds?",
            "Tell me only the directions, please.",
            "In which parts of the space around you does something sound?",
        ),
        (
            "I hear {told}.",
            "There is {told}.",
            "By direction alone, there is {told}.",
            "I point like this: {told}.",
            "What reaches you is {told}.",
            "By ear there is {told}.",
        ),
        is_blind=True,
    ),
    QaKind(
        "how_near_is_anything",
        _find_blind_distance,
        (
            "How close does anything come to us?",
            "Whatever it is: how far away is the nearest sound?",
            "Is something sounding right beside me?",
            "How much room is there between me and the nearest source?",
            "Could I reach the nearest sound with my arm?",
            "Guess the distance to what is closest.",
        ),
        (
            "Something is {far}, about {metres} away.",
            "There is something about {metres} away.",
            "Something sounds {far}, at about {metres}.",
            "Something is about {metres} from you.",
            "I hear something {far}, about {metres} off.",
            "There is something {far}, at about {metres}.",
        ),
        is_blind=True,
    ),
)
