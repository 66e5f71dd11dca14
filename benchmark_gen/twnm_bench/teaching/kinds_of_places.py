"""Open questions about which sound is where."""

import numpy as np

from twnm_bench.directions import clear_height, clear_side
from twnm_bench.facts import Sound, World, pick, quote
from twnm_bench.labels import Inventory
from twnm_bench.programs import judge_claim
from twnm_bench.teaching.kinds import QaKind, Talk, choose_one
from twnm_bench.teaching.phrases import (
    is_many,
    list_sounds,
    place_is_clear,
    say_a,
    say_count,
    say_from,
    say_place,
    say_the,
)
from twnm_schemas.geometry import azimuth_difference


def placed(world: World) -> list[Sound]:
    """The sounds of a name of their own whose direction can be told."""
    return [sound for sound in world.sounds if place_is_clear(sound) and len(world.named(sound.name)) == 1]


def naming(sound: Sound, more: dict[str, str] | None = None) -> dict[str, str]:
    """The slots about one sound."""
    many = is_many(sound.name)
    return {
        "the": say_the(sound.name),
        "a": say_a(sound.name),
        "is": "are" if many else "is",
        "comes": "come" if many else "comes",
        "it": "they" if many else "it",
        "it_is": "they are" if many else "it is",
        "place": say_place(sound),
        "from": say_from(sound),
        **(more or {}),
    }


def _presence(sound: Sound) -> str:
    return f"has(scene(), label={quote(sound.name)})"


