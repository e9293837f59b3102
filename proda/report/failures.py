"""Outcomes → the items that every seed answers wrong, those with the clearest preference for a wrong option first.

for failure in failed_by_all(lineage, frozenset({"dev", "twin"}))[:5]:
    failure.item.stem, failure.margin
"""

from __future__ import annotations

import msgspec

from proda.history.lineage import Lineage
from proda.records import Item


class Failure(msgspec.Struct, frozen=True):
    """An item that every seed answers wrong. `margin`: mean over seeds of right minus best wrong option."""

    item: Item
    margin: float


def failed_by_all(lineage: Lineage, splits: frozenset[str]) -> list[Failure]:
    """Return the items of `splits` that every tuned model answers wrong, the lowest mean margin first."""
    found = []
    for item in lineage.items.values():
        tuned = [o for o in lineage.outcomes_of.get(item.id, ()) if o.model != "base" and lineage.fresh(o)]
        if item.split in splits and tuned and all(o.correct is False for o in tuned):
            margins = [o.margin for o in tuned if o.margin is not None]
            found.append(Failure(item, sum(margins) / len(margins) if margins else 0.0))
    return sorted(found, key=lambda failure: (failure.margin, failure.item.id))
