"""One scene from its recipe: the audio, and the record that says what is in it.

Shapes: S events, C channels, K taps, T samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.clips import Clip
from twnm_schemas.errors import SpecError, StoreError
from twnm_schemas.scenes import EventRecipe, Scene, SceneRecipe
from twnm_sim.scenes.brirs import BrirLibrary, OpenRoom
from twnm_sim.scenes.caches import ClipReader
from twnm_sim.scenes.credits import license_of
from twnm_sim.scenes.draw import COMPOSER
from twnm_sim.scenes.heard import Heard, loudest_dbfs, measure_events
from twnm_sim.scenes.labels import Context, label_scene
from twnm_sim.scenes.master import ClipSilentError, mix_scene
from twnm_sim.scenes.mix import (
    COMMON_LEVEL_DBFS,
    DrySpectra,
    cut_piece,
    decibels_to_gain,
    hear_each,
    hear_together,
    transform_dry,
)

Audio = NDArray[np.float32]
# Of a sound's energy times its response's. Before the direct sound arrives there is what the zero-phase high-pass and
# rounding leave, -87 dB at most; 40 samples after it, -45 dB (measured on rendered rooms).
_UNHEARD = 1e-7
_PAUSE_DB = 20.0  # under the level of a clip's active frames lies no part of its sound


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
    mixture = mix_scene(recipe, room, stems_SCT, foa_CT)
    stems_SCT *= np.float32(mixture.gain)
    heard = measure_events(stems_SCT, mixture.audio_CT, recipe.sample_rate)
    return Composed(
        scene=label_scene(recipe, room, clips, heard, mixture, license_spdx, context),
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
    """The piece, refused where it holds but a pause: what is left there would be lifted to a sound's loudness."""
    piece_T = cut_piece(reader.read(clip), event)
    if loudest_dbfs(piece_T, reader.sample_rate) < COMMON_LEVEL_DBFS - _PAUSE_DB:
        raise ClipSilentError(f"The clip {clip.clip_id} is silent where the scene wants it.")
    return piece_T


def _require_heard(clip: Clip, piece_T: Audio, response_CK: Audio, stem_CT: Audio) -> None:
    """Refuse an event whose direct sound does not reach the ears before the scene ends."""
    dry, response, heard = (float(np.vdot(x, x)) for x in (piece_T, response_CK, stem_CT))
    if heard < _UNHEARD * dry * response:
        raise ClipSilentError(f"The clip {clip.clip_id} begins too late to be heard in the scene.")


def _dry_lines(recipe: SceneRecipe, pieces: list[Audio], gains_S: list[np.float32], gain: float) -> Audio:
    lines_ST = np.zeros((len(pieces), recipe.samples), np.float32)
    for line_T, piece_T, own, event in zip(lines_ST, pieces, gains_S, recipe.events, strict=True):
        line_T[event.emitted : event.emitted + len(piece_T)] = piece_T * (own * np.float32(gain))
    return lines_ST
