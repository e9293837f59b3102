"""A build → one MLflow run: opened by `train`, continued by `evaluate`, named in benchmarks/results/run.json.

    tracker = open_run(Path("."), {"train.epochs": "3"})
    tracker.curve("seed-0", curve)
    tracker.dataset("corpus", "a41f9c…", rows=12800)
    tracker.metrics({"tuned/twin/accuracy": 0.71})
    tracker.close()
    tracker.run_id        "8c1f…", or None where MLflow could not be reached

The store is SQLite, mlflow.db in the repository, unless MLFLOW_TRACKING_URI says otherwise. Tracking never stops a build: if the store
cannot be reached, one line says so, and run.json alone keeps the record.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from proda.compiler.fit import Point
from proda.gitrepo import GitError, run_git

EXPERIMENT = "proda"
BATCH = 1000  # metrics that MLflow takes in one call


class Tracker:
    """One run. Every method does nothing once the store has failed."""

    def __init__(self, client: Any, run_id: str | None) -> None:
        self._client = client
        self.run_id = run_id

    def curve(self, name: str, points: Iterable[Point]) -> None:
        """Loss and learning rate of one seed, as `loss/<name>` and `learning_rate/<name>`."""
        rows = [(f"{kind}/{name}", value, p.step) for p in points for kind, value in (("loss", p.loss), ("learning_rate", p.learning_rate))]
        self._metrics(rows)

    def metrics(self, values: Mapping[str, float]) -> None:
        """Numbers without steps."""
        self._metrics([(key, value, 0) for key, value in values.items()])

    def dataset(self, name: str, digest: str, *, rows: int) -> None:
        """What was read, by digest; no data is copied."""

        def log() -> None:
            from mlflow.entities import Dataset, DatasetInput, InputTag

            dataset = Dataset(name, digest[:36], "local", f'{{"rows": {rows}}}', profile=f'{{"num_rows": {rows}}}')
            self._client.log_inputs(self.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", name)])])

        self._try(log)

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        self._try(lambda: [self._client.set_tag(self.run_id, key, value) for key, value in values.items()])

    def close(self, status: str = "FINISHED") -> None:
        """End the run; it can be opened again."""
        self._try(lambda: self._client.set_terminated(self.run_id, status))

    def _metrics(self, rows: list[tuple[str, float, int]]) -> None:
        def log() -> None:
            from mlflow.entities import Metric

            now = int(time.time() * 1000)
            for at in range(0, len(rows), BATCH):
                self._client.log_batch(self.run_id, [Metric(key, value, now, step) for key, value, step in rows[at : at + BATCH]])

        self._try(log)

    def _try(self, log: Callable[[], object]) -> None:
        if self._client is None:
            return
        try:
            log()
        except Exception as error:  # a store fails in many ways, and none of them may end a training run
            self._client = None
            _warn(error)


def open_run(root: Path, params: Mapping[str, str], *, resume: str | None = None) -> Tracker:
    """A new run with `params`, tagged with git commit, dirty flag and dvc.lock hash; or the run `resume`, if the store has it.

    A run to resume that this store does not know (it was made on another machine) gives a new one that names it in `proda.continues`.
    """
    try:
        client = _client(root)
        if resume is not None and _exists(client, resume):
            client.update_run(resume, status="RUNNING")
            tracker = Tracker(client, resume)
        else:
            tags = {"mlflow.runName": "proda", **provenance(root)} | ({"proda.continues": resume} if resume else {})
            run = client.create_run(_experiment(client), tags=tags)
            tracker = Tracker(client, run.info.run_id)
    except Exception as error:
        _warn(error)
        return Tracker(None, None)

    def log() -> None:
        from mlflow.entities import Param

        client.log_batch(tracker.run_id, params=[Param(key, value) for key, value in params.items()])

    if params:
        tracker._try(log)
    return tracker


def provenance(root: Path) -> dict[str, str]:
    """Git commit, whether the work tree differs from it, and the hash of dvc.lock; what there is of it."""
    found = {}
    commit = _git(root, "rev-parse", "HEAD")
    if commit:
        found["mlflow.source.git.commit"] = commit
        found["proda.dirty"] = str(bool(_git(root, "status", "--porcelain", "--untracked-files=no"))).lower()
    lock = root / "dvc.lock"
    if lock.is_file():
        found["proda.dvc_lock"] = sha256(lock.read_bytes()).hexdigest()[:16]
    return found


def store_uri(root: Path) -> str:
    """Where runs go: MLFLOW_TRACKING_URI, else mlflow.db in the repository."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(root / 'mlflow.db').resolve()}"


def _client(root: Path) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # A server that is down must cost seconds, not the quarter of an hour of the default's seven retries.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    warnings.filterwarnings("ignore", module=r"mlflow\..*")
    from filelock import FileLock
    from mlflow.store.db import utils  # it sets the level of its logger on import
    from mlflow.tracking import MlflowClient

    # Its migrations would log a line each.
    for name in ("mlflow", utils.__name__, "alembic", "alembic.runtime.migration", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.ERROR)
    uri = store_uri(root)
    if not uri.startswith("sqlite"):
        return MlflowClient(tracking_uri=uri)
    lock = root / "build/cache/mlflow.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    # Several processes that find no database each make its tables, and all but one fail.
    with FileLock(lock, timeout=120):
        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)
    return client


def _experiment(client: Any) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    return str(found.experiment_id if found else client.create_experiment(EXPERIMENT))


def _exists(client: Any, run_id: str) -> bool:
    from mlflow.exceptions import MlflowException

    try:
        client.get_run(run_id)
    except MlflowException:
        return False
    return True


def _git(root: Path, *arguments: str) -> str:
    try:
        return run_git(root, *arguments).strip()
    except GitError:
        return ""


def without_password(text: str) -> str:
    """The text with the user part of every address taken out: a tracking URI may hold a password."""
    return re.sub(r"//[^/@\s]*@", "//", text)


def _warn(error: Exception) -> None:
    reason = without_password(str(error)).partition("\n")[0][:160]
    print(f"  MLflow is out of reach ({reason}); run.json keeps the record, and the build goes on.", file=sys.stderr)
