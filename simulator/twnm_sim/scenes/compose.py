"""One scene from its recipe: the audio, and the record that says what is in it.

Shapes: S events, C channels, K taps, T samples.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.acoustics import Acoustics
from twnm_schemas.base import NameValue
from twnm_schemas.clips import Clip
from twnm_schemas.errors import AudioError, SpecError, StoreError
from twnm_schemas.records import RoomRecord
from twnm_schemas.scenes import Event, EventRecipe, Overlap, Scene, SceneAcoustics, SceneRecipe, SceneRoom
from twnm_shards.rng import rng_for
from twnm_sim.check.library import find_head
from twnm_sim.clips.audio import read_clip
from twnm_sim.scenes.background import head_field, make_background, match_level, microphone_noise
from twnm_sim.scenes.brirs import BrirLibrary, OpenRoom
from twnm_sim.scenes.caches import DEFAULT_CACHE_BYTES, ArrayCache
from twnm_sim.scenes.credits import attribute, license_of
from twnm_sim.scenes.draw import COMPOSER
from twnm_sim.scenes.heard import (
    Heard,
    block_loudness,
    gain_to_loudness,
    gate_loudness,
    level_dbfs,
    measure_events,
)
from twnm_sim.scenes.mix import DrySpectra, cut_piece, decibels_to_gain, hear_each, hear_together, transform_dry

Audio = NDArray[np.float32]
PEAK_LIMIT = 10.0 ** (-0.1 / 20.0)  # -0.1 dBFS
_UNHEARD = 1e-10  # of a sound's energy times its response's, over the rounding of the transforms (about 1e-14)


class ClipSilentError(AudioError):
    """A clip that is silent where the scene wants it."""


@dataclass
class ClipReader:
    """Clips decoded at one rate, kept up to `cache_bytes`."""

    sample_rate: int
    cache_bytes: int = DEFAULT_CACHE_BYTES
    _kept: ArrayCache = field(init=False)

    def __post_init__(self) -> None:
        self._kept = ArrayCache(self.cache_bytes)

    def read(self, clip: Clip) -> Audio:
        """The clip (T,), mono. Raises AudioError where it cannot be read or is not what the catalog says."""
        return self._kept.get(clip.clip_id, lambda: read_clip(clip, self.sample_rate))

    @property
    def cached_bytes(self) -> int:
        """Bytes of decoded clips held now."""
        return self._kept.bytes


@dataclass(frozen=True)
class Context:
    """What a record says of a scene beyond its recipe: the set it belongs to."""

    split: str
    license_profile: str = "open"
    fingerprint: str = ""
    rejections: tuple[str, ...] = ()
    versions: tuple[NameValue, ...] = ()


@dataclass(frozen=True, eq=False)
class Composed:
    """A scene and its sound at face value (full scale +-1).

    `audio_CT`: both ears. `foa_CT`: Ambisonics (W, Y, Z, X) or None. `stems_SCT`: each event as it is in `audio_CT`.
    `dry_ST`: each event before the room, on the scene's time line, at the level it has at 1 m in the finished mixture.
    `ambience_CT`: the background as it is in `audio_CT`, or None.
    """

    scene: Scene
    audio_CT: Audio
    foa_CT: Audio | None
    stems_SCT: Audio
    dry_ST: Audio
    ambience_CT: Audio | None
    heard: tuple[Heard, ...]

    def members(self) -> list[tuple[str, str, Audio]]:
        """What is stored of it, in order: extension, what it is, audio (C, T)."""
        recipe = self.scene.recipe
        members = [("flac", "binaural", self.audio_CT)]
        if self.foa_CT is not None:
            members.append(("foa.flac", "foa", self.foa_CT))
        if recipe.stems:
            members += [(f"stem{s}.flac", "stem", stem_CT) for s, stem_CT in enumerate(self.stems_SCT)]
            if self.ambience_CT is not None:
                members.append(("ambience.flac", "ambience", self.ambience_CT))
        if recipe.dry:
            members += [(f"dry{s}.flac", "dry", dry_T[None]) for s, dry_T in enumerate(self.dry_ST)]
        return members


class _Mixture(NamedTuple):
    audio_CT: Audio
    foa_CT: Audio | None
    ambience_CT: Audio | None
    gain: float  # of everything but the microphones' noise
    mix_gain_db: float
    attenuation_db: float
    loudness_lufs: float | None


@dataclass(frozen=True, eq=False)
class Convolved:
    """The events of a recipe as heard in its room at 0 dB of gain: what does not change when gains are drawn again."""

    number: int
    room: OpenRoom
    clips: list[Clip]
    pieces: list[Audio]
    dry: DrySpectra
    stems_SCT: Audio


def compose_recipe(
    recipe: SceneRecipe, brirs: BrirLibrary, clips: Mapping[str, Clip], reader: ClipReader, context: Context
) -> Composed:
    """Compose a scene from its recipe.

    Raises StoreError for a room or clip that is not there or differs from the recipe's, AudioError for audio that
    cannot be read, LicenseError for a mixture nobody may publish, SpecError for a recipe of another composer.
    """
    return finish_scene(recipe, convolve_recipe(recipe, brirs, clips, reader), brirs, context)


def convolve_recipe(
    recipe: SceneRecipe, brirs: BrirLibrary, clips: Mapping[str, Clip], reader: ClipReader
) -> Convolved:
    """The part of `compose_recipe` that the gains do not change."""
    if recipe.composer != COMPOSER:
        raise SpecError(
            f"The recipe was drawn for {recipe.composer} and this is {COMPOSER}; install the version that drew it."
        )
    number = brirs.find_room(recipe.room_fingerprint, recipe.room_id)
    used = [find_clip(clips, event.clip_id, event.clip_sha256) for event in recipe.events]
    pieces = [_cut(reader, clip, event) for clip, event in zip(used, recipe.events, strict=True)]
    emitted = [event.emitted for event in recipe.events]
    responses = [brirs.response(number, event.source_index) for event in recipe.events]
    dry = transform_dry(pieces, emitted, max(r.shape[1] for r in responses), recipe.samples)
    stems_SCT = hear_each(dry, responses, recipe.samples)
    for clip, piece_T, response_CK, stem_CT in zip(used, pieces, responses, stems_SCT, strict=True):
        _require_heard(clip, piece_T, response_CK, stem_CT)
    return Convolved(number, brirs.room(number), used, pieces, dry, stems_SCT)


def finish_scene(recipe: SceneRecipe, convolved: Convolved, brirs: BrirLibrary, context: Context) -> Composed:
    """Apply the gains, mix, measure and describe. `convolved` is left as it was."""
    room, clips = convolved.room, convolved.clips
    license_spdx = license_of(clips, room.record, context.license_profile)
    gains_S = [decibels_to_gain(event.gain_db) for event in recipe.events]
    stems_SCT = convolved.stems_SCT * np.asarray(gains_S)[:, None, None]
    foa_CT = None
    if "foa" in recipe.outputs:
        fields = [brirs.response(convolved.number, event.source_index, "foa") for event in recipe.events]
        foa_CT = hear_together(convolved.dry, fields, gains_S, recipe.samples)
    mixture = _mix(recipe, room, stems_SCT, foa_CT)
    stems_SCT *= np.float32(mixture.gain)
    heard = measure_events(stems_SCT, mixture.audio_CT, recipe.sample_rate)
    return Composed(
        scene=_describe(recipe, room, clips, heard, mixture, license_spdx, context),
        audio_CT=mixture.audio_CT,
        foa_CT=mixture.foa_CT,
        stems_SCT=stems_SCT,
        dry_ST=_dry_lines(recipe, convolved.pieces, gains_S, mixture.gain),
        ambience_CT=mixture.ambience_CT,
        heard=tuple(heard),
    )


def find_clip(clips: Mapping[str, Clip], clip_id: str, sha256: str) -> Clip:
    """The clip of a recipe. Raises StoreError where it is missing or has other content."""
    clip = clips.get(clip_id)
    if clip is None:
        raise StoreError(f"The clip {clip_id} is in no catalog; scan its dataset and name the catalog.")
    if clip.sha256 != sha256:
        raise StoreError(f"The clip {clip_id} differs from the recipe's (another SHA-256); get the version it names.")
    return clip


def _cut(reader: ClipReader, clip: Clip, event: EventRecipe) -> Audio:
    piece_T = cut_piece(reader.read(clip), clip.level_dbfs, event)
    if not len(piece_T) or not np.any(piece_T):
        raise ClipSilentError(f"The clip {clip.clip_id} is silent where the scene wants it.")
    return piece_T


def _require_heard(clip: Clip, piece_T: Audio, response_CK: Audio, stem_CT: Audio) -> None:
    """Refuse an event that does not reach the ears before the scene ends: what is left of it is rounding."""
    dry, response, heard = (float(np.vdot(x, x)) for x in (piece_T, response_CK, stem_CT))
    if heard < _UNHEARD * dry * response:
        raise ClipSilentError(f"The clip {clip.clip_id} begins too late to be heard in the scene.")


def _mix(recipe: SceneRecipe, room: OpenRoom, stems_SCT: Audio, foa_CT: Audio | None) -> _Mixture:
    """Sum, add the background, bring to the loudness, add the microphones' noise, keep from clipping."""
    ears_CT = stems_SCT.sum(axis=0)
    background = _background(recipe, room, ears_CT)
    ambience_CT = background.get("binaural")
    if ambience_CT is not None:
        ears_CT = ears_CT + ambience_CT
    if foa_CT is not None and "foa" in background:
        foa_CT = foa_CT + background["foa"]
    gain_db, blocks_L = _loudness_gain(recipe, ears_CT)
    gain = float(decibels_to_gain(gain_db))
    finished, safety = _finish(recipe, {"binaural": ears_CT, "foa": foa_CT}, gain)
    attenuation_db = 0.0 if safety == 1.0 else -20.0 * float(np.log10(safety))
    if recipe.noise_dbfs is None:
        loudness_lufs = gate_loudness(blocks_L, gain_db - attenuation_db)
    else:
        loudness_lufs = gate_loudness(block_loudness(finished["binaural"], recipe.sample_rate))
    return _Mixture(
        audio_CT=finished["binaural"],
        foa_CT=finished.get("foa"),
        ambience_CT=None if ambience_CT is None else ambience_CT * np.float32(gain * safety),
        gain=gain * safety,
        mix_gain_db=20.0 * float(np.log10(gain)),
        attenuation_db=attenuation_db,
        loudness_lufs=loudness_lufs,
    )


