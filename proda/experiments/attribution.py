"""Attribution of one round: chooses the round and its patches, plans the trials, runs them, and writes the verdicts.

    items = judging_items(root)
    planned = plan_attribution(repo, items, number=None, wanted=(), seeds=None, hours=2.0)
    planned.plan.text()                                   # trials, trainings, duration
    result = run_attribution(planned, out=None)           # trains what is not in build/cache
    result.verdicts, result.path

The training seeds must not be those of params.yaml. The patches were written for failures on those seeds, which would favour the patches.
Sealed items are not read.

Verdicts on all disciplines with the parameters of params.yaml are about the committed models and go to benchmarks/verdicts. Verdicts on
some disciplines, or with other parameters, prove nothing about the committed models and go to a separate file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from proda.errors import EmptyBenchmarkError, NotFoundError, UsageError
from proda.experiments.pace import last_build
from proda.experiments.patch_verdicts import MOST_SINGLE, PROOF_SEEDS, AttributionCase
from proda.experiments.planned_trainings import Bench, TrialPlan, mixed
from proda.history.repository import Repository
from proda.params import load_params, with_settings
from proda.records import Item, Patch, Split
from proda.store.corpus import CORPUS, PATCHES, load_corpus
from proda.store.edit_lock import editing
from proda.store.files import write_file
from proda.store.items import load_items
from proda.store.patches import load_patches
from proda.store.suite import SUITE
from proda.store.verdicts import write_verdict
from proda.workflows.portion import described, part
from proda.workflows.trials import Laboratory

SPLITS: tuple[Split, ...] = ("dev", "twin")  # sealed items judge rounds; they may not decide about single patches
NEEDS = (Path("build/base"), Path("build/curriculum"), SUITE, CORPUS)
ELSEWHERE = Path("build/attribute/attribution.json")  # verdicts that are not about the committed models


class PlannedAttribution(NamedTuple):
    """The trials of a round, ready to run."""

    root: Path
    bench: Bench
    plan: TrialPlan
    options: dict[str, Any]  # disciplines and parameters, as they are recorded
    committed: bool  # the verdicts are about the committed models


class AttributionResult(NamedTuple):
    """What attribution found, and where it was written."""

    document: dict[str, Any]
    verdicts: list[dict[str, Any]]
    kept: list[str]  # patches whose earlier verdict stays, because it rests on more seeds
    path: Path | None  # the file of verdicts that are not about the committed models
    stopped: str  # why trials are missing; empty if none is


def judging_items(root: Path) -> list[Item]:
    """Returns the dev and twin items. Raises EmptyBenchmarkError if there are none."""
    items = load_items(root, SPLITS, only=frozenset(SPLITS))
    if not items:
        raise EmptyBenchmarkError(
            "benchmarks/items\n  There are no dev and no twin items, so no trial can be judged. Run `dvc repro benchmark`."
        )
    return items


def fresh_seeds(trained: Sequence[int], count: int = PROOF_SEEDS) -> tuple[int, ...]:
    """Returns the `count` seeds after the largest of the seeds that the stage `train` uses."""
    first = max(trained, default=-1) + 1
    return tuple(range(first, first + count))


def judging_seeds(trained: Sequence[int], seeds: Sequence[int] | None) -> tuple[int, ...]:
    """Returns `seeds`, or five fresh ones if None. Raises UsageError if the stage `train` uses one of them."""
    if seeds is None:
        return fresh_seeds(trained)
    if used := sorted(set(seeds) & set(trained)):
        raise UsageError(
            f"--seeds: {', '.join(map(str, used))} are used by the build (train.seeds in params.yaml). The patches were written"
            f" for failures on these seeds, which would favour the patches. Use others, such as {','.join(map(str, fresh_seeds(trained)))}."
        )
    return tuple(seeds)


def plan_attribution(
    repo: Repository,
    items: Sequence[Item],
    *,
    number: int | None,
    wanted: Sequence[str],
    seeds: Sequence[int] | None,
    hours: float,
    chosen: Collection[str] | None = None,
    changes: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> PlannedAttribution:
    """Plans the trials of round `number` (None: the last). Trains nothing.

    `wanted` are the ids of the patches to judge (empty: all), `seeds` the training seeds (None: five that the build does not use), `hours`
    the time limit, `chosen` the disciplines (None: all), `changes` parameters as NAME=VALUE. `tell` receives progress messages.

    Raises NotFoundError for an unknown patch or an empty round, and UsageError for patches of several rounds or of other disciplines, for
    seeds of the build, and for an unknown parameter.
    """
    root = repo.root
    committed = load_params(root / "params.yaml")
    params = with_settings(committed, changes)
    case = choose_round(repo, number, wanted, part((), items, chosen, repo.knowledge)[1], chosen)
    lab = Laboratory(root, seeds=judging_seeds(committed.train.seeds, seeds), params=params, items=case.items)
    bench = Bench(lab, case, mixed(load_corpus(root), load_patches(root), params, chosen), hours, tell=tell)
    is_committed = chosen is None and not changes
    samples = len(bench.samples(frozenset()))
    pace = _seconds_per_training(repo, samples, params.train.epochs / committed.train.epochs, is_committed)
    return PlannedAttribution(root, bench, bench.plan(pace), described(chosen, changes), is_committed)


def run_attribution(planned: PlannedAttribution, out: Path | None) -> AttributionResult:
    """Runs the trials until the time is up and writes the verdicts on those that are complete.

    `out` is the file for verdicts that are not about the committed models (None: ELSEWHERE). Raises NotFoundError if something that every
    trial needs has not been built.
    """
    root, bench = planned.root, planned.bench
    require_build(root)
    verdicts = bench.verdicts()
    document: dict[str, Any] = {"round": planned.plan.round, "stopped": bench.stopped}
    if not planned.committed:
        document = {**document, **planned.options, "verdicts": verdicts}
        path = out or root / ELSEWHERE
        write_file(path, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
        return AttributionResult(document, verdicts, [], path, bench.stopped)
    with editing(root, "proda attribute"):
        kept = [v["patch"] for v in verdicts if not write_verdict(root, v)]
    return AttributionResult({**document, "kept": kept, "verdicts": verdicts}, verdicts, kept, None, bench.stopped)


def require_build(root: Path) -> None:
    """Raises NotFoundError unless everything that a trial needs has been built."""
    if absent := [path.as_posix() for path in NEEDS if not (root / path).exists()]:
        raise NotFoundError(f"{', '.join(absent)}\n  Missing, but every trial needs it. Run `dvc repro guard base` first.")


def choose_round(
    repo: Repository, number: int | None, wanted: Sequence[str], items: Sequence[Item], chosen: Collection[str] | None
) -> AttributionCase:
    """Returns the round and the patches to judge. With `chosen`, only the patches whose first node is of a chosen discipline count."""
    patches = load_patches(repo.root)
    known = {p.id: p for p in patches}
    if unknown := [name for name in wanted if name not in known]:
        raise NotFoundError(f"{PATCHES}\n  There is no patch '{unknown[0]}'. `ls {PATCHES}` lists the patches.")
    rounds = {known[name].round for name in wanted} | ({number} if number else set())
    if len(rounds) > 1:
        several = ", ".join(map(str, sorted(rounds)))
        raise UsageError(f"Patches of rounds {several}: patches are attributed within one round. Ask for one round at a time.")
    this = min(rounds) if rounds else max((p.round for p in patches), default=0)
    every = [p for p in patches if p.round == this]
    if not every:
        raise NotFoundError(f"{PATCHES}\n  There is no patch of round {this}, so nothing can be attributed. `proda repair` writes patches.")
    mine = tuple(p for p in every if chosen is None or _discipline(repo, p) in chosen)
    if not mine:
        there = ", ".join(sorted({_discipline(repo, p) for p in every}))
        raise NotFoundError(f"--disciplines: no patch of round {this} teaches {', '.join(sorted(chosen or ()))}. They teach {there}.")
    asked = tuple(p.id for p in mine if not wanted or p.id in wanted)
    if lost := [name for name in wanted if name not in asked]:
        raise UsageError(
            f"--patch {lost[0]}: it teaches {_discipline(repo, known[lost[0]])}, which is not among --disciplines. Add it there."
        )
    return AttributionCase(mine, tuple(items), asked, _topics(repo, mine) if len(asked) > MOST_SINGLE else {})


def _discipline(repo: Repository, patch: Patch) -> str:
    """The discipline of the first target, or of the patch's samples if the target no longer exists."""
    try:
        return str(repo.knowledge.node(next(iter(patch.targets), "")).discipline)
    except NotFoundError:
        return next((s.discipline for s in patch.samples), "")


