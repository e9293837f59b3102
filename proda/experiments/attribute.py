"""Which patches of a round are necessary, sufficient, redundant or harmful: trials with and without each → a verdict on each. Pure.

    case = Round(patches, items, asked=tuple(p.id for p in patches), topics={})
    for found in attribute(case, run): …             # run(frozenset({"1-a-…"})): outcomes of models trained without that patch
    Attribution(patch="1-a-…", says="necessary", effects={"necessary": Effect(.73, .60, .87, p=.0001, adjusted=.0006), …}, …)

Conditions, each trained from the same base over the same seeds: *full* (every patch), *none* (none of the round), *without* p, *only* p. On
the patch's own items (the dev items that it was written for, and the twin items on the same statements, which it was not):

    necessary     they pass under full and fail without it: half or more of what the round gained on them goes
    sufficient    they fail under none and pass with it alone: half or more of that gain comes with it
    redundant     sufficient, and without it they pass all the same: more than half of the gain stays
    harmful       the benchmark (dev and twin) is worse under full than without it
    unproven      none of these was shown

An item passes when most seeds are right. Chance is ruled out by exchanging whole trainings within a seed (experiments/contrasts.py says
why). Each claim is adjusted over all patches that were asked about, those that were never tried alone counting as p = 1 (Benjamini
& Hochberg 1995); of a patch that is called, its items are then tested at the level that this selection leaves (Benjamini & Bogomolov 2014).

More than MOST_SINGLE patches are tried by topic, and a group is halved as long as leaving it out matters; a patch that was never tried
alone stays unproven, with its group's numbers. What is known when `run` says that time is up is judged, and the rest waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from proda.experiments.contrasts import CLAIMS, DIGITS, Claim, Condition, Effect, Trials, Unit
from proda.records import Item, Outcome, Patch, Record
from proda.statistics import false_discovery

MOST_SINGLE = 20  # patches that are tried one by one
PROOF_SEEDS = 5  # fewer prove nothing
LEVEL = 0.05
MATERIAL = 0.5  # of the round's gain on a patch's items: that a patch helps a little beside another is not that it was needed

Found = Mapping[Condition, Sequence[Outcome]]
Run = Callable[[Condition], Sequence[Outcome] | None]
Says = Literal["necessary", "sufficient", "redundant", "harmful", "unproven"]
Shown = Literal["", "necessary", "sufficient", "necessary and sufficient", "redundant", "harmed"]


class Round(Record, frozen=True):
    """What is asked: all patches of a round, the items that judge them, and the ids of those that want a verdict."""

    patches: tuple[Patch, ...]
    items: tuple[Item, ...]  # dev and twin
    asked: tuple[str, ...]
    topics: Mapping[str, str]  # patch → "physics/heat", by which groups are made; read beyond MOST_SINGLE patches only

    @property
    def every(self) -> Condition:
        """All of the round: with these left out, what is left is *none*."""
        return frozenset(p.id for p in self.patches)


class Answers(Record, frozen=True):
    """One item: how many seeds were right under each condition, and what is proven of it."""

    item: str
    hash: str
    full: int
    without: int
    none: int
    only: int
    shown: Shown = ""


class Attribution(Record, frozen=True):
    """The verdict on one patch. `unit` are the patches it was tried with: itself alone, or its group."""

    patch: str
    says: Says
    why: str
    unit: tuple[str, ...]
    seeds: tuple[str, ...]
    accuracy: dict[str, float]  # on the unit's own items: full, without, none, only; empty where it has none
    effects: dict[Claim, Effect]
    items: tuple[Answers, ...] = ()  # its own, and others that it harms; none for a group


def attribute(case: Round, run: Run) -> list[Attribution]:
    """Ask `run` for every condition that is needed, then judge; once it answers None, judge what there is.

    Verdicts in order of the round; a patch whose trials are not complete has none. Deterministic in what `run` answers. Raises SealedError
    for a sealed item.
    """
    found: dict[Condition, Sequence[Outcome]] = {}
    while todo := needed(case, found):
        for condition in todo:
            outcomes = run(condition)
            if outcomes is None:
                return judge(case, found)
            found[condition] = outcomes
    return judge(case, found)


def needed(case: Round, found: Found) -> list[Condition]:
    """The conditions to try next, in order: with nothing found the first plan, later those of groups that were split; empty when done."""
    last = _levels(case, found)[-1]
    wanted = [Condition(), case.every, *(c for unit in last for c in (unit, case.every - unit))]
    return [condition for condition in dict.fromkeys(wanted) if condition not in found]


def at_most_later(case: Round) -> int:
    """How many more conditions than the first plan there can be: every group halved until each patch stands alone."""
    return sum(4 * (len(unit) - 1) for unit in first_units(case))


def first_units(case: Round) -> list[Unit]:
    """Patches one by one, those with most failing items first; beyond MOST_SINGLE by topic, in order of its name."""
    asked = [p for p in case.patches if p.id in case.asked]
    if len(asked) <= MOST_SINGLE:
        return [frozenset({p.id}) for p in sorted(asked, key=lambda p: (-len(p.items), p.id))]
    groups: dict[str, set[str]] = defaultdict(set)
    for patch in asked:
        groups[case.topics[patch.id]].add(patch.id)
    return [frozenset(group) for _, group in sorted(groups.items())]


def judge(case: Round, found: Found) -> list[Attribution]:
    """The verdict on every patch asked about whose trials are complete, in order of the round."""
    units = [unit for level in _levels(case, found) for unit in level if _complete(case, unit, found)]
    if not units:
        return []
    trials = Trials(case.patches, case.items, found, units)
    values = {unit: trials.values(unit) for unit in units}
    adjusted: dict[Claim, dict[Unit, float]] = {}
    share: dict[Claim, float] = {}  # of the patches asked about, for which the claim is called
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
    """The verdict on a patch that was tried alone."""
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
        items.append(Answers(item.id, item.content_hash, right["full"], right["without"], right["none"], right["only"], shown))
    if says == "harmful":
        e = effects["harmful"]
        why += f" Without it the benchmark is better by {e.difference:.3f} [{e.ci95_low:.3f}, {e.ci95_high:.3f}]."
    if not enough:
        why += f" Proof takes at least {PROOF_SEEDS} seeds."
    return Attribution(patch, says, why, (patch,), tuple(trials.seeds), accuracy, dict(effects), tuple(items))


def _group(trials: Trials, patch: str, unit: Unit, effects: Mapping[Claim, Effect]) -> Attribution:
    """What is known of a patch that was never tried alone."""
    accuracy, why = _accuracy(trials, unit)
    why = f"Tried together with {len(unit) - 1} more, and never alone. {why}"
    return Attribution(patch, "unproven", why, tuple(sorted(unit)), tuple(trials.seeds), accuracy, dict(effects))


def _proven(trials: Trials, unit: Unit, claim: Claim, flips: set[int], share: float) -> set[int]:
    """Of the items that flip, those of which it is shown: each tested as the patch was, at the level that choosing the patch leaves."""
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
    """On the unit's own items under each condition, as numbers and as a sentence."""
    own = trials.own(unit)
    if not own:
        return {}, "No item that it was written for is there any more."
    right = {}
    for name, table in trials.four(unit).items():
        read = table[own] >= 0
        right[name] = round(float(table[own][read].mean()), DIGITS) if read.any() else 0.0
    it = "it" if len(unit) == 1 else "them"
    return right, (
        f"{len(own)} item{'s' if len(own) > 1 else ''} over {len(trials.seeds)} seeds: right {right['full']:.2f} with all patches,"
        f" {right['without']:.2f} without {it}; {right['none']:.2f} with none of the round, {right['only']:.2f} with {it} alone."
    )


