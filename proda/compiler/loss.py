"""A batch → its loss, computing logits only where a token is to be learned.

    total, tokens = supervised_loss(model, batch)          # sum over supervised tokens, and how many: divide to get the mean

For a vocabulary of 2,048 and a hidden size of 128 the projection to the vocabulary is a third of a forward pass, and with loss on
completions only, over half of it would be thrown away.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from proda.compiler.packing import IGNORED, Batch, Example, collate
from proda.runtime.causal_lm import attention, body_and_head, forget_parts

if TYPE_CHECKING:
    import torch


class Present(NamedTuple):
    """The tokens that take part in a softmax, ascending, and for every token its place among them."""

    tokens: torch.Tensor
    places: torch.Tensor


Teacher = Callable[[Batch, "torch.Tensor"], "torch.Tensor"]
"""Logits at the chosen positions of a batch, as the base would give them."""


def supervised_loss(model: Any, batch: Batch, present: Present | None = None) -> tuple[torch.Tensor, int]:
    """Summed cross-entropy in nats over the supervised tokens of a batch, and their number; over `present` tokens only, if given."""
    import torch

    chosen = batch.targets != IGNORED
    targets = batch.targets[chosen]
    logits = logits_at(model, batch, chosen, present).float()
    if present is not None:
        targets = present.places[targets]
    return torch.nn.functional.cross_entropy(logits, targets, reduction="sum"), len(targets)


def present_tokens(seen: Iterable[int], vocabulary: int, device: Any) -> Present:
    """The tokens of a run's texts, as columns of its softmax.

    Each step of training pushes the logits of all tokens but the right one down, and Adam makes even a small push a full step: words that
    are never mentioned would be forgotten first. Left out of the softmax (as ER-ACE does: Caccia et al. 2022), they stay as they were.
    """
    import torch

    tokens = torch.tensor(sorted(set(seen)), device=device)
    places = torch.full((vocabulary,), IGNORED, device=device)
    places[tokens] = torch.arange(len(tokens), device=device)
    return Present(tokens, places)


def distance_to(teacher: Teacher, model: Any, batch: Batch, present: Present | None = None) -> torch.Tensor:
    """Summed KL divergence, in nats, of the model from its teacher at every supervised position of a batch.

    Learning without forgetting (Li & Hoiem 2016): what binds the tuned model is not the replayed text but what the base makes of it.
    """
    import torch

    chosen = batch.targets != IGNORED
    with torch.no_grad():
        wanted = teacher(batch, chosen).float()
    said = logits_at(model, batch, chosen, present).float()
    if present is not None:
        wanted = wanted.index_select(1, present.tokens)
    return torch.nn.functional.kl_div(said.log_softmax(-1), wanted.log_softmax(-1), reduction="sum", log_target=True)


def teacher_of(model: Any) -> Teacher:
    """The model as it is now, for later comparison: LoRA's with the adapter switched off, any other as a frozen copy."""
    if hasattr(model, "disable_adapter"):

        def without_adapter(batch: Batch, chosen: torch.Tensor) -> torch.Tensor:
            with model.disable_adapter():
                return logits_at(model, batch, chosen)

        return without_adapter
    frozen = copy.deepcopy(model).eval()
    for parameter in frozen.parameters():
        parameter.requires_grad_(False)
    forget_parts(frozen)  # the copy still refers to the modules of the original
    return lambda batch, chosen: logits_at(frozen, batch, chosen)


def logits_at(model: Any, batch: Batch, chosen: torch.Tensor, present: Present | None = None) -> torch.Tensor:
    """Logits [chosen positions, vocabulary] of a packed batch; only the columns of the `present` tokens, if given."""
    inputs: dict[str, Any] = {"input_ids": batch.tokens, "use_cache": False}
    if batch.mask is not None:
        inputs |= {"attention_mask": attention(model, batch.mask), "position_ids": batch.positions}
    parts = body_and_head(model)
    if parts is None:  # something stands between hidden states and logits (a scale, a cap): let the model do it all
        logits: torch.Tensor = model(**inputs).logits[chosen]
        return logits if present is None else logits.index_select(1, present.tokens)
    body, head = parts
    hidden = body(**inputs).last_hidden_state[chosen]
    weight = None if present is None else _weight(head)
    if present is not None and weight is not None:  # the columns that are left out are not computed in the first place
        import torch

        return torch.nn.functional.linear(hidden, weight.index_select(0, present.tokens))
    projected: torch.Tensor = head(hidden)
    return projected if present is None else projected.index_select(1, present.tokens)


def _weight(head: Any) -> torch.Tensor | None:
    """The matrix that a head multiplies by, where that is all it does: a plain layer without bias, or one with rows trained by peft."""
    import torch

    rows: Any = getattr(head, "token_adapter", head)  # peft wraps a head once more where its rows are those of the embeddings
    layer: Any = rows.get_base_layer() if hasattr(rows, "get_base_layer") else rows
    plain = isinstance(layer, torch.nn.Linear) and layer.bias is None
    weight: torch.Tensor | None = None
    if plain and (rows is layer or rows.disable_adapters):
        weight = layer.weight
    elif plain and hasattr(rows, "get_merged_weights"):
        weight = rows.get_merged_weights(rows.active_adapters)
    return weight


def honours_packing(model: Any, examples: Sequence[Example], pad: int) -> bool:
    """Whether this architecture keeps the documents of a packed row apart, found out by comparing losses packed and alone.

    Recurrent models, and those that build their own masks, do not; they are then trained with one document a row.
    """
    import torch

    few = [Example(e.tokens[:48], min(e.start, 24)) for e in examples if len(e.tokens) > 1]
    if len(few) < 2:
        return False
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            alone = sum(float(supervised_loss(model, collate([[e]], pad, device, packed=False))[0]) for e in few)
            together = float(supervised_loss(model, collate([few], pad, device))[0])
    except (TypeError, ValueError, RuntimeError, IndexError):
        return False
    finally:
        model.train(was_training)
    return abs(alone - together) <= 1e-3 * max(1.0, abs(alone))
