"""Small libraries and clips whose truth is known, to compose scenes of: rendered and written for real.

`write_small_rooms` renders drawn rooms with Ambisonics, `write_layouts` rooms that a test lays out itself,
`write_sounds` synthetic clips of known onset and level as WAV files with their catalog. What costs time is made once a
session, by the fixtures beside the tests that use it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from clip_files import make_clip

from twnm_schemas.clips import Clip
from twnm_schemas.distributions import Constant, Uniform
from twnm_schemas.render import RenderSpec
from twnm_schemas.rooms import Listener, Room, RoomSpec, SizeSpec, Triple
from twnm_schemas.scenes import EventRecipe, SceneRecipe
from twnm_shards.tars import END_OF_ARCHIVE, write_sample
from twnm_shards.units import Produced
from twnm_sim.clips.catalog import Catalog
from twnm_sim.hrtf.load import load_hrtf
from twnm_sim.library.produce import Recipe, _render_layout, produce_room
from twnm_sim.render.receivers import Head, prepare_head
from twnm_sim.rooms import Layout
from twnm_sim.scenes.brirs import BrirLibrary
from twnm_sim.scenes.draw import COMPOSER

RATE = 44100
SHARD = "rooms.tar"


@dataclass(frozen=True)
class Sound:
    """One synthetic clip: `level_dbfs` between its onset and offset, digital silence around."""

    name: str
    label: str
    license: str = "CC0-1.0"
    ancestors: tuple[str, ...] = ()
    split: str = "train"
    onset_s: float = 0.05
    active_s: float = 0.8
    rest_s: float = 0.1
    level_dbfs: float = -20.0
    uploader: str = ""


SOUNDS = (
    Sound("barking", "dog", "CC-BY-4.0", ("animal",), uploader="ann"),
    Sound("howling", "dog", "CC0-1.0", ("animal",), active_s=1.6, uploader="bob"),
    Sound("growling", "animal", "CC-BY-3.0", uploader="ann"),
    Sound("ringing", "bell", "CC0-1.0", ("thing",), level_dbfs=-35.0),
    Sound("tolling", "bell", "CC-BY-SA-4.0", ("thing",), active_s=0.4),
    Sound("raining", "rain", "CC0-1.0", onset_s=0.0, active_s=7.0, rest_s=0.0, level_dbfs=-30.0),
    Sound("hooting", "horn", "GPL-2.0-or-later", ("vehicle",), active_s=0.6),
    Sound("idling", "engine", "CC-BY-NC-4.0", ("vehicle",), active_s=2.5),
    Sound("clapping", "applause", "LicenseRef-unknown", active_s=1.2),
    Sound("knocking", "door", "LicenseRef-public-domain", ("thing",), split="test"),
)


def make_noise(sound: Sound, rate: int = RATE) -> np.ndarray:
    """Gaussian noise of exactly that level, between silences; another one for every name."""
    seed = int.from_bytes(hashlib.sha256(sound.name.encode()).digest()[:4], "big")
    active_T = np.random.default_rng(seed).standard_normal(round(sound.active_s * rate)).clip(-3.0, 3.0)
    active_T *= 10.0 ** (sound.level_dbfs / 20.0) / np.sqrt(np.mean(active_T**2))
    return np.concatenate([np.zeros(round(sound.onset_s * rate)), active_T, np.zeros(round(sound.rest_s * rate))])


def write_clip(folder: Path, sound: Sound, audio_T: np.ndarray | None = None, rate: int = RATE, **changes: Any) -> Clip:
    """Write a sound (its noise, or (T,) or (T, C) samples that have its onset, length and level); its record."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sound.name}.wav"
    samples = make_noise(sound, rate) if audio_T is None else audio_T
    soundfile.write(path, samples, rate, subtype="FLOAT")
    fields = {
        "path": str(path),
        "duration_s": len(samples) / rate,
        "sample_rate": rate,
        "channels": 1 if samples.ndim == 1 else samples.shape[1],
        "label": sound.label,
        "labels": (sound.label,),
        "ancestors": sound.ancestors,
        "license": sound.license,
        "uploader": sound.uploader,
        "title": sound.name.title(),
        "source_url": f"https://example.org/{sound.name}",
        "onset_s": sound.onset_s,
        "offset_s": sound.onset_s + sound.active_s,
        "level_dbfs": sound.level_dbfs,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "split": sound.split,
    }
    return make_clip(f"small:{sound.name}", **{**fields, **changes})