def _finish(recipe: SceneRecipe, outputs: Mapping[str, Audio | None], gain: float) -> tuple[dict[str, Audio], float]:
    """The outputs at their level with the microphones' noise, and the factor that keeps all from clipping.

    Gain and factor are multiplied first: a stem that has the product leaves exactly the rest when it is taken away.
    """
    mixed = {name: audio_CT for name, audio_CT in outputs.items() if audio_CT is not None}
    noise = {name: _noise(recipe, name, mixed[name].shape) for name in mixed} if recipe.noise_dbfs is not None else {}

    def attenuate(safety: float) -> dict[str, Audio]:
        louder = {name: audio_CT * np.float32(gain * safety) for name, audio_CT in mixed.items()}
        for name, noise_CT in noise.items():
            louder[name] += noise_CT * np.float32(safety)
        return louder

    loud = attenuate(1.0)
    safety = min(1.0, PEAK_LIMIT / max(float(np.abs(audio_CT).max()) for audio_CT in loud.values()))
    return (loud if safety == 1.0 else attenuate(safety)), safety


def _background(recipe: SceneRecipe, room: OpenRoom, events_CT: Audio) -> dict[str, Audio]:
    if recipe.ambience is None:
        return {}
    info = room.record.hrtf
    hrtf, reason = find_head(info, None) if info else (None, "its head was not measured by itself")
    if hrtf is None:
        raise SpecError(
            f"No background can be made for {room.record.room_id}: {reason}; leave the ambience out of the spec."
        )
    rng = _noise_rng(recipe, "ambience")
    made = make_background(
        head_field(hrtf), recipe.ambience.colour, recipe.samples, recipe.sample_rate, rng, "foa" in recipe.outputs
    )
    return match_level(made, events_CT, recipe.ambience.snr_db)


