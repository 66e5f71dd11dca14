"""From the events to the finished mixture: background, loudness, the microphones' noise, and no clipping.

Shapes: S events, C channels, T samples.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.errors import AudioError, SpecError
from twnm_schemas.scenes import SceneRecipe
from twnm_shards.rng import rng_for
from twnm_sim.hrtf.find import find_head
from twnm_sim.scenes.background import head_field, make_background, match_level, microphone_noise
from twnm_sim.scenes.brirs import OpenRoom
from twnm_sim.scenes.heard import block_loudness, gain_to_loudness, gate_loudness, level_dbfs
from twnm_sim.scenes.mix import decibels_to_gain

Audio = NDArray[np.float32]
PEAK_LIMIT = 10.0 ** (-0.1 / 20.0)  # -0.1 dBFS


class ClipSilentError(AudioError):
    """A clip that is silent where the scene wants it."""


class Mixture(NamedTuple):
    """The finished mixture, and what was done to bring it to its level."""

    audio_CT: Audio
    foa_CT: Audio | None
    ambience_CT: Audio | None
    gain: float  # of everything but the microphones' noise
    mix_gain_db: float
    attenuation_db: float
    loudness_lufs: float | None


def mix_scene(recipe: SceneRecipe, room: OpenRoom, stems_SCT: Audio, foa_CT: Audio | None) -> Mixture:
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
    return Mixture(
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