def _find_where(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    sound = choose_one(rng, placed(world))
    if sound is None:
        return None
    return Talk(naming(sound), (_presence(sound),), also=("direction",))


def _find_what(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    """The one sound of a side."""
    for side in ("left", "right") if rng.integers(2) else ("right", "left"):
        program = f'query(unique(filter(scene(), side="{side}")), "label")'
        for sound in placed(world):
            if judge_claim(f"equals({program}, {quote(sound.name)})", world):
                return Talk(naming(sound, {"side": side}), (program,))
    return None


def _find_turn(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    sound = choose_one(rng, [s for s in placed(world) if s.is_level and clear_side(s.lateral_deg, 20.0)])
    if sound is None:
        return None
    turn = abs(azimuth_difference(sound.azimuth_deg, 0.0))
    side = clear_side(sound.lateral_deg)
    amount = "a little" if turn < 35.0 else "about half a right angle" if turn < 65.0 else "about a right angle"
    if turn > 115.0:
        amount = "well past a right angle"
    slots = naming(sound, {"side": side, "amount": amount})
    return Talk(slots, (f'equals(query({pick(sound.name)}, "side"), "{side}")',))


def _find_arrangement(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    sounds = placed(world)
    if not 2 <= len(world.sounds) <= 4 or len(sounds) < len(world.sounds):
        return None
    told = "; ".join(f"{say_a(sound.name)} {say_place(sound)}" for sound in sounds)
    programs = ("count(scene())", *(_presence(sound) for sound in sounds))
    slots = {"told": told, "sounds": say_count(len(sounds)), "names": list_sounds([s.name for s in sounds])}
    return Talk(slots, programs, also=("direction",))


def _find_presence(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    heard = [sound for sound in world.sounds if sound.is_audible]
    names = list(dict.fromkeys(sound.name for sound in heard))
    absent = choose_one(rng, inventory.absent([sound.name for sound in world.sounds]))
    if absent is None or not names or len(heard) < len(world.sounds):
        return None
    programs = (f"lacks(scene(), label={quote(absent)})", *(f"has(scene(), label={quote(name)})" for name in names))
    return Talk({"absent": say_a(absent), "bare": absent, "names": list_sounds(names)}, programs)


def _find_height(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    high = [s for s in placed(world) if clear_height(s.elevation_deg) in ("above", "below")]
    sound = choose_one(rng, high)
    if sound is None:
        return None
    height = clear_height(sound.elevation_deg)
    slots = naming(sound, {"height": f"{height} you"})
    return Talk(slots, (f'equals(query({pick(sound.name)}, "height"), "{height}")',))


def _find_pair(world: World, inventory: Inventory, rng: np.random.Generator) -> Talk | None:
    """Two sounds on two sides."""
    left = [s for s in placed(world) if clear_side(s.lateral_deg) == "left"]
    right = [s for s in placed(world) if clear_side(s.lateral_deg) == "right"]
    first, second = choose_one(rng, left), choose_one(rng, right)
    if first is None or second is None:
        return None
    slots = {"first": say_the(first.name), "second": say_the(second.name)}
    slots |= {"first_place": say_place(first), "second_place": say_place(second)}
    slots |= {"first_from": say_from(first), "second_from": say_from(second)}
    claims = tuple(
        f'equals(query({pick(s.name)}, "side"), "{side}")' for s, side in ((first, "left"), (second, "right"))
    )
    return Talk(slots, claims)


KINDS = (
    QaKind(
        "where_is",
        _find_where,
        (
            "I keep hearing {a} somewhere. Can you tell me where exactly?",
            "If you had to point at {the}, where would your finger go?",
            "Help me find {the}: which way should I look?",
            "From which side does {the} reach us?",
            "Someone asks you where {the} {is}. What do you tell them?",
            "Close your eyes for a moment. Where do you place {the}?",
            "Could you describe the direction of {the} in your own words?",
        ),
        (
            "{the} {comes} from {from}.",
            "I hear {the} {place}.",
            "Listen for it: {the} {is} {place}.",
            "By ear, {the} {is} {place}.",
            "It is easy to place: {the} {is} {place}.",
            "You find {the} {place}.",
        ),
    ),
    QaKind(
        "what_is_there",
        _find_what,
        (
            "Something is going on on my {side}. What is it?",
            "What would I see if I looked to my {side}?",
            "Only one thing sounds on your {side}. Which one, and where precisely?",
            "Tell me about the sound on the {side} side.",
            "What catches your ear on the {side}?",
            "My {side} ear is busier than the other. What does it hear?",
        ),
        (
            "On your {side} you hear {a}, {place}.",
            "That is {a}: {it} {comes} from {from}.",
            "It is {a}, {place}.",
            "On the {side} there is {a}; {it_is} {place}.",
            "What you hear there is {a}, {place}.",
            "I hear {a} on the {side}, more precisely {place}.",
        ),
    ),
    QaKind(
        "which_way_to_turn",
        _find_turn,
        (
            "I want to face {the}. Which way do I turn?",
            "How should I turn my head so that {the} {is} right in front of me?",
            "Which way round do I turn to look at {the}?",
            "Guide me: I would like to look straight at {the}.",
            "A camera on my head should point at {the}. Where do I turn it?",
            "Say which way I have to turn to have {the} before my eyes.",
        ),
        (
            "Turn to your {side}, by {amount}: {the} {is} {place}.",
            "You need to turn {side}, by {amount}, since {the} {is} {place}.",
            "To your {side}, by {amount}, since {the} {comes} from {from}.",
            "Turn {side} by {amount}, because you hear {the} {place}.",
            "{the} {is} {place}, so turn to your {side} by {amount}.",
            "By {amount} to your {side}, because {the} {is} {place}.",
        ),
    ),
    QaKind(
        "arrangement",
        _find_arrangement,
        (
            "Draw me a map in words: what sounds, and where?",
            "Describe the whole scene around us.",
            "What do you hear, and from where does each sound come?",
            "Give me an overview of what is sounding around me and on which side.",
            "Imagine that I am blindfolded. What is around me, and where?",
            "Go through the sounds one by one and place each of them.",
        ),
        (
            "There are {sounds}: {told}.",
            "I hear {sounds}: {told}.",
            "{sounds} can be heard: {told}.",
            "You are surrounded by {sounds}: {told}.",
            "I make out {sounds}, namely these: {told}.",
            "It is a scene of {sounds}: {told}.",
        ),
    ),
    QaKind(
        "is_it_there",
        _find_presence,
        (
            "Do you hear {absent} anywhere, or is it something else that sounds?",
            "My friend is sure that there is {absent}. Is that so?",
            "Is {absent} among the sounds, and if not, what is there instead?",
            "I was told to listen for {absent}. What do you really hear?",
            "Check for me whether {absent} can be heard.",
            "Would you say that there is {absent} in this recording?",
        ),
        (
            "No, there is no {bare}. What I hear is {names}.",
            "There is no {bare}; I hear {names}.",
            "I hear {names}, but no {bare}.",
            "No {bare} can be heard. There is {names}.",
            "No, I do not hear any {bare}. I hear {names}.",
            "Your ears deceive you: there is no {bare}, but there is {names}.",
        ),
    ),
    QaKind(
        "height",
        _find_height,
        (
            "Does {the} come from the height of my ears?",
            "Should I look up or down to find {the}?",
            "How high up {is} {the}?",
            "Is {the} level with us?",
            "Where does {the} come from, height included?",
            "Would I have to look up, down or straight on to see what makes {the}?",
        ),
        (
            "Not level with your ears: {the} {comes} from {height}.",
            "{the} {is} {height}.",
            "You find {the} {height}: {it_is} {place}.",
            "{the} {is} clearly {height}, more exactly {place}.",
            "{height} is where {the} {is}.",
            "Look for {the} {place}.",
        ),
    ),
    QaKind(
        "two_sides",
        _find_pair,
        (
            "Compare the places of {first} and {second} for me.",
            "{first} and {second}: how do they lie around me?",
            "Do {first} and {second} come from one side?",
            "Tell me where {first} and {second} are relative to my head.",
            "How would you separate {first} from {second} by ear?",
            "Which of my ears is nearer to {first}, which to {second}?",
        ),
        (
            "{first} is {first_place}, and {second} is {second_place}.",
            "They are on opposite sides: {first} is {first_place}, {second} is {second_place}.",
            "You hear {first} {first_place} and {second} {second_place}.",
            "{first} comes from {first_from}, whereas {second} comes from {second_from}.",
            "They lie apart: {first} is {first_place}, while {second} is {second_place}.",
            "{second} is {second_place}, and {first} is {first_place}.",
        ),
    ),
)
