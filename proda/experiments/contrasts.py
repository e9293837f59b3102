"""Computes the effect of each patch from trainings with and without it, and how certain the effect is. Pure.

    trials = Trials(patches, items, {frozenset(): outcomes, frozenset({"1-a-…"}): outcomes, …}, units)
    trials.values(frozenset({"1-a-…"}))                      # p-values: {"necessary": .0001, "sufficient": .0001, "harmful": .6}
    trials.effect(frozenset({"1-a-…"}), "necessary", …)      # difference of accuracy on the patch's own items, with an interval

The test is a permutation test: training runs are exchangeable within each seed. Items of one chain depend on one another, so single items
are never exchanged. With two trainings per seed, five seeds allow no p-value below 1/32. A round has more trainings to compare with,
though: if patch p has no effect, then the training without p is exchangeable with *full*, and with every training without a patch that
concerns other items and nodes. The statistic is the number of p's items that are right without p, summed over seeds; its null distribution
replaces the training of each seed by any of the exchangeable ones. *Only* p is compared in the same way with *none* and with the trainings
with one unrelated patch. The test is exact for any dependence between items or between the trainings of a seed.

It assumes that no patch was chosen on these seeds, which would favour the patch. If a patch affects items it should not concern, trainings
differ more and the test is conservative. All tests are one-sided, because every claim has a direction.

The claim *harmful* uses all items. Items that an unrelated patch is meant to affect are expected to change without that patch; on these,
the answers of *full* under the next seed replace the answers of the training without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from proda.errors import SealedError
from proda.records import Item, Outcome, Patch, Record
from proda.statistics import Pair, chance, difference

if TYPE_CHECKING:
    import numpy as np

LeftOut = frozenset[str]  # ids of the patches left out of a training
Unit = frozenset[str]  # ids of patches that are left out or added together: one patch, or a group
Claim = Literal["necessary", "sufficient", "harmful"]
CLAIMS: tuple[Claim, ...] = ("necessary", "sufficient", "harmful")
DIGITS = 4


class Effect(Record, frozen=True):
    """A difference of accuracy, above 0 if the claim holds, with a 95 % interval (bootstrap over chains and seeds)."""

    difference: float
    ci95_low: float
    ci95_high: float
    p: float  # one-sided
    adjusted: float  # p adjusted for the number of patches tested


class Trials:
    """Answers of the models of all trials.

    `found` maps the patches left out to outcomes; it must hold *full*, *none*, and the conditions of each unit. Arrays have the shape items
    × seeds, in the order of `items` and `seeds`: 1 is right, 0 wrong, −1 unscored. Raises SealedError for a sealed item, because sealed
    items may not decide about patches.
    """

    def __init__(
        self, patches: Sequence[Patch], items: Sequence[Item], found: Mapping[LeftOut, Sequence[Outcome]], units: Sequence[Unit]
    ) -> None:
        import numpy as np

        if any(item.split == "sealed" for item in items):
            raise SealedError("Sealed items may not decide about patches. Pass dev and twin items only.")
        self.every = frozenset(p.id for p in patches)
        self.units = tuple(units)
        self.items = sorted(items, key=lambda i: i.id)
        self.seeds = sorted({o.model for outcomes in found.values() for o in outcomes}, key=lambda s: (len(s), s))
        place = {item.id: n for n, item in enumerate(self.items)}
        column = {seed: n for n, seed in enumerate(self.seeds)}
        self._answers: dict[LeftOut, np.ndarray[Any, Any]] = {}
        for condition, outcomes in found.items():
            table = np.full((len(self.items), len(self.seeds)), -1, dtype=np.int64)
            for o in outcomes:
                if o.item in place and o.correct is not None:
                    table[place[o.item], column[o.model]] = o.correct
            self._answers[condition] = table
        self._aims = {p.id: _aim(p, self.items, place) for p in patches}

    def own(self, unit: Unit) -> list[int]:
        """Returns the rows of the unit's own items: the dev items that it was written for, and the twin items on the same statements."""
        return sorted(frozenset().union(*(self._aims[p][0] for p in unit)))

    def rows(self, unit: Unit, claim: Claim) -> list[int]:
        """Returns the rows of the items that a claim concerns: all items for `harmful`, otherwise the unit's own."""
        return list(range(len(self.items))) if claim == "harmful" else self.own(unit)

    def four(self, unit: Unit) -> dict[str, np.ndarray[Any, Any]]:
        """Returns the answers under the unit's four conditions: full, without, none, only."""
        conditions = {"full": LeftOut(), "without": unit, "none": self.every, "only": self.every - unit}
        return {name: self._answers[condition] for name, condition in conditions.items()}

    def values(self, unit: Unit) -> dict[Claim, float]:
        """Returns the p-value of each claim. Claims on own items are left out if the unit has none."""
        return {claim: self.value(self.pool(unit, claim), rows) for claim in CLAIMS if (rows := self.rows(unit, claim))}

    def value(self, pool: np.ndarray[Any, Any], rows: Sequence[int]) -> float:
        """Returns the p-value of the number of ones in `rows`. For each seed, only rows scored in all of its trainings count."""
        import numpy as np

        part = pool[:, list(rows)]
        return chance(np.where((part >= 0).all(axis=0), part, 0).sum(axis=1))

    def pool(self, unit: Unit, claim: Claim) -> np.ndarray[Any, Any]:
        """Returns an array trainings × items × seeds: the training tested, the one it is compared with, then the exchangeable ones.

        A value of 1 supports the claim, so for `necessary` 1 means a wrong answer.
        """
        import numpy as np

        four, others = self.four(unit), self._elsewhere(unit)
        if claim == "sufficient":
            return np.stack([four["only"], four["none"], *(self._answers[self.every - other] for other in others)])
        if claim == "necessary":
            right = np.stack([four["without"], four["full"], *(self._answers[other] for other in others)])
            return np.where(right < 0, right, 1 - right)
        stand_in = np.roll(four["full"], 1, axis=1)
        masked = [self._answers[other].copy() for other in others]
        for table, other in zip(masked, others, strict=True):
            rows = sorted(self._near(other))
            table[rows] = stand_in[rows]
        return np.stack([four["without"], four["full"], *masked])

    def effect(self, unit: Unit, claim: Claim, p: float, adjusted: float) -> Effect:
        """Returns the difference between the first two trainings of the claim's pool; 0 if they have no scored item in common."""
        first, second = self.pool(unit, claim)[:2]
        pairs = [
            Pair(self.items[row].id, self.items[row].chain, self.items[row].discipline, self.items[row].split, seed, bool(old), bool(new))
            for row in self.rows(unit, claim)
            for seed, old, new in zip(self.seeds, second[row], first[row], strict=True)
            if old >= 0 and new >= 0
        ]
        mean, low, high = (round(v, DIGITS) for v in (difference(pairs) if pairs else (0.0, 0.0, 0.0)))
        return Effect(mean, low, high, round(p, 6), round(adjusted, 6))

    def _near(self, unit: Unit) -> frozenset[int]:
        """Returns the rows of all items that the unit may affect."""
        return frozenset().union(*(self._aims[p][1] for p in unit))

    def _elsewhere(self, unit: Unit) -> list[Unit]:
        """Returns the units that do not affect this unit's own items, and whose own items this unit does not affect."""
        own, near = frozenset(self.own(unit)), self._near(unit)
        return [u for u in self.units if u.isdisjoint(unit) and own.isdisjoint(self._near(u)) and near.isdisjoint(self.own(u))]


