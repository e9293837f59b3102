"""Compute the loss of a batch, with logits only at the positions that have a target.

    total, tokens = supervised_loss(model, batch)          # sum over supervised tokens, and their number

With a vocabulary of 2,048 and a hidden size of 128, the projection to the vocabulary is a third of a forward pass. The loss is on
completions only, so more than half of these logits would not be used. On a CPU the logits are computed a portion at a time
(projected_loss.py).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from proda.compiler.packing import IGNORED, Batch, Example, collate
from proda.runtime.causal_lm import attention, body_and_head, forget_parts

if TYPE_CHECKING:
    import torch


class Present(NamedTuple):
    """The tokens that take part in a softmax, in ascending order, and the index of every vocabulary token among them.

    `shift` is added to their logits: the logarithm of how many tokens each stands for.
    """

    tokens: torch.Tensor
    places: torch.Tensor
    shift: torch.Tensor | None = None


class Output(NamedTuple):
    """What a model says at the chosen positions: hidden states and the weight that projects them to logits, or, without one, the logits."""

    states: torch.Tensor
    weight: torch.Tensor | None

    def logits(self) -> torch.Tensor:
        """Return the logits in single precision, of shape [positions, tokens]."""
        import torch

        return (self.states if self.weight is None else torch.nn.functional.linear(self.states, self.weight)).float()


Teacher = Callable[[Batch, "torch.Tensor", "Present | None"], Output]
"""A function that returns what the base says at the chosen positions of a batch."""


def supervised_loss(model: Any, batch: Batch, present: Present | None = None) -> tuple[torch.Tensor, int]:
    """Return the summed cross-entropy, in nats, over the supervised tokens of a batch, and their number.

    With `present`, the softmax is over these tokens only.
    """
    import torch

    chosen = batch.targets != IGNORED
    targets = batch.targets[chosen]
    said = output_at(model, batch, chosen, present)
    if present is not None:
        targets = present.places[targets]
    if said.weight is not None and _in_portions(said):
        from proda.compiler.projected_loss import projected_cross_entropy

        return projected_cross_entropy(said.states, said.weight, targets), len(targets)
    return torch.nn.functional.cross_entropy(said.logits(), targets, reduction="sum"), len(targets)


def _in_portions(*outputs: Output) -> bool:
    """Whether the loss is computed a portion at a time: on a CPU in single precision."""
    import torch

    plain = (o.weight is not None and o.states.device.type == "cpu" and o.states.dtype == o.weight.dtype == torch.float32 for o in outputs)
    return all(plain) and not torch.is_autocast_enabled("cpu")


def present_tokens(seen: Iterable[int], vocabulary: int, device: Any) -> Present:
    """Return the tokens of a run's texts, which then make up its softmax.

    Each training step lowers the logits of all tokens but the target, and Adam turns even small gradients into full steps, so that words
    which never occur would be forgotten first. Left out of the softmax (as in ER-ACE: Caccia et al. 2022), they do not change.
    """
    import torch

    tokens = torch.tensor(sorted(set(seen)), device=device)
    places = torch.full((vocabulary,), IGNORED, device=device)
    places[tokens] = torch.arange(len(tokens), device=device)
    return Present(tokens, places)


def drawn(present: Present, batch: Batch, share: float, generator: torch.Generator) -> Present:
    """Return the tokens of a batch's targets, and a random share of the others, each of which stands for 1 / `share` tokens.

    This is importance sampling of the softmax (Jean et al. 2015, arXiv 1412.2007). It saves most of the projection to the vocabulary, which
    is half of a training step for a small model. `generator` is one of the CPU; the same state gives the same tokens everywhere.
    """
    import torch

    device = present.tokens.device
    needed = torch.zeros(len(present.places), dtype=torch.bool, device=device)
    needed[batch.targets[batch.targets != IGNORED]] = True
    chosen = (torch.rand(len(present.tokens), generator=generator) < share).to(device)
    tokens = present.tokens[needed[present.tokens] | chosen]
    places = torch.full_like(present.places, IGNORED)
    places[tokens] = torch.arange(len(tokens), device=device)
    return Present(tokens, places, torch.where(needed[tokens], 0.0, -math.log(share)))


def distance_to(teacher: Teacher, model: Any, batch: Batch, present: Present | None = None) -> torch.Tensor:
    """Return the summed KL divergence, in nats, of the model from its teacher over the supervised positions of a batch.

    This is learning without forgetting (Li & Hoiem 2016): the target is the base's distribution on the replayed text, not the text.
    """
    import torch

    chosen = batch.targets != IGNORED
    with torch.no_grad():
        wanted = teacher(batch, chosen, present)
    said = output_at(model, batch, chosen, present)
    if said.weight is not None and wanted.weight is not None and _in_portions(said, wanted):
        from proda.compiler.projected_loss import projected_divergence

        return projected_divergence(said.states, said.weight, wanted.states, wanted.weight)
    return torch.nn.functional.kl_div(said.logits().log_softmax(-1), wanted.logits().log_softmax(-1), reduction="sum", log_target=True)


def teacher_of(model: Any) -> Teacher:
    """Return the model in its current state as a teacher: with the adapter disabled for LoRA, otherwise as a frozen copy."""
    if hasattr(model, "disable_adapter"):

        def without_adapter(batch: Batch, chosen: torch.Tensor, present: Present | None) -> Output:
            with model.disable_adapter():
                return output_at(model, batch, chosen, present)

        return without_adapter
    return FrozenCopy(model)


class FrozenCopy:
    """A teacher that is a copy of a model in its current state."""

    def __init__(self, model: Any) -> None:
        self.model = copy.deepcopy(model).eval()
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        forget_parts(self.model)  # the copied result refers to the modules of the original

    def __call__(self, batch: Batch, chosen: torch.Tensor, present: Present | None) -> Output:
        """Return what the copy says at the chosen positions."""
        return output_at(self.model, batch, chosen, present)


def output_at(model: Any, batch: Batch, chosen: torch.Tensor, present: Present | None = None) -> Output:
    """Return what the model says at the chosen positions of a packed batch, over the `present` tokens if they are given."""
    import torch

    inputs: dict[str, Any] = {"input_ids": batch.tokens, "use_cache": False}
    if batch.mask is not None:
        inputs |= {"attention_mask": attention(model, batch.mask), "position_ids": batch.positions}
    parts = body_and_head(model)
    if parts is None:  # the model scales or caps its logits, so it computes all of them
        return _among(model(**inputs).logits[chosen], present)
    body, head = parts
    hidden = body(**inputs).last_hidden_state[chosen]
    weight = _weight(head, None if present is None else present.tokens)
    if weight is None:
        return _among(head(hidden), present)
    if present is None or present.shift is None:
        return Output(hidden, weight)
    # One more component, which is 1 in every state, adds the shift.
    return Output(torch.cat((hidden, hidden.new_ones(len(hidden), 1)), 1), torch.cat((weight, present.shift[:, None].to(weight)), 1))


def _among(logits: torch.Tensor, present: Present | None) -> Output:
    """Logits over the whole vocabulary, cut to the present tokens."""
    if present is not None:
        logits = logits.index_select(1, present.tokens)
        logits = logits if present.shift is None else logits + present.shift.to(logits)
    return Output(logits, None)


def _weight(head: Any, tokens: torch.Tensor | None) -> torch.Tensor | None:
    """The rows of `tokens` (None: all) in the weight matrix of a head; None if it has a bias, or peft changes more than some rows."""
    import torch

    rows: Any = getattr(head, "token_adapter", head)  # peft wraps a head again if it shares its rows with the embeddings
    layer: Any = rows.get_base_layer() if hasattr(rows, "get_base_layer") else rows
    plain = isinstance(layer, torch.nn.Linear) and layer.bias is None
    found: Any = None
    if not plain:
        return None
    if rows is layer or rows.disable_adapters:
        found = layer.weight
    elif tokens is not None and hasattr(rows, "rows"):
        return cast("torch.Tensor", rows.rows(tokens))
    elif hasattr(rows, "get_merged_weights"):
        found = rows.get_merged_weights(rows.active_adapters)
    return cast("torch.Tensor | None", found if found is None or tokens is None else found.index_select(0, tokens))


def honours_packing(model: Any, examples: Sequence[Example], pad: int) -> bool:
    """Return whether the model keeps the documents of a packed row apart, by comparing their losses packed and alone.

    Recurrent models and models that build their own masks do not. They are trained with one document per row.
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
