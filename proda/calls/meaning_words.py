"""Words by which checks notice that a reworded text says the opposite: negations, and words for more and for less.

directions(["the", "load", "rises"])          # {True}: up
"""

from __future__ import annotations

from collections.abc import Iterable

_NOT = "not never no none cannot except neither nor without doesn don isn aren wasn weren didn won"
NEGATIONS = frozenset(_NOT.split())
_UP = "increase increases increased increasing rise rises rising risen more grow grows growing higher greater raise raises raised larger"
_DOWN = (
    "decrease decreases decreased decreasing fall falls falling fewer less lower lowers lowered shrink shrinks smaller reduce reduces"
    " reduced drop drops declines decline declining"
)
DIRECTION = {True: frozenset(_UP.split()), False: frozenset(_DOWN.split())}
"""Up → words for more; not up → words for less."""


def directions(tokens: Iterable[str]) -> frozenset[bool]:
    """Return the directions that words name: True for up, False for down."""
    said = {*tokens}
    return frozenset(up for up, known in DIRECTION.items() if said & known)
