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

Every trial trains the same base as the stage `train` would if the patches left out had never been written. The seeds are the ones after
those of params.yaml: on those the failures were found that the patches mend, so they would favour the patches. Sealed items are not read.
Trials are kept in build/cache by their content: a run that was killed, or that stopped before the cap, goes on where it stood. Verdicts
are written at the end to benchmarks/verdicts, of what is decided by then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proda.benchmark import load_items
from proda.corpus import CORPUS, PATCHES, load_corpus
from proda.errors import EmptyBenchmarkError, NotFoundError, UsageError
from proda.params import Params, load_params
from proda.patches import load_patches
from proda.records import Outcome, Patch, Record, Sample, Split
from proda.repository import Repository
from proda.trials import SUITE, Laboratory
from proda.verdicts import write_verdict

if TYPE_CHECKING:
    from proda.debugger.attribute import Attribution, Round

SPLITS: tuple[Split, ...] = ("dev", "twin")  # sealed items judge rounds, never the choice of patches
NEEDS = (Path("build/base"), Path("build/curriculum"), SUITE, CORPUS)
Samples = Callable[[frozenset[str]], list[Sample]]


@click.command(epilog="Example: proda attribute --dry-run")
@click.option("--round", "number", type=click.IntRange(min=1), help="The round to judge (default: the last on record).")
@click.option("--patch", "wanted", multiple=True, metavar="ID", help="Only this patch; may be given again.")
@click.option("--seeds", type=click.IntRange(min=1), default=5, show_default=True, help="Trainings of each trial; proof takes five.")
@click.option("--hours", type=click.FloatRange(min=0), default=2.0, show_default=True, help="Stop before so many hours have passed.")
@click.option("--dry-run", is_flag=True, help="Say what would be trained and how long it would take, and train nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan, or the verdicts, as JSON.")
@click.option("--root", default=".", type=click.Path(exists=True, file_okay=False), help="The repository (default: around here).")
def attribute(number: int | None, wanted: tuple[str, ...], seeds: int, hours: float, dry_run: bool, as_json: bool, root: str) -> None:
    """Retrain with and without each patch of a round, and say which are necessary, sufficient, redundant or harmful."""
    from proda.debugger.attribute import attribute as judged

    where = Repository.open(root).root
    params = load_params(where / "params.yaml")
    case = _case(where, number, wanted)
    lab = Laboratory(where, seeds=fresh_seeds(params.train.seeds, seeds), params=params, items=case.items)
    bench = _Bench(lab, case, _samples(where, params), hours, time.monotonic)
    plan = bench.plan(_pace(where))
    click.echo(_json(plan.document()) if as_json and dry_run else "\n".join(plan.text()), err=as_json and not dry_run)
    if dry_run:
        return
    if absent := [path.as_posix() for path in NEEDS if not (where / path).exists()]:
        raise NotFoundError(f"{', '.join(absent)}\n  Not here, and every trial needs it. Run `dvc repro guard base` first.")
    verdicts = [_document(case, found, bench.inputs) for found in judged(case, bench.run)]
    kept = [v["patch"] for v in verdicts if not write_verdict(where, v)]
    if as_json:
        click.echo(_json({"round": case.patches[0].round, "stopped": bench.stopped, "kept": kept, "verdicts": verdicts}))
    elif verdicts:
        click.echo("\n".join(_table(verdicts)))
    for patch in kept:
        click.echo(f"{patch}: its verdict stays, since it rests on more seeds.", err=True)
    if bench.stopped:
        click.echo(bench.stopped, err=True)
    if written := len(verdicts) - len(kept):
        click.echo(f"{written} verdicts written below benchmarks/verdicts. Commit them: training does not read them.", err=True)


def fresh_seeds(trained: Sequence[int], count: int) -> tuple[int, ...]:
    """The `count` seeds after the largest of those that the stage `train` uses."""
    first = max(trained, default=-1) + 1
    return tuple(range(first, first + count))


