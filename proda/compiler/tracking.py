"""Record a build as one MLflow run, which `train` starts and `evaluate` and `diagnose` continue.

    with open_run(Path("."), {"train.epochs": "3"}, name="main: Repair round 2", tags={"mlflow.source.git.commit": "9ab2…"}) as tracker:
        tracker.curve("seed-0", curve)
        tracker.dataset("corpus", "a41f9c…", rows=12800)
        tracker.metrics({"tuned/twin/accuracy": 0.71})
    tracker.run_id        "8c1f…", or None if MLflow could not be reached

The run ends as FINISHED, or as FAILED if the block raises. A stage that is killed cannot end its run: it leaves a lock file in
build/cache/open-runs, and the next `open_run` ends that run as FAILED.

The store is the SQLite database mlflow.db in the repository, unless MLFLOW_TRACKING_URI names another. Tracking never stops a build: if
the store cannot be reached, one line says so, and run.json alone keeps the record. Logging is idempotent: what a run holds already is not
logged again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from proda.compiler.fit import Point
from proda.store.public_url import public_url

EXPERIMENT = "proda"
BATCH = 1000  # metrics that MLflow takes in one call
LONGEST = 6000  # characters of a parameter's value that MLflow takes
OPEN_RUNS = Path("build/cache/open-runs")
# Read by MLflow's user interface: this kind of experiment is shown with the columns of model training.
KIND = {"mlflow.experimentKind": "custom_model_development"}
SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "DATABRICKS_TOKEN")
LOGGERS = ("mlflow", "alembic", "alembic.runtime.migration", "sqlalchemy", "urllib3")


class Tracker:
    """One run of the store. Every method does nothing once the store has failed, or without a store."""

    def __init__(self, root: Path, client: Any = None, run_id: str | None = None, lock: FileLock | None = None) -> None:
        self.run_id = run_id
        self._root = root
        self._client = client
        self._lock = lock
        self._run: Any = None

    def __enter__(self) -> Tracker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close("FINISHED" if kind is None else "FAILED")

    def curve(self, name: str, points: Iterable[Point]) -> None:
        """Log loss and learning rate of one seed, as `loss/<name>` and `learning_rate/<name>`."""

        def log() -> None:
            if f"loss/{name}" not in self._known().data.metrics:
                curves = [(p, {"loss": p.loss, "learning_rate": p.learning_rate}) for p in points]
                self._log_metrics([(f"{kind}/{name}", value, p.step) for p, values in curves for kind, value in values.items()])

        self._try(log)

    def metrics(self, values: Mapping[str, float]) -> None:
        """Log numbers that have no steps, as far as the run does not hold the same numbers."""

        def log() -> None:
            known = self._known().data.metrics
            self._log_metrics([(key, value, 0) for key, value in values.items() if known.get(key) != value])

        self._try(log)

    def dataset(self, name: str, digest: str, *, rows: int | None = None) -> None:
        """Log the digest of data that was read, and its number of rows if it is known. No data is copied."""

        def log() -> None:
            from mlflow.entities import Dataset, DatasetInput, InputTag

            known = {(found.dataset.name, found.dataset.digest) for found in self._known().inputs.dataset_inputs}
            if (name, digest[:36]) in known:
                return
            count = "{}" if rows is None else f'{{"num_rows": {rows}}}'
            dataset = Dataset(name, digest[:36], "local", f'{{"path": "{name}"}}', profile=count)
            self._client.log_inputs(self.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", name)])])

        self._try(log)

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        self._try(lambda: [self._client.set_tag(self.run_id, key, value) for key, value in values.items()])

    def model(self, name: str, digest: str) -> None:
        """Log the trained adapters as a model of the run, identified by the digest of their files."""

        def log() -> None:
            from mlflow.entities import LoggedModelOutput

            run = self._known()
            models = [self._client.get_logged_model(found.model_id) for found in run.outputs.model_outputs] if run.outputs else []
            if any(found.tags.get("digest") == digest for found in models):
                return
            made = self._client.create_logged_model(run.info.experiment_id, name, self.run_id, {"digest": digest}, model_type="adapter")
            self._client.log_outputs(self.run_id, [LoggedModelOutput(made.model_id, step=0)])
            self._client.finalize_logged_model(made.model_id, "READY")

        self._try(log)

    def close(self, status: str = "FINISHED") -> None:
        """End the run with a status of MLflow. The run can be opened again."""

        def end() -> None:
            self._client.set_terminated(self.run_id, status)
            if self._lock is not None:
                Path(self._lock.lock_file).unlink(missing_ok=True)

        self._try(end)
        if self._lock is not None:
            self._lock.release()

    def _known(self) -> Any:
        """The run as the store has it, read once before each kind of logging."""
        return self._client.get_run(self.run_id)

    def _log_metrics(self, rows: list[tuple[str, float, int]]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        for at in range(0, len(rows), BATCH):
            self._client.log_batch(self.run_id, [Metric(key, value, now, step) for key, value, step in rows[at : at + BATCH]])

    def _try(self, log: Callable[[], object]) -> None:
        if self._client is None:
            return
        try:
            log()
        except Exception as error:  # a store fails in many ways, and none of them may end a build
            self._client = None
            _warn(self._root, error)


def open_run(
    root: Path, params: Mapping[str, str], *, name: str = "proda", tags: Mapping[str, str] | None = None, resume: str | None = None
) -> Tracker:
    """Start a run, or continue the run `resume` if the store has it and its parameters are the same.

    If it does not (the run was made on another machine, or with other parameters), a new run names it in the tag `proda.continues`. Runs of
    stages that were killed are ended as FAILED first.
    """
    values = {key: value[:LONGEST] for key, value in params.items()}
    try:
        client = _client(root)
        _end_killed_runs(root, client)
        found = known_run(client, resume)
        if found is not None and all(found.data.params.get(key, value) == value for key, value in values.items()):
            run_id = str(resume)
            lock = _lock(root, run_id)
            client.update_run(run_id, status="RUNNING")
            missing = {key: value for key, value in values.items() if key not in found.data.params}
        else:
            everything = {"mlflow.runName": name, **(tags or {})} | ({"proda.continues": resume} if resume else {})
            run_id = str(client.create_run(_experiment(client), tags=everything).info.run_id)
            lock, missing = _lock(root, run_id), values
    except Exception as error:
        _warn(root, error)
        return Tracker(root)
    tracker = Tracker(root, client, run_id, lock)

    def log() -> None:
        from mlflow.entities import Param

        client.log_batch(run_id, params=[Param(key, value) for key, value in missing.items()])

    if missing:
        tracker._try(log)
    return tracker


@contextlib.contextmanager
def store(root: Path) -> Iterator[Any]:
    """Yield a client of the tracking store, or None with a warning if it cannot be reached."""
    try:
        client = _client(root)
    except Exception as error:
        _warn(root, error)
        client = None
    yield client


def list_runs(root: Path, most: int) -> list[Any] | None:
    """Return the newest runs of the project, or None with a warning if the store cannot be reached."""
    with store(root) as client:
        if client is None:
            return None
        try:
            found = client.get_experiment_by_name(EXPERIMENT)
            newest = ["attributes.start_time DESC"]
            return list(client.search_runs([found.experiment_id], max_results=most, order_by=newest)) if found else []
        except Exception as error:  # as for logging
            _warn(root, error)
            return None


def known_run(client: Any, run_id: str | None) -> Any | None:
    """Return a run of the store, or None if there is none of that id. Raises what the store raises if it cannot be reached."""
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode

    if not run_id:
        return None
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        if error.error_code in (ErrorCode.Name(RESOURCE_DOES_NOT_EXIST), ErrorCode.Name(INVALID_PARAMETER_VALUE)):
            return None
        raise
    return run if run.info.lifecycle_stage == "active" else None


def store_uri(root: Path) -> str:
    """Return where runs are stored: MLFLOW_TRACKING_URI, or mlflow.db in the repository."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(root / 'mlflow.db').resolve()}"


