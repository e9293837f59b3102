"""Send runs that were made without a server, or while it could not be reached, to the server that MLFLOW_TRACKING_URI names.

    upload_runs(Path("."))                    Uploaded(sent=("8c1f…",), there=12, deleted=(), running=())
    upload_runs(Path("."), "8c1f0e2d")        this run alone, also if its copy was deleted on the server

An upload that stops in the middle is continued by the next one. Doing it twice sends nothing twice. Where run.json names a run that was
sent, it gets the run's id on the server.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proda.compiler.run_stores import DATABASE, all_runs, experiment_name, own_store, reason, shared_name, shared_store, shared_uri, trouble
from proda.compiler.tracking import end_killed_runs, upload_lock
from proda.compiler.upload import COPY, DeletedRunError, is_sent, send_run
from proda.errors import NotFoundError, ProdaError, UsageError, counted
from proda.records import Record
from proda.store.run_record import read_run, write_run


class Uploaded(Record, frozen=True):
    """Ids, in this repository's database, of the runs that were sent, that were deleted on the server, and that are still running."""

    sent: tuple[str, ...]
    there: int  # runs that the server had already, complete
    deleted: tuple[str, ...]
    running: tuple[str, ...]


def upload_runs(root: Path, only: str | None = None) -> Uploaded:
    """Send every run of the repository's database, or the one whose id begins with `only`, the oldest first.

    Raises UsageError without MLFLOW_TRACKING_URI, NotFoundError if no run has the id, and ProdaError if the server fails; what was sent
    before stays there.
    """
    if shared_uri(root) is None:
        raise UsageError("MLFLOW_TRACKING_URI names no server. Set it, for example to https://mlflow.example.org, then run this again.")
    own = own_store(root)
    try:
        server = shared_store(root)
    except Exception as error:  # a store fails in many ways
        raise ProdaError(f"{trouble(root, error)} Nothing was sent.") from None
    end_killed_runs(root, own)
    runs = [run for run in reversed(all_runs(own)) if only is None or _named(run, only)]
    if only is not None and len(runs) != 1:
        which = f"{len(runs)} runs have ids that begin with '{only}'. Give more digits" if runs else f"No run '{only}' in {DATABASE}"
        raise NotFoundError(f"{which}; `proda runs` lists the runs.")
    sent: list[str] = []
    deleted: list[str] = []
    running: list[str] = []
    there = 0
    name = experiment_name(shared=True)
    for run in runs:
        run_id = str(run.info.run_id)
        if run.info.status == "RUNNING":
            running.append(run_id)
            continue
        known = is_sent(run)
        try:
            with upload_lock(root):
                try:
                    copy = send_run(own, server, run_id, experiment=name)
                except DeletedRunError:
                    if only is None:
                        deleted.append(run_id)
                        continue
                    copy, known = send_run(own, server, run_id, experiment=name, restore=True), False
        except Exception as error:  # a server fails in many ways
            raise ProdaError(
                f"{shared_name(root)}\n  The server failed ({reason(error, shared_uri(root) or '')}). {counted(len(sent), 'run')} sent,"
                f" {len(runs) - len(sent) - there - len(deleted) - len(running)} to go. Run `proda runs --upload` again to continue."
            ) from None
        if known and run.data.tags.get(COPY) == copy:
            there += 1
        else:
            sent.append(run_id)
        _name_copy(root, run, copy)
    return Uploaded(tuple(sent), there, tuple(deleted), tuple(running))


def _named(run: Any, text: str) -> bool:
    return bool(run.info.run_id.startswith(text) or str(run.data.tags.get(COPY, "")).startswith(text))


def _name_copy(root: Path, run: Any, copy: str) -> None:
    """Let run.json name the copy, which others can see."""
    record = read_run(root)
    known = record.get("run_id")
    if known and known != copy and known in (run.info.run_id, run.data.tags.get(COPY)):
        write_run(root, record | {"run_id": copy, "store": shared_name(root)})
