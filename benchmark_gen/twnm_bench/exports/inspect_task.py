"""A task folder for inspect_ai: what `inspect eval DIR/twnm_listening.py@twnm_listening` runs.

The samples are those of inspect_ai 0.3.285's `json_dataset`: a user message of audio and text content, the letter as
target. Its `ContentAudio` knows wav and mp3, so each recording becomes a 24-bit WAV of the same samples; paths are
relative to the samples' file.
"""

import io
import json
from pathlib import Path

import soundfile

from twnm_bench.exports.grammar_file import write_grammar, write_template
from twnm_bench.exports.huggingface import Row, Show
from twnm_bench.run.wording import Prompt, read_prompt
from twnm_bench.sounds import Sounds, name_audio
from twnm_schemas.errors import AudioError
from twnm_schemas.questions import AudioPlace, Question
from twnm_shards.files import write_bytes

TASK_NAME = "twnm_listening"
SAMPLES_NAME = "samples.jsonl"
_GROUPED_BY = {"task", "area", "difficulty", "asa_level", "scene_id", "tags", "program"}


def write_inspect_task(questions: list[Question], sounds: Sounds, folder: Path, show: Show) -> None:
    """Write the task, its samples and their WAV files below `folder`.

    Raises StoreError for audio that is not there, AudioError for audio that does not decode.
    """
    for done, question in enumerate(questions, 1):
        path = folder / name_wav(question.audio)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, _convert(question, sounds.read(question)))
        show(done)
    prompt = read_prompt()
    lines = (json.dumps(_make_sample(question, prompt), ensure_ascii=False) + "\n" for question in questions)
    write_bytes(folder / SAMPLES_NAME, "".join(lines).encode())
    write_grammar(folder)
    write_template("listen_inspect.py", folder / f"{TASK_NAME}.py")


def name_wav(place: AudioPlace) -> str:
    """Where the recording lies in the task folder: `audio/test/benchmark-000000/scene-000003.wav`."""
    return f"audio/{place.shard.removesuffix('.tar')}/{name_audio(place).removesuffix('.flac')}.wav"


def _convert(question: Question, flac: bytes) -> bytes:
    """The same samples as WAV: 24 bits hold what a FLAC of 24 bits holds."""
    try:
        steps_TC, rate = soundfile.read(io.BytesIO(flac), dtype="int32", always_2d=True)
    except soundfile.LibsndfileError as error:
        name = name_audio(question.audio)
        raise AudioError(f"{name}, the audio of question {question.id}, is damaged: {error.error_string}") from error
    stream = io.BytesIO()
    soundfile.write(stream, steps_TC, rate, format="WAV", subtype="PCM_24")
    return stream.getvalue()


def _make_sample(question: Question, prompt: Prompt) -> Row:
    content = [
        {"type": "audio", "audio": name_wav(question.audio), "format": "wav"},
        {"type": "text", "text": prompt.write(question.question, question.choices)},
    ]
    return {
        "id": question.id,
        "input": [{"role": "user", "content": content}],
        "choices": list(question.choices),
        "target": question.answer,
        "metadata": question.model_dump(mode="json", include=_GROUPED_BY),
    }
