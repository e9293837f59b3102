"""Muon: momentum with orthogonalised updates, for the weight matrices between embeddings and head.

Jordan et al. 2024 (https://kellerjordan.github.io/posts/muon/), with updates scaled as in Liu et al. 2025 (arXiv 2502.16982), so that the
same learning rate suits Muon and AdamW. A tiny model trained from scratch learns the same facts from half the tokens (JOURNAL.md).
`torch.optim.Muon` updates one matrix at a time in bf16, which most CPUs emulate. This one updates matrices of equal shape together in fp32.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch

MOMENTUM = 0.95
STEPS = 5
# Coefficients of the quintic Newton–Schulz iteration (Jordan), which brings singular values close to 1 in few steps.
A, B, C = 3.4445, -4.7750, 2.0315
RMS = 0.2  # root mean square of a typical AdamW update, to which updates are scaled


class Muon(torch.optim.Optimizer):
    """Optimizer for matrices, with Nesterov momentum and decoupled weight decay."""

    def __init__(self, params: Iterable[torch.nn.Parameter], lr: float, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Update every matrix that has a gradient. Raises ValueError for a closure, which is not supported."""
        if closure is not None:
            raise ValueError("closure: got one, expected None.")
        for group in self.param_groups:
            alike: dict[tuple[int, ...], list[torch.nn.Parameter]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is not None:
                    alike[tuple(matrix.shape)].append(matrix)
            for matrices in alike.values():
                self._update(matrices, group["lr"], group["weight_decay"])

    def _update(self, matrices: list[torch.nn.Parameter], rate: float, decay: float) -> None:
        gradients: list[torch.Tensor] = [m.grad for m in matrices]  # type: ignore[misc]
        momenta = []
        for matrix in matrices:
            state: dict[str, Any] = self.state[matrix]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(matrix)
            momenta.append(state["momentum"])
        torch._foreach_lerp_(momenta, gradients, 1 - MOMENTUM)
        if hasattr(gradients[0], "full_tensor"):  # sharded: each process orthogonalises whole matrices, and keeps its shard of the result
            lerped: list[Any] = [torch.lerp(g, m, MOMENTUM) for g, m in zip(gradients, momenta, strict=True)]
            ahead = torch.stack([matrix.full_tensor() for matrix in lerped])
        else:
            ahead = torch.stack(torch._foreach_lerp(gradients, momenta, MOMENTUM))
        updates = orthogonal(ahead)
        rows, columns = ahead.shape[-2:]
        scale = RMS * max(rows, columns) ** 0.5
        for matrix, update in zip(matrices, updates, strict=True):
            matrix.mul_(1 - rate * decay).add_(_sharded_as(matrix, update), alpha=-rate * scale)


def _sharded_as(matrix: Any, update: torch.Tensor) -> torch.Tensor:
    """The shard of an update that belongs to a sharded matrix; for any other, the update."""
    if not hasattr(matrix, "full_tensor"):
        return update
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(update, matrix.device_mesh, matrix.placements, src_data_rank=None)


def orthogonal(batch: torch.Tensor) -> torch.Tensor:
    """Return approximately the nearest matrices with orthonormal rows or columns. Shape [n, rows, columns]."""
    tall = batch.shape[-2] > batch.shape[-1]
    x = batch.mT if tall else batch
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(STEPS):
        gram = x @ x.mT
        x = A * x + (B * gram + C * (gram @ gram)) @ x
    result: torch.Tensor = x.mT if tall else x
    return result
