"""Makes llama models with random weights and a tokenizer, and counts the work that they have: floating-point operations and bytes.

    save_model(Path("model"), "1M", texts)
    evaluation_work(SIZES["1M"], read=61, attended=1400, scored=22, batch_items=30)     # of one item

A *roofline* says how fast a computation can be at best: it needs at least operations / peak rate seconds, and bytes / bandwidth seconds.
Counted are the operations of the linear layers and of attention between tokens that may see each other, a multiplication and an addition
being two. Bytes are those of the weights, once for each batch, and of the inputs and outputs of the linear layers, all in single precision.
Norms, activation functions, the softmax and everything that Python does are left out, so the bound is out of reach for small models.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

CONTEXT = 512
BYTES = 4  # of a number in single precision
ADAM_TRAFFIC = 8  # numbers that an AdamW step moves for each trained weight: weight, gradient and two moments, read and written


class Size(NamedTuple):
    """Dimensions of a llama with tied embeddings."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int

    @property
    def linear(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each linear layer of a block."""
        return [(self.hidden, self.hidden)] * 4 + [(self.hidden, self.inner)] * 2 + [(self.inner, self.hidden)]

    @property
    def body(self) -> int:
        """Number of weights in the linear layers of all blocks."""
        return self.layers * sum(one * two for one, two in self.linear)

    @property
    def head(self) -> int:
        """Number of weights of the head, which are also the embeddings."""
        return self.hidden * self.vocabulary


SIZES = {"1M": Size(128, 4, 4, 384, 2048), "30M": Size(512, 6, 8, 1536, 16_384)}


class Work(NamedTuple):
    """Floating-point operations and bytes moved."""

    flops: float
    bytes: float

    def __add__(self, other: object) -> Work:
        assert isinstance(other, Work)
        return Work(self.flops + other.flops, self.bytes + other.bytes)

    def times(self, factor: float) -> Work:
        """The work, so many times."""
        return Work(self.flops * factor, self.bytes * factor)

    def seconds(self, ceiling: Ceiling) -> float:
        """The least time that a machine needs for it."""
        return max(self.flops / ceiling.flops_per_s, self.bytes / ceiling.bytes_per_s)


class Ceiling(NamedTuple):
    """What a machine reaches at best."""

    flops_per_s: float
    bytes_per_s: float


def save_model(folder: Path, size: str, texts: Iterable[str]) -> int:
    """Writes a random model and a tokenizer that was trained on the texts. Returns the number of weights."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    from proda.compiler.tokenizer import train_tokenizer

    shape = SIZES[size]
    tokenizer = train_tokenizer(texts, shape.vocabulary, CONTEXT)
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return sum(p.numel() for p in model.parameters())


def forward_work(size: Size, *, read: float, attended: float, projected: float) -> Work:
    """Work of a forward pass without the reading of weights.

    `read` tokens pass through the blocks, `attended` pairs of tokens see each other, and `projected` tokens get logits.
    """
    flops = 2 * size.body * read + 4 * size.hidden * size.layers * attended + 2 * size.head * projected
    moved = size.layers * sum(one + two for one, two in size.linear) * read + (size.hidden + size.vocabulary) * projected
    return Work(flops, BYTES * moved)


def evaluation_work(size: Size, *, read: float, attended: float, scored: float, batch_items: float) -> Work:
    """Work for one item, of which a batch holds `batch_items`."""
    return forward_work(size, read=read, attended=attended, projected=scored) + Work(0, BYTES * (size.body + size.head) / batch_items)


def training_work(size: Size, *, attended: float, supervised: float, batch_tokens: float, lora_rank: int = 0) -> Work:
    """Work for one token of training: `attended` pairs and `supervised` tokens for each token, a step for each `batch_tokens`.

    The backward pass of a trained matrix has twice the operations of its forward pass; that of a frozen one has the same number.
    """
    forward = forward_work(size, read=1, attended=attended, projected=supervised)
    weights = size.body + size.head
    if not lora_rank:
        trained, work = weights, forward.times(3)
    else:
        low = size.layers * sum(lora_rank * (one + two) for one, two in size.linear)
        trained, work = low, forward.times(2) + Work(3 * 2 * low, 3 * BYTES * size.layers * len(size.linear) * 2 * lora_rank)
    return work + Work(0, BYTES * (2 * weights + ADAM_TRAFFIC * trained) / batch_tokens)


def ceiling() -> Ceiling:
    """Measures what this process reaches: products of two square matrices, and copies of an array that no cache holds."""
    import torch

    one, two = torch.rand(1536, 1536), torch.rand(1536, 1536)
    long, copy = torch.rand(2**26), torch.empty(2**26)
    product = min(_seconds(lambda: one @ two) for _ in range(8))
    copied = min(_seconds(lambda: copy.copy_(long)) for _ in range(5))
    return Ceiling(2 * 1536**3 / product, 2 * BYTES * 2**26 / copied)


def _seconds(work: object) -> float:
    assert callable(work)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
