"""Copy a run from the repository's own MLflow database to a server, as often as needed and never twice.

    send_run(own, server, "8c1f…", experiment="proda")     "e07b…", the id of the run on the server

A server gives ids of its own. Its run names the original in the tag `proda.run`, and the original names its copy in `proda.server_run`.
Each call compares the two and sends what is missing, in this order: the run itself, parameters, tags and metrics, data sets, models, status
and times. Points of a metric are sent in the order of their steps, so that a call that was interrupted leaves the first ones, and the next
call goes on behind them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from proda.compiler.run_stores import all_runs, experiment_id, known_run
from proda.records import content_hash

ORIGIN = "proda.run"  # a tag of the copy: the id of the run that was copied
COPY = "proda.server_run"  # tags of the original: the id of its copy, and a hash of what the copy holds
SENT = "proda.uploaded"
BATCH = 1000  # metrics that MLflow takes in one call
PORTION = 100  # parameters, and tags, that it takes in one call
T = TypeVar("T")


class DeletedRunError(Exception):
    """Somebody deleted the copy on the server."""


class SlowStoreError(Exception):
    """The server answers, but too slowly for the time that is left."""


def send_run(own: Any, server: Any, run_id: str, *, experiment: str, restore: bool = False, patience_s: float | None = None) -> str:
    """Make the server's copy of a run complete, and return its id.

    A copy that was deleted on the server stays deleted, with a DeletedRunError, unless `restore` is true. Raises SlowStoreError once
    `patience_s` seconds have passed, and what MLflow raises if the server cannot be reached.
    """
    start = time.monotonic()

    def go_on() -> None:
        if patience_s is not None and time.monotonic() - start > patience_s:
            raise SlowStoreError(f"no end after {patience_s:.0f} seconds")

    run = own.get_run(run_id)
    copy = _copy(server, run, experiment)
    if copy is not None and copy.info.lifecycle_stage != "active":
        if not restore:
            raise DeletedRunError(copy.info.run_id)
        server.restore_run(copy.info.run_id)
    elif copy is not None and run.data.tags.get(SENT) == _content(run, copy.info.run_id):
        return str(copy.info.run_id)
    if copy is None:
        tags = {**_tags(run), ORIGIN: run_id}
        copy = server.create_run(
            experiment_id(server, experiment), start_time=run.info.start_time, tags=dict(islice(tags.items(), PORTION))
        )
    copy_id = str(copy.info.run_id)
    if run.data.tags.get(COPY) != copy_id:
        own.set_tag(run_id, COPY, copy_id)
    _send_values(own, server, run, copy, go_on)
    go_on()
    _send_data(server, run, copy)
    go_on()
    for model in models_of(own, run):
        log_model(server, copy_id, model.name, model.tags.get("digest", ""))
    _send_status(server, run, copy)
    own.set_tag(run_id, SENT, _content(run, copy_id))
    return copy_id


def is_sent(run: Any) -> bool:
    """Whether the run has a copy that held all of it when it was last sent. The copy may have been deleted since."""
    copy_id = run.data.tags.get(COPY)
    return bool(copy_id) and run.data.tags.get(SENT) == _content(run, copy_id)


def log_model(client: Any, run_id: str, name: str, digest: str) -> None:
    """Log a model of a run, identified by the digest of its files, unless the run has it."""
    from mlflow.entities import LoggedModelOutput

    run = client.get_run(run_id)
    linked = models_of(client, run)
    if any(found.tags.get("digest") == digest for found in linked):
        return
    # A model that was created for this run, but not linked to it, is left by a call that was interrupted.
    made = client.search_logged_models([run.info.experiment_id], filter_string=f"source_run_id = '{run_id}'")
    model = next((found for found in made if found.tags.get("digest") == digest), None)
    if model is None:
        model = client.create_logged_model(run.info.experiment_id, name, run_id, {"digest": digest}, model_type="adapter")
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])


def models_of(client: Any, run: Any) -> list[Any]:
    """Return the models that are outputs of the run."""
    return [client.get_logged_model(found.model_id) for found in run.outputs.model_outputs] if run.outputs else []


def data_sets(run: Any) -> dict[tuple[str, str], Any]:
    """Return the data sets of a run by name and digest."""
    return {(found.dataset.name, found.dataset.digest): found for found in run.inputs.dataset_inputs} if run.inputs else {}


def _copy(server: Any, run: Any, experiment: str) -> Any | None:
    """The server's copy of a run, deleted or not; None if there is none."""
    known = known_run(server, run.data.tags.get(COPY), deleted=True)
    if known is not None:
        return known
    found = all_runs(server, experiment, where=f"tags.`{ORIGIN}` = '{run.info.run_id}'", deleted=True)
    if not found:
        return None
    found.sort(key=lambda copy: (copy.info.lifecycle_stage != "active", not copy.data.metrics, copy.info.run_id))
    # A request that creates a run can be carried out after its sender gave up and sent another. The run that got nothing is removed.
    for extra in found[1:]:
        if extra.info.lifecycle_stage == "active" and not extra.data.metrics:
            server.delete_run(extra.info.run_id)
    return found[0]


