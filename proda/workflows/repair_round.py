"""Diagnoses → a round of repair: which patches it has, and the commits that hold them.

require_ready(root)                                   # GitError if the repository can take no commits
planned = plan_round(root, most=5)                    # PlannedRound(number=3, branch="repair/round-3", patches=(…), …)
commit_round(root, planned, done=print)               # one commit per patch, one per suspect item
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import msgspec

from proda.gitrepo import NoRepositoryError, file_text, open_git
from proda.graph import Knowledge
from proda.history.repository import Repository
from proda.history.rounds import reallocations
from proda.params import Params, load_params
from proda.records import Diagnosis, Evidence, Item, Patch, Record, Sample
from proda.store.corpus import PATCHES, load_corpus
from proda.store.diagnoses import load_diagnoses, load_noticed
from proda.store.items import load_items
from proda.store.json_results import read_result
from proda.store.patches import load_patches, named, untouched
from proda.store.run_record import RUN_RECORD
from proda.store.training_texts import Text, sample_text
from proda.store.verdicts import VERDICTS
from proda.workflows.leak_check import leak_check
from proda.yamlio import load_yaml_text

PER_ERROR = 20  # samples per failed item, as in the paper's third phase
ROUND_ORDINALS = 1000  # samples of round n are numbered from n · 1000; no unit of the corpus has as many samples


class PlannedRound(Record, frozen=True):
    """What `proda repair` commits."""

    number: int
    branch: str
    total: int  # patches that the diagnoses call for
    patches: tuple[Patch, ...]  # the first of them, as many as were asked for
    suspects: tuple[Diagnosis, ...]  # items to retire, unless a reviewer finds them right
    unexplained: int  # failed items that no patch is for
    leaking: int = 0  # samples that were left out because they would give an item away
    held: int = 0  # patches that were left out because the round has other patches for their nodes already
    joined: bool = False  # another branch is checked out, and the round's branch exists
    judged: bool = False  # patches are added to a round that has a verdict


def require_ready(root: Path) -> None:
    """Raise GitError if the repository can take no commits; changes that a killed repair left are allowed."""
    from proda.debugger.branch import ready
    from proda.debugger.commits import leftover
    from proda.knowledge.distinct import set_apart

    ready(root, leftover(root, set_apart))


def plan_round(root: Path, *, number: int | None = None, per_error: int = PER_ERROR, most: int | None = None) -> PlannedRound:
    """Plan the round for the repository as it is; write nothing. `number` defaults to `round_here`, `most` to all patches.

    A node that the round has a patch for, here or on its branch, gets no second one from other diagnoses or settings.

    Raises NotFoundError without diagnoses, InputError if they are malformed or stale.
    """
    from proda.debugger.repair import proposals

    diagnoses = load_diagnoses(root)
    this = number or round_here(root)
    every, leaking = without_leaks(root, plan_here(root, diagnoses, this, per_error))
    targets, joined, judged = _begun(root, this)
    others = {node for patch, nodes in targets.items() if patch not in {p.id for p in every} for node in nodes}
    patches = [p for p in every if p.id in targets or not others.intersection(p.targets)]
    chosen = tuple(patches[:most])
    unexplained = sum(d.category == "unexplained" for d in diagnoses)
    return PlannedRound(
        this, branch_of(this), len(patches), chosen, tuple(proposals(diagnoses)), unexplained, leaking,
        held=len(every) - len(patches), joined=joined, judged=judged and any(p.id not in targets for p in chosen),
    )  # fmt: skip


def _begun(root: Path, number: int) -> tuple[dict[str, tuple[str, ...]], bool, bool]:
    """Return what there is of a round, here and on its branch: its patches with their targets, and whether it has a verdict.

    The second value is whether its branch exists while another one is checked out.
    """
    targets = {patch.id: patch.targets for patch in load_patches(root) if patch.round == number}
    verdict = f"{VERDICTS.as_posix()}/round-{number}.yaml"
    judged = (root / verdict).is_file()
    try:
        repo = open_git(root)
        tip = next((head.commit for head in repo.heads if head.name == branch_of(number)), None)
        joined = tip is not None and (repo.head.is_detached or repo.active_branch.name != branch_of(number))
    except NoRepositoryError:
        return targets, False, judged
    if joined and tip is not None:
        pattern = f"{PATCHES.as_posix()}/{number}-"
        for name in repo.git.ls_tree("-r", "--name-only", tip.hexsha, "--", f"{PATCHES.as_posix()}/").splitlines():
            if name.startswith(pattern) and name.endswith(".yaml"):
                raw = load_yaml_text(file_text(tip, name) or "")
                targets[Path(name).stem] = tuple(map(str, raw.get("targets", ()))) if isinstance(raw, dict) else ()
        judged = judged or file_text(tip, verdict) is not None
    return targets, joined, judged


def commit_round(root: Path, planned: PlannedRound, done: Callable[[Patch, bool], None] = lambda *_: None) -> None:
    """Commit the patches and the retirements on the round's branch and stay there; `done` is called for each patch, with whether it is new.

    If a commit fails, branch and work tree are as before, and the commits before it stay on the round's branch. Raises GitError; InputError
    if a topic file or benchmarks/exceptions.yaml cannot be edited.
    """
    from proda.debugger.branch import or_back
    from proda.debugger.commits import commit_patches
    from proda.debugger.retire import commit_retirements
    from proda.knowledge.distinct import set_apart

    run = run_id(root)
    with or_back(open_git(root)):
        commit_patches(root, planned.patches, branch=planned.branch, run=run, edit=set_apart, done=done)
        commit_retirements(root, planned.suspects, branch=planned.branch, run=run)


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
    """Return the round's patches: samples by the builder for the nodes that the debugger blames.

    `items` are those of dev. Only `samples` may be removed or overridden. `most` limits the number of samples.
    """
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
    """Return the round's patches for the repository without the edits of this round, so that they are the same however many are committed.

    Only corpus samples that no earlier round touched may be removed or overridden: what a patch added or changed is undone by a revert.
    """
    from proda.debugger.distinctions import before_edits

    patches = load_patches(root)
    knowledge = before_edits(Repository.open(root).knowledge, (p for p in patches if p.round == number))
    corpus = untouched(load_corpus(root), (p for p in patches if p.round < number))
    items = load_items(root, ("dev",), only=frozenset({"dev"}))
    return plan(knowledge, load_params(root / "params.yaml"), items, corpus, diagnoses, load_noticed(root), number, per_error)


def without_leaks(root: Path, patches: Sequence[Patch]) -> tuple[list[Patch], int]:
    """Return the patches without the samples that would give an item away, and how many samples that leaves out.

    They are compared with the items of every split, as the stage `guard` does before training. A patch that is left with nothing to do is
    left out as well. Nothing else about twin and sealed items enters a repair.
    """
    texts = {sample.id: sample_text(sample) for patch in patches for sample in patch.samples}
    items = load_items(root)
    if not texts or not items:
        return list(patches), 0
    found = leak_check(
        Repository.open(root).knowledge, items, [Text(name, text) for name, text in texts.items()], load_params(root / "params.yaml").guard
    )
    leaking = {leak.where for leak in found.leaks}
    left = []
    for patch in patches:
        samples = tuple(sample for sample in patch.samples if sample.id not in leaking)
        if samples == patch.samples:
            left.append(patch)
        elif samples or patch.remove or patch.override or patch.edits:
            left.append(named(msgspec.structs.replace(patch, samples=samples)))
    return left, len(leaking)


def branch_of(number: int) -> str:
    """Return the name of the round's branch."""
    return f"repair/round-{number}"


def round_here(root: Path) -> int:
    """Return the number of the round to work on.

    On a repair branch it is that branch's round, so that a killed run is continued; elsewhere one more than the last round on record. A
    round of a teammate is on record where a remote has its branch, as far as this clone has fetched it.
    """
    elsewhere: list[int] = []
    try:
        repo = open_git(root)
        here = {head.name for head in repo.heads}
        remote = re.findall(r"^refs/remotes/.+/(repair/round-([1-9][0-9]*))$", repo.git.for_each_ref("--format=%(refname)"), re.MULTILINE)
        elsewhere = [int(number) for branch, number in remote if branch not in here]  # a branch that is here is continued
        found = re.fullmatch(r"repair/round-([1-9][0-9]*)", repo.active_branch.name)
        if found:
            return int(found[1])
    except (NoRepositoryError, TypeError):  # TypeError: HEAD is detached
        pass
    return 1 + max([*(p.round for p in load_patches(root)), *reallocations(root), *elsewhere], default=0)


def run_id(root: Path) -> str:
    """Return the MLflow run that benchmarks/results/run.json names; empty if there is none. Raises InputError if the file is malformed."""
    return str(read_result(root, RUN_RECORD.name).get("run_id") or "")
