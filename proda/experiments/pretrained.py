"""The whole loop on an existing model: scored, tuned on the samples of some disciplines, diagnosed, repaired, and scored after each step.

    plan = plan_pretrained(repo, Path("scripts/pretrained.yaml"), items, frozenset({"physics", "chemistry"}))
    document = run_pretrained(plan)         # the content of pretrained.json

The first tuning reads the corpus alone: patches in samples/patches repaired other models. The base and the tuned models answer with and
without the stem. Then the models are diagnosed and repaired (proda/experiments/pretrained_loop.py). Callers pass dev and twin items
(ASKED). Everything long is kept: adapters in build/cache/train (with checkpoints), scores in build/cache/questions and
build/cache/trials. A run that was killed continues where it stopped, and a second run only loads what is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from proda.errors import EmptyBenchmarkError, NotFoundError, ParamsError, counted
from proda.experiments.estimate_text import duration
from proda.experiments.stem_effect import gains_of_tuning, stem_effects
from proda.history.provenance import provenance
from proda.history.repository import Repository
from proda.params import Params, load_params, with_settings
from proda.records import Item, Outcome, Sample, Split
from proda.stable_hash import by_weight
from proda.store.corpus import load_corpus
from proda.store.run_record import versions
from proda.store.suite import load_suites
from proda.workflows.kept_scores import TunedFolder, stem_outcomes
from proda.workflows.portion import described, part, portion

if TYPE_CHECKING:
    from proda.compiler.train import SeedRun

CACHE = Path("build/cache")
BASE = Path("build/pretrained/base")
ASKED: tuple[Split, ...] = ("dev", "twin")


class PretrainedPlan(NamedTuple):
    """What a run reads. The samples and items are those of the chosen disciplines, or `limit` of each, drawn by a hash of their ids."""

    root: Path
    params: Params
    chosen: frozenset[str] | None  # disciplines; None: all
    changes: tuple[str, ...]  # NAME=VALUE of parameters
    limit: int | None
    samples: list[Sample]
    items: list[Item]
    suites: dict[str, list[Item]]  # general suites, asked before and after repair; none without a repair
    repair: bool  # diagnose and repair the tuned models


def plan_pretrained(
    repo: Repository,
    settings: Path,
    items: Sequence[Item],
    chosen: frozenset[str] | None,
    *,
    changes: Sequence[str] = (),
    limit: int | None = None,
    base: str | None = None,
    repair: bool = True,
) -> PretrainedPlan:
    """Return the plan for the parameters in the file `settings`, with `changes` applied and `base` as model.base if it is given.

    Of `items`, those that rest on the chosen disciplines alone are asked. Without `repair` the run ends after the first tuning. Trains
    nothing.

    A draw with a larger limit contains the draw with a smaller one, so scores are used again. Raises ParamsError unless scoring is by
    log-likelihood, the one that can leave the stem out, EmptyBenchmarkError without items, and NotFoundError without a general suite.
    """
    params = with_settings(load_params(settings), changes)
    if params.evaluate.scoring != "loglikelihood":
        raise ParamsError(f"{settings}  evaluate.scoring\n  Got {params.evaluate.scoring}, expected loglikelihood: letters need the stem.")
    if base is not None:
        params = msgspec.structs.replace(params, model=msgspec.structs.replace(params.model, base=base))
    samples, asked = part(load_corpus(repo.root), items, chosen, repo.knowledge)
    if not asked:
        raise EmptyBenchmarkError("benchmarks/items\n  There are no dev or twin items of these disciplines. Choose others.")
    if limit is not None:
        drawn = {s.id for s in by_weight(samples, "pretrained", name=lambda s: s.id)[:limit]}
        shown = {i.id for i in by_weight(asked, "pretrained", name=lambda i: i.id)[:limit]}
        samples, asked = [s for s in samples if s.id in drawn], [i for i in asked if i.id in shown]
    suites = load_suites(repo.root, params.evaluate.general) if repair else {}
    return PretrainedPlan(repo.root, params, chosen, tuple(changes), limit, samples, asked, suites, repair)


def run_pretrained(plan: PretrainedPlan, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Pin the base that `model.base` names, score, tune, score again, diagnose and repair; return the content of pretrained.json.

    A path in `model.base` is relative to the repository. `tell` receives a line after each stage. Raises what loading and training raise.
    """
    from proda.compiler.base import make_base
    from proda.compiler.train import corpus_documents, train_seeds

    root, params = plan.root, plan.params
    name = params.model.base
    inside = root / name
    model = msgspec.structs.replace(params.model, base=str(inside) if inside.is_dir() else name)
    base, cache = root / BASE, root / CACHE
    pin, _ = make_base(model, [], base, cache=cache, prompt=params.train.prompt)
    tell(f"Base: {name}, {pin.architecture}, {pin.parameters / 1e6:.1f} million parameters, {pin.hash[:12]}")
    batch = params.evaluate.batch_tokens
    seen, unseen = stem_outcomes(base, None, plan.items, cache=cache, batch_tokens=batch)
    tell(f"The base has answered {counted(len(plan.items), 'item')} with and without the stem.")
    runs = train_seeds(base, corpus_documents(plan.samples), [], params.train, None, cache=cache)
    tell(f"Trained on {counted(len(plan.samples), 'sample')}, {counted(params.train.epochs, 'epoch')}: {_training(runs)}.")
    for run in runs:
        adapter = TunedFolder(cache / "train" / run.inputs / f"seed-{run.seed}" / "adapter", run.adapter)
        with_stem, without_stem = stem_outcomes(base, adapter, plan.items, cache=cache, batch_tokens=batch, name=f"seed-{run.seed}")
        seen, unseen = [*seen, *with_stem], [*unseen, *without_stem]
    found = provenance(root)
    return {
        **described(plan.chosen, plan.changes),
        "limit": plan.limit,
        "commit": found.commit,
        "dirty": found.dirty,
        "versions": versions(),
        "base": {"hash": pin.hash, "architecture": pin.architecture, "parameters": pin.parameters},
        "train": msgspec.to_builtins(params.train),
        "samples": len(plan.samples),
        "items": dict(Counter(item.split for item in plan.items)),
        "unscored": sum(o.correct is None for o in [*seen, *unseen]),
        "seeds": {str(run.seed): _seed(run) for run in runs},
        **_results(seen, unseen, params.evaluate.bootstrap),
        "repair": _repaired(plan, base, tell) if plan.repair else None,
    }


