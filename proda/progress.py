"""Show the progress of long work on standard error: count, rate and time left.

with Progress("train seed 0", total=4_000, unit="steps") as progress:
    progress.advance(10)
"""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import TextIO


class Progress:
    """A progress line, updated at most twice a second on a terminal and printed every 15 s elsewhere. Short work prints nothing."""

    def __init__(self, what: str, total: int, unit: str = "", *, stream: TextIO | None = None) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done = 0
        self.note = ""
        self._out = stream if stream is not None else sys.stderr
        self._tty = self._out.isatty() and os.environ.get("TERM") != "dumb"
        self._start = time.monotonic()
        self._last = self._start + (1.5 if self._tty else -8.0)
        self._shown = False

    def advance(self, count: int = 1, note: str = "") -> None:
        """Add `count` to what is done. `note`, for example a loss, is shown at the end of the line."""
        self.done += count
        self.note = note or self.note
        now = time.monotonic()
        if now - self._last >= (0.5 if self._tty else 15.0):
            self._last = now
            self._print(now)

    def _print(self, now: float) -> None:
        took = max(now - self._start, 1e-6)
        rate = self.done / took
        left = (self.total - self.done) / rate if rate > 0 else 0.0
        line = f"{self.what}: {self.done:,}/{self.total:,} {self.unit}, {rate:,.1f}/s, {_clock(left)} left"
        line += f", {self.note}" if self.note else ""
        self._out.write(f"\r\x1b[2K{line}" if self._tty else f"{line}\n")
        self._out.flush()
        self._shown = True

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._tty and self._shown:
            self._out.write("\r\x1b[2K")
            self._out.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
