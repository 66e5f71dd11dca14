"""Controls: something is taken away from the audio, and what a model still answers shows what it needed.

Without the audio (`text-only`, `silence`) or with another scene's (`mismatch`) only the text is left; with one ear's
worth of sound (`mono`) direction is gone; with the ears exchanged (`swap`) it is mirrored.

Shapes: C ears, T samples.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from twnm_bench.run.heard import Audio
from twnm_schemas.errors import SpecError
from twnm_schemas.questions import Question
from twnm_shards.rng import rng_for

Control = Literal["none", "text-only", "silence", "mismatch", "mono", "swap"]
CONTROLS: tuple[Control, ...] = get_args(Control)


def apply_control(control: Control, audio_CT: Audio) -> Audio:
    """The audio (2, T) as the control lets it be heard; `text-only` and `mismatch` change which, not how."""
    if control == "silence":
        return np.zeros_like(audio_CT)
    if control == "mono":
        return np.repeat(audio_CT.mean(axis=0, keepdims=True), 2, axis=0)
    if control == "swap":
        return np.ascontiguousarray(audio_CT[::-1])
    return audio_CT


def pair_with_others(questions: Sequence[Question], seed: int) -> dict[str, Question]:
    """For each question's id the question whose audio is heard in its place: always one of another scene.

    The scenes are put in a random order and each hears the next. Raises SpecError where there is but one scene.
    """
    first = {question.scene_id: question for question in reversed(questions)}
    scenes = sorted(first)
    if len(scenes) < 2:
        raise SpecError("All questions are about one scene; the control mismatch needs two scenes or more.")
    order = rng_for(seed, "mismatch").permutation(len(scenes))
    follows = {scenes[here]: scenes[there] for here, there in zip(order, np.roll(order, -1), strict=True)}
    return {question.id: first[follows[question.scene_id]] for question in questions}
