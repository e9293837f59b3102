"""An instruct model: its chat template is used from the pinned base through training to scoring."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from proda.compiler.adapter import load_tuned
from proda.compiler.base import load_base, make_base, read_pin
from proda.compiler.train import inputs_hash, train_seeds
from proda.errors import InputError, ParamsError
from proda.params import ModelParams, load_params
from proda.runtime.prompts import prompt_tokens, uses_chat_template
from proda.tester.letters import REQUEST, letter_items
from proda.workflows.kept_scores import kept_scores
from tests.compiler.tiny import FACTS, TRAIN
from tests.tester.models import items

TEMPLATE = "{% for m in messages %}zarn {{ m.role }}\n{{ m.content }} velm\n{% endfor %}"
QUESTIONS = [(FACTS[0].prompt, ("velm", "tolk", "sazk", "lurv"))]


@pytest.fixture
def instruct(base: Path, tmp_path: Path) -> Path:
    """A folder with a model and a chat template."""
    shutil.copytree(base, tmp_path / "instruct")
    (tmp_path / "instruct/chat_template.jinja").write_text(TEMPLATE)
    return tmp_path / "instruct"


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_chat_model_is_trained_and_scored_through_its_template(instruct: Path, tmp_path: Path, method: str) -> None:
    scores = {}
    for prompt in ("plain", "chat"):
        pinned = tmp_path / prompt / "base"
        pin, _ = make_base(ModelParams(base=str(instruct)), [], pinned, cache=tmp_path / "cache", prompt=prompt)
        assert pin.prompt == prompt == read_pin(pinned).prompt
        params = msgspec.structs.replace(TRAIN, seeds=(0,), method=method, prompt=prompt, general_replay=0.0)
        (run,) = train_seeds(pinned, FACTS, [], params, tmp_path / prompt / "out", cache=tmp_path / "cache")
        assert run.curve[-1].loss < run.curve[0].loss
        _, tokenizer = load_tuned(pinned, tmp_path / prompt / "out/seed-0")
        assert uses_chat_template(tokenizer) is uses_chat_template(load_base(pinned)[1]) is (prompt == "chat")
        scores[prompt] = kept_scores(pinned, None, QUESTIONS, cache=tmp_path / "cache")
    assert scores["plain"] != scores["chat"]  # one base; its scores are cached for each kind of prompt
    one, other = (
        inputs_hash(read_pin(tmp_path / p / "base"), FACTS, [], msgspec.structs.replace(TRAIN, prompt=p)) for p in ("plain", "chat")
    )
    assert one != other


def test_letters_are_asked_for_in_the_users_turn(instruct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_base(ModelParams(base=str(instruct)), [], tmp_path / "base", cache=tmp_path / "cache", prompt="chat")
    model, tokenizer = load_base(tmp_path / "base")
    asked: list[str] = []
    generate = model.generate
    monkeypatch.setattr(model, "generate", lambda **inputs: asked.extend(tokenizer.batch_decode(inputs["input_ids"])) or generate(**inputs))
    monkeypatch.setattr(model.config, "max_position_embeddings", 512)
    letter_items(model, tokenizer, items()[:2], name="base", new_tokens=2)
    assert len(asked) == 2
    squeezed = ["".join(text.split()) for text in asked]
    assert all("".join(REQUEST.split()) in text and "Answer:" not in text and text.startswith("zarnuser") for text in squeezed)
    assert prompt_tokens(tokenizer, ["Answer:"]) != prompt_tokens(tokenizer, ["Question: Why?\nAnswer:"])


def test_a_model_without_a_template_is_refused_before_anything_is_written(base: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no chat template"):
        make_base(ModelParams(base=str(base)), [], tmp_path / "base", cache=tmp_path / "cache", prompt="chat")
    assert not (tmp_path / "base").exists()
    (tmp_path / "params.yaml").write_text("train:\n  prompt: chat\n")
    with pytest.raises(ParamsError, match="the embedded base has no chat template"):
        load_params(tmp_path / "params.yaml")
