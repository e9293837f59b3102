"""`proda study`: is it the diagnosis that helps? Trains the same base on arms that teach other things, and compares them.

    $ proda study --dry-run
    arm                samples   trainings   in the cache
    no-repair                0           3              3
    diagnosed            5,990           3              0
    …
    12 arms, budget 5,990 samples for 522 blamed nodes: 36 trainings, 3 of them in the cache, about 4 h 10 min as the last build went
    $ proda study --arms undirected,shuffled-within --confirm
    build/study/study.md
    $ proda study --disciplines physics,biology -S train.epochs=4 --starve 0.25 --arms undirected,probed
    build/study/study.md

No repair and diagnosed repair are always among the arms: every other is compared with both. What an arm leaves to chance is drawn for
each training anew. Every arm's samples pass the overlap gate before anything is trained. A run that was killed goes on where it stood:
what is trained, scored and probed is kept in build/cache, and a second run trains nothing. For a part of the base, other parameters or a
starved corpus the models without repair are trained first, and diagnosed (proda/experiments/conditions.py). Writes study.json, study.md and
study.svg. Exit status 1 if a sample gives an item away.
"""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proda.cli.settings import disciplines, seed_list, setting_options
from proda.errors import GateError, NotFoundError, UsageError
from proda.experiments.conditions import Condition, Setting, blame, prepare, set_up
from proda.experiments.pace import last_build
from proda.history.repository import Repository
from proda.params import load_params
from proda.records import SPLITS, Sample
from proda.report.study import markdown, plot
from proda.store.files import write_file
from proda.store.items import load_items
from proda.workflows.portion import described

if TYPE_CHECKING:
    from proda.experiments.study import Arm, Order
    from proda.workflows.trials import Laboratory, Trial

    Draws = Mapping[int, Arm]  # seed → what the arm is for it: one for all, or drawn anew

DEFAULT = Path("build/study")
CONFIRM = (200, 201, 202, 203, 204)  # seeds on which nothing is ever chosen; JOURNAL.md says which confirmed what before
SHOWN = 5  # leaks that a message lists


@click.command(epilog="Example: proda study --dry-run")
@click.option("--arms", "names", help="A comma list of arms (default: all).")
@click.option("--seeds", "seeds_text", metavar="LIST", help="A comma list of development seeds (default: those of params.yaml).")
@click.option("--confirm", is_flag=True, help=f"Run the arms on fresh seeds too ({', '.join(map(str, CONFIRM))}), and report both.")
@click.option("--budget", type=click.IntRange(min=1), help="Samples of each arm, at most (default: all that `proda repair` would write).")
@setting_options
@click.option("--starve", type=click.FloatRange(0, 0.9), default=0.0, help="First withhold the samples of this share of the statements.")
@click.option("--dry-run", is_flag=True, help="Say what would be trained and how long it may take, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print study.json (with --dry-run: the estimate).")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=f"Folder to write to (default: {DEFAULT}).")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
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
    """Compare diagnosed repair with no repair and with controls that get as many samples, or two, five and ten times as many.

    \b
    Arms: no-repair, diagnosed, undirected, item-level, probed,
    shuffled-within, shuffled-across, sentences, without-replay,
    undirected-2x, undirected-5x, undirected-10x.
    """
    from proda.workflows.trials import Laboratory

    repo = Repository.open(root)
    wanted = _arms(names)
    condition = Condition(disciplines(of, repo.items()), changes, starve)
    ready = prepare(repo, condition)
    seeds = seed_list(seeds_text) if seeds_text is not None else ready.params.train.seeds
    if confirm and set(seeds) & set(CONFIRM):
        raise UsageError(f"--seeds {seeds_text}: {', '.join(map(str, CONFIRM))} are for --confirm, which needs seeds nobody has looked at.")
    labs = {"development": Laboratory(repo.root, seeds=seeds, params=ready.params, items=ready.items)}
    if confirm:
        labs["confirmation"] = Laboratory(repo.root, seeds=CONFIRM, params=ready.params, items=ready.items)
    first = 0 if condition.as_it_stands else _missing(labs["development"], dict.fromkeys(labs["development"].seeds, ready.corpus))
    if first and dry_run:
        raise NotFoundError(
            f"study --dry-run\n  Under this condition the models without repair are trained first ({first} trainings on"
            f" {len(ready.corpus):,} samples): their diagnoses say how much there is to teach. Run it with `--arms undirected` to begin."
        )
    setting = set_up(repo, condition, labs["development"], ready, budget=budget)
    arms, leaking = _composed(setting, wanted, [seed for lab in labs.values() for seed in lab.seeds])
    estimate = _estimate(setting, wanted, arms, list(labs.values()), repo.result("run.json"))
    if dry_run and as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(estimate), indent=2))
    else:
        click.echo(_estimate_text(estimate), err=not dry_run)
    if dry_run:
        return
    document = _run(setting, wanted, arms, labs)
    if not condition.as_it_stands:
        document["condition"] = {**described(condition.disciplines, changes), "starve": starve, **blame(setting)}
    if leaking is not None:
        document["leaking_sentences"] = leaking
    folder = out or repo.root / DEFAULT
    page, encoded = markdown(document), msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    for name, data in (("study.json", encoded), ("study.md", page), ("study.svg", plot(document))):
        write_file(folder / name, data)
    click.echo(encoded if as_json else page, nl=False)
    click.echo(folder / "study.md", err=True)


