"""The base: trained here in three architectures, or an existing model that is pinned; damaged models are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

import proda.compiler.base
from proda.compiler.adapter import load_tuned
from proda.compiler.base import hash_model, load_base, load_tokenizer, make_base, read_pin
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
    assert not list((tmp_path / "cache/base").rglob("checkpoint*"))


def test_the_same_seed_gives_the_same_base_and_another_another(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    hashes = [read_pin(tiny_base(tmp_path / name, seed=seed)).hash for name, seed in (("a", 0), ("b", 0), ("c", 1))]
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_base_is_trained_once_for_the_same_inputs_and_code_and_again_if_its_files_are_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints: list[Path] = []
    fitted = proda.compiler.base.fit

    def noting(*args: Any, **kwargs: Any) -> Any:
        checkpoints.append(kwargs["checkpoint"])
        return fitted(*args, **kwargs)

    monkeypatch.setattr("proda.compiler.base.fit", noting)

    def made(recipe: int) -> tuple[object, bytes]:
        monkeypatch.setattr("proda.compiler.base.RECIPE", recipe)
        found = make_base(MODEL, FACTS, tmp_path / "base", cache=tmp_path / "cache")
        return found, (tmp_path / "base/model.safetensors").read_bytes()

    first = made(1)
    assert made(1) == first and len(checkpoints) == 1
    made(10_000)
    assert len(checkpoints) == 2 and checkpoints[0] != checkpoints[1]
    weights = checkpoints[0].parent / "model/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    assert made(1) == first and len(checkpoints) == 3


def test_the_tokenizer_is_the_same_bytes_for_the_same_texts(tmp_path: Path) -> None:
    for name in ("a", "b"):
        train_tokenizer([d.completion for d in FACTS + READING], 300).save_pretrained(tmp_path / name)
    assert (tmp_path / "a/tokenizer.json").read_bytes() == (tmp_path / "b/tokenizer.json").read_bytes()
    with pytest.raises(ValueError, match="expected at least 259"):
        train_tokenizer(["a"], 100)


def other_model(folder: Path, kind: str) -> Path:
    """Save a small model of an architecture that the embedded base does not have."""
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


def test_a_tokenizer_that_is_loaded_alone_is_that_of_the_model(base: Path, tmp_path: Path) -> None:
    theirs = other_model(tmp_path / "theirs", "qwen2")
    make_base(ModelParams(base=str(theirs)), [], tmp_path / "base", cache=tmp_path / "cache")
    texts = [*(d.prompt + " " + d.completion for d in FACTS), "Ein Flügel, 3,5 kg schwer: <s> <|im_start|> \n\t…"]
    for folder in (base, tmp_path / "base"):
        alone, whole = load_tokenizer(folder), load_base(folder)[1]
        assert [alone(t)["input_ids"] for t in texts] == [whole(t)["input_ids"] for t in texts]
        assert alone.all_special_ids == whole.all_special_ids and alone.bos_token_id == whole.bos_token_id


def test_a_model_whose_files_changed_since_it_was_pinned_is_refused(tmp_path: Path) -> None:
    path = other_model(tmp_path / "theirs", "qwen2")
    make_base(ModelParams(base=str(path)), [], tmp_path / "base", cache=tmp_path / "cache")
    (path / "README.md").write_text("says nothing about the weights")
    load_base(tmp_path / "base")
    weights = bytearray((path / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (path / "model.safetensors").write_bytes(weights)
    with pytest.raises(InputError, match=r"pin\.json\n.*have changed"):
        load_base(tmp_path / "base")


def _config(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def _without(folder: Path, weight: str) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    save_file({name: w for name, w in load_file(path).items() if name != weight}, path, metadata={"format": "pt"})


def _not_a_number(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / "model.safetensors"
    found = load_file(path)
    found["model.norm.weight"].fill_(float("nan"))
    save_file(found, path, metadata={"format": "pt"})


def _cut(folder: Path, name: str, size: int) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:size])


def _smaller(folder: Path) -> None:
    size = {"vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    Qwen2ForCausalLM(Qwen2Config(**size, num_key_value_heads=1, tie_word_embeddings=True)).save_pretrained(folder)


def _without_tokenizer_of(folder: Path, kind: str) -> None:
    """Some architectures then get an empty tokenizer, and for others transformers fails."""
    _without_tokenizer(other_model(folder, kind))


def _without_tokenizer(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "a git-lfs pointer": (lambda f: (f / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid 0\n"), "loaded"),
    "half the weights": (lambda f: _cut(f, "model.safetensors", 4000), "loaded"),
    "no weights": (lambda f: _cut(f, "model.safetensors", 0), "loaded"),
    "garbage": (lambda f: (f / "model.safetensors").write_bytes(b"\xff" * 1000), "loaded"),
    "a missing matrix": (lambda f: _without(f, "model.layers.0.mlp.up_proj.weight"), "lacks weights.*up_proj"),
    "a missing head": (lambda f: _config(f, tie_word_embeddings=False), "lacks weights.*lm_head"),
    "another shape": (lambda f: _config(f, intermediate_size=96), "loaded"),
    "weights that are no numbers": (_not_a_number, "not finite"),
    "half a config": (lambda f: (f / "config.json").write_text("{"), "loaded"),
    "a config that is a list": (lambda f: (f / "config.json").write_text("[]"), "loaded"),
    "a size that is no number": (lambda f: _config(f, vocab_size="x"), "loaded"),
    "a quantised model": (lambda f: _config(f, quantization_config={"quant_method": "gptq", "bits": 4}), r"quantised \(gptq\)"),
    "a 4-bit model": (lambda f: _config(f, quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True}), "quantised"),
    "an empty tokenizer": (lambda f: (f / "tokenizer.json").write_text("{}"), "loaded|used"),
    "no tokenizer": (_without_tokenizer, r"no tokenizer files \(tokenizer\.json, …\) in the folder"),
    "no tokenizer, of another architecture": (lambda f: _without_tokenizer_of(f, "gpt_neox"), "no tokenizer files"),
    "half a tokenizer": (lambda f: _cut(f, "tokenizer.json", 500), "loaded"),
    "too small a model for its tokenizer": (_smaller, "tokens, but the model"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_model_that_cannot_be_used_is_refused_with_one_message_that_names_its_folder(tmp_path: Path, fault: str) -> None:
    path = other_model(tmp_path / "theirs", "qwen2")
    damage, message = BROKEN[fault]
    damage(path)
    with pytest.raises(InputError, match=message) as caught:
        make_base(ModelParams(base=str(path)), [], tmp_path / "base", cache=tmp_path / "cache")
    assert str(path) in str(caught.value)
    assert not (tmp_path / "base").exists()


def test_an_encoder_is_refused_and_unusual_causal_models_are_not(tmp_path: Path) -> None:
    tokenizer = train_tokenizer([d.prompt + d.completion for d in FACTS + READING], 320, 128)
    size = {"vocab_size": len(tokenizer), "hidden_size": 32, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "intermediate_size": 64}
    torch.manual_seed(0)
    models = {
        "bert": BertForMaskedLM(BertConfig(**size, **heads)),
        "mamba": MambaForCausalLM(MambaConfig(**size, state_size=4)),
        "mixtral": MixtralForCausalLM(MixtralConfig(**size, **heads, num_key_value_heads=1, num_local_experts=2)),
    }
    for kind, model in models.items():
        model.save_pretrained(tmp_path / kind)
        tokenizer.save_pretrained(tmp_path / kind)
        params = ModelParams(base=str(tmp_path / kind))
        if kind == "bert":
            with pytest.raises(InputError, match=r"depend on later tokens.*encoder.*model_type bert"):
                make_base(params, [], tmp_path / "base", cache=tmp_path / "cache")
        else:
            assert make_base(params, [], tmp_path / "base", cache=tmp_path / "cache")[0].architecture == kind


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n  Cannot read it.\nMore.", "Cannot read it."),
        ("Couldn't instantiate it from one of:\n(1) a file,\n(2) another", "Couldn't instantiate it from one of: (1) a file,"),
        ("One of:\n\nNamely:\n", "One of: Namely:"),
        ("", "ValueError"),
    ],
)
def test_the_reason_goes_on_after_a_colon(text: str, said: str) -> None:
    assert proda.compiler.base._first_line(ValueError(text)) == said


def test_a_file_and_a_folder_of_gguf_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    file, other = tmp_path / "theirs/model-q4.gguf", tmp_path / "model.safetensors"
    for path in (file, other):
        path.write_bytes(b"GGUF")
    for base, said in ((file, "is a file.*GGUF is a format"), (other, "is a file"), (file.parent, r"\*\.gguf only. GGUF is a format")):
        with pytest.raises(InputError, match=rf"model\.base\n.*{said}.*save_pretrained") as caught:
            make_base(ModelParams(base=str(base)), [], tmp_path / "base", cache=tmp_path / "cache")
        assert ("GGUF" in str(caught.value)) is (base != other)


def test_code_that_comes_with_a_model_never_runs_and_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = other_model(tmp_path / "theirs", "qwen2")
    _config(path, model_type="own_model", auto_map={"AutoConfig": "own.C", "AutoModelForCausalLM": "own.M"})
    imports = "from transformers import Qwen2Config as C, Qwen2ForCausalLM as M"
    (path / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n{imports}\n")
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    with pytest.raises(InputError, match="theirs"):
        make_base(ModelParams(base=str(path)), [], tmp_path / "base", cache=tmp_path / "cache")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("text", ["{", "[]", "", '{"base": 3}', "\xff"])
def test_a_damaged_pin_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "pin.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"pin\.json\n.*damaged.*dvc repro base"):
        load_base(tmp_path)


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFoundError, match="dvc repro base"):
        load_base(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no weights"):
        hash_model(tmp_path / "empty")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NotFoundError, match=r"model\.base"):
        make_base(ModelParams(base="nobody/no-such-model-7x"), [], tmp_path / "base", cache=tmp_path / "cache")
    with pytest.raises(InputError, match="holds no documents"):
        make_base(MODEL, [], tmp_path / "base", cache=tmp_path / "cache")
    with pytest.raises(ParamsError, match="hidden_size"):
        make_base(msgspec.structs.replace(MODEL, hidden_size=30), FACTS, tmp_path / "base", cache=tmp_path / "cache")
