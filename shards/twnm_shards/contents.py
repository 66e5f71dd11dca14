"""What is inside a sample: does each record hold, and does each FLAC decode to what the record promises?"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from twnm_schemas.errors import AudioError
from twnm_schemas.records import RoomRecord, read_room
from twnm_schemas.scenes import MAX_SCENE_S, Scene
from twnm_shards.problems import Problem, ProblemName

if TYPE_CHECKING:
    from twnm_shards.flac import FlacFacts

CHANNELS = {"binaural": 2, "foa": 4, "mono": 1}
_MAX_RATE = 1 << 20  # the most a FLAC can say; a record may say anything, also what no float holds


class _Promise(NamedTuple):
    """What a record says of a FLAC; `pcm_sha256` "" where it does not say."""

    channels: int
    samples: float
    sample_rate: int
    pcm_sha256: str = ""


def flac_name(source: int, output: str) -> str:
    """The extension of a source's FLAC: `s00.flac` for binaural, `s00.foa.flac`, `s00.mono.flac`."""
    return f"s{source:02d}.flac" if output == "binaural" else f"s{source:02d}.{output}.flac"


def judge_sample(file: str, kind: str, key: str, members: dict[str, bytes]) -> Iterator[Problem]:
    """What is wrong with one sample's members (by extension), which lie in `file`."""
    if "json" not in members:
        yield Problem(file, key, f"{key}.json", "missing", f"{file} holds {key} without its record, {key}.json")
    elif kind in _JUDGES:
        yield from _JUDGES[kind](file, key, members)
        return
    for ext, data in members.items():
        if ext.endswith("json"):
            yield from _judge_json(file, key, ext, data)
        elif ext.endswith("flac"):
            yield from _judge_flac(file, key, ext, data, None)


def _judge_json(file: str, key: str, ext: str, data: bytes) -> Iterator[Problem]:
    try:
        json.loads(data)
    except ValueError as error:
        yield _problem(file, key, ext, "invalid", f"is not JSON: {error}")
    except RecursionError:
        yield _problem(file, key, ext, "invalid", "is nested too deeply to be read")


def _judge_room(file: str, key: str, members: dict[str, bytes]) -> Iterator[Problem]:
    try:
        record = read_room(members["json"])
    except ValidationError as error:
        yield _invalid_record(file, key, error, skipped=1)  # the origin, which chose the model
        return
    if record.room_id != key:
        yield _problem(file, key, "json", "mismatched", f"is the record of {record.room_id}")
    unknown = sorted(set(record.outputs) - CHANNELS.keys())
    if unknown:
        yield _problem(file, key, "json", "invalid", f"names outputs that there are not: {', '.join(unknown)}")
        return
    promised = {flac_name(s.index, output): CHANNELS[output] for s in record.sources for output in record.outputs}
    yield from _judge_scales(file, key, record)
    length = record.duration_s * min(record.sample_rate, _MAX_RATE)
    audio = {ext: _Promise(channels, length, record.sample_rate) for ext, channels in promised.items()}
    yield from _judge_missing(file, key, audio, members)
    yield from _judge_audio(file, key, audio, members)


def _judge_scales(file: str, key: str, record: RoomRecord) -> Iterator[Problem]:
    for source in record.sources:
        for output in CHANNELS:
            if (getattr(source.scale, output) is None) == (output in record.outputs):
                sentence = f"gives source {source.index} a scale for {output} that does not fit its outputs"
                yield _problem(file, key, "json", "mismatched", sentence)


def _judge_scene(file: str, key: str, members: dict[str, bytes]) -> Iterator[Problem]:
    try:
        scene = Scene.model_validate_json(members["json"])
    except ValidationError as error:
        yield _invalid_record(file, key, error)
        return
    if scene.scene_id != key:
        yield _problem(file, key, "json", "mismatched", f"is the record of {scene.scene_id}")
    names = [member.ext for member in scene.audio]
    if len(set(names)) < len(names) or not all(name.endswith("flac") for name in names):
        yield _problem(file, key, "json", "invalid", f"names audio that there cannot be: {', '.join(names)}")
        return
    if scene.duration_s > MAX_SCENE_S:
        yield _problem(file, key, "json", "invalid", f"says {scene.duration_s:g} s; no scene is over {MAX_SCENE_S:g} s")
        return
    length = scene.duration_s * min(scene.sample_rate, _MAX_RATE)
    audio = {m.ext: _Promise(m.channels, length, scene.sample_rate, m.pcm_sha256) for m in scene.audio}
    if scene.license_profile != "recipe" or audio.keys() & members.keys():  # a recipe may have been rebuilt, wholly
        yield from _judge_missing(file, key, audio, members)
    yield from _judge_audio(file, key, audio, members)


_JUDGES = {"brirs": _judge_room, "scenes": _judge_scene, "benchmark": _judge_scene}


def _judge_missing(file: str, key: str, audio: dict[str, _Promise], members: dict[str, bytes]) -> Iterator[Problem]:
    for ext in sorted(audio.keys() - members.keys()):
        yield _problem(file, key, ext, "missing", "is promised by the record and is not there")


def _judge_audio(file: str, key: str, audio: dict[str, _Promise], members: dict[str, bytes]) -> Iterator[Problem]:
    for ext in sorted(members.keys() - audio.keys() - {"json"}):
        yield _problem(file, key, ext, "foreign", "is not promised by the record")
    for ext in sorted(audio.keys() & members.keys()):
        yield from _judge_flac(file, key, ext, members[ext], audio[ext])


def _judge_flac(file: str, key: str, ext: str, data: bytes, wanted: _Promise | None) -> Iterator[Problem]:
    from twnm_shards.flac import check_flac, count_promised

    try:
        # Before anything is decoded: a few bytes of a crafted FLAC can unfold to hours.
        if wanted and count_promised(data) - wanted.samples >= 1.0:
            sentence = f"has {count_promised(data)} samples, its record says {wanted.samples:.0f}"
            yield _problem(file, key, ext, "mismatched", sentence)
            return
        found = check_flac(data)
    except AudioError as error:
        yield _problem(file, key, ext, "damaged", f"is damaged: {error}")
        return
    if found.peak == 0:
        yield _problem(file, key, ext, "invalid", "is silent")
    if wanted is not None:
        yield from (_problem(file, key, ext, "mismatched", sentence) for sentence in _differences(found, wanted))


def _differences(found: "FlacFacts", wanted: _Promise) -> Iterator[str]:
    if found.channels != wanted.channels:
        yield f"has {found.channels} channels, not {wanted.channels}"
    if found.sample_rate != wanted.sample_rate:
        yield f"has {found.sample_rate} Hz, its record says {wanted.sample_rate}"
    if abs(found.samples - wanted.samples) >= 1.0:
        yield f"has {found.samples} samples, its record says {wanted.samples:.0f}"
    if wanted.pcm_sha256 not in ("", found.pcm_sha256):
        yield "decodes to other samples than its record says (pcm_sha256)"


def _invalid_record(file: str, key: str, error: ValidationError, skipped: int = 0) -> Problem:
    """A record that does not validate; so many parts of the place are `skipped`."""
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"][skipped:])) or "the whole"
    return _problem(file, key, "json", "invalid", f"is not a valid record: {place}: {first['msg'].lower()}")


def _problem(file: str, key: str, ext: str, name: ProblemName, sentence: str) -> Problem:
    return Problem(file, key, f"{key}.{ext}", name, f"{file}: {key}.{ext} {sentence}")
