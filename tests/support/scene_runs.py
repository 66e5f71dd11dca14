"""A small world to compose scenes in: rooms and clips of every split, rendered and written for real, once a session."""

import csv
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from twnm_schemas.distributions import Choice, Constant
from twnm_schemas.render import RenderSpec
from twnm_schemas.rooms import RoomSpec
from twnm_schemas.scenes import Scene, SceneSpec
from twnm_schemas.splits import split_of
from twnm_shards.manifests import read_manifest
from twnm_shards.tars import iter_samples
from twnm_sim.clips.scan import scan_clips
from twnm_sim.library.produce import room_group
from twnm_sim.library.run import Request, plan_run, run_plan
from twnm_sim.scenes.run import SceneRequest

RATE = 16000
ROOMS = 10
POSITIONS = 4
SPLITS = ("train", "validation", "test")
LABELS = ("bell", "horn", "drum")
SPEC = SceneSpec(duration_s=1.0, sources=Choice(values=(1.0, 2.0)), onset_s=Constant(value=0.1), audible=False)


@dataclass(frozen=True)
class World:
    """`brirs`: the root of a library with Ambisonics; `sounds`: a folder of clips; `catalog`: made of it."""

    brirs: Path
    sounds: Path
    catalog: Path

    @property
    def clips(self) -> str:
        """The spec by which the folder is scanned."""
        return f"folder:{self.sounds}?name=set"


def make_world(folders: pytest.TempPathFactory) -> World:
    """The world of this session; nobody may change it."""
    return _make_world(folders.getbasetemp() / "small world")


@cache
def _make_world(root: Path) -> World:
    render_rooms(root)
    world = World(root, write_sounds(root / "sounds"), root / "clips.parquet")
    scan_clips([world.clips], world.catalog, workers=1)
    return world


def render_rooms(root: Path, rooms: int = ROOMS, **changes: Any) -> Path:
    """A library of small rooms with short responses, two rooms of every split at least among ten."""
    ranges = RoomSpec()
    settings = {"outputs": ("binaural", "foa"), "sample_rate": RATE, "duration_s": 0.12, "sources_per_room": POSITIONS}
    spec = RenderSpec(room=ranges.model_copy(update={"sizes": ranges.sizes[:1]}), **{**settings, **changes})
    request = Request(spec, rooms, _find_seed(spec), root, shard_size="4", workers=1, mode="continue")
    run_plan(plan_run(request))
    return root / "brirs"


def _find_seed(spec: RenderSpec) -> int:
    """The first seed with which the first ten rooms are of every split, two of each at least."""

    def fewest(seed: int) -> int:
        splits = [split_of(room_group(spec, seed, index)) for index in range(ROOMS)]
        return min(splits.count(split) for split in SPLITS)

    return next(seed for seed in count() if fewest(seed) >= 2)


def write_sounds(folder: Path, each: int = 2) -> Path:
    """Clips of every class for every split, by uploaders that hash to it, with a table that says so."""
    folder.mkdir(parents=True)
    rows = []
    for number, (split, label, _) in enumerate((s, c, k) for s in SPLITS for c in LABELS for k in range(each)):
        name = f"{split}-{label}-{number}.wav"
        write_sound(folder / name, number)
        rows.append((name, label, next(_uploaders_of(split)), "CC-BY-4.0" if number % 2 else "CC0-1.0"))
    with (folder / "labels.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("file", "label", "uploader", "license"), *rows])
    return folder


def write_sound(path: Path, number: int, seconds: float = 0.5) -> None:
    """Decaying noise, another one for every number."""
    noise_T = np.random.default_rng(number).uniform(-0.5, 0.5, round(seconds * RATE))
    soundfile.write(path, noise_T * np.exp(-np.linspace(0.0, 3.0, len(noise_T))), RATE, subtype="FLOAT")


def _uploaders_of(split: str) -> Iterator[str]:
    """Names whose group hashes to the split."""
    return (f"u{n}" for n in count() if split_of(f"uploader:set/u{n}") == split)


def ask(world: World, out: Path, scenes: int = 12, **changes: Any) -> SceneRequest:
    """A request for small scenes of the world."""
    settings: dict[str, Any] = {
        "spec": SPEC,
        "brirs": (str(world.brirs),),
        "clips": (str(world.catalog),),
        "scenes": scenes,
        "seed": 3,
        "out": out,
        "shard_size": "5",
    }
    return SceneRequest(**{**settings, **changes})


def read_scenes(folder: Path) -> list[Scene]:
    """Every record of one folder of scenes, in order."""
    samples = (sample for entry in read_manifest(folder).shards for sample in iter_samples(folder / entry.name))
    return [Scene.model_validate_json(sample.members["json"]) for sample in samples]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its name; what two runs are compared by."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def digests_of(folder: Path) -> dict[str, str]:
    """The same, short enough to be printed where they differ."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in bytes_of(folder).items()}


def run_program(*words: str | Path, **settings: Any) -> "subprocess.CompletedProcess[str]":
    """`twnm-sim` with these arguments, as a user runs it."""
    program = Path(sys.executable).with_name("twnm-sim")
    environment = {**os.environ, "COLUMNS": "120"}
    return subprocess.run(
        [program, *map(str, words)], capture_output=True, text=True, env=environment, check=False, **settings
    )
