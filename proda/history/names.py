"""What a user typed → the thing meant: an exact id, a short form that fits one thing only, or an id with its kind before it.

    names = {"concept": knowledge.concepts, "topic": ["physics/thermal-expansion"], …}
    find("physics/thermal-expansion", names)      [Name("concept", "physics/thermal-expansion"), Name("topic", …)]
    find("topic:physics/thermal-expansion", …)    [Name("topic", "physics/thermal-expansion")]
    find("bimetal-strip-bends.s1", names)         [Name("statement", "physics/bimetal-strip-bends.s1")]

An exact id comes first, then the end of an id (without its discipline, or `s1` alone), then the beginning of a name. Matches of the
first of these that fits anything are returned; several ids among them mean that the text is ambiguous.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from heapq import nlargest
from typing import NamedTuple, get_args

from proda.history.trace import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
SHORTEST = 3  # characters of a beginning; fewer fit too much


class Name(NamedTuple):
    """A thing of one kind."""

    kind: Kind
    id: str


def split_kind(wanted: str) -> tuple[Kind | None, str]:
    """("topic", "physics/heat") of `topic:physics/heat`; (None, wanted) where no kind is named."""
    before, colon, rest = wanted.partition(":")
    return next(((kind, rest) for kind in KINDS if colon and kind == before), (None, wanted))


def exact(wanted: str, names: Mapping[Kind, Collection[str]]) -> list[Name]:
    """Things of exactly this id, in the order of the kinds; of the kind that is named, if one is."""
    kind, text = split_kind(wanted)
    return [Name(k, text) for k in KINDS if kind in (None, k) and text in names.get(k, ())]


def find(wanted: str, names: Mapping[Kind, Collection[str]]) -> list[Name]:
    """All things that the text may mean, in the order of kinds and ids; empty if it fits nothing."""
    kind, text = split_kind(wanted)
    if not text:
        return []
    found = exact(wanted, names)
    tables = {k: names.get(k, ()) for k in KINDS if kind in (None, k)}
    for fits in (_ends, _begins) if not found else ():
        found = [Name(k, i) for k, ids in tables.items() for i in sorted(i for i in ids if fits(text, i))]
        if found:
            break
    return found


def _ends(text: str, thing: str) -> bool:
    """Whether an id ends in the text at a boundary: `bimetal-strip-bends.s1`, `s1`, a patch's hash."""
    if not thing.endswith(text):
        return False
    before = thing[: -len(text)]
    return before.endswith(("/", ".", ":")) or (before.endswith("-") and len(text) == 8 and before[0].isdigit())


def _begins(text: str, thing: str) -> bool:
    """Whether an id, with or without its discipline, begins with the text; `bimetal.s1` fits `physics/bimetal-strip-bends.s1`."""
    if len(text) < SHORTEST:
        return False
    name = thing.rpartition("/")[2] if "/" not in text else thing
    if name.startswith(text):
        # A statement, sample or item is meant only where the text reaches into its own part of the id.
        return not any(mark in name and mark not in text for mark in ".:")
    for mark in ":.":
        head, _, tail = text.partition(mark)
        if tail and len(head) >= SHORTEST and name.startswith(head):
            return name.endswith(f"{mark}{tail}")
    return False


def closest(wanted: str, ids: Iterable[str], count: int = 3) -> list[str]:
    """The `count` ids most like `wanted`, the best first: shared trigrams pick fifty, difflib ranks those."""
    looked_for = _trigrams(wanted)
    likely = nlargest(50, dict.fromkeys(ids), key=lambda i: 2 * len(looked_for & _trigrams(i)) / (len(looked_for) + len(i)))
    return nlargest(count, likely, key=lambda i: difflib.SequenceMatcher(None, wanted, i).ratio())


def _trigrams(text: str) -> set[str]:
    return {text[n : n + 3] for n in range(max(len(text) - 2, 1))}
