"""Models and items for the tests of scoring. Random weights are large, so that every option has another score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proda.exchange.mcq_csv import suite_item
from proda.records import Item, Option

TEXT = "Question: Which explanation leads from heating to bending? Answer: heating causes expansion, which produces strain; A. B. C. D."
STEMS = (
    "What does heating cause?",
    "Which explanation leads all the way from heating to bending, one step at a time?",
    "Fill the gap: a … b.",
)
OPTIONS = (
    ("heating causes strain", "heating causes expansion, which produces strain", "heating causes expansion", "strain"),
    ("bending", "expansion produces heating", "the strain", "a bimetal strip, which bends"),
    ("strain", "strain, which produces strain", "heat", "an expansion gap"),
)


def items(count: int = 12) -> list[Item]:
    """Return items of different lengths; some of their options begin with the same words."""
    made = []
    for n in range(count):
        texts = OPTIONS[n % len(OPTIONS)]
        options = tuple(Option(f"{t} {'again ' * (n // 3)}".strip(), None if k == n % 4 else "substitution") for k, t in enumerate(texts))
        stem = f"{STEMS[(n + n // 3) % len(STEMS)]} ({n})"
        chain = f"physics/c{n // 2}"
        made.append(Item(f"{chain}:dev-{n}", "dev", "path", "physics", "heat", chain, (), (), stem, options, "ABCD"[n % 4]))
    return made


def suite_items(sizes: Sequence[int]) -> list[Item]:
    """Return questions of a general suite with these numbers of options. Right ones are at every place."""
    parts = ("heat", "the strain", "bending", "an expansion gap", "heating causes strain")
    made = []
    for n, size in enumerate(sizes):
        texts = [f"{parts[(n + k) % len(parts)]}{' again' * (k // len(parts))}" for k in range(size)]
        made.append(suite_item("toy", "general", "heat", f"{STEMS[n % len(STEMS)]} ({n})", texts, n % size))
    return made


def tokenizer() -> Any:
    """Return a byte-level tokenizer with few merges."""
    from proda.compiler.tokenizer import train_tokenizer

    return train_tokenizer([TEXT, *STEMS], 300, 512)


def model(architecture: str, vocabulary: int) -> Any:
    """Return a random model of two layers in the given architecture, in evaluation mode."""
    import torch
    from transformers import (
        GPT2Config,
        GPT2LMHeadModel,
        GPTNeoXConfig,
        GPTNeoXForCausalLM,
        LlamaConfig,
        LlamaForCausalLM,
        Qwen3Config,
        Qwen3ForCausalLM,
    )

    size = {"vocab_size": vocabulary, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(0)
    made: Any
    if architecture == "llama":
        made = LlamaForCausalLM(LlamaConfig(**size, max_position_embeddings=512))
    elif architecture == "qwen3":
        made = Qwen3ForCausalLM(Qwen3Config(**size, head_dim=16, num_key_value_heads=2, max_position_embeddings=512))
    elif architecture == "gpt_neox":
        made = GPTNeoXForCausalLM(GPTNeoXConfig(**size, max_position_embeddings=512))
    else:
        made = GPT2LMHeadModel(GPT2Config(vocab_size=vocabulary, n_embd=32, n_layer=2, n_head=2, n_positions=512))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return made.eval()
