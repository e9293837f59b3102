"""`proda repair --reallocate`: samples/allocation.yaml shared out anew by the errors of the disciplines on dev, as one commit.

    $ proda repair --reallocate --dry-run
    round 1, branch repair/round-1: 12,800 samples over 16 disciplines, by errors on dev
                         error   before    after
      astronomy          0.363      800      748   -52
      …

The commit holds samples/allocation.yaml and nothing else. Its trailers, `Reallocation: round 1` and `Run: …`, are where later rounds
learn of it.
"""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from proda.errors import NotFoundError
from proda.store.items import load_items

DEV = Path("benchmarks/results/outcomes/dev.csv")


def share_out(root: Path, number: int, run: str, *, dry_run: bool, as_json: bool) -> None:
    """Print the table, and commit it on repair/round-N unless `dry_run`; a second run finds it done, and says so.

    Reads dev and no other split. Raises NotFoundError without outcomes, InputError if they are stale, GitError as `commit_file`.
    """
    from proda.debugger.commits import commit_file
    from proda.debugger.reallocate import error_rates, reallocate, rewrite
    from proda.store.allocation import ALLOCATION, load_allocation
    from proda.store.outcomes import read_outcomes

    if not (root / DEV).is_file():
        raise NotFoundError(f"{DEV}\n  No outcomes here. Run `dvc repro evaluate` (or `make repro`) first.")
    before = load_allocation(root)
    errors = error_rates(read_outcomes(root / DEV), load_items(root, ("dev",), only=frozenset({"dev"})), before)
    after = reallocate(before, errors)
    branch, total = f"repair/round-{number}", f"{sum(after.values()):,} samples over {len(after)} disciplines"
    rows = [{"discipline": name, "error": round(errors[name], 4), "before": before[name], "after": after[name]} for name in after]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))
    else:
        click.echo(f"round {number}, branch {branch}: {total}, by errors on dev")
        width = max(map(len, after))
        click.echo(f"  {'':<{width}}  {'error':>6} {'before':>8} {'after':>8}")
        for name in after:
            change = f"   {after[name] - before[name]:+d}" if after[name] != before[name] else ""
            click.echo(f"  {name:<{width}}  {errors[name]:>6.3f} {before[name]:>8} {after[name]:>8}{change}")
    if dry_run:
        click.echo("Nothing to change." if after == before else "Nothing was changed: a dry run.", err=True)
        return
    most, least = (pick(after, key=lambda name: (after[name], name)) for pick in (max, min))
    message = (
        f"Reallocate samples by error: round {number}\n\n{total}, in proportion to what tuned models get wrong on dev,"
        f" none below half of the even share.\nMost for {most}: {after[most]}, with an error of {errors[most]:.3f};"
        f" least for {least}: {after[least]}, with {errors[least]:.3f}.\n\nReallocation: round {number}\n"
    )
    text = rewrite((root / ALLOCATION).read_bytes().decode(), after)
    new = commit_file(root, ALLOCATION.as_posix(), text, branch=branch, message=message + (f"Run: {run}\n" if run else ""))
    done = f"{ALLOCATION} is committed on {branch}. Next: dvc repro."
    click.echo(done if new else f"Nothing to change: {ALLOCATION} is shared out so already, here or on {branch}.", err=True)
