"""Cross-entropy and KL divergence over a vocabulary, computed from hidden states a portion of positions at a time.

    projected_cross_entropy(hidden, weight, targets)       # cross_entropy(hidden @ weight.T, targets, reduction="sum")
    projected_divergence(hidden, weight, wanted, of)       # the KL divergence of hidden @ weight.T from wanted @ of.T, summed

The logits of a training step (600 positions × 14,000 tokens) exceed the processor's cache, and the usual functions read and write them six
times. Here a portion of them stays in the cache until its loss and its gradient are known, so they are never stored as a whole. The idea
is that of Liger Kernel (Hsu et al. 2024, arXiv 2410.10989). For a CPU in single precision; differentiable once, in `hidden` and `weight`.
"""

from __future__ import annotations

from typing import Any

import torch

PORTION = 1_500_000  # logits in one portion: 6 MB


def projected_cross_entropy(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the summed cross-entropy, in nats, of logits `hidden @ weight.T` of shape [positions, tokens] for `targets` [positions]."""
    loss: torch.Tensor = _CrossEntropy.apply(hidden, weight, targets)  # type: ignore[no-untyped-call]
    return loss


def projected_divergence(hidden: torch.Tensor, weight: torch.Tensor, wanted: torch.Tensor, of: torch.Tensor) -> torch.Tensor:
    """Return the summed KL divergence, in nats, from the distribution of `wanted @ of.T` to that of `hidden @ weight.T`.

    Both are over the same tokens. `wanted` and `of` get no gradient.
    """
    loss: torch.Tensor = _Divergence.apply(hidden, weight, wanted, of)  # type: ignore[no-untyped-call]
    return loss


class _Gradients:
    """The gradients in hidden states and weight, as they add up over portions."""

    def __init__(self, hidden: torch.Tensor, weight: torch.Tensor, wanted: tuple[bool, ...]) -> None:
        self.hidden, self.weight = hidden, weight
        self.of_hidden = torch.empty_like(hidden) if wanted[0] else None
        self.of_weight = torch.zeros_like(weight) if wanted[1] else None

    def add(self, rows: slice, of_logits: torch.Tensor) -> None:
        if self.of_hidden is not None:
            self.of_hidden[rows] = of_logits @ self.weight
        if self.of_weight is not None:
            self.of_weight.addmm_(of_logits.T, self.hidden[rows])


def _portions(hidden: torch.Tensor, weight: torch.Tensor) -> list[slice]:
    size = max(1, PORTION // len(weight))
    return [slice(at, at + size) for at in range(0, len(hidden), size)]


def _scaled(ctx: Any, by: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    return tuple(None if g is None else g.mul_(by) for g in (ctx.gradients.of_hidden, ctx.gradients.of_weight))  # type: ignore[return-value]


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        ctx.gradients = _Gradients(hidden, weight, ctx.needs_input_grad)
        total = hidden.new_zeros(())
        for rows in _portions(hidden, weight):
            logits = hidden[rows] @ weight.T
            right = targets[rows, None]
            highest = logits.amax(1, keepdim=True)
            total -= (logits.gather(1, right) - highest).sum()
            logits.sub_(highest).exp_()
            sums = logits.sum(1, keepdim=True)
            total += sums.log().sum()
            ctx.gradients.add(rows, logits.div_(sums).scatter_add_(1, right, logits.new_full(right.shape, -1.0)))
        return total

    @staticmethod
    def backward(ctx: Any, by: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return (*_scaled(ctx, by), None)


class _Divergence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, wanted: torch.Tensor, of: torch.Tensor) -> torch.Tensor:
        ctx.gradients = _Gradients(hidden, weight, ctx.needs_input_grad)
        total = hidden.new_zeros(())
        for rows in _portions(hidden, weight):
            target = (wanted[rows] @ of.T).log_softmax(1)
            said = (hidden[rows] @ weight.T).log_softmax(1)
            share = target.exp()
            total += (share * target.sub_(said)).sum()
            ctx.gradients.add(rows, said.exp_().sub_(share))
        return total

    @staticmethod
    def backward(ctx: Any, by: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return (*_scaled(ctx, by), None, None)
