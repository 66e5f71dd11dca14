"""`twnm-sim render`, from top to bottom: plan, look at the disk, warm up, run, sum up."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from twnm_schemas.manifests import Manifest
from twnm_schemas.records import HrtfInfo
from twnm_schemas.render import RenderSpec
from twnm_schemas.rooms import Listener, Room
from twnm_schemas.splits import Split
from twnm_shards.flac import encode_flac
from twnm_shards.folders import Mode
from twnm_shards.jobs import Job, Progress, require_run, run_job
from twnm_shards.manifests import read_index
from twnm_shards.rng import rng_for
from twnm_shards.space import require_space
from twnm_sim.hrtf.load import load_hrtf
from twnm_sim.hrtf.model import Hrtf
from twnm_sim.library.plan import Prediction, build_job, predict
from twnm_sim.library.produce import Recipe, make_producer, measure_rendered, number_rooms
from twnm_sim.render.brirs import RoomRenderer
from twnm_sim.render.receivers import prepare_head

FOLDER = "brirs"
_START_S = 5.0  # in which workers start and load the compiled loops


@dataclass(frozen=True)
class Request:
    """What a user asks of a run: the recipe, how much of it, where. `split`: `rooms` rooms of that split alone."""

    spec: RenderSpec
    rooms: int
    seed: int
    out: Path
    shard_size: str
    workers: int
    mode: Mode
    hrtf_license: str | None = None
    split: Split | Literal["all"] = "all"


@dataclass(frozen=True)
class Plan:
    """A request made ready: its job and what it will take."""

    request: Request
    hrtf: HrtfInfo
    job: Job
    prediction: Prediction
    seconds: float
    folder: Path


@dataclass(frozen=True)
class Summary:
    """What a run made."""

    rooms: int
    positions: int
    rejections: Counter[str]
    audio_hours: float
    bytes: int
    wall_s: float
    folder: Path


def plan_run(request: Request) -> Plan:
    """Check the request, compile the loops (so that workers only load them) and predict bytes and time.

    Raises SpecError, HrtfError or StoreError (the disk cannot hold it).
    """
    folder = library_folder(request.out)
    if request.mode == "resume":
        require_run(folder)
    hrtf = load_hrtf(request.spec.hrtf, request.spec.sample_rate, license=request.hrtf_license)
    prediction = predict(request.spec, request.rooms, request.seed)
    job = build_job(request.spec, hrtf.info, request.rooms, request.seed, request.shard_size, prediction, request.split)
    require_space(
        folder, job, prediction.bytes, "The library", "give another --out, fewer --rooms or a shorter --duration."
    )
    per_second = _time_rendering(request.spec, hrtf, prediction)
    seconds = _START_S + per_second * prediction.response_s / min(request.workers, count_cores())
    return Plan(request, hrtf.info, job, prediction, seconds, folder)


def library_folder(root: Path) -> Path:
    """DIR/brirs, or DIR itself where it is that folder."""
    return root if root.name == FOLDER else root / FOLDER


def _time_rendering(spec: RenderSpec, hrtf: Hrtf, prediction: Prediction) -> float:
    """Seconds of work a second of response, from one position of the predicted mean length; compiles on the way."""
    head = prepare_head(hrtf)
    length_s = prediction.room_response_s / spec.sources_per_room
    room, source = Room(size_m=(6.0, 7.0, 3.5), absorption=0.2), (4.5, 2.5, 1.2)
    renderer = RoomRenderer(
        room,
        Listener(position_m=(2.0, 4.0, 1.6)),
        head,
        sample_rate=spec.sample_rate,
        taps=round(length_s * spec.sample_rate),
        tail=spec.tail,
        atmosphere=spec.atmosphere,
        highpass_hz=spec.highpass_hz,
        outputs=spec.outputs,
    )
    times = []
    for _ in range(4):
        begun = time.perf_counter()
        rendered = renderer.render(source, lambda name: rng_for(0, "warm-up", name))
        measure_rendered(renderer, rendered, 3.0, [])
        for response_CK in rendered.responses.values():
            encode_flac(response_CK, spec.sample_rate)
        times.append(time.perf_counter() - begun)
    return min(times) / length_s  # the first one compiled or loaded, and other work may have come between


def count_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_plan(plan: Plan, on_progress: Callable[[Progress], None] | None = None) -> Summary:
    """Render what is missing, write shards, and sum up."""
    begun = time.monotonic()
    request = plan.request
    job = plan.job
    split = request.split
    numbers = None if split == "all" else number_rooms(request.spec, request.seed, request.rooms, split)
    recipe = Recipe(request.spec, plan.hrtf, request.hrtf_license, request.seed, job.fingerprint, job.versions, numbers)
    manifest = run_job(
        job,
        plan.folder,
        make_producer,
        (recipe,),
        workers=request.workers,
        mode=request.mode,
        on_progress=on_progress,
    )
    return _sum_up(plan, manifest, time.monotonic() - begun)


def _sum_up(plan: Plan, manifest: Manifest, wall_s: float) -> Summary:
    rooms = [(int(row["sources"] or 0), float(row["duration_s"] or 0.0)) for row in read_index(plan.folder)]
    return Summary(
        rooms=manifest.samples,
        positions=sum(sources for sources, _ in rooms),
        rejections=Counter({count.reason: count.count for count in manifest.rejections}),
        audio_hours=sum(sources * length_s for sources, length_s in rooms) / 3600.0,
        bytes=sum(shard.bytes for shard in manifest.shards),
        wall_s=wall_s,
        folder=plan.folder,
    )
