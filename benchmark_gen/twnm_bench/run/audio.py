"""What a question sounds like, out of the shards beside the question file.

Shapes: C ears, T samples.
"""

from pathlib import Path
from typing import NamedTuple

from twnm_bench.run.heard import Audio
from twnm_bench.sounds import Sounds, name_audio
from twnm_schemas.errors import AudioError
from twnm_schemas.questions import Question
from twnm_shards.flac import decode_flac


class Sound(NamedTuple):
    """Both ears at face value (2, T), and the rate in Hz."""

    audio_CT: Audio
    sample_rate: int


class Shelf:
    """The decoded audio of one question file's questions."""

    def __init__(self, folder: Path) -> None:
        self._sounds = Sounds(folder)

    def require(self, questions: list[Question]) -> None:
        """Raises StoreError for the first question whose audio is not there; reads headers only."""
        self._sounds.require(questions)

    def read(self, question: Question) -> Sound:
        """The audio of a question.

        Raises StoreError for a shard or member that is not there, AudioError for audio that does not decode or has
        other than two channels.
        """
        name = f"{name_audio(question.audio)} in {question.audio.shard}, the audio of question {question.id},"
        try:
            audio_CT, sample_rate = decode_flac(self._sounds.read(question))
        except AudioError as error:
            raise AudioError(f"{name} is damaged: {error}; fetch or generate the set again.") from error
        if audio_CT.shape[0] != 2:
            raise AudioError(f"{name} has {len(audio_CT)} channels; the audio of a question has two ears.")
        return Sound(audio_CT, sample_rate)
