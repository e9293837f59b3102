"""`proda verify [BEFORE]`: did the round of repair help? Compares scores before and after it, on the items as they were before.

    $ dvc repro && proda verify
    round 1, 214 patches, against 3f0c9a1d2
                    items   before   after   change
    dev               947    0.612   0.741   +0.129 [+0.105, +0.152]   172 better, 41 worse   p < 0.001
    twin              946    0.616   0.705   +0.089 [+0.066, +0.111]   …
    sealed            422    0.616   0.621   +0.005 [-0.021, +0.031]   …
    general suite            0.992   0.991   -0.001
    general ability: general suite -0.001: not worse
    helps: twin changes by +0.089 [+0.066, +0.111]

For a pretrained base the loss on neutral text is compared too, where `evaluate` measured it before and after the round.

BEFORE is the revision to compare with (default: the commit before the round's first patch, or before its reallocation of samples). Writes
benchmarks/verdicts/. Exit status 1 if the round hurts, as a whole or by one patch that `proda attribute` showed to harm, so that a pull
request that hurts does not pass.

A patch of any round that retraining showed to harm is proposed for revert; `proda verify --revert` reverts it, one commit per patch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from proda.cli.settings import COUNT, ROOT_HELP, note
from proda.cli.text import p_text
from proda.errors import UsageError, counted
from proda.history.repository import Repository
from proda.workflows.freshness import require_fresh

if TYPE_CHECKING:
    from proda.debugger.verify import Verdict


@click.command(epilog="Example: proda verify --dry-run")
@click.argument("before", metavar="[BEFORE]", required=False)
@click.option("--round", "number", type=COUNT, help="The round to judge (default: the last on record).")
@click.option("--revert", is_flag=True, help="Judge nothing; run git revert for each patch that retraining showed to harm.")
@click.option("--dry-run", is_flag=True, help="Print the verdict (or what would be reverted), and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdict as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
@click.pass_context
def verify(context: click.Context, before: str | None, number: int | None, revert: bool, dry_run: bool, as_json: bool, root: str) -> None:
    """Judge the last round of repair on the items as they were before: helps, hurts or unproven, in benchmarks/verdicts/.

    BEFORE is the revision to compare with (default: the commit before the round). Exit 1 if the round hurts, or holds a patch that
    `proda attribute` showed to harm.
    """
    where = Repository.open(root).root
    if revert:
        if before or as_json:
            raise UsageError("--revert judges nothing, so BEFORE and --json do not apply. Leave them out.")
        _revert(where, number, dry_run)
        return
    from proda.workflows.verdict import judge_round, write_verdict_files

    note(require_fresh(where, "evaluate"))
    judged = judge_round(where, number=number, before=before)
    verdict = judged.verdict
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({**judged.document, "harmful": judged.harmful}), indent=2))
    else:
        patches = len(verdict.patches)
        what = f"{patches} patch{'' if patches == 1 else 'es'}" if patches else "samples reallocated"
        click.echo(f"round {verdict.round}, {what}, against {judged.before[:9]}")
        for line in [*_table(verdict), *(patch.advice for patch in judged.harmful)]:
            click.echo(line)
    if not dry_run:
        changed = len(write_verdict_files(where, judged))
        files = f"{counted(changed, 'file')} written in benchmarks/verdicts. Commit them; training does not read them."
        click.echo(files if changed else "The verdicts in benchmarks/verdicts are up to date.", err=True)
    if verdict.says == "hurts":
        context.exit(1)


def _table(verdict: Verdict) -> list[str]:
    from proda.debugger.verify import general_ability

    lines = [f"{'':<15}{'items':>6}{'before':>9}{'after':>8}   change"]
    for name, c in verdict.splits.items():
        change = f"{c.difference:+.3f} [{c.ci95_low:+.3f}, {c.ci95_high:+.3f}]"
        lines.append(f"{name:<15}{c.n:>6}{c.before:>9.3f}{c.after:>8.3f}   {change}   {c.better} better, {c.worse} worse   {p_text(c.p)}")
    g = verdict.general
    lines.append(f"{'general suite':<15}{'':>6}{g['before']:>9.3f}{g['after']:>8.3f}   {g['difference']:+.3f}")
    for name, g in verdict.suites.items():
        lines.append(f"{f'  {name}':<15}{'':>6}{g['before']:>9.3f}{g['after']:>8.3f}   {g['difference']:+.3f}")
    if loss := verdict.neutral_text:
        after = "–" if loss.after is None else f"{loss.after:.3f}"
        lines.append(f"{'neutral text':<15}{'':>6}{loss.before:>9.3f}{after:>8}   {loss.text}")
        if loss.kl_after is not None:
            lines.append(f"{'  KL from base':<15}{'':>6}{loss.kl_before:>9.3f}{loss.kl_after:>8.3f}   reported, not compared with a margin")
    lines.append(f"general ability: {general_ability(verdict)}")
    apart = ", ".join(f"{count} {why}" for why, count in verdict.apart.items() if count)
    if apart:
        lines.append(f"not compared, and never counted as gains: outcomes of items {apart}")
    return [*lines, *(f"{verdict.says}: {reason}" for reason in verdict.reasons)]


def _revert(root: Path, number: int | None, dry_run: bool) -> None:
    from proda.debugger.reverts import harmful, revert_patches

    found = harmful(root, number)
    if not found:
        click.echo("No patch was shown to harm, so there is nothing to revert.", err=True)
    elif dry_run:
        for patch in found:
            click.echo(patch.advice)
    else:
        revert_patches(root, found, lambda patch, commit: click.echo(f"{commit[:9]} reverts {patch.patch}"))
        click.echo("Next: dvc repro.", err=True)
