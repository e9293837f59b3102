"""`proda runs`: list, find, upload and show the training runs of this project.

$ proda runs
8c1f0e2d  FINISHED  2026-11-28 21:40  twin 0.708  9ab2c3d4   main: Repair statements of round 2
$ proda runs HEAD
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proda.cli.settings import COUNT, ROOT_HELP
from proda.errors import UsageError
from proda.history.repository import Repository
from proda.store.run_record import RUN_RECORD

if TYPE_CHECKING:
    from proda.workflows.find_runs import FoundRun

SCORES = ("base/twin/accuracy", "tuned/twin/accuracy", "base/sealed/accuracy", "tuned/sealed/accuracy", "tuned/dev/accuracy")

NO_RUNS = "There are no runs yet. Run `dvc repro` (or `make repro`) first."
ELSEWHERE = "There are no runs on this machine. `proda runs HEAD` shows the one that the committed results are from."


@click.command(epilog="Example: proda runs --max 3")
@click.argument("what", required=False)
@click.option("--max", "most", type=COUNT, default=10, show_default=True, help="How many runs to list, the newest first.")
@click.option("--upload", is_flag=True, help="Send runs to the server that MLFLOW_TRACKING_URI names: all, or the run WHAT.")
@click.option("--ui", is_flag=True, help="Show the runs in a browser: start MLflow's user interface, for this machine alone.")
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="The port for --ui; if in use, another one.")
@click.option("--complete", is_flag=True, help="Only complete run.json and the run of the current results; list nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def runs(what: str | None, most: int, upload: bool, ui: bool, port: int, complete: bool, as_json: bool, root: str) -> None:
    """List the training runs of this project, or find the run that belongs to WHAT.

    \b
    WHAT is one of
      8c1f0e2d                     a run, by the first digits of its id
      main~2                       a commit or any other revision
      tuned/twin/accuracy=0.708    a score, rounded as you write it
      0.708                        the same, whichever score it is
      1f0c5e3a                     data, by the first digits of its digest

    For each run you see its commit, the digests of its data, and the commits that hold its results. A plus sign after a commit says that
    files had changed since it.

    Build stages log their own run. With --complete, run.json and the run of the current results get what they lack: scores that DVC took
    from its cache, or everything in a fresh clone. `make repro` does this at its end.

    Runs are kept in mlflow.db. If MLFLOW_TRACKING_URI names a server, builds copy their run there; --upload sends what it missed.
    """
    if sum([upload, ui, complete]) > 1 or (what is not None and (ui or complete)):
        raise UsageError("Give one of --upload, --ui and --complete, and WHAT only alone or with --upload.")
    where = Repository.open(root).root
    # MLflow is only loaded to work, so that `proda runs --help` starts at once.
    if complete:
        from proda.workflows.complete_run import complete_run

        done = complete_run(where)
        if done.run_id is not None:
            click.echo(f"MLflow run {done.run_id}: {'completed' if done.changed else 'already complete'}", err=True)
    elif upload:
        from proda.workflows.upload_runs import upload_runs

        sent = upload_runs(where, what)
        if as_json:
            click.echo(msgspec.json.encode(sent).decode())
        deleted = f", {len(sent.deleted)} deleted there (send one again with its id)" if sent.deleted else ""
        running = f", {len(sent.running)} still running" if sent.running else ""
        click.echo(f"{len(sent.sent)} sent, {sent.there} there already{deleted}{running}.", err=True)
    elif ui:
        from proda.workflows.mlflow_ui import open_ui

        open_ui(where, port, click.echo)
    else:
        _show(where, what, most, as_json)


def _show(where: Any, what: str | None, most: int, as_json: bool) -> None:
    from proda.workflows.find_runs import find_runs, list_runs

    found = list_runs(where, most) if what is None else find_runs(where, what)
    if as_json:
        click.echo(msgspec.json.encode([_row(run) if what is None else _details(run) for run in found]).decode())
    elif not found:
        elsewhere = what is None and (where / RUN_RECORD).is_file()
        click.echo(ELSEWHERE if elsewhere else NO_RUNS, err=True)
    elif what is None or len(found) > most:
        for run in found[:most]:
            click.echo(_line(run))
        if what is not None:
            click.echo(f"{len(found) - most} more; list them with --max {len(found)}.", err=True)
    else:
        click.echo("\n\n".join(map(_text, found)))


def _row(run: FoundRun) -> dict[str, Any]:
    accuracy = run.metrics.get("tuned/twin/accuracy")
    shown = {"run_id": run.run_id, "status": run.status, "started": _time(run.started), "twin": accuracy, "name": run.name}
    return {**shown, "commit": run.commit or None, "dirty": run.dirty, "uploaded": run.uploaded, "current": run.in_worktree}


def _details(run: FoundRun) -> dict[str, Any]:
    return {**_row(run), **msgspec.to_builtins(run), "started": _time(run.started), "ended": _time(run.ended)}


def _line(run: FoundRun) -> str:
    accuracy = run.metrics.get("tuned/twin/accuracy")
    twin = f"twin {accuracy:.3f}" if accuracy is not None else "no scores "
    waiting = "  (not uploaded)" if run.uploaded is False else ""
    commit = f"{run.commit[:8]}{'+' if run.dirty else ' '}"
    return f"{run.run_id[:8]}  {run.status:<8}  {_time(run.started)}  {twin}  {commit:<9}  {run.name}{waiting}"


def _text(run: FoundRun) -> str:
    rows = [("run", f"{run.run_id}  {run.status or 'in no store that can be reached; known from git'}")]
    if run.own_id and run.own_id != run.run_id:
        rows.append(("", f"{run.own_id} on this machine"))
    if run.name:
        rows.append(("name", run.name))
    if run.started:
        rows.append(("time", f"{_time(run.started)} to {_time(run.ended) or '…'} UTC"))
    state = "with changes since" if run.dirty else "without changes"
    rows.append(("commit", f"{run.commit[:12]} ({run.branch or 'no branch'}, {state})" if run.commit else "none"))
    for name, digests in run.data.items():
        rows.append(("data" if ("data" not in dict(rows)) else "", f"{name} {', '.join(digests)}"))
    where = [f"commit {commit[:12]}" for commit in run.result_commits[:3]] + (["the working tree"] if run.in_worktree else [])
    rows.append(("results", f"benchmarks/results of {', '.join(where)}" if where else "in no commit and not in the working tree"))
    for name in run.matches or SCORES:
        if name in run.metrics:
            rows.append(("scores" if "scores" not in dict(rows) else "", f"{name} {run.metrics[name]:.4f}"))
    if run.stored:
        rows.append(("store", run.stored + ("; not uploaded yet: `proda runs --upload`" if run.uploaded is False else "")))
    return "\n".join(f"{label:<8} {text}".rstrip() for label, text in rows)


def _time(ms: int | None) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M") if ms else ""
