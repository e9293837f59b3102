"""Error rates on dev → samples/allocation.yaml: the same number of samples, more for disciplines with more errors, as one commit.

    planned = plan_reallocation(root)      # Reallocation(number=1, branch="repair/round-1", shares=(DisciplineShare("physics", …), …))
    commit_reallocation(root, planned)                # False: HEAD or the branch holds these numbers already

    $ git log -1 --format=%B
    Reallocate samples by error: round 1

    12,800 samples over 16 disciplines, in proportion to the error of the tuned models on dev.
    Each discipline keeps at least half of an even share.
    Most for physics: 1006, error 0.440. Least for history: 412, error 0.180.

    Reallocation: round 1
    Run: dd6d5935…

Later rounds recognise the commit by its trailers.
"""

from __future__ import annotations

from pathlib import Path

from proda.errors import NotFoundError, counted
from proda.records import Record
from proda.store.items import load_items
from proda.workflows.repair_round import branch_of, round_here, run_id

DEV = Path("benchmarks/results/outcomes/dev.csv")


class DisciplineShare(Record, frozen=True):
    """The samples of one discipline."""

    discipline: str
    error: float  # share of wrong answers on dev
    before: int
    after: int


class Reallocation(Record, frozen=True):
    """New numbers for samples/allocation.yaml; shares are sorted by discipline."""

    number: int
    branch: str
    shares: tuple[DisciplineShare, ...]

    @property
    def changes(self) -> bool:
        """Whether a discipline gets another number."""
        return any(share.before != share.after for share in self.shares)

    @property
    def summary(self) -> str:
        """The number of samples and of disciplines."""
        return f"{counted(sum(share.after for share in self.shares), 'sample')} over {counted(len(self.shares), 'discipline')}"


def plan_reallocation(root: Path, number: int | None = None) -> Reallocation:
    """Compute the new numbers from the outcomes of dev; write nothing. `number` of the round defaults to `round_here`.

    Raises NotFoundError without outcomes, InputError if they are malformed or stale.
    """
    from proda.debugger.reallocate import error_rates, reallocate
    from proda.store.allocation import load_allocation
    from proda.store.outcomes import read_outcomes

    if not (root / DEV).is_file():
        raise NotFoundError(f"{DEV}\n  There are no outcomes yet. Run `dvc repro evaluate` (or `make repro`) first.")
    this = number or round_here(root)
    before = load_allocation(root)
    errors = error_rates(read_outcomes(root / DEV), load_items(root, ("dev",), only=frozenset({"dev"})), before)
    after = reallocate(before, errors)
    return Reallocation(this, branch_of(this), tuple(DisciplineShare(name, errors[name], before[name], after[name]) for name in after))


def commit_reallocation(root: Path, planned: Reallocation) -> bool:
    """Commit samples/allocation.yaml on the round's branch and stay there. False if HEAD or the branch holds these numbers already.

    Raises GitError; then branch and work tree are as before.
    """
    from proda.debugger.commits import commit_file
    from proda.debugger.reallocate import rewrite
    from proda.store.allocation import ALLOCATION

    text = rewrite((root / ALLOCATION).read_bytes().decode(), {share.discipline: share.after for share in planned.shares})
    return commit_file(root, ALLOCATION.as_posix(), text, branch=planned.branch, message=_message(planned, run_id(root)))


def _message(planned: Reallocation, run: str) -> str:
    most, least = (pick(planned.shares, key=lambda share: (share.after, share.discipline)) for pick in (max, min))
    return (
        f"Reallocate samples by error: round {planned.number}\n\n"
        f"{planned.summary}, in proportion to the error of the tuned models on dev.\n"
        "Each discipline keeps at least half of an even share.\n"
        f"Most for {most.discipline}: {most.after}, error {most.error:.3f}."
        f" Least for {least.discipline}: {least.after}, error {least.error:.3f}.\n\n"
        f"Reallocation: round {planned.number}\n" + (f"Run: {run}\n" if run else "")
    )
