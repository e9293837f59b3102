"""A link states something new: no chain and no other link of the discipline has the same triple."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Rule, Violation

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """Links in use whose triple is stated elsewhere too."""
    from proda.knowledge.columns import mixed, repeated

    s = columns.statements
    live = np.flatnonzero(s["active"] == 1)
    for group in repeated(mixed(s["subject"][live], s["relation"][live], s["object"][live])):
        rows = [int(live[at]) for at in group]
        placed = [(columns.place_of_statement(row), columns.statement(row)) for row in rows]
        for (file, path), statement in placed:
            if path[0] == "links":
                other = next(s for _, s in placed if s.id != statement.id)
                message = f"{other.id} states the same triple. Remove the link, or state something else."
                yield file, Violation(path, message)


RULE = Rule(name="links", description="Links state something new.", check_all=check)
