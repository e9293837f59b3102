"""Statistics for outcomes that are not independent: accuracy, paired differences, tests and corrections.

    mean, low, high = interval(outcomes, resamples=2000)    # accuracy of one group of models
    pairs, rest = paired(before, after)                     # outcomes matched by item, content hash and seed
    mean, low, high = difference(pairs)                     # accuracy after minus accuracy before
    mean, low, high = mean_interval(cells)                  # mean of values, each with its chain and its seed
    mean, low, high = contrast(one, two)                    # difference of two such means, for example over two groups of items
    mean, low, high = stratified_contrast([(one, two), …])  # the same within each kind of item, and then over kinds
    p = sign_flip(by_chain(pairs))                          # permutation test of that difference
    holm({"dev": 0.01, "twin": 0.04})                       # adjusted for two tests

Two things make outcomes dependent: items of one chain ask about the same statements, and items of one seed are answered by the same model.
Every interval here resamples both in the same way: each bootstrap draw takes as many chains as there are, with replacement, and as many
seeds as there are, with replacement, and uses the outcomes in the drawn chains of the drawn seeds (two-way pigeonhole bootstrap: Owen 2007;
cluster bootstrap: Field & Welsh 2007). With one seed this is the bootstrap over chains. Permutation tests use one value per chain.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import comb
from typing import TYPE_CHECKING, Any

from proda.errors import EmptyBenchmarkError
from proda.records import Outcome, Record, Split

if TYPE_CHECKING:
    import numpy as np

LEVEL = 0.95  # of every interval, unless the caller asks for another
Cell = tuple[str, str, float]
"""(chain, training seed, value)"""


class Pair(Record, frozen=True):
    """Whether one item was answered correctly under one seed, before and after a change."""

    item: str
    chain: str
    discipline: str
    split: Split
    seed: str
    before: bool
    after: bool


class Unpaired(Record, frozen=True):
    """Numbers of outcomes that cannot be paired, by reason. They are never counted as gains or losses."""

    changed: int  # the item's text differs
    retired: int  # the item exists only before
    added: int  # the item exists only after
    unscored: int  # at least one of the two answers could not be read


def paired(before: Iterable[Outcome], after: Iterable[Outcome]) -> tuple[list[Pair], Unpaired]:
    """Match outcomes of the same item, text and model.

    Returns the pairs, sorted by item and model, and the numbers of outcomes without a partner.
    """
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
            pairs.append(Pair(a.item, a.chain, a.discipline, a.split, a.model, a.correct, b.correct))
    return pairs, Unpaired(changed, len(old.keys() - new.keys()), len(new.keys() - old.keys()), unscored)


def interval(outcomes: Iterable[Outcome], *, resamples: int = 2000, seed: int = 0, level: float = LEVEL) -> tuple[float, float, float]:
    """Return (accuracy, low, high) over the scored outcomes, with a percentile interval over chains and seeds.

    `seed` is that of the bootstrap. Deterministic, and independent of the order of `outcomes`. Raises EmptyBenchmarkError if no outcome is
    scored.
    """
    cells = [(o.chain, o.model, int(o.correct)) for o in outcomes if o.correct is not None]
    if not cells:
        raise EmptyBenchmarkError("No outcome is scored, so there is no accuracy to report. See benchmarks/results/outcomes.")
    return _bootstrap(cells, resamples, seed, level)


def difference(pairs: Sequence[Pair], *, resamples: int = 2000, seed: int = 0, level: float = LEVEL) -> tuple[float, float, float]:
    """Return (mean, low, high) of accuracy after minus accuracy before, with a percentile interval over chains and seeds.

    `seed` is that of the bootstrap. Deterministic. Raises EmptyBenchmarkError without pairs.
    """
    if not pairs:
        raise EmptyBenchmarkError("No outcome can be paired: before and after have no item with the same text and seed in common.")
    return _bootstrap([(p.chain, p.seed, int(p.after) - int(p.before)) for p in pairs], resamples, seed, level)


def mean_interval(cells: Sequence[Cell], *, resamples: int = 2000, seed: int = 0, level: float = LEVEL) -> tuple[float, float, float]:
    """Return (mean, low, high) of the values in `cells`, with a percentile interval over chains and seeds.

    `seed` is that of the bootstrap. Deterministic, and independent of the order of `cells`. Raises EmptyBenchmarkError without cells.
    """
    if not cells:
        raise EmptyBenchmarkError("There are no values, so there is no mean to report.")
    return _bootstrap(cells, resamples, seed, level)


def contrast(
    one: Sequence[Cell], two: Sequence[Cell], *, resamples: int = 2000, seed: int = 0, level: float = LEVEL
) -> tuple[float, float, float]:
    """Return (mean of `one` minus mean of `two`, low, high), with a percentile interval over chains and seeds.

    Both groups use the same draws of chains and seeds, so that what they share cancels. Draws that leave a group empty are skipped; if all
    do, low and high are NaN. `seed` is that of the bootstrap. Deterministic. Raises EmptyBenchmarkError if a group is empty.
    """
    return stratified_contrast([(one, two)], resamples=resamples, seed=seed, level=level)


def stratified_contrast(
    strata: Sequence[tuple[Sequence[Cell], Sequence[Cell]]], *, resamples: int = 2000, seed: int = 0, level: float = LEVEL
) -> tuple[float, float, float]:
    """Return (mean difference, low, high) of pairs of groups that are compared within each pair, with an interval over chains and seeds.

    The differences of the pairs are weighted by their numbers of values. So two groups with different shares of easy questions do not
    differ for that reason. All groups use the same draws of chains and seeds; a draw leaves out the pairs that have an empty group in it,
    and is skipped if no pair is left; without any draw, low and high are NaN. `seed` is that of the bootstrap. Deterministic. Raises
    EmptyBenchmarkError if a group is empty or there is none.
    """
    import numpy as np

    if not strata or not all(one and two for one, two in strata):
        raise EmptyBenchmarkError("A group is empty, so there is no difference to report.")
    places = _places(cell for groups in strata for group in groups for cell in group)
    total, weight = np.zeros(resamples), np.zeros(resamples)
    mean = 0.0
    for one, two in strata:
        (first, n_first), (second, n_second) = (_drawn(cells, places, resamples, seed) for cells in (one, two))
        full = (n_first > 0) & (n_second > 0)
        size = (n_first + n_second)[full]
        total[full] += size * (first[full] / n_first[full] - second[full] / n_second[full])
        weight[full] += size
        mean += (len(one) + len(two)) * float(np.mean([c[2] for c in one]) - np.mean([c[2] for c in two]))
    drawn = weight > 0
    low, high = _percentiles(total[drawn] / weight[drawn], level)
    return mean / sum(len(one) + len(two) for one, two in strata), low, high


def _bootstrap(cells: Sequence[Cell], resamples: int, seed: int, level: float) -> tuple[float, float, float]:
    """Mean of the values in `cells` and its interval; see the top of the module."""
    totals, counts = _drawn(cells, _places(cells), resamples, seed)
    # A draw is empty if none of its chains was scored under any of its seeds.
    low, high = _percentiles(totals[counts > 0] / counts[counts > 0], level)
    return sum(sorted(value for _, _, value in cells)) / len(cells), low, high


def _places(cells: Iterable[Cell]) -> tuple[dict[str, int], dict[str, int]]:
    """Chain → its row, and seed → its column."""
    cells = list(cells)
    chains, seeds = (sorted({cell[part] for cell in cells}) for part in (0, 1))
    return {str(chain): n for n, chain in enumerate(chains)}, {str(trained): n for n, trained in enumerate(seeds)}


def _drawn(
    cells: Iterable[Cell], places: tuple[dict[str, int], dict[str, int]], resamples: int, seed: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Sum and number of the values in each bootstrap draw of chains and seeds."""
    import numpy as np

    chains, seeds = places
    total, count = np.zeros((len(chains), len(seeds))), np.zeros((len(chains), len(seeds)))
    for chain, trained, value in sorted(cells):
        total[chains[chain], seeds[trained]] += value
        count[chains[chain], seeds[trained]] += 1
    rng = np.random.default_rng(seed)
    drawn_chains = rng.multinomial(len(chains), np.full(len(chains), 1 / len(chains)), size=resamples)
    drawn_seeds = rng.multinomial(len(seeds), np.full(len(seeds), 1 / len(seeds)), size=resamples)
    return np.einsum("rc,cs,rs->r", drawn_chains, total, drawn_seeds), np.einsum("rc,cs,rs->r", drawn_chains, count, drawn_seeds)


