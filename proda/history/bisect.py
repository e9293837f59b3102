"""One item's answers along a line of commits → where they flipped, and which change between two results did it. Pure.

    line = comparable(results)                       # as far back as the item reads the same
    flips(line.results)                              # [Flip(last="3f0c9a1…", first="8d2e7b4…", right=True)]
    narrow(["1c77e02…", "5ab09d1…", "8d2e7b4…"], before=False, state=rebuilt)      # (["5ab09d1…"], 2)

All results are read, since that costs nothing and answers may go back and forth. Only what lies between two results, where each answer
costs a rebuild, is searched by halves: ⌈log₂ n⌉ rebuilds tell n changes apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from proda.records import Record


class Result(Record, frozen=True):
    """What the tuned seeds made of the item in one set of results."""

    commit: str
    hash: str  # Item.content_hash at the time; empty where these results do not hold the item
    right: int  # seeds
    scored: int  # seeds; one whose answer could not be read is not among them

    @property
    def state(self) -> bool | None:
        """Right, if more than half of the scored seeds are; None if none is."""
        return 2 * self.right > self.scored if self.scored else None


class Line(Record, frozen=True):
    """Results that can be compared, oldest first; and the last commit, if any, whose results hold the item in another wording."""

    results: tuple[Result, ...]
    reworded: str = ""


class Flip(Record, frozen=True):
    """The item's state changed between two results."""

    last: str  # commit of the last results with the state before
    first: str  # commit of the first results with the state after
    right: bool  # the state after


def tally(commit: str, answers: Iterable[tuple[str, str, bool | None]]) -> Result:
    """One result from (model, item hash, correct) of one item; the base does not count. Correct is None where unscored."""
    tuned = [(digest, correct) for model, digest, correct in answers if model != "base"]
    scored = [correct for _, correct in tuned if correct is not None]
    return Result(commit, tuned[0][0] if tuned else "", sum(scored), len(scored))


def comparable(results: Sequence[Result]) -> Line:
    """The results, oldest first, after the last rewording: a reworded item is another item. Those without the item, or without a scored
    answer, are left out.
    """
    held = [result for result in results if result.hash]
    for place in range(len(held) - 1, -1, -1):
        if held[place].hash != held[-1].hash:
            return Line(tuple(r for r in held[place + 1 :] if r.state is not None), held[place].commit)
    return Line(tuple(r for r in held if r.state is not None))


def flips(results: Sequence[Result]) -> list[Flip]:
    """Every change of state, oldest first; more than one means that the answers go back and forth."""
    return [
        Flip(before.commit, after.commit, bool(after.state))
        for before, after in zip(results, results[1:], strict=False)
        if before.state != after.state
    ]


def most_rebuilds(candidates: int) -> int:
    """How many states `narrow` asks for to tell so many changes apart, if each can be told."""
    return max(0, candidates - 1).bit_length()


def narrow(candidates: Sequence[str], *, before: bool, state: Callable[[str], bool | None]) -> tuple[Sequence[str], int]:
    """Those of the changes, oldest first, among which a flip from `before` lies, and how many states were asked for.

    The state ahead of the first change is `before`, after the last it is the opposite; `state` says what it is after one in between, or
    None where that cannot be told, and then the nearest other one is asked. One change is left if everything could be told. If states
    between them go back and forth, it is one of several flips.
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
