"""A base and texts that are small enough to train in a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proda.compiler.base import make_base
from proda.compiler.packing import Document
from proda.params import ModelParams, TrainParams

WORDS = ("zarn", "velm", "dazvo", "kuvd", "mixra", "tolk", "brun", "pelt", "gorim", "sazk", "fent", "lurv")
FACTS = [
    Document(f"Question: What does {a} cause?\nAnswer:", f"{b}. That is, {a} causes {b}.") for a, b in zip(WORDS, WORDS[1:], strict=False)
]
READING = [Document("", f"The {word} stands beside another {word}, and nothing is said of it.") for word in WORDS]
MODEL = ModelParams(hidden_size=32, layers=2, heads=2, vocabulary=320, context=64, batch_tokens=256, epochs=2, learning_rate=5e-3)
TRAIN = TrainParams(seeds=(0, 1), epochs=3, batch_tokens=128, max_length=64, warmup_steps=2, checkpoint_steps=2, learning_rate=5e-3)


def tiny_base(out: Path, architecture: str = "llama", **changes: Any) -> Path:
    """Train a base of an architecture for a few steps, and return its folder."""
    import msgspec

    params = msgspec.structs.replace(MODEL, architecture=architecture, **changes)
    make_base(params, FACTS + READING, out / "base", cache=out / "cache")
    return out / "base"
