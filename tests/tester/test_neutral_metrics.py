"""Metrics of neutral text are means over tokens, with what is not finite left out and counted."""

from __future__ import annotations

import math

import pytest

from proda.store.neutral_losses import NeutralLoss
from proda.tester.forgetting import Forgetting, PassageLoss
from proda.tester.metrics import flat_metrics, headline
from proda.tester.neutral_metrics import neutral_breakdown, neutral_losses, neutral_metrics

MEASURED = {
    "seed-0": Forgetting((PassageLoss(10, 30.0, 31.0, 0.5), PassageLoss(0, 0.0, 0.0, 0.0), PassageLoss(30, 60.0, 66.0, 1.5))),
    "seed-1": Forgetting((PassageLoss(10, 30.0, 30.0, 0.1), PassageLoss(0, 0.0, 0.0, 0.0), PassageLoss(30, 60.0, 63.0, 0.9))),
}
LOSSES = neutral_losses(["one", "", "three"], MEASURED)


def test_each_model_has_a_row_for_each_passage_with_a_token() -> None:
    assert [(loss.model, loss.tokens, loss.nats, loss.kl) for loss in LOSSES] == [
        ("base", 10, 30.0, None),
        ("seed-0", 10, 31.0, 0.5),
        ("base", 30, 60.0, None),
        ("seed-0", 30, 66.0, 1.5),
        ("seed-1", 10, 30.0, 0.1),
        ("seed-1", 30, 63.0, 0.9),
    ]


def test_losses_increase_and_divergence_are_means_over_tokens_and_seeds() -> None:
    found = neutral_metrics(LOSSES, resamples=200)
    assert found["base"] == {"n": 2, "tokens": 40, "loss": 2.25, "unscored": 0}
    tuned = found["tuned"]
    assert (tuned["n"], tuned["tokens"], tuned["loss"], tuned["seeds"]) == (2, 40, 2.375, [2.425, 2.325])
    assert (tuned["increase"], tuned["kl"]) == (pytest.approx(10 / 80), pytest.approx(3.0 / 80, abs=1e-4))
    assert tuned["increase_low"] <= tuned["increase"] <= tuned["increase_high"] and tuned["increase_low"] < tuned["increase_high"]
    assert found == neutral_metrics(list(reversed(LOSSES)), resamples=200) | {"tuned": tuned}
    parts = neutral_breakdown(LOSSES, resamples=200)
    assert {name: (each["loss"], each["increase"], each["kl"]) for name, each in parts.items()} == {
        "seed-0": (2.425, 0.175, 0.05),
        "seed-1": (2.325, 0.075, 0.025),
    }


def test_the_headline_has_three_numbers_of_it_and_none_without_it() -> None:
    empty = {"base": {}, "tuned": {}, "general": {}}
    assert headline(empty) == {}
    found = headline(empty | {"neutral_text": neutral_metrics(LOSSES, resamples=20)})
    assert found == {"neutral_loss": 2.375, "neutral_kl": pytest.approx(0.0375, abs=1e-4), "base_neutral_loss": 2.25}


def test_what_is_not_finite_is_counted_and_left_out_of_the_means() -> None:
    ruined = dict(
        MEASURED,
        **{"seed-1": Forgetting(tuple(PassageLoss(p.tokens, p.base_nats, math.nan, math.nan) for p in MEASURED["seed-1"].passages))},
    )
    found = neutral_metrics(neutral_losses(["one", "", "three"], ruined), resamples=20)
    assert (found["tuned"]["unscored"], found["tuned"]["loss"], found["tuned"]["seeds"]) == (2, 2.425, [2.425])
    only = {"seed-1": ruined["seed-1"]}
    found = neutral_metrics(neutral_losses(["one", "", "three"], only), resamples=20)
    assert found["tuned"] == {"n": 2, "tokens": 40, "unscored": 2, "seeds": []} and found["base"]["loss"] == 2.25
    assert all(math.isfinite(value) for value in flat_metrics(found).values())


def test_an_endpoint_gives_no_divergence() -> None:
    found = neutral_metrics([NeutralLoss("a", 10, "base", 30.0), NeutralLoss("a", 10, "seed-0", 31.0)], resamples=20)
    assert found["tuned"]["increase"] == pytest.approx(0.1) and "kl" not in found["tuned"]
