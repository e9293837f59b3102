"""Every concept is reached from a chain. An orphan is an error; it is never attached to a chain automatically."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Rule, Violation

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def orphan_rows(columns: Columns) -> list[int]:
    """Rows of concepts in use that no statement in use mentions."""
    from proda.knowledge.columns import among

    live = columns.statements["active"] == 1
    reached = np.concatenate([columns.statements["subject"][live], columns.statements["object"][live]])
    alone = (columns.concepts["active"] == 1) & ~among(columns.concepts["id"], reached)
    return [int(row) for row in np.flatnonzero(alone)]


def check(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """Concepts in use that no statement in use mentions."""
    for row in orphan_rows(columns):
        file, path = columns.place_of_concept(row)
        yield (
            file,
            Violation(
                path, f"No statement mentions '{columns.concept(row).id}'. Use it in a chain, remove it, or retire it if it was published."
            ),
        )


RULE = Rule(name="orphans", description="Concepts are reached from a chain.", check_all=check, needs_all=True)
