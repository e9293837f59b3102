"""How a forge is called: again if the server or the network fails, and without losing what people wrote.

opened = repeated(lambda: put(), place, wait_s=2.0)
merged_text("By Ada: please read.\\n\\n<!-- a -->\\nold\\n<!-- b -->", "<!-- a -->\\nnew\\n<!-- b -->")
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from proda.forge.place import ForgeError, Place

TRIES = 3
T = TypeVar("T")


class Opened(NamedTuple):
    """A request to merge a branch. `new` says whether this call made it."""

    number: int
    url: str
    new: bool


class TryAgainError(Exception):
    """A call failed for a reason that may pass. The message says which."""


def repeated(action: Callable[[], T], place: Place, wait_s: float) -> T:
    """Return what `action` returns, called up to TRIES times as long as it raises TryAgainError. Raises ForgeError after the last."""
    for number in range(TRIES):
        try:
            return action()
        except TryAgainError as error:
            if number == TRIES - 1:
                raise ForgeError(
                    f"{place.api}\n  {error}, in each of {TRIES} tries. Nothing here is lost. Check the network and the status page of"
                    " the forge, then run this again."
                ) from None
            time.sleep(wait_s * 2**number)
    raise AssertionError  # the loop returns or raises


def merged_text(there: str, text: str) -> str:
    """Return the text of a request with `text` in place of what an earlier call wrote; what people wrote around it stays.

    `text` starts and ends with a hidden marker, each on a line of its own.
    """
    lines = text.splitlines()
    first, last = lines[0], lines[-1]
    start, end = there.find(first), there.rfind(last)
    if start < 0 or end < start:
        return text if not there.strip() else f"{there.rstrip()}\n\n{text}"
    return there[:start] + text + there[end + len(last) :]
