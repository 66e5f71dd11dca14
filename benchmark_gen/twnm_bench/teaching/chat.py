"""Chat-style lines that trainers read: `{"messages": [...]}`, one a sample, the audio as a part of the user's turn.

This is the form of transformers' chat templates for models that hear (a content list of `{"type": "audio", "audio":
...}` and `{"type": "text", "text": ...}`) and of TRL's conversational data sets. `audio` is the path of a FLAC from
the folder of the JSONL file, extracted beside it; for samples that only refer to their audio it is `SHARD#KEY.MEMBER`,
the shard from the folder of the samples' own shards, and nothing is extracted.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twnm_schemas.answers import LETTERS
from twnm_schemas.teaching import QaSample, TeachSample
from twnm_shards.files import appearing, write_bytes
from twnm_shards.manifests import read_manifest
from twnm_shards.tars import iter_samples

Sample = QaSample | TeachSample
_REPLY = (
    "Reason briefly inside <think> and </think>, then give the letter of the right option: <answer>letter</answer>."
)


def write_chat(folder: Path, model: type[QaSample] | type[TeachSample], on_progress: Callable[[int], None]) -> Path:
    """Write DIR/train.jsonl for the shards in DIR/train, and their FLACs into DIR/train-audio; returns its path.

    A FLAC that is there in its full size is left; the lines are written whole or not at all.
    """
    path, sounds = folder.with_suffix(".jsonl"), folder.with_name(f"{folder.name}-audio")
    with appearing(path) as stream:
        done = 0
        for entry in read_manifest(folder).shards:
            for sample in iter_samples(folder / entry.name):
                record = model.model_validate_json(sample.members["json"])
                audio = _place_audio(record, sample.members.get("flac"), sounds)
                stream.write((json.dumps(write_turns(record, audio), ensure_ascii=False) + "\n").encode())
                done += 1
                on_progress(done)
    return path


def _place_audio(record: Sample, flac: bytes | None, sounds: Path) -> str:
    if flac is None:
        return f"{record.audio.shard}#{record.audio.key}.{record.audio.member}"
    sounds.mkdir(exist_ok=True)
    path = sounds / f"{record.id}.flac"
    if not path.is_file() or path.stat().st_size != len(flac):
        write_bytes(path, flac)
    return f"{sounds.name}/{path.name}"


def write_turns(record: Sample, audio: str) -> dict[str, Any]:
    """One line: the user's turn with audio and text, and the reply that is to be learnt."""
    content = [{"type": "audio", "audio": audio}, {"type": "text", "text": write_request(record)}]
    return {
        "id": record.id,
        "messages": [{"role": "user", "content": content}, {"role": "assistant", "content": record.answer}],
        "router_label": list(record.router_label),
    }


def write_request(record: Sample) -> str:
    """What the user says: the question, and for a choice the lettered options with the form of the reply."""
    if isinstance(record, QaSample):
        return record.instruction
    options = [f"{letter}. {choice}" for letter, choice in zip(LETTERS, record.choices, strict=True)]
    return "\n".join([record.instruction, *options, _REPLY])
