"""`twnm-sim compose`, from top to bottom: open, plan each split, try a scene, run, credit, sum up."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twnm_schemas.clips import Attribution
from twnm_schemas.errors import MismatchError, SpecError, StoreError
from twnm_schemas.scenes import SceneSpec
from twnm_schemas.seeds import seed_for
from twnm_schemas.splits import SHARES
from twnm_shards.files import sweep_partials
from twnm_shards.folders import Mode, holds_run
from twnm_shards.jobs import Job, Progress, remove_runs, run_job
from twnm_shards.manifests import MANIFEST_NAME, Cell, read_index, read_manifest
from twnm_shards.space import require_space
from twnm_sim.clips.catalog import Catalog, read_catalog
from twnm_sim.clips.scan import list_specs, scan_listed
from twnm_sim.library.plan import parse_shard_size
from twnm_sim.library.run import count_cores
from twnm_sim.scenes.brirs import open_brirs
from twnm_sim.scenes.credits import PAGE_NAME, TABLE_NAME, attribute, write_attribution
from twnm_sim.scenes.draw import SPLITS, Ingredients
from twnm_sim.scenes.maker import SceneMaker, require_splits
from twnm_sim.scenes.produce import SceneTask, make_scene_producer
from twnm_sim.scenes.records import iter_records
from twnm_sim.scenes.store import SEPARATOR, pack_scene

OnScan = Callable[[int, int], None]  # files done, and how many there are
FOLDER = "scenes"
CATALOG_NAME = "clips.parquet"
_TRIED = 3  # scenes composed while planning, for size and time
_START_S = 4.0
_SUMMED_UP = ("sources", "license", "clips", "room_id", "room_fingerprint")  # columns of the index
_SCENES_PER_UNIT = 32  # a few seconds of work


@dataclass(frozen=True)
class SceneRequest:
    """What a user asks of a run.

    `brirs` and `clips` as `open_brirs` and `scan_clips` take them. `splits` empty: all for which there are rooms and
    clips. `scenes_per_room`: 0 draws rooms freely; else that many scenes in every room, and `scenes` is ignored.
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
    rejections: Counter[str]
    licenses: Counter[str]
    sources: Counter[int]
    bytes: int
    wall_s: float
    root: Path
    attribution: Path


def plan_scenes(request: SceneRequest, on_scan: OnScan | None = None) -> ScenePlan:
    """Open what is named, scan the clips, share the scenes out to splits, and try some.

    Raises TwnmError for what cannot be opened, a spec that nothing satisfies (before anything is written), or a disk
    that cannot hold the run.
    """
    root = root_of(request.out)
    if request.mode == "resume" and not _holds_scenes(root):
        raise StoreError(f"{root / FOLDER} holds no run to resume; start one without --resume.")
    shard_size = parse_shard_size(request.shard_size)
    library = open_brirs(request.brirs)
    catalog_path, catalog = _gather_clips(request, root, on_scan)
    ingredients = Ingredients(request.spec, library, catalog, request.profile)
    maker = SceneMaker(ingredients, request.seed, scenes_per_room=request.scenes_per_room)
    shares = share_out(request, ingredients)
    per_scene_bytes, per_scene_s = _try_scenes(maker, shares)
    parts = tuple(
        _plan_split(request, maker, split, indices, catalog_path, shard_size, per_scene_bytes)
        for split, indices in shares.items()
    )
    total = sum(len(indices) for indices in shares.values())
    largest = max(parts, key=lambda part: part.job.samples)
    advice = "give another --out, fewer scenes, or a shorter --duration."
    require_space(root / FOLDER, largest.job, per_scene_bytes * total, "The run", advice)
    seconds = _START_S + total * per_scene_s / min(request.workers, count_cores())
    left_out = () if request.splits else tuple(split for split in SPLITS if split not in ingredients.splits)
    return ScenePlan(request, ingredients, parts, left_out, per_scene_bytes * total, seconds)


def root_of(out: Path) -> Path:
    """DIR of DIR/scenes and DIR itself alike."""
    return out.parent if out.name == FOLDER else out


def _holds_scenes(root: Path) -> bool:
    return any(holds_run(root / FOLDER / split) for split in SPLITS)


def _gather_clips(request: SceneRequest, root: Path, on_scan: OnScan | None) -> tuple[Path, Catalog]:
    """The catalog and where it lies: the one that is named, or one scanned into the root.

    One that an earlier run of the same specs left there is used as it is, unless that run is to be overwritten. Raises
    MismatchError, so that it is kept, where the scenes that are there were made of other clips.
    """
    if len(request.clips) == 1 and request.clips[0].endswith(".parquet"):
        path = Path(request.clips[0])
        return path.resolve(), read_catalog(path)
    path = root / CATALOG_NAME
    if path.is_file() and request.mode != "overwrite":
        catalog = read_catalog(path)
        if catalog.specs == request.clips:
            return path.resolve(), catalog
        if _holds_scenes(root):
            raise MismatchError(
                f"{root / FOLDER} was made of the clips {' '.join(catalog.specs)}, not {' '.join(request.clips)}; "
                "compose into another folder, or start over with twnm-sim compose --overwrite."
            )
    root.mkdir(parents=True, exist_ok=True)
    listed = list_specs(request.clips)
    catalog, _ = scan_listed(
        listed,
        path,
        workers=request.workers,
        on_progress=(lambda done: on_scan(done, listed.files)) if on_scan else None,
    )
    return path.resolve(), catalog


