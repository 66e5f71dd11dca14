"""What is inside a sample: does each record hold, and does each FLAC decode to what the record promises?"""

import json
from collections.abc import Iterator

from pydantic import ValidationError

from twnm_schemas.errors import AudioError
from twnm_schemas.records import RoomRecord, read_room
from twnm_shards.problems import Problem, ProblemName

CHANNELS = {"binaural": 2, "foa": 4, "mono": 1}
_MAX_RATE = 1 << 20  # the most a FLAC can say; a record may say anything, also what no float holds


def flac_name(source: int, output: str) -> str:
    """The extension of a source's FLAC: `s00.flac` for binaural, `s00.foa.flac`, `s00.mono.flac`."""
    return f"s{source:02d}.flac" if output == "binaural" else f"s{source:02d}.{output}.flac"


def judge_sample(file: str, kind: str, key: str, members: dict[str, bytes]) -> Iterator[Problem]:
    """What is wrong with one sample's members (by extension), which lie in `file`."""
    if "json" not in members:
        yield Problem(file, key, f"{key}.json", "missing", f"{file} holds {key} without its record, {key}.json")
    elif kind == "brirs":
        yield from _judge_room(file, key, members)
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
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"][1:])) or "the whole"  # after the origin, which chose the model
        yield _problem(file, key, "json", "invalid", f"is not a valid record: {place}: {first['msg'].lower()}")
        return
    if record.room_id != key:
        yield _problem(file, key, "json", "mismatched", f"is the record of {record.room_id}")
    unknown = sorted(set(record.outputs) - CHANNELS.keys())
    if unknown:
        yield _problem(file, key, "json", "invalid", f"names outputs that there are not: {', '.join(unknown)}")
        return
    promised = {flac_name(s.index, output): CHANNELS[output] for s in record.sources for output in record.outputs}
    yield from _judge_scales(file, key, record)
    for ext in promised.keys() - members.keys():
        yield _problem(file, key, ext, "missing", "is promised by the record and is not there")
    for ext in members.keys() - promised.keys() - {"json"}:
        yield _problem(file, key, ext, "foreign", "is not promised by the record")
    for ext in sorted(promised.keys() & members.keys()):
        wanted = (promised[ext], record.duration_s * min(record.sample_rate, _MAX_RATE), record.sample_rate)
        yield from _judge_flac(file, key, ext, members[ext], wanted)


def _judge_scales(file: str, key: str, record: RoomRecord) -> Iterator[Problem]:
    for source in record.sources:
        for output in CHANNELS:
            if (getattr(source.scale, output) is None) == (output in record.outputs):
                sentence = f"gives source {source.index} a scale for {output} that does not fit its outputs"
                yield _problem(file, key, "json", "mismatched", sentence)


def _judge_flac(file: str, key: str, ext: str, data: bytes, wanted: tuple[int, float, int] | None) -> Iterator[Problem]:
    from twnm_shards.flac import check_flac, count_promised

    try:
        # Before anything is decoded: a few bytes of a crafted FLAC can unfold to hours.
        if wanted and count_promised(data) - wanted[1] >= 1.0:
            sentence = f"has {count_promised(data)} samples, its record says {wanted[1]:.0f}"
            yield _problem(file, key, ext, "mismatched", sentence)
            return
        found = check_flac(data)
    except AudioError as error:
        yield _problem(file, key, ext, "damaged", f"is damaged: {error}")
        return
    if found.peak == 0:
        yield _problem(file, key, ext, "invalid", "is silent")
    if wanted is None:
        return
    channels, samples, sample_rate = wanted
    if found.channels != channels:
        yield _problem(file, key, ext, "mismatched", f"has {found.channels} channels, not {channels}")
    if found.sample_rate != sample_rate:
        yield _problem(file, key, ext, "mismatched", f"has {found.sample_rate} Hz, its record says {sample_rate}")
    if abs(found.samples - samples) >= 1.0:
        yield _problem(file, key, ext, "mismatched", f"has {found.samples} samples, its record says {samples:.0f}")


def _problem(file: str, key: str, ext: str, name: ProblemName, sentence: str) -> Problem:
    return Problem(file, key, f"{key}.{ext}", name, f"{file}: {key}.{ext} {sentence}")
