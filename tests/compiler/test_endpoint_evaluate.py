"""The evaluation of models behind a server has the metrics and the probes of a local one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from proda.compiler.adapter import load_tuned
from proda.compiler.base import load_base
from proda.compiler.train import train_seeds
from proda.debugger.probes import all_statement_probes
from proda.params import EndpointParams, EvaluateParams, Params
from proda.tester.evaluate import Evaluation, evaluate
from proda.workflows.dependence import known_statements
from proda.workflows.endpoint_models import EndpointModels
from proda.workflows.endpoint_prober import endpoint_prober
from proda.workflows.neutral_text import measure
from proda.workflows.prober import Prober
from tests.calls.endpoint import Running
from tests.compiler.scoring_server import scoring_server
from tests.compiler.tiny import FACTS, TRAIN, tiny_base
from tests.compiler.word_items import items
from tests.toyworld import knowledge as toy_knowledge

CONTEXT = 192  # tokens


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PRODA_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "PRODA_REPLIES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base whose context is long enough for probes."""
    return tiny_base(tmp_path_factory.mktemp("longer"), context=CONTEXT)


@pytest.fixture(scope="module")
def adapter(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tuned")
    one = msgspec.structs.replace(TRAIN, seeds=(0,), method="lora", train_embeddings="none")
    train_seeds(base, FACTS, [], one, out / "out", cache=out / "cache")
    return out / "out/seed-0"


@pytest.fixture(scope="module")
def server(base: Path, adapter: Path) -> Iterator[Running]:
    with scoring_server({"small": [base, None], "tuned-0": [base, adapter]}, context=CONTEXT) as running:
        yield running


def _params(url: str) -> Params:
    endpoint = EndpointParams(url=url, base_model="small", tuned_model="tuned-{seed}")
    train = msgspec.structs.replace(TRAIN, seeds=(0,))
    return Params(train=train, evaluate=EvaluateParams(backend="endpoint", endpoint=endpoint, bootstrap=50, general=("suite", "winds")))


PASSAGES = ["The zarn stands beside another velm.", "Nothing is said of it, and nobody asks.", "x " * 400]  # the last one is too long


def _without_losses(found: Evaluation) -> dict[str, object]:
    general = {who: {k: v for k, v in block.items() if k != "heldout_loss"} for who, block in found.metrics["general"].items()}
    return {key: value for key, value in found.metrics.items() if key != "neutral_text"} | {"general": general}


def test_metrics_suites_dependence_and_probes_are_those_of_local_models(
    server: Running, base: Path, adapter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    knowledge, params = toy_knowledge(), _params(server.url)
    asked, suites = items(24)[:12], {"suite": items(24)[12:18], "winds": items(24)[18:]}
    served = EndpointModels(params, tmp_path)
    assert served.served == {"base": "small", "seed-0": "tuned-0"}
    over_http = served.evaluate(knowledge, asked, suites, PASSAGES)

    local = Prober(base, {"seed-0": adapter}, batch_tokens=512, cache=tmp_path / "cache")
    known = known_statements(knowledge, local)
    models = {"base": partial(load_base, base), "seed-0": partial(load_tuned, base, adapter)}
    here = evaluate(models, asked, suites, "zarn", params.evaluate, parameters=1 << 60, known=known)
    assert _without_losses(over_http) == _without_losses(here)
    assert {key: part for key, part in over_http.breakdowns.items() if key != "neutral_text"} == here.breakdowns
    losses = measure(base, {"seed-0": adapter}, PASSAGES[:2], batch_tokens=512, cache=tmp_path / "cache")
    assert len(losses) == 4 and all(loss.kl is None for loss in over_http.neutral)  # the long one does not fit the server's context
    assert {(x.passage, x.model, x.tokens): x.nats for x in over_http.neutral} == pytest.approx(
        {(x.passage, x.model, x.tokens): x.nats for x in losses}, rel=1e-4
    )
    assert "1 of 3 passages are not scored by all models" in capsys.readouterr().err
    tuned = over_http.metrics["neutral_text"]["tuned"]
    assert {"loss", "increase"} <= tuned.keys() and "kl" not in tuned
    assert set(here.metrics["suites"]) == {"suite", "winds"} and here.metrics["general"]["base"]["n"] == 12
    assert [o.model for o in over_http.outcomes] == [o.model for o in here.outcomes]

    probes = all_statement_probes(knowledge)
    before = len(server.requests())
    ours, theirs = (p.answers(probes)["seed-0"] for p in (endpoint_prober(params, tmp_path), local))
    assert [a.right for a in ours] == [a.right for a in theirs] and len({a.margin for a in ours if not math.isnan(a.margin)}) > 5
    assert len(server.requests()) == before  # the evaluation asked them, for the dependence
