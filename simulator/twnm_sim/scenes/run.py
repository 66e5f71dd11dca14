"""`twnm-sim compose`, from top to bottom: open, plan each split, try a scene, run, credit, sum up."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.errors import SpecError, StoreError
from twnm_schemas.scenes import SceneSpec
from twnm_schemas.splits import SPLITS
from twnm_shards.folders import Mode
from twnm_shards.jobs import Job, Progress, remove_runs, run_job
from twnm_shards.manifests import read_index, read_manifest
from twnm_shards.space import require_space
from twnm_sim.library.plan import parse_shard_size
from twnm_sim.library.run import count_cores
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.draw import Ingredients
from twnm_sim.scenes.finding import KIND, root_of
from twnm_sim.scenes.maker import SceneMaker, describe_spec, require_splits
from twnm_sim.scenes.numbering import number_scenes
from twnm_sim.scenes.produce import SceneTask, make_scene_producer
from twnm_sim.scenes.roots import Gathered, OnScan, credit_scenes, find_runs, gather_clips, holding
from twnm_sim.scenes.sizes import predict_scene_bytes
from twnm_sim.scenes.store import pack_scene

MAX_SCENES = 10_000_000
_TRIED = 3  # scenes composed while planning, for size and time
_START_S = 4.0
_SUMMED_UP = ("sources", "license", "room_id", "room_fingerprint")  # columns of the index
_SCENES_PER_UNIT = 32  # a few seconds of work


@dataclass(frozen=True)
class SceneRequest:
    """What a user asks of a run.

    `brirs` and `clips` as `open_brirs` and `scan_clips` take them. `splits` empty: all for which there are rooms and
    clips. `scenes_per_room`: 0 draws rooms freely; else that many scenes in every room, and `scenes` is ignored.
    `license`: SPDX id of clips whose own licence is not known.
    """

    spec: SceneSpec
    brirs: tuple[str, ...]
    clips: tuple[str, ...]
    scenes: int
    seed: int
    out: Path
    splits: tuple[str, ...] = ()
    profile: str = "open"
    scenes_per_room: int = 0
    shard_size: str = "1GB"
    workers: int = 1
    mode: Mode = "continue"
    license: str | None = None


@dataclass(frozen=True)
class SplitPlan:
    """One split's share of a run."""

    split: str
    folder: Path
    job: Job
    task: SceneTask


@dataclass(frozen=True)
class ScenePlan:
    """A request made ready. `left_out`: splits that have no rooms or no clips."""

    request: SceneRequest
    ingredients: Ingredients
    clips: Gathered
    parts: tuple[SplitPlan, ...]
    left_out: tuple[str, ...]
    bytes: float
    seconds: float

    @property
    def scenes(self) -> int:
        return sum(part.job.samples for part in self.parts)


@dataclass(frozen=True)
class SceneSummary:
    """What a run made."""

    scenes: dict[str, int]
    events: int
    rooms: int
    rejections: Counter[str]
    licenses: Counter[str]
    sources: Counter[int]
    bytes: int
    wall_s: float
    root: Path
    attribution: Path


def plan_scenes(request: SceneRequest, on_scan: OnScan | None = None) -> ScenePlan:
    """Open what is named, scan the clips, share the scenes out to splits, and try some.

    Where there are scenes already, nothing is written. Raises TwnmError for what cannot be opened, a spec that nothing
    satisfies, other clips than those of scenes that stay, or a disk that cannot hold the run.
    """
    root = root_of(request.out)
    if request.mode == "resume" and not find_runs(root):
        raise StoreError(f"{root / KIND} holds no run to resume; start one without --resume.")
    shard_size = parse_shard_size(request.shard_size)
    library = open_brirs(request.brirs)
    clips = gather_clips(root, request.clips, _overwritten(request), request.workers, on_scan, request.license)
    ingredients = Ingredients(request.spec, library, clips.catalog, request.profile)
    maker = SceneMaker(ingredients, request.seed, scenes_per_room=request.scenes_per_room)
    shares = share_out(request, ingredients)
    per_scene_bytes, per_scene_s = _try_scenes(maker, shares)
    parts = tuple(
        _plan_split(request, maker, split, indices, clips.path, shard_size) for split, indices in shares.items()
    )
    total = sum(len(indices) for indices in shares.values())
    largest = max(parts, key=lambda part: part.job.samples)
    advice = "give another --out, fewer scenes, or a shorter --duration."
    require_space(root / KIND, largest.job, per_scene_bytes * total, "The run", advice)
    seconds = _START_S + total * per_scene_s / min(request.workers, count_cores())
    left_out = () if request.splits else tuple(split for split in SPLITS if split not in ingredients.splits)
    return ScenePlan(request, ingredients, clips, parts, left_out, per_scene_bytes * total, seconds)


def _overwritten(request: SceneRequest) -> tuple[str, ...]:
    """The splits whose scenes are removed first."""
    return (request.splits or SPLITS) if request.mode == "overwrite" else ()


