"""Compute a model's loss on held-out text, a second measure beside the general suite of what tuning makes a model forget.

heldout_loss(model, tokenizer, "A bimetal strip …\\n…", batch_tokens=8192)      4.71
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proda.runtime.causal_lm import context_length

if TYPE_CHECKING:
    import torch

LENGTH = 256  # tokens of a line that are read, at most


def heldout_loss(model: Any, tokenizer: Any, text: str, *, batch_tokens: int = 8192) -> float:
    """Return the mean negative log-likelihood, in nats per token, of `text`, whose lines are separate documents; NaN without text."""
    import torch

    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return float("nan")
    head = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    length = min(LENGTH, context_length(model))
    rows = [[*head, *ids][:length] for ids in tokenizer(lines, add_special_tokens=False, verbose=False)["input_ids"]]
    rows = sorted((r for r in rows if len(r) > 1), key=len, reverse=True)
    total, count = 0.0, 0
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        while rows:
            size = max(1, batch_tokens // len(rows[0]))
            nats, tokens = _loss(model, rows[:size])
            total, count, rows = total + nats, count + tokens, rows[size:]
    model.train(was_training)
    return total / count if count else float("nan")


def _loss(model: Any, rows: list[list[int]]) -> tuple[float, int]:
    """Summed loss and number of tokens. Padding comes last, where no token of a causal model attends to it, and has no loss."""
    import torch

    width = len(rows[0])
    device = next(model.parameters()).device
    tokens = torch.tensor([r + [0] * (width - len(r)) for r in rows], device=device)
    wanted: torch.Tensor = torch.tensor([r[1:] + [-100] * (width - len(r)) for r in rows], device=device)
    logits = model(input_ids=tokens, use_cache=False).logits[:, :-1].float()
    nats = torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-100, reduction="sum")
    return float(nats), int((wanted != -100).sum())
