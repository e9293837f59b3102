"""Runs that did not reach a server are sent later, completely and once, wherever the connection breaks. A real MLflow server and SQLite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient

from proda.compiler import tracking
from proda.compiler.fit import Point
from proda.compiler.run_stores import EXPERIMENT, all_runs, own_uri
from proda.compiler.tracking import open_run
from proda.compiler.upload import COPY, ORIGIN, SENT
from proda.errors import NotFoundError, ProdaError, UsageError
from proda.store.run_record import read_run, record_part
from proda.workflows.upload_runs import upload_runs
from tests.mlflowserver import Gate, free_port, mlflow_server

CURVE = [Point(step, 1 / step, 1e-3) for step in range(1, 1201)]
CODE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow_server(tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Runs of each test are in a separate experiment, so that tests can share a server."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"):
        monkeypatch.delenv(name, raising=False)
    # A machine that is busy with other things must not make a test fail.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "600")
    monkeypatch.setattr(tracking, "PATIENCE_S", 600)
    monkeypatch.setattr(tracking, "PAUSE_S", 600)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


def build(root: Path, curve: int = 20) -> str:
    with open_run(root, {"train.epochs": "3", "seed": "0"}, name="main: A commit", tags={"mlflow.source.git.commit": "9ab2"}) as tracker:
        tracker.curve("seed-0", CURVE[:curve])
        tracker.metrics({"tuned/twin/accuracy": 0.71, "base/twin/accuracy": 0.25, "unknown": float("nan")})
        tracker.dataset("corpus", "a41f" * 8 + ".dir", path="samples/corpus", rows=12)
        tracker.dataset("suite", "77" * 16)
        tracker.model("adapters", "e2.dir")
    return str(tracker.run_id)


def content(client: MlflowClient, run_id: str) -> dict[str, Any]:
    """Everything that a run holds, without the ids and tags that tie it to its copy."""
    run = client.get_run(run_id)
    history = {key: [(p.step, p.timestamp, repr(p.value)) for p in client.get_metric_history(run_id, key)] for key in run.data.metrics}
    return {
        "info": (run.info.status, run.info.start_time, run.info.end_time, run.info.run_name),
        "params": run.data.params,
        "tags": {key: value for key, value in run.data.tags.items() if key not in (ORIGIN, COPY, SENT)},
        "history": {key: sorted(points) for key, points in history.items()},
        "data": sorted((d.dataset.name, d.dataset.digest, d.dataset.source, d.dataset.profile) for d in run.inputs.dataset_inputs),
        "models": [client.get_logged_model(m.model_id).tags["digest"] for m in run.outputs.model_outputs],
    }


def the_copy(url: str, experiment: str) -> str:
    """The id of the only run, deleted or not, of the experiment; it has the only model of the experiment."""
    client = MlflowClient(url)
    found = client.get_experiment_by_name(experiment)
    assert found is not None
    runs = client.search_runs([found.experiment_id], run_view_type=ViewType.ALL)
    assert len(runs) == 1
    assert len(client.search_logged_models([found.experiment_id])) == 1
    return str(runs[0].info.run_id)


def test_a_run_made_while_the_server_was_down_is_sent_whole_and_once(
    tmp_path: Path, server: str, experiment: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{free_port()}")
    run_id = build(tmp_path, curve=1200)
    assert capsys.readouterr().err.count("out of reach") == 1
    record_part(tmp_path, "train", {"inputs": "a41f"}, run_id=run_id)
    with pytest.raises(ProdaError, match=r"0 runs sent, 1 to go\. Run `proda runs --upload` again"):
        upload_runs(tmp_path)

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    assert upload_runs(tmp_path).sent == (run_id,)
    copy = the_copy(server, experiment)
    mine = content(MlflowClient(own_uri(tmp_path)), run_id)
    assert content(MlflowClient(server), copy) == mine
    assert len(mine["history"]["loss/seed-0"]) == 1200 and mine["info"][0] == "FINISHED" and mine["models"] == ["e2.dir"]
    assert (read_run(tmp_path)["run_id"], read_run(tmp_path)["store"]) == (copy, server)
    again = upload_runs(tmp_path)
    assert (again.sent, again.there) == ((), 1) and the_copy(server, experiment) == copy


@pytest.mark.parametrize("when", ["asked", "answered"])
def test_an_upload_that_breaks_at_any_request_is_continued_and_nothing_is_there_twice(
    tmp_path: Path, server: str, experiment: str, when: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = build(tmp_path)
    with Gate(server) as gate:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", gate.url)
        for after in range(100):
            gate.cut(after, when)
            try:
                upload_runs(tmp_path)
            except ProdaError:
                continue
            break
        assert 5 < after < 99
    assert content(MlflowClient(server), the_copy(server, experiment)) == content(MlflowClient(own_uri(tmp_path)), run_id)


def test_an_upload_that_is_killed_is_continued(tmp_path: Path, server: str, experiment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = build(tmp_path, curve=1200)
    code = "import sys; from pathlib import Path; from proda.workflows.upload_runs import upload_runs; upload_runs(Path(sys.argv[1]))"
    with Gate(server) as gate:
        gate.cut(7, "held")
        environment = {**os.environ, "PYTHONPATH": str(CODE), "MLFLOW_TRACKING_URI": gate.url, "MLFLOW_HTTP_REQUEST_TIMEOUT": "300"}
        child = subprocess.Popen([sys.executable, "-P", "-c", code, str(tmp_path)], env=environment)
        try:
            assert gate.held.wait(300)
        finally:
            child.kill()
            child.wait()
    half = content(MlflowClient(server), str(all_runs(MlflowClient(server), experiment)[0].info.run_id))
    mine = content(MlflowClient(own_uri(tmp_path)), run_id)
    assert half["history"] and half != mine, "it was killed in the middle"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    assert upload_runs(tmp_path).sent == (run_id,)
    assert content(MlflowClient(server), the_copy(server, experiment)) == mine


def test_a_server_that_answers_nothing_is_asked_once_a_stage_and_the_build_goes_on(
    tmp_path: Path, server: str, experiment: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with Gate(server) as gate:
        gate.cut(0, "held")
        monkeypatch.setenv("MLFLOW_TRACKING_URI", gate.url)
        run_id = build(tmp_path)
        assert gate.requests == 1
        assert capsys.readouterr().err.count("out of reach") == 1
        gate.cut(None)
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "600")
        assert upload_runs(tmp_path).sent == (run_id,)
    assert content(MlflowClient(server), the_copy(server, experiment)) == content(MlflowClient(own_uri(tmp_path)), run_id)


def test_a_server_that_is_there_follows_the_run_and_a_failed_stage_is_failed_there_too(
    tmp_path: Path, server: str, experiment: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.replace("://", "://ada:SECRET@"))
    client = MlflowClient(server)
    with pytest.raises(ValueError, match="evaluate"), open_run(tmp_path, {"seed": "0"}) as tracker:
        tracker.curve("seed-0", CURVE[:5])
        running = client.get_run(str(tracker.run_id))
        assert running.info.status == "RUNNING" and running.data.metrics["loss/seed-0"] == 0.2
        raise ValueError("evaluate fails")
    assert client.get_run(str(tracker.run_id)).info.status == "FAILED"
    with open_run(tmp_path, {"seed": "0"}, resume=tracker.run_id) as again:
        again.metrics({"x": 1.0})
    assert again.run_id == tracker.run_id
    done = client.get_run(str(tracker.run_id))
    assert done.info.status == "FINISHED" and done.data.metrics["x"] == 1.0
    assert upload_runs(tmp_path).there == 1 and len(all_runs(client, experiment)) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", ""), "MLflow itself would print the address with its password"
    assert not any(b"SECRET" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_copy_that_was_deleted_stays_deleted_unless_its_run_is_named(
    tmp_path: Path, server: str, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = build(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    upload_runs(tmp_path)
    client = MlflowClient(server)
    copy = the_copy(server, experiment)
    client.delete_run(copy)
    found = upload_runs(tmp_path)
    assert (found.sent, found.there, found.deleted) == ((), 0, (run_id,))
    assert client.get_run(the_copy(server, experiment)).info.lifecycle_stage == "deleted"
    assert upload_runs(tmp_path, run_id[:8]).sent == (run_id,)
    assert client.get_run(the_copy(server, experiment)).info.lifecycle_stage == "active"
    with pytest.raises(NotFoundError, match="No run 'zzzz'"):
        upload_runs(tmp_path, "zzzz")


def test_a_run_that_a_late_request_created_twice_is_there_once(
    tmp_path: Path, server: str, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = build(tmp_path)
    client = MlflowClient(server)
    made = client.create_experiment(experiment)
    began = MlflowClient(own_uri(tmp_path)).get_run(run_id).info.start_time
    for _ in range(2):
        client.create_run(made, start_time=began, tags={ORIGIN: run_id})
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    upload_runs(tmp_path)
    [copy] = all_runs(client, experiment)
    assert content(client, str(copy.info.run_id)) == content(MlflowClient(own_uri(tmp_path)), run_id)


def test_each_server_gets_every_run(tmp_path: Path, experiment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = build(tmp_path), build(tmp_path)
    stores = [f"sqlite:///{tmp_path / name}.db" for name in ("one", "two")]
    for store in [*stores, stores[0]]:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
        upload_runs(tmp_path)
        there = {run.data.tags[ORIGIN] for run in all_runs(MlflowClient(store), experiment)}
        assert there == {first, second} and len(all_runs(MlflowClient(store), experiment)) == 2
    assert len(all_runs(MlflowClient(own_uri(tmp_path)), EXPERIMENT)) == 2


def test_no_secret_of_the_address_is_printed_or_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = build(tmp_path)
    record_part(tmp_path, "train", {}, run_id=run_id)
    command = [sys.executable, "-P", "-m", "proda.cli.main", "runs", "--upload", "--json", "--root", str(tmp_path)]
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge/relations.yaml").write_text("")
    environment = {**os.environ, "PYTHONPATH": str(CODE), "MLFLOW_TRACKING_URI": f"http://ada:SECRET@127.0.0.1:{free_port()}/SECRET"}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "The server failed (" in done.stderr and "Traceback" not in done.stderr
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert "SECRET" not in done.stdout + done.stderr and not any(b"SECRET" in data for data in kept)
    environment["MLFLOW_TRACKING_URI"] = f"sqlite:///{tmp_path / 'team.db'}"
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["sent"] == [run_id] and done.stderr == "1 sent, 0 there already.\n"


def test_without_a_server_the_command_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="MLFLOW_TRACKING_URI names no server"):
        upload_runs(tmp_path)
