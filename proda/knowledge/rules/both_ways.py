"""An asymmetric relation is not stated in both directions: if a causes b, b does not cause a."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Rule, Violation

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """Statements of an asymmetric relation whose reverse is stated too; the finding is for the later of the two."""
    from proda.knowledge.columns import among, mixed

    s = columns.statements
    keys = np.array([columns.relation_keys[r.id] for r in columns.relations if r.asymmetric], dtype=np.int64)
    rows = np.flatnonzero(among(s["relation"], keys) & (s["active"] == 1) & (s["subject"] != s["object"]))
    subject, relation, target = s["subject"][rows], s["relation"][rows], s["object"][rows]
    there, back = mixed(subject, relation, target), mixed(target, relation, subject)
    hits = rows[among(there, back)].tolist()
    first: dict[tuple[str, str, str], int] = {}
    for row in hits:
        statement = columns.statement(row)
        subject_id, relation_id, object_id = statement.triple
        earlier = first.get((object_id, relation_id, subject_id))
        if earlier is not None:
            file, path = columns.place_of_statement(row)
            yield (
                file,
                Violation(
                    path,
                    f"'{subject_id}' {relation_id} '{object_id}', but {columns.statement(earlier).id} says the reverse. "
                    "Reverse one, or choose another relation.",
                ),
            )
        first.setdefault(statement.triple, row)


RULE = Rule(name="both-ways", description="Asymmetric relations are not stated in both directions.", check_all=check)