def _loudness_gain(recipe: SceneRecipe, ears_CT: Audio) -> tuple[float, NDArray[np.float64]]:
    """The gain in dB to the recipe's loudness, and the loudness of the gating blocks before it."""
    blocks_L = block_loudness(ears_CT, recipe.sample_rate)
    if recipe.loudness_unit == "dbfs":
        return recipe.loudness - level_dbfs(ears_CT), blocks_L
    gain_db = gain_to_loudness(blocks_L, recipe.loudness)
    if gain_db is None:
        raise ClipSilentError("The scene is silent; its loudness cannot be set.")
    return gain_db, blocks_L


def _noise(recipe: SceneRecipe, output: str, shape: tuple[int, ...]) -> Audio:
    assert recipe.noise_dbfs is not None
    return microphone_noise(shape[0], shape[1], recipe.noise_dbfs, _noise_rng(recipe, "microphones", output))


def _noise_rng(recipe: SceneRecipe, *what: str) -> np.random.Generator:
    """Noise of its own for every scene: rooms are of one split, so that equal numbers of two splits do not share it."""
    return rng_for(recipe.seed, "scene", recipe.index, recipe.room_fingerprint, recipe.room_id, *what)


def _dry_lines(recipe: SceneRecipe, pieces: list[Audio], gains_S: list[np.float32], gain: float) -> Audio:
    lines_ST = np.zeros((len(pieces), recipe.samples), np.float32)
    for line_T, piece_T, own, event in zip(lines_ST, pieces, gains_S, recipe.events, strict=True):
        line_T[event.emitted : event.emitted + len(piece_T)] = piece_T * (own * np.float32(gain))
    return lines_ST


