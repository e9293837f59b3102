"""Pseudo-random draws by a hash of names: they do not depend on order, and adding an entry leaves most draws unchanged.

    seed_of(0, "physics/heating", "open", 1)      # a pure function of its arguments
    by_weight(["a", "b", "c"], "key")             # a ranking by highest random weight (rendezvous hashing, Thaler & Ravishankar 1998)

These hashes have nothing to do with the seeds of trainings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def seed_of(*parts: object) -> int:
    """Return a 64-bit hash of the parts, as text. Equal parts give equal values on every machine and Python version."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def by_weight(candidates: Iterable[T], *key: object, name: Callable[[T], object] = str) -> list[T]:
    """Rank candidates by a hash of `key` and their name. Independent of input order; adding a candidate keeps the order of the others."""
    weigh = weigher(*key)

    def rank(candidate: T) -> tuple[int, str]:
        text = str(name(candidate))
        return -weigh(text), text

    return sorted(candidates, key=rank)


def weigher(*key: object) -> Callable[[str], int]:
    """Return a function that gives `seed_of(*key, name)` for a name; faster than `seed_of` where there are many names."""
    start = "".join(f"{part}\x1f" for part in key)
    hashed, number = hashlib.blake2b, int.from_bytes
    return lambda name: number(hashed((start + name).encode(), digest_size=8).digest(), "big")


def fraction(*parts: object) -> float:
    """Return a number in [0, 1) from the hash of the parts."""
    return seed_of(*parts) / 2**64
