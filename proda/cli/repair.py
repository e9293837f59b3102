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

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import click
import msgspec

from proda.benchmark import load_items
from proda.corpus import load_corpus
from proda.diagnoses import load_diagnoses, load_noticed
from proda.errors import UsageError
from proda.graph import Knowledge
from proda.params import Params, load_params
from proda.patches import load_patches, untouched
from proda.records import Diagnosis, Evidence, Item, Patch, Sample
from proda.repository import Repository

PER_ERROR = 20  # samples, as in the paper's third phase
ROUND_ORDINALS = 1000  # samples of round n are numbered from n · 1000: a corpus has no unit with so many


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
    if reallocate:
        from proda.cli.reallocation import share_out

        if most or per_error:
            raise UsageError("--reallocate writes no patch, so --max and --per-error say nothing. Leave them out.")
        share_out(where, number or _round(where), _run(where), dry_run=dry_run, as_json=as_json)
        return
    if not dry_run:
        ready(where, leftover(where, set_apart))
    diagnoses = load_diagnoses(where)
    this = number or _round(where)
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
        commit_patches(where, chosen, branch=branch, run=_run(where), edit=set_apart, done=told)
    suspects = proposals(diagnoses)
    if not dry_run:
        commit_retirements(where, suspects, branch=branch, run=_run(where))
    for diagnosis in suspects:
        click.echo(f"suspect item {diagnosis.item}: {diagnosis.reason}", err=True)
    if suspects:
        would = "would retire" if dry_run else "retires"
        click.echo(f"A commit each {would} them in benchmarks/exceptions.yaml. Drop it where the item is right.", err=True)
    left = sum(d.category == "unexplained" for d in diagnoses)
    click.echo(f"{left} failed items stay unexplained." + ("" if dry_run else " Next: dvc repro."), err=True)


def plan(
    knowledge: Knowledge,
    params: Params,
    items: Sequence[Item],
    samples: Sequence[Sample],
    diagnoses: Sequence[Diagnosis],
    noticed: Sequence[Evidence],
    number: int,
    per_error: int,
    most: int | None = None,
) -> list[Patch]:
    """The round's patches: the builder's samples for the debugger's targets. `items` are of dev; a patch may touch `samples`."""
    from proda.builder.extra import extra_samples, worded_again
    from proda.debugger.assertions import Reader, contradictions
    from proda.debugger.repair import plan_repairs

    conflicts = {node for d in diagnoses if d.category == "data conflict" for node in d.nodes}
    conflicts |= {e.node for e in noticed if e.probe == "data"}
    reader = Reader(knowledge)

    def teach(node: str, count: int, contrast: Sequence[str], stepwise: bool, beside: Collection[str]) -> list[Sample]:
        start = number * ROUND_ORDINALS
        return extra_samples(knowledge, node, count, start=start, params=params, contrast=contrast, stepwise=stepwise, beside=beside)

    return plan_repairs(
        knowledge,
        items,
        diagnoses,
        noticed,
        number=number,
        per_error=per_error,
        most=most,
        teach=teach,
        reword=lambda sample: worded_again(knowledge, sample, params),
        conflicting={node: [s for s, _ in contradictions(reader, samples, node)] for node in sorted(conflicts)},
    )


def plan_here(root: Path, diagnoses: Sequence[Diagnosis], number: int, per_error: int) -> list[Patch]:
    """The round's patches for the repository as it stands, but for what the round has edited so far: the same however much is committed.

    What a patch brought, or touched, is reverted, not removed: the corpus that no earlier round has touched is all that is looked at.
    """
    from proda.debugger.distinctions import before_edits

    patches = load_patches(root)
    knowledge = before_edits(Repository.open(root).knowledge, (p for p in patches if p.round == number))
    corpus = untouched(load_corpus(root), (p for p in patches if p.round < number))
    items = load_items(root, ("dev",), only=frozenset({"dev"}))
    return plan(knowledge, load_params(root / "params.yaml"), items, corpus, diagnoses, load_noticed(root), number, per_error)


def line(patch: Patch, new: bool) -> str:
    """A patch on one line."""
    several = ((len(patch.remove), "removed"), (len(patch.override), "overridden"), (len(patch.edits), "set apart"))
    counts = ", ".join([f"{len(patch.samples)} samples", *(f"{number} {what}" for number, what in several if number)])
    items = f"{len(patch.items)} item{'' if len(patch.items) == 1 else 's'}"
    return f"  {'+' if new else '='} {patch.id}   {patch.category}   {', '.join(patch.targets)}   {counts}   {items}"


def _round(root: Path) -> int:
    """The branch's own round where it is a repair branch, so that a run that was killed goes on; else one more than the last on record."""
    import git

    from proda.cli.reallocation import reallocations

    try:
        found = re.fullmatch(r"repair/round-([1-9][0-9]*)", git.Repo(root).active_branch.name)
        if found:
            return int(found[1])
    except (git.InvalidGitRepositoryError, TypeError):
        pass
    return 1 + max([*(p.round for p in load_patches(root)), *reallocations(root)], default=0)


def _run(root: Path) -> str:
    path = root / "benchmarks/results/run.json"
    return str(msgspec.json.decode(path.read_bytes()).get("run_id", "")) if path.is_file() else ""
