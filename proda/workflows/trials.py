"""Other samples → models and scores: the trainings behind `proda attribute`, `study` and `drill`.

    lab = Laboratory(Path("."), seeds=(0, 1, 2))
    trial = lab.run(samples)                    # trains what is not cached, then scores it
    trial.outcomes, trial.general               # outcomes as in stage `evaluate`; accuracy on the general suite, by model
    lab.run_each({0: samples, 1: others})       # each seed on its own samples
    lab.prober(trial).answers(probes)           # answers of the trial's models
    lab.missing(samples)                        # (0, 2): the seeds that `run` would train
    ahead({"undirected": (lab, {0: samples})})  # on a cluster, runs many trials at once; `run` then finds them in the cache

Base, parameters and items are those of the repository, unless others are given; only the samples differ. Adapters are cached in
build/cache/train, scores in build/cache/trials, so a run that was killed goes on where it stopped. The key of scores covers the weights,
the questions and the code that computes the scores; that of adapters covers all that training reads and `RECIPE`, the version of training
(proda/compiler/train.py). A cached file that cannot be used is computed again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from proda.params import EvaluateParams, Params, load_params
from proda.records import SPLITS, Item, Outcome, Record, Sample, Split, content_hash
from proda.store.cached import read_cached, write_cached
from proda.store.code_version import cache_key
from proda.store.items import load_items
from proda.store.suite import load_suites
from proda.workflows.item_scores import Scored, score_model

if TYPE_CHECKING:
    from proda.workflows.prober import Prober

CACHE = Path("build/cache")
_Task = tuple[Path, Params, Sequence[Item], Path | None, Mapping[int, Sequence[Sample]], int]  # what `_alone` takes


class Trial(Record, frozen=True):
    """The models trained on one set of samples, and their scores."""

    inputs: str  # hash of everything that training read
    outcomes: tuple[Outcome, ...]  # of the models "seed-0", …, in order of seed and item
    general: dict[str, float]  # model → accuracy on the general suite
    seconds: dict[str, float]  # model → duration of its training; of the original training if it came from the cache
    adapters: dict[str, str]  # model → folder of its adapter, relative to the repository


class Laboratory:
    """Trials in one repository, scored on the items of `splits` only, or on `items` if they are given.

    `base` is the folder of another base than that of the repository. Nothing is replayed then, and no word counts as new, because the
    texts in build/curriculum are about the embedded base.
    """

    def __init__(
        self,
        root: Path,
        *,
        seeds: Sequence[int],
        params: Params | None = None,
        splits: Sequence[Split] = SPLITS,
        items: Sequence[Item] | None = None,
        base: Path | None = None,
    ) -> None:
        self.root = root
        self.other_base = base
        self.seeds = tuple(seeds)
        found = params or load_params(root / "params.yaml")
        self.params = msgspec.structs.replace(found, train=msgspec.structs.replace(found.train, seeds=self.seeds))
        self.items = list(items) if items is not None else load_items(root, tuple(splits), only=frozenset(splits))

    @cached_property
    def suite(self) -> list[Item]:
        """The items of the general suites of `evaluate.general`. Raises NotFoundError if one is not there."""
        return [item for suite in load_suites(self.root, self.params.evaluate.general).values() for item in suite]

    @cached_property
    def _texts(self) -> tuple[list[Any], list[Any]]:
        """The questions that the base was trained on, and the texts that training replays."""
        from proda.compiler.packing import load_documents

        if self.other_base is not None:
            return [], []
        curriculum = self.root / "build/curriculum"
        taught = [d for d in load_documents(curriculum / "documents.jsonl") if d.prompt]
        return taught, load_documents(curriculum / "replay.jsonl")

    def run(self, samples: Sequence[Sample]) -> Trial:
        """Train each seed that is not cached, score each model that is not scored. Raises what training raises."""
        from proda.compiler.train import corpus_documents, train_seeds

        taught, replay = self._texts
        corpus = corpus_documents(samples)
        runs = train_seeds(self.base, corpus, replay, self.params.train, None, cache=self.root / CACHE, known=taught)
        folders = {f"seed-{run.seed}": CACHE / "train" / run.inputs / f"seed-{run.seed}" / "adapter" for run in runs}
        scored = self._scored(folders, {f"seed-{run.seed}": run.adapter for run in runs})
        return Trial(
            runs[0].inputs,
            tuple(o for name in folders for o in scored[name].outcomes),
            {name: math.nan if (general := scored[name].general) is None else general for name in folders},
            {f"seed-{run.seed}": run.seconds for run in runs},
            {name: folder.as_posix() for name, folder in folders.items()},
        )

    def run_each(self, samples: Mapping[int, Sequence[Sample]]) -> Trial:
        """Do as `run`, each seed on its own samples. `inputs` of the result is a hash of the seeds' inputs."""
        from proda.compiler.base import read_pin
        from proda.runtime.parallel import spread

        work = partial(_alone, self.root, self.params, self.items, self.other_base, samples)
        found = dict(spread(work, self.seeds, parameters=read_pin(self.base).parameters, what="trial seed"))
        trials = [found[seed] for seed in self.seeds]
        return Trial(
            content_hash([t.inputs for t in trials]),
            tuple(o for t in trials for o in t.outcomes),
            {name: value for t in trials for name, value in t.general.items()},
            {name: value for t in trials for name, value in t.seconds.items()},
            {name: folder for t in trials for name, folder in t.adapters.items()},
        )

    def missing(self, samples: Sequence[Sample], seeds: Sequence[int] | None = None) -> tuple[int, ...]:
        """Return the seeds (of all, or of these) whose training on these samples is not cached."""
        from proda.compiler.train import corpus_documents, untrained

        taught, replay = self._texts
        params = msgspec.structs.replace(self.params.train, seeds=self.seeds if seeds is None else tuple(seeds))
        return untrained(self.base, corpus_documents(samples), replay, params, cache=self.root / CACHE, known=taught)

    @property
    def base(self) -> Path:
        """The folder of the base."""
        return self.other_base or self.root / "build/base"

    def prober(self, trial: Trial) -> Prober:
        """Return a prober for the trial's models."""
        from proda.workflows.prober import Prober

        adapters = {model: self.root / folder for model, folder in trial.adapters.items()}
        return Prober(self.base, adapters, batch_tokens=self.params.evaluate.batch_tokens, cache=self.root / CACHE)

    def _scored(self, folders: Mapping[str, Path], hashes: Mapping[str, str]) -> dict[str, Scored]:
        """Score each model on the items and the suite, unless the cache holds the scores of its weights."""
        from proda.compiler.base import read_pin
        from proda.runtime.parallel import spread

        key = cache_key(score_model, self.items, self.suite, self.params.evaluate)  # whole items: outcomes repeat their ids and kinds
        paths = {name: self.root / CACHE / "trials" / hashes[name] / f"{name}-{key}.json" for name in folders}
        found = {name: scored for name, path in paths.items() if (scored := read_cached(path, Scored)) is not None}
        adapters = {name: self.root / folder for name, folder in folders.items() if name not in found}
        work = partial(_score, self.base, adapters, self.items, self.suite, self.params.evaluate)
        for name, scored in spread(work, list(adapters), parameters=read_pin(self.base).parameters, what="score"):
            write_cached(paths[name], scored)
            found[name] = scored
        return {name: found[name] for name in folders}


