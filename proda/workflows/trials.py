"""What if the samples were others? The same base, tuned on them and scored: the experiments behind `attribute`, `study` and `drill`.

    lab = Laboratory(Path("."), seeds=(0, 1, 2))
    trial = lab.run(samples)                    # trains what is not in the cache, then scores it
    trial.outcomes, trial.general               # as the stage `evaluate` has them; the general suite's accuracy of each seed
    lab.run_each({0: samples, 1: others})       # every seed on samples of its own
    lab.prober(trial).answers(probes)           # what its models know
    lab.missing(samples)                        # (0, 2): the seeds that `run` would have to train

The base, the parameters and the items are the repository's; only the samples differ. A trial is kept under the hash of everything that
went into it (build/cache/train, build/cache/trials), so a run that was killed goes on where it stood, and asking twice costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from proda.params import EvaluateParams, Params, load_params
from proda.records import SPLITS, Item, Outcome, Record, Sample, Split, content_hash
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.suite import load_suite

if TYPE_CHECKING:
    from proda.workflows.prober import Prober

CACHE = Path("build/cache")


class Trial(Record, frozen=True):
    """What came of one set of samples."""

    inputs: str  # hash of everything that training read
    outcomes: tuple[Outcome, ...]  # of the models "seed-0", …, in order of seed and item
    general: dict[str, float]  # model → accuracy on the general suite
    seconds: dict[str, float]  # model → how long its training took, when it was trained
    adapters: dict[str, str]  # model → folder of its adapter, relative to the repository


class Laboratory:
    """Trials on one repository, scored on its items of `splits` and no others, or on `items`."""

    def __init__(
        self,
        root: Path,
        *,
        seeds: Sequence[int],
        params: Params | None = None,
        splits: Sequence[Split] = SPLITS,
        items: Sequence[Item] | None = None,
    ) -> None:
        self.root = root
        self.seeds = tuple(seeds)
        found = params or load_params(root / "params.yaml")
        self.params = msgspec.structs.replace(found, train=msgspec.structs.replace(found.train, seeds=self.seeds))
        self.items = list(items) if items is not None else load_items(root, tuple(splits), only=frozenset(splits))

    @cached_property
    def suite(self) -> list[Item]:
        """The general suite. Raises NotFoundError where it was not built."""
        return load_suite(self.root)

    @cached_property
    def _texts(self) -> tuple[list[Any], list[Any]]:
        """What the base was taught questions about, and what is replayed."""
        from proda.compiler.packing import load_documents

        curriculum = self.root / "build/curriculum"
        taught = [d for d in load_documents(curriculum / "documents.jsonl") if d.prompt]
        return taught, load_documents(curriculum / "replay.jsonl")

    def run(self, samples: Sequence[Sample]) -> Trial:
        """Train every seed that is not in the cache, score what is not scored. Raises what training raises."""
        from proda.compiler.train import corpus_documents, train_seeds

        taught, replay = self._texts
        corpus = corpus_documents(samples)
        runs = train_seeds(self.base, corpus, replay, self.params.train, None, cache=self.root / CACHE, known=taught)
        folders = {f"seed-{run.seed}": CACHE / "train" / run.inputs / f"seed-{run.seed}" / "adapter" for run in runs}
        scored = self._scored(runs[0].inputs, folders)
        return Trial(
            runs[0].inputs,
            tuple(o for name in folders for o in scored[name].outcomes),
            {name: scored[name].general[name] for name in folders},
            {f"seed-{run.seed}": run.seconds for run in runs},
            {name: folder.as_posix() for name, folder in folders.items()},
        )

    def run_each(self, samples: Mapping[int, Sequence[Sample]]) -> Trial:
        """As `run`, every seed on samples of its own. Its `inputs` is a hash of theirs."""
        from proda.compiler.base import read_pin
        from proda.runtime.parallel import spread

        work = partial(_alone, self.root, self.params, self.items, samples)
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
        """The seeds (all, or these) whose training on these samples is not in the cache."""
        from proda.compiler.train import corpus_documents, untrained

        taught, replay = self._texts
        params = msgspec.structs.replace(self.params.train, seeds=self.seeds if seeds is None else tuple(seeds))
        return untrained(self.base, corpus_documents(samples), replay, params, cache=self.root / CACHE, known=taught)

    @property
    def base(self) -> Path:
        """The folder of the base."""
        return self.root / "build/base"

    def prober(self, trial: Trial) -> Prober:
        """What asks the trial's models."""
        from proda.workflows.prober import Prober

        adapters = {model: self.root / folder for model, folder in trial.adapters.items()}
        return Prober(self.base, adapters, batch_tokens=self.params.evaluate.batch_tokens, cache=self.root / CACHE)

    def _scored(self, inputs: str, folders: Mapping[str, Path]) -> dict[str, Trial]:
        """Each model's outcomes, from the cache if these items were scored before."""
        from proda.compiler.base import read_pin
        from proda.runtime.parallel import spread
        from proda.tester.scoring import SCORING

        asked = content_hash([SCORING, [i.content_hash for i in self.items], [i.content_hash for i in self.suite], self.params.evaluate])
        paths = {name: self.root / CACHE / "trials" / inputs / f"{name}-{asked}.json" for name in folders}
        adapters = {name: self.root / folder for name, folder in folders.items() if not paths[name].is_file()}
        work = partial(_score, inputs, self.base, adapters, self.items, self.suite, self.params.evaluate)
        for name, trial in spread(work, list(adapters), parameters=read_pin(self.base).parameters, what="score"):
            write_file(paths[name], msgspec.json.encode(trial))
        return {name: msgspec.json.decode(path.read_bytes(), type=Trial) for name, path in paths.items()}


def _alone(root: Path, params: Params, items: Sequence[Item], samples: Mapping[int, Sequence[Sample]], seed: int) -> Trial:
    return Laboratory(root, seeds=(seed,), params=params, items=items).run(samples[seed])


def _score(
    inputs: str, base: Path, adapters: Mapping[str, Path], items: Sequence[Item], suite: Sequence[Item], params: EvaluateParams, name: str
) -> Trial:
    from proda.compiler.adapter import load_tuned
    from proda.progress import Progress
    from proda.statistics import accuracy
    from proda.tester.evaluate import score

    model, tokenizer = load_tuned(base, adapters[name])
    with Progress(f"score {name}", len(items) + len(suite), "items") as progress:
        outcomes = score(model, tokenizer, items, name, params, progress.advance)
        general = score(model, tokenizer, suite, name, params, progress.advance)
    return Trial(inputs, tuple(outcomes), {name: accuracy(general)}, {}, {})
