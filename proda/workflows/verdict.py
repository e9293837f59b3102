"""Results before and after a round of repair → the verdict on the round: what `proda verify` prints and writes.

judged = judge_round(root)                    # the last round on record, against the commit before it
judged.verdict.says                           # "helps"
write_verdict_files(root, judged)             # benchmarks/verdicts/round-3.yaml, and a file for each patch that has none
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec

from proda.debugger.loss_change import LossChange, loss_change
from proda.debugger.reverts import Harmful, harmful
from proda.debugger.verify import Verdict, judge
from proda.errors import InputError, NotFoundError
from proda.history.repository import Repository
from proda.history.rounds import before_round, reallocations
from proda.records import Record
from proda.store.corpus import PATCHES
from proda.store.edit_lock import editing
from proda.store.neutral_losses import PATH as LOSSES
from proda.store.neutral_losses import read_neutral_losses
from proda.store.patches import load_patches
from proda.store.suite import CURRICULUM
from proda.store.verdicts import write_round

METRICS = "benchmarks/results/metrics.json"


class Judged(Record, frozen=True):
    """A verdict on a round, and the patches in the work tree, of any round, that retraining showed to harm."""

    before: str  # hash of the commit compared with
    verdict: Verdict
    harmful: tuple[Harmful, ...]

    @property
    def document(self) -> dict[str, Any]:
        """What the round's file in benchmarks/verdicts holds."""
        return {"before": self.before, **msgspec.to_builtins(self.verdict)}


def judge_round(root: Path, *, number: int | None = None, before: str | None = None) -> Judged:
    """Judge a round (default: the last on record) against the revision `before` (default: the commit before the round).

    Raises NotFoundError if there is no such round, or if one of the two revisions has no outcomes; InputError if a file is malformed.
    """
    after = Repository.open(root)
    patches = load_patches(after.root)
    shared_out = reallocations(after.root)
    this = number or max([*(p.round for p in patches), *shared_out], default=0)
    mine = [p.id for p in patches if p.round == this]
    if not mine and this not in shared_out:
        what = f"no patch of round {number}" if number else "no patch"
        raise NotFoundError(f"{PATCHES}\n  There is {what} here, so there is nothing to verify. `proda repair` writes patches.")
    old = Repository.open(root, before or before_round(after.root, this))
    outcomes = old.outcomes()
    if not outcomes or not after.outcomes():
        where = old.name if not outcomes else after.name
        raise NotFoundError(f"{where} holds no outcomes (benchmarks/results/outcomes). Run `dvc repro` there, and commit the results.")
    general, suites = _general(old, after)
    harm = tuple(harmful(after.root))
    verdict = judge(
        outcomes,
        after.fresh_outcomes(),
        general=general,
        suites=suites,
        neutral=_neutral(old, after),
        number=this,
        patches=mine,
        harmful=[patch.patch for patch in harm],
    )
    return Judged(old.commit or "", verdict, harm)


def write_verdict_files(root: Path, judged: Judged) -> list[Path]:
    """Write the round's file, and one for each of its patches that has none; return the files that changed."""
    with editing(root, "proda verify"):
        return write_round(root, judged.verdict.round, judged.document)


def _general(old: Repository, after: Repository) -> tuple[tuple[float, float], dict[str, tuple[float, float]]]:
    """Return the accuracy of the tuned models on the general suites before and after: of all of them, and of each one by name.

    Suites that only one of the two results has are left out, and named on standard error. Nothing is returned by name if both results have
    the suite of the curriculum alone. Raises InputError if they have no suite in common.
    """
    before, now = _suites(old), _suites(after)
    shared = [name for name in now if name in before]
    if not shared:
        raise InputError(
            f"{METRICS}\n  {old.name} was scored on {', '.join(before)}, {after.name} on {', '.join(now)}: no general suite in common."
            " Name a suite of before in evaluate.general, and run `dvc repro evaluate`."
        )
    if before.keys() == now.keys():
        pair = _accuracy(old, "general"), _accuracy(after, "general")
    else:
        left_out = ", ".join(sorted(before.keys() ^ now.keys()))
        print(f"General suites that only one of the two results has, and that are not compared: {left_out}.", file=sys.stderr)
        pair = sum(before[name] for name in shared) / len(shared), sum(now[name] for name in shared) / len(shared)
    named = before.keys() | now.keys() != {CURRICULUM}
    return pair, {name: (before[name], now[name]) for name in shared} if named else {}


def _neutral(old: Repository, after: Repository) -> LossChange | None:
    """Return the change of the loss on neutral text. If only one result has it, or they cannot be compared, standard error says why."""
    change, why = loss_change(read_neutral_losses(old.root), read_neutral_losses(after.root))
    if why:
        print(f"{LOSSES}\n  Loss on neutral text is not compared: {why}.", file=sys.stderr)
    return change


def _suites(repo: Repository) -> dict[str, float]:
    """Return name of a general suite → mean accuracy of the tuned models."""
    try:
        names = list(repo.metrics["suites"])
    except (KeyError, TypeError):
        names = []  # results of the suite of the curriculum alone, or of a form that `_accuracy` refuses
    return {name: _accuracy(repo, "suites", name) for name in names} or {CURRICULUM: _accuracy(repo, "general")}


def _accuracy(repo: Repository, *path: str) -> float:
    """Return the mean accuracy of the tuned models in one block of the metrics."""
    try:
        block: Any = repo.metrics
        for key in (*path, "tuned", "accuracy"):
            block = block[key]
        return float(block)
    except (KeyError, TypeError, ValueError):
        where = ".".join((*path, "tuned", "accuracy"))
        raise InputError(
            f"{METRICS} ({repo.name})\n  There is no {where}, or it is no number. Restore the file from git, or run `dvc repro evaluate`."
        ) from None
