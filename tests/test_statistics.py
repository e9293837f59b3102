"""Statistics compared with hand computations, with scipy, and with properties that they must have."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from proda.errors import EmptyBenchmarkError
from proda.records import Outcome
from proda.statistics import (
    Pair,
    at_least,
    by_chain,
    contrast,
    difference,
    false_discovery,
    flips,
    holm,
    interval,
    mean_interval,
    paired,
    sign_flip,
    stratified_contrast,
)


def outcome(item: str, model: str, correct: bool | None, digest: str = "h") -> Outcome:
    chosen = None if correct is None else "A" if correct else "B"
    return Outcome(item, digest, model, "dev", "d", item.partition(":")[0], "path", "A", chosen, correct, None if correct is None else 0.1)


def test_only_the_same_text_under_the_same_seed_is_a_pair() -> None:
    before = [
        outcome("c:1", "seed-0", False),
        outcome("c:2", "seed-0", False, "old"),
        outcome("c:3", "seed-0", True),
        outcome("c:4", "seed-0", None),
    ]
    after = [
        outcome("c:1", "seed-0", True),
        outcome("c:2", "seed-0", True, "new"),
        outcome("c:5", "seed-0", True),
        outcome("c:4", "seed-0", True),
    ]
    pairs, rest = paired(before, after)
    assert [(p.item, p.before, p.after) for p in pairs] == [("c:1", False, True)]
    assert (rest.changed, rest.retired, rest.added, rest.unscored) == (1, 1, 1, 1)


def test_holm_and_false_discovery_as_in_the_textbooks() -> None:
    values = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}
    assert holm(values) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert false_discovery(values) == pytest.approx({"a": 0.02, "b": 0.04, "c": 0.04, "d": 0.02})
    assert list(false_discovery(values).values()) == pytest.approx(scipy.stats.false_discovery_control(list(values.values())))


def test_the_exact_test_of_a_table_is_fishers() -> None:
    for blamed, suspected, free, asked in ((7, 9, 3, 12), (0, 4, 2, 5), (4, 4, 0, 5)):
        table = [[blamed, suspected - blamed], [free, asked - free]]
        assert at_least(blamed, suspected, free, asked) == pytest.approx(scipy.stats.fisher_exact(table, alternative="greater").pvalue)


def test_flipped_signs_are_a_permutation_test_of_paired_samples() -> None:
    rng = np.random.default_rng(3)
    for n in (4, 9, 13, 40):
        values = rng.normal(0.4, 1.0, n)
        oracle = scipy.stats.permutation_test(
            (values, np.zeros(n)),
            lambda x, y, axis: np.mean(x - y, axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=10_000,
            rng=np.random.default_rng(0),
        )
        assert sign_flip(values) == pytest.approx(oracle.pvalue, abs=1e-12 if n <= 13 else 0.02)


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1))
def test_adjusting_never_lowers_a_value_nor_changes_their_order(values: dict[str, float]) -> None:
    for adjusted in (holm(values), false_discovery(values)):
        assert all(values[k] <= adjusted[k] + 1e-12 and adjusted[k] <= 1 for k in values)
        ranked = sorted(values, key=values.__getitem__)
        assert all(adjusted[a] <= adjusted[b] + 1e-12 for a, b in zip(ranked, ranked[1:], strict=False))


def test_few_seeds_cannot_prove_much() -> None:
    assert sign_flip([0.2] * 5) == pytest.approx(2 / 32)
    assert sign_flip([0.2, -0.2]) == 1.0 and sign_flip([]) == 1.0
    assert sign_flip([0.2] * 20) < 0.001


def world(effect: float, chains: int, seed: int, together: bool) -> list[Pair]:
    """`chains` chains of four items, three seeds; an item flips to right with probability `effect`, a whole chain at once if `together`."""
    rng, pairs = random.Random(seed), []
    for chain in range(chains):
        whole = rng.random()
        for item in range(4):
            up = (whole if together else rng.random()) < 0.2 + effect
            down = (1 - whole if together else rng.random()) < 0.2
            for model in ("seed-0", "seed-1", "seed-2"):
                pairs.append(Pair(f"c{chain}:{item}", f"c{chain}", "d", "dev", model, not up, up and not down))
    return pairs


def test_the_interval_holds_the_mean_and_widens_when_items_of_a_chain_go_together() -> None:
    apart, together = difference(world(0.2, 60, 1, False)), difference(world(0.2, 60, 1, True))
    for mean, low, high in (apart, together):
        assert low < mean < high
    assert together[2] - together[1] > 1.3 * (apart[2] - apart[1])
    assert difference(world(0.2, 60, 1, True)) == together


def test_a_seed_that_alone_gains_is_no_sure_gain() -> None:
    lucky = [Pair(f"c{n}:1", f"c{n}", "d", "dev", f"seed-{s}", False, s == 0) for n in range(50) for s in range(3)]
    _, low, _ = difference(lucky)
    assert low == 0.0  # some draws hold only the seeds that did not


TABLE = {("a", "seed-0"): (1, 2), ("a", "seed-1"): (2, 2), ("b", "seed-0"): (0, 1), ("b", "seed-1"): (1, 1)}  # (correct, items)


def exact_draws() -> list[float]:
    """Every equally likely draw of two chains and two seeds of TABLE, and the accuracy that it gives."""
    means = []
    for chains in itertools.product("ab", repeat=2):
        for seeds in itertools.product(("seed-0", "seed-1"), repeat=2):
            cells = [TABLE[chain, seed] for chain in chains for seed in seeds]
            means.append(sum(right for right, _ in cells) / sum(count for _, count in cells))
    return means


def test_accuracy_and_difference_resample_chains_and_seeds_as_written_out_by_hand() -> None:
    outcomes = [outcome(f"{chain}:{n}", seed, n < right) for (chain, seed), (right, count) in TABLE.items() for n in range(count)]
    pairs = [Pair(o.item, o.chain, "d", "dev", o.model, False, bool(o.correct)) for o in outcomes]
    for level in (0.95, 0.8, 0.5):
        tail = 100 * (1 - level) / 2
        # The draws are few and discrete: the nearest of them, as a bootstrap of any size has them.
        low, high = np.percentile(np.sort(exact_draws()), [tail, 100 - tail], method="inverted_cdf")
        found = interval(outcomes, resamples=20_000, level=level)
        assert found == pytest.approx((4 / 6, low, high))
        assert difference(pairs, resamples=20_000, level=level) == found  # nothing was right before, so both are the same numbers


def test_with_one_seed_the_interval_is_the_bootstrap_over_chains() -> None:
    rng = random.Random(5)
    outcomes = [outcome(f"c{chain}:{n}", "seed-0", rng.random() < 0.3 + chain / 100) for chain in range(40) for n in range(5)]
    shares = [sum(bool(o.correct) for o in outcomes if o.chain == f"c{chain}") / 5 for chain in range(40)]
    oracle = scipy.stats.bootstrap((shares,), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(1))
    mean, low, high = interval(outcomes, resamples=20_000)
    assert mean == pytest.approx(np.mean(shares))
    assert (low, high) == pytest.approx(tuple(oracle.confidence_interval), abs=0.004)


def test_seeds_that_disagree_widen_the_interval_of_an_accuracy() -> None:
    def answers(right: tuple[float, float, float]) -> list[Outcome]:
        rng = random.Random(2)
        return [outcome(f"c{c}:1", f"seed-{s}", rng.random() < right[s]) for c in range(200) for s in range(3)]

    (_, low, high), (_, wide_low, wide_high) = interval(answers((0.6, 0.6, 0.6))), interval(answers((0.3, 0.6, 0.9)))
    assert wide_high - wide_low > 2 * (high - low)


def test_gains_and_losses_of_a_chain_are_one_value() -> None:
    pairs = [Pair("b:1", "b", "d", "dev", "seed-0", False, True), Pair("b:1", "b", "d", "dev", "seed-1", False, True)]
    pairs += [Pair("a:1", "a", "d", "dev", "seed-0", True, False), Pair("c:1", "c", "d", "dev", "seed-0", True, True)]
    assert by_chain(pairs) == [-1.0, 2.0, 0.0]


def test_no_pairs_prove_nothing() -> None:
    with pytest.raises(EmptyBenchmarkError, match="paired"):
        difference([])
    assert flips([]) == (0, 0)


def test_the_mean_of_any_values_has_the_interval_of_independent_ones_if_each_has_a_chain() -> None:
    drawn = np.random.default_rng(3).random(400)
    cells = [(f"c{n}", "s", float(value)) for n, value in enumerate(drawn)]
    mean, low, high = mean_interval(cells)
    assert mean == pytest.approx(drawn.mean())
    assert high - low == pytest.approx(2 * 1.96 * drawn.std() / 20, rel=0.12)
    assert mean_interval(cells[::-1]) == (mean, low, high)


def test_a_contrast_of_independent_groups_is_as_wide_as_in_the_textbook() -> None:
    drawn = np.random.default_rng(4)
    one, two = drawn.random(600) < 0.8, drawn.random(300) < 0.3
    cells = [[(f"{name}{n}", "s", float(right)) for n, right in enumerate(part)] for name, part in (("a", one), ("b", two))]
    mean, low, high = contrast(cells[0], cells[1])
    assert mean == pytest.approx(one.mean() - two.mean())
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(one.var() / 600 + two.var() / 300), rel=0.15)
    turned = contrast(cells[1], cells[0])
    assert turned == pytest.approx((-mean, -high, -low))


def test_what_both_groups_of_a_contrast_share_cancels() -> None:
    # Every chain is easier in the first group by the same amount; chains differ much among themselves.
    easy = [(n % 10) / 20 for n in range(100)]
    one, two = [(f"c{n}", "s", e + 0.25) for n, e in enumerate(easy)], [(f"c{n}", "s", e) for n, e in enumerate(easy)]
    assert contrast(one, two) == pytest.approx((0.25, 0.25, 0.25))
    _, low, high = contrast(one, [(f"d{c}", s, v) for c, s, v in two])
    assert high - low > 0.05


def test_groups_that_differ_only_in_their_shares_of_easy_questions_do_not_differ_within_them() -> None:
    # In either stratum both groups are alike; one group has mostly easy questions, the other mostly hard ones.
    def cells(count: int, right: float, name: str) -> list[tuple[str, str, float]]:
        return [(f"{name}{n}", "s", float(n < right * count)) for n in range(count)]

    easy, hard = (cells(30, 0.8, "a"), cells(10, 0.8, "b")), (cells(10, 0.2, "c"), cells(30, 0.2, "d"))
    mean, low, high = stratified_contrast([easy, hard])
    assert mean == pytest.approx(0, abs=1e-12) and low < 0 < high
    assert contrast([*easy[0], *hard[0]], [*easy[1], *hard[1]])[0] == pytest.approx(0.3)
    assert stratified_contrast([easy]) == contrast(*easy)
    with pytest.raises(EmptyBenchmarkError):
        stratified_contrast([])


def test_a_contrast_of_one_chain_each_has_no_interval_from_draws_that_miss_one_of_them() -> None:
    mean, low, high = contrast([("a", "s", 1.0)], [("b", "s", 0.0)])
    assert (mean, low, high) == (1.0, 1.0, 1.0)
    for one, two in (([], [("b", "s", 0.0)]), ([("a", "s", 1.0)], [])):
        with pytest.raises(EmptyBenchmarkError):
            contrast(one, two)
    with pytest.raises(EmptyBenchmarkError):
        mean_interval([])
