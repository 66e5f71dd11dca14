"""One run at a time in a folder. The kernel drops a lock with the process that held it, however that ended.

POSIX only (`flock`). Two locks: `.lock` in the folder is the run's; `workers.lock` among the units is shared by its
workers, so that a run that follows a killed one waits until the last orphan is gone.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twnm_schemas.errors import LockedError

LOCK_NAME = ".lock"
WORKERS_LOCK_NAME = "workers.lock"
WITHIN_S = 1.0


@contextmanager
def locked(folder: Path, patience_s: float = 0.0) -> Iterator[None]:
    """Hold the folder for one run; the lock's file is removed at the end.

    Raises LockedError if another holds it for longer than `patience_s`. One that only looks (`is_locked`) shares the
    lock for a moment; that is waited for in any case, up to a second.
    """
    path = folder / LOCK_NAME
    begun = time.monotonic()
    descriptor = _take(path, begun, patience_s)
    while descriptor is None:  # the run before us removed the file between our opening and locking it
        descriptor = _take(path, begun, patience_s)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _take(path: Path, begun: float, patience_s: float) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not _try_lock(descriptor, fcntl.LOCK_EX):
            looked_at = _try_lock(descriptor, fcntl.LOCK_SH)
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            if time.monotonic() - begun > max(patience_s, WITHIN_S if looked_at else 0.0):
                os.close(descriptor)
                raise LockedError(
                    f"another run works in {path.parent}; wait until it ends, stop it, or choose another folder"
                )
            time.sleep(0.02)
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            return descriptor
    except FileNotFoundError:
        pass
    os.close(descriptor)
    return None


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_locked(folder: Path) -> bool:
    """Whether a run works in the folder now."""
    try:
        descriptor = os.open(folder / LOCK_NAME, os.O_RDONLY | os.O_NONBLOCK)  # a pipe of this name must not wait
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def hold_as_worker(units: Path) -> None:
    """Share the workers' lock until this process ends."""
    descriptor = os.open(units / WORKERS_LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def wait_for_orphans(units: Path, within_s: float = 30.0) -> None:
    """Return once no worker of a killed run is left among the units. Raises LockedError if one stays that long."""
    if not units.exists():
        return
    descriptor = os.open(units / WORKERS_LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + within_s
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LockedError(
                        f"workers of a killed run are still at work in {units.parent}; end them and try again"
                    ) from None
                time.sleep(0.02)
    finally:
        os.close(descriptor)