def _levels(case: Round, found: Found) -> list[list[Unit]]:
    """The units to try first, then the halves of those groups that matter, and so on; only the last level may lack trials."""
    levels = [first_units(case)]
    while all(_complete(case, unit, found) for unit in levels[-1]):
        groups = [unit for unit in levels[-1] if len(unit) > 1]
        halves = [half for unit in _mattering(case, found, levels, groups) for half in _halves(case, unit)]
        if not halves:
            break
        levels.append(halves)
    return levels


def _mattering(case: Round, found: Found, levels: Sequence[Sequence[Unit]], groups: Sequence[Unit]) -> list[Unit]:
    """The groups that, left out, make their own items worse or the benchmark better."""
    if not groups:
        return []
    trials = Trials(case.patches, case.items, found, [unit for level in levels for unit in level])
    values = {unit: trials.values(unit) for unit in groups}
    adjusted = [_beside({u: v.get(claim, 1.0) for u, v in values.items()}) for claim in ("necessary", "harmful")]
    return [unit for unit in groups if any(ps[unit] < LEVEL for ps in adjusted)]


def _beside(values: Mapping[Unit, float]) -> dict[Unit, float]:
    """p-values of groups, adjusted for one another."""
    names = {"+".join(sorted(unit)): unit for unit in values}
    return {names[name]: p for name, p in false_discovery({name: values[unit] for name, unit in names.items()}).items()}


def _halves(case: Round, unit: Unit) -> tuple[Unit, Unit]:
    """In order of what they teach, so that patches of one chain stay together as long as they can."""
    members = [p.id for p in sorted((p for p in case.patches if p.id in unit), key=lambda p: (p.targets, p.id))]
    middle = (len(members) + 1) // 2
    return frozenset(members[:middle]), frozenset(members[middle:])


def _complete(case: Round, unit: Unit, found: Found) -> bool:
    return all(condition in found for condition in (Condition(), case.every, unit, case.every - unit))