def ahead(wanted: Mapping[str, tuple[Laboratory, Mapping[int, Sequence[Sample]]]]) -> int:
    """Run the trials that are not cached all at once, one task for each trial and seed, if the engine is Ray; else do nothing.

    `wanted` maps the name of a trial, for messages, to the laboratory and the samples of each seed. Afterwards `run` and `run_each` find
    these trials in the cache. With local processes a machine has no room for more than the seeds of one trial, so that trials run in turn.
    Returns the number of trainings. Raises what training raises, and ShareError with the name of the trial.
    """
    from proda.runtime.engine import engine_name

    if engine_name() == "local":
        return 0
    from proda.compiler.base import read_pin
    from proda.runtime.parallel import spread

    by_seeds: dict[int, dict[str, _Task]] = {}  # a task has the threads that it would have beside the other seeds of its trial
    for name, (lab, sets) in wanted.items():
        for samples in {id(samples): samples for samples in sets.values()}.values():
            for seed in lab.missing(samples, [seed for seed, its in sets.items() if its is samples]):
                by_seeds.setdefault(len(sets), {})[f"{name}, seed {seed}"] = (lab.root, lab.params, lab.items, lab.other_base, sets, seed)
    largest = max((read_pin(lab.base).parameters for lab, _ in wanted.values()), default=0)
    for together, tasks in by_seeds.items():
        for _ in spread(partial(_one_of, tasks), list(tasks), parameters=largest, what="trial", together=together):
            pass
    return sum(map(len, by_seeds.values()))


def _one_of(tasks: Mapping[str, _Task], name: str) -> None:
    _alone(*tasks[name])


def _alone(
    root: Path, params: Params, items: Sequence[Item], base: Path | None, samples: Mapping[int, Sequence[Sample]], seed: int
) -> Trial:
    return Laboratory(root, seeds=(seed,), params=params, items=items, base=base).run(samples[seed])


def _score(
    base: Path, adapters: Mapping[str, Path], items: Sequence[Item], suite: Sequence[Item], params: EvaluateParams, name: str
) -> Scored:
    return score_model(base, adapters[name], name, items, suite, params)
