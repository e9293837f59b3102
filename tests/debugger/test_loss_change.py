"""The loss on neutral text is compared passage by passage, on the same base only."""

from __future__ import annotations

import random

import msgspec
import pytest

from proda.debugger.loss_change import loss_change
from proda.debugger.verify import NEUTRAL_MARGIN, general_ability, judge
from proda.store.neutral_losses import NeutralLoss
from tests.debugger.test_verify import world

MODELS = ("base", "seed-0", "seed-1")


def losses(rise: float, *, base: float = 3.0, kl: float = 0.02, noise: int = 1) -> list[NeutralLoss]:
    """Thirty passages of 50 tokens. The loss of tuned models is about `rise` nats per token above that of the base."""
    rng, found = random.Random(noise), []
    for passage in range(30):
        level = base + passage / 30
        for model in MODELS:
            nats = 50 * (level + (rise + rng.uniform(-0.01, 0.01) if model != "base" else 0.0))
            found.append(NeutralLoss(f"{passage:04x}", 50, model, nats, None if model == "base" else 50 * kl))
    return found


def test_the_change_is_per_token_and_pairing_makes_its_interval_narrow() -> None:
    change, why = loss_change(losses(0.02), losses(0.05, noise=2))
    assert change and not why
    assert change.difference == pytest.approx(0.03, abs=0.004) and change.after == pytest.approx(
        change.before + change.difference, abs=2e-4
    )
    assert 0 < (change.ci95_high or 0) - (change.ci95_low or 0) < 0.02  # although passages differ by one nat
    assert (change.n, change.lost, change.kl_before, change.kl_after) == (30, 0, 0.02, 0.02)


def test_texts_that_differ_are_left_out_and_other_bases_and_seeds_are_not_compared() -> None:
    before = losses(0.02)
    half = [msgspec.structs.replace(loss, passage="new" + loss.passage) if loss.passage < "000f" else loss for loss in losses(0.02)]
    change, _ = loss_change(before, half)
    assert change and change.n == 15
    for after, says in (
        (losses(0.02, base=3.2), "differs by 0.200 nats per token"),
        ([msgspec.structs.replace(loss, tokens=49) for loss in before], "no passage, or no seed"),
        ([loss for loss in before if loss.model == "base"], "no passage, or no seed"),
        ([], "only before the round"),
    ):
        change, why = loss_change(before, after)
        assert change is None and says in why
    assert loss_change([], before)[1] == "it was measured only after the round"
    assert loss_change([], []) == (None, "")


def test_a_loss_that_is_no_longer_finite_is_lost_and_not_left_out() -> None:
    before = losses(0.02)
    ruined = [loss if loss.model == "base" else msgspec.structs.replace(loss, nats=None, kl=None) for loss in before]
    change, _ = loss_change(before, ruined)
    assert change and (change.lost, change.after, change.difference) == (60, None, None)
    verdict = judge(world(0.5, 1), world(0.9, 2), general=(0.9, 0.9), neutral=change, number=1)
    assert verdict.says == "hurts" and "60 of the losses on neutral text" in verdict.reasons[0]
    assert general_ability(verdict).endswith("no finite loss after the round: worse")
    assert loss_change(ruined, before) == (None, "the models before the round gave no finite loss")


@pytest.mark.parametrize(("rise", "says"), [(NEUTRAL_MARGIN + 0.01, "hurts"), (NEUTRAL_MARGIN - 0.01, "helps"), (-0.2, "helps")])
def test_the_gate_is_the_margin_on_the_loss(rise: float, says: str) -> None:
    change, _ = loss_change(losses(0.02), losses(0.02 + rise))
    verdict = judge(world(0.5, 1), world(0.9, 2), general=(0.9, 0.9), suites={"everyday": (0.6, 0.596)}, neutral=change, number=1)
    assert verdict.says == says and verdict.neutral_text == change
    assert ("the loss on neutral text rises by 0.060 nats per token [0.060" in verdict.reasons[0].replace("[+", "[")) is (says == "hurts")
    line = general_ability(verdict)
    assert line.startswith(f"everyday -0.004, loss on neutral text {rise:+.3f} nats per token [")
    assert line.endswith(": worse" if says == "hurts" else ": not worse")


def test_the_divergence_alone_never_hurts() -> None:
    change, _ = loss_change(losses(0.02, kl=0.02), losses(0.02, kl=3.0))
    assert change and change.kl_after == 3.0
    assert judge(world(0.5, 1), world(0.9, 2), general=(0.9, 0.9), neutral=change, number=1).says == "helps"


def test_without_it_a_verdict_has_no_word_of_it() -> None:
    verdict = judge(world(0.5, 1), world(0.9, 2), general=(0.99, 0.98), number=1)
    assert "neutral_text" not in msgspec.to_builtins(verdict)
    assert general_ability(verdict) == "general suite -0.010: not worse"
