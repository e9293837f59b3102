"""Loss on neutral text of a pretrained base: measured by the stage, kept, compared by `proda verify`; real models and trainings."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from pipelines.evaluate import main
from proda.compiler.base import make_base
from proda.compiler.packing import Document
from proda.compiler.train import train_seeds
from proda.errors import NotFoundError, ParamsError
from proda.knowledge.compile import compile_knowledge
from proda.params import load_params
from proda.report.closing import closing
from proda.report.scores import details
from proda.store.items import load_items
from proda.store.neutral_losses import PATH, NeutralLoss, read_neutral_losses, write_neutral_losses
from proda.store.neutral_text import PATH as TEXTS
from proda.tester.neutral_metrics import neutral_metrics
from proda.workflows.neutral_text import measure, neutral_texts
from tests.cli.test_repair import proda
from tests.compiler.tiny import FACTS, MODEL, TRAIN
from tests.toyresults import commit, make_items_and_samples, make_outcomes, make_patch
from tests.toyworld import NEUTRAL, make_repository

NONSENSE = [Document("", " ".join(f"{word}{n}" for word in ("qua", "zib", "oxl", "pri") for n in range(6))) for _ in range(6)]


def set_params(root: Path, old: str, new: str) -> None:
    path = root / "params.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def tune(root: Path, documents: Sequence[Document], rate: float) -> None:
    """Write build/adapters: one seed, all weights trained."""
    params = msgspec.structs.replace(TRAIN, seeds=(0,), learning_rate=rate)
    train_seeds(root / "build/base", documents, [], params, root / "build/adapters", cache=root / "build/cache")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose base is a folder with a model that has read the neutral passages, and a gently tuned model."""
    here = tmp_path_factory.mktemp("neutral")
    root = make_items_and_samples(make_repository(here))
    pretrained = msgspec.structs.replace(MODEL, context=256, epochs=30)
    make_base(pretrained, [*FACTS, *(Document("", text) for text in NEUTRAL)], here / "model", cache=here / "cache")
    set_params(root, "base: embedded", f"base: {here / 'model'}")
    set_params(root, "seeds: [0, 1]", "seeds: [0]")
    assert compile_knowledge(root, root / "build/knowledge").ok
    items = load_items(root, ("dev",))
    (root / "benchmarks/general").mkdir(exist_ok=True)
    (root / "benchmarks/general/suite.jsonl").write_bytes(b"".join(msgspec.json.encode(item) + b"\n" for item in items[:4]))
    (root / "build/curriculum").mkdir(parents=True)
    (root / "build/curriculum/heldout.txt").write_text("The valley knows flour.\n")
    make_base(load_params(root / "params.yaml").model, (), root / "build/base", cache=root / "build/cache")
    tune(root, FACTS, 1e-6)
    return root


def measured(root: Path) -> list[NeutralLoss]:
    adapters = {"seed-0": root / "build/adapters/seed-0"}
    passages = neutral_texts(load_params(root / "params.yaml"), root)
    return measure(root / "build/base", adapters, passages, batch_tokens=512, cache=root / "build/cache")


def record(root: Path) -> None:
    """Write the losses and their metrics, as the stage does, beside results that were made up."""
    losses = measured(root)
    write_neutral_losses(root, losses)
    path = root / "benchmarks/results/metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"neutral_text": neutral_metrics(losses, resamples=50)}))


def kept(root: Path) -> list[Path]:
    return sorted((root / "build/cache/neutral").rglob("*.json"))


