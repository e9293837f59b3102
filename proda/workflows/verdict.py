"""Results before and after a round of repair → the verdict on the round: what `proda verify` prints and writes.

judged = judge_round(root)                    # the last round on record, against the commit before it
judged.verdict.says                           # "helps"
write_verdict_files(root, judged)             # benchmarks/verdicts/round-3.yaml, and a file for each patch that has none
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from proda.debugger.reverts import Harmful, harmful
from proda.debugger.verify import Verdict, judge
from proda.errors import InputError, NotFoundError
from proda.history.repository import Repository
from proda.history.rounds import before_round, reallocations
from proda.records import Record
from proda.store.corpus import PATCHES
from proda.store.patches import load_patches
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
    harm = tuple(harmful(after.root))
    verdict = judge(
        outcomes,
        after.fresh_outcomes(),
        general=(_general(old), _general(after)),
        number=this,
        patches=mine,
        harmful=[patch.patch for patch in harm],
    )
    return Judged(old.commit or "", verdict, harm)


def write_verdict_files(root: Path, judged: Judged) -> list[Path]:
    """Write the round's file, and one for each of its patches that has none; return the files that changed."""
    return write_round(root, judged.verdict.round, judged.document)


def _general(repo: Repository) -> float:
    """Return the mean accuracy of the tuned models on the general suite."""
    try:
        return float(repo.metrics["general"]["tuned"]["accuracy"])
    except (KeyError, TypeError, ValueError, msgspec.DecodeError) as error:
        raise InputError(
            f"{METRICS} ({repo.name})\n  Cannot be read: {error!r}. Expected general.tuned.accuracy, a number."
            " Restore the file from git, or run `dvc repro evaluate`."
        ) from None