def share_out(request: SceneRequest, ingredients: Ingredients) -> dict[str, tuple[int, ...]]:
    """The numbers of the scenes of each split. Raises SpecError where a split that is asked for has nothing."""
    if request.scenes < 1 and not request.scenes_per_room:
        raise SpecError(f"{request.scenes} is not a number of scenes; give 1 or more.")
    splits = require_splits(ingredients)
    if missing := [split for split in request.splits if split not in splits]:
        raise SpecError(
            f"The {missing[0]} split has {len(ingredients.rooms(missing[0]))} rooms and "
            f"{len(ingredients.pool(missing[0]))} clips that fit the spec; both are needed: add more, or leave it out."
        )
    wanted = request.splits or splits
    if request.scenes_per_room:
        return {split: _number_in_rooms(ingredients.rooms(split), request.scenes_per_room) for split in wanted}
    drawn = draw_splits(request.seed, request.scenes, wanted)
    return {split: tuple(np.flatnonzero(drawn == place).tolist()) for place, split in enumerate(wanted)
            if np.any(drawn == place)}  # fmt: skip


def draw_splits(seed: int, scenes: int, splits: Sequence[str]) -> NDArray[np.intp]:
    """For each scene the place of its split among `splits`: 90, 5 and 5 parts of train, validation and test."""
    parts = np.cumsum([dict(SHARES)[split] for split in splits])  # type: ignore[index]
    places = np.array([seed_for(seed, "scene", index, "split") / 2.0**128 for index in range(scenes)])
    drawn: NDArray[np.intp] = np.searchsorted(parts, places * parts[-1], side="right").clip(0, len(splits) - 1)
    return drawn


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
    scene_bytes: float,
) -> SplitPlan:
    kind, size = shard_size
    # sizes that were tried depend on the first scenes alone, so that shards do not depend on the run
    per_shard = int(size) if kind == "samples" else max(1, round(size / scene_bytes))
    job = Job(
        kind="scenes",
        samples=len(indices),
        samples_per_shard=min(per_shard, len(indices)),
        samples_per_unit=min(_SCENES_PER_UNIT, per_shard),
        settings={
            "spec": maker.ingredients.spec.model_dump(mode="json"),
            "brirs": maker.ingredients.brirs.digest,
            "clips": maker.ingredients.catalog.digest,
            "license_profile": request.profile,
            "scenes_per_room": request.scenes_per_room,
            "split": split,
            "first": indices[0],
            "last": indices[-1],
        },
        fingerprint=maker.fingerprint,
        seed=request.seed,
        versions=maker.versions,
    )
    task = SceneTask(
        spec=maker.ingredients.spec,
        shards=tuple(maker.ingredients.brirs.shards),
        catalog=catalog,
        profile=request.profile,
        seed=request.seed,
        split=split,
        indices=indices,
        scenes_per_room=request.scenes_per_room,
        fingerprint=maker.fingerprint,
    )
    return SplitPlan(split, root_of(request.out) / FOLDER / split, job, task)


def run_scenes(plan: ScenePlan, on_progress: Callable[[int], None] | None = None) -> SceneSummary:
    """Compose what is missing, write the shards of every split and the attribution, and sum up.

    `on_progress` hears how many scenes are done.
    """
    begun = time.monotonic()
    request = plan.request
    sweep_partials(root_of(request.out), {TABLE_NAME, PAGE_NAME, CATALOG_NAME, "writable"})
    if request.mode == "overwrite":
        scenes = root_of(request.out) / FOLDER
        remove_runs([scenes / split for split in request.splits or SPLITS], FOLDER)
    done = 0
    for part in plan.parts:

        def tell(progress: Progress, before: int = done) -> None:
            if on_progress:
                on_progress(before + progress.samples_done)

        run_job(part.job, part.folder, make_scene_producer, (part.task,), workers=request.workers, on_progress=tell)
        done += part.job.samples
    return _sum_up(plan, time.monotonic() - begun)


def _sum_up(plan: ScenePlan, wall_s: float) -> SceneSummary:
    root = root_of(plan.request.out)
    rows = [row for part in plan.parts for row in read_index(part.folder, _SUMMED_UP)]
    manifests = [read_manifest(part.folder) for part in plan.parts]
    rejections: Counter[str] = Counter()
    for manifest in manifests:
        rejections.update({count.reason: count.count for count in manifest.rejections})
    return SceneSummary(
        scenes={part.split: part.job.samples for part in plan.parts},
        events=sum(int(row["sources"] or 0) for row in rows),
        rejections=rejections,
        licenses=Counter(str(row["license"]) for row in rows),
        sources=Counter(int(row["sources"] or 0) for row in rows),
        bytes=sum(shard.bytes for manifest in manifests for shard in manifest.shards),
        wall_s=wall_s,
        root=root,
        attribution=write_attribution(root, [*_credit_rows(plan, rows), *_credit_others(plan)]),
    )


def _credit_rows(plan: ScenePlan, rows: Sequence[dict[str, Cell]]) -> Iterator[Attribution]:
    """Whose work is in the scenes of these rows: their clips, and one room of every head or measured room."""
    brirs, by_id = plan.ingredients.brirs, plan.ingredients.catalog.by_id
    clips = [by_id[clip_id] for clip_id in {name for row in rows for name in str(row["clips"]).split(SEPARATOR)}]
    rooms = {}
    for row in rows:
        number = brirs.find_room(str(row["room_fingerprint"]), str(row["room_id"]))
        rooms[str(brirs.positions.head_R[number]), str(brirs.positions.name_R[number])] = number
    for number in rooms.values():
        yield from attribute(clips, brirs.room(number).record)


def _credit_others(plan: ScenePlan) -> Iterator[Attribution]:
    """Whose work is in the scenes of splits that lie in the root and that this run leaves as they are."""
    ours = {part.folder for part in plan.parts}
    for folder in (root_of(plan.request.out) / FOLDER / split for split in SPLITS):
        if folder not in ours and (folder / MANIFEST_NAME).exists():
            for _, scene in iter_records(folder):
                yield from scene.attribution
