"""`proda attribute`: tests by retraining which patches of a round are necessary, sufficient, redundant or harmful.

    $ proda attribute --dry-run
    round 1: 2 of 2 patches, one by one, over seeds 3, 4, 5, 6, 7
      all patches                                 5 in the cache
      none of the round                           5 trainings
      without 1-bimetal-strip-bends-s1-3f0c9a1e   3 trainings, 2 in the cache
      …
    4 trials: 13 trainings, 7 more in the cache; about 42 min at the pace of the last build; this run stops after 2 h 00 min (--hours)
    $ proda attribute
    patch                              says       necessary                 p adjusted  sufficient                p adjusted
    1-bimetal-strip-bends-s1-3f0c9a1e  necessary  +0.73 [+0.60, +0.87]      0.0006      +0.80 [+0.67, +0.93]      0.0006
    $ proda attribute --disciplines physics,biology -S train.epochs=4
    build/attribute/attribution.json

Every trial trains the same base, as the stage `train` would if the patches left out did not exist (proda/experiments/attribution.py).
Trials are kept in build/cache, so an interrupted run continues where it stopped. Verdicts are written at the end to benchmarks/verdicts.
With --disciplines or --set-param the verdicts are not about the committed models; they go to a separate file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proda.cli.settings import COUNT, ROOT_HELP, disciplines, seed_list, setting_options
from proda.errors import UsageError
from proda.history.repository import Repository

if TYPE_CHECKING:
    from proda.experiments.attribution import AttributionResult

SEEDS_HELP = "Training seeds, separated by commas; a proof needs five (default: the five seeds after those of params.yaml)."
HOURS_HELP = "Time limit in hours. No training starts that would pass it."
OUT_HELP = "File for the results of --disciplines or --set-param (default: build/attribute/attribution.json)."


@click.command(epilog="Example: proda attribute --dry-run")
@click.option("--round", "number", type=COUNT, help="The round to judge (default: the last one).")
@click.option("--patch", "wanted", multiple=True, metavar="PATCH", help="Judge only this patch. May be repeated.")
@click.option("--seeds", "seeds_text", metavar="LIST", help=SEEDS_HELP)
@click.option(
    "--hours",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    help=HOURS_HELP,
)
@setting_options
@click.option("--dry-run", is_flag=True, help="Print what would be trained and how long it would take, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON (with --dry-run: the plan).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=OUT_HELP)
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def attribute(
    number: int | None,
    wanted: tuple[str, ...],
    seeds_text: str | None,
    hours: float,
    of: str | None,
    changes: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    out: Path | None,
    root: str,
) -> None:
    """Retrain with and without each patch of a round, and say which patches are necessary, sufficient, redundant or harmful.

    With --disciplines or --set-param, other models than the committed ones are trained. Their results go to --out; benchmarks/verdicts does
    not change, and no patch is proposed for revert.
    """
    from proda.experiments.attribution import judging_items, plan_attribution, run_attribution
    from proda.experiments.planned_trainings import table

    if out and not (of or changes):
        raise UsageError(f"--out {out}: verdicts on the committed models go to benchmarks/verdicts. Remove --out, or add --disciplines.")
    repo = Repository.open(root)
    items = judging_items(repo.root)
    planned = plan_attribution(
        repo,
        items,
        number=number,
        wanted=wanted,
        seeds=None if seeds_text is None else seed_list(seeds_text),
        hours=hours,
        chosen=disciplines(of, items),
        changes=changes,
        tell=lambda text: click.echo(text, err=True),
    )
    plan = planned.plan
    click.echo(_json(plan.document()) if as_json and dry_run else "\n".join(plan.text()), err=as_json and not dry_run)
    if dry_run:
        return
    result = run_attribution(planned, out)
    if as_json:
        click.echo(_json(result.document))
    elif result.verdicts:
        click.echo("\n".join(table(result.verdicts)))
    _say_where(result)


def _say_where(result: AttributionResult) -> None:
    """Prints on standard error why trials are missing, and where the verdicts are."""
    from proda.errors import counted

    if result.stopped:
        click.echo(result.stopped, err=True)
    if result.path is not None:
        what = "These results are about other models than the committed ones, so they prove nothing about those and are no verdicts."
        click.echo(f"{result.path}\n{what}", err=True)
        return
    for patch in result.kept:
        click.echo(f"{patch}: the existing verdict stays, because it rests on more seeds.", err=True)
    if written := len(result.verdicts) - len(result.kept):
        click.echo(f"{counted(written, 'verdict')} written to benchmarks/verdicts. Commit them; training does not read them.", err=True)


def _json(document: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
