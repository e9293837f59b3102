"""Models behind a server give the outcomes of local scoring, item by item; nothing is asked twice; faults are named."""

from __future__ import annotations

import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from subprocess import run
from typing import Any

import msgspec
import pytest

from proda.calls.reply_store import ReplyStore
from proda.calls.scoring_forms import INSTRUCTION
from proda.calls.wire import EndpointError
from proda.compiler.adapter import load_tuned
from proda.compiler.base import load_base, make_base
from proda.compiler.packing import Document
from proda.compiler.train import train_seeds
from proda.params import EndpointParams, EvaluateParams
from proda.records import LETTERS, SUITE_LETTERS, Outcome
from proda.tester.endpoint_scores import EndpointScorer
from proda.tester.letters import greedy, read_letter
from proda.tester.scoring import option_scores, score_items
from tests.calls.endpoint import ROOT, Running
from tests.compiler.scoring_server import scoring_server
from tests.compiler.tiny import FACTS, MODEL, TRAIN
from tests.compiler.word_items import items
from tests.killing import kill_when

Loader = Any


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PRODA_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "PRODA_REPLIES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tuned")
    one = msgspec.structs.replace(TRAIN, seeds=(0,), method="lora", train_embeddings="none")
    train_seeds(base, FACTS, [], one, out / "out", cache=out / "cache")
    return out / "out/seed-0"


@pytest.fixture(scope="module")
def server(base: Path, adapter: Path) -> Iterator[Running]:
    with scoring_server({"small": [base, None], "small-tuned-0": [base, adapter]}) as running:
        yield running


def params_for(url: str, scoring: str = "loglikelihood", **changes: Any) -> EvaluateParams:
    endpoint = EndpointParams(url=url, **{"base_model": "small", "tuned_model": "small-tuned-{seed}", **changes})
    return EvaluateParams(scoring=scoring, backend="endpoint", endpoint=endpoint, bootstrap=50)  # type: ignore[arg-type]


def _compared(ours: list[Outcome], theirs: list[Outcome]) -> None:
    assert [(o.item, o.model, o.chosen, o.correct) for o in ours] == [(o.item, o.model, o.chosen, o.correct) for o in theirs]
    assert [o.margin for o in ours] == pytest.approx([o.margin for o in theirs], abs=1e-5)


def test_log_likelihoods_are_those_of_local_scoring_item_by_item(server: Running, base: Path, adapter: Path, tmp_path: Path) -> None:
    scorer = EndpointScorer(params_for(server.url), tmp_path)
    asked = items(12)
    for name, load in (("base", partial(load_base, base)), ("seed-0", partial(load_tuned, base, adapter))):
        model, tokenizer = load()
        for without_stem in (False, True):
            local = score_items(model, tokenizer, asked, name=name, without_stem=without_stem)
            _compared(scorer.outcomes(name, asked, without_stem=without_stem), local)
        questions = [("Question: Is it “zarn”?\nAnswer:", ("zarn, ½ of it", "no, velm → dazvo"))]  # several bytes a character
        local_scores = option_scores(model, tokenizer, questions)
        assert scorer.option_scores(name, questions)[0] == pytest.approx(local_scores[0], rel=1e-5)
        margins = {o.margin for o in scorer.outcomes(name, asked)}
        assert None not in margins and len(margins) == 12


def test_a_second_run_asks_nothing(server: Running, tmp_path: Path) -> None:
    params = params_for(server.url)
    first = EndpointScorer(params, tmp_path).outcomes("base", items(6))
    before = len(server.requests())
    assert EndpointScorer(params, tmp_path).outcomes("base", items(6)) == first
    assert len(server.requests()) == before
    EndpointScorer(params, tmp_path).outcomes("base", items(7))
    assert len(server.requests()) == before + 5  # the prompt of one item, and its four options


def test_faults_of_the_server_change_no_outcome(base: Path, server: Running, tmp_path: Path) -> None:
    calm = EndpointScorer(params_for(server.url), tmp_path / "calm").outcomes("base", items(12))
    with scoring_server({"small": [base, None]}, faults={"429": 0.2, "500": 0.2, "no-usage": 0.3}) as troubled:
        assert EndpointScorer(params_for(troubled.url), tmp_path / "troubled").outcomes("base", items(12)) == calm
        statuses = Counter(row["status"] for row in troubled.requests())
        assert statuses[429] and statuses[500]


