"""LoRA as one product: what peft computes, outputs and gradients, and peft's own form wherever something else is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from peft.tuners.lora import Linear

from proda.compiler import lowrank
from proda.compiler.adapter import attach
from proda.compiler.base import load_base
from proda.compiler.lowrank import OneProduct
from proda.compiler.packing import collate, tokenise
from tests.compiler.tiny import FACTS, TRAIN

LORA = msgspec.structs.replace(TRAIN, method="lora", lora_rank=3, lora_alpha=6, train_embeddings="none")


def tuned(base: Path, seed: int = 0) -> tuple[Any, Any]:
    """The tiny base with LoRA whose B is no longer zero."""
    model, tokenizer = load_base(base)
    model = attach(model, LORA, seed=seed)
    torch.manual_seed(7)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.05)
    return model, tokenizer


def loss_and_gradients(model: Any, tokenizer: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    batch = collate([[e] for e in tokenise(FACTS[:4], tokenizer, 64)], 0, torch.device("cpu"))
    model.zero_grad()
    logits = model(input_ids=batch.tokens).logits
    logits.log_softmax(-1).square().mean().backward()
    return logits.detach(), {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def test_outputs_and_gradients_are_those_of_peft(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = tuned(base)
    layers = [m for m in model.modules() if isinstance(m, OneProduct)]
    assert len(layers) == sum(isinstance(m, Linear) for m in model.modules()) > 0
    ours, our_gradients = loss_and_gradients(model, tokenizer)
    monkeypatch.setattr(OneProduct, "_plain", lambda *_: False)
    theirs, their_gradients = loss_and_gradients(model, tokenizer)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)
    assert not torch.equal(ours, theirs)  # else peft's form was compared with itself
    assert our_gradients.keys() == their_gradients.keys() and all("lora_" in name for name in our_gradients)
    for name, gradient in our_gradients.items():
        torch.testing.assert_close(gradient, their_gradients[name], atol=1e-6, rtol=1e-3)


def test_gradients_are_those_of_differences() -> None:
    torch.manual_seed(0)
    x, w, a, b = (torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in ((2, 5, 4), (3, 4), (2, 4), (3, 2)))
    assert torch.autograd.gradcheck(lambda x, a, b: lowrank._LowRank.apply(x, w.detach(), a, b, 0.7), (x, a, b))


def test_without_its_adapter_the_model_is_the_base(base: Path) -> None:
    model, tokenizer = tuned(base)
    plain, _ = load_base(base)
    tokens = tokenise(FACTS[:1], tokenizer, 64)[0].tokens
    inputs = torch.tensor([tokens])
    with torch.no_grad():
        changed = model(input_ids=inputs).logits
        with model.disable_adapter():
            without = model(input_ids=inputs).logits
        wanted = plain(input_ids=inputs).logits
        merged = model.merge_and_unload()(input_ids=inputs).logits
    torch.testing.assert_close(without, wanted)
    torch.testing.assert_close(merged, changed, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(changed, wanted, atol=1e-3)


def test_half_precision_is_left_to_peft(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = tuned(base)
    inputs = torch.tensor([tokenise(FACTS[:1], tokenizer, 64)[0].tokens])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours = model(input_ids=inputs).logits
        monkeypatch.setattr(OneProduct, "_plain", lambda *_: False)
        theirs = model(input_ids=inputs).logits
    assert torch.equal(ours, theirs)
    ours.float().sum().backward()
    assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in model.parameters() if p.requires_grad)
