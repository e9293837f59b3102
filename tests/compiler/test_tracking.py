"""The MLflow run of a build, in a real SQLite database, and with servers that cannot be reached."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient
from sqlalchemy import create_engine

from proda.compiler.fit import Point
from proda.compiler.run_stores import EXPERIMENT, all_runs, own_store, own_uri
from proda.compiler.tracking import OPEN_RUNS, open_run
from proda.errors import InputError, ProdaError
from proda.workflows.find_runs import list_runs
from proda.workflows.upload_runs import upload_runs
from tests.killing import kill_when

CURVE = [Point(step, 1 / step, 1e-3) for step in range(1, 1201)]
CODE = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(CODE)}


def test_processes_that_race_for_a_fresh_store_all_get_a_run_and_it_can_be_continued(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from proda.compiler.tracking import open_run\n"
        "tracker = open_run(Path(sys.argv[1]), {}); tracker.close(); print(tracker.run_id)"
    )
    racing = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [child.communicate(timeout=120) for child in racing]
    ids = {out.strip() for out, _ in said}
    assert len(ids) == 2 and "None" not in ids
    assert all(err == "" for _, err in said), "tracking must be quiet"

    with open_run(tmp_path, {"train.epochs": "3"}, name="main: A commit", tags={"mlflow.source.git.commit": "9ab2"}) as tracker:
        tracker.curve("seed-0", CURVE)
        tracker.dataset("corpus", "a41f" * 16, rows=12)
    with open_run(tmp_path, {"train.epochs": "3", "evaluate.bootstrap": "7"}, resume=tracker.run_id) as again:
        again.metrics({"tuned/twin/accuracy": 0.71})
    assert again.run_id == tracker.run_id
    client = MlflowClient(own_uri(tmp_path))
    run = client.get_run(str(tracker.run_id))
    assert run.data.params == {"train.epochs": "3", "evaluate.bootstrap": "7"} and run.data.metrics["tuned/twin/accuracy"] == 0.71
    assert run.info.status == "FINISHED" and run.info.run_name == "main: A commit"
    assert len(client.get_metric_history(run.info.run_id, "loss/seed-0")) == len(CURVE)
    assert run.inputs.dataset_inputs[0].dataset.name == "corpus"
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None and experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    elsewhere = open_run(tmp_path, {}, resume="0" * 32)
    elsewhere.close()
    assert elsewhere.run_id not in (None, tracker.run_id)
    assert client.get_run(str(elsewhere.run_id)).data.tags["proda.continues"] == "0" * 32
    assert [r.info.run_id for r in all_runs(client, most=1)] == [elsewhere.run_id]


def log_everything(root: Path, resume: str | None) -> str:
    with open_run(root, {"train.epochs": "3"}, name="main: A commit", resume=resume) as tracker:
        tracker.curve("seed-0", CURVE[:20])
        tracker.metrics({"tuned/twin/accuracy": 0.71, "base/twin/accuracy": 0.25})
        tracker.dataset("corpus", "a41f" * 16, rows=12)
        tracker.dataset("knowledge", "77.dir")
        tracker.tags({"proda.results": "51d0"})
        tracker.model("adapters", "e2.dir")
    return str(tracker.run_id)


def test_logging_the_same_twice_adds_nothing(tmp_path: Path) -> None:
    run_id = log_everything(tmp_path, None)
    client = MlflowClient(own_uri(tmp_path))

    def counts() -> list[object]:
        run = client.get_run(run_id)
        histories = {key: len(client.get_metric_history(run_id, key)) for key in run.data.metrics}
        return [histories, len(run.inputs.dataset_inputs), len(run.outputs.model_outputs), run.data.params]

    before = counts()
    assert before[1:3] == [2, 1]
    assert log_everything(tmp_path, run_id) == run_id and counts() == before

    # Other parameters are another run.
    with open_run(tmp_path, {"train.epochs": "4"}, resume=run_id) as second:
        pass
    assert second.run_id != run_id and client.get_run(str(second.run_id)).data.tags["proda.continues"] == run_id


@pytest.mark.parametrize(("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED"), (SystemExit, "KILLED")])
def test_a_stage_that_fails_or_is_interrupted_ends_its_run_with_the_reason(tmp_path: Path, error: type[BaseException], status: str) -> None:
    with pytest.raises(error), open_run(tmp_path, {}) as tracker:
        raise error
    run = MlflowClient(own_uri(tmp_path)).get_run(str(tracker.run_id))
    assert run.info.status == status and run.info.end_time is not None and run.data.tags["proda.error"] == error.__name__
    assert not list((tmp_path / OPEN_RUNS).iterdir())


def test_a_curve_that_was_cut_short_is_continued(tmp_path: Path) -> None:
    with open_run(tmp_path, {}) as tracker:
        tracker.curve("seed-0", CURVE[:7])
        tracker.curve("seed-0", CURVE[:20])
    history = MlflowClient(own_uri(tmp_path)).get_metric_history(str(tracker.run_id), "loss/seed-0")
    assert [(point.step, point.value) for point in history] == [(point.step, point.loss) for point in CURVE[:20]]


def test_a_killed_stage_is_found_at_the_next_start_and_a_running_one_is_left_alone(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from proda.compiler.tracking import open_run\n"
        "root = Path(sys.argv[1])\n"
        "with open_run(root, {}) as tracker:\n    (root / 'started').write_text(tracker.run_id)\n    time.sleep(600)"
    )
    started = tmp_path / "started"
    kill_when(started.exists, [sys.executable, "-c", code, str(tmp_path)], env=environment())
    killed = started.read_text()
    client = MlflowClient(own_uri(tmp_path))
    assert client.get_run(killed).info.status == "RUNNING"
    with open_run(tmp_path, {}) as running:
        ended = client.get_run(killed).info
        assert ended.status == "KILLED" and ended.start_time <= ended.end_time
        with open_run(tmp_path, {}):
            assert client.get_run(str(running.run_id)).info.status == "RUNNING"
    assert client.get_run(str(running.run_id)).info.status == "FINISHED"


UNREACHABLE = [
    "postgresql://u:pa/SECRET@127.0.0.1:1/db",
    "http://u:p@SECRET@127.0.0.1:1",
    "http://SECRET@127.0.0.1:1",
    "https://127.0.0.1:1/?token=SECRET",
    "http://127.0.0.1:1/SECRET/api",
    "http://u:p?SECRET@127.0.0.1:1",
]


@pytest.mark.parametrize("uri", UNREACHABLE)
def test_without_a_server_one_warning_without_secrets_and_everything_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], uri: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with open_run(tmp_path, {"a": "1"}) as tracker:
        tracker.curve("seed-0", CURVE)
        tracker.metrics({"x": 1.0})
    assert MlflowClient(own_uri(tmp_path)).get_run(str(tracker.run_id)).info.status == "FINISHED"
    said = capfd.readouterr()
    assert said.err.count("out of reach") == 1 and "`proda runs --upload` sends it" in said.err
    assert "SECRET" not in said.err + said.out


@pytest.mark.parametrize("uri", ["file://{folder}/mlruns", "file:mlruns", "{folder}/mlruns", "mlruns", "./mlruns"])
def test_a_folder_as_shared_store_is_said_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], uri: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(folder=tmp_path))
    with open_run(tmp_path, {"a": "1"}):
        pass
    said = capfd.readouterr().err
    assert said.count("names a folder") == 1 and "sqlite:///" in said and "out of reach" not in said
    with pytest.raises(ProdaError, match=r"names a folder.*sqlite:///.*Nothing was sent"):
        upload_runs(tmp_path)
    list_runs(tmp_path, 5)
    assert "names a folder" in capfd.readouterr().err
    assert not (tmp_path / "mlruns").exists()


@pytest.mark.parametrize("there", ["a folder", "another file"])
def test_a_database_that_cannot_be_used_stops_nothing(there: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    database = tmp_path / "mlflow.db"
    database.mkdir() if there == "a folder" else database.write_text("These are my notes about the runs, and no database.\n" * 100)
    with open_run(tmp_path, {"a": "1"}) as tracker:
        tracker.curve("seed-0", CURVE)
    assert tracker.run_id is None
    said = capfd.readouterr()
    assert said.err.count("cannot be used") == 1 and "run.json keeps the record" in said.err and "Traceback" not in said.err
    assert "Move it away to start a new one" in said.err
    with pytest.raises(InputError, match=r"mlflow\.db: .*; expected an SQLite database of MLflow"):
        own_store(tmp_path)


def test_a_database_whose_creation_was_interrupted_is_created_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the attempt is left: neither some of the tables, nor the setting by which they are made faster."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(MlflowClient, "search_experiments", interrupt)
        own_store(tmp_path)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        assert database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert [e.name for e in own_store(tmp_path).search_experiments()] == ["Default"]
    with create_engine(own_uri(tmp_path)).connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "FULL"
