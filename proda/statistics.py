"""Two models on the same items: is the difference more than chance? Paired statistics that know what belongs together.

    pairs = paired(before, after)                   # outcomes matched by item, content hash and seed
    mean, low, high = difference(pairs)             # accuracy after − before; 95 %, chains and seeds resampled
    mcnemar(better, worse)                          # exact, two-sided
    holm({"dev": .01, "twin": .04})                 # adjusted for having asked twice

Items of one chain stand or fall together, and so do the answers of one seed: the bootstrap draws chains, and within each draw seeds (Field
& Welsh 2007; Dror et al. 2018 on why tests on items alone promise too much).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import comb
from typing import TYPE_CHECKING, Any

from proda.errors import EmptyBenchmarkError
from proda.records import Outcome, Record

if TYPE_CHECKING:
    import numpy as np


class Pair(Record, frozen=True):
    """One item under one seed, before and after."""

    item: str
    chain: str
    discipline: str
    seed: str
    before: bool
    after: bool


class Unpaired(Record, frozen=True):
    """Why outcomes have no partner: counted apart, and never as a gain."""

    changed: int  # the item reads differently now
    retired: int  # the item is gone
    added: int  # the item is new
    unscored: int  # either answer could not be read


def paired(before: Iterable[Outcome], after: Iterable[Outcome]) -> tuple[list[Pair], Unpaired]:
    """Outcomes of equal item, text and model, in order of item and model; and how many had no partner."""
    old = {(o.item, o.model): o for o in before}
    new = {(o.item, o.model): o for o in after}
    pairs, changed, unscored = [], 0, 0
    for key in sorted(old.keys() & new.keys()):
        a, b = old[key], new[key]
        if a.hash != b.hash:
            changed += 1
        elif a.correct is None or b.correct is None:
            unscored += 1
        else:
            pairs.append(Pair(a.item, a.chain, a.discipline, a.model, a.correct, b.correct))
    return pairs, Unpaired(changed, len(old.keys() - new.keys()), len(new.keys() - old.keys()), unscored)


def difference(pairs: Sequence[Pair], *, resamples: int = 2000, seed: int = 0, level: float = 0.95) -> tuple[float, float, float]:
    """(mean, low, high) of accuracy after minus before; percentile interval of a bootstrap over chains and, within a draw, seeds.

    Deterministic. Raises EmptyBenchmarkError without pairs.
    """
    import numpy as np

    if not pairs:
        raise EmptyBenchmarkError(
            "No outcome has a partner: the items of before and after have nothing in common, so nothing can be compared."
        )
    chains = {c: n for n, c in enumerate(sorted({p.chain for p in pairs}))}
    seeds = {s: n for n, s in enumerate(sorted({p.seed for p in pairs}))}
    gain, count = np.zeros((len(chains), len(seeds))), np.zeros((len(chains), len(seeds)))
    for pair in pairs:
        cell = chains[pair.chain], seeds[pair.seed]
        gain[cell] += int(pair.after) - int(pair.before)
        count[cell] += 1
    rng = np.random.default_rng(seed)
    drawn_chains = rng.multinomial(len(chains), np.full(len(chains), 1 / len(chains)), size=resamples)
    drawn_seeds = rng.multinomial(len(seeds), np.full(len(seeds), 1 / len(seeds)), size=resamples)
    totals = np.einsum("rc,cs,rs->r", drawn_chains, count, drawn_seeds)
    means = np.einsum("rc,cs,rs->r", drawn_chains, gain, drawn_seeds)[totals > 0] / totals[totals > 0]
    low, high = np.percentile(means, [100 * (1 - level) / 2, 100 * (1 + level) / 2])
    return float(gain.sum() / count.sum()), float(low), float(high)


def mcnemar(better: int, worse: int) -> float:
    """Two-sided exact p-value of as many flips either way, if both ways were equally likely (McNemar 1947); 1 without flips."""
    both = better + worse
    tail = sum(comb(both, k) for k in range(min(better, worse) + 1))
    return float(min(1.0, 2 * tail / 2**both))


def flips(pairs: Iterable[Pair]) -> tuple[int, int]:
    """(wrong → right, right → wrong)."""
    pairs = list(pairs)
    return sum(p.after and not p.before for p in pairs), sum(p.before and not p.after for p in pairs)


def sign_flip(differences: Sequence[float], *, resamples: int = 10_000, seed: int = 0) -> float:
    """Two-sided p-value of a mean of paired differences, by flipping their signs: all 2ⁿ ways up to n = 13, drawn ones beyond.

    The smallest value that n differences can give is 2/2ⁿ: with five seeds no effect, however large, is below .0625.
    """
    import numpy as np

    values = np.asarray(differences, dtype=float)
    n = len(values)
    if not n or not values.any():
        return 1.0
    observed = abs(values.sum())
    if n <= 13:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float(np.mean(np.abs(signs @ values) >= observed - 1e-12))
    signs = np.random.default_rng(seed).choice((-1, 1), size=(resamples, n))
    beyond = int(np.sum(np.abs(signs @ values) >= observed - 1e-12))
    return (1 + beyond) / (resamples + 1)


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """p-values adjusted so that the chance of any false alarm among them stays at the level (Holm 1979)."""
    adjusted, worst = {}, 0.0
    for rank, (name, value) in enumerate(sorted(values.items(), key=lambda pair: pair[1])):
        worst = max(worst, min(1.0, (len(values) - rank) * value))
        adjusted[name] = worst
    return {name: adjusted[name] for name in values}


def false_discovery(values: Mapping[str, float]) -> dict[str, float]:
    """p-values adjusted so that the expected share of false ones among those called stays at the level (Benjamini & Hochberg 1995)."""
    adjusted, best = {}, 1.0
    ranked = sorted(values.items(), key=lambda pair: pair[1])
    for rank, (name, value) in reversed(list(enumerate(ranked, start=1))):
        best = min(best, value * len(values) / rank)
        adjusted[name] = best
    return {name: adjusted[name] for name in values}


def by(pairs: Iterable[Pair], field: str) -> dict[str, list[Pair]]:
    """Pairs grouped by one of their fields, in its order."""
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[getattr(pair, field)].append(pair)
    return dict(sorted(groups.items()))


def interval(outcomes: Sequence[Outcome], *, resamples: int, seed: int = 0) -> tuple[float, float, float]:
    """(accuracy, low, high) over scored outcomes; 95 %, clustered by chain. Raises EmptyBenchmarkError if none is scored."""
    import numpy as np

    right: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for outcome in outcomes:
        if outcome.correct is not None:
            count[outcome.chain] += 1
            right[outcome.chain] += outcome.correct
    if not count:
        raise EmptyBenchmarkError("No outcome is scored, so there is no accuracy to report. See benchmarks/results/outcomes.")
    chains = sorted(count)
    rights = np.array([right[c] for c in chains], dtype=np.float64)
    counts = np.array([count[c] for c in chains], dtype=np.float64)
    draws = np.random.default_rng(seed).multinomial(len(chains), np.full(len(chains), 1 / len(chains)), size=resamples)
    # Every draw holds len(chains) ≥ 1 chains of at least one item, so no division by zero.
    accuracies = (draws @ rights) / (draws @ counts)
    low, high = np.percentile(accuracies, [2.5, 97.5])
    return float(rights.sum() / counts.sum()), float(low), float(high)


def accuracy(outcomes: Iterable[Outcome]) -> float:
    """Share of right answers among the scored; NaN if none is."""
    scored = [o.correct for o in outcomes if o.correct is not None]
    return sum(scored) / len(scored) if scored else float("nan")


def chance(counts: np.ndarray[Any, Any]) -> float:
    """P-value of the first row's sum being so high, if it is chance which row of each column it is.

    `counts` are integers, trainings × seeds. Exact: the distribution of the sum over seeds, with every training of a seed equally likely.
    """
    import numpy as np

    spread = np.ones(1)
    for column in counts.T:
        spread = np.convolve(spread, np.bincount(column - column.min()) / column.size)
    observed = int((counts[0] - counts.min(axis=0)).sum())
    return min(1.0, float(spread[observed:].sum()))


def at_least(blamed: int, suspected: int, free: int, asked: int) -> float:
    """Fisher's exact test, one-sided: how likely so many unknown ones are among the suspects if suspicion says nothing. `blamed` of
    `suspected` nodes are unknown, and `free` of `asked` controls."""
    whole, unknown = suspected + asked, blamed + free
    ways = sum(comb(unknown, k) * comb(whole - unknown, suspected - k) for k in range(blamed, min(unknown, suspected) + 1))
    return ways / comb(whole, suspected)