def test_auto_measures_for_a_pretrained_base_only(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = load_params(root / "params.yaml")

    def wanted(base: str, where: Path = root, **changes: str) -> int:
        evaluate = msgspec.structs.replace(found.evaluate, **changes)
        model = msgspec.structs.replace(found.model, base=base)
        return len(neutral_texts(msgspec.structs.replace(found, model=model, evaluate=evaluate), where))

    assert wanted("some/model") == len(NEUTRAL) and wanted("embedded") == 0
    assert wanted("embedded", neutral_text="on") == len(NEUTRAL) and wanted("some/model", neutral_text="off") == 0
    assert wanted("some/model", backend="endpoint") == len(NEUTRAL) and capsys.readouterr().err == ""
    assert wanted("some/model", backend="endpoint", scoring="letter") == 0 and "letter scoring" in capsys.readouterr().err
    assert wanted("some/model", tmp_path) == 0 and f"there is no {TEXTS}" in capsys.readouterr().err
    with pytest.raises(NotFoundError, match=r"neutral\.yaml"):
        wanted("some/model", tmp_path, neutral_text="on")


def test_letters_from_an_endpoint_cannot_be_told_to_measure(tmp_path: Path) -> None:
    served = "endpoint: {base_model: a, tuned_model: b}"
    path = tmp_path / "params.yaml"
    path.write_text(f"train: {{seeds: [0]}}\nevaluate:\n  backend: endpoint\n  scoring: letter\n  neutral_text: on\n  {served}\n")
    with pytest.raises(ParamsError, match=r"(?s)evaluate\.neutral_text.*letter scoring"):
        load_params(path)
    path.write_text(path.read_text().replace("neutral_text: on", "neutral_text: auto"))
    assert load_params(path).evaluate.neutral_text == "auto"


def test_the_stage_writes_losses_metrics_and_the_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    line: str = main.__wrapped__(load_params(root / "params.yaml"))  # type: ignore[attr-defined]  # the stage without its printing
    assert "; loss on neutral text " in line
    losses = read_neutral_losses(root)
    assert [loss.model for loss in losses] == ["base", "seed-0"] * len(NEUTRAL)
    results = root / "benchmarks/results"
    found, parts, head = (json.loads((results / f"{name}.json").read_text()) for name in ("metrics", "breakdowns", "headline"))
    base, tuned = found["neutral_text"]["base"], found["neutral_text"]["tuned"]
    assert base["loss"] == pytest.approx(sum(x.nats or 0 for x in losses[::2]) / sum(x.tokens for x in losses[::2]), abs=1e-4)
    assert (tuned["n"], tuned["unscored"], len(tuned["seeds"])) == (len(NEUTRAL), 0, 1)
    assert tuned["increase"] == pytest.approx(tuned["loss"] - base["loss"], abs=2e-4) and tuned["kl"] >= 0
    assert tuned["kl_low"] <= tuned["kl"] <= tuned["kl_high"] and tuned["increase_low"] <= tuned["increase"] <= tuned["increase_high"]
    assert parts["neutral_text"]["seed-0"]["loss"] == tuned["loss"]
    assert (head["neutral_loss"], head["base_neutral_loss"], head["neutral_kl"]) == (tuned["loss"], base["loss"], tuned["kl"])
    with sqlite3.connect(root / "mlflow.db") as database:
        logged = dict(database.execute("select key, value from metrics where key like 'neutral_text/%'").fetchall())
    assert logged["neutral_text/tuned/loss"] == tuned["loss"] and "neutral_text/seed-0/kl" in logged
    assert ("base: loss on neutral text, nats per token", f"{base['loss']:.3f}") in details(found)
    import proda as library

    assert f"\nloss on neutral text {base['loss']:.3f} → {tuned['loss']:.3f} nats per token" in closing(library.open(str(root)))


def test_what_was_measured_is_kept_and_is_measured_again_for_other_texts_and_damaged_files(root: Path) -> None:
    before = measured(root)
    [path] = kept(root)
    data, texts = path.read_bytes(), (root / TEXTS).read_bytes()
    model = Path(load_params(root / "params.yaml").model.base)
    moved = model.with_name("away")
    shutil.move(model, moved)  # so that nothing can be computed
    try:
        assert measured(root) == before
        for damaged, changed in ((data[:-4], texts), (data, texts + b"  - One more passage about the kettle.\n")):
            path.write_bytes(damaged)
            (root / TEXTS).write_bytes(changed)
            with pytest.raises(NotFoundError, match="is not a folder"):
                measured(root)
            path.write_bytes(data)
            (root / TEXTS).write_bytes(texts)
        assert measured(root) == before
    finally:
        shutil.move(moved, model)


@pytest.fixture
def judged(root: Path, tmp_path: Path) -> Path:
    """A copy with results before a round, and a patch."""
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    make_outcomes(copy)
    record(copy)
    commit(copy, "Built")
    make_patch(copy)
    commit(copy, "Repair something")
    return copy


@pytest.mark.parametrize(("documents", "rate", "worse"), [(NONSENSE, 0.5, True), (FACTS, 2e-6, False)])
def test_a_round_that_ruins_the_model_is_refused_and_one_that_does_not_passes(
    judged: Path, documents: list[Document], rate: float, worse: bool
) -> None:
    tune(judged, documents, rate)
    record(judged)
    commit(judged, "Rebuilt")
    done = proda(judged, "verify")
    assert done.returncode == (1 if worse else 0), done.stdout + done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("general ability: ")]
    assert "general suite +0.000, loss on neutral text +" in line.replace(" -", " +") and line.endswith(
        ": worse" if worse else ": not worse"
    )
    assert ("hurts: the loss on neutral text rises by" in done.stdout) is worse
    assert "KL from base" in done.stdout
    text = (judged / "benchmarks/verdicts/round-1.yaml").read_text()
    assert "neutral_text:\n  'n': 4\n  before: " in text and (": hurts" in text) is worse
    shown = proda(judged, "show", "round-1")
    assert "neutral text" in shown.stdout and "nats per token [" in shown.stdout, shown.stdout + shown.stderr
    differs = proda(judged, "diff", "HEAD~2")
    assert "tuned  loss on neutral text" in differs.stdout, differs.stdout + differs.stderr


def test_a_result_without_it_is_judged_without_it_and_the_message_says_so(judged: Path) -> None:
    (judged / PATH).unlink()
    commit(judged, "Rebuilt without it")
    done = proda(judged, "verify", "--dry-run")
    assert "Loss on neutral text is not compared: it was measured only before the round." in done.stderr
    assert "general ability: general suite +0.000: not worse" in done.stdout and "neutral text" not in done.stdout
