"""Losses computed a portion of positions at a time equal those of torch, in value and gradient."""

from __future__ import annotations

import pytest
import torch

from proda.compiler import projected_loss
from proda.compiler.projected_loss import projected_cross_entropy, projected_divergence


def _leaf(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).requires_grad_()


@pytest.mark.parametrize("portion", [1, 40, 10_000])
def test_cross_entropy_in_portions(monkeypatch: pytest.MonkeyPatch, portion: int) -> None:
    """Portions of one position, of several with a shorter last one, and of all."""
    monkeypatch.setattr(projected_loss, "PORTION", portion)
    hidden, weight, targets = _leaf(7, 5, seed=1), _leaf(13, 5, seed=2), torch.tensor([0, 12, 3, 3, 8, 1, 12])
    ours, plain = (
        projected_cross_entropy(hidden, weight, targets),
        torch.nn.functional.cross_entropy(hidden @ weight.T, targets, reduction="sum"),
    )
    assert torch.allclose(ours, plain)
    for a, b in zip(torch.autograd.grad(3 * ours, (hidden, weight)), torch.autograd.grad(3 * plain, (hidden, weight)), strict=True):
        assert torch.allclose(a, b)


@pytest.mark.parametrize("portion", [1, 40, 10_000])
def test_divergence_in_portions(monkeypatch: pytest.MonkeyPatch, portion: int) -> None:
    monkeypatch.setattr(projected_loss, "PORTION", portion)
    hidden, weight, wanted, of = (_leaf(n, 5, seed=s) for s, n in enumerate((7, 13, 7, 13)))
    ours = projected_divergence(hidden, weight, wanted.detach(), of.detach())
    target = (wanted @ of.T).log_softmax(-1).detach()
    plain = torch.nn.functional.kl_div((hidden @ weight.T).log_softmax(-1), target, reduction="sum", log_target=True)
    assert torch.allclose(ours, plain) and float(ours.detach()) > 1
    for a, b in zip(torch.autograd.grad(ours, (hidden, weight)), torch.autograd.grad(plain, (hidden, weight)), strict=True):
        assert torch.allclose(a, b)


def test_large_logits_and_frozen_weights() -> None:
    """Logits of 1,000 do not overflow, and a weight that is not trained gets no gradient."""
    hidden, weight = 300 * _leaf(4, 5, seed=5).detach(), _leaf(13, 5, seed=6).detach()
    hidden.requires_grad_()
    targets = torch.tensor([1, 2, 3, 4])
    loss = projected_cross_entropy(hidden, weight, targets)
    assert torch.allclose(loss, torch.nn.functional.cross_entropy(hidden @ weight.T, targets, reduction="sum"))
    loss.backward()  # type: ignore[no-untyped-call]
    assert hidden.grad is not None and bool(torch.isfinite(hidden.grad).all()) and weight.grad is None
