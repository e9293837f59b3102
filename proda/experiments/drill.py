"""Plants faults in a copy of samples and items, trains with them, diagnoses the models, and counts what is found.

    plan = plan_drill(repo, dev_items(repo.root), chosen=None, changes=(), sites=8, seed=0)
    plan.faults                                   # what will be planted
    plan.warnings()                               # too few sites, or too few chains left without a fault
    result = run_drill(plan, seeds=(0, 1, 2))     # trains what is not in build/cache
    result.document, result.counts.macro_f1

Each seed is trained twice, with the faults and without them. The second training shows which items fail without faults too. Reads dev items
only. Trainings, scores and answers are kept in build/cache, so an interrupted run continues where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from proda.errors import EmptyBenchmarkError, NotFoundError
from proda.experiments.drill_counts import DrillCounts, Flags, count, flags, probed_nodes
from proda.experiments.faults import KINDS, PlantedFault, chains_of, draw_faults, plant
from proda.history.repository import Repository
from proda.params import Params, load_params, with_settings
from proda.records import Item, Outcome, Sample
from proda.statistics import most
from proda.store.items import load_items
from proda.store.patches import load_samples
from proda.workflows.portion import described, part, portion
from proda.workflows.trials import Laboratory, Trial, ahead

if TYPE_CHECKING:
    from proda.graph import Knowledge


class DrillPlan(NamedTuple):
    """The faults, and the knowledge, samples and items that they are planted in."""

    root: Path
    params: Params
    knowledge: Knowledge
    samples: list[Sample]
    items: list[Item]  # dev
    faults: list[PlantedFault]
    options: dict[str, Any]  # as they are recorded in the result

    def warnings(self) -> Iterator[str]:
        """Yields a message for each kind with fewer faults than sites, and one if more than half of the chains have a fault."""
        sites, drawn = self.options["sites"], Counter(f.kind for f in self.faults)
        for kind in KINDS:
            if drawn[kind] < sites:
                yield f"{kind}: {drawn[kind]} of {sites} sites. No other chain with dev items fits this kind of fault."
        chains = {c for i in self.items for c in chains_of(self.knowledge, i)}
        touched = chains.intersection(c for f in self.faults for c in f.chains)
        if most(len(touched), len(chains)):
            yield (
                f"The faults touch {len(touched)} of the {len(chains)} chains that have items. Few chains are left as a control group, so"
                " diagnoses are less reliable. Use fewer --sites or more --disciplines."
            )


class DrillResult(NamedTuple):
    """What a drill found; `document` is the content of drill.json."""

    document: dict[str, Any]
    counts: DrillCounts
    flagged: dict[str, dict[str, Flags]]  # group of nodes → kind of probe → flagged nodes


def dev_items(root: Path) -> list[Item]:
    """Returns the dev items. Raises EmptyBenchmarkError if there are none."""
    items = load_items(root, ("dev",), only=frozenset({"dev"}))
    if not items:
        raise EmptyBenchmarkError("benchmarks/items/dev\n  There are no dev items, so no fault can show. Run `dvc repro benchmark` first.")
    return items


def plan_drill(
    repo: Repository, items: Sequence[Item], *, chosen: Collection[str] | None, changes: Sequence[str], sites: int, seed: int
) -> DrillPlan:
    """Draws `sites` faults of each kind in the chosen disciplines (None: all). Trains nothing.

    `changes` are parameters as NAME=VALUE; `seed` selects the draw. Deterministic. Raises NotFoundError if no fault can be planted, and
    UsageError for an unknown parameter.
    """
    params = with_settings(load_params(repo.root / "params.yaml"), changes)
    samples, asked = part(load_samples(repo.root), items, chosen, repo.knowledge)
    knowledge = repo.knowledge if chosen is None else portion(repo.knowledge, chosen)
    faults = draw_faults(knowledge, samples, asked, sites=sites, seed=seed)
    if not faults:
        raise NotFoundError(
            "samples/corpus\n  No chain has both samples and dev items, so no fault can be planted. Run `dvc repro synthesize` first."
        )
    options = {"sites": sites, "seed": seed, **described(chosen, changes)}
    return DrillPlan(repo.root, params, knowledge, samples, asked, faults, options)


def run_drill(plan: DrillPlan, seeds: Sequence[int], tell: Callable[[str], None] = lambda _: None) -> DrillResult:
    """Trains with and without the faults, diagnoses the former, and counts. `tell` receives progress messages.

    Raises NotFoundError if there is no base to train.
    """
    from proda.debugger.diagnose import failures

    root, params, knowledge, samples, items, faults, options = plan
    planted, asked = plant(knowledge, samples, items, faults)
    faulty, sound = (Laboratory(root, seeds=seeds, params=params, items=i) for i in (asked, items))
    trainings = len(faulty.missing(planted)) + len(sound.missing(samples))
    tell(f"{len(faults)} faults; {trainings} of {2 * len(seeds)} trainings are not in the cache.")
    ahead({"with faults": (faulty, dict.fromkeys(seeds, planted)), "without faults": (sound, dict.fromkeys(seeds, samples))})
    with_faults, without = faulty.run(planted), sound.run(samples)
    prober = faulty.prober(with_faults)
    found = prober.examined(knowledge, asked, with_faults.outcomes, planted)
    diagnoses, noticed = found.diagnoses, found.noticed
    lacking = {e.node for e in sound.prober(without).examined(knowledge, items, without.outcomes, samples).noticed}
    failed_anyway = failures(items, without.outcomes)
    chain_of = {s.id: s.chain for s in knowledge.statements.values()}
    counts = count(faults, diagnoses, noticed, failed_anyway, lacking, chain_of=chain_of, rests_on={i.id: i.statements for i in items})
    groups = probed_nodes(knowledge, items, faults)
    flagged = flags(groups, prober.answers([p for probes in groups.values() for p in probes]))
    before = {s.id: s for s in samples}
    document = {
        **options,
        "seeds": list(seeds),
        "samples": {
            "all": len(samples),
            "removed": len(samples) - len(planted),
            "reworded": sum(before[s.id] != s for s in planted),
        },
        "with_faults": _summary(with_faults, sum(bool(d.failed_by) for d in diagnoses)),
        "without": _summary(without, len(failed_anyway)),
        "tally": msgspec.to_builtins(counts),
        "probes": msgspec.to_builtins(flagged),
    }
    return DrillResult(document, counts, flagged)


def _summary(trial: Trial, failed: int) -> dict[str, Any]:
    return {"inputs": trial.inputs, "accuracy": round(_accuracy(trial.outcomes), 4), "failed_by_most_seeds": failed}


def _accuracy(outcomes: Sequence[Outcome]) -> float:
    """Share of correct answers; an answer that could not be read counts as wrong."""
    return sum(o.correct is True for o in outcomes) / max(1, len(outcomes))
