"""Finds where one item's answers flipped along a line of commits, and narrows down the change that caused it. Does no I/O.

    line = comparable(results)                       # as far back as the item reads the same
    flips(line.results)                              # [CommittedFlip(last="3f0c9a1…", first="8d2e7b4…", right=True)]
    narrow(["1c77e02…", "5ab09d1…", "8d2e7b4…"], before=False, state=rebuilt)      # (["5ab09d1…"], 2)

All results are read, since reading is cheap and answers may go back and forth. Between two results each answer costs a rebuild, so the
commits there are searched by halves: ⌈log₂ n⌉ rebuilds tell n changes apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from proda.history.flips import majority
from proda.records import Record


class Result(Record, frozen=True):
    """What the tuned seeds of one result answered to the item."""

    commit: str
    hash: str  # Item.content_hash at the time; empty where these results do not hold the item
    right: int  # seeds
    scored: int  # seeds; one whose answer could not be read is not among them

    @property
    def state(self) -> bool | None:
        """The majority answer (`flips.majority`); None if no seed is scored."""
        return majority(self.right, self.scored)

    @property
    def seeds(self) -> str:
        """For example "2 of 3"."""
        return f"{self.right} of {self.scored}"


class ComparableResults(Record, frozen=True):
    """Results that can be compared, oldest first, and the last commit whose results hold the item with another text (or empty)."""

    results: tuple[Result, ...]
    reworded: str = ""


class CommittedFlip(Record, frozen=True):
    """The item's majority answer changed between two results."""

    last: str  # commit of the last results with the state before
    first: str  # commit of the first results with the state after
    right: bool  # the state after


def tally(commit: str, answers: Iterable[tuple[str, str, bool | None]]) -> Result:
    """Return one result from (model, item hash, correct) of one item; the base does not count. Correct is None where unscored."""
    tuned = [(digest, correct) for model, digest, correct in answers if model != "base"]
    scored = [correct for _, correct in tuned if correct is not None]
    return Result(commit, tuned[0][0] if tuned else "", sum(scored), len(scored))


def comparable(results: Sequence[Result]) -> ComparableResults:
    """Return the results, given oldest first, after the item's text last changed: an item with another text is another item.

    Results without the item, or without a scored answer, are left out.
    """
    held = [result for result in results if result.hash]
    for place in range(len(held) - 1, -1, -1):
        if held[place].hash != held[-1].hash:
            return ComparableResults(tuple(r for r in held[place + 1 :] if r.state is not None), held[place].commit)
    return ComparableResults(tuple(r for r in held if r.state is not None))


def flips(results: Sequence[Result]) -> list[CommittedFlip]:
    """Return every flip, oldest first. More than one means that the answers go back and forth."""
    return [
        CommittedFlip(before.commit, after.commit, bool(after.state))
        for before, after in zip(results, results[1:], strict=False)
        if before.state != after.state
    ]


def most_rebuilds(candidates: int) -> int:
    """Return how many states `narrow` asks for at most to tell so many changes apart, if each state can be told."""
    return max(0, candidates - 1).bit_length()


def narrow(candidates: Sequence[str], *, before: bool, state: Callable[[str], bool | None]) -> tuple[Sequence[str], int]:
    """Search by halves for the change at which the state flips from `before`; return the changes left, and how many states were asked for.

    `candidates` are given oldest first. The state is `before` ahead of the first one, and the opposite after the last one. `state` returns
    the state after a change in between, or None if it cannot be told; then the nearest other change is asked. One change is left if every
    state could be told. If states go back and forth, it is one of several flips.
    """
    low, high, asked = -1, len(candidates) - 1, 0
    unknown: set[int] = set()
    while True:
        middle = (low + high) / 2
        open_ = sorted((n for n in range(low + 1, high) if n not in unknown), key=lambda n: (abs(n - middle), n))
        if not open_:
            return candidates[low + 1 : high + 1], asked
        found, asked = state(candidates[open_[0]]), asked + 1
        if found is None:
            unknown.add(open_[0])
        elif found == before:
            low = open_[0]
        else:
            high = open_[0]
