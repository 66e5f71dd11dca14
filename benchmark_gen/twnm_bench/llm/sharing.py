"""Many asks at once, shared among a fixed number of workers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

_Ask = TypeVar("_Ask")


async def share_out(asks: Sequence[_Ask], workers: int, answer: Callable[[_Ask], Awaitable[None]]) -> None:
    """Answer every ask: each worker takes the next in order when it is done with its last.

    The first that fails ends the others, and its error is raised when they have ended.
    """
    waiting = iter(asks)

    async def work() -> None:
        for ask in waiting:
            await answer(ask)

    tasks = [asyncio.create_task(work()) for _ in range(min(workers, len(asks)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
