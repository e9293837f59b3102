"""Packing: every example occurs once, no document attends to another, and the loss is that of the documents one by one."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from proda.compiler.architectures import new_model
from proda.compiler.fit import Recipe, learning_rate, plan_steps
from proda.compiler.loss import honours_packing, supervised_loss
from proda.compiler.packing import Document, Example, collate, learned_tokens, load_documents, pack, tokenise
from proda.compiler.tokenizer import train_tokenizer
from proda.errors import InputError, NotFoundError
from proda.params import ModelParams
from proda.runtime.causal_lm import body_and_head
from tests.compiler.tiny import FACTS, READING

TEXTS = [d.prompt + d.completion for d in FACTS + READING]
TOKENIZER = train_tokenizer(TEXTS, 320, 128)
ARCHITECTURES = ("llama", "qwen3", "gpt2")


def model_of(architecture: str) -> Any:
    model = new_model(ModelParams(architecture=architecture, hidden_size=32, layers=2, heads=2, vocabulary=320, context=128), TOKENIZER)
    with torch.no_grad():  # larger weights than initially, so that attention to another document would show
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


@given(st.lists(st.integers(1, 50), max_size=200), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_every_example_is_packed_once_and_no_row_overflows(lengths: list[int], seed: int) -> None:
    rows = pack(lengths, 50, seed=seed)
    assert sorted(n for row in rows for n in row) == list(range(len(lengths)))
    assert all(sum(lengths[n] for n in row) <= 50 for row in rows)
    assert rows == pack(lengths, 50, seed=seed)
    # No two rows fit into one, which best-fit packing guarantees.
    fill = sorted(sum(lengths[n] for n in row) for row in rows)
    assert len(fill) < 2 or fill[0] + fill[1] > 50


def test_packing_wastes_little_and_refuses_what_does_not_fit() -> None:
    rng = random.Random(0)
    lengths = [rng.randint(10, 90) for _ in range(2000)]
    assert sum(lengths) / (len(pack(lengths, 128, seed=0)) * 128) > 0.97
    with pytest.raises(ValueError, match="51 tokens, expected at most 50"):
        pack([3, 51], 50, seed=0)


def test_the_prompt_carries_no_loss_and_plain_text_carries_it_everywhere() -> None:
    asked, plain = tokenise([FACTS[0], READING[0]], TOKENIZER, 128)
    shown = TOKENIZER(FACTS[0].prompt)["input_ids"]
    assert asked.tokens[0] == TOKENIZER.bos_token_id and asked.tokens[-1] == TOKENIZER.eos_token_id
    assert asked.start == 1 + len(shown)
    assert TOKENIZER.decode(asked.tokens[asked.start : -1]) == f" {FACTS[0].completion}"
    assert plain.start == 1 and learned_tokens(plain) == len(plain.tokens) - 1
    batch = collate([[asked, plain]], TOKENIZER.pad_token_id)
    assert int((batch.targets != -100).sum()) == learned_tokens(asked) + learned_tokens(plain)


def test_what_is_too_long_is_cut_where_it_hurts_least() -> None:
    long = Document("Question: " + "zarn " * 100, "velm. " + "dazvo " * 100)
    (example,) = tokenise([long], TOKENIZER, 64)
    assert len(example.tokens) == 64
    assert TOKENIZER.decode(example.tokens[example.start :]).startswith(" velm.")
    pieces = tokenise([Document("", "zarn velm " * 200)], TOKENIZER, 64)
    assert len(pieces) > 3 and all(len(p.tokens) <= 64 for p in pieces)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_packed_loss_and_gradient_equal_unpacked(architecture: str) -> None:
    model = model_of(architecture)
    examples = tokenise(FACTS + READING, TOKENIZER, 64)
    rows = [[examples[n] for n in row] for row in pack([len(e.tokens) for e in examples], 96, seed=0)]
    assert max(len(row) for row in rows) > 1
    total, tokens = supervised_loss(model, collate(rows, TOKENIZER.pad_token_id))
    (total / tokens).backward()
    packed = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    loss = sum(supervised_loss(model, collate([[e]], 0, packed=False))[0] for e in examples) / tokens
    loss.backward()
    assert abs(float(total.detach() / tokens) - float(loss.detach())) < 1e-5
    assert all(torch.allclose(p.grad, g, atol=1e-5) for p, g in zip(model.parameters(), packed, strict=True))
    # Both equal the loss that transformers computes.
    plain = 0.0
    for e in examples:
        ids = torch.tensor([e.tokens])
        labels = ids.clone()
        labels[:, : e.start] = -100
        plain += float(model(input_ids=ids, labels=labels).loss.detach()) * learned_tokens(e)
    assert abs(plain / tokens - float(loss.detach())) < 1e-5


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_document_sees_another(architecture: str) -> None:
    model = model_of(architecture)
    first, second, third = tokenise(FACTS[:3], TOKENIZER, 64)
    other = Example(tuple(5 + (t * 7) % 300 for t in second.tokens), second.start)

    def hidden(middle: Example) -> torch.Tensor:
        batch = collate([[first, middle, third]], 0)
        with torch.no_grad():
            body: torch.Tensor = model.base_model(
                input_ids=batch.tokens, attention_mask=batch.mask, position_ids=batch.positions, use_cache=False
            ).last_hidden_state[0]
        return body

    before, after = hidden(second), hidden(other)
    inside = slice(len(first.tokens), len(first.tokens) + len(second.tokens))
    assert not torch.allclose(before[inside], after[inside], atol=1e-3)
    assert torch.equal(before[: inside.start], after[: inside.start])
    assert torch.allclose(before[inside.stop :], after[inside.stop :], atol=1e-6)


def test_a_model_that_leaks_is_noticed_and_gets_one_document_a_row() -> None:
    model = model_of("llama")
    examples = tokenise(FACTS, TOKENIZER, 64)
    assert honours_packing(model, examples[:4], 0)
    forward = model.model.forward
    model.model.forward = lambda **inputs: forward(**{k: v for k, v in inputs.items() if k not in ("attention_mask", "position_ids")})
    assert not honours_packing(model, examples[:4], 0)
    recipe = Recipe(1e-3, 128, 64)
    assert all(len(row) == 1 for step in plan_steps([examples], recipe, seed=0, packed=False) for row in step)


def test_a_model_with_something_behind_its_head_is_used_whole() -> None:
    model = model_of("llama")
    assert body_and_head(model) is not None
    capped = model_of("llama")
    forward = capped.forward

    def halved(**inputs: Any) -> Any:
        out = forward(**inputs)
        out.logits = out.logits / 2
        return out

    capped.forward = halved
    assert body_and_head(capped) is None
    batch = collate([tokenise(FACTS[:2], TOKENIZER, 64)], 0)
    with torch.no_grad():
        assert not torch.isclose(supervised_loss(model, batch)[0], supervised_loss(capped, batch)[0])


def test_the_plan_is_a_function_of_the_seed_and_holds_every_example_of_every_epoch() -> None:
    examples = tokenise(FACTS + READING, TOKENIZER, 64)
    recipe = Recipe(1e-3, 128, 64)
    plan = plan_steps([examples, examples[:5]], recipe, seed=3)
    assert plan == plan_steps([examples, examples[:5]], recipe, seed=3) != plan_steps([examples, examples[:5]], recipe, seed=4)
    assert sorted(e for step in plan for row in step for e in row) == sorted([*examples, *examples[:5]])


def test_the_learning_rate_rises_then_falls_to_a_fiftieth() -> None:
    recipe = Recipe(1.0, 128, 64, warmup_steps=10)
    rates = [learning_rate(step, 100, recipe) for step in range(100)]
    assert learning_rate(1, 8, recipe) == 1.0  # a short run has a short warm-up
    assert rates[0] == 0.1 and rates[10] == max(rates) == 1.0 and rates[-1] == 0.02
    assert rates[10:] == sorted(rates[10:], reverse=True)


def test_documents_are_read_with_the_place_of_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n{"prompt": "a"}\n')
    with pytest.raises(InputError, match=r"documents.jsonl:2"):
        load_documents(path)
    with pytest.raises(NotFoundError, match="dvc repro curriculum"):
        load_documents(tmp_path / "none.jsonl")
