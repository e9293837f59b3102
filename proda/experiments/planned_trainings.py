"""Trials with and without patches: plans them, estimates their duration, and runs them until the time is up.

    bench = Bench(lab, case, mixed(load_corpus(root), load_patches(root), params), hours=2.0)
    bench.plan(pace=50.0).text()        # "round 1: 2 of 2 patches, one by one, over seeds 3, 4, 5, 6, 7", "  all patches …", …
    bench.verdicts()                    # [{"patch": "1-bimetal-strip-bends-s1-3f0c9a1e", "says": "necessary", …}]

A trial trains one set of samples with every seed: the set that the stage `train` would use if the patches left out did not exist. Trainings
in build/cache are not repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from proda.errors import NotFoundError, counted
from proda.experiments.estimate_text import duration
from proda.params import Params
from proda.records import Outcome, Patch, Record, Sample
from proda.workflows.trials import Laboratory, Trial, ahead

if TYPE_CHECKING:
    from proda.experiments.patch_verdicts import Attribution, AttributionCase

Samples = Callable[[frozenset[str]], list[Sample]]


class TrialPlan(Record, frozen=True):
    """The trials to run, and how many trainings they need."""

    round: int
    patches: int  # number of patches of the round
    asked: int  # number of patches to be judged
    groups: int  # number of groups by topic; 0 if patches are tried one by one
    seeds: tuple[int, ...]
    trials: dict[str, int]  # name of the trial → number of seeds that are not in the cache
    later: int  # largest number of further trials, if groups are split
    pace: float | None  # seconds per training and its scoring; None if unknown
    hours: float  # time limit

    @property
    def missing(self) -> int:
        """Number of trainings to run."""
        return sum(self.trials.values())

    @property
    def cached(self) -> int:
        """Number of trainings that are in the cache."""
        return len(self.trials) * len(self.seeds) - self.missing

    def document(self) -> dict[str, Any]:
        """Returns the plan as plain values, for --json."""
        seconds = None if self.pace is None else round(self.pace * self.missing)
        return {**msgspec.to_builtins(self), "missing": self.missing, "cached": self.cached, "seconds": seconds}

    def text(self) -> Iterator[str]:
        """Yields the plan as lines of text."""
        how = f"in {counted(self.groups, 'group')} by topic" if self.groups else "one by one"
        patches, seeds = counted(self.patches, "patch", "patches"), "seed" if len(self.seeds) == 1 else "seeds"
        yield f"round {self.round}: {self.asked} of {patches}, {how}, over {seeds} {', '.join(map(str, self.seeds))}"
        width = max(map(len, self.trials))
        for name, missing in self.trials.items():
            parts = [counted(missing, "training")] * bool(missing) + [f"{len(self.seeds) - missing} in the cache"] * (
                missing < len(self.seeds)
            )
            yield f"  {name:<{width}}   {', '.join(parts)}"
        takes = "duration unknown" if self.pace is None else f"about {duration(self.pace * self.missing)} at the pace of the last build"
        trainings = f"{counted(self.missing, 'training')}, {self.cached} more in the cache"
        yield f"{counted(len(self.trials), 'trial')}: {trainings}; {takes}; this run stops after {duration(self.hours * 3600)} (--hours)"
        if self.later:
            yield f"A group that matters is split in two and tried again: up to {counted(self.later, 'more trial')}."


class Bench:
    """Runs trials until `hours` have passed. `trials` maps the patches left out to the finished trial.

    `samples` returns the training samples without the patches left out. `tell` receives progress messages.
    """

    def __init__(
        self,
        lab: Laboratory,
        case: AttributionCase,
        samples: Samples,
        hours: float,
        *,
        tell: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lab, self.case, self.samples, self.hours, self.tell, self.clock = lab, case, samples, hours, tell, clock
        self.trials: dict[frozenset[str], Trial] = {}
        self.stopped = ""
        self._start, self._pace = clock(), 0.0
        self._absent: dict[frozenset[str], int] = {}

    def plan(self, pace: float | None) -> TrialPlan:
        """Returns the trials to begin with. `pace` is in seconds per training; None if unknown."""
        from proda.experiments.patch_verdicts import at_most_later, first_units, needed
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
        return TrialPlan(number, every, asked, groups, self.lab.seeds, trials, at_most_later(self.case), pace, self.hours)

    def absent(self, condition: frozenset[str]) -> int:
        """Returns how many seeds must be trained without these patches; all of them if there is no base yet."""
        if condition not in self._absent:
            try:
                self._absent[condition] = len(self.lab.missing(self.samples(condition)))
            except NotFoundError:
                self._absent[condition] = len(self.lab.seeds)
        return self._absent[condition]

    def run(self, condition: frozenset[str]) -> Sequence[Outcome] | None:
        """Returns the outcomes without these patches, or None if their training would pass the time limit."""
        begun, missing, cap_s = self.clock(), self.absent(condition), self.hours * 3600
        spent_s = begun - self._start
        if missing and spent_s + missing * self._pace >= cap_s:
            each = f" of about {duration(self._pace)} each" if self._pace else ""
            self.stopped = (
                f"Stopped after {duration(spent_s)}, before '{self.name(condition)}': {counted(missing, 'training')}{each} would pass"
                f" the limit of {duration(cap_s)}. {counted(len(self.trials), 'trial')} finished and kept in build/cache. To continue, run"
                " the same command again, with more --hours if no new trial finished."
            )
            return None
        self.tell(f"trial {len(self.trials) + 1}: {self.name(condition)}{'' if missing else ', in the cache'}")
        trial = self.lab.run(self.samples(condition))
        if missing:
            self._pace = (self.clock() - begun) / missing
        self.trials[condition] = trial
        return trial.outcomes

    def _ahead(self) -> None:
        """On a cluster, run the first trials at once: as many as would fit into the time limit one after the other."""
        from proda.experiments.patch_verdicts import needed

        chosen, trainings = [], 0
        for condition in needed(self.case, {}) if self._pace else ():
            trainings += self.absent(condition)
            if trainings * self._pace >= self.hours * 3600:
                break
            chosen.append(condition)
        if ahead({self.name(c): (self.lab, dict.fromkeys(self.lab.seeds, self.samples(c))) for c in chosen}):
            self._absent.clear()

    def verdicts(self) -> list[dict[str, Any]]:
        """Trains what is not in the cache until the time is up, and returns the verdicts on complete trials, as their files hold them."""
        from proda.experiments.patch_verdicts import attribute

        self._ahead()
        found = attribute(self.case, self.run)
        inputs = {condition: trial.inputs for condition, trial in self.trials.items()}
        return [_document(self.case, verdict, inputs) for verdict in found]

    def name(self, condition: frozenset[str]) -> str:
        """Returns a name for the trial without these patches: the patches left out, or those left in if they are fewer."""
        if not condition:
            return "all patches"
        inside = self.case.every - condition
        if not inside:
            return "none of the round"
        return f"without {_names(condition)}" if len(condition) <= len(inside) else f"{_names(inside)} alone"


def mixed(corpus: Sequence[Sample], patches: Sequence[Patch], params: Params, chosen: Collection[str] | None = None) -> Samples:
    """Returns a function from patches left out to the samples that the stage `train` would use without them.

    `chosen` limits the samples to some disciplines (None: all).
    """
    from proda.store.training_set import mix

    train = params.train

    def samples(without: frozenset[str]) -> list[Sample]:
        kept = [p for p in patches if p.id not in without]
        mixture = mix(corpus, kept, strategy=train.corpus_replay, share=train.corpus_share, seed=params.seed)
        return [s for s in mixture.samples if chosen is None or s.discipline in chosen]

    return samples


def _document(case: AttributionCase, found: Attribution, inputs: Mapping[frozenset[str], str]) -> dict[str, Any]:
    """Returns the verdict as its file holds it. `inputs` maps each condition to the hash of its training inputs."""
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
    document["items"] = {row.pop("item"): row for row in raw["items"]}
    return document


def table(verdicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields the verdicts as a table, one line per patch."""
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
