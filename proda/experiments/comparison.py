"""Compares the arms of a study: accuracy, gain over no repair, and lead of diagnosed repair, with intervals and p-values. Pure.

    found = compare(outcomes, general)
    found["undirected"].gain["twin"]        # Difference(value=.021, ci95_low=.004, ci95_high=.039, p=.02, p_holm=.06)
    found["undirected"].behind["twin"]      # how much better diagnosed repair is than this arm

Every arm is compared with no repair and with diagnosed repair, on the same items and under the same training seeds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from proda.errors import EmptyBenchmarkError
from proda.experiments.arms import DIAGNOSED, NO_REPAIR
from proda.records import SPLITS, Outcome, Record, Split
from proda.statistics import by_chain, difference, holm, paired, sign_flip

DIGITS = 4


class Difference(Record, frozen=True):
    """Accuracy of one arm minus the accuracy of another, on the same items under the same training seeds.

    The 95 % interval is a bootstrap over chains and seeds. `p` is from a sign-flip test on the differences per chain, for the given
    seeds. `p_holm` is `p` adjusted for the number of arms compared (Holm).
    """

    value: float
    ci95_low: float
    ci95_high: float
    p: float
    p_holm: float


class Standing(Record, frozen=True):
    """Results of one arm. Accuracies are means over training seeds."""

    accuracy: dict[Split, float]
    seeds: dict[Split, dict[str, float]]  # split → model → accuracy
    kinds: dict[Split, dict[str, float]]  # split → kind of item → accuracy
    general: float
    general_change: float  # general suite: this arm minus no repair
    gain: dict[Split, Difference]  # over no repair
    behind: dict[Split, Difference]  # diagnosed repair minus this arm
    keeps: dict[Split, float | None]  # gain as a share of the diagnosed gain; None unless the interval of that gain is above 0


def compare(
    outcomes: Mapping[str, Sequence[Outcome]], general: Mapping[str, Mapping[str, float]], *, resamples: int = 2000
) -> dict[str, Standing]:
    """Returns the results of each arm, in the order of `outcomes`.

    `outcomes` must hold the arms `no-repair` and `diagnosed`. `general` maps each arm to its models' accuracies on the general suite. Each
    split is compared separately; p-values are adjusted over the arms. Deterministic. Raises EmptyBenchmarkError if an arm is missing, or if
    two arms have no item in common.
    """
    if missing := {NO_REPAIR, DIAGNOSED} - set(outcomes):
        raise EmptyBenchmarkError(f"No outcomes of {' or '.join(sorted(missing))}, which all arms are compared with. Pass both.")
    splits = [s for s in SPLITS if any(o.split == s for o in outcomes[NO_REPAIR])]
    by_split = {s: {arm: [o for o in found if o.split == s] for arm, found in outcomes.items()} for s in splits}
    gains, behind = {}, {}
    for split, found in by_split.items():
        gains[split] = _family({arm: (found[NO_REPAIR], mine) for arm, mine in found.items() if arm != NO_REPAIR}, resamples)
        others = {arm: (mine, found[DIAGNOSED]) for arm, mine in found.items() if arm not in (NO_REPAIR, DIAGNOSED)}
        behind[split] = _family(others, resamples)
    means = {arm: sum(values.values()) / len(values) for arm, values in general.items()}
    standings = {}
    for arm in outcomes:
        seeds = {s: _by_model(by_split[s][arm]) for s in splits}
        standings[arm] = Standing(
            {s: round(sum(each.values()) / len(each), DIGITS) for s, each in seeds.items()},
            {s: {model: round(value, DIGITS) for model, value in each.items()} for s, each in seeds.items()},
            {s: _by_kind(by_split[s][arm]) for s in splits},
            round(means[arm], DIGITS),
            round(means[arm] - means[NO_REPAIR], DIGITS),
            {s: gains[s][arm] for s in splits if arm in gains[s]},
            {s: behind[s][arm] for s in splits if arm in behind[s]},
            {s: _kept(gains[s][arm], gains[s][DIAGNOSED]) for s in splits if arm in behind[s]},
        )
    return standings


def _family(sides: Mapping[str, tuple[Sequence[Outcome], Sequence[Outcome]]], resamples: int) -> dict[str, Difference]:
    """Returns after minus before for each name, with p-values adjusted for the number of names."""
    pairs = {name: paired(before, after)[0] for name, (before, after) in sides.items()}
    raw = {name: sign_flip(by_chain(mine)) for name, mine in pairs.items()}
    adjusted = holm(raw)
    return {
        name: Difference(*(round(v, DIGITS) for v in (*difference(mine, resamples=resamples), raw[name], adjusted[name])))
        for name, mine in pairs.items()
    }


def _by_model(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """Accuracy of each model on the scored outcomes."""
    right: dict[str, list[bool]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.correct is not None:
            right[outcome.model].append(outcome.correct)
    return {model: sum(found) / len(found) for model, found in right.items()}


def _by_kind(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """Mean over models of the accuracy on each kind of item."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.kind].append(outcome)
    each = {kind: _by_model(mine) for kind, mine in sorted(found.items())}
    return {kind: round(sum(models.values()) / len(models), DIGITS) for kind, models in each.items() if models}


def _kept(gain: Difference, diagnosed: Difference) -> float | None:
    return round(gain.value / diagnosed.value, 2) if diagnosed.ci95_low > 0 else None
