"""What arrives at an endpoint that is sent audio: the sound of a request's WAV, its text, and an answer from both."""

import base64
import io
import re
from collections.abc import Iterator

import numpy as np
import soundfile
from faulty_endpoint import Answer, Asked

_OPTION = re.compile(r"^([A-D])\. (.+)$", re.MULTILINE)


def parts_of(asked: Asked) -> dict[str, dict]:
    """The content parts of the one message, by their type."""
    (message,) = asked.body["messages"]
    assert message["role"] == "user"
    return {part["type"]: part for part in message["content"]}


def sound_of(asked: Asked) -> tuple[np.ndarray, int] | None:
    """The 16-bit samples (T, C) that were sent and their rate, or None where there was no audio part."""
    part = parts_of(asked).get("input_audio")
    if part is None:
        return None
    assert part["input_audio"]["format"] == "wav"
    with soundfile.SoundFile(io.BytesIO(base64.b64decode(part["input_audio"]["data"], validate=True))) as file:
        assert (file.format, file.subtype) == ("WAV", "PCM_16")
        return file.read(dtype="int16", always_2d=True), file.samplerate


def options_of(asked: Asked) -> dict[str, str]:
    """The options as the text shows them: choice by letter."""
    return dict(_OPTION.findall(parts_of(asked)["text"]["text"]))


def letter_for(asked: Asked, words: str) -> str:
    """The letter of the first option that holds the words, or A."""
    return next((letter for letter, text in options_of(asked).items() if words in text.lower()), "A")


def answer_by_louder_ear(asked: Asked) -> Answer:
    """Says the option of the side on which there is more sound; the first option where both are alike or silent."""
    sound = sound_of(asked)
    if sound is None:
        return Answer(text="<answer>A</answer>")
    left, right = np.square(sound[0].astype(float)).sum(axis=0)
    side = "left" if left > 1.05 * right else "right" if right > 1.05 * left else "ahead"
    return Answer(text=f"<think>It is {side}.</think><answer>{letter_for(asked, side)}</answer>")


def sounds_by_text(requests: list[Asked]) -> Iterator[tuple[str, np.ndarray]]:
    """The text of each request and the samples sent with it."""
    for asked in requests:
        sound = sound_of(asked)
        assert sound is not None
        yield parts_of(asked)["text"]["text"], sound[0]
