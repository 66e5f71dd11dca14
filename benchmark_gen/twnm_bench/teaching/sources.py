"""The scenes that training text is made of: of the train split, and in no benchmark."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from twnm_bench.labels import Inventory, inventory_of_scenes
from twnm_bench.teaching.avoiding import Avoided
from twnm_schemas.errors import StoreError
from twnm_schemas.questions import AudioPlace
from twnm_schemas.scenes import Scene
from twnm_schemas.teaching import TaughtClip, TaughtRoom, TaughtScene
from twnm_sim.scenes.finding import find_scene_folders
from twnm_sim.scenes.records import Kept, iter_records, iter_tar_records, read_record

TRAIN = "train"


@dataclass(frozen=True)
class Source:
    """One train scene: where its record lies, and where its audio."""

    kept: Kept
    member: str

    def read(self) -> Scene:
        """Its record. Raises StoreError where it does not read any more."""
        return read_record(self.kept)


@dataclass(frozen=True)
class Sources:
    """Train scenes that may be taught, the labels in them, and why others may not be."""

    scenes: tuple[Source, ...]
    inventory: Inventory
    refused: Counter[str]


def gather_sources(named: Sequence[Path], avoided: Avoided) -> Sources:
    """The train scenes behind names: folders that `twnm-sim compose` or `render` wrote, or single tars.

    Raises StoreError where there are no scenes, none of the train split, or all of them are in a benchmark.
    """
    found: list[Source] = []
    heard: list[Scene] = []
    refused: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for name in named:
        for kept, scene in _iter_named(name):
            if scene.split != TRAIN:
                others[scene.split or "no"] += 1
            elif why := avoided.why_not(scene) or ("" if (member := _audio_of(scene)) else "no_binaural_audio"):
                refused[why] += 1
            else:
                found.append(Source(kept, member))
                heard.append(_shrink(scene))
    _require(found, named, refused, others)
    return Sources(tuple(found), inventory_of_scenes(heard), refused)


def _shrink(scene: Scene) -> Scene:
    """A scene without what is large and not needed for labels and rooms."""
    return scene.model_copy(update={"attribution": (), "audio": (), "versions": (), "overlaps": ()})


def _require(found: list[Source], named: Sequence[Path], refused: Counter[str], others: Counter[str]) -> None:
    where = ", ".join(map(str, named))
    if found:
        return
    if refused:
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(refused.items()))
        raise StoreError(
            f"None of the train scenes in {where} may be taught ({told}); give scenes that no benchmark uses."
        )
    if others:
        told = " and ".join(f"{count} of the {split} split" for split, count in sorted(others.items()))
        raise StoreError(
            f"{where} holds no scenes of the train split, only {told}; training text is made from train scenes alone."
        )
    raise StoreError(f"{where} holds no scenes; make some with twnm-sim compose --split train.")


def _iter_named(name: Path) -> Iterator[tuple[Kept, Scene]]:
    if name.is_file():
        yield from iter_tar_records(name)
        return
    for folder in find_scene_folders(name):
        yield from iter_records(folder)


def _audio_of(scene: Scene) -> str:
    """The member that is heard, "" for none."""
    return next((member.ext for member in scene.audio if member.what == "binaural"), "")


def describe_origin(scene: Scene) -> TaughtScene:
    """What says whose a scene is."""
    names = list(TaughtClip.model_fields)
    return TaughtScene(
        scene_id=scene.scene_id,
        room_id=scene.room_id,
        split=scene.split,
        fingerprint=scene.fingerprint,
        room=TaughtRoom(group=scene.room.group),
        events=tuple(TaughtClip(**{name: getattr(event, name) for name in names}) for event in scene.events),
    )


def place_audio(source: Source, scene: Scene, key: str, folder: Path | None = None) -> AudioPlace:
    """Where a sample's audio is: in its own shard (`shard` ""), or, for samples that lie in `folder` and only refer to
    it, in the scenes' own shard, by its path from there."""
    if folder is None:
        return AudioPlace(shard="", key=key, member="flac")
    shard = os.path.relpath(source.kept.shard.resolve(), folder.resolve())
    return AudioPlace(shard=Path(shard).as_posix(), key=scene.scene_id, member=source.member)