def _percentiles(values: np.ndarray[Any, Any], level: float) -> tuple[float, float]:
    import numpy as np

    if not len(values):
        return float("nan"), float("nan")
    low, high = np.percentile(values, [100 * (1 - level) / 2, 100 * (1 + level) / 2])
    return float(low), float(high)


def by_chain(pairs: Iterable[Pair]) -> list[float]:
    """Return, for each chain in order of its id, the number of answers gained minus the number lost, over all items and seeds."""
    gained: Counter[str] = Counter()
    for pair in pairs:
        gained[pair.chain] += int(pair.after) - int(pair.before)
    return [float(gained[chain]) for chain in sorted(gained)]


def flips(pairs: Iterable[Pair]) -> tuple[int, int]:
    """Return the numbers of pairs that turned from wrong to right, and from right to wrong."""
    pairs = list(pairs)
    return sum(p.after and not p.before for p in pairs), sum(p.before and not p.after for p in pairs)


def sign_flip(differences: Sequence[float], *, resamples: int = 10_000, seed: int = 0) -> float:
    """Return the two-sided p-value of a permutation test that the mean of paired differences is zero.

    The differences have to be independent of one another: one value per chain or per seed, not per item. All 2ⁿ assignments of signs are
    enumerated up to n = 13, and `resamples` random ones are drawn beyond that. The smallest possible value is 2/2ⁿ, so five differences
    cannot give less than .0625. Returns 1 if there are no differences, or all are zero.
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
    """Return p-values adjusted for the family-wise error rate (Holm 1979), in the order of `values`."""
    adjusted, worst = {}, 0.0
    for rank, (name, value) in enumerate(sorted(values.items(), key=lambda pair: pair[1])):
        worst = max(worst, min(1.0, (len(values) - rank) * value))
        adjusted[name] = worst
    return {name: adjusted[name] for name in values}


def false_discovery(values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted for the false discovery rate (Benjamini & Hochberg 1995), in the order of `values`."""
    adjusted, best = {}, 1.0
    ranked = sorted(values.items(), key=lambda pair: pair[1])
    for rank, (name, value) in reversed(list(enumerate(ranked, start=1))):
        best = min(best, value * len(values) / rank)
        adjusted[name] = best
    return {name: adjusted[name] for name in values}