def _arms(names: str | None) -> list[str]:
    from proda.experiments.study import ARMS, DIAGNOSED, NO_REPAIR

    chosen = [n.strip() for n in names.split(",")] if names is not None else list(ARMS)
    for name in chosen:
        if name not in ARMS:
            close = difflib.get_close_matches(name, ARMS, n=1)
            raise UsageError(f"--arms: no arm '{name}'. {f'Closest: {close[0]}. ' if close else ''}There are: {', '.join(ARMS)}.")
    return [n for n in ARMS if n in {*chosen, NO_REPAIR, DIAGNOSED}]


def _composed(setting: Setting, wanted: Iterable[str], seeds: Sequence[int]) -> tuple[dict[str, Draws], int | None]:
    """The arms but for `probed`, which needs a model; and how many sentences were left out because they give an item away."""
    from proda.experiments.completions import completions
    from proda.experiments.study import DIAGNOSED, NO_REPAIR, Arm, by_discipline, diagnosed, orders_for, orders_of

    orders = orders_of(setting.patches, setting.diagnoses)
    arms: dict[str, Draws] = {}
    leaking = None
    for name in wanted:
        if name == NO_REPAIR:
            arms[name] = dict.fromkeys(seeds, Arm(name, (), {}))
        elif name in (DIAGNOSED, "without-replay"):
            arms[name] = dict.fromkeys(seeds, diagnosed(setting.patches, replay=name == DIAGNOSED))
        elif name == "sentences":
            shares = by_discipline(orders)
            sentences, leaking = _sentences(setting, shares)
            arms[name] = dict.fromkeys(seeds, Arm(name, completions(sentences, shares), {}))
        elif name != "probed":
            drawn = {seed: orders_for(name, setting.knowledge, orders, setting.diagnoses, seed) for seed in seeds}
            arms[name] = {seed: _written(setting, name, mine) for seed, mine in drawn.items()}
    _gate(setting, arms.values())
    return arms, leaking


def _written(setting: Setting, name: str, orders: Sequence[Order]) -> Arm:
    """The arm of these orders in the builder's words, in the formats that diagnosed repair has. As a repair does, it shows nodes that it
    takes to be lacking in a row with one another; undirected samples are written without any such belief.
    """
    from proda.experiments.study import TIMES, Arm, fill

    nodes: Counter[str] = Counter()
    for order in orders:
        nodes[order.node] += order.count
    formats = Counter(s.format for p in setting.patches for s in p.samples)
    return Arm(name, fill(orders, setting.write, formats, frozenset() if name in TIMES else frozenset(nodes)), dict(nodes))


