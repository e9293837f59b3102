"""Results before the last round of repair, and now → the items that flipped, each with the patches that lie under it.

    found = audit_of_last_round(root, lineage, records, outcomes, adding_commits(root, lineage.repairs.patches))
    found.lines[0]              # Line(item="physics/bimetal-strip-bends:dev-bridge", better=True, level="could have", patch="2-…", …)

Only patches are listed. `proda audit A..B` also reads every other commit that changed knowledge, which takes far longer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from proda.errors import ProdaError
from proda.history.audit import Change, Line, audit, departures, rests_on
from proda.history.flips import Flip, flips, tallies
from proda.history.git_log import Commit, changes, run
from proda.history.index import index
from proda.history.lineage import Lineage
from proda.history.repository import Repository
from proda.history.round_record import RoundRecord
from proda.history.rounds import before_round
from proda.records import Outcome
from proda.store.corpus import PATCHES
from proda.store.verdicts import shown_by


class RoundAudit(msgspec.Struct, frozen=True):
    """The flips since the results before a round, of all splits, and a line for each patch under a flipped item."""

    number: int
    before: str  # the revision whose results are compared with the present ones
    flips: list[Flip]
    lines: list[Line]


def adding_commits(root: Path, patches: Collection[str]) -> dict[str, Commit]:
    """Return patch → the commit that added its file last; empty without a history."""
    span = ("--diff-filter=A", "--", PATCHES.as_posix())
    commits = {commit.id: commit for commit in changes(root, *span)}
    told = (run(root, "log", "--name-only", "--relative", "--format=%x00%H", *span) or b"").decode("utf-8", "replace")
    found: dict[str, Commit] = {}
    for block in told.split("\0")[1:]:
        commit, *names = block.split("\n")
        for patch in (Path(name).stem for name in names if name):
            if patch in patches and commit in commits:
                found.setdefault(patch, commits[commit])
    return found


def audit_of_last_round(
    root: Path, lineage: Lineage, records: Sequence[RoundRecord], outcomes: Sequence[Outcome], added_in: Mapping[str, Commit]
) -> RoundAudit | None:
    """Return the audit of the last round with patches; None if there is none, or the history does not hold the results before it."""
    record = next((r for r in reversed(records) if r.patches and r.added), None)
    if record is None:
        return None
    told = [record.verdict.before] if record.verdict and record.verdict.before else []
    for revision in (*told, None):
        try:
            before = Repository.open(root, revision or before_round(root, record.number))
            old = before.outcomes()
        except ProdaError:
            continue
        if old:
            found = flips(tallies(old), tallies(outcomes))
            return RoundAudit(record.number, (before.commit or "")[:9], found, _lines(lineage, found, old, outcomes, added_in))
    return None


def _lines(
    lineage: Lineage, flipped: Iterable[Flip], old: Sequence[Outcome], new: Sequence[Outcome], added_in: Mapping[str, Commit]
) -> list[Line]:
    repairs = lineage.repairs
    written = {}
    for patch in repairs.patches.values():
        commit, verdict = added_in.get(patch.id), repairs.verdicts.get(patch.id, {})
        brief = (commit.short if commit else "", commit.subject if commit else "", patch.targets, patch.id)
        written[patch.id] = Change(*brief, str(verdict.get("says", "")), shown=shown_by(verdict) or None)
    touching = index((node, change) for change in written.values() for node in change.nodes)
    departed = {(item, True): statements for item, statements in departures(lineage.items.values(), old).items()}
    departed |= {(item, False): statements for item, statements in departures(lineage.items.values(), new).items()}
    lines: list[Line] = []
    for flip in flipped:
        if item := lineage.items.get(flip.item):
            under = {c.patch: c for node in sorted(rests_on(lineage.knowledge, item)) for c in touching.get(node, ())}
            lines += audit([flip], [item], lineage.knowledge, list(under.values()), departed)
    return lines
