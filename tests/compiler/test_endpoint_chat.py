"""Models that are trained in a chat template are asked in it through an endpoint too, in the words of local scoring."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from proda.compiler.adapter import load_tuned
from proda.compiler.base import load_base, make_base
from proda.compiler.train import train_seeds
from proda.errors import ParamsError
from proda.params import EndpointParams, EvaluateParams, ModelParams, Params
from proda.runtime.prompts import prompt_tokens
from proda.tester.letters import REQUEST, chat_letter_text, letter_items
from proda.tester.scoring import option_scores, score_items
from proda.workflows.endpoint_prober import endpoint_prober
from proda.workflows.endpoint_scorer import endpoint_scorer
from tests.calls.endpoint import Running
from tests.compiler.scoring_server import scoring_server
from tests.compiler.tiny import FACTS, TRAIN, tiny_base
from tests.compiler.word_items import items

TEMPLATE = "{% for m in messages %}<zarn> {{ m.role }}\n{{ m.content }} velm\n{% endfor %}"
QUESTION = ("Question: What does zarn cause?\nAnswer:", ("velm", "tolk, of all"))


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PRODA_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "PRODA_REPLIES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model whose template writes the start token, which the tokenizer puts before each text too."""
    from tokenizers.processors import TemplateProcessing
    from transformers import AutoTokenizer

    folder = tiny_base(tmp_path_factory.mktemp("pretrained"), context=256)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    start = tokenizer.bos_token
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single=f"{start} $A", special_tokens=[(start, tokenizer.bos_token_id)])
    tokenizer.save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(start + TEMPLATE)
    return folder


@pytest.fixture(scope="module")
def base(pretrained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository's folder build/base."""
    root = tmp_path_factory.mktemp("repository")
    make_base(ModelParams(base=str(pretrained)), [], root / "build/base", cache=root / "cache", prompt="chat")
    return root / "build/base"


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tuned")
    one = msgspec.structs.replace(TRAIN, seeds=(0,), method="lora", train_embeddings="none", prompt="chat", general_replay=0.0)
    train_seeds(base, FACTS, [], one, out / "out", cache=out / "cache")
    return out / "out/seed-0"


@pytest.fixture(scope="module")
def server(base: Path, adapter: Path) -> Iterator[Running]:
    with scoring_server({"small": [base, None], "tuned-0": [base, adapter]}) as running:
        yield running


def params_for(url: str, model: Path | str, scoring: str = "loglikelihood", request: str = "chat", prompt: str = "chat") -> Params:
    endpoint = EndpointParams(url=url, base_model="small", tuned_model="tuned-{seed}", request=request)  # type: ignore[arg-type]
    evaluate = EvaluateParams(scoring=scoring, backend="endpoint", endpoint=endpoint, bootstrap=50)  # type: ignore[arg-type]
    train = msgspec.structs.replace(TRAIN, seeds=(0,), prompt=prompt)
    return Params(model=ModelParams(base=str(model)), train=train, evaluate=evaluate)


def test_log_likelihoods_in_a_chat_template_are_those_of_local_scoring(
    server: Running, pretrained: Path, base: Path, adapter: Path, tmp_path: Path
) -> None:
    params = params_for(server.url, pretrained)
    scorer, asked = endpoint_scorer(params, tmp_path), items(8)
    for name, load in (("base", partial(load_base, base)), ("seed-0", partial(load_tuned, base, adapter))):
        model, tokenizer = load()
        for without_stem in (False, True):
            ours = scorer.outcomes(name, asked, without_stem=without_stem)
            theirs = score_items(model, tokenizer, asked, name=name, without_stem=without_stem)
            assert [(o.item, o.chosen, o.correct) for o in ours] == [(o.item, o.chosen, o.correct) for o in theirs]
            assert [o.margin for o in ours] == pytest.approx([o.margin for o in theirs], abs=1e-5) and None not in {o.margin for o in ours}
    probed = endpoint_prober(params, tmp_path).scores([QUESTION])["seed-0"][0]
    assert probed == pytest.approx(option_scores(model, tokenizer, [QUESTION])[0], rel=1e-5)
    bare = endpoint_scorer(params_for(server.url, pretrained, prompt="plain"), tmp_path).option_scores("seed-0", [QUESTION])[0]
    assert bare != pytest.approx(probed, rel=1e-3)


def test_neutral_text_is_scored_as_it_is(server: Running, pretrained: Path, tmp_path: Path) -> None:
    texts, before = ["The zarn stands beside a velm."], len(server.requests())
    scorer = endpoint_scorer(params_for(server.url, pretrained), tmp_path)
    scorer.announce([("base", [], [], [(texts[0], ())])])
    assert scorer.text_losses("base", texts, length=512)[0] is not None
    assert server.requests()[-1]["text"] == texts[0] and len(server.requests()) == before + 2  # with the test question


def test_letters_are_asked_for_as_they_are_locally(
    server: Running, pretrained: Path, base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = items(3)
    _, tokenizer = load_base(base)
    before = len(server.requests())
    endpoint_scorer(params_for(server.url, pretrained, "letter", "completion"), tmp_path).outcomes("base", asked)
    sent = [row["text"] for row in server.requests()[before:]]
    for item in asked:
        (local,) = prompt_tokens(tokenizer, [chat_letter_text(item)])
        assert local in tokenizer(sent)["input_ids"]
    before = len(server.requests())
    # The server writes the template, so neither a tokenizer nor the model has to be here.
    endpoint_scorer(params_for(server.url, "nowhere/to-be-found", "letter", "chat"), tmp_path).outcomes("base", asked)
    sent = [row["text"] for row in server.requests()[before:]]
    lettered = [item.letter_prompt.removeprefix("Question: ").removesuffix("\nAnswer:") for item in asked]
    assert {f"{text}\n{REQUEST}" for text in lettered} <= set(sent)
    assert letter_items(*load_base(base), asked, name="base", new_tokens=2)  # asks with the same words: see test_chat.py


def test_the_tokenizer_is_that_of_the_pinned_base(server: Running, pretrained: Path, base: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(pretrained, tmp_path / "elsewhere/moved")
    make_base(ModelParams(base=str(moved)), [], tmp_path / "build/base", cache=tmp_path / "cache", prompt="chat")
    pin = (tmp_path / "build/base/pin.json").read_text()
    (tmp_path / "build/base/pin.json").write_text(pin.replace(f'"base": "{moved}"', '"base": "organisation/name"'))
    assert endpoint_scorer(params_for(server.url, "organisation/name"), tmp_path).tokenizer is not None


@pytest.mark.parametrize("fault", ["missing", "no template", "start token"])
def test_a_template_that_cannot_be_had_is_refused_with_a_way_out(pretrained: Path, tmp_path: Path, fault: str) -> None:
    folder = shutil.copytree(pretrained, tmp_path / "model")
    template = folder / "chat_template.jinja"
    if fault == "missing":
        shutil.rmtree(folder)
    elif fault == "no template":
        template.unlink()
    else:
        template.write_text(TEMPLATE)
    with pytest.raises(ParamsError, match=r"evaluate\.backend") as caught:
        endpoint_scorer(params_for("http://127.0.0.1:1/v1", folder), tmp_path)
    assert "scoring: letter" in str(caught.value) and str(folder) in str(caught.value)
