"""Losses on neutral text → what metrics.json, breakdowns.json and headline.json say of them.

    neutral_metrics(losses)["tuned"]      # {"n": 91, "tokens": 6204, "loss": 3.04, "seeds": [3.03, 3.05], …}

    metrics.json      "neutral_text": {"base": N, "tuned": {**N, "seeds", **C}}
    breakdowns.json   "neutral_text": {"seed-0": {"loss", **C}, …}
    N                 {"n", "tokens", "loss", "unscored"}
    C                 {"increase", "increase_low", "increase_high", "kl", "kl_low", "kl_high"}

Losses, increases over the base and divergences (`kl`) are means over tokens, in nats per token; those of `tuned` are means over seeds.
Intervals are 95 % bootstrap intervals over passages and seeds. `n` counts passages. `unscored` counts pairs of model and passage without a
finite loss, which the means leave out. A number that could not be measured is left out: behind an endpoint there is no divergence, because
an endpoint gives the probabilities of the text's own tokens and not of the whole vocabulary. Deterministic.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from proda.records import content_hash
from proda.statistics import Cell, mean_interval
from proda.store.neutral_losses import NeutralLoss
from proda.tester.forgetting import Forgetting

BASE = "base"
DIGITS = 4


def neutral_losses(passages: Sequence[str], measured: dict[str, Forgetting]) -> list[NeutralLoss]:
    """Return the losses of the base and of each tuned model on each passage with a token to predict. `measured` is by tuned model."""
    found: list[NeutralLoss] = []
    for number, (model, forgotten) in enumerate(measured.items()):
        for text, loss in zip(passages, forgotten.passages, strict=True):
            if not loss.tokens:
                continue
            name = content_hash(text)
            if number == 0:
                found.append(NeutralLoss(name, loss.tokens, BASE, finite(loss.base_nats)))
            found.append(NeutralLoss(name, loss.tokens, model, finite(loss.tuned_nats), finite(loss.kl_nats)))
    return found


def neutral_metrics(losses: Sequence[NeutralLoss], *, resamples: int = 2000) -> dict[str, Any]:
    """Return the block `neutral_text` of metrics.json."""
    base = {loss.passage: loss for loss in losses if loss.model == BASE}
    tuned = [loss for loss in losses if loss.model != BASE]
    means = [_mean(loss for loss in tuned if loss.model == model) for model in _models(tuned)]
    seeds = [mean for mean in means if mean is not None]
    return {
        "base": _summary(list(base.values())),
        "tuned": _summary(tuned) | {"seeds": seeds} | _changes(base, tuned, resamples),
    }


def neutral_breakdown(losses: Sequence[NeutralLoss], *, resamples: int = 2000) -> dict[str, Any]:
    """Return the block `neutral_text` of breakdowns.json: the numbers of each tuned model."""
    base = {loss.passage: loss for loss in losses if loss.model == BASE}
    found: dict[str, dict[str, float]] = {}
    for model in _models(losses):
        if model != BASE:
            own = [loss for loss in losses if loss.model == model]
            mean = _mean(own)
            found[model] = ({} if mean is None else {"loss": mean}) | _changes(base, own, resamples)
    return found


def finite(value: float) -> float | None:
    """Return the value, or None if it is infinite or no number."""
    return value if math.isfinite(value) else None


def _models(losses: Iterable[NeutralLoss]) -> list[str]:
    return list(dict.fromkeys(loss.model for loss in losses))


def _summary(losses: Sequence[NeutralLoss]) -> dict[str, Any]:
    tokens = {loss.passage: loss.tokens for loss in losses}
    mean = _mean(losses)
    loss = {} if mean is None else {"loss": mean}
    return {"n": len(tokens), "tokens": sum(tokens.values()), **loss, "unscored": sum(loss.nats is None for loss in losses)}


def _mean(losses: Iterable[NeutralLoss]) -> float | None:
    scored = [(loss.nats, loss.tokens) for loss in losses if loss.nats is not None]
    return round(sum(nats for nats, _ in scored) / sum(tokens for _, tokens in scored), DIGITS) if scored else None


def _changes(base: dict[str, NeutralLoss], tuned: Iterable[NeutralLoss], resamples: int) -> dict[str, float]:
    """Return increase and divergence with their intervals, as far as they were measured."""
    increases: list[Cell] = []
    divergences: list[Cell] = []
    for loss in tuned:
        before = base[loss.passage].nats
        if loss.nats is not None and before is not None:
            increases += [(loss.passage, loss.model, (loss.nats - before) / loss.tokens)] * loss.tokens
        if loss.kl is not None:
            divergences += [(loss.passage, loss.model, loss.kl / loss.tokens)] * loss.tokens
    found: dict[str, float] = {}
    for name, cells in (("increase", increases), ("kl", divergences)):
        if cells:  # one cell for each token, so that the mean is over tokens
            numbers = mean_interval(cells, resamples=resamples)
            found |= dict(zip((name, f"{name}_low", f"{name}_high"), (round(number, DIGITS) for number in numbers), strict=True))
    return found
