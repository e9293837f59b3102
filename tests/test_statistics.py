"""Paired statistics, held against values known from elsewhere and against what they must not do."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proda.errors import EmptyBenchmarkError
from proda.records import Outcome
from proda.statistics import Pair, difference, false_discovery, flips, holm, mcnemar, paired, sign_flip


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


def test_mcnemar_equals_the_binomial_test() -> None:
    assert mcnemar(8, 2) == pytest.approx(0.109375)  # scipy.stats.binomtest(2, 10).pvalue, and (3, 18)
    assert mcnemar(15, 3) == pytest.approx(0.007537841796875)
    assert mcnemar(0, 0) == 1.0 and mcnemar(5, 5) == 1.0


def test_holm_and_false_discovery_as_in_the_textbooks() -> None:
    values = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}
    assert holm(values) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert false_discovery(values) == pytest.approx({"a": 0.02, "b": 0.04, "c": 0.04, "d": 0.02})


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
    """`chains` chains of four items, three seeds; an item flips to right with chance `effect`, a whole chain at once if `together`."""
    rng, pairs = random.Random(seed), []
    for chain in range(chains):
        whole = rng.random()
        for item in range(4):
            up = (whole if together else rng.random()) < 0.2 + effect
            down = (1 - whole if together else rng.random()) < 0.2
            for model in ("seed-0", "seed-1", "seed-2"):
                pairs.append(Pair(f"c{chain}:{item}", f"c{chain}", "d", model, not up, up and not down))
    return pairs


def test_the_interval_holds_the_mean_and_widens_when_items_of_a_chain_go_together() -> None:
    apart, together = difference(world(0.2, 60, 1, False)), difference(world(0.2, 60, 1, True))
    for mean, low, high in (apart, together):
        assert low < mean < high
    assert together[2] - together[1] > 1.3 * (apart[2] - apart[1])
    assert difference(world(0.2, 60, 1, True)) == together


def test_a_seed_that_alone_gains_is_no_sure_gain() -> None:
    lucky = [Pair(f"c{n}:1", f"c{n}", "d", f"seed-{s}", False, s == 0) for n in range(50) for s in range(3)]
    _, low, _ = difference(lucky)
    assert low == 0.0  # some draws hold only the seeds that did not


def test_no_pairs_prove_nothing() -> None:
    with pytest.raises(EmptyBenchmarkError, match="partner"):
        difference([])
    assert flips([]) == (0, 0)