class Plan(Record, frozen=True):
    """What is about to be trained."""

    round: int
    patches: int  # of the round
    asked: int
    groups: int  # by topic; 0 if patches are tried one by one
    seeds: tuple[int, ...]
    trials: dict[str, int]  # what is left out or in → seeds that must be trained
    later: int  # more trials at most, where groups are split
    pace: float | None  # seconds that a training and its scoring take; None if nothing says
    hours: float

    @property
    def missing(self) -> int:
        """Trainings."""
        return sum(self.trials.values())

    @property
    def cached(self) -> int:
        """Trainings that need not be done again."""
        return len(self.trials) * len(self.seeds) - self.missing

    def document(self) -> dict[str, Any]:
        """For --json."""
        seconds = None if self.pace is None else round(self.pace * self.missing)
        return {**msgspec.to_builtins(self), "missing": self.missing, "cached": self.cached, "seconds": seconds}

    def text(self) -> Iterator[str]:
        """For people."""
        how = f"in {self.groups} groups by topic" if self.groups else "one by one"
        yield f"round {self.round}: {self.asked} of {self.patches} patches, {how}, over seeds {', '.join(map(str, self.seeds))}"
        width = max(map(len, self.trials))
        for name, missing in self.trials.items():
            parts = [f"{missing} trainings"] * bool(missing) + [f"{len(self.seeds) - missing} in the cache"] * (missing < len(self.seeds))
            yield f"  {name:<{width}}   {', '.join(parts)}"
        takes = "for an unknown time" if self.pace is None else f"about {_clock(self.pace * self.missing)} going by the last build"
        trainings = f"{self.missing} trainings, {self.cached} more in the cache"
        yield f"{len(self.trials)} trials: {trainings}; {takes}, at most {_clock(self.hours * 3600)} now (--hours)"
        if self.later:
            yield f"A group that matters is halved, and tried again: at most {self.later} trials more."


class _Bench:
    """Runs trials as long as there is time; remembers what each training read."""

    def __init__(self, lab: Laboratory, case: Round, samples: Samples, hours: float, clock: Callable[[], float]) -> None:
        self.lab, self.case, self.samples, self.hours, self.clock = lab, case, samples, hours, clock
        self.inputs: dict[frozenset[str], str] = {}
        self.stopped = ""
        self._start, self._pace = clock(), 0.0
        self._absent: dict[frozenset[str], int] = {}

    def plan(self, pace: float | None) -> Plan:
        """The trials to begin with; `pace` is in seconds a training."""
        from proda.debugger.attribute import at_most_later, first_units, needed
        from proda.progress import Progress

        self._pace = pace or 0.0
        first, units = needed(self.case, {}), first_units(self.case)
        with Progress("look in the cache", len(first), "trials") as progress:
            trials = {}
            for condition in first:
                trials[self.name(condition)] = self.absent(condition)
                progress.advance()
        groups = len(units) if any(len(unit) > 1 for unit in units) else 0
        number, every, asked = self.case.patches[0].round, len(self.case.patches), len(self.case.asked)
        return Plan(number, every, asked, groups, self.lab.seeds, trials, at_most_later(self.case), pace, self.hours)

    def absent(self, condition: frozenset[str]) -> int:
        """How many seeds of a condition must be trained: all of them where there is no base yet."""
        if condition not in self._absent:
            try:
                self._absent[condition] = len(self.lab.missing(self.samples(condition)))
            except NotFoundError:
                self._absent[condition] = len(self.lab.seeds)
        return self._absent[condition]

    def run(self, condition: frozenset[str]) -> Sequence[Outcome] | None:
        """The outcomes without these patches; None where training them would not end before the cap."""
        begun, missing, cap_s = self.clock(), self.absent(condition), self.hours * 3600
        spent_s = begun - self._start
        if missing and spent_s + missing * self._pace >= cap_s:
            each = f" of about {_clock(self._pace)} each" if self._pace else ""
            self.stopped = (
                f"Stopped after {_clock(spent_s)}, before '{self.name(condition)}': {missing} trainings{each} would pass {_clock(cap_s)}."
                f" {len(self.inputs)} trials are in build/cache. Run the same command again to go on, with more --hours if none was new."
            )
            return None
        click.echo(f"trial {len(self.inputs) + 1}: {self.name(condition)}{'' if missing else ', in the cache'}", err=True)
        trial = self.lab.run(self.samples(condition))
        if missing:
            self._pace = (self.clock() - begun) / missing
        self.inputs[condition] = trial.inputs
        return trial.outcomes

    def name(self, condition: frozenset[str]) -> str:
        """What a condition leaves out, or in, whichever is shorter."""
        if not condition:
            return "all patches"
        inside = self.case.every - condition
        if not inside:
            return "none of the round"
        return f"without {_names(condition)}" if len(condition) <= len(inside) else f"{_names(inside)} alone"


