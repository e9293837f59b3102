"""`proda drill`: does the debugger find what is wrong? Faults of every kind are planted, models trained with them, and diagnoses counted.

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
    of the 16 that an item shows  precision  recall    F1
    …

Two trainings of each seed: one with the faults, one without, which says what fails anyway. Both are kept in build/cache, as are all
answers, so a run that was killed goes on where it stood, and a second run trains nothing. Reads dev items and no others. The table also
holds how often the same probes flag nodes that nobody touched: a weak model fails many, and precision is to be read beside that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proda.cli.settings import disciplines, seed_list, setting_options
from proda.errors import EmptyBenchmarkError, NotFoundError
from proda.graph import Knowledge
from proda.history.repository import Repository
from proda.params import Params, load_params, with_settings
from proda.records import CATEGORIES, Item, Outcome, Sample
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.patches import load_samples
from proda.workflows.portion import described, part, portion

if TYPE_CHECKING:
    from proda.experiments.drill import Flags, Score, Tally
    from proda.experiments.faults import Fault
    from proda.workflows.trials import Trial

DEFAULT = Path("build/drill/drill.json")


@click.command(epilog="Example: proda drill --dry-run --sites 2")
@click.option("--sites", type=click.IntRange(min=1), default=8, show_default=True, help="Faults of each kind.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw of the sites.")
@click.option("--seeds", "seeds_text", default="0,1,2", show_default=True, metavar="LIST", help="A comma list of training seeds.")
@setting_options
@click.option("--dry-run", is_flag=True, help="List the faults that would be planted, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print what is written to the file (with --dry-run: the faults).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=f"Where to write the counts (default: {DEFAULT}).")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
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
    """Plant faults in a copy of samples and items, train, diagnose, and count how many are found for what they are."""
    from proda.experiments.faults import draw_faults

    repo, seeds = Repository.open(root), seed_list(seeds_text)
    samples = load_samples(repo.root)
    items = load_items(repo.root, ("dev",), only=frozenset({"dev"}))
    if not items:
        raise EmptyBenchmarkError("benchmarks/items/dev\n  No dev items here, so no fault could show. Run `dvc repro benchmark` first.")
    chosen = disciplines(of, items)
    params = with_settings(load_params(repo.root / "params.yaml"), changes)
    samples, items = part(samples, items, chosen)
    knowledge = repo.knowledge if chosen is None else portion(repo.knowledge, chosen)
    faults = draw_faults(knowledge, samples, items, sites=sites, seed=seed)
    if not faults:
        raise NotFoundError("samples/corpus\n  No chain with samples and dev items can bear a fault. Run `dvc repro synthesize` first.")
    _say_shortage(faults, sites)
    _say_density(faults, {i.chain for i in items})
    if dry_run:
        click.echo(_encoded([msgspec.to_builtins(f) for f in faults]) if as_json else "\n".join(_planned(faults, samples, items)))
        return
    document, tally, flags = _run(repo.root, params, knowledge, samples, items, faults, seeds)
    document = {"sites": sites, "seed": seed, **described(chosen, changes), **document}
    encoded = _encoded(document)
    target = out or repo.root / DEFAULT
    write_file(target, encoded + "\n")
    click.echo(encoded if as_json else "\n".join(_table(document, tally, flags)))
    click.echo(target, err=True)


def _run(
    root: Path,
    params: Params,
    knowledge: Knowledge,
    samples: Sequence[Sample],
    items: Sequence[Item],
    faults: Sequence[Fault],
    seeds: Sequence[int],
) -> tuple[dict[str, Any], Tally, dict[str, dict[str, Flags]]]:
    """Train with the faults and without, diagnose the former, count."""
    from proda.debugger.diagnose import failures
    from proda.experiments.drill import count, flags, probed_nodes
    from proda.experiments.faults import plant
    from proda.workflows.trials import Laboratory

    planted, asked = plant(knowledge, samples, items, faults)
    faulty, sound = (Laboratory(root, seeds=seeds, params=params, items=i) for i in (asked, items))
    trainings = len(faulty.missing(planted)) + len(sound.missing(samples))
    click.echo(f"{len(faults)} faults; {trainings} of {2 * len(seeds)} trainings are not in the cache.", err=True)
    with_faults, without = faulty.run(planted), sound.run(samples)
    prober = faulty.prober(with_faults)
    diagnoses, _, noticed = prober.examined(knowledge, asked, with_faults.outcomes, planted)
    lacking = {e.node for e in sound.prober(without).examined(knowledge, items, without.outcomes, samples).noticed}
    failed_anyway = failures(items, without.outcomes)
    tally = count(faults, diagnoses, noticed, failed_anyway, lacking)
    groups = probed_nodes(knowledge, items, faults)
    flagged = flags(groups, prober.answers([p for probes in groups.values() for p in probes]))
    before = {s.id: s for s in samples}
    document = {
        "seeds": list(seeds),
        "samples": {
            "all": len(samples),
            "removed": len(samples) - len(planted),
            "reworded": sum(before[s.id] != s for s in planted),
        },
        "with_faults": _trial(with_faults, sum(bool(d.failed_by) for d in diagnoses)),
        "without": _trial(without, len(failed_anyway)),
        "tally": msgspec.to_builtins(tally),
        "probes": msgspec.to_builtins(flagged),
    }
    return document, tally, flagged


def _trial(trial: Trial, failed: int) -> dict[str, Any]:
    return {"inputs": trial.inputs, "accuracy": round(_accuracy(trial.outcomes), 4), "failed_by_most_seeds": failed}


def _accuracy(outcomes: Sequence[Outcome]) -> float:
    return sum(o.correct is True for o in outcomes) / max(1, len(outcomes))


def _encoded(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _say_shortage(faults: Iterable[Fault], sites: int) -> None:
    from proda.experiments.faults import KINDS

    drawn = Counter(f.kind for f in faults)
    for kind in KINDS:
        if drawn[kind] < sites:
            click.echo(f"{kind}: {drawn[kind]} of {sites} sites; no more chains with dev items can bear one.", err=True)


def _say_density(faults: Iterable[Fault], chains: set[str]) -> None:
    touched = chains.intersection(c for f in faults for c in f.chains)
    if 2 * len(touched) > len(chains):
        what = f"The faults touch {len(touched)} of the {len(chains)} chains that have items"
        click.echo(
            f"{what}: few sound ones are left to hold a failure against. Fewer --sites, or more --disciplines, plant less densely.",
            err=True,
        )


def _planned(faults: Sequence[Fault], samples: Sequence[Sample], items: Sequence[Item]) -> list[str]:
    rows = [(", ".join(filter(None, (f.kind, f.how))), " ".join(f.concepts or f.nodes or f.items)) for f in faults]
    width = max(len(kind) for kind, _ in rows)
    chains = len({c for f in faults for c in f.chains})
    last = f"{len(faults)} faults on {chains} chains, in {len(samples):,} samples and {len(items)} dev items"
    return [*(f"{kind:<{width}}  {where}" for kind, where in rows), last]


def _table(document: Mapping[str, Any], tally: Tally, flags: Mapping[str, Mapping[str, Flags]]) -> list[str]:
    from proda.experiments.drill import NOT_NOTICED, ONLY_HERE, OWN, UNPLANTED

    said = (*CATEGORIES, NOT_NOTICED)
    accuracy = {name: document[name]["accuracy"] for name in ("with_faults", "without")}
    seeds = ", ".join(map(str, document["seeds"]))
    lines = [
        f"{len(tally.rows)} faults, seeds {seeds}; dev accuracy {accuracy['with_faults']:.3f} with them, {accuracy['without']:.3f} without",
        "",
    ]
    lines += _columns(
        ["kind", "planted", "failed", "all of them fail anyway", "found", "at the node"],
        [[kind, c.planted, c.failed, c.failed_anyway, c.found, c.at_node] for kind, c in tally.kinds.items()],
    )
    lines += ["", *_columns(["expected \\ said", *said], [[c, *row.values()] for c, row in tally.confusion.items()]), ""]
    scores = [*tally.scores.items(), ("blamed nodes", tally.nodes)]
    lines += _columns(["", "precision", "recall", "F1"], [[name, *_shares(score)] for name, score in scores])
    lines += [f"macro-F1 {_share(tally.macro_f1)}", ""]
    seen = [*tally.shown.scores.items(), ("blamed nodes", tally.shown.nodes)]
    lines += _columns([f"of the {tally.shown.faults} that an item shows", "precision", "recall", "F1"], [[n, *_shares(s)] for n, s in seen])
    lines += [f"macro-F1 {_share(tally.shown.macro_f1)}", ""]
    rows = [[group, *(_rate(kinds.get(k)) for k in ("statement", "step", "link", "concept"))] for group, kinds in flags.items()]
    lines += _columns(["nodes that probes flag", "statement", "step", "link", "concept"], sorted(rows, key=lambda r: r[0] != UNPLANTED))
    others = [[c, n[OWN], n[ONLY_HERE]] for c, n in tally.unplanted.items()]
    return [*lines, "", *_columns(["failures not planted", OWN, ONLY_HERE], others)]


def _shares(score: Score) -> list[str]:
    return [_share(score.precision), _share(score.recall), _share(score.f1)]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _rate(flags: Flags | None) -> str:
    return "-" if flags is None else f"{flags.flagged} of {flags.nodes} ({flags.flagged / flags.nodes:.2f})"


def _columns(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """The first column to the left, all others to the right."""
    table = [list(map(str, row)) for row in (head, *rows)]
    widths = [max(len(row[k]) for row in table) for k in range(len(head))]
    return ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]) for row in table]
