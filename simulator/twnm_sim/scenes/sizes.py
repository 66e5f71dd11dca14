"""How large a scene will be, from its spec alone, so that shards do not depend on what was composed."""

from collections.abc import Iterator

import numpy as np

from twnm_schemas.scenes import SceneSpec
from twnm_shards.rng import rng_for

# Bytes of 24-bit FLAC a sample of a channel, means of 40 to 80 scenes of the built-in clips in 8 rooms, every other
# setting at its default. Noise, the background's or the microphones', leaves FLAC less to save.
_MIXED, _MIXED_WITH_NOISE, _STEM, _AMBIENCE, _DRY = 1.55, 2.05, 1.27, 1.97, 0.9
_RECORD_BYTES, _EVENT_BYTES, _PROMISE_BYTES = 1_300, 3_500, 460  # of the JSON; for each audio file one promise
_TAR_BYTES = 768  # a member's header and padding
_DRAWS = 256


def predict_scene_bytes(spec: SceneSpec, sample_rate: int, stores_audio: bool = True) -> float:
    """The mean size of a scene in a shard."""
    events = _mean_sources(spec)
    size = _TAR_BYTES + _RECORD_BYTES + events * _EVENT_BYTES
    for number, channels, bytes_per_sample in _list_audio(spec, events):
        size += number * _PROMISE_BYTES
        if stores_audio:
            size += number * (_TAR_BYTES + spec.duration_s * sample_rate * channels * bytes_per_sample)
    return size


def _list_audio(spec: SceneSpec, events: float) -> Iterator[tuple[float, int, float]]:
    """Of each kind of audio file: how many, their channels, and bytes a sample of a channel."""
    mixed = _MIXED if spec.ambience is None and spec.noise_dbfs is None else _MIXED_WITH_NOISE
    yield 1.0, 2, mixed
    if "foa" in spec.outputs:
        yield 1.0, 4, mixed
    if spec.stems:
        yield events, 2, _STEM
    if spec.stems and spec.ambience is not None:
        yield 1.0, 2, _AMBIENCE
    if spec.dry:
        yield events, 1, _DRY


def _mean_sources(spec: SceneSpec) -> float:
    rng = rng_for(0, "sizes")
    return float(np.mean([round(spec.sources.draw(rng)) for _ in range(_DRAWS)]))
