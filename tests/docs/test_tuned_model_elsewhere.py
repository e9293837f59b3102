"""The lines of docs/how-to/own-model.md give the model that is scored here, also in the shape in which other programs load it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from proda.compiler.adapter import load_tuned
from proda.compiler.train import train_seeds
from tests.compiler.tiny import FACTS, TRAIN, tiny_base

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/own-model.md"


@pytest.mark.parametrize(("method", "embeddings"), [("lora", "new"), ("lora", "all"), ("embeddings", "none"), ("full", "none")])
def test_the_lines_of_the_page_give_the_model_that_is_scored(
    method: str, embeddings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tiny_base(tmp_path / "build")
    params = msgspec.structs.replace(TRAIN, seeds=(0,), method=method, train_embeddings=embeddings, learning_rate=0.05)
    train_seeds(base, FACTS, [], params, tmp_path / "build/adapters", cache=tmp_path / "cache")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(tmp_path)
    where = "build/adapters/seed-0" if method == "full" else "tuned"
    if method != "full":
        exec(code.replace("ORGANISATION/NAME", "build/base"), {})  # as a reader of the page would
    ours, _ = load_tuned(base, tmp_path / "build/adapters/seed-0")
    theirs, tokenizer = AutoModelForCausalLM.from_pretrained(where), AutoTokenizer.from_pretrained(where)
    ids = torch.tensor([tokenizer(FACTS[0].prompt)["input_ids"]])
    untuned = AutoModelForCausalLM.from_pretrained(base)
    with torch.no_grad():
        assert torch.allclose(ours(input_ids=ids).logits, theirs(input_ids=ids).logits, atol=1e-5)
        assert not torch.allclose(untuned(input_ids=ids).logits, theirs(input_ids=ids).logits, atol=1e-2)
