"""The base: made here in three architectures, or any model pinned where it is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, Qwen2Config, Qwen2ForCausalLM

from proda.compiler.adapter import load_tuned
from proda.compiler.base import hash_model, load_base, make_base, read_pin
from proda.compiler.tokenizer import train_tokenizer
from proda.compiler.train import train_seeds
from proda.errors import InputError, NotFoundError, ParamsError
from proda.params import ModelParams
from tests.compiler.tiny import FACTS, MODEL, READING, TRAIN, tiny_base


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "gpt2"])
def test_an_embedded_base_learns_in_each_architecture_and_loads(tmp_path: Path, architecture: str) -> None:
    params = msgspec.structs.replace(MODEL, architecture=architecture)
    pin, curve = make_base(params, FACTS + READING, tmp_path / "base", cache=tmp_path / "cache")
    assert pin.architecture == architecture and pin == read_pin(tmp_path / "base")
    assert curve[-1].loss < curve[0].loss - 0.5
    model, tokenizer = load_base(tmp_path / "base")
    assert model.config.model_type == architecture and not model.training
    assert tokenizer.decode(tokenizer("Question: ünknown ¿?")["input_ids"]) == "Question: ünknown ¿?"
    assert not (tmp_path / "cache/base").exists() or not list((tmp_path / "cache/base").iterdir())


def test_the_same_seed_gives_the_same_base_and_another_another(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    hashes = [read_pin(tiny_base(tmp_path / name, seed=seed)).hash for name, seed in (("a", 0), ("b", 0), ("c", 1))]
    assert hashes[0] == hashes[1] != hashes[2]


def test_the_tokenizer_is_the_same_bytes_for_the_same_texts(tmp_path: Path) -> None:
    for name in ("a", "b"):
        train_tokenizer([d.completion for d in FACTS + READING], 300).save_pretrained(tmp_path / name)
    assert (tmp_path / "a/tokenizer.json").read_bytes() == (tmp_path / "b/tokenizer.json").read_bytes()
    with pytest.raises(ValueError, match="expected at least 259"):
        train_tokenizer(["a"], 100)


def other_model(folder: Path, kind: str) -> Path:
    """A model that somebody else made, in an architecture that the embedded base does not have."""
    tokenizer = train_tokenizer([d.prompt + d.completion for d in FACTS + READING], 320, 128)
    size = {"vocab_size": len(tokenizer), "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(0)
    if kind == "qwen2":
        model = Qwen2ForCausalLM(Qwen2Config(**size, num_key_value_heads=1, max_position_embeddings=128, tie_word_embeddings=True))
    else:
        model = GPTNeoXForCausalLM(GPTNeoXConfig(**size, max_position_embeddings=128, tie_word_embeddings=False))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["qwen2", "gpt_neox"])
@pytest.mark.parametrize("method", ["lora", "full"])
def test_another_model_is_pinned_tuned_and_loaded(tmp_path: Path, kind: str, method: str) -> None:
    path = other_model(tmp_path / "theirs", kind)
    pin, curve = make_base(ModelParams(base=str(path)), [], tmp_path / "base", cache=tmp_path / "cache")
    assert (pin.base, pin.architecture, curve) == (str(path), kind, [])
    assert [p.name for p in (tmp_path / "base").iterdir()] == ["pin.json"]
    params = msgspec.structs.replace(TRAIN, seeds=(0,), method=method, epochs=8, learning_rate=1e-2)
    run = train_seeds(tmp_path / "base", FACTS, [], params, tmp_path / "out", cache=tmp_path / "cache")[0]
    assert run.curve[-1].loss < run.curve[0].loss - 0.3
    tuned, tokenizer = load_tuned(tmp_path / "base", tmp_path / "out/seed-0")
    ids = torch.tensor([tokenizer(FACTS[0].prompt)["input_ids"]])
    with torch.no_grad():
        assert not torch.allclose(tuned(input_ids=ids).logits, load_base(tmp_path / "base")[0](input_ids=ids).logits, atol=1e-2)


def test_a_model_whose_files_changed_since_it_was_pinned_is_refused(tmp_path: Path) -> None:
    path = other_model(tmp_path / "theirs", "qwen2")
    make_base(ModelParams(base=str(path)), [], tmp_path / "base", cache=tmp_path / "cache")
    (path / "README.md").write_text("says nothing about the weights")
    load_base(tmp_path / "base")
    weights = bytearray((path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (path / "model.safetensors").write_bytes(weights)
    with pytest.raises(InputError, match=r"pin\.json\n.*have changed since"):
        load_base(tmp_path / "base")


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFoundError, match="dvc repro base"):
        load_base(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="No weights here"):
        hash_model(tmp_path / "empty")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NotFoundError, match=r"model\.base"):
        make_base(ModelParams(base="nobody/no-such-model-7x"), [], tmp_path / "base", cache=tmp_path / "cache")
    with pytest.raises(InputError, match="nothing to learn"):
        make_base(MODEL, [], tmp_path / "base", cache=tmp_path / "cache")
    with pytest.raises(ParamsError, match="hidden_size"):
        make_base(msgspec.structs.replace(MODEL, hidden_size=30), FACTS, tmp_path / "base", cache=tmp_path / "cache")