def test_an_item_longer_than_the_context_is_unscored_as_it_is_locally(base: Path, tmp_path: Path) -> None:
    model, tokenizer = load_base(base)
    long = msgspec.structs.replace(items(1)[0], stem="What does zarn cause? " * 40)
    with scoring_server({"small": [base, None]}, context=64) as small:
        found = EndpointScorer(params_for(small.url), tmp_path).outcomes("base", [long, *items(2)])
    _compared(found[1:], score_items(model, tokenizer, items(2), name="base"))
    assert found[0].chosen is None and score_items(model, tokenizer, [long], name="base")[0].chosen is None


def test_a_server_without_prompt_log_probabilities_is_refused_with_one_request(base: Path, tmp_path: Path) -> None:
    signs = {"echo": "no-prompt-logprobs", "logprobs": "logprobs is not supported", "completions": "404", "start": "the next place"}
    with scoring_server({model: [base, None] for model in signs}, lacks={model: [model] for model in signs}) as server:
        for count, (model, sign) in enumerate(signs.items()):
            with pytest.raises(EndpointError, match=sign) as caught:
                EndpointScorer(params_for(server.url, base_model=model), tmp_path / model).outcomes("base", items(6))
            assert "scoring: letter" in str(caught.value) and [row["model"] for row in server.requests()[count:]] == [model]


def _likeliest(model: Any, tokenizer: Any, prompt: str, letters: str = LETTERS) -> str:
    """The most likely letter after a prompt, computed without the code under test."""
    import torch

    head = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    ids = [*head, *tokenizer(prompt, add_special_tokens=False)["input_ids"]]
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids])).logits[0, -1]
    top = logits.topk(20).indices.tolist()
    shares = dict.fromkeys(letters, 0.0)
    for token in top:
        text = tokenizer.decode([token]).strip()
        if text in shares:
            shares[text] += math.exp(float(torch.log_softmax(logits.double(), -1)[token]))
    return max(shares, key=shares.__getitem__) if any(shares.values()) else ""


def test_letters_are_the_likeliest_ones_or_those_of_the_reply(tmp_path: Path) -> None:
    asked = items(12)
    taught = [Document(item.letter_prompt, LETTERS[n % 3]) for n, item in enumerate(asked)] * 24
    make_base(msgspec.structs.replace(MODEL, context=192, epochs=8), taught, tmp_path / "base", cache=tmp_path / "cache")
    base = tmp_path / "base"
    model, tokenizer = load_base(base)
    with scoring_server({"small": [base, None], "without-logprobs": [base, None]}, lacks={"without-logprobs": ["logprobs"]}) as server:
        found = EndpointScorer(params_for(server.url, "letter"), tmp_path / "a").outcomes("base", asked)
        expected = [_likeliest(model, tokenizer, f"{INSTRUCTION}\n\n{item.letter_prompt}") or None for item in asked]
        assert [o.chosen for o in found] == expected and any(expected)
        blind = EndpointScorer(params_for(server.url, "letter"), tmp_path / "a").outcomes("base", asked, without_stem=True)
        assert len(blind) == 12
        texts = [row["text"] for row in server.requests()]
        assert sum("Question" in text for text in texts) == 13 and len(texts) == 12 + 12 + 1  # one of them is the test question
        params = params_for(server.url, "letter", request="completion", base_model="without-logprobs")
        found = EndpointScorer(params, tmp_path / "b").outcomes("base", asked)
        replies = greedy(model, tokenizer, [item.letter_prompt for item in asked], new_tokens=params.letter_tokens)
        assert [o.chosen for o in found] == [read_letter(reply) for reply in replies] and len(set(replies)) > 1


def test_questions_with_two_to_ten_options_are_scored_as_locally(base: Path, server: Running, tmp_path: Path) -> None:
    asked = items(12, (2, 5, 4, 10, 3))
    model, tokenizer = load_base(base)
    _compared(EndpointScorer(params_for(server.url), tmp_path).outcomes("base", asked), score_items(model, tokenizer, asked, name="base"))


