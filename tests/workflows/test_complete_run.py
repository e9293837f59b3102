"""After a build, run.json and the MLflow run are complete, whichever stages DVC took from its cache. Real SQLite stores, no models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from proda.compiler.run_stores import all_runs, own_uri
from proda.compiler.tracking import open_run
from proda.errors import InputError, NotFoundError
from proda.params import load_params
from proda.store.run_record import RUN_RECORD, read_run, record_part
from proda.workflows.build_run import build_run, flat_params
from proda.workflows.complete_run import complete_run
from tests.toyresults import base_wrong_tuned_right, commit, make_diagnoses, make_outcomes, make_results
from tests.toyworld import make_repository

LOCK = """\
schema: '2.0'
stages:
  train:
    cmd: python -m pipelines.train
    deps:
      - {path: samples/corpus, hash: md5, md5: 1111.dir, size: 3, nfiles: 1}
      - {path: samples/patches, hash: md5, md5: 2222.dir, size: 3, nfiles: 1}
      - {path: build/curriculum/replay.jsonl, hash: md5, md5: '3333', size: 3}
      - {path: build/knowledge, hash: md5, md5: 4444.dir, size: 3, nfiles: 1}
      - {path: proda/params.py, hash: md5, md5: '5555', size: 3}
    outs:
      - {path: build/adapters, hash: md5, md5: 6666.dir, size: 3, nfiles: 1}
  evaluate:
    cmd: python -m pipelines.evaluate
    deps:
      - {path: benchmarks/items, hash: md5, md5: 7777.dir, size: 3, nfiles: 1}
      - {path: benchmarks/general/suite.jsonl, hash: md5, md5: '8888', size: 3}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of a repository whose results were committed on another machine: the store does not know the run, and nothing ran here."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    root = make_results(make_repository(tmp_path / "clone"))
    make_diagnoses(root)
    (root / "dvc.lock").write_text(LOCK)
    for seed in (0, 1):
        folder = root / f"build/adapters/seed-{seed}"
        folder.mkdir(parents=True)
        (folder / "adapter.json").write_text(json.dumps({"base": "b", "method": "lora", "seed": seed, "inputs": "a41f"}))
    (root / RUN_RECORD).unlink()
    train = {"seconds": 9.5, "inputs": "a41f", "samples": 80, "seeds": {"0": {"seconds": 4.0, "tokens": 9, "fresh": True}}}
    record_part(root, "train", train, run_id="0" * 32)
    commit(root, "Committed results")
    return root


def everything(root: Path) -> tuple[object, ...]:
    client = MlflowClient(own_uri(root))
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    histories = {(r.info.run_id, key): len(client.get_metric_history(r.info.run_id, key)) for r in runs for key in r.data.metrics}
    inputs = [(r.info.run_id, r.info.end_time, len(r.inputs.dataset_inputs), len(r.outputs.model_outputs)) for r in runs]
    return histories, inputs, (root / RUN_RECORD).read_bytes()


def test_a_clone_in_which_no_stage_ran_gets_a_whole_run_and_a_whole_record_and_twice_is_once(root: Path) -> None:
    done = complete_run(root)
    assert done.changed and done.run_id is not None
    run = MlflowClient(own_uri(root)).get_run(done.run_id)
    assert run.info.status == "FINISHED" and run.info.run_name.endswith(": Committed results")
    assert run.data.metrics["tuned/twin/accuracy"] == 1.0 and run.data.metrics["base/dev/by_kind/bridge"] == 0.0
    assert run.data.metrics["loss/seed-1"] == 1.5 and run.data.metrics["diagnose/concept gap"] > 0
    digests = {found.dataset.name: found.dataset.digest for found in run.inputs.dataset_inputs}
    assert digests == {
        **{"corpus": "1111.dir", "patches": "2222.dir", "replay": "3333", "knowledge": "4444.dir"},
        **{"items": "7777.dir", "suite": "8888"},
    }
    assert run.data.params == flat_params(load_params(root / "params.yaml")) and "evaluate.scoring" in run.data.params
    tags = run.data.tags
    assert tags["mlflow.source.git.dirty"] == "false" and len(tags["mlflow.source.git.commit"]) == 40
    assert tags["proda.continues"] == "0" * 32 and len(run.outputs.model_outputs) == 1
    record = read_run(root)
    assert record["run_id"] == done.run_id and record["dirty"] is False and record["commit"] == tags["mlflow.source.git.commit"]
    assert record["train"]["seconds"] == 9.5  # recorded for these adapters
    assert record["evaluate"]["items"] > 0 and record["evaluate"]["models"] == ["base", "seed-0", "seed-1"]
    assert record["diagnose"]["failed"] > 0 and record["store"] == "sqlite:///mlflow.db"

    before = everything(root)
    again = complete_run(root)
    assert not again.changed and again.run_id == done.run_id and everything(root) == before
    commit(root, "Results")  # another commit with the same results leaves the record as it is
    assert not complete_run(root).changed and everything(root) == before


def test_a_training_whose_scores_come_from_dvcs_cache_gets_them(root: Path) -> None:
    with build_run(root, load_params(root / "params.yaml")) as tracker:
        pass
    record_part(root, "train", read_run(root)["train"], run_id=tracker.run_id)
    done = complete_run(root)
    assert done.run_id == tracker.run_id
    run = MlflowClient(own_uri(root)).get_run(str(tracker.run_id))
    assert run.data.metrics["tuned/sealed/accuracy"] == 1.0 and run.info.status == "FINISHED"


