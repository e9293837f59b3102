"""`proda repair`: one commit for each blamed node, on a branch for the round; one commit for each suspect item, which retires it.

Sample budget that the blamed nodes leave goes to other unknown statements, one patch per chain. Samples that contradict the knowledge are
overridden or removed. Concepts that are confused at several nodes are set apart in knowledge/, in the commit of a patch.

    $ proda repair --dry-run --max 3
    round 1, branch repair/round-1: 3 of 214 patches
      + 1-bimetal-strip-bends-s1-3f0c9a1e   concept gap   physics/bimetal-strip-bends.s1   9 samples, 1 set apart   2 items
      …
    $ proda repair
    $ git log main..repair/round-1
    $ proda repair --reallocate          # instead of patches: new numbers of samples, by the disciplines' errors
    $ proda repair --push --pr           # push the branch and open its pull request, with the evidence

Exit status 0 also if there is nothing to repair; 1 if the repository can take no commits, the diagnoses are stale, or the branch cannot be
pushed, which leaves its commits in place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from proda.cli.settings import COUNT, ROOT_HELP, note
from proda.errors import UsageError, counted
from proda.history.repository import Repository
from proda.records import Patch
from proda.store.edit_lock import editing
from proda.workflows.freshness import require_diagnosis
from proda.workflows.repair_round import PER_ERROR, PlannedRound, branch_of, commit_round, plan_round, require_ready, round_here

if TYPE_CHECKING:
    from proda.forge.place import Place


@click.command(epilog="Example: proda repair --dry-run --max 5")
@click.option("--max", "most", type=COUNT, help="Commit at most this many patches, those that explain most failures first.")
@click.option("--per-error", type=COUNT, help="Samples for each failed item that is explained.  [default: 20]")
@click.option("--reallocate", is_flag=True, help="Write no patches; set the samples per discipline by its errors on dev, as one commit.")
@click.option("--round", "number", type=COUNT, help="Number of the round (default: one more than the last on record).")
@click.option("--push", "pushes", is_flag=True, help="Push the branch of the round to origin.")
@click.option("--pr", "requests", is_flag=True, help="With --push: open a pull request with the evidence, or update the open one.")
@click.option("--base", metavar="BRANCH", help="The branch that the request is merged into (default: the one that is checked out).")
@click.option("--dry-run", is_flag=True, help="Print what would be committed, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the patches, without their samples, as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def repair(
    most: int | None,
    per_error: int | None,
    reallocate: bool,
    number: int | None,
    pushes: bool,
    requests: bool,
    base: str | None,
    dry_run: bool,
    as_json: bool,
    root: str,
) -> None:
    """Write a patch for each node that the diagnoses blame, and for other unknown statements, one commit each, on repair/round-N.

    --push --pr asks for a token in GITHUB_TOKEN or GH_TOKEN (GitLab: GITLAB_TOKEN). Without a remote or a token nothing is committed; if
    the push fails afterwards, the commits stay.
    """
    if requests and not pushes:
        raise UsageError("--pr needs --push: a request is for a branch that the forge has.")
    if base and not requests:
        raise UsageError("--base needs --push --pr.")
    repository = Repository.open(root)
    where = repository.root
    place, into = _forge(where, requests, base, number) if pushes and not dry_run else (None, "")
    if not dry_run and not reallocate:
        require_ready(where)
    _ = repository.knowledge  # errors in it come first: a rebuild, which a stale diagnosis asks for, would stop at them
    note(require_diagnosis(where, number or round_here(where)))
    if reallocate:
        from proda.cli.reallocation import reallocate_samples

        if most or per_error:
            raise UsageError("--reallocate writes no patches, so --max and --per-error do not apply. Leave them out.")
        with nullcontext() if dry_run else editing(where, "proda repair --reallocate"):
            reallocate_samples(where, number, dry_run=dry_run, as_json=as_json)
        if pushes and not dry_run:
            _publish(where, place, into)
        return
    with nullcontext() if dry_run else editing(where, "proda repair"):
        planned = plan_round(where, number=number, per_error=per_error or PER_ERROR, most=most)
        if as_json:
            rows = [{**msgspec.structs.asdict(p), "samples": len(p.samples)} for p in planned.patches]
            click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))
        else:
            patches = counted(planned.total, "patch", "patches")
            click.echo(f"round {planned.number}, branch {planned.branch}: {len(planned.patches)} of {patches}")
        _commit(where, planned, dry_run=dry_run, quiet=as_json)
    for remark in _remarks(planned, dry_run):
        click.echo(remark, err=True)
    left = counted(planned.unexplained, "failed item remains", "failed items remain")
    click.echo(f"{left} unexplained." + ("" if dry_run else " Next: dvc repro."), err=True)
    if pushes and not dry_run:
        _publish(where, place, into)


def _remarks(planned: PlannedRound, dry_run: bool) -> Iterator[str]:
    """What a round that had begun before means for its patches, suspect items, and samples that were left out."""
    if planned.joined:
        yield f"The branch {planned.branch} exists, so its round goes on. To begin another round, name its number: --round."
    if planned.held:
        left_out = counted(planned.held, "patch", "patches")
        yield f"{left_out} left out: round {planned.number} has patches for the same nodes, made from other diagnoses or settings."
    if planned.judged:
        yield (
            f"Round {planned.number} has a verdict, which says nothing of new patches. Run `dvc repro` and `proda verify` again, or begin"
            " another round with --round."
        )
    for diagnosis in planned.suspects:
        yield f"suspect item {diagnosis.item}: {diagnosis.reason}"
    if planned.leaking:
        yield f"{counted(planned.leaking, 'sample', 'samples')} left out, which would give an item of the benchmark away."
    if planned.suspects:
        would = "would retire" if dry_run else "retires"
        yield f"One commit each {would} them in benchmarks/exceptions.yaml. Drop the commit if the item is right."


def _forge(root: Path, requests: bool, base: str | None, number: int | None) -> tuple[Place | None, str]:
    """Return where to push to, and the branch that the request is merged into; an empty branch if there is to be no request."""
    from proda.workflows.publish import current_branch, default_base, push_place, require_forge

    place = (require_forge if requests else push_place)(root, os.environ)
    branch = current_branch(root)
    own = branch_of(number or round_here(root))
    return place, "" if not requests else base or (default_base(root, local=True) if branch == own else branch)


def _publish(root: Path, place: Place | None, base: str) -> None:
    """Push the checked-out branch and, with a base, open its request or update it."""
    from proda.cli.request_body import branch_request
    from proda.workflows.publish import current_branch, open_branch, push_branch

    branch = current_branch(root)
    if place is None or not base:
        push_branch(root, place, branch, os.environ)
        click.echo(f"Pushed {branch} to origin.", err=True)
        return
    title, body = branch_request(root, branch, base)
    opened = open_branch(root, place, branch, base, title, body, os.environ)
    click.echo(f"{'Opened' if opened.new else 'Updated'} {place.called} {opened.number}: {opened.url}", err=True)


def _commit(root: Path, planned: PlannedRound, *, dry_run: bool, quiet: bool) -> None:
    def told(patch: Patch, new: bool) -> None:
        if not quiet:
            click.echo(line(patch, new))

    if not dry_run:
        commit_round(root, planned, told)
        return
    for patch in planned.patches:
        told(patch, True)


def line(patch: Patch, new: bool) -> str:
    """Return a patch as one line of output; `new` patches start with "+", patches that the branch holds already with "="."""
    several = ((len(patch.remove), "removed"), (len(patch.override), "overridden"), (len(patch.edits), "set apart"))
    counts = ", ".join([counted(len(patch.samples), "sample", "samples"), *(f"{number} {what}" for number, what in several if number)])
    items = counted(len(patch.items), "item", "items")
    return f"  {'+' if new else '='} {patch.id}   {patch.category}   {', '.join(patch.targets)}   {counts}   {items}"
