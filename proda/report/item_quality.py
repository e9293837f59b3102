"""Outcomes → what the report says of the items themselves: how hard they are, and which do not agree with the rest.

    found = item_quality(repo.fresh_outcomes(), repo.items())
    found.models                   # ("base", "seed-0", "seed-1", "seed-2")
    found.by_kind[0]               # GroupStatistics(label="bridge", items=554, floor=203, ceiling=80, …)
    found.negative[0].right        # ("base",): the only model that is right on the item with the lowest discrimination

Sealed items are counted and never listed, as everywhere in the report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from proda.history.lineage import model_order
from proda.records import Item, Outcome
from proda.report.item_statistics import ENOUGH, LEAST, GroupStatistics, ItemStatistics, grouped, item_statistics


class NegativeItem(msgspec.Struct, frozen=True):
    """A dev or twin item with negative discrimination, and the models that are right on it."""

    item: Item
    statistics: ItemStatistics
    right: tuple[str, ...]


class ItemQuality(msgspec.Struct, frozen=True):
    """Item statistics as the report shows them. The last row of each table is all items together."""

    models: tuple[str, ...]  # that answered an item
    by_kind: list[GroupStatistics]
    by_discipline: list[GroupStatistics]
    negative: list[NegativeItem]  # the lowest discrimination first
    hidden: int  # sealed items with negative discrimination
    least: int = LEAST  # models that discrimination needs
    enough: int = ENOUGH  # models from which on it is more than weak evidence


def item_quality(outcomes: Iterable[Outcome], items: Iterable[Item]) -> ItemQuality | None:
    """Return the statistics of all items with a scored answer; None if there are none. `outcomes` are of these items as they are now."""
    scored = [o for o in outcomes if o.correct is not None]
    found = item_statistics(scored)
    if not found:
        return None
    right = defaultdict(list)
    for o in scored:
        if o.correct:
            right[o.item].append(o.model)
    negative = [s for s in found.values() if s.discrimination is not None and s.discrimination < 0]
    listed = {item.id: item for item in items if item.split != "sealed"}
    shown = sorted((s for s in negative if s.item in listed), key=lambda s: (s.discrimination, s.item))
    return ItemQuality(
        models=tuple(sorted({o.model for o in scored}, key=model_order)),
        by_kind=grouped(found.values(), "kind"),
        by_discipline=grouped(found.values(), "discipline"),
        negative=[NegativeItem(listed[s.item], s, tuple(sorted(right[s.item], key=model_order))) for s in shown],
        hidden=len(negative) - len(shown),
    )
