"""No two chains share two consecutive statements, because samples of one chain would then show items of the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Rule, Violation

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """Pairs of consecutive triples that a chain before them has too; the finding is for the first statement of the pair."""
    from proda.knowledge.columns import mixed, repeated

    s = columns.statements
    triples = mixed(s["subject"], s["relation"], s["object"]).view(np.int64)
    together = (s["chain"][1:] == s["chain"][:-1]) & (s["file"][1:] == s["file"][:-1]) & (s["active"][1:] == 1)
    starts = np.flatnonzero(together)
    for group in repeated(mixed(triples[starts], triples[starts + 1])):
        rows = [int(starts[at]) for at in group]
        first = columns.statement(rows[0])
        for row in rows[1:]:
            statement = columns.statement(row)
            if statement.triple != first.triple or statement.chain == first.chain:
                continue
            file, path = columns.place_of_statement(row)
            yield (
                file,
                Violation(path, f"This step and the next are also in '{first.chain}', from {first.id} on. Change one of the chains."),
            )


RULE = Rule(name="shared-pairs", description="No two chains share two consecutive statements.", check_all=check)
