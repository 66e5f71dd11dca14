"""The record of a composed scene: what is known of its room and clips, and what was heard of them.

Shapes: C channels, T samples.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np

from twnm_schemas.acoustics import Acoustics
from twnm_schemas.base import NameValue
from twnm_schemas.clips import Clip
from twnm_schemas.errors import LicenseError
from twnm_schemas.licences import combine_licenses, terms_of
from twnm_schemas.records import RoomRecord
from twnm_schemas.scenes import Event, Overlap, Scene, SceneAcoustics, SceneRecipe, SceneRoom
from twnm_sim.scenes.brirs import OpenRoom
from twnm_sim.scenes.credits import attribute
from twnm_sim.scenes.heard import Heard, active_together_s, level_dbfs
from twnm_sim.scenes.master import Mixture


@dataclass(frozen=True)
class Context:
    """What a record says of a scene beyond its recipe: the set it belongs to.

    `scene_id`: its name, "" for that of its number; an edited recipe needs a name of its own.
    """

    split: str
    license_profile: str = "open"
    fingerprint: str = ""
    rejections: tuple[str, ...] = ()
    versions: tuple[NameValue, ...] = ()
    scene_id: str = ""


def label_scene(
    recipe: SceneRecipe,
    room: OpenRoom,
    clips: list[Clip],
    heard: list[Heard],
    mixture: Mixture,
    license_spdx: str,
    context: Context,
) -> Scene:
    """The record. `clips` and `heard` go with the recipe's events; `audio` is filled in where members are encoded."""
    events = tuple(
        _label_event(index, room, clip, recipe, sound, license_spdx)
        for index, (clip, sound) in enumerate(zip(clips, heard, strict=True))
    )
    ambience_CT = mixture.ambience_CT
    return Scene(
        scene_id=context.scene_id or name_scene(recipe.index),
        room_id=recipe.room_id,
        sample_rate=recipe.sample_rate,
        duration_s=recipe.samples / recipe.sample_rate,
        channels=len(mixture.audio_CT),
        events=events,
        overlaps=tuple(find_overlaps(heard, recipe)),
        room=_label_room(room.record, [event.acoustics for event in events]),
        loudness_lufs=mixture.loudness_lufs,
        level_dbfs=level_dbfs(mixture.audio_CT),
        peak=float(np.abs(mixture.audio_CT).max()),
        mix_gain_db=mixture.mix_gain_db,
        attenuation_db=mixture.attenuation_db,
        ambience_dbfs=None if ambience_CT is None else level_dbfs(ambience_CT),
        split=context.split,
        license=license_spdx,
        license_profile=context.license_profile,
        attribution=attribute(clips, room.record),
        rejections=context.rejections,
        audio=(),
        versions=context.versions,
        cpu=cpu_features(),
        seed=recipe.seed,
        fingerprint=context.fingerprint,
        recipe=recipe,
    )


def _may_quote(clip: Clip, license_spdx: str) -> bool:
    """Whether the words of a clip may stand in a record of a scene under this licence, and leave it as it is."""
    if not clip.caption_license:
        return True
    try:
        mixed = combine_licenses([license_spdx, clip.caption_license])
    except LicenseError:
        return False
    return terms_of(mixed) is terms_of(license_spdx)


def _label_event(index: int, room: OpenRoom, clip: Clip, recipe: SceneRecipe, heard: Heard, license_spdx: str) -> Event:
    placed = recipe.events[index]
    source = room.source(placed.source_index)
    return Event(
        index=index,
        clip_id=clip.clip_id,
        dataset=clip.dataset,
        label=clip.label,
        labels=clip.labels,
        audioset_ids=clip.audioset_ids,
        ancestors=clip.ancestors,
        caption=clip.caption if _may_quote(clip, license_spdx) else "",
        language=clip.language,
        speaker=clip.speaker,
        uploader=clip.uploader,
        freesound_id=clip.freesound_id,
        video_id=clip.video_id,
        group=clip.group,
        source_index=source.index,
        position_m=source.position_m,
        azimuth_deg=source.azimuth_deg,
        elevation_deg=source.elevation_deg,
        distance_m=source.distance_m,
        lateral_deg=source.lateral_deg,
        trajectory=(),
        gain_db=placed.gain_db,
        onset_s=heard.onset_s,
        offset_s=heard.offset_s,
        active_s=heard.active_s,
        level_left_dbfs=heard.level_left_dbfs,
        level_right_dbfs=heard.level_right_dbfs,
        snr_db=heard.snr_db,
        audible_s=heard.audible_s,
        acoustics=source.acoustics,
    )


def name_scene(index: int) -> str:
    """The name of the scene of that number."""
    return f"scene-{index:06d}"


def find_overlaps(heard: Sequence[Heard], recipe: SceneRecipe) -> Iterable[Overlap]:
    """Every two events that are active together, and for how long."""
    for first, second in combinations(range(len(heard)), 2):
        seconds = active_together_s(heard[first], heard[second], recipe.samples, recipe.sample_rate)
        if seconds > 0.0:
            yield Overlap(first=first, second=second, seconds=seconds)


def _label_room(record: RoomRecord, heard_at: list[Acoustics]) -> SceneRoom:
    return SceneRoom(
        room_id=record.room_id,
        group=record.group,
        origin=record.origin,
        name=record.name,
        size_m=record.size_m,
        volume_m3=float(np.prod(record.size_m)) if record.size_m else None,
        size_category=record.size_category,
        absorption_class=record.absorption_class,
        listener=record.listener,
        hrtf=record.head,
        hrtf_sha256=record.hrtf.sha256 if record.hrtf else "",
        license=record.license,
        acoustics=SceneAcoustics(
            t_mid_s=_mean(a.t_mid_s for a in heard_at),
            rt60_s=tuple(_mean(a.bands[band].rt60_s for a in heard_at) for band in range(7)),
            edt_s=_mean(a.broadband.edt_s for a in heard_at),
            c50_db=_mean(a.broadband.c50_db for a in heard_at),
            d50=_mean(a.broadband.d50 for a in heard_at),
            drr_db=_mean(a.broadband.drr_db for a in heard_at),
        ),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


@lru_cache(maxsize=1)
def cpu_features() -> str:
    """The processor's vector extensions as numpy sees them; the last bits of audio may differ with them."""
    config = np.show_config(mode="dicts")
    found = config.get("SIMD Extensions", {}).get("found", []) if config else []
    return " ".join(found)
