"""Decides which patches of a round are necessary, sufficient, redundant or harmful, from trials with and without each patch. Pure.

    case = AttributionCase(patches, items, asked=tuple(p.id for p in patches), topics={})
    for found in attribute(case, run): …      # run(frozenset({"1-a-…"})): outcomes of the models trained without that patch
    Attribution(patch="1-a-…", says="necessary", effects={"necessary": Effect(.73, .60, .87, p=.0001, adjusted=.0006), …}, …)

All conditions are trained from the same base with the same seeds: *full* (every patch), *none* (no patch of the round), *without* p, and
*only* p. A patch's own items are the dev items that it was written for and the twin items on the same statements. The verdicts are:

    necessary     own items pass under full and fail without p, and at least half of the round's gain on them is lost
    sufficient    own items fail under none and pass with only p, and at least half of the round's gain on them is reached
    redundant     sufficient, and own items pass without p too: less than half of the gain is lost
    harmful       accuracy on dev and twin is lower under full than without p
    unproven      none of these was shown

An item passes if most seeds are right. p-values come from a permutation test (experiments/contrasts.py). Each claim is adjusted over all
patches asked about (Benjamini & Hochberg 1995); patches that were never tried alone count with p = 1. The items of a patch with a verdict
are tested at the level that is left after this selection (Benjamini & Bogomolov 2014).

More than MOST_SINGLE patches are tried in groups by topic. A group is split in two as long as leaving it out matters. A patch that was
never tried alone stays unproven and shows the numbers of its group. If `run` returns None (out of time), complete trials are judged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from proda.errors import counted
from proda.experiments.contrasts import CLAIMS, DIGITS, Claim, Effect, LeftOut, Trials, Unit
from proda.records import Item, Outcome, Patch, Record
from proda.statistics import false_discovery

MOST_SINGLE = 20  # up to this number, patches are tried one by one
PROOF_SEEDS = 5  # fewer seeds cannot give a small enough p-value
LEVEL = 0.05
MATERIAL = 0.5  # smallest share of the round's gain on own items; a patch that adds a little to another is not necessary

Found = Mapping[LeftOut, Sequence[Outcome]]
Run = Callable[[LeftOut], Sequence[Outcome] | None]
Says = Literal["necessary", "sufficient", "redundant", "harmful", "unproven"]
Shown = Literal["", "necessary", "sufficient", "necessary and sufficient", "redundant", "harmed"]


class AttributionCase(Record, frozen=True):
    """All patches of a round, the items that judge them, and the ids of the patches to be judged."""

    patches: tuple[Patch, ...]
    items: tuple[Item, ...]  # dev and twin
    asked: tuple[str, ...]
    topics: Mapping[str, str]  # patch → "physics/heat"; groups are formed by topic, only for more than MOST_SINGLE patches

    @property
    def every(self) -> LeftOut:
        """Ids of all patches of the round. Leaving all of them out is the condition *none*."""
        return frozenset(p.id for p in self.patches)


class ItemAnswers(Record, frozen=True):
    """One item: the number of seeds that were right under each condition, and what is proven for it."""

    item: str
    hash: str
    full: int
    without: int
    none: int
    only: int
    shown: Shown = ""


class Attribution(Record, frozen=True):
    """The verdict on one patch. `unit` holds the patches that were tried together: this patch alone, or its group."""

    patch: str
    says: Says
    why: str
    unit: tuple[str, ...]
    seeds: tuple[str, ...]
    accuracy: dict[str, float]  # on the unit's own items, under full, without, none and only; empty if it has none
    effects: dict[Claim, Effect]
    items: tuple[ItemAnswers, ...] = ()  # own items and harmed items; empty for a group


def attribute(case: AttributionCase, run: Run) -> list[Attribution]:
    """Runs every condition needed and returns the verdicts, in the order of the round.

    `run` takes the ids of the patches left out, and returns outcomes, or None to stop. A patch whose trials are incomplete gets no verdict.
    Deterministic for given outcomes. Raises SealedError for a sealed item.
    """
    found: dict[LeftOut, Sequence[Outcome]] = {}
    while todo := needed(case, found):
        for condition in todo:
            outcomes = run(condition)
            if outcomes is None:
                return judge(case, found)
            found[condition] = outcomes
    return judge(case, found)


def needed(case: AttributionCase, found: Found) -> list[LeftOut]:
    """Returns the conditions to run next, in order: the first plan, later those of groups that were split. Empty when done."""
    last = _levels(case, found)[-1]
    wanted = [LeftOut(), case.every, *(c for unit in last for c in (unit, case.every - unit))]
    return [condition for condition in dict.fromkeys(wanted) if condition not in found]


def at_most_later(case: AttributionCase) -> int:
    """Returns the largest number of conditions that can follow the first plan, if every group is split down to single patches."""
    return sum(4 * (len(unit) - 1) for unit in first_units(case))


def first_units(case: AttributionCase) -> list[Unit]:
    """Returns single patches, those with most failed items first; for more than MOST_SINGLE patches groups by topic, sorted by topic."""
    asked = [p for p in case.patches if p.id in case.asked]
    if len(asked) <= MOST_SINGLE:
        return [frozenset({p.id}) for p in sorted(asked, key=lambda p: (-len(p.items), p.id))]
    groups: dict[str, set[str]] = defaultdict(set)
    for patch in asked:
        groups[case.topics[patch.id]].add(patch.id)
    return [frozenset(group) for _, group in sorted(groups.items())]


def judge(case: AttributionCase, found: Found) -> list[Attribution]:
    """Returns the verdict on every patch asked about whose trials are complete, in the order of the round."""
    units = [unit for level in _levels(case, found) for unit in level if _complete(case, unit, found)]
    if not units:
        return []
    trials = Trials(case.patches, case.items, found, units)
    values = {unit: trials.values(unit) for unit in units}
    adjusted: dict[Claim, dict[Unit, float]] = {}
    share: dict[Claim, float] = {}  # share of the patches asked about for which the claim is significant
    for claim in CLAIMS:
        alone = {patch: values.get(frozenset({patch}), {}).get(claim, 1.0) for patch in case.asked}
        singles = {frozenset({patch}): p for patch, p in false_discovery(alone).items()}
        adjusted[claim] = {**_beside({u: v[claim] for u, v in values.items() if claim in v and len(u) > 1}), **singles}
        share[claim] = sum(p < LEVEL for p in singles.values()) / len(singles)
    verdicts = []
    for patch in (p.id for p in case.patches if p.id in case.asked):
        unit = min((u for u in units if patch in u), key=len, default=None)
        if unit is not None:
            effects = {c: trials.effect(unit, c, p, adjusted[c][unit]) for c, p in values[unit].items()}
            verdicts.append(_group(trials, patch, unit, effects) if len(unit) > 1 else _single(trials, patch, effects, share))
    return verdicts


def _single(trials: Trials, patch: str, effects: Mapping[Claim, Effect], share: Mapping[Claim, float]) -> Attribution:
    """Returns the verdict on a patch that was tried alone."""
    unit = frozenset({patch})
    own, four, most = trials.own(unit), trials.four(unit), len(trials.seeds) / 2
    passes = {name: set(((table == 1).sum(axis=1) > most).nonzero()[0].tolist()) for name, table in four.items()}
    fails = {name: set(((table == 0).sum(axis=1) > most).nonzero()[0].tolist()) for name, table in four.items()}
    flips: dict[Claim, set[int]] = {
        "necessary": passes["full"] & fails["without"] & set(own),
        "sufficient": fails["none"] & passes["only"] & set(own),
        "harmful": fails["full"] & passes["without"],
    }
    enough = len(trials.seeds) >= PROOF_SEEDS
    accuracy, why = _accuracy(trials, unit)
    gain = max(0.0, accuracy.get("full", 0.0) - accuracy.get("none", 0.0))
    least = {"necessary": MATERIAL * gain, "sufficient": MATERIAL * gain, "harmful": 0.0}
    large = {c for c, effect in effects.items() if effect.difference > 0 and effect.difference >= least[c]}
    holds = {c for c, effect in effects.items() if enough and effect.adjusted < LEVEL and c in large and flips[c]}
    proven = {claim: _proven(trials, unit, claim, flips[claim], share[claim]) if claim in holds else set() for claim in CLAIMS}
    says: Says = "unproven"
    if "harmful" in holds:
        says = "harmful"
    elif "necessary" in holds:
        says = "necessary"
    elif "sufficient" in holds:
        says = "sufficient" if "necessary" in large else "redundant"
    items = []
    for row in sorted({*own, *proven["harmful"]}):
        item, right = trials.items[row], {name: int((table[row] == 1).sum()) for name, table in four.items()}
        shown = _shown(row, proven, row in passes["without"])
        items.append(ItemAnswers(item.id, item.content_hash, right["full"], right["without"], right["none"], right["only"], shown))
    if says == "harmful":
        e = effects["harmful"]
        why += f" Without it, accuracy on dev and twin is higher by {e.difference:.3f} [{e.ci95_low:.3f}, {e.ci95_high:.3f}]."
    if not enough:
        why += f" A proof needs at least {PROOF_SEEDS} seeds."
    return Attribution(patch, says, why, (patch,), tuple(trials.seeds), accuracy, dict(effects), tuple(items))


def _group(trials: Trials, patch: str, unit: Unit, effects: Mapping[Claim, Effect]) -> Attribution:
    """Returns the verdict on a patch that was never tried alone."""
    accuracy, why = _accuracy(trials, unit)
    more = len(unit) - 1
    why = f"Tried together with {more} more patch{'' if more == 1 else 'es'}, never alone. {why}"
    return Attribution(patch, "unproven", why, tuple(sorted(unit)), tuple(trials.seeds), accuracy, dict(effects))


def _proven(trials: Trials, unit: Unit, claim: Claim, flips: set[int], share: float) -> set[int]:
    """Returns the flipped items for which the claim is proven. Each is tested at the level left after selecting patches."""
    pool = trials.pool(unit, claim)
    adjusted = false_discovery({str(row): trials.value(pool, [row]) for row in trials.rows(unit, claim)})
    return {row for row in flips if adjusted[str(row)] < LEVEL * share}


def _shown(row: int, proven: Mapping[Claim, set[int]], without: bool) -> Shown:
    if row in proven["harmful"]:
        return "harmed"
    if row in proven["necessary"]:
        return "necessary and sufficient" if row in proven["sufficient"] else "necessary"
    if row in proven["sufficient"]:
        return "redundant" if without else "sufficient"
    return ""


def _accuracy(trials: Trials, unit: Unit) -> tuple[dict[str, float], str]:
    """Returns the accuracy on the unit's own items under each condition, as numbers and as a sentence."""
    own = trials.own(unit)
    if not own:
        return {}, "No item that it was written for exists any more."
    right = {}
    for name, table in trials.four(unit).items():
        read = table[own] >= 0
        right[name] = round(float(table[own][read].mean()), DIGITS) if read.any() else 0.0
    it = "it" if len(unit) == 1 else "them"
    return right, (
        f"{counted(len(own), 'item')} over {counted(len(trials.seeds), 'seed')}: accuracy"
        f" {right['full']:.2f} with all patches, {right['without']:.2f} without {it},"
        f" {right['none']:.2f} without the round, {right['only']:.2f} with only {it}."
    )


