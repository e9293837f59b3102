"""Embeddings that are trained row by row, without a copy of the whole matrix in each step.

    model = get_peft_model(model, LoraConfig(trainable_token_indices={"embed_tokens": [17, 204]}, …))
    look_up_rows(model)

Peft's layer for trainable tokens copies the matrix of all embeddings and puts the trained rows into the copy, in each forward pass and once
more for a head that shares them; its gradient is a matrix of that size again. With a vocabulary of 150,000 tokens this can be gigabytes.
The layers here look up the tokens of a batch in both matrices instead. What they return and the gradients are the same.
"""

from __future__ import annotations

from typing import Any

import torch
from peft.tuners.trainable_tokens import TrainableTokensLayer


class RowLookup(TrainableTokensLayer):  # type: ignore[misc]  # peft has no types
    """Peft's layer for trainable tokens, with a look-up of the rows that are asked for."""

    def forward_adapters(self, x: torch.Tensor, active_adapters: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        """Return the embeddings of the tokens `x`. Layers that do more than look up, and heads, compute as peft does."""
        layer = self.base_layer
        plain = type(layer) is torch.nn.Embedding and layer.max_norm is None
        if not plain or self.disable_adapters or self.merged or len(active_adapters) != 1:
            whole: torch.Tensor = super().forward_adapters(x, active_adapters, *args, **kwargs)
            return whole
        return self.rows(x)

    def rows(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the rows of `tokens`, of shape [*tokens.shape, hidden]: those of the base without an active adapter."""
        kept = torch.nn.functional.embedding(tokens, self.base_layer.weight)
        if self.disable_adapters or self.merged:
            return kept
        (adapter,) = self.active_adapters
        places = self._places(adapter)[tokens]
        trained = torch.nn.functional.embedding(places.clamp(min=0), self.trainable_tokens_delta[adapter])
        return torch.where((places >= 0)[..., None], trained.to(kept), kept)

    def _places(self, adapter: str) -> torch.Tensor:
        """For each token of the vocabulary its row among the trained ones; −1 for the others."""
        weight = self.base_layer.weight
        stored: tuple[Any, torch.Tensor] | None = self.__dict__.get("_stored_places")
        key = (adapter, tuple(weight.shape), weight.device)
        if stored is None or stored[0] != key:
            indices = torch.tensor(self.token_indices[adapter], device=weight.device)
            places = torch.full((weight.shape[0],), -1, device=weight.device)
            places[indices] = torch.arange(len(indices), device=weight.device)
            stored = key, places
            self.__dict__["_stored_places"] = stored
        return stored[1]


def look_up_rows(model: Any) -> None:
    """Make peft's layers for trainable tokens look up rows, in place. They keep their weights and names."""
    for module in model.modules():
        if type(module) is TrainableTokensLayer:
            module.__class__ = RowLookup
