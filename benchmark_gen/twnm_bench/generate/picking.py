"""Questions about scenes that are there already: which scene serves which slot."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from twnm_bench.facts import World, read_world
from twnm_bench.families.base import Draft, RejectedError, View
from twnm_bench.generate.drawing import ask_slot, rng_of
from twnm_bench.generate.slots import Slot
from twnm_bench.labels import Inventory
from twnm_schemas.errors import SpecError, StoreError
from twnm_schemas.scenes import Scene
from twnm_sim.scenes.records import Kept, iter_tar_records

MOST_PER_SCENE = 2


@dataclass(frozen=True)
class Candidate:
    """A scene that is there: its record, and where its sample lies."""

    scene: Scene
    world: World
    kept: Kept


@dataclass(frozen=True)
class Picked:
    """A slot with the scene that serves it and the question about it."""

    slot: Slot
    candidate: Candidate
    draft: Draft


def read_candidates(shards: Sequence[Path]) -> list[Candidate]:
    """The scenes of shards, without audio. Raises StoreError where one does not read, or two have one name."""
    found: dict[str, Candidate] = {}
    for kept, scene in (record for shard in shards for record in iter_tar_records(shard)):
        if scene.scene_id in found:
            earlier = found[scene.scene_id].kept.shard
            raise StoreError(f"{scene.scene_id} is in {earlier} and in {kept.shard}; name scenes of one run.")
        found[scene.scene_id] = Candidate(scene, read_world(scene), kept)
    return list(found.values())


def pick_scenes(
    slots: Sequence[Slot], candidates: Sequence[Candidate], inventory: Inventory, seed: int
) -> tuple[list[Picked], Counter[str]]:
    """A scene for every slot, and why others were passed over.

    No scene serves more than two slots or one variant twice. Raises SpecError where too few fit, naming what starves.
    """
    uses: Counter[str] = Counter()
    taken: dict[tuple[str, str], set[str]] = defaultdict(set)
    reasons: Counter[str] = Counter()
    picked: list[Picked] = []
    for slot in slots:
        served = taken[slot.variant.task, slot.variant.name]
        mine: Counter[str] = Counter()
        for place in rng_of(seed, slot, "pick").permutation(len(candidates)):
            candidate = candidates[int(place)]
            name = candidate.scene.scene_id
            if uses[name] >= MOST_PER_SCENE or name in served:
                continue
            try:
                draft = ask_slot(slot, View(candidate.world, inventory), seed)
            except RejectedError as reason:
                mine[str(reason)] += 1
                continue
            uses[name] += 1
            served.add(name)
            picked.append(Picked(slot, candidate, draft))
            break
        else:
            raise SpecError(_say_starved(slot, picked, mine, len(candidates)))
        reasons += mine
    return picked, reasons


def _say_starved(slot: Slot, picked: Sequence[Picked], reasons: Counter[str], scenes: int) -> str:
    done = sum(p.slot.variant is slot.variant for p in picked)
    why = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common(3)) or "all are used"
    answer = f" with the answer {slot.answer}" if slot.answer else ""
    return (
        f"{scenes} scenes are too few for {slot.variant.task} ({slot.variant.name}): {done} questions were found and "
        f"none more{answer}; they were passed over for {why}; give more scenes, fewer questions, or --library to have "
        "scenes drawn for the purpose."
    )
