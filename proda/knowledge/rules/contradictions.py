"""No two statements contradict each other: if a increases b, a does not decrease b."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Rule, Violation

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """Statements whose opposite is stated of the same two concepts (in either order, if a relation is symmetric)."""
    from proda.knowledge.columns import among, mixed

    s = columns.statements
    live = s["active"] == 1
    relations = {r.id: r for r in columns.relations}
    for pair in sorted({tuple(sorted((r.id, r.opposite))) for r in columns.relations if r.opposite in relations}):
        rows = [np.flatnonzero(live & (s["relation"] == columns.relation_keys[name])) for name in pair]
        turned = any(relations[name].symmetric for name in pair)
        keys = [mixed(s["subject"][r], s["object"][r]) for r in rows]
        back = [mixed(s["object"][r], s["subject"][r]) for r in rows]
        both = np.concatenate([keys[1], back[1]]) if turned else keys[1]
        hits = rows[0][among(keys[0], both)].tolist()
        against = np.concatenate([keys[0], back[0]]) if turned else keys[0]
        others = rows[1][among(keys[1], against)].tolist()
        stated: dict[tuple[str, str], int] = {}
        for other in others:
            theirs = columns.statement(other)
            stated.setdefault((theirs.subject, theirs.object), other)
            if turned:
                stated.setdefault((theirs.object, theirs.subject), other)
        for row in hits:
            mine = columns.statement(row)
            if (mine.subject, mine.object) in stated:
                yield _fault(columns, row, stated[mine.subject, mine.object])


def _fault(columns: Columns, one: int, two: int) -> tuple[str, Violation]:
    """The finding for the later of the two statements, which names the earlier."""
    later, earlier = columns.statement(max(one, two)), columns.statement(min(one, two))
    file, path = columns.place_of_statement(max(one, two))
    return file, Violation(
        path,
        f"'{later.subject}' {later.relation} '{later.object}', but {earlier.id} says {earlier.relation}. "
        "Both cannot hold: fix one, or make its subject more exact.",
    )


RULE = Rule(name="contradictions", description="No two statements contradict each other.", check_all=check)