def _levels(case: AttributionCase, found: Found) -> list[list[Unit]]:
    """Returns the first units, then the halves of the groups that matter, and so on. Only the last level may lack trials."""
    levels = [first_units(case)]
    while all(_complete(case, unit, found) for unit in levels[-1]):
        groups = [unit for unit in levels[-1] if len(unit) > 1]
        halves = [half for unit in _mattering(case, found, levels, groups) for half in _halves(case, unit)]
        if not halves:
            break
        levels.append(halves)
    return levels


def _mattering(case: AttributionCase, found: Found, levels: Sequence[Sequence[Unit]], groups: Sequence[Unit]) -> list[Unit]:
    """Returns the groups whose absence makes their own items worse or the benchmark better."""
    if not groups:
        return []
    trials = Trials(case.patches, case.items, found, [unit for level in levels for unit in level])
    values = {unit: trials.values(unit) for unit in groups}
    adjusted = [_beside({u: v.get(claim, 1.0) for u, v in values.items()}) for claim in ("necessary", "harmful")]
    return [unit for unit in groups if any(ps[unit] < LEVEL for ps in adjusted)]


def _beside(values: Mapping[Unit, float]) -> dict[Unit, float]:
    """Returns p-values adjusted over the groups."""
    names = {"+".join(sorted(unit)): unit for unit in values}
    return {names[name]: p for name, p in false_discovery({name: values[unit] for name, unit in names.items()}).items()}


def _halves(case: AttributionCase, unit: Unit) -> tuple[Unit, Unit]:
    """Splits a group in two, sorted by target, so that patches of one chain stay together as long as possible."""
    members = [p.id for p in sorted((p for p in case.patches if p.id in unit), key=lambda p: (p.targets, p.id))]
    middle = (len(members) + 1) // 2
    return frozenset(members[:middle]), frozenset(members[middle:])


def _complete(case: AttributionCase, unit: Unit, found: Found) -> bool:
    return all(condition in found for condition in (LeftOut(), case.every, unit, case.every - unit))
