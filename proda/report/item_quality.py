"""Outcomes → what the report says of the items themselves: how hard they are, and which do not agree with the rest.

found = item_quality(repo.fresh_outcomes(), repo.items())
found.models                   # ("base", "seed-0", "seed-1", "seed-2")
found.by_kind[0]               # GroupStatistics(label="bridge", items=554, floor=203, ceiling=80, …)
found.negative                 # 61 dev and twin items that the better models answer wrong and the poorer ones right
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from proda.history.lineage import model_order
from proda.records import Item, Outcome
from proda.report.item_statistics import ENOUGH, LEAST, GroupStatistics, grouped, item_statistics


class ItemQuality(msgspec.Struct, frozen=True):
    """Item statistics as the report shows them. The last row of each table is all items together."""

    models: tuple[str, ...]  # that answered an item
    by_kind: list[GroupStatistics]
    by_discipline: list[GroupStatistics]
    negative: int  # dev and twin items with negative discrimination
    hidden: int  # sealed items with negative discrimination
    least: int = LEAST  # models that discrimination needs
    enough: int = ENOUGH  # models from which on it is more than weak evidence


def item_quality(outcomes: Iterable[Outcome], items: Iterable[Item]) -> ItemQuality | None:
    """Return the statistics of all items with a scored answer; None if there are none. `outcomes` are of these items as they are now."""
    scored = [o for o in outcomes if o.correct is not None]
    found = item_statistics(scored)
    if not found:
        return None
    negative = [s.item for s in found.values() if s.discrimination is not None and s.discrimination < 0]
    known = {item.id for item in items if item.split != "sealed"}
    shown = sum(item in known for item in negative)
    return ItemQuality(
        models=tuple(sorted({o.model for o in scored}, key=model_order)),
        by_kind=grouped(found.values(), "kind"),
        by_discipline=grouped(found.values(), "discipline"),
        negative=shown,
        hidden=len(negative) - shown,
    )
