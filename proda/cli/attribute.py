"""`proda attribute`: which patches of a round are necessary, sufficient, redundant or harmful, proven by retraining.

    $ proda attribute --dry-run
    round 1: 2 of 2 patches, one by one, over seeds 3, 4, 5, 6, 7
      all patches                                 5 in the cache
      none of the round                           5 trainings
      without 1-bimetal-strip-bends-s1-3f0c9a1e   3 trainings, 2 in the cache
      …
    4 trials: 13 trainings, 7 more in the cache; about 42 min going by the last build, at most 2 h 00 min now (--hours)
    $ proda attribute
    patch                              says       necessary                 p adjusted  sufficient                p adjusted
    1-bimetal-strip-bends-s1-3f0c9a1e  necessary  +0.73 [+0.60, +0.87]      0.0006      +0.80 [+0.67, +0.93]      0.0006
    $ proda attribute --disciplines physics,biology -S train.epochs=4
    build/attribute/attribution.json

Every trial trains the same base as the stage `train` would if the patches left out had never been written. The seeds are the ones after
those of params.yaml: on those the failures were found that the patches mend, so they would favour the patches. Sealed items are not read.
Trials are kept in build/cache by their content: a run that was killed, or that stopped before the cap, goes on where it stood. Verdicts
are written at the end to benchmarks/verdicts, of what is decided by then.

A part of the base (patches, samples and items of some disciplines) or other parameters make other models than the committed ones. What they
show proves nothing about those: it goes to a file of its own, benchmarks/verdicts stays as it is, and nothing is proposed for revert.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proda.cli.settings import disciplines, setting_options
from proda.errors import EmptyBenchmarkError, NotFoundError, UsageError
from proda.experiments.pace import last_build
from proda.experiments.planned_trainings import Bench, mixed, table
from proda.history.repository import Repository
from proda.params import load_params, with_settings
from proda.records import Item, Patch, Split
from proda.store.corpus import CORPUS, PATCHES, load_corpus
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.patches import load_patches
from proda.store.verdicts import write_verdict
from proda.workflows.portion import described, part
from proda.workflows.trials import SUITE, Laboratory

if TYPE_CHECKING:
    from proda.experiments.attribute import Round

SPLITS: tuple[Split, ...] = ("dev", "twin")  # sealed items judge rounds, never the choice of patches
NEEDS = (Path("build/base"), Path("build/curriculum"), SUITE, CORPUS)
DEFAULT = Path("build/attribute/attribution.json")
OUT = f"Where to write what a part or other parameters show (default: {DEFAULT})."


@click.command(epilog="Example: proda attribute --dry-run")
@click.option("--round", "number", type=click.IntRange(min=1), help="The round to judge (default: the last on record).")
@click.option("--patch", "wanted", multiple=True, metavar="ID", help="Only this patch; may be given again.")
@click.option("--seeds", type=click.IntRange(min=1), default=5, show_default=True, help="Trainings of each trial; proof takes five.")
@click.option("--hours", type=click.FloatRange(min=0), default=2.0, show_default=True, help="Stop before so many hours have passed.")
@setting_options
@click.option("--dry-run", is_flag=True, help="Say what would be trained and how long it would take, and train nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan, or the verdicts, as JSON.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help=OUT)
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
def attribute(
    number: int | None,
    wanted: tuple[str, ...],
    seeds: int,
    hours: float,
    of: str | None,
    changes: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    out: Path | None,
    root: str,
) -> None:
    """Retrain with and without each patch of a round, and say which are necessary, sufficient, redundant or harmful.

    With --disciplines or --set-param the models are others than the committed ones. Then benchmarks/verdicts is left alone, nothing is
    proposed for revert, and the results go to --out.
    """
    where = Repository.open(root).root
    committed = load_params(where / "params.yaml")
    params, elsewhere = with_settings(committed, changes), bool(of or changes)
    if out and not elsewhere:
        raise UsageError(f"--out {out}: verdicts on the whole go to benchmarks/verdicts. Leave it out, or ask for --disciplines.")
    items = _items(where)
    chosen = disciplines(of, items)
    case = _case(where, number, wanted, part((), items, chosen)[1], chosen)
    lab = Laboratory(where, seeds=fresh_seeds(committed.train.seeds, seeds), params=params, items=case.items)
    bench = Bench(lab, case, mixed(load_corpus(where), load_patches(where), params, chosen), hours)
    plan = bench.plan(_pace(where, len(bench.samples(frozenset())), params.train.epochs / committed.train.epochs, elsewhere))
    click.echo(_json(plan.document()) if as_json and dry_run else "\n".join(plan.text()), err=as_json and not dry_run)
    if dry_run:
        return
    need(where)
    verdicts = bench.verdicts()
    if not as_json and verdicts:
        click.echo("\n".join(table(verdicts)))
    document: dict[str, Any] = {"round": case.patches[0].round, "stopped": bench.stopped}
    if elsewhere:
        document = {**document, **described(chosen, changes), "verdicts": verdicts}
        target = out or where / DEFAULT
        write_file(target, _json(document) + "\n")
    else:
        kept = [v["patch"] for v in verdicts if not write_verdict(where, v)]
        document |= {"kept": kept, "verdicts": verdicts}
    if as_json:
        click.echo(_json(document))
    if bench.stopped:
        click.echo(bench.stopped, err=True)
    if elsewhere:
        click.echo(f"{target}\nOf a part, or of other parameters: no proof about the committed models, so no verdict is filed.", err=True)
    else:
        _say_filed(len(verdicts), kept)


def _say_filed(verdicts: int, kept: Sequence[str]) -> None:
    for patch in kept:
        click.echo(f"{patch}: its verdict stays, since it rests on more seeds.", err=True)
    if written := verdicts - len(kept):
        click.echo(f"{written} verdicts written below benchmarks/verdicts. Commit them: training does not read them.", err=True)


def need(root: Path) -> None:
    """Raises NotFoundError unless all is there that a trial needs."""
    if absent := [path.as_posix() for path in NEEDS if not (root / path).exists()]:
        raise NotFoundError(f"{', '.join(absent)}\n  Not here, and every trial needs it. Run `dvc repro guard base` first.")


def fresh_seeds(trained: Sequence[int], count: int) -> tuple[int, ...]:
    """The `count` seeds after the largest of those that the stage `train` uses."""
    first = max(trained, default=-1) + 1
    return tuple(range(first, first + count))


def _items(root: Path) -> list[Item]:
    items = load_items(root, SPLITS, only=frozenset(SPLITS))
    if not items:
        raise EmptyBenchmarkError(
            "benchmarks/items\n  No dev and no twin items here, so no trial could be judged. Run `dvc repro benchmark`."
        )
    return items


def _case(root: Path, number: int | None, wanted: Sequence[str], items: Sequence[Item], chosen: Collection[str] | None) -> Round:
    """The round; of the chosen disciplines, the patches that teach a node of theirs first."""
    from proda.experiments.attribute import MOST_SINGLE, Round

    patches = load_patches(root)
    known = {p.id: p for p in patches}
    if unknown := [name for name in wanted if name not in known]:
        raise NotFoundError(f"{PATCHES}\n  No patch '{unknown[0]}' here. `ls {PATCHES}` lists them.")
    rounds = {known[name].round for name in wanted} | ({number} if number else set())
    if len(rounds) > 1:
        raise UsageError(f"Rounds {', '.join(map(str, sorted(rounds)))}: patches are attributed within one round. Ask for one at a time.")
    this = min(rounds) if rounds else max((p.round for p in patches), default=0)
    every = [p for p in patches if p.round == this]
    if not every:
        raise NotFoundError(f"{PATCHES}\n  No patch of round {this} here, so there is nothing to attribute. `proda repair` writes patches.")
    mine = tuple(p for p in every if chosen is None or _discipline(p) in chosen)
    if not mine:
        there = ", ".join(sorted(set(map(_discipline, every))))
        raise NotFoundError(f"--disciplines: no patch of round {this} teaches {', '.join(sorted(chosen or ()))}. It teaches {there}.")
    asked = tuple(p.id for p in mine if not wanted or p.id in wanted)
    if lost := [name for name in wanted if name not in asked]:
        raise UsageError(f"--patch {lost[0]}: it teaches {_discipline(known[lost[0]])}, which --disciplines leaves out.")
    return Round(mine, tuple(items), asked, _topics(root, mine) if len(asked) > MOST_SINGLE else {})


def _discipline(patch: Patch) -> str:
    return patch.targets[0].partition("/")[0] if patch.targets else ""


def _topics(root: Path, patches: Sequence[Patch]) -> Mapping[str, str]:
    """Patch → discipline and topic of the first node that it teaches; of a node that is gone, its discipline."""
    knowledge = Repository.open(root).knowledge
    found = {}
    for patch in patches:
        target = patch.targets[0] if patch.targets else ""
        try:
            node = knowledge.node(target)
            found[patch.id] = f"{node.discipline}/{node.topic}"
        except NotFoundError:
            found[patch.id] = target.partition("/")[0]
    return found


def _pace(root: Path, samples: int, epochs: float, elsewhere: bool) -> float | None:
    """Seconds that a training on so many samples and the scoring take, going by the last build; without its record, and for the whole
    base as it is, as long as one training in the cache. `epochs`: times those of the build.
    """
    if pace := last_build(Repository.open(root).result("run.json")):
        return pace.seconds(samples, epochs)
    kept = [msgspec.json.decode(path.read_bytes())["seconds"] for path in sorted((root / "build/cache/train").glob("*/seed-*/run.json"))]
    return sum(kept) / len(kept) if kept and not elsewhere else None


def _json(document: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
