"""How many requests are under way at a time: halved when the endpoint is pressed, widened again one by one.

Additive increase, multiplicative decrease, as in TCP's congestion avoidance (Chiu and Jain 1989).
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lanes:
    """Up to `widest` at a time, and one alone until the first reply has come: it finds out what the endpoint takes."""

    def __init__(self, widest: int) -> None:
        self.widest = widest
        self.limit = 1.0
        self.busy = 0
        self._proven = False
        self._epoch = 0
        self._closed_until = 0.0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[int]:
        """Wait for a free lane and hold it; gives the number to hand to `narrow`."""
        await self._enter()
        try:
            yield self._epoch
        finally:
            async with self._changed:
                self.busy -= 1
                self._changed.notify_all()

    async def _enter(self) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self.busy < int(self.limit))
                pause = self._closed_until - time.monotonic()
                if pause <= 0:
                    self.busy += 1
                    return
            await asyncio.sleep(pause)

    def widen(self) -> None:
        """After a reply: one more lane for every round of replies."""
        self.limit = min(self.widest, self.limit + 1 / self.limit) if self._proven else float(self.widest)
        self._proven = True

    def shut(self) -> None:
        """Let nobody in any more."""
        self.limit = 0.0

    def narrow(self, epoch: int, wait_s: float) -> None:
        """After 429 or 503: half the lanes, once for all requests that were under way together, and a pause."""
        self._closed_until = max(self._closed_until, time.monotonic() + wait_s)
        if epoch == self._epoch:
            self._epoch += 1
            self.limit = max(1.0, self.limit / 2)
