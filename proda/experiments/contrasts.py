"""Trainings with and without patches → the differences that patches make, and how sure it is that they do. Pure.

    trials = Trials(patches, items, {frozenset(): outcomes, frozenset({"1-a-…"}): outcomes, …}, units)
    trials.values(frozenset({"1-a-…"}))                      # {"necessary": .0001, "sufficient": .0001, "harmful": .6}
    trials.effect(frozenset({"1-a-…"}), "necessary", …)      # difference of accuracy on its own items, with an interval

Items of a chain stand or fall together, and five seeds alone give no p-value below 1/32; more items of the same five trainings say no more
about how trainings vary. But a round has many trainings that differ in nothing that concerns a patch's items: *full*, and those without
a patch whose items and nodes lie elsewhere. If patch p does nothing, the training without p is one more of these, and it is chance which
of a seed's trainings it is. So whole trainings are exchanged, within seeds, and never single items: how many of p's items are right without
p, summed over seeds, is held against the same sum with any training of each seed in its place. Likewise *only* p among *none* and the
trainings with one other patch alone. This is exact however items depend on one another, and a seed's trainings may have things in common.
It rests on two things: that a patch does not act where it has no business (one that does makes the trainings differ more, and the test say
less), and that no patch was chosen on these seeds, which would favour it. Tests are one-sided, since every claim has a direction.

For *harmful* all items count. Where a patch elsewhere aims, leaving it out is meant to show: there the answers of full under the next seed
stand in for its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from proda.errors import SealedError
from proda.records import Item, Outcome, Patch, Record
from proda.statistics import Pair, chance, difference

if TYPE_CHECKING:
    import numpy as np

Condition = frozenset[str]  # ids of the round's patches that are left out
Unit = frozenset[str]  # ids of patches that are left out, and added, together
Claim = Literal["necessary", "sufficient", "harmful"]
CLAIMS: tuple[Claim, ...] = ("necessary", "sufficient", "harmful")
DIGITS = 4


class Effect(Record, frozen=True):
    """A difference of accuracy, above 0 where the claim holds, with a 95 % interval over chains and seeds."""

    difference: float
    ci95_low: float
    ci95_high: float
    p: float  # one-sided
    adjusted: float  # for having asked of many patches


class Trials:
    """Answers of the tried units. `found` holds at least all patches, none of them, and the units' own conditions.

    Arrays are items × seeds: 1 right, 0 wrong, −1 not to be read; `items` and `seeds` say in which order. Raises SealedError for a sealed
    item: patches would be chosen by it.
    """

    def __init__(
        self, patches: Sequence[Patch], items: Sequence[Item], found: Mapping[Condition, Sequence[Outcome]], units: Sequence[Unit]
    ) -> None:
        import numpy as np

        if any(item.split == "sealed" for item in items):
            raise SealedError("Sealed items may not be read here: patches would be chosen by them. Hand in dev and twin.")
        self.every = frozenset(p.id for p in patches)
        self.units = tuple(units)
        self.items = sorted(items, key=lambda i: i.id)
        self.seeds = sorted({o.model for outcomes in found.values() for o in outcomes}, key=lambda s: (len(s), s))
        place = {item.id: n for n, item in enumerate(self.items)}
        column = {seed: n for n, seed in enumerate(self.seeds)}
        self._answers: dict[Condition, np.ndarray[Any, Any]] = {}
        for condition, outcomes in found.items():
            table = np.full((len(self.items), len(self.seeds)), -1, dtype=np.int64)
            for o in outcomes:
                if o.item in place and o.correct is not None:
                    table[place[o.item], column[o.model]] = o.correct
            self._answers[condition] = table
        self._aims = {p.id: _aim(p, self.items, place) for p in patches}

    def own(self, unit: Unit) -> list[int]:
        """Rows of the dev items that the unit was written for, and of the twin items on the same statements, which it was not."""
        return sorted(frozenset().union(*(self._aims[p][0] for p in unit)))

    def rows(self, unit: Unit, claim: Claim) -> list[int]:
        """Rows of the items that a claim is about: all of them for harm, else the unit's own."""
        return list(range(len(self.items))) if claim == "harmful" else self.own(unit)

    def four(self, unit: Unit) -> dict[str, np.ndarray[Any, Any]]:
        """The answers of the unit's four conditions: full, without, none, only."""
        conditions = {"full": Condition(), "without": unit, "none": self.every, "only": self.every - unit}
        return {name: self._answers[condition] for name, condition in conditions.items()}

    def values(self, unit: Unit) -> dict[Claim, float]:
        """Claim → p-value. No claim on own items where the unit has none."""
        return {claim: self.value(self.pool(unit, claim), rows) for claim in CLAIMS if (rows := self.rows(unit, claim))}

    def value(self, pool: np.ndarray[Any, Any], rows: Sequence[int]) -> float:
        """`chance` on how many of the rows are 1; under each seed only those that all of its trainings answered legibly."""
        import numpy as np

        part = pool[:, list(rows)]
        return chance(np.where((part >= 0).all(axis=0), part, 0).sum(axis=1))

    def pool(self, unit: Unit, claim: Claim) -> np.ndarray[Any, Any]:
        """Trainings × items × seeds, 1 where the claim expects it of the first: the training in question, then the one it is compared
        with, then the others that it could be mistaken for. For *necessary*, therefore, 1 is wrong."""
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
        """How far the first training of the claim's pool is above the second; 0 where there is nothing that both could read."""
        first, second = self.pool(unit, claim)[:2]
        pairs = [
            Pair(self.items[row].id, self.items[row].chain, self.items[row].discipline, seed, bool(old), bool(new))
            for row in self.rows(unit, claim)
            for seed, old, new in zip(self.seeds, second[row], first[row], strict=True)
            if old >= 0 and new >= 0
        ]
        mean, low, high = (round(v, DIGITS) for v in (difference(pairs) if pairs else (0.0, 0.0, 0.0)))
        return Effect(mean, low, high, round(p, 6), round(adjusted, 6))

    def _near(self, unit: Unit) -> frozenset[int]:
        """Rows of all items on which the unit may be meant to act."""
        return frozenset().union(*(self._aims[p][1] for p in unit))

    def _elsewhere(self, unit: Unit) -> list[Unit]:
        """Tried units that have no business with this one's items, nor this one with theirs."""
        own, near = frozenset(self.own(unit)), self._near(unit)
        return [u for u in self.units if u.isdisjoint(unit) and own.isdisjoint(self._near(u)) and near.isdisjoint(self.own(u))]


def _aim(patch: Patch, items: Sequence[Item], place: Mapping[str, int]) -> tuple[frozenset[int], frozenset[int]]:
    """Rows of a patch's own items, and of all that stand on their chains or name a node that it teaches. Where no failed item called for
    it, its own are those that ask for what it teaches.
    """
    targets = set(patch.targets)
    dev = [items[place[name]] for name in patch.items if name in place]
    if not patch.items:
        dev = [item for item in items if item.split == "dev" and not targets.isdisjoint(item.statements)]
    asked = {(item.chain, statement) for item in dev for statement in item.statements}
    chains = {item.chain for item in dev}
    twins = (n for n, i in enumerate(items) if i.split == "twin" and any((i.chain, s) in asked for s in i.statements))
    own = frozenset({*(place[item.id] for item in dev), *twins})
    return own, own | {n for n, i in enumerate(items) if i.chain in chains or not targets.isdisjoint(i.nodes)}
