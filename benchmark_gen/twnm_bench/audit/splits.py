"""Whether what is tested was trained on: who and what is heard in the benchmark's scenes and in training scenes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from twnm_bench.audit.verdicts import Verdict, judge, leave_open, say_count
from twnm_bench.items import Item
from twnm_schemas.scenes import Scene
from twnm_sim.clips.splits import find_uploaders, identities_of

BENCHMARK_SPLIT = "test"
_WORDS = {
    "room": "room group",
    "clip": "clip",
    "file": "clip file",
    "group": "clip group",
    "uploader": "uploader",
    "freesound": "Freesound id",
    "video": "video id",
    "speaker": "speaker",
}


class HeardClip(BaseModel):
    """What says whose a clip is; the rest of an event is not looked at. `source_url` is not kept in scenes."""

    clip_id: str
    dataset: str
    uploader: str = ""
    freesound_id: str = ""
    video_id: str = ""
    speaker: str = ""
    group: str = ""
    source_url: str = ""


class _HeardRoom(BaseModel):
    group: str


class _PlacedClip(BaseModel):
    clip_sha256: str


class _Recipe(BaseModel):
    events: tuple[_PlacedClip, ...] = ()


class HeardScene(BaseModel):
    """What says whose a scene is; the rest of its record is not looked at."""

    scene_id: str
    split: str = ""
    events: tuple[HeardClip, ...]
    room: _HeardRoom
    recipe: _Recipe = _Recipe()


@dataclass(frozen=True)
class Training:
    """Everything that training scenes let be heard, as `kind:name`; how many scenes; uploaders by Freesound id."""

    identities: frozenset[str]
    scenes: int
    uploaders: Mapping[str, str]


def gather_training(scenes: Iterable[HeardScene | Scene]) -> Training:
    """What is heard in training scenes."""
    heard = [_look_at(scene) if isinstance(scene, Scene) else scene for scene in scenes]
    uploaders = find_uploaders(clip for scene in heard for clip in scene.events)
    names = frozenset(name for scene in heard for name in _list_identities(scene, uploaders))
    return Training(names, len(heard), uploaders)


def _look_at(scene: Scene) -> HeardScene:
    return HeardScene(
        scene_id=scene.scene_id,
        split=scene.split,
        events=tuple(
            HeardClip(**{name: getattr(event, name) for name in HeardClip.model_fields if hasattr(event, name)})
            for event in scene.events
        ),
        room=_HeardRoom(group=scene.room.group),
        recipe=_Recipe(events=tuple(_PlacedClip(clip_sha256=event.clip_sha256) for event in scene.recipe.events)),
    )


def _list_identities(scene: HeardScene, uploaders: Mapping[str, str]) -> Iterator[str]:
    """The room's group and, of each clip, itself, its bytes, its group, and all that says whose it is."""
    yield f"room:{scene.room.group}"
    for clip in scene.events:
        yield f"clip:{clip.clip_id}"
        yield from (f"group:{clip.group}",) if clip.group else ()
        yield from identities_of(clip, uploaders)
    yield from (f"file:{placed.clip_sha256}" for placed in scene.recipe.events)


def judge_disjoint(items: Sequence[Item], scenes: Mapping[str, Scene] | None, training: Training | None) -> Verdict:
    """The scenes asked about and training scenes share no room group, clip, file, Freesound id, uploader, speaker or
    video; uploaders and Freesound ids are compared across datasets."""
    name, title = "disjoint_splits", "Nothing that is tested was trained on"
    asked = _list_asked(items, scenes)
    if training is None or not training.scenes:
        return leave_open(name, title, "There are no training scenes to compare with; give --train.")
    if not asked:
        return leave_open(name, title, "There are no records of the scenes that are asked about; give --scenes.")
    shared = {
        scene_id: sorted(set(_list_identities(_look_at(scene), training.uploaders)) & training.identities)
        for scene_id, scene in asked.items()
    }
    shared = {scene_id: names for scene_id, names in shared.items() if names}
    kinds = sorted({_WORDS[one.partition(":")[0]] for names in shared.values() for one in names})
    first = next(iter(shared.items()), ("", [""]))
    return judge(
        name,
        title,
        f"{say_count(len(shared), 'scene')} of {len(asked)} share a {' or '.join(kinds)} with training scenes: "
        f"{first[0]} has {first[1][0]}."
        if shared
        else "",
        f"{say_count(len(asked), 'scene')} share no room, clip, uploader, Freesound id, speaker or video with "
        f"{say_count(training.scenes, 'training scene')}.",
        {"scenes": len(asked), "training_scenes": training.scenes, "shared": len(shared)},
        (item.id for item in items if item.scene_id in shared),
    )


def judge_own_split(items: Sequence[Item], scenes: Mapping[str, Scene] | None) -> Verdict:
    """Every scene asked about is of the split "test"."""
    name, title = "test_split", "Every scene is of the test split"
    asked = _list_asked(items, scenes)
    if not asked:
        return leave_open(name, title, "There are no records of the scenes that are asked about; give --scenes.")
    strays = {scene_id: scene.split for scene_id, scene in asked.items() if scene.split != BENCHMARK_SPLIT}
    first = next(iter(strays.items()), ("", ""))
    return judge(
        name,
        title,
        f"{say_count(len(strays), 'scene')} of {len(asked)} are of another split: {first[0]} is of "
        f"{first[1] or 'none'}."
        if strays
        else "",
        f"{say_count(len(asked), 'scene')}, all of the test split.",
        {"scenes": len(asked), "strays": len(strays)},
        (item.id for item in items if item.scene_id in strays),
    )


def _list_asked(items: Sequence[Item], scenes: Mapping[str, Scene] | None) -> dict[str, Scene]:
    return {item.scene_id: scenes[item.scene_id] for item in items if item.scene_id in scenes} if scenes else {}
