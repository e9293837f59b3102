"""benchmarks/solved.yaml: what language models answered to the items, with the facts at hand and without, by content hash of the item.

    solved = load_solved(Path("."))
    unsolved(items, solved)               # {"physics/rail-buckles:dev-effect-1": "some-model picks C in 4 of 5 votes …"}
    solved_counts(items, solved).closed   # 0.61 of the votes without the facts pick the key

    votes:
      0f3a5c2b11aa9e01:
        some-model: {key: B, open: {B: 5}, closed: {B: 2, C: 3}, prompt: solve@1}
        another-model: {key: B, open: {B: 1, C: 4}, closed: {C: 5}, prompt: solve@1, note: 'C follows from the first fact alone'}

`open` counts the open-book votes by option: the solver had the statements of the item's chains before it. `closed` counts the votes of the
same solver without them. `none` is a vote that no option, or more than one, is right. An item that a model does not solve open-book, by
more than half of the votes, is withheld until it is mended; a mended item has another hash, under which nobody has voted. The share of the
closed-book votes on the key tells how hard the item is for that model. `key` is the item's key, so that the entry of a withheld item says
what was expected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from proda.findings import Violation
from proda.records import Item
from proda.store.validation import HASH, Letter, in_brackets
from proda.yamlio import dump_yaml, load_as
from proda.yamlio.schema import refuse

PATH = Path("benchmarks/solved.yaml")
Choice = Literal["A", "B", "C", "D", "none"]
CHOICES: tuple[Choice, ...] = ("A", "B", "C", "D", "none")
Votes = dict[str, Annotated[int, Meta(ge=1)]]
"""Choice → number of votes."""
_HEAD = """\
# What language models answered to the items, open-book and closed-book, by content hash of the item. Written by `proda write --solve`;
# proda/store/solved.py says how an entry reads.
"""


class SolverVotes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one model answered to one item."""

    key: Letter
    open: Votes
    closed: Votes
    prompt: str  # name and version, "solve@1"
    note: str = ""  # why the model chose another option, in its words, if it does not solve the item

    @property
    def solves(self) -> bool:
        """Whether more than half of the open-book votes pick the key."""
        return 2 * self.open.get(self.key, 0) > sum(self.open.values())

    @property
    def closed_share(self) -> float:
        """Share of the closed-book votes that pick the key: the lower, the harder the item is for this model."""
        return self.closed.get(self.key, 0) / sum(self.closed.values())