def _sentences(setting: Setting, disciplines: Iterable[str]) -> tuple[dict[str, dict[str, str]], int]:
    """Discipline → place → sentence of its sources, without those that give an item away; and how many those were."""
    from proda.knowledge.tree import scan, source_path
    from proda.store.reading import unquoted_sentences
    from proda.store.training_texts import Text

    found: dict[str, dict[str, str]] = {d: {} for d in sorted(disciplines)}
    for source in scan(setting.root).sources:
        discipline = source.partition("/")[0]
        if discipline in found:
            told = unquoted_sentences((setting.root / source_path(source)).read_text(encoding="utf-8"), ())
            found[discipline] |= {f"{source}#{n}": sentence for n, sentence in enumerate(told, start=1)}
    leaks = {k.where for k in _leaks(setting, [Text(place, s) for told in found.values() for place, s in told.items()])}
    return {d: {p: s for p, s in told.items() if p not in leaks} for d, told in found.items()}, len(leaks)


def _leaks(setting: Setting, texts: Iterable[Any]) -> list[Any]:
    """By all items of the repository: what is common among them tells the gate what to overlook."""
    from proda.workflows.leak_check import leak_check

    knowledge = Repository.open(setting.root).knowledge
    return leak_check(knowledge, load_items(setting.root), texts, setting.params.guard).leaks