def _topics(repo: Repository, patches: Sequence[Patch]) -> Mapping[str, str]:
    """Maps each patch to discipline and topic of its first node, or to the discipline if the node no longer exists."""
    found = {}
    for patch in patches:
        target = patch.targets[0] if patch.targets else ""
        try:
            node = repo.knowledge.node(target)
            found[patch.id] = f"{node.discipline}/{node.topic}"
        except NotFoundError:
            found[patch.id] = _discipline(repo, patch)
    return found


def _seconds_per_training(repo: Repository, samples: int, epochs: float, committed: bool) -> float | None:
    """Seconds to train on `samples` for `epochs` times the build's epochs and to score, by the last build; None if unknown.

    If the last build left no record, and the models are trained as the committed ones, returns the mean over the trainings in the cache.
    """
    if pace := last_build(repo.result("run.json")):
        return pace.seconds(samples, epochs)
    kept = [s for p in (repo.root / "build/cache/train").glob("*/seed-*/run.json") if (s := _seconds(p)) is not None]
    return sum(kept) / len(kept) if kept and committed else None


def _seconds(path: Path) -> float | None:
    """The duration that the cache records for a training; None if the file is damaged."""
    try:
        return float(msgspec.json.decode(path.read_bytes())["seconds"])
    except (OSError, msgspec.DecodeError, KeyError, TypeError, ValueError):
        return None
