"""One scene, in a worker: drawn, composed, measured, encoded."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from twnm_schemas.errors import StoreError
from twnm_schemas.scenes import SceneSpec
from twnm_shards.units import Produce, Produced
from twnm_sim.clips.catalog import read_catalog
from twnm_sim.scenes.brirs import BrirLibrary
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.maker import SceneMaker
from twnm_sim.scenes.store import pack_scene


@dataclass(frozen=True)
class SceneTask:
    """What a worker needs to make any scene of one split.

    `indices`: the number of each scene of the split, in order. `scenes_per_room` as `SceneMaker` takes it.
    """

    spec: SceneSpec
    shards: tuple[Path, ...]
    catalog: Path
    profile: str
    seed: int
    split: str
    indices: tuple[int, ...]
    scenes_per_room: int
    fingerprint: str


def make_scene_producer(task: SceneTask) -> Produce:
    """Open library and catalog once a worker and return the function from a scene's place in its split to its sample.

    Raises StoreError where one of them is no longer what the run was planned with.
    """
    ingredients = Ingredients(task.spec, BrirLibrary(list(task.shards)), read_catalog(task.catalog), task.profile)
    maker = SceneMaker(ingredients, task.seed, scenes_per_room=task.scenes_per_room)
    if maker.fingerprint_of(task.split) != task.fingerprint:
        raise StoreError("The library or the clip catalog changed while the run went on; start the run again.")
    return _producer(task, maker)


def _producer(task: SceneTask, maker: SceneMaker) -> Callable[[int], Produced]:
    def produce(place: int) -> Produced:
        return pack_scene(maker.make(task.indices[place], task.split))[0]

    return produce
