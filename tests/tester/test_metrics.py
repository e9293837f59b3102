"""Metrics: the shape of both files, means over seeds, intervals over chains, and unscored items apart from wrong ones."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from proda.errors import EmptyBenchmarkError
from proda.records import Outcome
from proda.statistics import interval
from proda.tester.metrics import breakdowns, flat_metrics, headline, metrics


def outcome(item: str, model: str, correct: bool | None, *, split: str = "dev", chain: str = "physics/a", operator: str = "") -> Outcome:
    chosen = None if correct is None else ("A" if correct else "B")
    return Outcome(item, "0f", model, split, chain.split("/", maxsplit=1)[0], chain, "path", "A", chosen, correct, 0.1, operator)  # type: ignore[arg-type]


BASE = [outcome("i1", "base", False, operator="inversion"), outcome("i2", "base", True), outcome("i3", "base", None)]
TUNED = [outcome(f"i{n}", f"seed-{s}", n <= s + 1, operator="truncation") for s in (0, 1, 10) for n in (1, 2, 3)]


def test_the_file_has_the_agreed_shape() -> None:
    found = metrics(
        [*BASE, *TUNED], [*BASE, *TUNED], without_stem={("base", "dev"): 0.25, ("seed-0", "dev"): 0.5}, heldout_loss={"base": 4.5}
    )
    assert set(found) == {"base", "tuned", "general"}
    assert set(found["base"]["dev"]) == {
        *("n", "accuracy", "ci95_low", "ci95_high", "unscored", "seeds", "without_stem"),
    }
    assert {"n", "accuracy", "ci95_low", "ci95_high", "seeds"} <= set(found["general"]["tuned"])
    assert found["general"]["base"]["heldout_loss"] == 4.5
    lists = [key for key, value in _walk(found) if isinstance(value, list)]
    assert set(lists) == {"seeds"}, "dvc metrics diff drops lists"
    json.dumps(found, allow_nan=False)
    apart = breakdowns([*BASE, *TUNED])
    assert set(apart) == {"base", "tuned"} and set(apart["base"]["dev"]) == {"by_discipline", "by_kind", "by_operator"}


def _walk(value: object) -> list[tuple[str, object]]:
    if not isinstance(value, dict):
        return []
    return [pair for key, inner in value.items() for pair in [(key, inner), *_walk(inner)]]


def test_unscored_is_counted_apart_and_not_as_wrong() -> None:
    found = metrics(BASE, BASE)["base"]["dev"]
    assert (found["n"], found["unscored"], found["accuracy"]) == (3, 1, 0.5)
    assert breakdowns(BASE)["base"]["dev"]["by_operator"] == {"inversion": 1.0}


def test_tuned_is_the_mean_over_seeds_in_the_order_of_their_numbers() -> None:
    found = metrics(TUNED, TUNED)["tuned"]["dev"]
    assert found["seeds"] == [0.3333, 0.6667, 1.0]
    assert found["accuracy"] == 0.6667 and found["n"] == 3


def test_the_interval_widens_when_items_of_a_chain_stand_or_fall_together() -> None:
    rng = random.Random(0)
    right = [rng.random() < 0.6 for _ in range(400)]
    apart = [outcome(f"i{n}", "base", right[n], chain=f"physics/c{n}") for n in range(400)]
    together = [outcome(f"i{n}", "base", right[n // 8], chain=f"physics/c{n // 8}") for n in range(400)]
    mean, low, high = interval(apart, resamples=2000)
    # Independent items: the binomial interval.
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(mean * (1 - mean) / 400), rel=0.12)
    _, wide_low, wide_high = interval(together, resamples=2000)
    assert (wide_high - wide_low) / (high - low) == pytest.approx(np.sqrt(8), rel=0.25)


def test_the_interval_is_the_same_every_time_and_in_any_order() -> None:
    outcomes = [outcome(f"i{n}", "base", n % 3 == 0, chain=f"physics/c{n // 4}") for n in range(80)]
    assert interval(outcomes, resamples=500) == interval(outcomes[::-1], resamples=500)


def test_nothing_scored_proves_nothing() -> None:
    with pytest.raises(EmptyBenchmarkError):
        interval([outcome("i1", "base", None)], resamples=10)


def test_the_headline_holds_few_numbers_of_the_metrics_under_short_names() -> None:
    found = metrics([*BASE, *TUNED], BASE, without_stem={("seed-0", "twin"): 0.3})
    few = headline(found)
    assert few["dev"] == found["tuned"]["dev"]["accuracy"] and few["base_general"] == found["general"]["base"]["accuracy"]
    assert len(few) <= 9 and all(isinstance(value, float) for value in few.values())
    assert headline({"base": {}, "tuned": {}, "general": {}}) == {}


def test_flat_metrics_have_one_number_a_name() -> None:
    flat = flat_metrics(metrics([*BASE, *TUNED], BASE)) | flat_metrics(breakdowns([*BASE, *TUNED]))
    assert flat["tuned/dev/seeds/2"] == 1.0 and flat["base/dev/by_kind/path"] == 0.5
    assert all(isinstance(value, float) for value in flat.values())
