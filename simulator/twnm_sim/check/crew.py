"""Rooms inspected one after the other, or by worker processes; the findings come in order either way."""

import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from threadpoolctl import threadpool_limits

from twnm_schemas.errors import MachineError
from twnm_sim.check.library import Place
from twnm_sim.check.rooms import Findings, Inspector

Task = tuple[Place, bool]
_ROOMS_WORTH_A_WORKER = 8  # a process takes seconds to start


def choose_workers(rooms: int, wanted: int | None) -> int:
    """As wanted; else all cores, but no more than have a few rooms each."""
    return wanted or max(1, min(os.cpu_count() or 1, rooms // _ROOMS_WORTH_A_WORKER))


def inspect_rooms(inspector: Inspector, tasks: Sequence[Task], workers: int) -> Iterator[Findings]:
    """The findings of each room, in order. Raises MachineError if a worker is killed."""
    if workers == 1:
        with threadpool_limits(1):  # as in a worker, so that sums fall alike
            for place, with_early in tasks:
                yield inspector.inspect(place, with_early)
        return
    executor = ProcessPoolExecutor(workers, get_context("spawn"), _start_worker, (inspector, os.getpid()))
    try:
        yield from executor.map(_inspect, tasks)
    except BrokenProcessPool as error:
        raise MachineError("a worker was killed, most likely for memory; check again with fewer --workers.") from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


_inspector: Inspector | None = None  # of a worker process


def _start_worker(inspector: Inspector, parent: int) -> None:
    global _inspector
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    threadpool_limits(1)
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    _inspector = inspector


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _inspect(task: Task) -> Findings:
    assert _inspector is not None
    return _inspector.inspect(*task)
