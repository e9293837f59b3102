"""Tests `proda attribute` on a planted round, in which the effect of every patch is known.

    $ python -m scripts.planted_round --disciplines physics,biology -S train.epochs=4 --dry-run
    patch                                    planted    expected                   chains  statements  samples  items   smallest p
    3-lakes-freeze-from-top-s1-78ed3a29      redundant  redundant                       4          15      207     24      0.00032
    3-thermal-shock-in-glass-s1-80b8ba04     harmful    harmful                         6          21      252     35      0.00013
    …
    12 trials: 60 trainings, 0 more in the cache; about 54 min at the pace of the last build; this run stops after 12 h 00 min (--hours)

proda/experiments/planted_round.py describes the experiment, proda/experiments/planting.py what is planted. Only build/ changes in the
repository. An interrupted run continues where it stopped, and a second run trains nothing. Writes planted.json, and prints which verdicts
agree with what was planted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from proda.cli.main import main
from proda.cli.settings import ROOT_HELP, disciplines, seed_list, setting_options
from proda.errors import ProdaError, counted
from proda.experiments.attribution import judging_items, require_build
from proda.experiments.planted_round import plan_experiment, run_experiment
from proda.experiments.planting import CHAINS, SAMPLES, Role
from proda.history.repository import Repository
from proda.store.files import write_file

DEFAULT = Path("build/planted")
HOURS_HELP = "Time limit in hours. No training starts that would pass it."
SEEDS_HELP = "Training seeds, separated by commas; a proof needs five (default: the five seeds after those of params.yaml)."


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the draw of chains; not a training seed.")
@click.option("--seeds", "seeds_text", metavar="LIST", help=SEEDS_HELP)
@click.option("--needed", type=click.IntRange(min=1), default=CHAINS["needed"], show_default=True, help="Chains of the needed patch.")
@click.option(
    "--redundant", type=click.IntRange(min=1), default=CHAINS["redundant"], show_default=True, help="Chains of the redundant two."
)
@click.option("--harmful", type=click.IntRange(min=1), default=CHAINS["harmful"], show_default=True, help="Chains of the harmful patch.")
@click.option("--idle", type=click.IntRange(min=1), default=CHAINS["idle"], show_default=True, help="Chains of the idle patch.")
@click.option("--samples", "each", type=click.IntRange(min=1), default=SAMPLES, show_default=True, help="Samples of each statement.")
@click.option(
    "--hours",
    type=click.FloatRange(min=0),
    default=12.0,
    show_default=True,
    help=HOURS_HELP,
)
@setting_options
@click.option("--dry-run", is_flag=True, help="Print what would be planted and trained and how long it would take, and stop.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=f"Folder to write to (default: {DEFAULT}).")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def planted_round(
    seed: int,
    seeds_text: str | None,
    needed: int,
    redundant: int,
    harmful: int,
    idle: int,
    each: int,
    hours: float,
    of: str | None,
    changes: tuple[str, ...],
    dry_run: bool,
    out: Path | None,
    root: str,
) -> None:
    """Plant a needed, two redundant, a harmful and an idle patch, retrain, and compare the verdicts with what was planted."""
    repo = Repository.open(root)
    items = judging_items(repo.root)
    chains: dict[Role, int] = {"harmful": harmful, "redundant": redundant, "needed": needed, "idle": idle}
    with tempfile.TemporaryDirectory() as folder:
        experiment = plan_experiment(
            repo,
            Path(folder).resolve(),
            items,
            seeds=None if seeds_text is None else seed_list(seeds_text),
            hours=hours,
            seed=seed,
            chains=chains,
            each=each,
            chosen=disciplines(of, items),
            changes=changes,
            tell=lambda text: click.echo(text, err=True),
        )
        beside = f"{counted(len(experiment.planted.corpus), 'sample')} in the corpus beside them"
        click.echo("\n".join([*_table(experiment.rows), beside, *experiment.plan.text()]), err=not dry_run)
        if dry_run:
            try:
                require_build(repo.root)
            except ProdaError as missing:
                click.echo(f"{missing}", err=True)
            return
        document = run_experiment(experiment)
    target = (out or repo.root / DEFAULT) / "planted.json"
    write_file(target, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    click.echo("\n".join(report(document)))
    if document["stopped"]:
        click.echo(document["stopped"], err=True)
    click.echo(target, err=True)


def report(document: Mapping[str, Any]) -> Iterator[str]:
    """Yields the content of planted.json as lines of text."""
    width = max(len(row["patch"]) for row in document["patches"])
    yield f"{'patch':<{width}}  {'planted':<9}  {'attribution said':<24}  agrees"
    for row in document["patches"]:
        yield f"{row['patch']:<{width}}  {row['planted']:<9}  {row['said'] or 'not decided':<24}  {_yes(row['agree'])}"
    for row in document["gate"]:
        agrees = "" if row["agree"] is None else f"  (expected: {row['expected']}; agrees: {_yes(row['agree'])})"
        yield f"gate, {row['asked']}: {row['says']}{agrees}"
        yield from (f"  {reason}" for reason in row["reasons"])
    back = document["revert"]
    proposed = ", ".join(back["proposed"]) or "no patch"
    restored = "restored byte for byte" if back["byte_for_byte"] and not back["conflict"] else back["conflict"] or "not restored"
    yield f"proposed for revert: {proposed}; samples after the revert of {back['patch']}: {restored}"


def _yes(agree: bool | None) -> str:
    return {None: "-", True: "yes", False: "no"}[agree]


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    width = max(len(row["patch"]) for row in rows)
    yield f"{'patch':<{width}}  {'planted':<9}  {'expected':<24}{'chains':>9}{'statements':>12}{'samples':>9}{'items':>7}{'smallest p':>13}"
    for row in rows:
        numbers = f"{len(row['chains']):>9}{row['statements']:>12}{row['samples']:>9}{row['items']:>7}{row['smallest_p']:>13}"
        yield f"{row['patch']:<{width}}  {row['planted']:<9}  {row['expected']:<24}{numbers}"


if __name__ == "__main__":
    main(planted_round)
