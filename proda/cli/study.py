"""`proda study`: tests whether diagnosis helps. Trains the same base on the samples of several arms, and compares the arms.

    $ proda study --dry-run
    arm                samples   trainings   in the cache
    no-repair                0           3              3
    diagnosed            5,990           3              0
    …
    12 arms, budget 5,990 samples for 522 blamed nodes: 36 trainings, 3 of them in the cache; about 4 h 10 min at the pace of the last build
    $ proda study --arms undirected,shuffled-within --confirm
    build/study/study.md
    $ proda study --disciplines physics,biology -S train.epochs=4 --starve 0.25 --arms undirected,probed
    build/study/study.md

The arms `no-repair` and `diagnosed` always run, because every other arm is compared with both. Randomised arms are resampled for every
training run. With --disciplines, --set-param or --starve, the models without repair are trained and diagnosed first
(proda/experiments/conditions.py). An interrupted run continues where it stopped. Writes study.json, study.md and study.svg. Exit status 1
if a sample gives an item away.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from proda.cli.settings import COUNT, ROOT_HELP, disciplines, seed_list, setting_options
from proda.errors import UsageError, closest
from proda.history.repository import Repository
from proda.store.files import write_file

DEFAULT = Path("build/study")
ARMS_HELP = "Arms to run, separated by commas (default: all)."
SEEDS_HELP = "Training seeds for development, separated by commas (default: those of params.yaml)."
CONFIRM_HELP = "Also run the arms on held-out training seeds (200 to 204), and report both."
STARVE_HELP = "First remove the samples of this share of the statements."


@click.command(epilog="Example: proda study --dry-run")
@click.option("--arms", "names", metavar="LIST", help=ARMS_HELP)
@click.option("--seeds", "seeds_text", metavar="LIST", help=SEEDS_HELP)
@click.option("--confirm", is_flag=True, help=CONFIRM_HELP)
@click.option("--budget", type=COUNT, help="Largest number of samples of an arm (default: what `proda repair` would write).")
@setting_options
@click.option("--starve", type=click.FloatRange(0, 0.9), default=0.0, help=STARVE_HELP)
@click.option("--dry-run", is_flag=True, help="Print how many trainings are needed and how long they may take, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print study.json (with --dry-run: the estimate).")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=f"Folder to write to (default: {DEFAULT}).")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def study(
    names: str | None,
    seeds_text: str | None,
    confirm: bool,
    budget: int | None,
    of: str | None,
    changes: tuple[str, ...],
    starve: float,
    dry_run: bool,
    as_json: bool,
    out: Path | None,
    root: str,
) -> None:
    """Compare diagnosed repair with no repair, and with control arms that get as many samples, or two, five and ten times as many.

    \b
    Arms: no-repair, diagnosed, undirected, item-level, probed,
    shuffled-within, shuffled-across, sentences, without-replay,
    undirected-2x, undirected-5x, undirected-10x.
    """
    from proda.experiments.conditions import StudyCondition
    from proda.experiments.study import estimate, plan_study, run_study
    from proda.report.study import markdown, plot

    repo = Repository.open(root)
    wanted = _arms(names)
    condition = StudyCondition(disciplines(of, repo.items()), changes, starve)
    seeds = seed_list(seeds_text) if seeds_text is not None else None
    plan = plan_study(repo, wanted, condition, seeds=seeds, confirm=confirm, budget=budget, may_train=not dry_run)
    expected = estimate(plan)
    if dry_run and as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(expected), indent=2))
    else:
        click.echo(_estimate_text(expected), err=not dry_run)
    if dry_run:
        return
    document = run_study(plan, lambda text: click.echo(text, err=True))
    folder = out or repo.root / DEFAULT
    page, encoded = markdown(document), msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    for name, data in (("study.json", encoded), ("study.md", page), ("study.svg", plot(document))):
        write_file(folder / name, data)
    click.echo(encoded if as_json else page, nl=False)
    click.echo(folder / "study.md", err=True)


def _arms(names: str | None) -> list[str]:
    from proda.experiments.arms import ARMS, DIAGNOSED, NO_REPAIR

    chosen = [n.strip() for n in names.split(",")] if names is not None else list(ARMS)
    for name in chosen:
        if name not in ARMS:
            close = closest(name, ARMS)
            raise UsageError(f"--arms: no arm '{name}'. {f'Closest: {close}. ' if close else ''}The arms are {', '.join(ARMS)}.")
    return [n for n in ARMS if n in {*chosen, NO_REPAIR, DIAGNOSED}]


def _estimate_text(estimate: Mapping[str, Any]) -> str:
    from proda.errors import counted
    from proda.experiments.estimate_text import duration

    lines = [f"{'arm':<16}{'samples':>10}{'trainings':>12}{'in the cache':>15}"]
    lines += [f"{name:<16}{row['samples']:>10,}{row['trainings']:>12}{row['cached']:>15}" for name, row in estimate["arms"].items()]
    time = "" if estimate["seconds"] is None else f"; about {duration(estimate['seconds'])} at the pace of the last build"
    budget = f"budget {counted(estimate['budget'], 'sample')} for {counted(estimate['nodes'], 'blamed node')}"
    trainings = f"{counted(estimate['trainings'], 'training')}, {estimate['cached']} of them in the cache{time}"
    return "\n".join([*lines, f"{counted(len(estimate['arms']), 'arm')}, {budget}: {trainings}"])
