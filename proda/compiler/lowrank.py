"""LoRA's linear layer as one product instead of three: y = x (W + s·BA)ᵀ + bias.

    config._register_custom_module({torch.nn.Linear: OneProduct})      # peft's hook for layers of one's own

For a small model on a processor, peft's own form (xWᵀ, then xAᵀBᵀ, then scaled, then added) costs half as much again as the layer alone:
the passes over the activations take longer than the thin products are worth. Adding BA to W first costs next to nothing where the
weights are fewer than the activations. Outputs and gradients are those of peft's form, up to rounding; W gets none.
"""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.lora import Linear


class OneProduct(Linear):  # type: ignore[misc]
    """peft's layer with a faster forward pass where nothing else is asked of it: one adapter, no dropout, no variant, fp32, W frozen.

    In every other case, and with the adapter switched off or merged, it computes what peft computes.
    """

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        """x [..., in] → [..., out]."""
        inner = self.get_base_layer()
        if args or kwargs or self.disable_adapters or self.merged or not self._plain(inner, x):
            computed: torch.Tensor = super().forward(x, *args, **kwargs)
            return computed
        (name,) = self.active_adapters
        product: torch.Tensor = _LowRank.apply(  # type: ignore[no-untyped-call]
            x, inner.weight, self.lora_A[name].weight, self.lora_B[name].weight, self.scaling[name]
        )
        return product if inner.bias is None else product + inner.bias

    def _plain(self, inner: Any, x: torch.Tensor) -> bool:
        names = self.active_adapters
        if len(names) != 1 or names[0] not in self.lora_A or self.lora_variant or torch.is_autocast_enabled(x.device.type):
            return False
        a, b = self.lora_A[names[0]], self.lora_B[names[0]]
        single = all(tensor.dtype == torch.float32 for tensor in (x, inner.weight, a.weight, b.weight))
        return single and not inner.weight.requires_grad and b.bias is None and isinstance(self.lora_dropout[names[0]], torch.nn.Identity)


class _LowRank(torch.autograd.Function):
    """x [..., in], W [out, in], A [r, in], B [out, r], s → x (W + s·BA)ᵀ [..., out]. Keeps no more of a step than its inputs."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, a: torch.Tensor, b: torch.Tensor, scale: float) -> torch.Tensor:
        ctx.save_for_backward(x, weight, a, b)
        ctx.scale = scale
        return torch.nn.functional.linear(x, torch.addmm(weight, b, a, alpha=scale))

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, a, b = ctx.saved_tensors
        wanted = grads[0].reshape(-1, weight.shape[0])  # [tokens, out]
        inputs = x.reshape(-1, weight.shape[1])  # [tokens, in]
        of_x = (wanted @ torch.addmm(weight, b, a, alpha=ctx.scale)).view_as(x) if ctx.needs_input_grad[0] else None
        of_a = ((wanted @ b).t() @ inputs).mul_(ctx.scale)
        of_b = (wanted.t() @ (inputs @ a.t())).mul_(ctx.scale)
        return of_x, None, of_a, of_b, None
