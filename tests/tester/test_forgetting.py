"""Loss and divergence on neutral text: equal to their definition computed token by token, whatever the batch."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

from proda.errors import EmptyBenchmarkError, InputError
from proda.tester.forgetting import Forgetting, PassageLoss, forgetting
from tests.tester.models import model, tokenizer

TOKENIZER = tokenizer()
PASSAGES = [
    "What does heating cause?",
    "heating causes expansion, which produces strain; A. B. C. D. heating causes expansion, which produces strain",
    "a",
    "The answer: heating, bending, strain.",
]


def pair(architecture: str) -> tuple[Any, Any]:
    """A random model, and the same model with noise added to its weights."""
    import torch

    base = model(architecture, len(TOKENIZER))
    tuned = copy.deepcopy(base)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in tuned.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return base, tuned


def by_definition(base: Any, tuned: Any, text: str) -> tuple[int, float, float, float]:
    """Predicted tokens, and the sums of both losses and of the divergence, from the logits of one text, with sums written out."""
    import torch

    head = [] if TOKENIZER.bos_token_id is None else [TOKENIZER.bos_token_id]
    ids = [*head, *TOKENIZER(text, add_special_tokens=False)["input_ids"]]
    tables = []
    for examined in (base, tuned):
        with torch.no_grad():
            logits = examined(input_ids=torch.tensor([ids])).logits[0].double().numpy()
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        tables.append(powers / powers.sum(axis=1, keepdims=True))
    p, q = tables
    losses = [0.0, 0.0]
    divergence = 0.0
    for t in range(1, len(ids)):
        losses[0] -= math.log(p[t - 1, ids[t]])
        losses[1] -= math.log(q[t - 1, ids[t]])
        divergence += sum(a * math.log(a / b) for a, b in zip(p[t - 1], q[t - 1], strict=True))
    return len(ids) - 1, losses[0], losses[1], divergence


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "gpt2", "gpt_neox"])
def test_loss_and_divergence_follow_their_definition_in_every_batch(architecture: str) -> None:
    base, tuned = pair(architecture)
    expected = [by_definition(base, tuned, text) for text in PASSAGES]
    tokens, base_nats, tuned_nats, kl_nats = (sum(column) for column in zip(*expected, strict=True))
    for batch_tokens in (1, 40, 4096):
        found = forgetting(base, tuned, TOKENIZER, PASSAGES, batch_tokens=batch_tokens)
        assert [p.tokens for p in found.passages] == [e[0] for e in expected]
        assert [p.kl_nats for p in found.passages] == pytest.approx([e[3] for e in expected], rel=1e-3, abs=1e-5)
        assert found.base_loss == pytest.approx(base_nats / tokens, rel=1e-4)
        assert found.tuned_loss == pytest.approx(tuned_nats / tokens, rel=1e-4)
        assert found.kl == pytest.approx(kl_nats / tokens, rel=1e-3)
    assert found.kl > 0.01


def test_a_model_does_not_differ_from_itself_and_keeps_its_mode() -> None:
    base = model("llama", len(TOKENIZER)).train()
    found = forgetting(base, base, TOKENIZER, PASSAGES)
    assert found.kl == pytest.approx(0, abs=1e-9)
    assert found.loss_increase_interval() == (0, 0, 0)
    assert base.training


def test_an_adapter_is_compared_with_the_base_it_was_put_on() -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    base = model("llama", len(TOKENIZER))
    torch.manual_seed(0)
    tuned = get_peft_model(copy.deepcopy(base), LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False)).eval()
    found = forgetting(base, tuned, TOKENIZER, PASSAGES)
    assert found.kl * found.tokens == pytest.approx(sum(by_definition(base, tuned, text)[3] for text in PASSAGES), rel=1e-3)
    with tuned.disable_adapter():
        assert forgetting(base, tuned, TOKENIZER, PASSAGES).kl == pytest.approx(0, abs=1e-6)


def test_only_the_first_tokens_of_a_long_passage_are_read() -> None:
    base, tuned = pair("llama")
    long = " ".join(PASSAGES * 40)
    assert len(TOKENIZER(long)["input_ids"]) > 512
    head = [] if TOKENIZER.bos_token_id is None else [TOKENIZER.bos_token_id]
    assert forgetting(base, tuned, TOKENIZER, [long]).tokens == 511
    base.config.max_position_embeddings = 64
    assert forgetting(base, tuned, TOKENIZER, [long]).tokens == 63
    assert forgetting(base, tuned, TOKENIZER, ["a"]).tokens == len(head) + len(TOKENIZER("a", add_special_tokens=False)["input_ids"]) - 1


def test_text_without_tokens_and_models_with_other_vocabularies_are_refused() -> None:
    base, tuned = pair("llama")
    for passages in ([], [""]):
        with pytest.raises(EmptyBenchmarkError, match=f"Got {len(passages)} passages without a token"):
            forgetting(base, tuned, TOKENIZER, passages)
    with pytest.raises(InputError, match="expected the same tokens in both"):
        forgetting(base, model("llama", len(TOKENIZER) + 3), TOKENIZER, PASSAGES)


def test_an_empty_passage_has_no_tokens_and_changes_nothing() -> None:
    base, tuned = pair("llama")
    whole, without = (forgetting(base, tuned, TOKENIZER, texts) for texts in ([PASSAGES[0], "", PASSAGES[1]], PASSAGES[:2]))
    assert [p.tokens > 0 for p in whole.passages] == [True, False, True]
    assert (whole.tokens, whole.kl) == (without.tokens, pytest.approx(without.kl))


def test_a_model_that_gives_no_number_makes_the_result_no_number() -> None:
    import torch

    base, tuned = pair("llama")
    with torch.no_grad():
        next(tuned.parameters()).fill_(math.nan)
    found = forgetting(base, tuned, TOKENIZER, PASSAGES)
    assert math.isfinite(found.base_loss)
    assert math.isnan(found.tuned_loss)
    assert math.isnan(found.kl)


def test_intervals_hold_the_mean_over_tokens_and_can_be_repeated() -> None:
    found = Forgetting((PassageLoss(10, 20.0, 25.0, 1.0), PassageLoss(30, 60.0, 66.0, 6.0), PassageLoss(20, 50.0, 51.0, 2.0)))
    assert (found.base_loss, found.tuned_loss, found.kl) == (130 / 60, 142 / 60, 9 / 60)
    mean, low, high = found.loss_increase_interval()
    assert mean == pytest.approx(12 / 60)
    assert 1 / 20 <= low < mean < high <= 5 / 10
    assert found.loss_increase_interval() == (mean, low, high)
    assert found.kl_interval()[0] == pytest.approx(found.kl)
