"""From a spec to a job: what it will weigh, how it is cut into shards and units, and what its fingerprint holds.

What changes a sample's bytes and so is in the fingerprint: the `RenderSpec` whole, the HRTF by all that a record says
of it (checksum, name, terms; not its path), the seed, and `RENDERER`, the version of the code that draws, renders,
measures and encodes.
The versions of libraries are recorded and compared on resume; `twnm_shards.plans` lists what is left out.
"""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

import numpy as np
import soundfile
from pydantic import JsonValue

from twnm_schemas.base import NameValue, name_values
from twnm_schemas.errors import SpecError
from twnm_schemas.fingerprints import fingerprint
from twnm_schemas.records import HrtfInfo
from twnm_schemas.render import RenderSpec
from twnm_schemas.splits import Split
from twnm_shards.plans import Job
from twnm_sim.decay import response_length_s
from twnm_sim.rooms import draw_room

RENDERER = "brir-2"  # raise it with every change that moves a byte of a sample
DEFAULT_SHARD_BYTES = 1_000_000_000
_SAMPLED_ROOMS = 64  # what predictions are drawn from
_CHANNELS = {"binaural": 2, "foa": 4, "mono": 1}
# bytes of 24-bit FLAC a sample of a response that decays by 60 dB; measured, docs/performance.md
_BYTES_PER_SAMPLE = {"binaural": 1.4, "foa": 1.15, "mono": 1.25}
_RECORD_BYTES = 4_500  # a position: JSON, and what pads a tar member
_UNIT_SECONDS = 60.0  # seconds of response in a unit: a few seconds of work, twenty at most for complete images
_IMAGES_UNIT_ROOMS = 1


@dataclass(frozen=True)
class Prediction:
    """What a library will be: seconds of response a room, and bytes."""

    room_bytes: float
    room_response_s: float
    bytes: int
    response_s: float


def predict(spec: RenderSpec, rooms: int, seed: int) -> Prediction:
    """From the first 64 rooms' drawn sizes; nothing is rendered, and the same spec and seed predict the same."""
    lengths = [_length_s(spec, seed, index) for index in range(_SAMPLED_ROOMS)]
    mean_s = float(np.mean(lengths))  # of always as many, so that shards do not depend on how many rooms follow
    expected_s = float(np.mean(lengths[:rooms])) if rooms > 0 else mean_s
    per_second = sum(_CHANNELS[o] * _BYTES_PER_SAMPLE[o] for o in spec.outputs) * spec.sample_rate
    room_bytes = spec.sources_per_room * (mean_s * per_second + _RECORD_BYTES)
    positions = rooms * spec.sources_per_room
    size = int(positions * (expected_s * per_second + _RECORD_BYTES))
    return Prediction(room_bytes, mean_s * spec.sources_per_room, size, positions * expected_s)


def _length_s(spec: RenderSpec, seed: int, index: int) -> float:
    if spec.duration_s is not None:
        return spec.duration_s
    return response_length_s(draw_room(spec.room, seed, index), spec.atmosphere)


def parse_shard_size(text: str) -> tuple[str, float]:
    """("samples", n) from "64", ("bytes", b) from "1GB", "500MB" or "200MiB"; SpecError otherwise."""
    units = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30}
    upper = text.strip().upper()
    number = upper.rstrip("KMGIB")
    try:
        value, suffix = float(number), upper[len(number) :]
        if 0 < value < float("inf") and suffix in units:
            return "bytes", value * units[suffix]
        if suffix == "" and value >= 1 and value == int(value):
            return "samples", value
    except ValueError:
        pass
    raise SpecError(f"The shard size {text!r} is not usable; give rooms (64) or bytes (500MB, 1GB).")


def build_job(
    spec: RenderSpec,
    hrtf: HrtfInfo,
    rooms: int,
    seed: int,
    shard_size: str,
    prediction: Prediction,
    split: Split | Literal["all"] = "all",
) -> Job:
    """The job of a library, of one split or of all. Raises SpecError for counts and sizes that cannot be."""
    if rooms < 1:
        raise SpecError(f"--rooms {rooms} is not a number of rooms; give 1 or more.")
    if not 0 <= seed < 2**63:
        raise SpecError(f"--seed {seed} is out of range; give 0 to 2^63 - 1.")
    kind, size = parse_shard_size(shard_size)
    per_shard = int(size) if kind == "samples" else max(1, round(size / prediction.room_bytes))
    per_unit = _IMAGES_UNIT_ROOMS
    if spec.tail == "diffuse":
        per_unit = int(np.clip(_UNIT_SECONDS / prediction.room_response_s, 1, 16))
    return Job(
        kind="brirs",
        samples=rooms,
        samples_per_shard=min(per_shard, rooms),
        samples_per_unit=min(per_unit, per_shard),
        settings=_describe_settings(spec, hrtf, split),
        fingerprint=fingerprint_of(spec, hrtf, seed),
        seed=seed,
        versions=library_versions(),
    )


def _describe_settings(spec: RenderSpec, hrtf: HrtfInfo, split: str) -> dict[str, JsonValue]:
    """The spec with the HRTF by name and checksum: a path would tell of one machine and nothing of the file.

    The split stands here only where one was asked for. It is not in the fingerprint: a room is the same without it.
    """
    only: dict[str, JsonValue] = {} if split == "all" else {"split": split}
    return {
        **spec.model_dump(mode="json"),
        "hrtf": hrtf.name,
        "hrtf_sha256": hrtf.sha256,
        "hrtf_license": hrtf.license,
        **only,
    }


def fingerprint_of(spec: RenderSpec, hrtf: HrtfInfo, seed: int) -> str:
    """The name of everything that changes a sample's bytes."""
    content = spec.model_dump(mode="json", exclude={"hrtf"})
    return fingerprint({"renderer": RENDERER, "seed": seed, "spec": content, "hrtf": hrtf})


def library_versions() -> tuple[NameValue, ...]:
    """The versions that a library's bytes rest on."""
    names = ("twnm", "numpy", "scipy", "numba", "pydantic", "pyroomacoustics", "pyarrow", "sofar", "soundfile", "soxr")
    versions = {name: version(name) for name in names}
    return name_values({"renderer": RENDERER, "libsndfile": soundfile.__libsndfile_version__, **versions})
