"""Parts and properties of a causal language model that both training and scoring use.

body, head = body_and_head(model)            # None if the model does more than these two between inputs and logits
mask = attention(model, allowed)             # bool [rows, 1, queries, keys] in the form that the model's attention expects
context_length(model)                        # 256
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NEW_ROWS = "trainable_tokens"  # in peft's names of embeddings that are trained row by row


def context_length(model: Any) -> int:
    """Return the number of positions that the model supports, or 2**30 if its config states no limit."""
    config = model.config
    found = next((v for n in ("max_position_embeddings", "n_positions") if isinstance(v := getattr(config, n, None), int)), None)
    return found if found and found > 0 else 1 << 30


def forget_parts(model: Any) -> None:
    """Discard the result that `body_and_head` stored on a model, so that a copy of the model is examined again."""
    model.__dict__.pop("_proda_body_and_head", None)


def attention(model: Any, mask: torch.Tensor) -> torch.Tensor:
    """Return a boolean mask in the form that the model's attention expects: unchanged for SDPA, additive for eager attention."""
    import torch

    if model.config._attn_implementation == "sdpa":
        return mask
    dtype = next(model.parameters()).dtype
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(~mask, torch.finfo(dtype).min)


def body_and_head(model: Any) -> tuple[Any, Any] | None:
    """Return (model without its vocabulary projection, the projection), or None if the two do not reproduce the model's logits.

    Some architectures scale or cap between the two, so both are tried on a few tokens. The result is stored on the model.
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
    object.__setattr__(model, "_proda_body_and_head", parts)  # as an attribute of torch, it would enter the state dict
    return parts


def recompute_activations(model: Any) -> None:
    """Make the model compute activations again in the backward pass instead of keeping them (gradient checkpointing).

    Works on the model itself. transformers 5.23 renames the method and drops the old name with version 6.
    """
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})
