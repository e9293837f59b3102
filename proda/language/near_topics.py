"""The topics from which the wrong options of a question are taken: its own, and a bounded number of others.

    near_topics(knowledge, "physics", "heating")    ["heating", "refraction", …]: at most BESIDE others of the discipline
    far_topics(knowledge, "physics", "heating")     [("biology", "cells"), …]: at most ELSEWHERE topics of other disciplines

Without a bound, a question would cost more in a larger discipline. In a discipline of at most BESIDE + 1 topics, all are near.

The topics of a discipline stand on a ring, in the order of a hash of their names, and near a topic are those that follow it
(consistent hashing, Karger et al. 1997). Adding a topic therefore changes what is near BESIDE topics, and nothing for the others.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from proda.stable_hash import seed_of

if TYPE_CHECKING:
    from proda.graph import Knowledge

BESIDE = 8  # topics
ELSEWHERE = 100  # topics
Place = tuple[int, str, str]  # hash, discipline, topic


def near_topics(knowledge: Knowledge, discipline: str, topic: str) -> list[str]:
    """Return the topic, then at most BESIDE others of its discipline, in a fixed order."""
    return near_among(knowledge.places_around(discipline, topic), discipline, topic)


def near_among(places: frozenset[tuple[str, str]], discipline: str, topic: str) -> list[str]:
    """Return what `near_topics` returns for a knowledge that has these topics, (discipline, topic) each."""
    rings = _rings(places)
    if (discipline, topic) not in rings.near:
        ring = rings.of.get(discipline, [])
        others = (t for _, _, t in _after(ring, discipline, topic) if t != topic)
        rings.near[discipline, topic] = [topic, *islice(others, BESIDE)]
    return rings.near[discipline, topic]


def far_topics(knowledge: Knowledge, discipline: str, topic: str) -> list[tuple[str, str]]:
    """Return at most ELSEWHERE topics of other disciplines, each with its discipline, in a fixed order."""
    others = ((d, t) for _, d, t in _after(_rings(knowledge.places).every, discipline, topic) if d != discipline)
    return list(islice(others, ELSEWHERE))


class _Rings:
    """The rings of one set of topics: of each discipline, and of all."""

    def __init__(self, topics: frozenset[tuple[str, str]]) -> None:
        self.every: list[Place] = sorted(ring_place(discipline, topic) for discipline, topic in topics)
        self.near: dict[tuple[str, str], list[str]] = {}

    @cached_property
    def of(self) -> dict[str, list[Place]]:
        found: dict[str, list[Place]] = {}
        for place in self.every:
            found.setdefault(place[1], []).append(place)
        return found


@lru_cache(8)
def _rings(places: frozenset[tuple[str, str]]) -> _Rings:
    return _Rings(places)


def ring_place(discipline: str, topic: str) -> Place:
    """Return where a topic stands on the rings: neighbours of this order are near."""
    return seed_of("ring", discipline, topic), discipline, topic


def _after(ring: list[Place], discipline: str, topic: str) -> Iterator[Place]:
    """The places of a ring, once around, from the one that follows the topic's own. The topic need not be on the ring."""
    start = bisect(ring, ring_place(discipline, topic))
    yield from (ring[(start + step) % len(ring)] for step in range(len(ring)))
