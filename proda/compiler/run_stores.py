"""The MLflow stores of a repository: its own database, and the server that MLFLOW_TRACKING_URI names.

    own_store(Path("."))            a client of mlflow.db in the repository; every run is logged there first
    shared_store(Path("."))         a client of the server, or None if MLFLOW_TRACKING_URI is not set

Requests to a server wait for ten seconds and are not repeated, unless MLFLOW_HTTP_REQUEST_TIMEOUT and MLFLOW_HTTP_REQUEST_MAX_RETRIES say
otherwise. A repeated request could create a run twice, and `proda runs --upload` sends later what is missing.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from filelock import FileLock

from proda.errors import InputError
from proda.store.public_url import public_url

EXPERIMENT = "proda"
DATABASE = "mlflow.db"
PAGE = 1000  # runs that a store returns for one request
# Read by MLflow's user interface: this kind of experiment is shown with the columns of model training.
KIND = {"mlflow.experimentKind": "custom_model_development"}
SECRETS = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "DATABRICKS_TOKEN")
LOGGERS = ("mlflow", "alembic", "alembic.runtime.migration", "sqlalchemy", "urllib3")
QUICK = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


def own_uri(root: Path) -> str:
    """Return the address of the repository's own database."""
    return f"sqlite:///{(root / DATABASE).resolve()}"


def shared_uri(root: Path) -> str | None:
    """Return MLFLOW_TRACKING_URI, or None if it is not set or names the repository's own database."""
    uri = os.environ.get("MLFLOW_TRACKING_URI") or own_uri(root)
    path = uri.removeprefix("sqlite:///")
    return None if uri.startswith("sqlite:///") and (root / path).resolve() == (root / DATABASE).resolve() else uri


def own_store(root: Path) -> Any:
    """Return a client of the repository's own database, which is created if there is none.

    Raises InputError if the file cannot be opened or is no database, and what MLflow raises if its tables cannot be used.
    """
    try:
        with contextlib.closing(sqlite3.connect(root / DATABASE)) as database:
            database.execute("PRAGMA schema_version")
    except sqlite3.Error as error:  # MLflow would try again for 100 seconds
        if "locked" not in str(error):
            raise InputError(f"{DATABASE}: {error}; expected an SQLite database of MLflow. Move it away to start a new one") from None
    return _client(root, own_uri(root))


def shared_store(root: Path) -> Any | None:
    """Return a client of the shared store, without connecting to a server yet; None if MLFLOW_TRACKING_URI is not set."""
    uri = shared_uri(root)
    return None if uri is None else _client(root, uri)


def shared_name(root: Path) -> str:
    """Return the address of the shared store in a form that may be printed and committed; of the own database if there is no other."""
    return public_url(shared_uri(root) or own_uri(root), root)


def experiment_name(*, shared: bool) -> str:
    """Return the name of the experiment: "proda", or in the shared store what MLFLOW_EXPERIMENT_NAME says."""
    return os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT if shared else EXPERIMENT


def experiment_id(client: Any, name: str = EXPERIMENT) -> str:
    """Return the id of the experiment, which is created if the store has none of that name."""
    found = client.get_experiment_by_name(name)
    if found is None:
        return str(client.create_experiment(name, tags=KIND))
    for key, value in KIND.items():
        if found.tags.get(key) != value:
            client.set_experiment_tag(found.experiment_id, key, value)
    return str(found.experiment_id)


def all_runs(client: Any, name: str = EXPERIMENT, *, most: int | None = None, where: str = "", deleted: bool = False) -> list[Any]:
    """Return the runs of the experiment, the newest first; at most `most`, and those that were deleted only on request."""
    from mlflow.entities import ViewType

    found = client.get_experiment_by_name(name)
    if found is None:
        return []
    view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
    runs: list[Any] = []
    token = None
    while most is None or len(runs) < most:
        size = min(PAGE, most - len(runs)) if most else PAGE
        page = client.search_runs([found.experiment_id], where, view, size, ["attributes.start_time DESC"], token)
        runs += page
        token = page.token
        if not token:
            break
    return runs


