"""An item and the letter that a model chose → the statements that the choice breaks, and whether it is right as well.

    suspected(knowledge, item, "B")             statements that option B breaks; all of the item where the option records none
    suspected_steps(knowledge, item, found)     the steps along the item's statements that one of them takes part in
    condition_asked(knowledge, item)            the chain and the side of it that a condition item asks for
    right_as_well(knowledge, item, "B")         whether the knowledge holds option B, and it answers the stem

Only what was recorded when the option was written is used (`Option.breaks`, `Option.triples`); no text is parsed. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from proda.debugger.probes import CONDITIONS, junctions
from proda.graph import Knowledge
from proda.records import LETTERS, Item, ItemKind, Option, Statement

COMPLETE: tuple[ItemKind, ...] = ("bridge", "mechanism", "order")  # an option states triples that are the whole answer

Place = tuple[str, str]
"""What a probe is about: a node and, for steps, the statement before it on the path; for conditions, the side of the chain; else ""."""


def path_of(knowledge: Knowledge, item: Item) -> list[Statement]:
    """Return the statements that an item rests on, in order, without those that no longer exist."""
    return [knowledge.statements[s] for s in item.statements if s in knowledge.statements]


def suspected(knowledge: Knowledge, item: Item, letter: str) -> list[Statement]:
    """Return the statements that a choice breaks; all of the item if the option does not record which."""
    return [knowledge.statements[s] for s in option_of(item, letter).breaks or item.statements if s in knowledge.statements]


def option_of(item: Item, letter: str) -> Option:
    """Return the option with this letter."""
    return item.options[LETTERS.index(letter)]


def condition_asked(knowledge: Knowledge, item: Item) -> list[Place]:
    """Return (chain, "preconditions" or "exclusions") of what a condition item asks for; nothing for other items."""
    chain = knowledge.chains.get(item.chain)
    if item.kind != "condition" or chain is None:
        return []
    right = item.options[item.key].text
    return [(chain.id, side) for side in CONDITIONS if right in getattr(chain, side)]


def suspected_steps(knowledge: Knowledge, item: Item, broken: Iterable[Statement]) -> list[Place]:
    """Return the steps along the item's statements that start from or lead to a suspected statement."""
    ids = {s.id for s in broken}
    return [place for place in junctions(knowledge, path_of(knowledge, item)) if not ids.isdisjoint(place)]


def right_as_well(knowledge: Knowledge, item: Item, letter: str) -> bool:
    """Tell whether a wrong option answers the stem as well, by the triples that it records.

    An option is also correct if (1) its triples equal those of the key, or (2) all its triples are in the knowledge and link the same first
    and last concept. Order items compare the first concept only. Items of other kinds than `COMPLETE` do not state the answer in triples.
    """
    told, right = option_of(item, letter).triples, item.options[item.key].triples
    if letter == item.answer or item.kind not in COMPLETE or not told or not right:
        return False
    if told == right:
        return True
    if not all(knowledge.holds(*t) for t in told) or any(a[2] != b[0] for a, b in pairwise(told)):
        return False
    return told[0][0] == right[0][0] and (item.kind == "order" or told[-1][2] == right[-1][2])
