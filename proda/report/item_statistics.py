"""Outcomes → statistics of each item, as in classical test theory: how easy it is, and whether it tells good models from poor ones.

    found = item_statistics(outcomes)["physics/bimetal-strip-bends:dev-bridge"]
    found.facility           # 0.67: two of three models are right
    found.discrimination     # 0.41; None with fewer than MODELS models
    extremes(found.values())["physics"].floor     # items of the discipline that no model answers rightly

An item near the floor or the ceiling tells models apart no more, and one with a discrimination below zero is answered rightly by the poorer
models: its key may be wrong. The models should differ in quality; seeds of one training show little but noise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from proda.records import ItemKind, Outcome, Record, Split

MODELS = 8  # models that have to answer an item for its discrimination to be given
DIGITS = 4


class ItemStatistics(Record, frozen=True):
    """Statistics of one item over the models that answered it."""

    item: str
    split: Split
    discipline: str
    kind: ItemKind
    models: int  # models whose answer is scored
    facility: float  # share of these models that are right
    discrimination: float | None  # corrected item-total point-biserial correlation; None if it is not defined


class Extremes(Record, frozen=True):
    """Numbers of items: all of them, those that no model answers rightly, and those that every model does."""

    items: int
    floor: int
    ceiling: int


def item_statistics(outcomes: Iterable[Outcome]) -> dict[str, ItemStatistics]:
    """Return item id → its statistics, sorted by id. Unscored answers are left out, and items without any scored answer.

    The discrimination is the correlation, over models, of being right on the item with the share of right answers on the *other* items
    that the model answered (corrected: the item does not correlate with itself). It is None with fewer than MODELS models, and if all
    models agree on the item or do equally well on the others. Deterministic; does not depend on the order of `outcomes`.
    """
    scored = [o for o in outcomes if o.correct is not None]
    right: dict[str, int] = defaultdict(int)
    answered: dict[str, int] = defaultdict(int)
    of_item: dict[str, list[Outcome]] = defaultdict(list)
    for o in scored:
        right[o.model] += bool(o.correct)
        answered[o.model] += 1
        of_item[o.item].append(o)
    found = {}
    for item in sorted(of_item):
        mine = sorted(of_item[item], key=lambda o: o.model)
        first = mine[0]
        others = [(right[o.model] - bool(o.correct), answered[o.model] - 1) for o in mine]
        pairs = [(float(bool(o.correct)), good / count) for o, (good, count) in zip(mine, others, strict=True) if count]
        found[item] = ItemStatistics(
            item=item,
            split=first.split,
            discipline=first.discipline,
            kind=first.kind,
            models=len(mine),
            facility=round(sum(bool(o.correct) for o in mine) / len(mine), DIGITS),
            discrimination=_correlation(pairs) if len(pairs) >= MODELS else None,
        )
    return found


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Pearson's correlation; with one dichotomous variable it is the point-biserial one. None if a variable does not vary."""
    one, two = np.array(pairs).T
    if np.ptp(one) == 0 or np.ptp(two) < 1e-12:
        return None
    return round(float(np.corrcoef(one, two)[0, 1]), DIGITS)


def extremes(statistics: Iterable[ItemStatistics]) -> dict[str, Extremes]:
    """Return discipline → how many of its items lie at the floor (facility 0) and at the ceiling (facility 1), sorted by discipline."""
    groups: dict[str, list[float]] = defaultdict(list)
    for each in statistics:
        groups[each.discipline].append(each.facility)
    return {d: Extremes(len(f), sum(v == 0 for v in f), sum(v == 1 for v in f)) for d, f in sorted(groups.items())}
