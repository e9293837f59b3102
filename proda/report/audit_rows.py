"""Results before the last round of repair, and now → the items that flipped, each with the patches that lie under it.

    found = audit_of_last_round(root, lineage, records, commits)
    found.lines[0]              # Line(item="physics/bimetal-strip-bends:dev-bridge", better=True, level="could have", patch="2-…", …)

Only patches are listed. `proda audit A..B` also reads every other commit that changed knowledge, which takes far longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from proda.errors import ProdaError
from proda.history.audit import Change, Line, audit, departures, rests_on
from proda.history.flips import Flip, flips, tallies
from proda.history.git_log import Commit
from proda.history.index import index
from proda.history.lineage import Lineage
from proda.history.repository import Repository
from proda.history.round_record import RoundRecord
from proda.records import Outcome
from proda.report.tables import Table
from proda.store.verdicts import shown_by

FIELDS = ("item", "better", "before", "after", "level", "commit", "patch", "says", "through")


class RoundAudit(msgspec.Struct, frozen=True):
    """The flips since the results before a round, of all splits, and a line for each patch under a flipped item."""

    number: int
    before: str  # the revision whose results are compared with the present ones
    flips: list[Flip]
    lines: list[Line]


def audit_of_last_round(
    root: Path, lineage: Lineage, records: Sequence[RoundRecord], outcomes: Sequence[Outcome], added_in: Mapping[str, Commit]
) -> RoundAudit | None:
    """Return the audit of the last round with patches; None if there is none, or the history does not hold the results before it."""
    record = next((r for r in reversed(records) if r.patches and r.added), None)
    if record is None:
        return None
    before = [record.verdict.before] if record.verdict and record.verdict.before else []
    for revision in (*before, f"{record.added[0].id}^"):
        try:
            old = Repository.open(root, revision).outcomes()
        except ProdaError:
            continue
        if old:
            found = flips(tallies(old), tallies(outcomes))
            return RoundAudit(record.number, revision[:9], found, _lines(lineage, found, old, outcomes, added_in))
    return None


def audit_table(found: RoundAudit | None, shown: Mapping[str, Any]) -> Table:
    """Return the lines about items that the page shows."""
    rows = [
        (x.item, int(x.better), x.before, x.after, x.level, x.commit, x.patch, x.says, list(x.through))
        for x in (found.lines if found else ())
        if x.item in shown
    ]
    return Table(FIELDS, rows)


def _lines(
    lineage: Lineage, flipped: Iterable[Flip], old: Sequence[Outcome], new: Sequence[Outcome], added_in: Mapping[str, Commit]
) -> list[Line]:
    repairs = lineage.repairs
    changes = {}
    for patch in repairs.patches.values():
        commit, verdict = added_in.get(patch.id), repairs.verdicts.get(patch.id, {})
        brief = (commit.short if commit else "", commit.subject if commit else "", patch.targets, patch.id)
        changes[patch.id] = Change(*brief, str(verdict.get("says", "")), shown=shown_by(verdict) or None)
    touching = index((node, change) for change in changes.values() for node in change.nodes)
    departed = {(item, True): statements for item, statements in departures(lineage.items.values(), old).items()}
    departed |= {(item, False): statements for item, statements in departures(lineage.items.values(), new).items()}
    lines: list[Line] = []
    for flip in flipped:
        if item := lineage.items.get(flip.item):
            under = {c.patch: c for node in sorted(rests_on(lineage.knowledge, item)) for c in touching.get(node, ())}
            lines += audit([flip], [item], lineage.knowledge, list(under.values()), departed)
    return lines
