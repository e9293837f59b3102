"""Outcomes → statistics of each item, as in classical test theory: how easy it is, and whether it tells good models from poor ones.

    found = item_statistics(outcomes)
    found["physics/bimetal-strip-bends:dev-bridge"].facility          # 0.75: three of four models are right
    found["physics/bimetal-strip-bends:dev-bridge"].discrimination    # 0.41; None with fewer than LEAST models
    grouped(found.values(), "discipline")[-1].floor                   # items of all disciplines that no model answers right

An item at the floor or the ceiling does not tell models apart. An item with negative discrimination is answered right by the poorer
models: its key may be wrong. The models should differ in quality; seeds of one training differ by little more than chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from proda.records import ItemKind, Outcome, Record, Split

LEAST = 3  # models that have to answer an item for its discrimination to be given; with two, every correlation is 1 or -1
ENOUGH = 8  # models from which on discrimination is more than weak evidence
DIGITS = 4
ALL = "all"  # groups together


class ItemStatistics(Record, frozen=True):
    """Statistics of one item over the models that answered it."""

    item: str
    split: Split
    discipline: str
    kind: ItemKind
    models: int  # models whose answer is scored
    facility: float  # share of these models that are right
    discrimination: float | None  # corrected item-total point-biserial correlation; None if it is not defined


class GroupStatistics(Record, frozen=True):
    """Statistics of the items of one kind or discipline, or of all items."""

    label: str
    items: int
    floor: int  # items that no model answers right
    ceiling: int  # items that every model answers right
    median: float  # of the items' facilities
    negative: int  # items with a discrimination below zero


def item_statistics(outcomes: Iterable[Outcome]) -> dict[str, ItemStatistics]:
    """Return item id → its statistics, sorted by id. Unscored answers are left out, and items without any scored answer.

    The discrimination is the correlation, over models, of being right on the item with the share of right answers on the *other* items
    that the model answered (corrected: the item does not correlate with itself). It is None with fewer than LEAST models, and if all
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
            discrimination=_correlation(pairs) if len(pairs) >= LEAST else None,
        )
    return found


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Pearson's correlation; with one dichotomous variable it is the point-biserial one. None if a variable does not vary."""
    one, two = np.array(pairs).T
    if np.ptp(one) == 0 or np.ptp(two) < 1e-12:
        return None
    return round(float(np.corrcoef(one, two)[0, 1]), DIGITS)


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Spearman's rank correlation; equal values share the mean of their ranks. None if a variable does not vary."""
    one, two = (_ranks(values) for values in zip(*pairs, strict=True))
    return _correlation(list(zip(one, two, strict=True)))


def _ranks(values: Sequence[float]) -> list[float]:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return [float(rank) for rank in (np.cumsum(count) - (count - 1) / 2)[place]]


def grouped(statistics: Iterable[ItemStatistics], field: Literal["kind", "discipline"]) -> list[GroupStatistics]:
    """Return the statistics of each kind or discipline, sorted by its name, then those of all items. Empty without items."""
    groups: dict[str, list[ItemStatistics]] = defaultdict(list)
    for each in statistics:
        groups[getattr(each, field)].append(each)
    if not groups:
        return []
    together = [each for group in groups.values() for each in group]
    return [_group(name, group) for name, group in [*sorted(groups.items()), (ALL, together)]]


def _group(label: str, items: Sequence[ItemStatistics]) -> GroupStatistics:
    return GroupStatistics(
        label=label.replace("-", " "),
        items=len(items),
        floor=sum(i.facility == 0 for i in items),
        ceiling=sum(i.facility == 1 for i in items),
        median=float(np.median([i.facility for i in items])),
        negative=sum(i.discrimination is not None and i.discrimination < 0 for i in items),
    )
