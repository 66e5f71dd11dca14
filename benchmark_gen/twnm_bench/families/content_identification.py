"""What is heard: which of four sounds that are like each other is there, or (hard) which of four is not."""

import numpy as np

from twnm_bench.facts import pick, quote
from twnm_bench.families.base import (
    LENGTH_RATIO,
    Draft,
    Option,
    RejectedError,
    Variant,
    View,
    choose,
    classes_heard,
    labels_of,
    matched_lengths,
    require,
    say_sound,
    scene_spec,
)
from twnm_bench.labels import Inventory
from twnm_schemas.scenes import SceneSpec

_WHICH_HEARD = (
    "Which of these sounds can be heard in the recording?",
    "One of these four sounds is present in the recording. Which one?",
    "What do you hear in this recording?",
    "Which of the following is part of what you hear?",
    "Listen to the recording: which of these sounds occurs in it?",
    "Only one of these sounds is really there. Which is it?",
    "Which sound from this list did you hear?",
)
_WHICH_MISSING = (
    "Which of these sounds is not in the recording?",
    "Three of these four sounds can be heard. Which one cannot?",
    "What do you not hear in the recording?",
    "Which sound is missing from the recording?",
    "All but one of these sounds are part of the recording. Which one is not?",
    "Which of these four statements about the recording is true?",
)


def _say_heard(name: str) -> str:
    return f"You hear {say_sound(name)}"


def _say_missing(name: str) -> str:
    return f"You do not hear {say_sound(name)}"


def _spec_heard(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    return scene_spec((1, 2, 3), elevation=None, include=(inventory.labels[answer].label,))


def _ask_heard(view: View, answer: str, rng: np.random.Generator) -> Draft:
    names = labels_of(view)
    require(len(names) <= 3, "too_many_sounds")
    require(answer in names, "not_in_scene")
    wrong = matched_lengths(
        rng, [answer], view.inventory.others(answer, names, classes_heard(view.world)), 3, _say_heard
    )
    options = tuple(Option(_say_heard(name), f"has(scene(), label={quote(name)})") for name in (answer, *wrong))
    return Draft(f'query({pick(answer)}, "label")', _WHICH_HEARD, {}, options, answer)


def _spec_missing(answer: str, inventory: Inventory, rng: np.random.Generator) -> SceneSpec:
    kin = [inventory.labels[name].label for name in inventory.others(answer, ())]
    return scene_spec(4, elevation=None, include=(choose(rng, kin),) if kin else (), gain=(-3.0, 3.0))


def _ask_missing(view: View, answer: str, rng: np.random.Generator) -> Draft:
    """The absent sound is like the fourth one, which is heard and not shown: no two options are near to each other on
    purpose, so that the odd one out cannot be guessed."""
    names = labels_of(view)
    require(len(names) == 4, "not_four_sounds")
    absent = view.inventory.absent(names, classes_heard(view.world))
    require(answer in absent, "not_absent")
    kin = [name for name in names if answer in view.inventory.groups.get(name, ())]
    require(bool(kin), "absent_sound_unlike_all")
    hidden = choose(rng, kin)
    shown = [name for name in names if name != hidden]
    try:
        matched_lengths(rng, [answer, *shown], [], 0, _say_missing)
    except RejectedError:
        raise RejectedError("option_lengths") from None
    options = tuple(Option(_say_missing(name), f"lacks(scene(), label={quote(name)})") for name in (answer, *shown))
    return Draft(f"lacks(scene(), label={quote(answer)})", _WHICH_MISSING, {}, options, answer)


def _has_kin(inventory: Inventory, name: str) -> bool:
    """Whether three other labels of its group may stand beside it, all of about one length."""
    own = len(_say_heard(name))
    lengths = sorted(len(_say_heard(other)) for other in inventory.others(name, ()))
    triples = (lengths[place : place + 3] for place in range(len(lengths) - 2))
    return any(max(own, *three) <= LENGTH_RATIO * min(own, *three) for three in triples)


VARIANTS = (
    Variant("which_heard", "content_identification", "core", (), _spec_heard, _ask_heard, may_ask=_has_kin),
    Variant("which_missing", "content_identification", "hard", (), _spec_missing, _ask_missing, may_ask=_has_kin),
)