def _repaired(plan: PretrainedPlan, base: Path, tell: Callable[[str], None]) -> dict[str, Any] | None:
    """What diagnosis and repair give; None if no diagnosis blames a node, as after training on a few samples."""
    from proda.experiments.pretrained_loop import LoopPlan, run_loop

    knowledge = Repository.open(plan.root).knowledge
    here = knowledge if plan.chosen is None else portion(knowledge, plan.chosen)
    try:
        return run_loop(LoopPlan(plan.root, base, plan.params, here, plan.samples, plan.items, plan.suites), tell)
    except NotFoundError as error:
        tell(f"Nothing is repaired. {error}")
        return None


def _results(seen: Sequence[Outcome], unseen: Sequence[Outcome], resamples: int) -> dict[str, Any]:
    rows = stem_effects(seen, unseen, resamples=resamples)
    return {"rows": msgspec.to_builtins(rows), "tuning": gains_of_tuning(seen, resamples=resamples)}


def _seed(run: SeedRun) -> dict[str, Any]:
    """What is recorded of a training. `seconds` are those since its last resumption."""
    return {"tokens": run.tokens, "seconds": run.seconds, "loss": round(run.curve[-1].loss, 4), "inputs": run.inputs}


def _training(runs: Sequence[SeedRun]) -> str:
    return ", ".join(
        f"seed {run.seed} {run.tokens:,} tokens{f' in {duration(run.seconds)}' if run.fresh else ', kept from an earlier run'}"
        for run in runs
    )
