"""The resumable run: a folder of shards made by any number of workers, killed at any moment, always the same bytes.

From the top: the folder is locked and claimed (`folders`), what is missing is made in units by workers (`pool`,
`units`), each shard is joined as soon as its units are there, then come the index and, last, the manifest
(`assembly`). `plans` says how a job is cut and what its fingerprint leaves out.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twnm_schemas.errors import StoreError
from twnm_schemas.manifests import Manifest
from twnm_shards.assembly import assemble_shard, finish_folder, read_shard
from twnm_shards.files import check_writable, disk_errors
from twnm_shards.folders import Mode, claim_folder, clear_folder, holds_run, refuse_foreign, remove_units, sweep
from twnm_shards.locks import locked, wait_for_orphans
from twnm_shards.manifests import INDEX_NAME, MANIFEST_NAME, read_manifest
from twnm_shards.plans import Job, Shard, Unit
from twnm_shards.pool import Task, finish_units
from twnm_shards.units import UNITS_NAME, Marker, Produce, Produced, read_unit

__all__ = ["Job", "Mode", "Produce", "Produced", "Progress", "remove_runs", "require_run", "run_job"]


@dataclass(frozen=True)
class Progress:
    """How far a run is, what was finished before it included. Bytes are those of finished units."""

    samples_done: int
    samples_total: int
    bytes_written: int
    rejections: Counter[str]


def run_job(
    job: Job,
    folder: Path,
    make_producer: Callable[..., Produce],
    make_args: tuple[Any, ...],
    *,
    workers: int,
    mode: Mode = "continue",
    on_progress: Callable[[Progress], None] | None = None,
) -> Manifest:
    """Make what is missing of the job in `folder` and return its manifest; if nothing is, that is all it does.

    `make_producer`: a module-level callable, called once in each worker as `make_producer(*make_args)`; it returns
    the function from a sample's index to the sample. Its exceptions come up here as themselves.

    Raises StoreError (folder not writable, foreign file, nothing to resume), LockedError (another run works there),
    MismatchError (another run's settings), MachineError (disk full, worker killed). Whatever ends it, Ctrl-C and
    SIGKILL too, finished units stay and the same call goes on from them.
    """
    if mode == "resume":
        require_run(folder)
    check_writable(folder)
    task = Task(folder, job.fingerprint, make_producer, make_args)
    with disk_errors(folder), locked(folder):
        wait_for_orphans(folder / UNITS_NAME)
        claim_folder(job, folder, mode)
        try:
            sweep(job, folder)
            return _complete(job, folder, task, workers, on_progress)
        finally:
            sweep(job, folder)


def remove_runs(folders: Sequence[Path], kind: str) -> None:
    """Remove what runs of this kind left in the folders; one that is then empty, or is not there, is none.

    Raises LockedError (another run works in one of them) and StoreError (a foreign file) before anything is removed.
    """
    there = [folder for folder in folders if folder.is_dir()]
    with ExitStack() as locks:
        for folder in there:
            locks.enter_context(locked(folder))
            wait_for_orphans(folder / UNITS_NAME)
            refuse_foreign(folder, kind)
        for folder in there:
            clear_folder(folder, kind)
    for folder in there:
        if not any(folder.iterdir()):
            folder.rmdir()


def require_run(folder: Path) -> None:
    """Raises StoreError unless the folder holds a run, finished or not."""
    if not holds_run(folder):
        raise StoreError(f"{folder} holds no run to resume; start one without --resume")


def _complete(
    job: Job, folder: Path, task: Task, workers: int, on_progress: Callable[[Progress], None] | None
) -> Manifest:
    """Finish every shard that is not there; a finished folder that lost one gets it back, and it must be the same."""
    finished = read_manifest(folder) if (folder / MANIFEST_NAME).exists() else None
    tally = _Tally(job.samples, on_progress)
    missing = [shard for shard in job.shards() if not _is_there(job, folder, shard, finished, tally)]
    _make_shards(job, folder, missing, task, workers, tally)
    if finished is None:
        finished = finish_folder(job, folder)
    else:
        _compare_remade(job, folder, missing, finished)
    remove_units(folder)
    return finished


def _is_there(job: Job, folder: Path, shard: Shard, finished: Manifest | None, tally: "_Tally") -> bool:
    if finished is None:
        marker = read_shard(job, folder, shard)
        if marker:
            tally.add(marker)
        return marker is not None
    entry = next((entry for entry in finished.shards if entry.name == shard.name), None)
    path = folder / shard.name
    if entry is None or not path.exists() or path.stat().st_size != entry.bytes:
        return False
    tally.add_counts(entry.samples, entry.bytes)
    return True


def _make_shards(job: Job, folder: Path, shards: list[Shard], task: Task, workers: int, tally: "_Tally") -> None:
    units = folder / UNITS_NAME
    owner = {unit: shard for shard in shards for unit in shard.units}
    awaited: dict[Shard, set[Unit]] = {shard: set(shard.units) for shard in shards}

    def note(unit: Unit) -> bool:
        marker = read_unit(units, unit, job.fingerprint)
        if marker is None:
            return False
        tally.add(marker)
        awaited[owner[unit]].discard(unit)
        return True

    pending = [unit for unit in owner if not note(unit)]
    for shard in [shard for shard in shards if not awaited[shard]]:
        assemble_shard(job, folder, shard)
    tally.tell()
    if not pending:
        return
    with closing(finish_units(pending, task, min(workers, len(pending)))) as finished:
        for unit in finished:
            note(unit)
            tally.tell()
            if not awaited[owner[unit]]:
                assemble_shard(job, folder, owner[unit])


def _compare_remade(job: Job, folder: Path, remade: list[Shard], finished: Manifest) -> None:
    if not (folder / INDEX_NAME).exists():
        raise StoreError(f"{folder / INDEX_NAME} is missing; start over with --overwrite")
    promised = {entry.name: entry.sha256 for entry in finished.shards}
    for shard in remade:
        marker = read_shard(job, folder, shard)
        if marker is None or marker.sha256 != promised.get(shard.name):
            raise StoreError(
                f"{folder / shard.name} was missing and came out with other bytes than its manifest says: "
                "another machine or version made it; start over with --overwrite"
            )


@dataclass
class _Tally:
    total: int
    on_progress: Callable[[Progress], None] | None
    done: int = 0
    bytes: int = 0
    rejections: Counter[str] = field(default_factory=Counter)

    def add(self, marker: Marker) -> None:
        self.add_counts(len(marker.entries), marker.bytes)
        self.rejections.update(reason for entry in marker.entries for reason in entry.rejections)

    def add_counts(self, samples: int, size: int) -> None:
        self.done += samples
        self.bytes += size

    def tell(self) -> None:
        if self.on_progress:
            self.on_progress(Progress(self.done, self.total, self.bytes, self.rejections.copy()))