def known_run(client: Any, run_id: str | None, *, deleted: bool = False) -> Any | None:
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
    return run if deleted or run.info.lifecycle_stage == "active" else None


def reason(error: Exception, uri: str) -> str:
    """Describe a store's error. Its text may repeat credentials in any form, so it is left out if the address or environment has any."""
    local = uri.startswith("sqlite") and "?" not in uri
    credentials = not local and (public_url(uri) != uri.rstrip("/") or any(os.environ.get(name) for name in SECRETS))
    code = getattr(error, "error_code", "")
    if credentials:
        return " ".join(part for part in (type(error).__name__, str(code)) if part)
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:160]}"


def warn_own(root: Path, error: Exception) -> None:
    """Print that the repository's own database cannot be used."""
    why = str(error) if isinstance(error, InputError) else reason(error, own_uri(root))
    print(f"  The MLflow database {DATABASE} cannot be used ({why}).", file=sys.stderr)
    print("  The build continues, and benchmarks/results/run.json keeps the record.", file=sys.stderr)


def names_folder(root: Path) -> bool:
    """Return whether MLFLOW_TRACKING_URI is a path or a file: address, and so a folder, which MLflow no longer uses as a store."""
    uri = shared_uri(root) or ""
    scheme, separator, _ = uri.partition(":")
    if separator and len(scheme) > 1:  # one letter is a drive of Windows
        return scheme == "file"
    return bool(uri) and not uri.startswith(("databricks", "uc"))


def trouble(root: Path, error: Exception) -> str:
    """Return what is wrong with the shared store, as a sentence; of a folder also what to do."""
    if names_folder(root):
        return (
            f"MLFLOW_TRACKING_URI names a folder ({shared_name(root)}), which MLflow does not use as a store. Set it to a database, for"
            " example sqlite:////path/to/mlflow.db, or to the address of a server."
        )
    return f"MLflow at {shared_name(root)} is out of reach ({reason(error, shared_uri(root) or '')})."


def warn_shared(root: Path, error: Exception) -> None:
    """Print that the shared store cannot be reached, and what to do later."""
    later = "Later" if not names_folder(root) else "Then"
    print(f"  {trouble(root, error)}", file=sys.stderr)
    print(f"  The build continues, and {DATABASE} keeps the run. {later}, `proda runs --upload` sends it.", file=sys.stderr)


def create_tables(database: Path) -> None:
    """Create MLflow's tables in a database that has none, in one transaction.

    MLflow creates them by some fifty migrations, each of which waits for the disk: 6 s on a slow one. Here they are made in a temporary
    file that is not written through, and copied as a whole.
    """
    from mlflow.tracking import MlflowClient
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def write_back(connection: Any, _: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    with contextlib.closing(sqlite3.connect(database)) as target:
        if target.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            made = Path(folder) / DATABASE
            event.listen(Engine, "connect", write_back)
            try:
                MlflowClient(tracking_uri=f"sqlite:///{made}").search_experiments(max_results=1)
            finally:
                event.remove(Engine, "connect", write_back)
            with contextlib.closing(sqlite3.connect(made)) as source:
                source.backup(target)


def _client(root: Path, uri: str) -> Any:
    for name, value in QUICK.items():
        os.environ.setdefault(name, value)
    # At the end of a run, MLflow would print its address on the server, with the user and password of MLFLOW_TRACKING_URI.
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    warnings.filterwarnings("ignore", module=r"mlflow\..*")
    from mlflow.store.db import utils  # sets the level of its logger on import
    from mlflow.tracking import MlflowClient

    # The migrations of a new database and the retries of a request would log a line each.
    for name in (*LOGGERS, utils.__name__):
        logging.getLogger(name).setLevel(logging.ERROR)
    if not uri.startswith("sqlite"):
        return MlflowClient(tracking_uri=uri)
    lock = root / "build/cache/mlflow.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    # Processes that each create the tables of a new database at the same time fail, all but one.
    with FileLock(lock, timeout=120):
        if uri == own_uri(root):
            create_tables(root / DATABASE)
        client = MlflowClient(tracking_uri=uri)
        client.search_experiments(max_results=1)
    return client
