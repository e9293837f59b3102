"""Trials with and without patches: what would be trained and how long it takes, trained up to a cap, and the verdicts in files and tables.

    bench = Bench(lab, case, mixed(load_corpus(root), load_patches(root), params), hours=2.0)
    bench.plan(pace=50.0).text()        # "round 1: 2 of 2 patches, one by one, over seeds 3, 4, 5, 6, 7", "  all patches …", …
    bench.verdicts()                    # [{"patch": "1-bimetal-strip-bends-s1-3f0c9a1e", "says": "necessary", …}]

A trial is one set of samples, that of the stage `train` if the patches left out had never been written, trained once for each seed. What
is in build/cache is not trained again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proda.errors import NotFoundError
from proda.params import Params
from proda.records import Outcome, Patch, Record, Sample
from proda.workflows.portion import part
from proda.workflows.trials import Laboratory, Trial

if TYPE_CHECKING:
    from proda.experiments.attribute import Attribution, Round

Samples = Callable[[frozenset[str]], list[Sample]]


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


class Bench:
    """Runs trials as long as there is time; `trials` holds those that are done, by what they leave out."""

    def __init__(self, lab: Laboratory, case: Round, samples: Samples, hours: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.lab, self.case, self.samples, self.hours, self.clock = lab, case, samples, hours, clock
        self.trials: dict[frozenset[str], Trial] = {}
        self.stopped = ""
        self._start, self._pace = clock(), 0.0
        self._absent: dict[frozenset[str], int] = {}

    def plan(self, pace: float | None) -> Plan:
        """The trials to begin with; `pace` is in seconds a training."""
        from proda.experiments.attribute import at_most_later, first_units, needed
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
                f" {len(self.trials)} trials are in build/cache. Run the same command again to go on, with more --hours if none was new."
            )
            return None
        click.echo(f"trial {len(self.trials) + 1}: {self.name(condition)}{'' if missing else ', in the cache'}", err=True)
        trial = self.lab.run(self.samples(condition))
        if missing:
            self._pace = (self.clock() - begun) / missing
        self.trials[condition] = trial
        return trial.outcomes

    def verdicts(self) -> list[dict[str, Any]]:
        """Verdicts on what is decided by the time that is there, as their files hold them. Trains what is not in the cache."""
        from proda.experiments.attribute import attribute

        found = attribute(self.case, self.run)
        inputs = {condition: trial.inputs for condition, trial in self.trials.items()}
        return [_document(self.case, verdict, inputs) for verdict in found]

    def name(self, condition: frozenset[str]) -> str:
        """What a condition leaves out, or in, whichever is shorter."""
        if not condition:
            return "all patches"
        inside = self.case.every - condition
        if not inside:
            return "none of the round"
        return f"without {_names(condition)}" if len(condition) <= len(inside) else f"{_names(inside)} alone"


def mixed(corpus: Sequence[Sample], patches: Sequence[Patch], params: Params, chosen: Collection[str] | None = None) -> Samples:
    """What the stage `train` would train on if some patches had never been written; of the chosen disciplines alone."""
    from proda.store.training_set import mix

    train = params.train

    def samples(without: frozenset[str]) -> list[Sample]:
        kept = [p for p in patches if p.id not in without]
        mixture = mix(corpus, kept, strategy=train.corpus_replay, share=train.corpus_share, seed=params.seed)
        return part(mixture.samples, (), chosen)[0]

    return samples


def _document(case: Round, found: Attribution, inputs: Mapping[frozenset[str], str]) -> dict[str, Any]:
    """The verdict as its file holds it; `inputs`: what each training read."""
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


def table(verdicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """For people: a patch a line, with its effects."""
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