def write_sounds(folder: Path, sounds: Iterable[Sound] = SOUNDS) -> Catalog:
    """Every sound as a WAV file, and the catalog of them."""
    return Catalog(tuple(write_clip(folder, sound) for sound in sounds))


@cache
def _prepared(name: str, rate: int) -> Head:
    return prepare_head(load_hrtf(name, rate))


def _recipe(spec: RenderSpec, seed: int, fingerprint: str) -> Recipe:
    return Recipe(spec, _prepared(spec.hrtf, spec.sample_rate).hrtf.info, None, seed, fingerprint, ())


def _write_shard(root: Path, samples: Iterable[Produced]) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    with (root / SHARD).open("wb") as stream:
        for sample in samples:
            write_sample(stream, sample.key, sample.members)
        stream.write(END_OF_ARCHIVE)
    return root / SHARD


def write_rooms(root: Path, spec: RenderSpec, rooms: int, seed: int = 5, fingerprint: str = "rooms") -> Path:
    """A shard of drawn rooms, rendered in this process."""
    head = _prepared(spec.hrtf, spec.sample_rate)
    recipe = _recipe(spec, seed, fingerprint)
    return _write_shard(root, (produce_room(recipe, head, index) for index in range(rooms)))


def write_layouts(
    root: Path, spec: RenderSpec, layouts: Sequence[tuple[Room, Listener, Sequence[Triple]]], fingerprint: str = "laid"
) -> Path:
    """A shard of rooms laid out by hand: each a room, a listener and where the sources are."""
    head = _prepared(spec.hrtf, spec.sample_rate)
    recipe = _recipe(spec, 5, fingerprint)
    drawn = (Layout(room, listener, tuple(sources), (), 0) for room, listener, sources in layouts)
    return _write_shard(root, (_render_layout(recipe, head, index, layout) for index, layout in enumerate(drawn)))


SIZE = SizeSpec(name="small", x_m=Uniform(low=4.0, high=8.0), y_m=Uniform(low=5.0, high=9.0), z_m=Constant(value=3.0))
ROOMS = RoomSpec(sizes=(SIZE,))


def write_small_rooms(root: Path) -> Path:
    """A shard of 6 rooms with 6 sources each: KEMAR at 44.1 kHz, half a second, with Ambisonics."""
    spec = RenderSpec(room=ROOMS, sources_per_room=6, duration_s=0.5, outputs=("binaural", "foa"))
    return write_rooms(root, spec, rooms=6)


def make_event(clip: Clip, source: int = 0, rate: int = RATE, **changes: Any) -> EventRecipe:
    """A whole clip from the beginning of the scene on."""
    fields = {
        "clip_id": clip.clip_id,
        "clip_sha256": clip.sha256,
        "source_index": source,
        "clip_start": 0,
        "length": round(clip.duration_s * rate),
        "emitted": 0,
        "fade_in": 0,
        "fade_out": 0,
        "level_dbfs": clip.level_dbfs,
        "gain_db": 0.0,
    }
    return EventRecipe(**{**fields, **changes})


def make_recipe(library: BrirLibrary, events: Sequence[EventRecipe], room: int = 0, **changes: Any) -> SceneRecipe:
    """A scene of two seconds at -23 LUFS with stems and dry references."""
    table = library.positions
    fields = {
        "index": 7,
        "seed": 11,
        "composer": COMPOSER,
        "room_id": str(table.room_id_R[room]),
        "room_fingerprint": str(table.fingerprint_R[room]),
        "sample_rate": library.sample_rate,
        "samples": 2 * library.sample_rate,
        "events": tuple(events),
        "loudness_unit": "lufs",
        "loudness": -23.0,
        "ambience": None,
        "noise_dbfs": None,
        "outputs": ("binaural", "foa"),
        "stems": True,
        "dry": True,
    }
    return SceneRecipe(**{**fields, **changes})
