"""Items as the templates word them → the same items with the frozen wordings of a language model, where there are some.

    item_plan(item)                       # "3f0c9a1e0b2d4c55": changes with anything that the templates write about the item
    with_wordings(items, written)         # the items; those whose plan is in `written` have its stem and options

What an item asks, its options by concept and triple, its key and what each wrong option breaks stay those of the templates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from proda.records import Item, content_hash
from proda.store.written_items import WrittenItem

PLAN_VERSION = 1  # raise it when frozen wordings must not be used any more


def item_plan(item: Item) -> str:
    """Return sixteen hex digits over an item as the templates write it: text, key, statements, and what its options state and break."""
    options = [[o.text, o.operator, o.triples, o.breaks] for o in item.options]
    return content_hash([PLAN_VERSION, item.id, item.kind, item.statements, item.stem, options, item.answer])


def with_wordings(items: Iterable[Item], written: Mapping[str, WrittenItem]) -> list[Item]:
    """Return the items in order, each with the wording of its plan if there is one. Without wordings, these are the items as they are."""
    if not written:
        return list(items)
    return [item if (found := written.get(item_plan(item))) is None else reworded_item(item, found) for item in items]


def reworded_item(item: Item, said: WrittenItem) -> Item:
    """Return the item with the stem and the options of a wording."""
    options = tuple(msgspec.structs.replace(o, text=text) for o, text in zip(item.options, said.options, strict=True))
    return msgspec.structs.replace(item, stem=said.stem, options=options)