def share_out(request: SceneRequest, ingredients: Ingredients) -> dict[str, tuple[int, ...]]:
    """The numbers of the scenes of each split. Raises SpecError where a split that is asked for has nothing."""
    if not request.scenes_per_room and not 1 <= request.scenes <= MAX_SCENES:
        raise SpecError(f"{request.scenes} is not a number of scenes; give 1 to {MAX_SCENES:,}.")
    splits = require_splits(ingredients)
    if missing := [split for split in request.splits if split not in splits]:
        raise SpecError(
            f"The {missing[0]} split has {len(ingredients.rooms(missing[0]))} rooms and "
            f"{len(ingredients.pool(missing[0]))} clips that fit the spec; both are needed: add more, or leave it out."
        )
    wanted = request.splits or splits
    if request.scenes_per_room:
        return {split: _number_in_rooms(ingredients.rooms(split), request.scenes_per_room) for split in wanted}
    return number_scenes(request.seed, request.scenes, wanted)


def _number_in_rooms(rooms: NDArray[np.intp], scenes_per_room: int) -> tuple[int, ...]:
    return tuple((rooms[:, None] * scenes_per_room + np.arange(scenes_per_room)).ravel().tolist())


def _try_scenes(maker: SceneMaker, shares: dict[str, tuple[int, ...]]) -> tuple[float, float]:
    """Bytes and seconds a scene, from the first scenes of every split; what cannot be drawn shows here."""
    sizes, times = [], []
    for split, indices in shares.items():
        for index in indices[:_TRIED]:
            begun = time.perf_counter()
            sample, _ = pack_scene(maker.make(index, split))
            times.append(time.perf_counter() - begun)
            sizes.append(sum(len(data) + 1024 for _, data in sample.members))
    return float(np.mean(sizes)), float(np.median(times))


def _plan_split(
    request: SceneRequest,
    maker: SceneMaker,
    split: str,
    indices: tuple[int, ...],
    catalog: Path,
    shard_size: tuple[str, float],
) -> SplitPlan:
    kind, size = shard_size
    spec, sample_rate = maker.ingredients.spec, maker.ingredients.brirs.sample_rate
    predicted = predict_scene_bytes(spec, sample_rate, stores_audio=request.profile != "recipe")
    per_shard = int(size) if kind == "samples" else max(1, round(size / predicted))
    job = Job(
        kind="scenes",
        samples=len(indices),
        samples_per_shard=min(per_shard, len(indices)),
        samples_per_unit=min(_SCENES_PER_UNIT, per_shard),
        settings={
            "spec": describe_spec(spec),
            "brirs": maker.ingredients.brirs.digest,
            "clips": maker.ingredients.catalog.digest,
            "license_profile": request.profile,
            "scenes_per_room": request.scenes_per_room,
            "split": split,
            "first": indices[0],
            "last": indices[-1],
        },
        fingerprint=maker.fingerprint_of(split),
        seed=request.seed,
        versions=maker.versions,
    )
    task = SceneTask(
        spec=spec,
        shards=tuple(maker.ingredients.brirs.shards),
        catalog=catalog,
        profile=request.profile,
        seed=request.seed,
        split=split,
        indices=indices,
        scenes_per_room=request.scenes_per_room,
        fingerprint=maker.fingerprint_of(split),
    )
    return SplitPlan(split, root_of(request.out) / KIND / split, job, task)


def run_scenes(plan: ScenePlan, on_progress: Callable[[int], None] | None = None) -> SceneSummary:
    """Compose what is missing, write the shards of every split and the attribution, and sum up.

    `on_progress` hears how many scenes are done.
    """
    begun = time.monotonic()
    request = plan.request
    root = root_of(request.out)
    with holding(root):
        remove_runs([root / KIND / split for split in _overwritten(request)], KIND)
        plan.clips.write()
    done = 0
    for part in plan.parts:

        def tell(progress: Progress, before: int = done) -> None:
            if on_progress:
                on_progress(before + progress.samples_done)

        run_job(part.job, part.folder, make_scene_producer, (part.task,), workers=request.workers, on_progress=tell)
        done += part.job.samples
    with holding(root):
        attribution = credit_scenes(root)
    return _sum_up(plan, attribution, time.monotonic() - begun)


def _sum_up(plan: ScenePlan, attribution: Path, wall_s: float) -> SceneSummary:
    rows = [row for part in plan.parts for row in read_index(part.folder, _SUMMED_UP)]
    manifests = [read_manifest(part.folder) for part in plan.parts]
    rejections: Counter[str] = Counter()
    for manifest in manifests:
        rejections.update({count.reason: count.count for count in manifest.rejections})
    return SceneSummary(
        scenes={part.split: part.job.samples for part in plan.parts},
        events=sum(int(row["sources"] or 0) for row in rows),
        rooms=len({(row["room_fingerprint"], row["room_id"]) for row in rows}),
        rejections=rejections,
        licenses=Counter(str(row["license"]) for row in rows),
        sources=Counter(int(row["sources"] or 0) for row in rows),
        bytes=sum(shard.bytes for manifest in manifests for shard in manifest.shards),
        wall_s=wall_s,
        root=root_of(plan.request.out),
        attribution=attribution,
    )
