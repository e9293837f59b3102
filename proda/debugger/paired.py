"""Two models on the same items: is the difference more than chance? Paired statistics that know what belongs together.

    pairs = paired(before, after)                   # outcomes matched by item, content hash and seed
    mean, low, high = difference(pairs)             # accuracy after − before; 95 %, chains and seeds resampled
    mcnemar(better, worse)                          # exact, two-sided
    holm({"dev": .01, "twin": .04})                 # adjusted for having asked twice

Items of one chain stand or fall together, and so do the answers of one seed: the bootstrap draws chains, and within each draw seeds (Field
& Welsh 2007; Dror et al. 2018 on why tests on items alone promise too much).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import comb

from proda.errors import EmptyBenchmarkError
from proda.records import Outcome, Record


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
