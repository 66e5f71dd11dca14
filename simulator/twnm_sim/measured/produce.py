"""One pose, in a worker: read, resampled, trimmed, measured, encoded.

Nothing is normalised, aligned or faded. Shapes: S sources, C ears, K taps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.base import NameValue
from twnm_schemas.errors import AudioError
from twnm_schemas.records import MeasuredRoom, Scale, SourcePosition
from twnm_schemas.splits import Split, split_of
from twnm_shards.contents import flac_name
from twnm_shards.flac import encode_flac
from twnm_shards.units import Produce, Produced
from twnm_sim.hrtf.resample import resample_hrirs
from twnm_sim.library.rows import index_row
from twnm_sim.measure import find_onset_s, measure_brir
from twnm_sim.measured.sets import Floats, MeasuredSet, Placed, Pose
from twnm_sim.rooms import is_near_field

_SILENT_RATIO = 1e-6  # -120 dB of the loudest source's peak: padding, not part of the response
_LEAST_AFTER_ONSET_S = 0.005  # that must follow the direct sound, as in rendered libraries


@dataclass(frozen=True)
class Recipe:
    """What a worker needs to make any sample: the sets whose poses, one after the other, are the samples.

    `split`: of all of them; None leaves it to the rooms' names.
    """

    sets: tuple[MeasuredSet, ...]
    sample_rate: int
    max_duration_s: float | None
    fingerprint: str
    versions: tuple[NameValue, ...]
    split: Split | None = None

    def poses(self) -> list[tuple[MeasuredSet, Pose]]:
        """Every sample's set and pose, in order."""
        return [(one, pose) for one in self.sets for pose in one.poses]


def make_producer(recipe: Recipe) -> Produce:
    """The producer of a worker. Raises HrtfError or AudioError where a file is no longer the one that was planned."""
    for one in recipe.sets:
        one.check_unchanged()
    return partial(produce_pose, recipe, recipe.poses())


def produce_pose(recipe: Recipe, poses: Sequence[tuple[MeasuredSet, Pose]], index: int) -> Produced:
    """The sample of one pose: its record, its FLACs, its row of the index.

    Raises AudioError where `max_duration_s` ends before a direct sound.
    """
    one, pose = poses[index]
    brirs_SCK = trim(resample_hrirs(one.read(pose), one.sample_rate, recipe.sample_rate), recipe)
    room_id = f"room-{index:06d}"
    members, sources = [], []
    for s, (placed, response_CK) in enumerate(zip(pose.sources, brirs_SCK, strict=True)):
        _check_length(response_CK, recipe, f"source {s} of pose {index} ({pose.room})")
        data, scale = encode_flac(response_CK, recipe.sample_rate)
        members.append((flac_name(s, "binaural"), data))
        sources.append(_describe_source(placed, s, response_CK, scale, recipe.sample_rate))
    record = _describe_room(recipe, one, pose, room_id, sources, brirs_SCK.shape[-1])
    json = (record.model_dump_json() + "\n").encode()
    return Produced(room_id, (("json", json), *members), index_row(record), ())


def trim(brirs_SCK: Floats, recipe: Recipe) -> NDArray[np.float32]:
    """A pose's responses without the padding at their common end, and not longer than asked."""
    peak_K = np.abs(brirs_SCK).max(axis=(0, 1))
    end = int(np.flatnonzero(peak_K > _SILENT_RATIO * peak_K.max())[-1]) + 1
    if recipe.max_duration_s is not None:
        end = min(end, round(recipe.max_duration_s * recipe.sample_rate))
    return np.ascontiguousarray(brirs_SCK[..., :end], dtype=np.float32)


def _check_length(response_CK: NDArray[np.float32], recipe: Recipe, name: str) -> None:
    """Whether the direct sound is in what is kept, and a little of what follows it."""
    length_s = response_CK.shape[-1] / recipe.sample_rate
    sounds = bool(response_CK.any(axis=-1).all())
    if not sounds or find_onset_s(response_CK, recipe.sample_rate) + _LEAST_AFTER_ONSET_S > length_s:
        remedy = "leave this response out" if recipe.max_duration_s is None else "give a longer --max-duration"
        raise AudioError(f"The direct sound of {name} does not fit into {length_s:g} s; {remedy}.")


def _describe_source(
    placed: Placed, s: int, response_CK: NDArray[np.float32], scale: float, rate: int
) -> SourcePosition:
    near = placed.distance_m is not None and is_near_field(placed.distance_m)
    return SourcePosition(
        index=s,
        position_m=placed.position_m,
        azimuth_deg=placed.azimuth_deg,
        elevation_deg=placed.elevation_deg,
        distance_m=placed.distance_m,
        lateral_deg=placed.lateral_deg,
        hrtf_error_deg=None,
        acoustics=measure_brir(response_CK, rate, flags=["near_field"] if near else []),
        scale=Scale(binaural=scale, foa=None, mono=None),
    )


def room_group(room: str) -> str:
    """The name that is one for all poses of a measured room, whatever file they come from; it decides their split."""
    return f"room:measured:{' '.join(room.split()).casefold()}"


def _describe_room(
    recipe: Recipe, one: MeasuredSet, pose: Pose, room_id: str, sources: list[SourcePosition], taps: int
) -> MeasuredRoom:
    group = room_group(pose.room)
    return MeasuredRoom(
        room_id=room_id,
        origin="measured",
        name=pose.room,
        group=group,
        split=recipe.split or split_of(group),
        license=one.license,
        citation=one.citation,
        source_url=one.source_url,
        size_m=pose.size_m,
        absorption=None,
        size_category="",
        absorption_class="",
        materials=(),
        listener=pose.listener,
        head=one.head,
        hrtf=None,
        rt60_theory_s=(None,) * 7,
        sources=tuple(sources),
        outputs=("binaural",),
        sample_rate=recipe.sample_rate,
        duration_s=taps / recipe.sample_rate,
        tail="measured",
        mixing_time_s=None,
        speed_of_sound_m_s=None,
        air_absorption=None,
        temperature_c=None,
        humidity_percent=None,
        pressure_kpa=None,
        highpass_hz=None,
        rejections=(),
        versions=recipe.versions,
        seed=0,
        fingerprint=recipe.fingerprint,
    )
