"""One reply after the other: many tasks whose replies arrive together go on one at a time, and requests are sent in between.

    turns = Turns()
    await turns.take()                            # returns in the order of asking, once for each pass of the event loop

An event loop that gets a hundred replies at once handles all of them before it sends the next request. The requests then leave together,
their replies come back together, and in every round trip all places stay empty for as long as a hundred replies take to check and store.
With turns the next request leaves after one reply is handled, so the replies of the next round trip arrive spread out.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Turns:
    """Turns for the tasks of one event loop."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a turn. What the task does until it next waits runs before another task gets its turn."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append(turn)
        if len(self._waiting) == 1:
            loop.call_soon(self._next, loop)
        await turn

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give a turn to the first task that still waits, and come back in the next pass of the loop if there are more."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # not cancelled meanwhile
                turn.set_result(None)
                break
        if self._waiting:
            loop.call_soon(self._next, loop)
