"""`proda verify [BEFORE]`: did the round of repair help? Scores before it and after it, on the items as they were before.

    $ dvc repro && proda verify
    round 1, 214 patches, against 3f0c9a1d2
                    items   before   after   change
    dev               947    0.612   0.741   +0.129 [+0.105, +0.152]   172 better, 41 worse   p 0.000
    twin              946    0.616   0.705   +0.089 [+0.066, +0.111]   …
    sealed            422    0.616   0.621   +0.005 [-0.021, +0.031]   …
    general suite            0.992   0.991   -0.001
    helps: twin changes by +0.089 [+0.066, +0.111]

BEFORE is the revision to compare with; without it, the commit before the round's first patch, or before its reallocation of samples.
Writes benchmarks/verdicts/. Exit status 1 if the round hurts, so that a pull request that hurts does not pass: by what
it does as a whole, or by one patch of it that `proda attribute` showed to harm.

A patch that retraining showed to harm, whichever its round, is proposed for revert; `proda verify --revert` does it, a commit each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from proda.cli.settings import note
from proda.errors import NotFoundError, UsageError
from proda.history.repository import Repository
from proda.history.rounds import before_round, reallocations
from proda.store.corpus import PATCHES
from proda.store.patches import load_patches
from proda.store.verdicts import write_round
from proda.workflows.freshness import require_fresh


@click.command(epilog="Example: proda verify --dry-run")
@click.argument("before", metavar="[BEFORE]", required=False)
@click.option("--round", "number", type=click.IntRange(min=1), help="The round to judge (default: the last on record).")
@click.option("--revert", is_flag=True, help="Judge nothing: git-revert every patch that retraining showed to harm, a commit each.")
@click.option("--dry-run", is_flag=True, help="Say the verdict (or what would be reverted), and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
@click.pass_context
def verify(context: click.Context, before: str | None, number: int | None, revert: bool, dry_run: bool, as_json: bool, root: str) -> None:
    """Judge the last round of repair on the items as they were before: helps, hurts or unproven, in benchmarks/verdicts/.

    BEFORE is the revision to compare with (default: the commit before the round). Exit 1 if the round hurts, or holds a patch that
    `proda attribute` showed to harm.
    """
    from proda.debugger.reverts import harmful
    from proda.debugger.verify import judge

    after = Repository.open(root)
    if revert:
        if before or as_json:
            raise UsageError("--revert judges nothing, so it takes neither BEFORE nor --json. Leave them out.")
        _revert(after.root, number, dry_run)
        return
    patches = load_patches(after.root)
    shared_out = reallocations(after.root)
    this = number or max([*(p.round for p in patches), *shared_out], default=0)
    mine = [p.id for p in patches if p.round == this]
    if not mine and this not in shared_out:
        raise NotFoundError(f"{PATCHES}\n  No patch of round {this} here, so there is nothing to verify. `proda repair` writes patches.")
    old = Repository.open(root, before or before_round(after.root, this))
    note(require_fresh(after.root, "evaluate"))
    outcomes = old.outcomes()
    if not outcomes or not after.outcomes():
        where = old.name if not outcomes else after.name
        raise NotFoundError(f"{where} holds no outcomes (benchmarks/results/outcomes). Run `dvc repro` there, and commit the results.")
    general = tuple(float(repo.metrics["general"]["tuned"]["accuracy"]) for repo in (old, after))
    harm = harmful(after.root)
    shown = [patch.patch for patch in harm]
    verdict = judge(outcomes, after.fresh_outcomes(), general=(general[0], general[1]), number=this, patches=mine, harmful=shown)
    document: dict[str, Any] = {"before": old.commit, **msgspec.to_builtins(verdict)}
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({**document, "harmful": harm}), indent=2))
    else:
        what = f"{len(mine)} patch{'es' if len(mine) > 1 else ''}" if mine else "samples shared out anew"
        click.echo(f"round {this}, {what}, against {(old.commit or '')[:9]}")
        for line in [*_table(verdict), *(patch.advice for patch in harm)]:
            click.echo(line)
    if not dry_run:
        changed = write_round(after.root, this, document)
        click.echo(f"{len(changed)} files written below benchmarks/verdicts. Commit them: training does not read them.", err=True)
    if verdict.says == "hurts":
        context.exit(1)


def _table(verdict: Any) -> list[str]:
    lines = [f"{'':<15}{'items':>6}{'before':>9}{'after':>8}   change"]
    for name, c in verdict.splits.items():
        change = f"{c.difference:+.3f} [{c.ci95_low:+.3f}, {c.ci95_high:+.3f}]"
        lines.append(f"{name:<15}{c.n:>6}{c.before:>9.3f}{c.after:>8.3f}   {change}   {c.better} better, {c.worse} worse   p {c.p:.3f}")
    g = verdict.general
    lines.append(f"{'general suite':<15}{'':>6}{g['before']:>9.3f}{g['after']:>8.3f}   {g['difference']:+.3f}")
    apart = ", ".join(f"{count} {why}" for why, count in verdict.apart.items() if count)
    if apart:
        lines.append(f"counted apart, never as gains: outcomes of items {apart}")
    return [*lines, *(f"{verdict.says}: {reason}" for reason in verdict.reasons)]


def _revert(root: Path, number: int | None, dry_run: bool) -> None:
    from proda.debugger.reverts import harmful, revert_patches

    found = harmful(root, number)
    if not found:
        click.echo("No patch here was shown to harm: there is nothing to revert.", err=True)
    elif dry_run:
        for patch in found:
            click.echo(patch.advice)
    else:
        revert_patches(root, found, lambda patch, commit: click.echo(f"{commit[:9]} reverts {patch.patch}"))
        click.echo("Next: dvc repro.", err=True)
