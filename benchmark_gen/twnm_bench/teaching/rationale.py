"""The reasoning of teacher data: a program's trace in the words of someone who listens.

First what is heard of the sounds that matter, as far as the question needs it; then what follows from it, for questions
about a changed scene in that scene; then the options that do not fit, by what they say; last the one that does.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from twnm_bench.directions import clear_height
from twnm_bench.facts import Sound, World
from twnm_bench.families.base import Draft
from twnm_bench.programs import AbsentError, Group, UnclearError, expertise_of, parse_program, run_program
from twnm_bench.teaching.phrases import (
    distance_is_clear,
    fill,
    is_many,
    list_sounds,
    place_is_clear,
    say_a,
    say_count,
    say_distance_word,
    say_metres,
    say_place,
    say_reverberation,
    say_seconds,
    say_the,
)
from twnm_sim.scenes.wording import join_words

_EDITS = ("turn", "face", "remove", "swap", "mirror")
_REJECT = (
    "{others} do not fit that.",
    "That rules out {others}.",
    "{others} cannot be meant: they do not fit.",
    "So {others} are out: they do not fit what I hear.",
)
_CONCLUDE = ("That leaves {key}.", "So it must be {key}.", "The answer is {key}.", "I settle on {key}.")
_OPEN = ("", "", "Listening closely: ", "Let me go through what I hear: ")


@dataclass(frozen=True)
class Thinking:
    """A rationale: its steps before the conclusion, the whole, and the changed world that it speaks of, if any."""

    steps: tuple[str, ...]
    text: str
    imagined: World | None


def imagine(program: str, world: World) -> World | None:
    """The world after the edits of a program; None for a program without any, and where it cannot be made."""
    for node in ast.walk(parse_program(program)):  # the outermost edit comes first
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _EDITS:
            try:
                group = run_program(ast.unparse(node), world)
            except (AbsentError, UnclearError):
                return None
            return group.world if isinstance(group, Group) else None
    return None


def think(draft: Draft, choices: Sequence[str], world: World, rng: np.random.Generator) -> Thinking:
    """The rationale for a draft whose key is `options[0]`; `choices`: all of its options as they are shown."""
    imagined = imagine(draft.program, world)
    steps = [step for step in (*_say_heard(draft, world), *_say_deduced(draft, world, imagined)) if step]
    key = draft.options[0].text
    others = [f'"{choice.rstrip(".")}"' for choice in choices if choice != key]
    reject = _REJECT[int(rng.integers(len(_REJECT)))].format(others=join_words(others, "and"))
    conclude = _CONCLUDE[int(rng.integers(len(_CONCLUDE)))].format(key=f'"{key.rstrip(".")}"')
    opening = _OPEN[int(rng.integers(len(_OPEN)))] if steps else ""
    said = [f"{opening}{steps[0][0].lower() + steps[0][1:] if opening else steps[0]}", *steps[1:]] if steps else []
    said = [sentence.replace(": i ", ": I ") for sentence in said]
    return Thinking((*steps, reject), " ".join([*said, reject, conclude]), imagined)


def _say_heard(draft: Draft, world: World) -> Iterator[str]:
    """What is heard of the sounds that matter, one sentence each; of all of them where none is named."""
    asked = expertise_of((draft.program, *(option.claim for option in draft.options)))
    named = _names_in(draft)
    sounds = [s for s in world.sounds if s.name in named] or list(world.sounds)
    if draft.program.startswith("lacks"):
        sounds = list(world.sounds)
    if asked <= {"count"} or asked <= {"reverberation"}:
        sounds = []
    if not asked & {"direction", "distance"} and sounds:
        yield f"I hear {list_sounds(list(dict.fromkeys(s.name for s in sounds)))}."
        return
    for sound in sounds:
        yield _say_sound(sound, world, asked, is_height_asked='"height"' in draft.program)


def _say_sound(sound: Sound, world: World, asked: frozenset[str], *, is_height_asked: bool) -> str:
    parts = []
    if "direction" in asked and place_is_clear(sound):
        parts.append(say_place(sound))
        if is_height_asked and clear_height(sound.elevation_deg) == "level":
            parts.append("at ear level")
    if "distance" in asked and distance_is_clear(sound, world) and sound.distance_m is not None:
        far = say_distance_word(sound.distance_m).removesuffix(" to you")
        parts.append(f"{far}, about {say_metres(sound.distance_m)} away")
    verb = "are" if is_many(sound.name) else "is"
    if not parts:
        return f"I hear {say_a(sound.name)}."
    return fill("{the} {verb} {where}.", {"the": say_the(sound.name), "verb": verb, "where": ", ".join(parts)})


def _names_in(draft: Draft) -> set[str]:
    """The labels that the program or an option names."""
    found: set[str] = set()
    for text in (draft.program, *(option.claim for option in draft.options)):
        for node in ast.walk(parse_program(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def _say_deduced(draft: Draft, world: World, imagined: World | None) -> Iterator[str]:
    """What follows: how many, how long, or where something would be."""
    asked = expertise_of((draft.program, *(option.claim for option in draft.options)))
    if imagined is not None:
        yield from _say_imagined(draft, world, imagined)
        return
    if "count" in asked:
        yield _say_counted(draft, world)
    if "reverberation" in asked:
        yield _say_room(draft, world)
    if draft.program.startswith(("winner", "sort")):
        yield _say_order(draft, world)
    if draft.program.startswith("lacks"):
        name = next(iter(_names_in_claim(draft.program)))
        yield f"There is no {name}."


def _names_in_claim(claim: str) -> list[str]:
    return [n.value for n in ast.walk(parse_program(claim)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def _say_counted(draft: Draft, world: World) -> str:
    sides = [side for side in ("left", "right") if f'side="{side}"' in draft.program and "count" in draft.program]
    if sides and draft.program.startswith("count"):
        count = run_program(draft.program, world)
        return f"There {'is' if count == 1 else 'are'} {say_count(count)} on your {sides[0]}."
    count = len(world.sounds)
    return f"There {'is' if count == 1 else 'are'} {say_count(count)} in all."


def _say_room(draft: Draft, world: World) -> str:
    if "room_kind" in draft.program:
        kind = str(run_program(draft.program, world))
        size, walls = kind.split()
        return f"By its echoes this is a {size} room with {walls} walls."
    if world.t_mid_s is None:
        return ""
    return f"The room has {say_reverberation(world)}; a sound takes about {say_seconds(world.t_mid_s)} to die away."


def _say_order(draft: Draft, world: World) -> str:
    ranked = sorted((s for s in world.sounds if s.distance_m is not None), key=lambda s: s.distance_m or 0.0)
    if len(ranked) < len(world.sounds) or len(ranked) < 2:
        return ""
    if draft.answer == "equal":
        return "All of them are about the same distance away."
    if draft.program.startswith("winner"):
        which = "nearest" if "nearest" in draft.program else "farthest"
        best = ranked[0] if which == "nearest" else ranked[-1]
        verb = "are" if is_many(best.name) else "is"
        return fill("{the} {verb} the {which}.", {"the": say_the(best.name), "verb": verb, "which": which})
    pairs = [f"{say_the(a.name)} is nearer than {say_the(b.name)}" for a, b in pairwise(ranked)]
    return fill("{told}.", {"told": ", and ".join(pairs)})


def _say_imagined(draft: Draft, world: World, imagined: World) -> Iterator[str]:
    """Where the sound that is asked about would be, after what changes."""
    target = _target_of(draft, world, imagined)
    if target is None:
        return
    where = say_place(target)
    the = say_the(target.name)
    slots = {"the": the, "where": where, **draft.slots}
    if "remove(" in draft.program:
        yield fill("Without {sound}, the nearest one would be {the}, {where}.", slots)
    elif "face(" in draft.program:
        yield fill("If you faced {first}, {the} would be {where}.", slots)
    elif "swap(" in draft.program and "turn(" in draft.program:
        yield fill("If they changed places and you then turned {turn}, {the} would be {where}.", _turned(slots))
    elif "swap(" in draft.program:
        yield fill("If they changed places, {the} would be {where}.", slots)
    elif "turn(" in draft.program:
        yield fill("If you turned {turn}, {the} would be {where}.", _turned(slots))
    elif "mirror(" in draft.program:
        yield fill("In a mirror of the scene, {the} would be {where}.", slots)


def _turned(slots: dict[str, str]) -> dict[str, str]:
    """The turn said without a number, which is one of the question's and not of the scene's."""
    said = {"90 degrees to the left": "by a right angle", "90 degrees to the right": "by a right angle"}
    return {**slots, "turn": said.get(slots["turn"], "right around")}


def _target_of(draft: Draft, world: World, imagined: World) -> Sound | None:
    """The sound whose place is asked."""
    tree = parse_program(draft.program)
    assert isinstance(tree, ast.Call)
    inner = ast.unparse(tree.args[0]) if tree.args else draft.program
    try:
        found = run_program(inner, world)
    except (AbsentError, UnclearError):
        return None
    sound = getattr(found, "sound", None)
    return sound if isinstance(sound, Sound) else None