def _case(root: Path, number: int | None, wanted: Sequence[str]) -> Round:
    from proda.debugger.attribute import MOST_SINGLE, Round

    patches = load_patches(root)
    known = {p.id: p for p in patches}
    if unknown := [name for name in wanted if name not in known]:
        raise NotFoundError(f"{PATCHES}\n  No patch '{unknown[0]}' here. `ls {PATCHES}` lists them.")
    rounds = {known[name].round for name in wanted} | ({number} if number else set())
    if len(rounds) > 1:
        raise UsageError(f"Rounds {', '.join(map(str, sorted(rounds)))}: patches are attributed within one round. Ask for one at a time.")
    this = min(rounds) if rounds else max((p.round for p in patches), default=0)
    mine = tuple(p for p in patches if p.round == this)
    if not mine:
        raise NotFoundError(f"{PATCHES}\n  No patch of round {this} here, so there is nothing to attribute. `proda repair` writes patches.")
    items = load_items(root, SPLITS, only=frozenset(SPLITS))
    if not items:
        raise EmptyBenchmarkError(
            "benchmarks/items\n  No dev and no twin items here, so no trial could be judged. Run `dvc repro benchmark`."
        )
    asked = tuple(p.id for p in mine if not wanted or p.id in wanted)
    return Round(mine, tuple(items), asked, _topics(root, mine) if len(asked) > MOST_SINGLE else {})


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


def _samples(root: Path, params: Params) -> Samples:
    """What the stage `train` would train on if these patches of the round had never been written."""
    from proda.mix import mix

    corpus, patches, train = load_corpus(root), load_patches(root), params.train

    def samples(without: frozenset[str]) -> list[Sample]:
        kept = [p for p in patches if p.id not in without]
        return list(mix(corpus, kept, strategy=train.corpus_replay, share=train.corpus_share, seed=params.seed).samples)

    return samples


def _pace(root: Path) -> float | None:
    """Seconds that one training and the scoring of one model took in the last build; without its record, one training in the cache."""
    record = Repository.open(root).result("run.json")
    train, evaluate = record.get("train", {}), record.get("evaluate", {})
    seeds = list(train.get("seeds", {}).values())
    if seeds:
        together = all(seed["fresh"] for seed in seeds)  # side by side, maybe: then the whole says more than the parts
        took = train["seconds"] if together else sum(seed["seconds"] for seed in seeds)
        return float(took / len(seeds) + evaluate.get("seconds", 0.0) / max(1, len(evaluate.get("models", ()))))
    kept = [msgspec.json.decode(path.read_bytes())["seconds"] for path in sorted((root / "build/cache/train").glob("*/seed-*/run.json"))]
    return sum(kept) / len(kept) if kept else None


def _document(case: Round, found: Attribution, inputs: Mapping[frozenset[str], str]) -> dict[str, Any]:
    """The verdict as its file holds it."""
    unit = frozenset(found.unit)
    conditions = {"full": frozenset(), "without": unit, "none": case.every, "only": case.every - unit}
    raw = msgspec.to_builtins(found)
    document: dict[str, Any] = {
        "patch": found.patch,
        "round": case.patches[0].round,
        "says": found.says,
        "why": found.why,
        "retrained": {
            "seeds": [int(seed.removeprefix("seed-")) for seed in found.seeds],
            **{name: inputs[condition] for name, condition in conditions.items()},
        },
    }
    if len(unit) > 1:
        document["together"] = raw["unit"]
    document |= {"accuracy": raw["accuracy"], "effects": raw["effects"]}
    if found.items:
        document["items"] = {row.pop("item"): row for row in raw["items"]}
    return document


def _table(verdicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    width = max((len(v["patch"]) for v in verdicts), default=0)
    effects = ("necessary", "sufficient")
    yield f"{'patch':<{width}}  {'says':<11}" + "".join(f"{name:<26}{'p adjusted':<12}" for name in effects)
    for verdict in verdicts:
        cells = ""
        for name in effects:
            e = verdict["effects"].get(name)
            text = f"{e['difference']:+.2f} [{e['ci95_low']:+.2f}, {e['ci95_high']:+.2f}]" if e else "no items"
            p = f"{e['adjusted']:.4f}" if e else ""
            cells += f"{text:<26}{p:<12}"
        yield f"{verdict['patch']:<{width}}  {verdict['says']:<11}{cells}".rstrip()
        if verdict["says"] == "harmful" or len(verdict.get("together", ())) > 1:
            yield f"  {verdict['why']}"


def _names(patches: frozenset[str]) -> str:
    first = min(patches)
    return first if len(patches) == 1 else f"{first} and {len(patches) - 1} more"


def _clock(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min" if seconds >= 60 else f"{seconds:.0f} s"


def _json(document: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
