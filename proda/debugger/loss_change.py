"""Losses on neutral text before and after a round → how far the loss rose: what the gate of `proda verify` compares with its margin.

    change, why = loss_change(before, after)
    change.difference, change.ci95_low, change.ci95_high      # 0.008, 0.003, 0.013: nats per token; `why` is empty
    change.lost                                               # passages with a finite loss before and without one after

Losses are paired by seed and by the text of the passage, as outcomes are. They are compared only if both results are of the same base, for
otherwise the loss changes for another reason than the samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from proda.records import Record
from proda.statistics import mean_interval
from proda.store.neutral_losses import NeutralLoss

BASE = "base"
SAME_BASE = 0.01  # nats per token by which the base's own loss may differ between two results, for rounding on another machine
DIGITS = 4
_Both = tuple[NeutralLoss, NeutralLoss]
"""The losses of one model on one passage, before and after."""


class LossChange(Record, frozen=True):
    """Mean loss of the tuned models on neutral text before and after, in nats per token, over the same passages and seeds."""

    n: int  # passages
    before: float
    after: float | None = None  # none if no loss after the round is finite, like those below
    difference: float | None = None
    ci95_low: float | None = None
    ci95_high: float | None = None
    kl_before: float | None = None  # divergence from the base; reported, and not compared with a margin
    kl_after: float | None = None
    lost: int = 0  # pairs of passage and seed that had a finite loss before, and have none after

    @property
    def text(self) -> str:
        """The change in words: `+0.008 nats per token [+0.003, +0.013]`."""
        if self.difference is None:
            return "no finite loss after the round"
        return f"{self.difference:+.3f} nats per token [{self.ci95_low:+.3f}, {self.ci95_high:+.3f}]"


def loss_change(before: Iterable[NeutralLoss], after: Iterable[NeutralLoss], *, resamples: int = 2000) -> tuple[LossChange | None, str]:
    """Return the change and "", or None and the reason why nothing can be compared; the reason is empty if neither side was measured.

    The interval is a 95 % bootstrap interval over passages and seeds. Deterministic.
    """
    old, new = ({(loss.passage, loss.model): loss for loss in side} for side in (before, after))
    if not old or not new:
        return None, f"it was measured only {'before' if old else 'after'} the round" if old or new else ""
    shared = [key for key in old if key in new and old[key].tokens == new[key].tokens]
    own = [(old[key], new[key]) for key in shared if key[1] == BASE]
    tuned = [(old[key], new[key]) for key in shared if key[1] != BASE]
    if not own or not tuned:
        return None, "the two results have no passage, or no seed, in common"
    apart = abs(_mean(b for _, b in own) - _mean(a for a, _ in own))
    if not apart <= SAME_BASE:
        return None, f"the loss of the base differs by {apart:.3f} nats per token, so it is another base"
    had = [(a, b) for a, b in tuned if a.nats is not None]
    if not had:
        return None, "the models before the round gave no finite loss"
    return _change(had, resamples), ""


def _change(had: Sequence[_Both], resamples: int) -> LossChange:
    """`had` are the pairs with a finite loss before."""
    pairs = [(a, b) for a, b in had if b.nats is not None]
    n, lost = len({a.passage for a, _ in had}), len(had) - len(pairs)
    if not pairs:
        return LossChange(n, round(_mean(a for a, _ in had), DIGITS), lost=lost)
    # One cell for each token, so that the mean is over tokens.
    cells = [cell for a, b in pairs for cell in [(a.passage, a.model, ((b.nats or 0.0) - (a.nats or 0.0)) / a.tokens)] * a.tokens]
    before, after = _mean(a for a, _ in pairs), _mean(b for _, b in pairs)
    mean, low, high = (round(number, DIGITS) for number in mean_interval(cells, resamples=resamples))
    known = [(a, b) for a, b in pairs if a.kl is not None and b.kl is not None]
    kl = [round(sum(loss.kl or 0.0 for loss in side) / sum(loss.tokens for loss in side), DIGITS) for side in zip(*known, strict=True)]
    kl_before, kl_after = kl if kl else (None, None)
    return LossChange(n, round(before, DIGITS), round(after, DIGITS), mean, low, high, kl_before, kl_after, lost)


def _mean(losses: Iterable[NeutralLoss]) -> float:
    """Mean loss in nats per token over the finite losses; NaN without any."""
    scored = [(loss.nats, loss.tokens) for loss in losses if loss.nats is not None]
    return sum(nats for nats, _ in scored) / sum(tokens for _, tokens in scored) if scored else math.nan
