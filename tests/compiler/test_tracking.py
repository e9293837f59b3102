"""MLflow: one run, continued; safe to race for; and no reason to stop when it is out of reach."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from mlflow.tracking import MlflowClient

from proda.compiler.fit import Point
from proda.compiler.record import PATH, begin_record, extend_record, public_uri, read_record
from proda.compiler.tracking import open_run, store_uri

CURVE = [Point(step, 1 / step, 1e-3) for step in range(1, 1201)]


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def test_processes_that_race_for_a_fresh_store_all_get_a_run_and_it_can_be_continued(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from proda.compiler.tracking import open_run\n"
        "tracker = open_run(Path(sys.argv[1]), {}); tracker.close(); print(tracker.run_id)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    racing = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [child.communicate(timeout=120) for child in racing]
    ids = {out.strip() for out, _ in said}
    assert len(ids) == 2 and "None" not in ids
    assert all(err == "" for _, err in said), "tracking must be quiet"

    tracker = open_run(tmp_path, {"train.epochs": "3"})
    tracker.curve("seed-0", CURVE)
    tracker.dataset("corpus", "a41f" * 16, rows=12)
    tracker.close()
    again = open_run(tmp_path, {}, resume=tracker.run_id)
    again.metrics({"tuned/twin/accuracy": 0.71})
    again.close()
    assert again.run_id == tracker.run_id
    client = MlflowClient(store_uri(tmp_path))
    run = client.get_run(str(tracker.run_id))
    assert run.data.params == {"train.epochs": "3"} and run.data.metrics["tuned/twin/accuracy"] == 0.71
    assert run.info.status == "FINISHED"
    assert len(client.get_metric_history(run.info.run_id, "loss/seed-0")) == len(CURVE)
    assert run.inputs.dataset_inputs[0].dataset.name == "corpus"
    elsewhere = open_run(tmp_path, {}, resume="0" * 32)
    assert elsewhere.run_id not in (None, tracker.run_id)
    assert client.get_run(str(elsewhere.run_id)).data.tags["proda.continues"] == "0" * 32


def test_without_a_store_one_line_warns_and_everything_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://somebody:secret@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    tracker = open_run(tmp_path, {"a": "1"})
    tracker.curve("seed-0", CURVE)
    tracker.metrics({"x": 1.0})
    tracker.close()
    assert tracker.run_id is None
    warning = capsys.readouterr().err
    assert warning.count("\n") == 1 and "run.json keeps the record" in warning and "secret" not in warning
    begin_record(tmp_path, tracker.run_id, {"inputs": "a41f"})
    assert "secret" not in (tmp_path / PATH).read_text()


def test_the_record_starts_with_train_and_is_continued_by_evaluate(tmp_path: Path) -> None:
    begin_record(tmp_path, "r1", {"inputs": "a41f"})
    extend_record(tmp_path, "r1", "evaluate", {"items": 3})
    record = read_record(tmp_path)
    assert record["run_id"] == "r1" and record["train"] == {"inputs": "a41f"} and record["evaluate"] == {"items": 3}
    assert record["versions"]["torch"] and record["store"] == "sqlite:///mlflow.db" == public_uri(tmp_path)
    begin_record(tmp_path, "r2", {"inputs": "b"})
    assert "evaluate" not in read_record(tmp_path)
    (tmp_path / PATH).write_text("{half")
    assert read_record(tmp_path) == {}
    assert msgspec.json.encode(read_record(tmp_path)) == b"{}"
