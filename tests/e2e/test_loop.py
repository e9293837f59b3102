"""The whole loop on a five-chain world, with real DVC, real git and a real (tiny) model: built once, then changed step by step.

The tests of this file run in order, in one worker, on one repository.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from proda.graph import Knowledge
from proda.records import Patch, Sample
from proda.store.diagnoses import DIAGNOSIS, load_diagnoses, load_noticed
from proda.store.items import load_items
from proda.store.patches import named, patch_text
from proda.yamlio import load_yaml
from tests.e2e.commands import run, stages_run, tree
from tests.remote.clones import Clone, connected
from tests.remote.servers import Server, ceph, moto, require_ceph
from tests.toyworld import ROOT, make_repository

TOPIC = "knowledge/milling/milling-basics.yaml"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_repository(tmp_path_factory.mktemp("loop"), code=True)
    output = run(root, "dvc", "repro")
    assert stages_run(output) == {"check", "benchmark", "synthesize", "curriculum", "guard", "base", "train", "evaluate", "diagnose"}
    run(root, "git", "add", "-A")
    run(root, "git", "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-qm", "Built")
    return root


def test_metrics_have_the_promised_shape(root: Path) -> None:
    metrics = json.loads((root / "benchmarks/results/metrics.json").read_text())
    breakdowns = json.loads((root / "benchmarks/results/breakdowns.json").read_text())
    for who, models in (("base", 1), ("tuned", 2)):
        for split in ("dev", "twin", "sealed"):
            part = metrics[who][split]
            assert {
                "n",
                "accuracy",
                "ci95_low",
                "ci95_high",
                "unscored",
                "seeds",
            } <= set(part)
            assert part["ci95_low"] <= part["accuracy"] <= part["ci95_high"]
            assert len(part["seeds"]) == models
            assert set(breakdowns[who][split]) == {"by_discipline", "by_kind", "by_operator", "without_stem"}
            assert part["n"] == len(load_items(root, (split,)))  # type: ignore[arg-type]
        assert {"n", "accuracy", "ci95_low", "ci95_high", "seeds"} <= set(metrics["general"][who])
    for split in ("dev", "twin", "sealed"):
        assert {"all_known", "unknown"} <= set(metrics["dependence"][split]["all"])


def test_outcomes_name_the_items_as_they_stand(root: Path) -> None:
    hashes = {i.id: i.content_hash for i in load_items(root)}
    rows = [r for s in ("dev", "twin", "sealed") for r in csv.DictReader((root / f"benchmarks/results/outcomes/{s}.csv").open())]
    assert {r["model"] for r in rows} == {"base", "seed-0", "seed-1"}
    assert len(rows) == 3 * len(hashes)
    assert all(hashes[r["item"]] == r["hash"] for r in rows)
    assert [(r["item"], r["model"]) for r in rows[:6]] == sorted((r["item"], r["model"]) for r in rows[:6])


def test_every_failed_dev_item_is_diagnosed_and_the_rest_of_the_base_is_probed(root: Path) -> None:
    failed: Counter[str] = Counter()
    for row in csv.DictReader((root / "benchmarks/results/outcomes/dev.csv").open()):
        failed[row["item"]] += row["model"] != "base" and row["correct"] == "false"
    diagnoses, noticed = load_diagnoses(root), load_noticed(root)
    assert {d.item for d in diagnoses if d.failed_by} == {item for item, models in failed.items() if models == 2}
    knowledge = Knowledge.load(root / "build/knowledge")
    assert {e.probe for e in noticed} <= {"statement", "step", "between", "condition"}
    assert {e.node for e in noticed if e.probe != "condition"} <= set(knowledge.active_statements)
    assert {e.node for e in noticed if e.probe == "condition"} <= {chain.id for chain in knowledge.active_chains()}
    worth = load_yaml(root / DIAGNOSIS)["probes"]
    assert set(worth) == {"statement", "concept", "step", "between", "condition", "context"} and noticed  # such a small model knows little


def test_a_second_run_does_nothing(root: Path) -> None:
    assert stages_run(run(root, "dvc", "repro")) == set()


@pytest.mark.parametrize("serve", [moto, pytest.param(ceph, marks=pytest.mark.slow)])
def test_a_teammate_pulls_the_models_and_trains_nothing(
    root: Path, tmp_path: Path, serve: Callable[[Path], AbstractContextManager[Server]]
) -> None:
    pytest.importorskip("dvc_s3", reason="needs DVC's support for S3")
    if serve is ceph:
        require_ceph()
    shutil.copytree(root, tmp_path / "ada", symlinks=True)
    (tmp_path / "ada/.dvc/config").write_bytes((ROOT / ".dvc/config").read_bytes())
    (tmp_path / "server").mkdir()
    with serve(tmp_path / "server") as server:
        ada = connected(tmp_path / "ada", server, "models")
        ada.dvc("push", "--run-cache")
        ben = ada.clone(tmp_path / "ben")
        assert "not on this machine: build/" in ben.proda("status")
        ben.dvc("pull", "--run-cache")
        assert "up to date" in ben.dvc("status").out
        assert stages_run(ben.dvc("repro").out) == set() and ben.git("status", "--porcelain") == ""
        models = ("build/base", "build/adapters", "build/knowledge", "build/curriculum")
        assert tree(ben.root, *models) == tree(ada.root, *models)
        _assert_usable(ben)
        # Where dvc.lock does not name a training, the run cache does: the models are restored, and only data stages run.
        (ben.root / "dvc.lock").unlink()
        shutil.rmtree(ben.root / "build")
        assert stages_run(ben.dvc("repro", "--pull", "train").out) == {"check", "benchmark", "synthesize", "curriculum", "guard"}
        assert tree(ben.root, *models) == tree(ada.root, *models)


def _assert_usable(ben: Clone) -> None:
    """What reads results works in a clone that never built anything."""
    assert "results are up to date" in ben.proda("status")
    item = load_items(ben.root)[0].id
    assert item in ben.proda("show", item)
    ben.proda("report")
    assert (ben.root / "build/report/index.html").stat().st_size > 10_000


def test_a_comment_reruns_the_check_alone(root: Path) -> None:
    path = root / TOPIC
    path.write_text("# a word in passing\n" + path.read_text())
    assert stages_run(run(root, "dvc", "repro")) == {"check"}
    assert "benchmarks/" not in run(root, "git", "status", "--porcelain")


def test_one_changed_sentence_touches_only_what_names_it(root: Path) -> None:
    path = root / TOPIC
    before = path.read_text()
    path.write_text(
        before.replace("text: Wind causes sail rotation in the valley.", "text: In the valley it is wind that causes sail rotation.")
    )
    assert path.read_text() != before
    ran = stages_run(run(root, "dvc", "repro", "guard"))
    assert {"check", "benchmark", "synthesize", "guard"} == ran
    changed = {line[3:] for line in run(root, "git", "status", "--porcelain").splitlines()}
    assert "samples/corpus/milling/milling-basics.yaml" in changed
    assert not {c for c in changed if c.startswith(("benchmarks/items", "samples/corpus/lighting"))}
    assert stages_run(run(root, "dvc", "repro", "base")) == set()
    path.write_text(before)
    run(root, "dvc", "repro", "guard")


def test_data_stages_give_the_same_bytes_in_a_second_clone(root: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    dirty = bool(run(root, "git", "status", "--porcelain"))  # with the files of the earlier tests
    if dirty:
        run(root, "git", "stash", "-q", "--include-untracked")
    try:
        run(tmp_path, "git", "clone", "-q", str(root), str(clone))
        run(clone, "dvc", "repro", "guard")
        assert run(clone, "git", "status", "--porcelain") == ""
        folders = ("build/knowledge", "build/curriculum", "benchmarks/items", "benchmarks/general", "samples/corpus")
        assert tree(clone, *folders) == tree(root, *folders)
    finally:
        if dirty:
            run(root, "git", "stash", "pop", "-q")


def test_a_planted_leak_stops_the_build_before_training(root: Path) -> None:
    item = load_items(root, ("sealed",))[0]
    leak = Sample("leak:open-1", "open", (), item.stem, item.options[item.key].text)
    plant = named(Patch("", 1, (item.chain,), (item.id,), "concept gap", "Written from the failed question.", {}, samples=(leak,)))
    patch = root / f"samples/patches/{plant.id}.yaml"
    patch.write_text(patch_text(plant))
    try:
        output = run(root, "dvc", "repro", ok=False)
        assert "train" not in stages_run(output)
        assert item.id in output and "leak:open-1" in output
        assert "Traceback" not in output
    finally:
        patch.unlink()
    assert "train" not in stages_run(run(root, "dvc", "repro"))


def test_bad_knowledge_stops_the_build_with_one_clear_finding(root: Path) -> None:
    path = root / TOPIC
    before = path.read_text()
    path.write_text(before.replace("relation: causes", "relation: cuases", 1))
    items = tree(root, "benchmarks/items", "build/knowledge")
    try:
        output = run(root, "dvc", "repro", ok=False)
        assert f"{TOPIC}:" in output and "cuases" in output and "causes" in output
        assert "Traceback" not in output
        assert tree(root, "benchmarks/items", "build/knowledge") == items
    finally:
        path.write_text(before)


def test_an_unknown_parameter_stops_the_build(root: Path) -> None:
    path = root / "params.yaml"
    before = path.read_text()
    path.write_text(before.replace("guard", "gard") if "guard" in before else before + "\ngard: {ngram: 5}\n")
    try:
        output = run(root, sys.executable, "-m", "pipelines.guard", ok=False)
        assert "'gard' is not a known key here. Closest: 'guard'" in output
    finally:
        path.write_text(before)