class Solved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file: content hash → model → votes."""

    votes: dict[str, dict[str, SolverVotes]] = {}


class SolvedCounts(msgspec.Struct, frozen=True):
    """How far a set of items has been voted on, and with what result. Shares are over items and models, and None without any.

    They include items that are withheld because a model does not solve them: without these, every item would always be solved.
    """

    voted: int  # items of the set with votes
    withheld: int  # items with votes that are not in the set, because a model does not solve them
    models: tuple[str, ...]
    open: float | None  # mean share of the open-book votes that pick the key
    closed: float | None  # mean share of the closed-book votes that pick the key


def load_solved(root: Path) -> Solved:
    """Return the votes; none if the file does not exist. Raises InputError with every fault of the file."""
    path = root / PATH
    if not path.is_file():
        return Solved()
    solved = load_as(path, Solved, empty={})
    refuse(_faults(solved), str(path), path.read_bytes(), "solved")
    return solved


def _faults(solved: Solved) -> Iterator[Violation]:
    for item_hash, by_model in solved.votes.items():
        where = ("votes", item_hash)
        if not HASH.fullmatch(item_hash):
            yield Violation(where, f"Got '{item_hash[:80]}', expected the content hash of an item, sixteen hex digits. Fix it.")
        for model, votes in by_model.items():
            if not model.strip():
                yield Violation(where, "Got an empty name, expected the name of a model. Fix it.")
            for book in ("open", "closed"):
                if wrong := sorted(set(getattr(votes, book)) - set(CHOICES)):
                    yield Violation((*where, model, book), f"Got '{wrong[0][:20]}', expected {', '.join(CHOICES)}. Fix it.")
                if not getattr(votes, book):
                    yield Violation((*where, model, book), "Got no votes, expected one or more. Remove the entry, and vote again.")


def solved_text(solved: Solved) -> str:
    """The text of the file, sorted by hash and model; equal votes give equal bytes."""
    lines = [_HEAD, "votes:\n" if solved.votes else "votes: {}\n"]
    for item_hash, by_model in sorted(solved.votes.items()):
        lines.append(f"  {dump_yaml(item_hash).rstrip()}:\n")
        lines += [f"    {dump_yaml(model).rstrip()}: {{{_fields(votes)}}}\n" for model, votes in sorted(by_model.items())]
    return "".join(lines)


def _fields(votes: SolverVotes) -> str:
    fields = [
        f"key: {votes.key}",
        f"open: {_counts(votes.open)}",
        f"closed: {_counts(votes.closed)}",
        f"prompt: {in_brackets(votes.prompt)}",
    ]
    return ", ".join([*fields, *([f"note: {in_brackets(votes.note)}"] if votes.note else [])])


def _counts(votes: Mapping[str, int]) -> str:
    return f"{{{', '.join(f'{choice}: {votes[choice]}' for choice in CHOICES if choice in votes)}}}"


def with_votes(solved: Solved, model: str, votes: Mapping[str, SolverVotes]) -> Solved:
    """Return the file with the votes of one model, by content hash, in the place of its earlier votes on the same items."""
    found = {item_hash: dict(by_model) for item_hash, by_model in solved.votes.items()}
    for item_hash, one in votes.items():
        found.setdefault(item_hash, {})[model] = one
    return Solved(found)


def needed_votes(solved: Solved, current: Collection[str]) -> Solved:
    """Return the file without votes on items that are gone, by content hash.

    Votes that withhold their item stay: without them it would come back into the benchmark.
    """
    kept = {h: found for h, found in solved.votes.items() if h in current or not all(v.solves for v in found.values())}
    return Solved(kept)


def unsolved(items: Iterable[Item], solved: Solved) -> dict[str, str]:
    """Return the id of each item that a model does not solve open-book → why, in the order of the items. The benchmark leaves these out."""
    found: dict[str, str] = {}
    for item in items:
        told = [_told(model, votes) for model, votes in sorted(solved.votes.get(item.content_hash, {}).items()) if not votes.solves]
        if told:
            found[item.id] = "; ".join(told)
    return found


def _told(model: str, votes: SolverVotes) -> str:
    most = max(votes.open, key=lambda choice: (choice != votes.key, votes.open[choice], choice))  # another choice, wherever there is one
    chosen = "no option" if most == "none" else most
    why = f" ({votes.note})" if votes.note else ""
    count = f"{votes.open[most]} of {sum(votes.open.values())} votes"
    return f"{model} picks {chosen} in {count} with the facts given, the key is {votes.key}{why}"


def solved_counts(items: Iterable[Item], solved: Solved) -> SolvedCounts:
    """Return how many of the items models have voted on, and how they voted."""
    hashes = {item.content_hash for item in items}
    here = {h: found for h, found in solved.votes.items() if found and h in hashes}
    withheld = {h: found for h, found in needed_votes(solved, ()).votes.items() if h not in hashes}
    every = [(model, votes) for found in (*here.values(), *withheld.values()) for model, votes in found.items()]

    def mean(values: list[float]) -> float | None:
        return sum(values) / len(values) if values else None

    return SolvedCounts(
        voted=len(here),
        withheld=len(withheld),
        models=tuple(sorted({model for model, _ in every})),
        open=mean([votes.open.get(votes.key, 0) / sum(votes.open.values()) for _, votes in every]),
        closed=mean([votes.closed_share for _, votes in every]),
    )
