"""Record a build as one MLflow run, which `train` starts and `evaluate` and `diagnose` continue.

    with open_run(Path("."), {"train.epochs": "3"}, name="main: Repair round 2", tags={"mlflow.source.git.commit": "9ab2…"}) as tracker:
        tracker.curve("seed-0", curve)
        tracker.dataset("corpus", "a41f9c…", rows=12800)
        tracker.metrics({"tuned/twin/accuracy": 0.71})
    tracker.run_id        "8c1f…", or None if MLflow could not be used

The run ends as FINISHED, as FAILED if the block raises, or as KILLED if it is interrupted. A stage that is killed cannot end its run: it
leaves a lock file in build/cache/open-runs, and the next `open_run` ends that run as KILLED, at the time of its last entry.

A run is logged to the SQLite database mlflow.db in the repository. If MLFLOW_TRACKING_URI names a server, the run is also copied there:
when it starts, after each curve and at its end. Tracking never stops a build. If the server cannot be reached, one line says so, the run
stays in mlflow.db, and `proda runs --upload` sends it later. If mlflow.db cannot be written either, run.json alone keeps the record.
Logging is idempotent: what a run holds already is not logged again.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from proda.compiler.fit import Point
from proda.compiler.run_stores import (
    all_runs,
    experiment_id,
    experiment_name,
    known_run,
    own_store,
    shared_store,
    shared_uri,
    warn_own,
    warn_shared,
)
from proda.compiler.upload import BATCH, COPY, DeletedRunError, data_sets, log_model, send_run

LONGEST = 6000  # characters of a parameter's value that MLflow takes
OPEN_RUNS = Path("build/cache/open-runs")
PATIENCE_S = 30.0  # the longest time for sending a run to a slow server, each time
PAUSE_S = 60.0  # after a server failed, the time in which nothing is sent to it


class Tracker:
    """One run. Every method does nothing once the repository's database has failed."""

    def __init__(
        self, root: Path, client: Any = None, run_id: str | None = None, lock: FileLock | None = None, copy: str | None = None
    ) -> None:
        self._root = root
        self._client = client
        self._own_id = run_id
        self._lock = lock
        self._shared = _Shared(root, client, run_id, copy if shared_uri(root) else None)

    @property
    def run_id(self) -> str | None:
        """The id of the run on the server, if it is there; otherwise its id in the repository's database."""
        return self._shared.run_id or self._own_id

    def __enter__(self) -> Tracker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.tags({"proda.error": kind.__name__})
            self.close("FAILED" if issubclass(kind, Exception) else "KILLED")

    def curve(self, name: str, points: Iterable[Point]) -> None:
        """Log loss and learning rate of one seed as `loss/<name>` and `learning_rate/<name>`. Steps that the run holds are left out."""

        def log() -> None:
            curves = {"loss": [(p.step, p.loss) for p in points_], "learning_rate": [(p.step, p.learning_rate) for p in points_]}
            known = self._known().data.metrics
            rows = []
            for kind, values in curves.items():
                key = f"{kind}/{name}"
                steps = {found.step for found in self._client.get_metric_history(self._own_id, key)} if key in known else set()
                rows += [(key, value, step) for step, value in values if step not in steps]
            self._log_metrics(sorted(rows, key=lambda row: row[2]))

        points_ = list(points)
        self._try(log)
        self.send()

    def metrics(self, values: Mapping[str, float]) -> None:
        """Log numbers that have no steps, as far as the run does not hold the same numbers."""

        def log() -> None:
            known = self._known().data.metrics
            self._log_metrics([(key, value, 0) for key, value in values.items() if repr(known.get(key)) != repr(float(value))])

        self._try(log)

    def dataset(self, name: str, digest: str, *, path: str | None = None, rows: int | None = None) -> None:
        """Log the digest and path of data that was read, and its number of rows if it is known. No data is copied."""

        def log() -> None:
            from mlflow.entities import Dataset, DatasetInput, InputTag

            if (name, digest[:36]) in data_sets(self._known()):
                return
            profile = json.dumps({} if rows is None else {"num_rows": rows})
            dataset = Dataset(name, digest[:36], "local", json.dumps({"path": path or name}), profile=profile)
            self._client.log_inputs(self._own_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", name)])])

        self._try(log)

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        self._try(lambda: [self._client.set_tag(self._own_id, key, value) for key, value in values.items()])

    def model(self, name: str, digest: str) -> None:
        """Log the trained adapters as a model of the run, identified by the digest of their files."""
        self._try(lambda: log_model(self._client, str(self._own_id), name, digest))

    def send(self) -> None:
        """Send to the server what it lacks of the run, if there is a server."""
        if self._client is not None:
            self._shared.send()

    def close(self, status: str = "FINISHED") -> None:
        """End the run with a status of MLflow. The run can be opened again."""

        def end() -> None:
            self._client.set_terminated(self._own_id, status)
            if self._lock is not None:
                Path(self._lock.lock_file).unlink(missing_ok=True)

        self._try(end)
        if self._lock is not None:
            self._lock.release()
        self.send()

    def _known(self) -> Any:
        """The run as the store has it, read once before each kind of logging."""
        return self._client.get_run(self._own_id)

    def _log_metrics(self, rows: list[tuple[str, float, int]]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        for at in range(0, len(rows), BATCH):
            self._client.log_batch(self._own_id, [Metric(key, value, now, step) for key, value, step in rows[at : at + BATCH]])

    def _try(self, log: Callable[[], object]) -> None:
        if self._client is None:
            return
        try:
            log()
            if self._lock is not None:
                with contextlib.suppress(OSError):  # the file is removed when the run ends
                    os.utime(self._lock.lock_file)
        except Exception as error:  # a store fails in many ways, and none of them may end a build
            self._client = None
            warn_own(self._root, error)


class _Shared:
    """The server's copy of one run. A server that fails is warned of once, and left alone for PAUSE_S."""

    def __init__(self, root: Path, own: Any, own_id: str | None, copy: str | None = None) -> None:
        self.run_id = copy
        self._root = root
        self._own = own
        self._own_id = own_id
        self._failed_at: float | None = None

    def send(self) -> None:
        if self._own_id is not None:
            try:
                self.run_id = self._send(self._own_id) or self.run_id
            except DeletedRunError:
                self.run_id = None

    def send_other(self, own_id: str) -> str | None:
        """Send a run of the repository, and return the id of its copy; None if that failed, or without a server."""
        try:
            return self._send(own_id)
        except DeletedRunError:
            return None  # The run was deleted on the server. The local copy is kept.

    def _send(self, own_id: str) -> str | None:
        if self._failed_at is not None and time.monotonic() - self._failed_at < PAUSE_S:
            return None
        try:
            server = shared_store(self._root)
            if server is None:
                return None
            with upload_lock(self._root):
                return send_run(self._own, server, own_id, experiment=experiment_name(shared=True), patience_s=PATIENCE_S)
        except DeletedRunError:
            raise
        except Exception as error:  # a server fails in many ways, and none of them may end a build
            if self._failed_at is None:
                warn_shared(self._root, error)
            self._failed_at = time.monotonic()
            return None


def open_run(
    root: Path, params: Mapping[str, str], *, name: str = "proda", tags: Mapping[str, str] | None = None, resume: str | None = None
) -> Tracker:
    """Start a run, or continue the run `resume` if its parameters are the same and this repository's database or the server has it.

    If neither has it (the run was made on another machine without a server), or with other parameters, a new run names it in the tag
    `proda.continues`. Runs of stages that were killed are ended as KILLED first.
    """
    values = {key: value[:LONGEST] for key, value in params.items()}
    try:
        client = own_store(root)
        killed = end_killed_runs(root, client)
        found = own_run(client, resume)
        if found is not None and _fits(found, values):
            run_id, copy = str(found.info.run_id), found.data.tags.get(COPY)
            lock = _lock(root, run_id)
            client.update_run(run_id, status="RUNNING")
            missing = {key: value for key, value in values.items() if key not in found.data.params}
        else:
            copy = resume if found is None and _on_server(root, resume, values) else None
            origin = {COPY: copy} if copy else {"proda.continues": resume} if resume else {}
            everything = {"mlflow.runName": name, **(tags or {}), **origin}
            run_id = str(client.create_run(experiment_id(client), tags=everything).info.run_id)
            lock, missing = _lock(root, run_id), values
    except Exception as error:
        warn_own(root, error)
        return Tracker(root)
    tracker = Tracker(root, client, run_id, lock, copy)

    def log() -> None:
        from mlflow.entities import Param

        client.log_batch(run_id, params=[Param(key, value) for key, value in missing.items()])

    if missing:
        tracker._try(log)
    tracker.send()
    for ended in killed:
        tracker._shared.send_other(ended)
    return tracker


def send_once(root: Path, client: Any, run: Any) -> str | None:
    """Send a run of the repository's database to the server; returns the id of its copy, or None if that failed, or without a server."""
    return _Shared(root, client, None).send_other(str(run.info.run_id))


def own_run(client: Any, run_id: str | None) -> Any | None:
    """Return the run of the repository's database that has this id, there or on a server; None if there is none."""
    found = known_run(client, run_id)
    if found is None and run_id and run_id.isalnum():
        found = next(iter(all_runs(client, where=f"tags.`{COPY}` = '{run_id}'", most=1)), None)
    return found


def end_killed_runs(root: Path, client: Any) -> list[str]:
    """End each run whose lock file is left but no longer locked, because its process is gone; returns their ids."""
    ended = []
    for path in sorted((root / OPEN_RUNS).glob("*.lock")):
        last = path.stat().st_mtime
        lock = FileLock(path)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            continue
        try:
            if known_run(client, path.stem) is not None:
                client.set_terminated(path.stem, "KILLED", int(last * 1000))
                ended.append(path.stem)
            path.unlink(missing_ok=True)
        finally:
            lock.release()
    return ended


def upload_lock(root: Path) -> FileLock:
    """Return the lock under which runs are sent, so that two processes do not send one run twice."""
    path = root / "build/cache/upload.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path, timeout=PATIENCE_S)


def _fits(run: Any, values: Mapping[str, str]) -> bool:
    return all(run.data.params.get(key, value) == value for key, value in values.items())


def _on_server(root: Path, run_id: str | None, values: Mapping[str, str]) -> bool:
    """Whether the server has a run of this id and these parameters. If it fails, sending the run warns of it."""
    try:
        server = shared_store(root)
        found = known_run(server, run_id) if server is not None else None
    except Exception:
        return False
    return found is not None and _fits(found, values)


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
