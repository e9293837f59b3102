"""What loss and scoring need to know about a causal language model: its two halves, its attention mask, its context length.

body, head = body_and_head(model)            # None where something stands between hidden states and logits
mask = attention(model, allowed)             # bool [rows, 1, queries, keys] in the form the model's attention expects
context_length(model)                        # 256
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


def context_length(model: Any) -> int:
    """Number of positions the model supports; 2**30 where its config states no limit."""
    config = model.config
    found = next((v for n in ("max_position_embeddings", "n_positions") if isinstance(v := getattr(config, n, None), int)), None)
    return found if found and found > 0 else 1 << 30


def forget_parts(model: Any) -> None:
    """Discard what `body_and_head` found out about a model, so that a copy is examined again."""
    model.__dict__.pop("_proda_body_and_head", None)


def attention(model: Any, mask: torch.Tensor) -> torch.Tensor:
    """The mask in the form that the model's attention takes: boolean for SDPA, added to the scores for the eager one."""
    import torch

    if model.config._attn_implementation == "sdpa":
        return mask
    dtype = next(model.parameters()).dtype
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(~mask, torch.finfo(dtype).min)


def body_and_head(model: Any) -> tuple[Any, Any] | None:
    """The model without its vocabulary projection, and the projection; None where the two do not make up the whole.

    Found out once per model by trying, since architectures differ in what they do between the two.
    """
    import torch

    if "_proda_body_and_head" in model.__dict__:
        known: tuple[Any, Any] | None = model.__dict__["_proda_body_and_head"]
        return known
    plain = model.get_base_model() if hasattr(model, "get_base_model") else model
    body, head = getattr(plain, plain.base_model_prefix, None), plain.get_output_embeddings()
    parts = None
    if body is not None and body is not plain and head is not None:
        was_training = model.training
        model.eval()
        try:
            with torch.no_grad():
                device = next(model.parameters()).device
                probe = torch.arange(1, 5, device=device)[None] % plain.config.vocab_size
                whole = model(input_ids=probe, use_cache=False).logits
                halves = head(body(input_ids=probe, use_cache=False).last_hidden_state)
                if torch.allclose(whole, halves, atol=1e-4, rtol=1e-4):
                    parts = (body, head)
        except (AttributeError, TypeError, ValueError, RuntimeError):
            parts = None
        finally:
            model.train(was_training)
    object.__setattr__(model, "_proda_body_and_head", parts)  # not a submodule: it must not enter the state dict
    return parts
