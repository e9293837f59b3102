"""An existing model, tuned on the samples of some disciplines, scored with and without the stem before and after.

    plan = plan_pretrained(repo, Path("scripts/pretrained.yaml"), items, frozenset({"physics", "chemistry"}))
    document = run_pretrained(plan)         # the content of pretrained.json

Callers pass dev and twin items (ASKED). Everything long is kept: the adapter in build/cache/train (with checkpoints),
scores in build/cache/questions. A run that was killed continues where it stopped, and a second run only loads what is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from proda.errors import EmptyBenchmarkError, ParamsError
from proda.experiments.estimate_text import duration, many
from proda.experiments.stem_effect import gains_of_tuning, stem_effects
from proda.history.provenance import provenance
from proda.history.repository import Repository
from proda.params import Params, load_params, with_settings
from proda.records import Item, Outcome, Sample, Split
from proda.stable_hash import by_weight
from proda.store.patches import load_samples
from proda.store.run_record import versions
from proda.workflows.kept_scores import TunedFolder, stem_outcomes
from proda.workflows.portion import described, part

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


def plan_pretrained(
    repo: Repository,
    settings: Path,
    items: Sequence[Item],
    chosen: frozenset[str] | None,
    *,
    changes: Sequence[str] = (),
    limit: int | None = None,
    base: str | None = None,
) -> PretrainedPlan:
    """Return the plan for the parameters in the file `settings`, with `changes` applied and `base` as model.base if it is given.

    Of `items`, those that rest on the chosen disciplines alone are asked. Trains nothing.

    A draw with a larger limit contains the draw with a smaller one, so scores are used again. Raises ParamsError unless scoring is by
    log-likelihood, the one that can leave the stem out, and EmptyBenchmarkError without items.
    """
    params = with_settings(load_params(settings), changes)
    if params.evaluate.scoring != "loglikelihood":
        raise ParamsError(f"{settings}  evaluate.scoring\n  Got {params.evaluate.scoring}, expected loglikelihood: letters need the stem.")
    if base is not None:
        params = msgspec.structs.replace(params, model=msgspec.structs.replace(params.model, base=base))
    samples, asked = part(load_samples(repo.root), items, chosen, repo.knowledge)
    if not asked:
        raise EmptyBenchmarkError("benchmarks/items\n  There are no dev or twin items of these disciplines. Choose others.")
    if limit is not None:
        drawn = {s.id for s in by_weight(samples, "pretrained", name=lambda s: s.id)[:limit]}
        shown = {i.id for i in by_weight(asked, "pretrained", name=lambda i: i.id)[:limit]}
        samples, asked = [s for s in samples if s.id in drawn], [i for i in asked if i.id in shown]
    return PretrainedPlan(repo.root, params, chosen, tuple(changes), limit, samples, asked)


def run_pretrained(plan: PretrainedPlan, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Pin the base that `model.base` names, score it, tune it, score the tuned models, and return the content of pretrained.json.

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
    tell(f"The base has answered {many(len(plan.items), 'item')} with and without the stem.")
    runs = train_seeds(base, corpus_documents(plan.samples), [], params.train, None, cache=cache)
    tell(f"Trained on {many(len(plan.samples), 'sample')}, {many(params.train.epochs, 'epoch')}: {_training(runs)}.")
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
    }


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