def _aim(patch: Patch, items: Sequence[Item], place: Mapping[str, int]) -> tuple[frozenset[int], frozenset[int]]:
    """Returns the rows of a patch's own items, and the rows of all items that it may affect.

    Its own items are the failed dev items, or the dev items on the statements that it teaches if it names none, and the twin items on the
    same of these statements. It may affect them, all items that share a chain or a statement with the dev items among them, and all items
    about a node that it teaches.
    """
    targets = set(patch.targets)
    dev = [items[place[name]] for name in patch.items if name in place]
    if not patch.items:
        dev = [item for item in items if item.split == "dev" and not targets.isdisjoint(_asks(item))]
    asked, chains = {node for item in dev for node in _asks(item)}, {item.chain for item in dev}
    taught = asked & targets or asked  # a twin that only shares another statement with a dev item is not what the patch is for
    twins = (n for n, i in enumerate(items) if i.split == "twin" and not taught.isdisjoint(_asks(i)))
    own = frozenset({*(place[item.id] for item in dev), *twins})
    near = (n for n, i in enumerate(items) if i.chain in chains or not asked.isdisjoint(_asks(i)) or not targets.isdisjoint(i.nodes))
    return own, own | {*near}


def _asks(item: Item) -> Sequence[str]:
    """The statements that an item asks for, or the chain whose conditions it asks for."""
    return (item.chain,) if item.kind == "condition" else item.statements