def _describe(
    recipe: SceneRecipe,
    room: OpenRoom,
    clips: list[Clip],
    heard: list[Heard],
    mixture: _Mixture,
    license_spdx: str,
    context: Context,
) -> Scene:
    events = tuple(
        _describe_event(index, room, clip, recipe, sound)
        for index, (clip, sound) in enumerate(zip(clips, heard, strict=True))
    )
    ambience_CT = mixture.ambience_CT
    return Scene(
        scene_id=f"scene-{recipe.index:06d}",
        room_id=recipe.room_id,
        sample_rate=recipe.sample_rate,
        duration_s=recipe.samples / recipe.sample_rate,
        channels=len(mixture.audio_CT),
        events=events,
        overlaps=tuple(_find_overlaps(heard)),
        room=_describe_room(room.record, [event.acoustics for event in events]),
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


def _describe_event(index: int, room: OpenRoom, clip: Clip, recipe: SceneRecipe, heard: Heard) -> Event:
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
        caption=clip.caption,
        language=clip.language,
        speaker=clip.speaker,
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


def _find_overlaps(heard: list[Heard]) -> Iterable[Overlap]:
    for second in range(len(heard)):
        for first in range(second):
            a, b = heard[first], heard[second]
            seconds = min(a.offset_s, b.offset_s) - max(a.onset_s, b.onset_s)
            if seconds > 0.0:
                yield Overlap(first=first, second=second, seconds=seconds)


def _describe_room(record: RoomRecord, heard_at: list[Acoustics]) -> SceneRoom:
    return SceneRoom(
        room_id=record.room_id,
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