def _client(root: Path) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # By default, MLflow retries an unreachable server for a quarter of an hour.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    warnings.filterwarnings("ignore", module=r"mlflow\..*")
    from mlflow.store.db import utils  # sets the level of its logger on import
    from mlflow.tracking import MlflowClient

    # The migrations of a new database and the retries of a request would log a line each.
    for name in (*LOGGERS, utils.__name__):
        logging.getLogger(name).setLevel(logging.ERROR)
    uri = store_uri(root)
    if not uri.startswith("sqlite"):
        return MlflowClient(tracking_uri=uri)
    lock = root / "build/cache/mlflow.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    # Processes that each create the tables of a new database at the same time fail, all but one.
    with FileLock(lock, timeout=120):
        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)
    return client


def _experiment(client: Any) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    if found is None:
        return str(client.create_experiment(EXPERIMENT, tags=KIND))
    for key, value in KIND.items():
        if found.tags.get(key) != value:
            client.set_experiment_tag(found.experiment_id, key, value)
    return str(found.experiment_id)


def _lock(root: Path, run_id: str) -> FileLock | None:
    """A lock on the run that ends with this process, however it ends; None if another process has it."""
    path = root / OPEN_RUNS / f"{run_id}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return None
    return lock


def _end_killed_runs(root: Path, client: Any) -> None:
    """End each run whose lock file is left but no longer locked, because its process is gone."""
    for path in sorted((root / OPEN_RUNS).glob("*.lock")):
        lock = FileLock(path)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            continue
        try:
            if known_run(client, path.stem) is not None:
                client.set_terminated(path.stem, "FAILED")
            path.unlink(missing_ok=True)
        finally:
            lock.release()


def _warn(root: Path, error: Exception) -> None:
    """Print one line on standard error. The text of an error may repeat credentials in any form, so it is left out if there are any."""
    uri = store_uri(root)
    local = uri.startswith("sqlite") and "?" not in uri
    credentials = not local and (public_url(uri) != uri.rstrip("/") or any(os.environ.get(name) for name in SECRETS))
    text = "" if credentials else f": {str(error).partition(chr(10))[0][:160]}"
    reason = f"{type(error).__name__}{text}"
    print(f"  MLflow at {public_url(uri, root)} is out of reach ({reason}).", file=sys.stderr)
    print("  The build continues, and benchmarks/results/run.json keeps the record.", file=sys.stderr)
