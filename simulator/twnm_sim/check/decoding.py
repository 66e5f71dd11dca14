"""A position's FLACs decoded, and what is wrong with them: the same for simulated and measured rooms."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.errors import AudioError
from twnm_schemas.records import RoomRecord, SourcePosition
from twnm_shards.contents import CHANNELS, flac_name
from twnm_shards.flac import FULL_SCALE, PEAK, decode_flac
from twnm_shards.tars import Sample
from twnm_sim.check.gates import Value

Audio = NDArray[np.float32]


def decode_position(
    sample: Sample, record: RoomRecord, source: SourcePosition, values: list[Value]
) -> dict[str, Audio]:
    """The responses (C, K) of a position by output, those that are whole; `values` gets what was found of all."""
    found = {}
    for output in record.outputs:
        audio = _decode_one(sample, record, source, output, values)
        if audio is not None:
            found[output] = audio
    return found


def _decode_one(
    sample: Sample, record: RoomRecord, source: SourcePosition, output: str, values: list[Value]
) -> Audio | None:
    name = flac_name(source.index, output)
    place, scale = f"{sample.key}.{name}", getattr(source.scale, output)
    taps = round(record.duration_s * record.sample_rate)
    try:
        steps_CK, rate = decode_flac(sample.members[name])
    except (AudioError, KeyError):
        values.append(Value("decodes", 1.0, place))
        return None
    fits = steps_CK.shape == (CHANNELS[output], taps) and rate == record.sample_rate and scale is not None
    values.append(Value("decodes", 0.0 if fits else 1.0, place))
    if not fits or scale is None:
        return None
    audio = steps_CK * np.float32(scale)
    values += _judge_sound(steps_CK, audio, record, place)
    return audio if _sounds(audio) else None


def _judge_sound(steps_CK: Audio, audio: Audio, record: RoomRecord, place: str) -> Iterator[Value]:
    yield Value("sound", 0.0 if _sounds(audio) else 1.0, place)
    yield Value("clipping", max(0.0, float(np.abs(steps_CK).max()) * FULL_SCALE - PEAK), place)
    if _sounds(audio) and record.highpass_hz:
        yield Value("dc", _dc_share(audio), place)


def _sounds(audio_CK: Audio) -> bool:
    return bool(np.isfinite(audio_CK).all() and audio_CK.any(axis=1).all())


def _dc_share(audio_CK: Audio) -> float:
    """Energy of the mean over energy of the response, the worst channel's."""
    total_C = audio_CK.sum(axis=1, dtype=np.float64)
    energy_C = np.square(audio_CK, dtype=np.float64).sum(axis=1)
    return float(np.max(total_C**2 / (energy_C * audio_CK.shape[1])))
