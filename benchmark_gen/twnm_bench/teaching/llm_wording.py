"""Asking a language model for open pairs and for rationales, and holding what it writes against the scene."""

import re
from collections.abc import Sequence

from pydantic import BaseModel, Field

from twnm_bench.claims.check import FalseClaim, check_text, read_claims, say_first
from twnm_bench.facts import World, read_world
from twnm_bench.labels import Inventory
from twnm_bench.llm.ports import Ask
from twnm_bench.llm.templates import Prompts
from twnm_schemas.questions import ROUTER_NAMES
from twnm_schemas.scenes import Scene
from twnm_sim.scenes.describe import describe_scene

_KIND_OF = {"sound": "semantic", "direction": "direction", "distance": "distance", "count": "count"}
_KIND_OF |= {"reverberation": "reverberation"}
_MOST = 600  # characters of an answer


class Pair(BaseModel):
    """One question with its answer, as a model writes it."""

    instruction: str = Field(min_length=8, max_length=_MOST)
    answer: str = Field(min_length=8, max_length=_MOST)


class Pairs(BaseModel):
    """What is asked for."""

    pairs: list[Pair] = Field(min_length=1, max_length=8)


class Thought(BaseModel):
    """A rationale, as a model writes it."""

    think: str = Field(min_length=8, max_length=4 * _MOST)


def ask_pairs(scene: Scene, count: int, inventory: Inventory, prompts: Prompts) -> Ask:
    """The request for so many pairs about a scene, with the check of what comes back."""
    world = read_world(scene)

    def check(value: Pairs) -> str:
        for pair in value.pairs[:count]:
            if false := find_false(pair, world, inventory):
                return say_first(false)
        return ""

    prompt = prompts.render("open_qa", scene=describe_scene(scene), pairs=count, abilities=_list_abilities(world))
    return Ask(f"{scene.scene_id} pairs", prompt, Pairs, check=check)


def _list_abilities(world: World) -> list[str]:
    abilities = ["what sounds", "where it is"]
    if any(sound.distance_m is not None for sound in world.sounds):
        abilities.append("how far it is")
    if world.t_mid_s is not None or world.why_null in ("dry", "live"):
        abilities.append("what the room is like")
    return [*abilities, "how many there are"]


def find_false(pair: Pair, world: World, inventory: Inventory) -> list[FalseClaim]:
    """What a pair says that is not true: anything in the answer, and in the question the sounds that it names."""
    claims = read_claims(pair.answer, world, inventory.names)
    if not claims:
        return [FalseClaim("claims_nothing", pair.answer, pair.answer)]
    asked = check_text(pair.instruction, world, inventory.names)
    return [
        *(FalseClaim(claim.reason, claim.text, claim.sentence) for claim in claims if claim.verdict is not True),
        *(claim for claim in asked if claim.reason == "absent_sound"),
    ]


def label_of_text(pair: Pair, world: World, inventory: Inventory) -> tuple[float, ...]:
    """The router label by what the answer claims."""
    claims = read_claims(pair.answer, world, inventory.names)
    kinds = {_KIND_OF[claim.kind] for claim in claims if claim.kind in _KIND_OF}
    return tuple(1.0 if name in kinds else 0.0 for name in ROUTER_NAMES)


def ask_rationale(
    name: str,
    question: str,
    choices: Sequence[str],
    key: str,
    steps: Sequence[str],
    world: World,
    imagined: World | None,
    inventory: Inventory,
    prompts: Prompts,
) -> Ask:
    """The request to say a rationale's steps in other words, with the check of what comes back."""

    def check(value: Thought) -> str:
        return find_fault(value.think, choices, key, world, imagined, inventory)

    prompt = prompts.render(
        "rationale", question=question, choices=list(choices), answer=key, steps=list(steps), sentences=len(steps) + 2
    )
    return Ask(f"{name} rationale", prompt, Thought, check=check)


_LETTER = re.compile(
    r"\b(?:option|choice|answer|letter)s? [A-D1-4]\b|\([A-D]\)|(?<![\w'])[B-D](?=[.):,]| (?:is|fits|and|or)\b)"
)
_TAG = re.compile(r"</?(?:think|answer)>")


def _tidy(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9:']+", text.lower()))


def find_fault(
    think: str, choices: Sequence[str], key: str, world: World, imagined: World | None, inventory: Inventory
) -> str:
    """What is wrong with a rationale, in a sentence; "" for nothing.

    It must end with the key's text and with no other choice's, name no letter, and claim only what is true.
    """
    if _LETTER.search(think):
        return "It names an option by its letter or place."
    if _TAG.search(think):
        return "It holds tags of the answer."
    sentences = re.split(r"(?<=[.!?])[\"'”’]*\s+", think.strip())
    body, last = sentences[:-1], _tidy(sentences[-1])
    named = [choice for choice in choices if _tidy(choice) in last]
    longest = max(named, key=len, default="")
    if longest != key or any(_tidy(c) not in _tidy(key) for c in named):
        return "Its last sentence does not state the right option, and only that, in its own words."
    if "not" in last.replace(_tidy(key), "").split():
        return "Its last sentence denies an option instead of stating the right one."
    return say_first(check_text(" ".join(body), world, inventory.names, discussed=choices, imagined=imagined))
