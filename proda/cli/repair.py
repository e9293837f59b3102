"""`proda repair`: every blamed node becomes a patch, every patch a commit on a branch of its own; a suspect item, a proposal to retire it.

What `diagnose` noticed though no item failed gets the samples that the blamed nodes leave over, in a patch for each chain. Samples that
contradict the base are overridden or removed; concepts that are confused at several nodes are set apart in knowledge/ by the same commit.

    $ proda repair --dry-run --max 3
    round 1, branch repair/round-1: 3 of 214 patches
      + 1-bimetal-strip-bends-s1-3f0c9a1e   concept gap   physics/bimetal-strip-bends.s1   9 samples, 1 set apart   2 items
      …
    $ proda repair
    $ git log main..repair/round-1
    $ proda repair --reallocate          # instead of patches: the same number of samples, shared out by the errors of the disciplines

Exit status 0 also when there is nothing to repair; 1 if the repository is in no state to take commits, or the diagnoses are stale.
"""

from __future__ import annotations

import click
import msgspec

from proda.cli.settings import note
from proda.errors import UsageError
from proda.history.repository import Repository
from proda.records import Patch
from proda.store.diagnoses import load_diagnoses
from proda.workflows.freshness import require_diagnosis
from proda.workflows.repair_round import PER_ERROR, plan_here, round_here, run_id


@click.command(epilog="Example: proda repair --dry-run --max 5")
@click.option("--max", "most", type=click.IntRange(min=1), help="Write at most so many patches, those first that explain most failures.")
@click.option("--per-error", type=click.IntRange(min=1), help="Samples for each failed item.  [default: 20]")
@click.option("--reallocate", is_flag=True, help="No patches: share the samples out anew by the disciplines' errors on dev, as one commit.")
@click.option("--round", "number", type=click.IntRange(min=1), help="Which round this is (default: one more than the last on record).")
@click.option("--dry-run", is_flag=True, help="Say what would be committed, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the patches, without their samples, as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
def repair(most: int | None, per_error: int | None, reallocate: bool, number: int | None, dry_run: bool, as_json: bool, root: str) -> None:
    """Write a patch for every node that the diagnoses blame, and for what was noticed besides, each as one commit on repair/round-N."""
    from proda.debugger.commits import commit_patches, leftover, ready
    from proda.debugger.repair import proposals
    from proda.debugger.retire import commit_retirements
    from proda.knowledge.distinct import set_apart

    where = Repository.open(root).root
    note(require_diagnosis(where, number or round_here(where)))
    if reallocate:
        from proda.cli.reallocation import share_out

        if most or per_error:
            raise UsageError("--reallocate writes no patch, so --max and --per-error say nothing. Leave them out.")
        share_out(where, number or round_here(where), run_id(where), dry_run=dry_run, as_json=as_json)
        return
    if not dry_run:
        ready(where, leftover(where, set_apart))
    diagnoses = load_diagnoses(where)
    this = number or round_here(where)
    patches = plan_here(where, diagnoses, this, per_error or PER_ERROR)
    chosen = patches[:most]
    branch = f"repair/round-{this}"
    if as_json:
        rows = [{**msgspec.structs.asdict(p), "samples": len(p.samples)} for p in chosen]
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))
    else:
        click.echo(f"round {this}, branch {branch}: {len(chosen)} of {len(patches)} patches")
    if dry_run:
        for patch in chosen if not as_json else ():
            click.echo(line(patch, True))
    else:
        told = (lambda *_: None) if as_json else (lambda patch, new: click.echo(line(patch, new)))
        commit_patches(where, chosen, branch=branch, run=run_id(where), edit=set_apart, done=told)
    suspects = proposals(diagnoses)
    if not dry_run:
        commit_retirements(where, suspects, branch=branch, run=run_id(where))
    for diagnosis in suspects:
        click.echo(f"suspect item {diagnosis.item}: {diagnosis.reason}", err=True)
    if suspects:
        would = "would retire" if dry_run else "retires"
        click.echo(f"A commit each {would} them in benchmarks/exceptions.yaml. Drop it where the item is right.", err=True)
    left = sum(d.category == "unexplained" for d in diagnoses)
    click.echo(f"{left} failed items stay unexplained." + ("" if dry_run else " Next: dvc repro."), err=True)


def line(patch: Patch, new: bool) -> str:
    """A patch on one line."""
    several = ((len(patch.remove), "removed"), (len(patch.override), "overridden"), (len(patch.edits), "set apart"))
    counts = ", ".join([f"{len(patch.samples)} samples", *(f"{number} {what}" for number, what in several if number)])
    items = f"{len(patch.items)} item{'' if len(patch.items) == 1 else 's'}"
    return f"  {'+' if new else '='} {patch.id}   {patch.category}   {', '.join(patch.targets)}   {counts}   {items}"
