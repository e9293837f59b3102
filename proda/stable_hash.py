"""Randomness that depends on names, not on order: adding one entry must not reshuffle the rest.

`seed_of(0, "physics/heating", "open", 1)` is a pure function of its arguments; `by_weight` ranks candidates by highest random
weight (rendezvous hashing: Thaler & Ravishankar 1998), so that a new candidate displaces few old choices.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def seed_of(*parts: object) -> int:
    """A 64-bit integer from the parts' text; equal parts give equal seeds on every machine and Python version."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def by_weight(candidates: Iterable[T], *key: object, name: Callable[[T], object] = str) -> list[T]:
    """Candidates, best first, by a hash of (key, name). Independent of input order; one more candidate moves only itself."""
    return sorted(candidates, key=lambda c: (-seed_of(*key, name(c)), str(name(c))))


def fraction(*parts: object) -> float:
    """A number in [0, 1) from the parts, uniform over names."""
    return seed_of(*parts) / 2**64
