"""What a model hears and is asked, and the protocol of whoever answers.

Shapes: C ears, T samples.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.questions import OPTIONS

Audio = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Heard:
    """One question as it is put: `audio_CT` (2, T) at face value, None where there is nothing to hear.

    `id`, `task` and `question`: of the question; `choices`: in the order they are shown; `prompt`: the whole text.
    """

    id: str
    task: str
    audio_CT: Audio | None
    sample_rate: int
    prompt: str
    question: str
    choices: tuple[str, ...]
    rotation: int


class Answers(Protocol):
    """Whoever answers. The reply is text in the answer grammar; other text, or none, is kept and counts as unparsed."""

    async def answer(self, heard: Heard) -> str:
        """The whole reply. Raises TwnmError where going on makes no sense."""
        ...

    async def close(self) -> None:
        """Let go of what the answers of one run needed."""
        return


def rotate(choices: tuple[str, ...], rotation: int) -> tuple[str, ...]:
    """The order shown under a rotation: place p holds choice (p + rotation) mod 4."""
    return tuple(choices[(place + rotation) % OPTIONS] for place in range(OPTIONS))
