"""No two chains share two consecutive statements: what is tested on one would be trained on the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Rule, Violation

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(base: Columns) -> Iterator[tuple[str, Violation]]:
    """Pairs of consecutive triples that a chain before has already; the first of the two statements is named."""
    from proda.knowledge.columns import mixed, repeated

    s = base.statements
    triples = mixed(s["subject"], s["relation"], s["object"]).view(np.int64)
    together = (s["chain"][1:] == s["chain"][:-1]) & (s["file"][1:] == s["file"][:-1]) & (s["active"][1:] == 1)
    starts = np.flatnonzero(together)
    for group in repeated(mixed(triples[starts], triples[starts + 1])):
        rows = [int(starts[at]) for at in group]
        first = base.statement(rows[0])
        for row in rows[1:]:
            statement = base.statement(row)
            if statement.triple != first.triple or statement.chain == first.chain:
                continue
            file, path = base.place_of_statement(row)
            yield (
                file,
                Violation(path, f"This step and the next are also in '{first.chain}', from {first.id} on. Let the chains differ."),
            )


RULE = Rule(name="shared-pairs", description="No two chains share two consecutive statements.", check_all=check)
