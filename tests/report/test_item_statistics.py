"""Facility, discrimination and rank correlation against their definitions, and the counts of items by group."""

from __future__ import annotations

import random

import pytest
import scipy.stats

from proda.records import ItemKind, Outcome
from proda.report.item_statistics import LEAST, GroupStatistics, grouped, item_statistics, rank_correlation


def outcome(item: str, model: str, right: bool | None, discipline: str = "physics", kind: ItemKind = "bridge") -> Outcome:
    chosen = None if right is None else "A" if right else "B"
    return Outcome(item, "0f", model, "twin", discipline, f"{discipline}/c", kind, "A", chosen, right, None)


def simulated(models: int, items: int) -> list[Outcome]:
    """Model k is right with a probability that grows with k, except on the item `turned`, where it falls."""
    drawn = random.Random(0)
    found = []
    for m in range(models):
        skill = (m + 0.5) / models
        found += [outcome(f"i{n}", f"seed-{m}", drawn.random() < skill) for n in range(items)]
        found.append(outcome("turned", f"seed-{m}", skill < 0.4))
    return found


def test_discrimination_is_the_point_biserial_correlation_with_the_rest() -> None:
    outcomes = simulated(12, 30)
    found = item_statistics(outcomes)
    models = sorted({o.model for o in outcomes})
    right = {(o.item, o.model): bool(o.correct) for o in outcomes}
    for item in ("i0", "i17", "turned"):
        mine = [right[item, m] for m in models]
        rest = [sum(r for (i, model), r in right.items() if model == m and i != item) for m in models]
        assert found[item].discrimination == pytest.approx(scipy.stats.pointbiserialr(mine, rest).statistic, abs=1e-4)
        assert found[item].facility == pytest.approx(sum(mine) / 12, abs=1e-4)
    assert (found["turned"].discrimination or 0) < -0.5 < 0.2 < sum(s.discrimination or 0 for s in found.values()) / 31
    assert item_statistics(outcomes[::-1]) == found


@pytest.mark.parametrize(("models", "given"), [(LEAST - 1, False), (LEAST, True)])
def test_few_models_give_no_discrimination(models: int, given: bool) -> None:
    found = item_statistics(simulated(models, 20))
    assert (found["turned"].discrimination is not None) is given and found["turned"].models == models


def test_unscored_answers_are_left_out() -> None:
    outcomes = [outcome("a", "base", True), outcome("a", "seed-0", None), outcome("b", "base", None)]
    found = item_statistics(outcomes)
    assert list(found) == ["a"] and (found["a"].models, found["a"].facility, found["a"].discrimination) == (1, 1.0, None)


def test_an_item_on_which_all_models_agree_discriminates_nothing() -> None:
    outcomes = simulated(10, 20) + [outcome(name, f"seed-{m}", name == "easy") for m in range(10) for name in ("easy", "hard")]
    found = item_statistics(outcomes)
    assert (found["easy"].facility, found["easy"].discrimination) == (1.0, None)
    assert (found["hard"].facility, found["hard"].discrimination) == (0.0, None)


def test_models_that_do_equally_well_on_the_rest_give_none() -> None:
    outcomes = [outcome("i", f"seed-{m}", m % 2 == 0) for m in range(8)] + [outcome("j", f"seed-{m}", True) for m in range(8)]
    assert item_statistics(outcomes)["i"].discrimination is None
    assert item_statistics(outcomes[:8])["i"].discrimination is None  # no other item


def grades() -> list[Outcome]:
    """Three models, of which each does worse than the one before; on `turned` the worst alone is right."""
    rights: dict[tuple[str, str, ItemKind], tuple[bool, ...]] = {("easy", "earth-science", "effect"): (True, True, True)}
    rights |= {(f"middle-{n}", "history", "bridge"): (True, True, False) for n in range(2)}
    rights |= {(f"hard-{n}", "history", "bridge"): (True, False, False) for n in range(2)}
    rights |= {("never", "history", "effect"): (False, False, False), ("turned", "history", "bridge"): (False, False, True)}
    return [outcome(i, f"seed-{m}", right, d, kind) for (i, d, kind), each in rights.items() for m, right in enumerate(each)]


def test_floor_ceiling_median_and_negative_discrimination_are_counted_by_group_and_over_all() -> None:
    found = item_statistics(grades()).values()
    history = GroupStatistics("history", items=6, floor=1, ceiling=0, median=0.3333, negative=1)
    whole = GroupStatistics("all", items=7, floor=1, ceiling=1, median=0.3333, negative=1)
    assert grouped(found, "discipline") == [GroupStatistics("earth science", 1, 0, 1, 1.0, 0), history, whole]
    bridges, effects = GroupStatistics("bridge", 5, 0, 0, 0.3333, 1), GroupStatistics("effect", 2, 1, 1, 0.5, 0)
    assert grouped(found, "kind") == [bridges, effects, whole]
    assert grouped((), "kind") == []


def test_rank_correlation_is_spearmans_with_shared_ranks() -> None:
    drawn = random.Random(1)
    pairs = [(drawn.randrange(6) / 10, drawn.random() ** 3) for _ in range(20)]
    assert len({one for one, _ in pairs}) < 20
    assert rank_correlation(pairs) == pytest.approx(scipy.stats.spearmanr(pairs).statistic, abs=1e-4)
    assert rank_correlation([(0.1, 0.2), (0.2, 0.9), (0.3, 0.91)]) == 1.0
    assert rank_correlation([(0.1, 0.5), (0.2, 0.5)]) is None
