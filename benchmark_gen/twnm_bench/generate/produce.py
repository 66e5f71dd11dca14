"""One benchmark scene, in a worker: found for its slot, or copied from the shards that were given."""

from dataclasses import dataclass
from pathlib import Path

from twnm_bench.families.base import ANY_CLIP
from twnm_bench.generate.drawing import SceneFinder
from twnm_bench.generate.slots import Slot, deal_slots
from twnm_bench.labels import Inventory, read_inventory
from twnm_schemas.errors import StoreError
from twnm_schemas.questions import Task
from twnm_schemas.scenes import SceneSpec
from twnm_shards.tars import read_sample
from twnm_shards.units import Produce, Produced
from twnm_sim.clips.catalog import Catalog, read_catalog
from twnm_sim.scenes.brirs import BrirLibrary
from twnm_sim.scenes.pool import gather_pool
from twnm_sim.scenes.records import parse_scene
from twnm_sim.scenes.store import index_row, pack_scene


@dataclass(frozen=True)
class DrawTask:
    """What a worker needs to find the scene of any slot. `digests`: of library and catalog as the run was planned."""

    shards: tuple[Path, ...]
    catalog: Path
    digests: tuple[str, str]
    profile: str
    quotas: tuple[tuple[Task, int], ...]
    difficulty: str
    strata: tuple[str, ...]
    split: str
    seed: int


@dataclass(frozen=True)
class CopyTask:
    """Where the scenes that were picked lie: tar, and the byte of each sample."""

    places: tuple[tuple[Path, int], ...]


def make_draw_producer(task: DrawTask) -> Produce:
    """Open library and catalog once a worker. Raises StoreError where one is not what the run was planned with."""
    brirs, catalog = BrirLibrary(list(task.shards)), read_catalog(task.catalog)
    if (brirs.digest, catalog.digest) != task.digests:
        raise StoreError("The library or the clip catalog changed while the run went on; start the run again.")
    inventory = gather_inventory(brirs, catalog, task.split, task.profile)
    slots = deal_slots(dict(task.quotas), task.difficulty, inventory, task.strata, task.seed)
    finder = SceneFinder(brirs, catalog, inventory, task.profile, task.seed)

    def produce(number: int) -> Produced:
        slot = slots[number]
        return pack_scene(finder.find(slot, partner_of(slot, slots)).composed)[0]

    return produce


def gather_inventory(brirs: BrirLibrary, catalog: Catalog, split: str, profile: str) -> Inventory:
    """The labels of the clips that questions may be drawn from, and the rooms.

    A label that no scene can hold would be an option that is never true.
    """
    pool = gather_pool(catalog.clips, SceneSpec(clips=ANY_CLIP), split, profile)
    return read_inventory(pool.clips, brirs.positions, split)


def partner_of(slot: Slot, slots: tuple[Slot, ...]) -> Slot | None:
    """The other slot of a contrast pair."""
    if slot.pair >= 0:
        return slots[slot.pair]
    return slots[slot.number + 1] if slot.has_pair else None


def make_copy_producer(task: CopyTask) -> Produce:
    """Copy samples as they are."""

    def produce(place: int) -> Produced:
        shard, offset = task.places[place]
        sample = read_sample(shard, offset)
        scene = parse_scene(sample.members["json"], f"{shard} {sample.key}.json")
        return Produced(sample.key, tuple(sample.members.items()), index_row(scene), scene.rejections)

    return produce