def test_a_failed_or_killed_run_with_new_results_is_completed_and_parts_of_other_results_lose_their_times(root: Path) -> None:
    first = complete_run(root)
    record = read_run(root)
    record_part(root, "evaluate", {**record["evaluate"], "seconds": 7.0}, run_id=None)
    assert read_run(root)["evaluate"]["seconds"] == 7.0
    complete_run(root)
    assert read_run(root)["evaluate"]["seconds"] == 7.0
    make_outcomes(root, lambda item, model: base_wrong_tuned_right(item, model) and "path" in item.id)
    with pytest.raises(ValueError, match="evaluate"), open_run(root, {}, resume=first.run_id):
        raise ValueError("evaluate fails")
    assert complete_run(root).changed
    client = MlflowClient(own_uri(root))
    run = client.get_run(str(first.run_id))
    assert run.info.status == "FINISHED" and run.data.metrics["tuned/twin/accuracy"] < 1
    assert "seconds" not in read_run(root)["evaluate"]


def test_a_changed_input_makes_the_run_dirty_and_missing_outputs_do_not(root: Path) -> None:
    (root / "benchmarks/results/overlap.json").unlink()
    (root / "samples/corpus").rename(root / "build/corpus")
    complete_run(root)
    assert read_run(root)["dirty"] is False
    (root / "knowledge/relations.yaml").write_text((root / "knowledge/relations.yaml").read_text() + "# more\n")
    make_outcomes(root, lambda item, model: "path" in item.id)
    complete_run(root)
    assert read_run(root)["dirty"] is True


def test_without_a_server_the_run_is_kept_and_completing_it_again_sends_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record_part(root, "train", read_run(root)["train"], run_id=None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ada:SECRET@127.0.0.1:9")
    done = complete_run(root)
    assert capsys.readouterr().err.count("out of reach") == 1
    assert MlflowClient(own_uri(root)).get_run(str(done.run_id)).info.status == "FINISHED"
    record = read_run(root)
    assert record["run_id"] == done.run_id and record["store"] == "sqlite:///mlflow.db" and record["evaluate"]["items"] > 0
    assert "SECRET" not in (root / RUN_RECORD).read_text()
    before = everything(root)
    assert complete_run(root).run_id == done.run_id and everything(root) == before

    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root.parent / 'team.db'}")
    sent = complete_run(root)
    assert sent.changed and sent.run_id not in (None, done.run_id)
    assert MlflowClient(f"sqlite:///{root.parent / 'team.db'}").get_run(str(sent.run_id)).data.metrics["tuned/twin/accuracy"] == 1.0
    after = read_run(root)
    assert after == {**record, "run_id": sent.run_id, "store": "sqlite:///team.db"}
    assert not complete_run(root).changed and read_run(root) == after


def test_a_clone_leaves_the_record_alone_if_the_server_has_the_run_or_cannot_be_asked(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root.parent / 'team.db'}")
    done = complete_run(root)
    record = (root / RUN_RECORD).read_bytes()
    clone = root.parent / "clone-2"
    shutil.copytree(root, clone, ignore=shutil.ignore_patterns("mlflow.db"))
    again = complete_run(clone)
    assert again.run_id == done.run_id and not again.changed and (clone / RUN_RECORD).read_bytes() == record
    assert not all_runs(MlflowClient(own_uri(clone))) and capsys.readouterr().err == ""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert complete_run(clone).run_id is None and (clone / RUN_RECORD).read_bytes() == record
    assert capsys.readouterr().err.count("out of reach") == 1


def test_a_clone_that_builds_on_continues_the_run_of_the_server(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    team = f"sqlite:///{root.parent / 'team.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", team)
    done = complete_run(root)
    clone = root.parent / "clone-2"
    shutil.copytree(root, clone, ignore=shutil.ignore_patterns("mlflow.db"))
    with build_run(clone, load_params(clone / "params.yaml"), resume=True) as tracker:
        tracker.metrics({"tuned/twin/accuracy": 0.5})
    assert tracker.run_id == done.run_id
    found = all_runs(MlflowClient(team))
    assert [(run.info.run_id, run.info.status, run.data.metrics["tuned/twin/accuracy"]) for run in found] == [
        (done.run_id, "FINISHED", 0.5)
    ]


def test_damaged_and_missing_results_are_named(root: Path) -> None:
    (root / "dvc.lock").write_text("stages: [")
    with pytest.raises(InputError, match=r"dvc\.lock\n.*git checkout dvc\.lock"):
        complete_run(root)
    (root / "benchmarks/results/metrics.json").write_text("{")
    with pytest.raises(InputError, match=r"metrics\.json"):
        complete_run(root)
    (root / "benchmarks/results/metrics.json").unlink()
    with pytest.raises(NotFoundError, match="make repro"):
        complete_run(root)


def test_numbers_that_are_null_are_left_out_of_the_run(root: Path) -> None:
    for name, where in (("metrics.json", ("general", "base", "heldout_loss")), ("breakdowns.json", ("tuned", "twin", "by_kind", "path"))):
        path = root / "benchmarks/results" / name
        document = json.loads(path.read_text()) if path.exists() else {}
        inner = document
        for key in where[:-1]:
            inner = inner.setdefault(key, {})
        inner[where[-1]] = None
        path.write_text(json.dumps(document))
    done = complete_run(root)
    run = MlflowClient(own_uri(root)).get_run(str(done.run_id))
    assert "tuned/twin/accuracy" in run.data.metrics
    assert not {"general/base/heldout_loss", "tuned/twin/by_kind/path"} & set(run.data.metrics)
