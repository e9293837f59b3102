"""An asymmetric relation is not stated both ways round: if a causes b, b does not cause a."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Rule, Violation

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(base: Columns) -> Iterator[tuple[str, Violation]]:
    """Statements of an asymmetric relation whose reverse is stated too; the later of the two is named."""
    from proda.knowledge.columns import among, mixed

    s = base.statements
    keys = np.array([base.relation_keys[r.id] for r in base.relations if r.asymmetric], dtype=np.int64)
    rows = np.flatnonzero(among(s["relation"], keys) & (s["active"] == 1) & (s["subject"] != s["object"]))
    subject, relation, target = s["subject"][rows], s["relation"][rows], s["object"][rows]
    there, back = mixed(subject, relation, target), mixed(target, relation, subject)
    hits = rows[among(there, back)].tolist()
    first: dict[tuple[str, str, str], int] = {}
    for row in hits:
        statement = base.statement(row)
        subject_id, relation_id, object_id = statement.triple
        earlier = first.get((object_id, relation_id, subject_id))
        if earlier is not None:
            file, path = base.place_of_statement(row)
            yield (
                file,
                Violation(
                    path,
                    f"'{subject_id}' {relation_id} '{object_id}', but {base.statement(earlier).id} says the reverse. "
                    "Turn one round, or choose another relation.",
                ),
            )
        first.setdefault(statement.triple, row)


RULE = Rule(name="both-ways", description="Asymmetric relations are not stated both ways.", check_all=check)
