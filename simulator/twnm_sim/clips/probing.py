"""Many files looked into: by workers, going on after a kill, with one outcome for each whatever the workers.

The outcomes are kept in units beside the catalog (`clips.parquet.scan`) until it is written. The units' fingerprint
holds every path with its size and time of change, so a file that changed meanwhile is looked into again.
"""

import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from twnm_schemas.fingerprints import fingerprint
from twnm_shards.files import check_writable, disk_errors, partial_of
from twnm_shards.locks import WORKERS_LOCK_NAME, locked, wait_for_orphans
from twnm_shards.plans import Unit
from twnm_shards.pool import Task, finish_units
from twnm_shards.units import UNITS_NAME, Entry, Produce, Produced, read_unit, write_unit
from twnm_sim.clips.audio import UnusableAudioError
from twnm_sim.clips.listing import Probed
from twnm_sim.clips.probe import Limits, probe_clip

PROBER = "probe-1"  # raised when a probe would come out otherwise
IN_THIS_PROCESS = 64  # files; for so few no worker is worth its start
_FEW, _PER_UNIT, _PER_LARGE_UNIT = 8192, 32, 256

OnProgress = Callable[[int], None]


class Place(NamedTuple):
    """Where a clip's bytes lie, as in `twnm_schemas.Clip`."""

    path: str
    member: str
    offset: int | None


@dataclass(frozen=True)
class Refused:
    """Why a file is no clip: the name of the reason, and a sentence."""

    reason: str
    sentence: str


Outcome = Probed | Refused


def probe_places(
    places: Sequence[Place],
    limits: Limits,
    *,
    folder: Path | None,
    workers: int,
    on_progress: OnProgress | None = None,
) -> list[Outcome]:
    """The outcome of each place, in order; `folder` keeps what is finished until all is (None: a temporary one).

    `on_progress` is told how many are done. Raises LockedError where another scan works in the folder, MachineError
    for a full disk and a killed worker; what is finished stays then. One worker is this process.
    """
    if len(places) < IN_THIS_PROCESS:
        return list(_probe_here(places, limits, on_progress))
    with _working_folder(folder) as work, disk_errors(work), locked(work):
        wait_for_orphans(work / UNITS_NAME)
        return _probe_in_units(places, limits, work, workers, on_progress)


def forget(folder: Path) -> None:
    """Remove the folder of a scan whose catalog is written; what is not of a scan stays."""
    units = folder / UNITS_NAME
    if units.is_dir():
        for entry in units.iterdir():
            entry.unlink()
        units.rmdir()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _probe_here(places: Sequence[Place], limits: Limits, on_progress: OnProgress | None) -> Iterator[Outcome]:
    for done, place in enumerate(places, 1):
        yield probe_place(place, limits)
        if on_progress:
            on_progress(done)


def probe_place(place: Place, limits: Limits) -> Outcome:
    """What one file tells, or why it is refused."""
    try:
        return probe_clip(*place, limits)
    except UnusableAudioError as error:
        return Refused(error.reason, str(error))


@contextmanager
def _working_folder(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="twnm-scan-") as temporary:
            yield Path(temporary)
    else:
        check_writable(folder)
        yield folder


def _probe_in_units(
    places: Sequence[Place], limits: Limits, work: Path, workers: int, on_progress: OnProgress | None
) -> list[Outcome]:
    name = _fingerprint(places, limits)
    units = _cut(len(places))
    (work / UNITS_NAME).mkdir(exist_ok=True)
    _sweep(work / UNITS_NAME, name)
    found: dict[Unit, list[Entry]] = {}
    done = 0

    def take(unit: Unit) -> None:
        nonlocal done
        if marker := read_unit(work / UNITS_NAME, unit, name):
            found[unit] = marker.entries
            done += len(marker.entries)

    for unit in units:
        take(unit)
    pending = [unit for unit in units if unit not in found]
    if on_progress:
        on_progress(done)
    task = Task(work, name, make_prober, (tuple(places), limits))
    with closing(_finish(pending, task, min(workers, len(pending)))) as finished:
        for unit in finished:
            take(unit)
            if on_progress:
                on_progress(done)
    return [_read_row(entry.row) for unit in units for entry in found[unit]]


def _finish(pending: Sequence[Unit], task: Task, workers: int) -> Generator[Unit, None, None]:
    """Each unit once it is probed. One worker is this process: another would import, and so run, the user's script."""
    if workers > 1:
        yield from finish_units(pending, task, workers)
        return
    produce = task.make_producer(*task.make_args)
    for unit in pending:
        write_unit(task.folder, unit, task.fingerprint, produce)
        yield unit


def _fingerprint(places: Sequence[Place], limits: Limits) -> str:
    states = {path: _state_of(path) for path in {place.path for place in places}}
    return fingerprint([PROBER, asdict(limits), [[*place, *states[place.path]] for place in places]])


def _state_of(path: str) -> tuple[int, int]:
    try:
        state = os.stat(path)
    except OSError:
        return (-1, -1)
    return (state.st_size, state.st_mtime_ns)


def _cut(places: int) -> list[Unit]:
    """Units of a few seconds of work, by the number of places alone."""
    step = _PER_UNIT if places < _FEW else _PER_LARGE_UNIT
    return [Unit(first, min(first + step, places)) for first in range(0, places, step)]


def _sweep(units: Path, name: str) -> None:
    """Remove what a killed scan left half-written, and what is of other files than are asked now."""
    for entry in units.iterdir():
        if entry.name != WORKERS_LOCK_NAME and (name not in entry.name or partial_of(entry.name)):
            entry.unlink()


def make_prober(places: tuple[Place, ...], limits: Limits) -> Produce:
    """What each worker calls once: the function from a place's index to its row."""

    def produce(index: int) -> Produced:
        return Produced(f"{index:06d}", (), _write_row(probe_place(places[index], limits)), ())

    return produce


def _write_row(outcome: Outcome) -> dict[str, Any]:
    return asdict(outcome)


def _read_row(row: dict[str, Any]) -> Outcome:
    return Refused(**row) if "reason" in row else Probed(**row)
