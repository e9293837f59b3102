"""`proda repair --reallocate`: new numbers of samples in samples/allocation.yaml, by the disciplines' errors on dev, as one commit.

$ proda repair --reallocate --dry-run
round 1, branch repair/round-1: 12,800 samples over 16 disciplines, by errors on dev
                     error   before    after
  astronomy          0.363      800      748   -52
  …
"""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from proda.workflows.reallocation import Reallocation, commit_reallocation, plan_reallocation


def reallocate_samples(root: Path, number: int | None, *, dry_run: bool, as_json: bool) -> None:
    """Print the table, and commit it on repair/round-N unless `dry_run`. Running it twice changes nothing the second time.

    Reads dev and no other split. Raises NotFoundError without outcomes, InputError if they are stale, GitError if git refuses the commit.
    """
    planned = plan_reallocation(root, number)
    if as_json:
        rows = [{**msgspec.structs.asdict(share), "error": round(share.error, 4)} for share in planned.shares]
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))
    else:
        _table(planned)
    if dry_run:
        click.echo("Dry run: nothing was changed." if planned.changes else "Nothing to change.", err=True)
    elif commit_reallocation(root, planned):
        click.echo(f"samples/allocation.yaml is committed on {planned.branch}. Next: dvc repro.", err=True)
    else:
        click.echo(f"Nothing to change: samples/allocation.yaml holds these numbers already, here or on {planned.branch}.", err=True)


def _table(planned: Reallocation) -> None:
    click.echo(f"round {planned.number}, branch {planned.branch}: {planned.summary}, by errors on dev")
    width = max(len(share.discipline) for share in planned.shares)
    click.echo(f"  {'':<{width}}  {'error':>6} {'before':>8} {'after':>8}")
    for share in planned.shares:
        change = f"   {share.after - share.before:+d}" if share.after != share.before else ""
        click.echo(f"  {share.discipline:<{width}}  {share.error:>6.3f} {share.before:>8} {share.after:>8}{change}")