def _gate(setting: Setting, arms: Iterable[Draws]) -> None:
    from proda.store.training_texts import Text, sample_text

    texts: dict[str, str] = {}
    for arm in (arm for draws in arms for arm in draws.values()):
        for sample in arm.samples:
            texts.setdefault(sample_text(sample), f"{arm.name}  {sample.id}")
    leaks = _leaks(setting, [Text(where, text) for text, where in texts.items()])
    if leaks:
        lines = sorted({k.where: f"  {k.where}: {k.how} {k.value:.2f} of {k.item}" for k in reversed(leaks)}.values())
        shown = "\n".join([*lines[:SHOWN], *([f"  … and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])])
        raise GateError(
            f"{len(lines)} samples of the study's arms give items away, so nothing is trained:\n{shown}\n"
            "Reword the statements or concepts that they are made of; never the items."
        )


def _estimate(
    setting: Setting, wanted: Sequence[str], arms: Mapping[str, Draws], labs: Sequence[Laboratory], record: Mapping[str, Any]
) -> dict[str, Any]:
    """How many trainings each arm needs; seconds as the last build took them for as many samples, None where it left no record."""
    budget, all_seeds = sum(len(p.samples) for p in setting.patches), sum(len(lab.seeds) for lab in labs)
    pace = last_build(record)
    epochs = setting.params.train.epochs / load_params(setting.root / "params.yaml").train.epochs  # of those of the last build
    rows, seconds = {}, 0.0
    for name in wanted:
        missing, added, count = all_seeds, budget, len(setting.corpus) + budget
        if name in arms:
            sets = _training_sets(setting, arms[name])
            missing = sum(_missing(lab, {s: sets[s] for s in lab.seeds}) for lab in labs)
            added, count = len(next(iter(arms[name].values())).samples), max(map(len, sets.values()))
        rows[name] = {"samples": added, "trainings": all_seeds, "cached": all_seeds - missing}
        seconds += missing * pace.seconds(count, epochs) if pace else 0.0
    totals = {key: sum(row[key] for row in rows.values()) for key in ("trainings", "cached")}
    nodes = len({t for p in setting.patches for t in p.targets})
    return {"budget": budget, "nodes": nodes, "arms": rows, **totals, "seconds": round(seconds) if pace else None}


def _training_sets(setting: Setting, arm: Draws) -> dict[int, list[Sample]]:
    """Seed → its samples; one list for all of them where the arm is one for all."""
    from proda.experiments.study import training_set

    made = {id(drawn): training_set(setting.corpus, drawn) for drawn in arm.values()}
    return {seed: made[id(drawn)] for seed, drawn in arm.items()}


def _missing(lab: Laboratory, sets: Mapping[int, Sequence[Sample]]) -> int:
    by_set: dict[int, list[int]] = defaultdict(list)
    for seed, samples in sets.items():
        by_set[id(samples)].append(seed)
    try:
        return sum(len(lab.missing(sets[seeds[0]], seeds)) for seeds in by_set.values())
    except NotFoundError:  # no base yet: `run` will say so, an estimate need not
        return len(lab.seeds)


def _estimate_text(estimate: Mapping[str, Any]) -> str:
    lines = [f"{'arm':<16}{'samples':>10}{'trainings':>12}{'in the cache':>15}"]
    lines += [f"{name:<16}{row['samples']:>10,}{row['trainings']:>12}{row['cached']:>15}" for name, row in estimate["arms"].items()]
    minutes = -(-(estimate["seconds"] or 0) // 60)
    time = f", about {minutes // 60} h {minutes % 60:02d} min as the last build went" if estimate["seconds"] is not None else ""
    budget = f"budget {estimate['budget']:,} samples for {estimate['nodes']:,} blamed nodes"
    trainings = f"{estimate['trainings']} trainings, {estimate['cached']} of them in the cache{time}"
    return "\n".join([*lines, f"{len(estimate['arms'])} arms, {budget}: {trainings}"])


def _run(setting: Setting, wanted: Sequence[str], arms: dict[str, Draws], labs: Mapping[str, Laboratory]) -> dict[str, Any]:
    """Train and score what is not in the cache, then compare; the content of study.json. Fills `arms` with the probed one."""
    from proda.experiments.study import ARMS, DRAWN, NO_REPAIR, compare, contents, evenly

    budget = sum(len(p.samples) for p in setting.patches)
    blamed = {t for p in setting.patches for t in p.targets}
    if "probed" in wanted:
        lab = labs["development"]  # the same arms are confirmed, so nothing is probed there
        failing = _unknown(setting, lab, lab.run(setting.corpus))
        if failing:
            arms["probed"] = {s: _written(setting, "probed", evenly(failing, budget, "probed", s)) for s in arms[NO_REPAIR]}
            _gate(setting, [arms["probed"]])
        else:
            click.echo("probed: no statement fails its probes, so the arm is left out.", err=True)
    chosen = {name: arms[name] for name in wanted if name in arms}
    first = labs["development"].seeds
    content = {
        name: {"meaning": ARMS[name], "drawn": name in DRAWN, **contents([arm[s] for s in first], blamed)} for name, arm in chosen.items()
    }
    document: dict[str, Any] = {"budget": budget, "nodes": len(blamed), "arms": content}
    for phase, lab in labs.items():
        trials = {}
        for name, arm in chosen.items():
            sets = _training_sets(setting, {s: arm[s] for s in lab.seeds})
            trials[name] = lab.run_each(sets) if name in DRAWN else lab.run(sets[lab.seeds[0]])
            click.echo(f"{phase}: {name} is trained and scored ({len(trials)} of {len(chosen)})", err=True)
        standings = compare({name: t.outcomes for name, t in trials.items()}, {name: t.general for name, t in trials.items()})
        document[phase] = {
            "seeds": list(lab.seeds),
            "items": {s: n for s in SPLITS if (n := sum(item.split == s for item in setting.items))},
            "arms": {name: {**_effort(setting.root, trials[name]), **msgspec.to_builtins(s)} for name, s in standings.items()},
        }
    return document


def _effort(root: Path, trial: Trial) -> dict[str, Any]:
    """What training a seed took: tokens over all epochs, optimizer steps; means over seeds."""
    from proda.compiler.train import RECORD, SeedRun

    runs = [msgspec.json.decode(((root / folder).parent / RECORD).read_bytes(), type=SeedRun) for folder in trial.adapters.values()]
    tokens, steps = (round(sum(part) / len(runs)) for part in ([r.tokens for r in runs], [r.curve[-1].step for r in runs]))
    return {"inputs": trial.inputs, "tokens": tokens, "steps": steps}


def _unknown(setting: Setting, lab: Laboratory, trial: Trial) -> list[str]:
    """Statements that most of the trial's models do not know. Their answers are kept."""
    from proda.debugger.probes import statement_probes
    from proda.experiments.study import unknown

    probes = [p for s in setting.knowledge.active_statements.values() for p in statement_probes(setting.knowledge, s)]
    return unknown(probes, {model: [a.right for a in found] for model, found in lab.prober(trial).answers(probes).items()})
