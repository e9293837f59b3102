"""A world of pseudo-words, its items, and what the tests of the item kinds look up in both, written apart from the code under test."""

from __future__ import annotations

from functools import cache

from proda.graph import Knowledge
from proda.language.wording import bare_name
from proda.records import Item, ItemKind, Option
from proda.tester.items import write_items
from tests.toyworld import invented_knowledge

SEALED = 0.3
WORLD = invented_knowledge()


@cache
def items() -> list[Item]:
    """The items of the world."""
    return write_items(WORLD, seed=0, sealed_share=SEALED)


def of_kind(kind: ItemKind) -> list[Item]:
    """Its items of one kind. There are many of each."""
    found = [item for item in items() if item.kind == kind]
    assert len(found) >= 10, kind
    return found


@cache
def named(text: str) -> str:
    """The id of the concept with this bare name."""
    (found,) = (c for c in WORLD.concepts if bare_name(WORLD, c) == text)
    return found


def right(item: Item) -> Option:
    """The right option."""
    return item.options[item.key]


def wrongs(item: Item) -> list[Option]:
    """The other options."""
    return [option for place, option in enumerate(item.options) if place != item.key]


def reached(world: Knowledge, start: str, steps: int) -> set[str]:
    """The concepts that follow from `start` in at most so many statements. A symmetric one leads both ways."""
    found, edge = set[str](), {start}
    for _ in range(steps):
        ahead = {s.object for s in world.active_statements.values() if s.subject in edge}
        ahead |= {s.subject for s in world.active_statements.values() if s.object in edge and world.relations[s.relation].symmetric}
        edge = ahead - found - {start}
        found |= edge
    return found
