"""`proda runs`: list the training runs of this project, or complete the run of the current results.

$ proda runs
8c1f0e2d  FINISHED  2026-11-28 21:40  twin 0.708  main: Repair statements of round 2
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from proda.errors import ProdaError
from proda.history.repository import Repository


@click.command(epilog="Example: proda runs --max 3")
@click.option("--max", "most", type=click.IntRange(1), default=10, show_default=True, help="How many runs to list, the newest first.")
@click.option("--complete", is_flag=True, help="Only complete run.json and the run of the current results; list nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
def runs(most: int, complete: bool, as_json: bool, root: str) -> None:
    """List the training runs that the MLflow store holds for this project.

    Build stages log their own run. With --complete, run.json and the run of the current results get what they lack: scores that DVC took
    from its cache, or everything if the store could not be reached during the build. `make repro` does this at its end.
    """
    # MLflow is only loaded to work, so that `proda runs --help` starts at once.
    from proda.compiler.tracking import list_runs
    from proda.workflows.complete_run import complete_run

    where = Repository.open(root).root
    if complete:
        done = complete_run(where)
        if done.run_id is not None:
            click.echo(f"MLflow run {done.run_id}: {'completed' if done.changed else 'already complete'}", err=True)
        return
    found = list_runs(where, most)
    if found is None:
        raise ProdaError("The runs cannot be listed. Set MLFLOW_TRACKING_URI to a store that can be reached.")
    if as_json:
        click.echo(msgspec.json.encode([_row(run) for run in found]).decode())
        return
    if not found:
        click.echo("There are no runs yet. Run `dvc repro` (or `make repro`) first.", err=True)
    for row in map(_row, found):
        twin = f"twin {row['twin']:.3f}" if row["twin"] is not None else "no scores "
        click.echo(f"{row['run_id'][:8]}  {row['status']:<8}  {row['started']}  {twin}  {row['name']}")


def _row(run: Any) -> dict[str, Any]:
    started = datetime.fromtimestamp(run.info.start_time / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    accuracy = run.data.metrics.get("tuned/twin/accuracy")
    shown = {"run_id": run.info.run_id, "status": run.info.status, "started": started, "twin": accuracy, "name": run.info.run_name}
    tags = run.data.tags
    return {**shown, "commit": tags.get("mlflow.source.git.commit"), "dirty": tags.get("mlflow.source.git.dirty") == "true"}