def by(pairs: Iterable[Pair], field: str) -> dict[str, list[Pair]]:
    """Group pairs by the value of one field, sorted by that value."""
    groups: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        groups[getattr(pair, field)].append(pair)
    return dict(sorted(groups.items()))


def most(part: int, whole: int) -> bool:
    """Whether more than half of `whole` models (or answers) are meant by `part`; False for exactly half.

    "Most models fail this item", "most models do not know this node" and "the item is right for most seeds" all use this definition.
    """
    return 2 * part > whole


def accuracy(outcomes: Iterable[Outcome]) -> float:
    """Return the share of correct answers among the scored outcomes, or NaN if no outcome is scored."""
    scored = [o.correct for o in outcomes if o.correct is not None]
    return sum(scored) / len(scored) if scored else float("nan")


def chance(counts: np.ndarray[Any, Any]) -> float:
    """Return the exact one-sided p-value of a permutation test: is the sum of the first row higher than chance explains?

    `counts` are integers of shape [trainings, seeds]. Under the null hypothesis the trainings are exchangeable within each seed.
    """
    import numpy as np

    spread = np.ones(1)
    for column in counts.T:
        spread = np.convolve(spread, np.bincount(column - column.min()) / column.size)
    observed = int((counts[0] - counts.min(axis=0)).sum())
    return min(1.0, float(spread[observed:].sum()))


def at_least(blamed: int, suspected: int, free: int, asked: int) -> float:
    """Return the one-sided p-value of Fisher's exact test that suspected nodes fail no more often than control nodes.

    `blamed` of the `suspected` nodes fail, and `free` of the `asked` control nodes.
    """
    whole, unknown = suspected + asked, blamed + free
    ways = sum(comb(unknown, k) * comb(whole - unknown, suspected - k) for k in range(blamed, min(unknown, suspected) + 1))
    return ways / comb(whole, suspected)
