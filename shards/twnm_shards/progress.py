"""How long work shows itself: a bar with rate and time left on a terminal, one line a minute elsewhere.

rich is imported where it is used, so that `--help` need not wait for it.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

Show = Callable[[int], None]
_LINE_EVERY_S = 60.0


@contextmanager
def showing(label: str, total: int, unit: str) -> Iterator[Show]:
    """A function to call with the number of `unit`s done so far, out of `total`; it writes to standard error."""
    if sys.stderr.isatty():
        with _bar(label, total, unit) as show:
            yield show
    else:
        yield _lines(label, total, unit)


@contextmanager
def showing_once_known(label: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """As `showing`, for a total that is known only when the work begins: the function takes what is done and the total.

    Nothing is shown before its first call.
    """
    with ExitStack() as stack:
        shows: list[Show] = []

        def show(done: int, total: int) -> None:
            if not shows:
                shows.append(stack.enter_context(showing(label, total, unit)))
            shows[0](done)

        yield show


@contextmanager
def _bar(label: str, total: int, unit: str) -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.3g} {unit}/s" if task.speed else f"- {unit}/s")

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)


def _lines(label: str, total: int, unit: str) -> Show:
    start = last = time.monotonic()
    first: int | None = None

    def show(done: int) -> None:
        nonlocal last, first
        first = done if first is None else first
        now = time.monotonic()
        if now - last < _LINE_EVERY_S:
            return
        last = now
        rate = (done - first) / (now - start)
        left = f"{(total - done) / rate / 60:.0f} min left" if rate > 0 else "time left unknown"
        sys.stderr.write(f"{label}: {done} of {total} {unit}, {rate:.3g} {unit}/s, {left}\n")
        sys.stderr.flush()

    return show
