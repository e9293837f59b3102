"""Defines a flip: an item's majority answer changes between two results. `audit`, `diff` and `bisect` all use this definition.

    majority(2, 3)                   # True: 2 of 3 tuned seeds are right, so the item counts as answered rightly
    flips(old, new)                  # [Flip(item="physics/bimetal-strip-bends:dev-bridge", better=True, before=1 of 3, after=3 of 3)]

An item is right in a result if more than half of the tuned seeds with a readable answer are right. The base does not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from proda.records import Outcome, Record, Split
from proda.statistics import most

T = TypeVar("T")


def majority(right: int, scored: int) -> bool | None:
    """Return whether most of the scored seeds are right; a tie counts as wrong. None if no seed is scored."""
    return most(right, scored) if scored else None


class Majority(Record, frozen=True):
    """What the tuned seeds of one result answered to one item."""

    hash: str  # Item.content_hash at the time
    split: Split
    right: int  # seeds
    scored: int  # seeds; one whose answer could not be read is not among them
    margin: float | None  # mean over the scored seeds, log-likelihood per character

    @property
    def state(self) -> bool | None:
        """The majority answer: right, wrong, or None if no seed is scored."""
        return majority(self.right, self.scored)

    @property
    def seeds(self) -> str:
        """For example "2 of 3"."""
        return f"{self.right} of {self.scored}"


class Flip(Record, frozen=True):
    """An item whose majority answer turned right (`better`) or wrong."""

    item: str
    better: bool
    before: Majority
    after: Majority


def tallies(outcomes: Iterable[Outcome]) -> dict[str, Majority]:
    """Return item → tally of its tuned seeds."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.model != "base":
            groups[outcome.item].append(outcome)
    found = {}
    for item, group in groups.items():
        scored = [o for o in group if o.correct is not None]
        margins = [o.margin for o in scored if o.margin is not None]
        mean = sum(margins) / len(margins) if margins else None
        found[item] = Majority(group[0].hash, group[0].split, sum(bool(o.correct) for o in scored), len(scored), mean)
    return found


def flips(old: Mapping[str, Majority], new: Mapping[str, Majority]) -> list[Flip]:
    """Return the flips among items with the same text in both results, in order of item."""
    pairs = ((item, old[item], new[item]) for item in sorted(old.keys() & new.keys()))
    return [
        Flip(item, bool(after.state), before, after)
        for item, before, after in pairs
        if before.hash == after.hash and None not in (before.state, after.state) and before.state != after.state
    ]


def evenly(better: Sequence[T], worse: Sequence[T], few: int | None) -> list[T]:
    """Return `few` of both lists, half from each as far as they go; all of them if `few` is None."""
    if few is None:
        return [*better, *worse]
    half = few // 2
    first = max(half, few - len(worse))
    shown = better[:first]
    return [*shown, *worse[: few - len(shown)]]
