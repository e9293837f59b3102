"""Checks the replies to one question, and counts the refused ones by reason.

    checking = CheckedReplies(lambda said: checks.faults(brief, said))
    checking(said)                    # ["answer: must name “thermal expansion” and …"]: what goes back to the model; empty if it is right
    checking.refused                  # Counter({"answer": 1})

A validator of the reply's model calls it, as `info.context["check"]`, so a reply with faults is asked for again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

from proda.calls.plain_text import TextFault

Said = TypeVar("Said")


class CheckedReplies(Generic[Said]):
    """The check of one question. A repeated reply counts once."""

    def __init__(self, faults: Callable[[Said], Iterable[TextFault]]) -> None:
        self._faults = faults
        self._refused: dict[bytes, list[str]] = {}  # the reply as JSON → its reasons

    def __call__(self, said: Said) -> list[str]:
        """Return what is wrong with a reply, one line for each fault."""
        faults = list(self._faults(said))
        if faults:
            self._refused[msgspec.json.encode(said)] = sorted({fault.reason for fault in faults})
        return [fault.message for fault in faults]

    @property
    def refused(self) -> Counter[str]:
        """Reason → refused replies. A reply with several faults counts for each of their reasons."""
        return Counter(reason for reasons in self._refused.values() for reason in reasons)
