"""`twnm-sim import`, from top to bottom: open and read through what is given, cut it into a job, run, sum up.

What changes a sample's bytes and so is in the fingerprint: the checksum of every file, all that is said of it (licence,
citation, head, room), a split that is asked for, the sample rate and longest duration, and `IMPORTER`, the version of
the code.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import soundfile
from pydantic import JsonValue

from twnm_schemas.base import NameValue, name_values
from twnm_schemas.errors import SpecError
from twnm_schemas.fingerprints import fingerprint
from twnm_schemas.manifests import Manifest
from twnm_schemas.splits import Split
from twnm_shards.folders import Mode
from twnm_shards.jobs import Job, Progress, require_run, run_job
from twnm_shards.manifests import read_index
from twnm_sim.hrtf.fetch import fetch_url
from twnm_sim.library.plan import parse_shard_size
from twnm_sim.library.run import library_folder
from twnm_sim.measured.folder import open_folder_set
from twnm_sim.measured.produce import Recipe, make_producer
from twnm_sim.measured.sets import Given, MeasuredSet
from twnm_sim.measured.sofa import open_sofa_set

IMPORTER = "measured-1"  # raise it with every change that moves a byte of a sample
FOLDER_PREFIX = "folder:"
_BYTES_PER_SAMPLE = 4.5  # of two channels of 24-bit FLAC, whose noise floor packs badly
_UNIT_SECONDS = 60.0  # of response in a unit


@dataclass(frozen=True)
class ImportRequest:
    """What a user asks: which files, folders (`folder:PATH`) or URLs, said to be what, as what, where.

    `split`: of all rooms, in place of the one that each room's name gives.
    """

    specs: tuple[str, ...]
    out: Path
    given: Given = field(default_factory=Given)
    sample_rate: int = 44100
    max_duration_s: float | None = None
    split: Split | None = None
    shard_size: str = "1GB"
    workers: int = 1
    mode: Mode = "continue"


@dataclass(frozen=True)
class ImportPlan:
    """A request made ready."""

    request: ImportRequest
    recipe: Recipe
    job: Job
    folder: Path


@dataclass(frozen=True)
class ImportSummary:
    """What an import made: samples (poses), rooms by name, positions, and the terms they are under."""

    samples: int
    rooms: int
    positions: int
    licenses: tuple[str, ...]
    bytes: int
    folder: Path


def plan_import(request: ImportRequest) -> ImportPlan:
    """Open and read through everything that is given, and cut it into a job.

    Raises SpecError, HrtfError or AudioError with one sentence for what cannot be used, StoreError where there is
    nothing to resume.
    """
    folder = library_folder(request.out)
    if request.mode == "resume":
        require_run(folder)
    _check_numbers(request)
    sets = tuple(open_set(spec, request.given) for spec in request.specs)
    settings = _describe_settings(request, sets)
    name = fingerprint({"importer": IMPORTER, "settings": settings})
    recipe = Recipe(sets, request.sample_rate, request.max_duration_s, name, import_versions(), request.split)
    return ImportPlan(request, recipe, _build_job(request, recipe, settings), folder)


def _check_numbers(request: ImportRequest) -> None:
    if not request.specs:
        raise SpecError("There is nothing to import; name SOFA files or a folder:PATH.")
    if not 8000 <= request.sample_rate <= 192000:
        raise SpecError(f"--sample-rate {request.sample_rate} is outside 8000 to 192000 Hz; give another.")
    if request.max_duration_s is not None and not 0.01 <= request.max_duration_s <= 60.0:
        raise SpecError(f"--max-duration {request.max_duration_s:g} is outside 0.01 to 60 s; give another.")


def open_set(spec: str, given: Given) -> MeasuredSet:
    """A `folder:PATH`, or the path or http(s) URL of a SOFA file; raises as `plan_import`."""
    if spec.startswith(FOLDER_PREFIX):
        return open_folder_set(Path(spec.removeprefix(FOLDER_PREFIX)), given)
    if spec.startswith(("http://", "https://")):
        return open_sofa_set(fetch_url(spec), given, spec)
    if Path(spec).is_dir():
        raise SpecError(f"{spec} is a folder; name its SOFA files, or {FOLDER_PREFIX}{spec} for stereo files.")
    return open_sofa_set(Path(spec), given)


def _describe_settings(request: ImportRequest, sets: Sequence[MeasuredSet]) -> dict[str, JsonValue]:
    described: list[JsonValue] = [
        {
            "name": one.name,
            "sha256": one.sha256,
            "license": one.license,
            "citation": one.citation,
            "source_url": one.source_url,
            "head": one.head,
            "rooms": list[JsonValue](sorted({pose.room for pose in one.poses})),
        }
        for one in sets
    ]
    asked: dict[str, JsonValue] = {} if request.split is None else {"split": request.split}  # runs without it stay
    return {
        "origin": "measured",
        "sample_rate": request.sample_rate,
        "max_duration_s": request.max_duration_s,
        **asked,
        "sets": described,
    }


def import_versions() -> tuple[NameValue, ...]:
    """The versions that an imported library's bytes rest on."""
    names = ("twnm", "numpy", "scipy", "pydantic", "pyarrow", "netCDF4", "sofar", "soundfile", "soxr")
    versions = {name: version(name) for name in names}
    return name_values({"importer": IMPORTER, "libsndfile": soundfile.__libsndfile_version__, **versions})


def _build_job(request: ImportRequest, recipe: Recipe, settings: dict[str, JsonValue]) -> Job:
    poses = recipe.poses()
    response_s = [len(pose.sources) * _length_s(one, request) for one, pose in poses]
    mean_s = sum(response_s) / len(poses)
    kind, size = parse_shard_size(request.shard_size)
    per_shard = size if kind == "samples" else size / (mean_s * request.sample_rate * _BYTES_PER_SAMPLE)
    per_shard = min(max(1, round(per_shard)), len(poses))
    return Job(
        kind="brirs",
        samples=len(poses),
        samples_per_shard=per_shard,
        samples_per_unit=min(max(1, min(16, int(_UNIT_SECONDS / mean_s))), per_shard),
        settings=settings,
        fingerprint=recipe.fingerprint,
        seed=0,
        versions=recipe.versions,
    )


def _length_s(one: MeasuredSet, request: ImportRequest) -> float:
    return min(one.taps / one.sample_rate, request.max_duration_s or float("inf"))


def run_import(plan: ImportPlan, on_progress: Callable[[Progress], None] | None = None) -> ImportSummary:
    """Import what is missing, write shards, and sum up; raises as `run_job`."""
    request = plan.request
    manifest = run_job(
        plan.job,
        plan.folder,
        make_producer,
        (plan.recipe,),
        workers=request.workers,
        mode=request.mode,
        on_progress=on_progress,
    )
    return _sum_up(plan, manifest)


def _sum_up(plan: ImportPlan, manifest: Manifest) -> ImportSummary:
    rows = read_index(plan.folder)
    return ImportSummary(
        samples=manifest.samples,
        rooms=len({row["group"] for row in rows}),
        positions=sum(int(row["sources"] or 0) for row in rows),
        licenses=tuple(sorted({str(row["license"]) for row in rows})),
        bytes=sum(shard.bytes for shard in manifest.shards),
        folder=plan.folder,
    )
