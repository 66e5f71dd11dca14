"""Workers: a plain process pool whose members end with the parent, however it ends.

Each worker is spawned (never forked), holds BLAS, OpenMP and numba to one thread, ignores Ctrl-C (the parent decides)
and watches a pipe whose other end only the parent holds: when that closes, by intent or by SIGKILL, the worker ends.
"""

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from twnm_schemas.errors import MachineError
from twnm_shards.files import GO_ON
from twnm_shards.locks import hold_as_worker
from twnm_shards.plans import Unit
from twnm_shards.units import UNITS_NAME, Produce, write_unit

UNITS_IN_FLIGHT_PER_WORKER = 2
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
# glibc otherwise gives large buffers back to the system after every use and waits for them anew: transforms of a few
# megabytes took up to three times as long (measured; other C libraries ignore these names)
KEEP_BUFFERS = {"MALLOC_MMAP_THRESHOLD_": "200000000", "MALLOC_TRIM_THRESHOLD_": "400000000"}
CHILD_ENVIRONMENT = {**dict.fromkeys(ONE_THREAD, "1"), **KEEP_BUFFERS}
_LOOK_AGAIN_S = 1.0
# A spawned process imports the script that is run, and ends where that asks for workers once more.
_UNGUARDED = ", or a script calls this without `if __name__ == '__main__':`"


@dataclass(frozen=True)
class Task:
    """What a worker needs to make any unit; `make_producer(*make_args)` is called once in each worker."""

    folder: Path
    fingerprint: str
    make_producer: Callable[..., Produce]
    make_args: tuple[Any, ...]


def finish_units(units: Iterable[Unit], task: Task, workers: int) -> Generator[Unit, None, None]:
    """Have the units made, and give each as it is finished, in any order.

    An exception from a producer comes up as itself. Raises MachineError if a worker is killed or cannot start. However
    this ends, no worker is left when it does: close the iterator (`contextlib.closing`) to stop early.
    """
    context = get_context("spawn")
    lifeline, ours = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(workers, context, _start_worker, (lifeline, os.getpid(), task))
    begun = False
    try:
        for unit in _feed(executor, iter(units), workers):
            begun = True
            yield unit
        executor.shutdown(wait=True)
    except BrokenProcessPool as error:
        unguarded = "" if begun else _UNGUARDED
        raise MachineError(f"a worker was killed, most likely for memory{unguarded}; {GO_ON}") from error
    finally:
        ours.close()
        executor.shutdown(wait=True, cancel_futures=True)
        lifeline.close()


def _feed(executor: ProcessPoolExecutor, units: Iterator[Unit], workers: int) -> Iterator[Unit]:
    flying: dict[Future[None], Unit] = {}
    while True:
        for unit in islice(units, workers * UNITS_IN_FLIGHT_PER_WORKER - len(flying)):
            with _birth():
                flying[executor.submit(_make, unit)] = unit
        if not flying:
            return
        for future in wait(flying, return_when=FIRST_COMPLETED).done:
            unit = flying.pop(future)
            future.result()
            yield unit


@contextmanager
def _birth() -> Iterator[None]:
    """The state a child is born into: `CHILD_ENVIRONMENT`, and Ctrl-C held back until it can ignore it itself."""
    before = {name: os.environ.get(name) for name in CHILD_ENVIRONMENT}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ.update(CHILD_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


# The state of a worker process: what it makes, and the producer once it is made.
_task: Task | None = None
_produce: Produce | None = None


def _start_worker(lifeline: Connection, parent: int, task: Task) -> None:
    global _task
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if lifeline.poll():  # the parent went while this worker was being born
        os._exit(1)
    threading.Thread(target=_end_with_parent, args=(lifeline, parent), daemon=True).start()
    hold_as_worker(task.folder / UNITS_NAME)
    _task = task


def _end_with_parent(lifeline: Connection, parent: int) -> None:
    while not lifeline.poll(_LOOK_AGAIN_S):  # nothing is ever sent: readable means closed
        if os.getppid() != parent:
            break
    os._exit(1)


def _make(unit: Unit) -> None:
    # The producer is made here and not at the start, so that what goes wrong in it comes up as itself.
    global _produce
    assert _task is not None
    if _produce is None:
        _produce = _task.make_producer(*_task.make_args)
    write_unit(_task.folder, unit, _task.fingerprint, _produce)