def test_letters_of_questions_with_two_to_ten_options(tmp_path: Path) -> None:
    sizes = (2, 5, 4, 10, 3)
    asked = items(15, sizes)
    # One letter further than the options go is taught for every fifth question: it is no answer to it.
    last = [len(item.options) - (n % 5 != 2) for n, item in enumerate(asked)]
    taught = [Document(item.letter_prompt, SUITE_LETTERS[place]) for item, place in zip(asked, last, strict=True)] * 24
    make_base(msgspec.structs.replace(MODEL, context=256, epochs=8), taught, tmp_path / "base", cache=tmp_path / "cache")
    base = tmp_path / "base"
    model, tokenizer = load_base(base)
    own = [SUITE_LETTERS[: len(item.options)] for item in asked]
    with scoring_server({"small": [base, None], "without-logprobs": [base, None]}, lacks={"without-logprobs": ["logprobs"]}) as server:
        found = EndpointScorer(params_for(server.url, "letter"), tmp_path / "a").outcomes("base", asked)
        params = params_for(server.url, "letter", request="completion", base_model="without-logprobs")
        of_replies = EndpointScorer(params, tmp_path / "b").outcomes("base", asked)
    prompts = [f"{INSTRUCTION}\n\n{item.letter_prompt}" for item in asked]
    assert [o.chosen for o in found] == [_likeliest(model, tokenizer, p, x) or None for p, x in zip(prompts, own, strict=True)]
    replies = greedy(model, tokenizer, [item.letter_prompt for item in asked], new_tokens=params.letter_tokens)
    assert [o.chosen for o in of_replies] == [read_letter(reply, x) for reply, x in zip(replies, own, strict=True)]
    assert {o.chosen for o in of_replies} & set("EJ") and None in {o.chosen for o in of_replies}


def test_the_spend_cap_stops_the_run_and_a_higher_one_goes_on(server: Running, tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match=r"evaluate\.endpoint\.max_calls \(11\) is reached.*Raise the cap in params\.yaml"):
        EndpointScorer(params_for(server.url, max_calls=11, concurrency=2), tmp_path).outcomes("base", items(6))
    stored = {reply.key for reply in ReplyStore(tmp_path).replies()}
    assert len(stored) == 11
    before = len(server.requests())
    EndpointScorer(params_for(server.url), tmp_path).outcomes("base", items(6))
    assert len(server.requests()) - before == 6 * 5 + 1 - 11  # each prompt and option once, and the test question


def test_the_key_comes_from_the_named_variable_and_stands_in_no_file(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SERVER_KEY", "sk-mine-123456")
    EndpointScorer(params_for(server.url, key_variable="MY_SERVER_KEY"), tmp_path).outcomes("base", items(1))
    assert server.requests()[-1]["key"] == "Bearer sk-mine-123456"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"sk-mine" in path.read_bytes()]


def test_a_run_that_is_killed_goes_on_without_repeating(base: Path, tmp_path: Path) -> None:
    count = 30
    texts = count * 5 + 1
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with scoring_server({"small": [base, None]}, latency_s=0.05) as server:
        params = params_for(server.url, concurrency=4)
        command = [
            sys.executable,
            "-P",
            "-m",
            "tests.compiler.score_by_endpoint",
            str(tmp_path),
            msgspec.json.encode(params).decode(),
            str(count),
        ]
        kill_when(lambda: sum(1 for _ in tmp_path.glob("build/replies/??/*.json")) >= texts // 3, command, cwd=ROOT, env=env)
        kept = {reply.key for reply in ReplyStore(tmp_path).replies()}
        assert texts // 3 <= len(kept) < texts
        before = len(server.requests())
        done = run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        late = server.requests()[before:]
        whole = EndpointScorer(params, tmp_path / "other").outcomes("base", items(count))
    in_flight = 4  # requests that the kill cut off may be answered after it
    assert texts - len(kept) <= len(late) <= texts - len(kept) + in_flight
    assert msgspec.convert(json.loads(done.stdout), list[Outcome]) == whole
