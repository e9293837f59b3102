"""`proda drill`: measures the debugger. Plants faults of every kind, trains models with them, diagnoses them, and counts what is found.

    $ proda drill --dry-run
    withheld           astronomy/massive-stars-enrich-space.s2
    flipped, opposite  materials/work-hardening.s2
    …
    56 faults on 71 chains, in 12,800 samples and 947 dev items
    $ proda drill
    …
    expected \\ said     concept gap  reasoning deficit  data conflict  suspect item  unexplained  not noticed
    concept gap                  13                  0              0             0            0           1
    …
    macro-F1 0.55
    only the 16 faults that an item shows  precision  recall    F1
    …

Each seed is trained twice, with the faults and without them (proda/experiments/drill.py). A second run trains nothing. The last tables
show how often the same probes flag nodes without a fault: a weak model fails many probes, and precision should be read beside that rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from proda.cli.settings import COUNT, ROOT_HELP, SEED, disciplines, seed_list, setting_options
from proda.errors import counted
from proda.history.repository import Repository
from proda.records import CATEGORIES
from proda.store.files import write_file

if TYPE_CHECKING:
    from proda.experiments.drill import DrillPlan, DrillResult
    from proda.experiments.drill_counts import Agreement, Flags

DEFAULT = Path("build/drill/drill.json")


@click.command(epilog="Example: proda drill --dry-run --sites 2")
@click.option("--sites", type=COUNT, default=8, show_default=True, help="Number of faults of each kind.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the draw of sites; not a training seed.")
@click.option("--seeds", "seeds_text", default="0,1,2", show_default=True, metavar="LIST", help="Training seeds, separated by commas.")
@setting_options
@click.option("--dry-run", is_flag=True, help="List the faults that would be planted, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print the content of the file as JSON (with --dry-run: the faults).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=f"File to write the counts to (default: {DEFAULT}).")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help=ROOT_HELP)
def drill(
    sites: int,
    seed: int,
    seeds_text: str,
    of: str | None,
    changes: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    out: Path | None,
    root: str,
) -> None:
    """Plant faults in a copy of samples and items, train, diagnose, and count how many faults the debugger finds."""
    from proda.experiments.drill import dev_items, plan_drill, run_drill

    repo, seeds = Repository.open(root), seed_list(seeds_text)
    items = dev_items(repo.root)
    plan = plan_drill(repo, items, chosen=disciplines(of, items), changes=changes, sites=sites, seed=seed)
    for warning in plan.warnings():
        click.echo(warning, err=True)
    if dry_run:
        click.echo(_encoded([msgspec.to_builtins(f) for f in plan.faults]) if as_json else "\n".join(_planned(plan)))
        return
    result = run_drill(plan, seeds, lambda text: click.echo(text, err=True))
    encoded = _encoded(result.document)
    target = out or repo.root / DEFAULT
    write_file(target, encoded + "\n")
    click.echo(encoded if as_json else "\n".join(_table(result)))
    click.echo(target, err=True)


def _encoded(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _planned(plan: DrillPlan) -> list[str]:
    rows = [(", ".join(filter(None, (f.kind, f.how))), " ".join(f.concepts or f.nodes or f.items)) for f in plan.faults]
    width = max(len(kind) for kind, _ in rows)
    chains = len({c for f in plan.faults for c in f.chains})
    last = f"{len(plan.faults)} faults on {chains} chains, in {len(plan.samples):,} samples and {len(plan.items)} dev items"
    return [*(f"{kind:<{width}}  {where}" for kind, where in rows), last]


def _table(result: DrillResult) -> list[str]:
    from proda.experiments.drill_counts import NOT_NOTICED, ONLY_HERE, OWN, UNPLANTED

    document, counts, flagged = result
    said = (*CATEGORIES, NOT_NOTICED)
    accuracy = {name: document[name]["accuracy"] for name in ("with_faults", "without")}
    seeds = ", ".join(map(str, document["seeds"]))
    trained = f"dev accuracy {accuracy['with_faults']:.3f} with the faults, {accuracy['without']:.3f} without"
    lines = [f"{len(counts.rows)} faults, seeds {seeds}; {trained}", ""]
    lines += _columns(
        ["kind", "planted", "failed", "fails without faults too", "category found", "node found"],
        [[kind, c.planted, c.failed, c.failed_anyway, c.found, c.at_node] for kind, c in counts.kinds.items()],
    )
    lines += ["", *_columns(["expected \\ said", *said], [[c, *row.values()] for c, row in counts.confusion.items()]), ""]
    scores = [*counts.scores.items(), ("blamed nodes", counts.nodes)]
    lines += _columns(["all faults", "precision", "recall", "F1"], [[name, *_shares(score)] for name, score in scores])
    lines += [f"macro-F1 {_share(counts.macro_f1)}", ""]
    shown = counts.shown
    seen = [*shown.scores.items(), ("blamed nodes", shown.nodes)]
    head = f"only the {counted(shown.faults, 'fault')} that an item shows"
    lines += _columns([head, "precision", "recall", "F1"], [[name, *_shares(score)] for name, score in seen])
    lines += [f"macro-F1 {_share(shown.macro_f1)}", ""]
    rows = [[group, *(_rate(kinds.get(k)) for k in ("statement", "step", "between", "concept"))] for group, kinds in flagged.items()]
    lines += _columns(["nodes flagged by probes", "statement", "step", "between", "concept"], sorted(rows, key=lambda r: r[0] != UNPLANTED))
    others = [[c, n[OWN], n[ONLY_HERE]] for c, n in counts.unplanted.items()]
    return [*lines, "", *_columns(["failures without a planted fault", OWN, ONLY_HERE], others)]


def _shares(score: Agreement) -> list[str]:
    return [_share(score.precision), _share(score.recall), _share(score.f1)]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _rate(flags: Flags | None) -> str:
    return "-" if flags is None else f"{flags.flagged} of {flags.nodes} ({flags.flagged / flags.nodes:.2f})"


def _columns(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Aligns a table: the first column to the left, all others to the right."""
    table = [list(map(str, row)) for row in (head, *rows)]
    widths = [max(len(row[k]) for row in table) for k in range(len(head))]
    return ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]) for row in table]