def _send_values(own: Any, server: Any, run: Any, copy: Any, go_on: Callable[[], None]) -> None:
    from mlflow.entities import Param, RunTag

    params = [Param(key, value) for key, value in run.data.params.items() if key not in copy.data.params]
    tags = [RunTag(key, value) for key, value in _tags(run).items() if copy.data.tags.get(key) != value]
    for part in _portions(params, PORTION):
        go_on()
        server.log_batch(copy.info.run_id, params=part)
    for portion in _portions(tags, PORTION):
        go_on()
        server.log_batch(copy.info.run_id, tags=portion)
    there = {point.key: _point(point) for point in copy.data.to_proto().metrics}
    points = []
    for latest in run.data.to_proto().metrics:
        if there.get(latest.key) == _point(latest):
            continue
        known = {_point(p) for p in server.get_metric_history(copy.info.run_id, latest.key)} if latest.key in there else set()
        points += [p for p in own.get_metric_history(run.info.run_id, latest.key) if _point(p) not in known]
    for batch in _portions(sorted(points, key=lambda p: (p.step, p.timestamp)), BATCH):
        go_on()
        server.log_batch(copy.info.run_id, metrics=batch)


def _send_data(server: Any, run: Any, copy: Any) -> None:
    known = data_sets(copy)
    missing = [found for key, found in data_sets(run).items() if key not in known]
    if missing:
        server.log_inputs(copy.info.run_id, missing)


def _send_status(server: Any, run: Any, copy: Any) -> None:
    if run.info.status == "RUNNING":
        if copy.info.status != "RUNNING":
            server.update_run(copy.info.run_id, status="RUNNING")
    elif (copy.info.status, copy.info.end_time) != (run.info.status, run.info.end_time):
        server.set_terminated(copy.info.run_id, run.info.status, run.info.end_time)


def _tags(run: Any) -> dict[str, str]:
    return {key: value for key, value in run.data.tags.items() if key not in (ORIGIN, COPY, SENT)}


def _point(point: Any) -> tuple[str, int, int, str]:
    """A point of a metric that can be compared; as text, one value that is not a number equals another."""
    return point.key, int(point.step), int(point.timestamp), repr(float(point.value))


def _content(run: Any, copy_id: str) -> str:
    """A hash of everything that is sent, and where it is sent."""
    models = sorted(found.model_id for found in run.outputs.model_outputs) if run.outputs else []
    points = sorted(_point(point) for point in run.data.to_proto().metrics)
    info = [run.info.status, run.info.start_time, run.info.end_time]
    return content_hash([copy_id, info, run.data.params, _tags(run), points, sorted(data_sets(run)), models])


def _portions(values: Sequence[T], size: int) -> Iterator[list[T]]:
    for at in range(0, len(values), size):
        yield list(values[at : at + size])
