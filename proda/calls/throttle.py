"""How many requests may be in flight, learnt from the endpoint: more while it answers, half as many when it is overloaded.

    throttle = Throttle(most=64)
    entered = await throttle.enter()              # waits for a place
    throttle.leave(entered, busy=False)           # the endpoint answered

Starts at half of the cap and grows by one for each reply, which doubles it in each round trip. The first sign of overload (429, 503, a
time-out) halves it; from then on it grows by one in each round trip (additive increase, multiplicative decrease, as TCP does). Requests
that were sent before a cut say nothing about the time after it, so they change nothing. A Retry-After of the endpoint holds all requests
back.
"""

from __future__ import annotations

import asyncio
from collections import deque

START_SHARE = 2  # a run starts with this part of the cap


class StoppedError(Exception):
    """The run ends, so nothing more is sent."""


class Throttle:
    """Places for requests in flight, given in the order of asking."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = float(max(1, -(-most // START_SHARE)))
        self.in_flight = 0
        self.cuts = 0
        self.stopped = False
        self._resume_at = 0.0  # of the loop's clock
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> int:
        """Wait for a place. Returns what `leave` needs. Raises StoppedError once the run ends."""
        loop = asyncio.get_running_loop()
        if self._ended():
            raise StoppedError
        if self._waiting or self.in_flight >= int(self.limit) or loop.time() < self._resume_at:
            place = loop.create_future()
            self._waiting.append(place)
            try:
                await place  # `_wake` has counted it as in flight
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():
                    self.in_flight -= 1
                    self._wake()
                raise
            if self._ended():
                self.in_flight -= 1
                raise StoppedError
        else:
            self.in_flight += 1
        return self.cuts

    def leave(self, entered: int, *, busy: bool | None) -> None:
        """Give the place back. `busy`: whether the endpoint is overloaded; None if the request tells nothing about that."""
        self.in_flight -= 1
        if busy is None or entered != self.cuts:
            pass
        elif busy:
            self.limit = max(1.0, self.limit / 2)
            self.cuts += 1
        else:
            self.limit = min(float(self.most), self.limit + (1.0 if not self.cuts else 1.0 / self.limit))
        self._wake()

    def hold(self, seconds: float) -> None:
        """Delay all further requests by `seconds`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        if until > self._resume_at:
            self._resume_at = until
            loop.call_at(until, self._wake)

    def stop(self) -> None:
        """Refuse new requests; waiting ones raise StoppedError."""
        self.stopped = True
        self._wake()

    def _ended(self) -> bool:
        return self.stopped

    def _wake(self) -> None:
        if not self.stopped and self._waiting and self._waiting[0].get_loop().time() < self._resume_at:
            return
        while self._waiting and (self.stopped or self.in_flight < int(self.limit)):
            place = self._waiting.popleft()
            if not place.done():
                self.in_flight += 1
                place.set_result(None)
