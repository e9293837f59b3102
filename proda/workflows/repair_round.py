"""Diagnoses → the patches of a repair round: the builder's samples for the nodes that the debugger blames.

    patches = plan_here(Path("."), load_diagnoses(Path(".")), number=3, per_error=20)

Nothing is written here; `proda repair` commits the patches.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from proda.gitrepo import NoRepositoryError, open_git
from proda.graph import Knowledge
from proda.history.repository import Repository
from proda.history.rounds import reallocations
from proda.params import Params, load_params
from proda.records import Diagnosis, Evidence, Item, Patch, Sample
from proda.store.corpus import load_corpus
from proda.store.diagnoses import load_noticed
from proda.store.items import load_items
from proda.store.patches import load_patches, untouched
from proda.store.run_record import read_run

PER_ERROR = 20  # samples, as in the paper's third phase
ROUND_ORDINALS = 1000  # samples of round n are numbered from n · 1000: a corpus has no unit with so many


def plan(
    knowledge: Knowledge,
    params: Params,
    items: Sequence[Item],
    samples: Sequence[Sample],
    diagnoses: Sequence[Diagnosis],
    noticed: Sequence[Evidence],
    number: int,
    per_error: int,
    most: int | None = None,
) -> list[Patch]:
    """The round's patches: the builder's samples for the debugger's targets. `items` are of dev; a patch may touch `samples`."""
    from proda.builder.extra import extra_samples, worded_again
    from proda.debugger.repair import plan_repairs
    from proda.language.read_samples import Reader, contradictions

    conflicts = {node for d in diagnoses if d.category == "data conflict" for node in d.nodes}
    conflicts |= {e.node for e in noticed if e.probe == "data"}
    reader = Reader(knowledge)

    def teach(node: str, count: int, contrast: Sequence[str], stepwise: bool, beside: Collection[str]) -> list[Sample]:
        start = number * ROUND_ORDINALS
        return extra_samples(knowledge, node, count, start=start, params=params, contrast=contrast, stepwise=stepwise, beside=beside)

    return plan_repairs(
        knowledge,
        items,
        diagnoses,
        noticed,
        number=number,
        per_error=per_error,
        most=most,
        teach=teach,
        reword=lambda sample: worded_again(knowledge, sample, params),
        conflicting={node: [s for s, _ in contradictions(reader, samples, node)] for node in sorted(conflicts)},
    )


def plan_here(root: Path, diagnoses: Sequence[Diagnosis], number: int, per_error: int) -> list[Patch]:
    """The round's patches for the repository as it stands, but for what the round has edited so far: the same however much is committed.

    What a patch brought, or touched, is reverted, not removed: the corpus that no earlier round has touched is all that is looked at.
    """
    from proda.debugger.distinctions import before_edits

    patches = load_patches(root)
    knowledge = before_edits(Repository.open(root).knowledge, (p for p in patches if p.round == number))
    corpus = untouched(load_corpus(root), (p for p in patches if p.round < number))
    items = load_items(root, ("dev",), only=frozenset({"dev"}))
    return plan(knowledge, load_params(root / "params.yaml"), items, corpus, diagnoses, load_noticed(root), number, per_error)


def round_here(root: Path) -> int:
    """The branch's own round where it is a repair branch, so that a run that was killed goes on; else one more than the last on record."""
    try:
        found = re.fullmatch(r"repair/round-([1-9][0-9]*)", open_git(root).active_branch.name)
        if found:
            return int(found[1])
    except (NoRepositoryError, TypeError):  # TypeError: HEAD is detached
        pass
    return 1 + max([*(p.round for p in load_patches(root)), *reallocations(root)], default=0)


def run_id(root: Path) -> str:
    """The MLflow run that benchmarks/results/run.json names; empty if there is none."""
    return str(read_run(root).get("run_id") or "")
