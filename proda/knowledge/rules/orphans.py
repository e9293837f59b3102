"""Every concept is reached from a chain. An orphan is an error; it is never attached to a chain automatically."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.errors import closest
from proda.findings import MAX_PER_FILE
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
    """Concepts in use that no statement in use mentions.

    A concept whose id a statement misspells is left out: the finding about the unknown reference names it.
    """
    rows = orphan_rows(columns)
    misspelt = _misspelt(columns) if rows else frozenset()
    for row in rows:
        if columns.concept(row).id in misspelt:
            continue
        file, path = columns.place_of_concept(row)
        yield (
            file,
            Violation(
                path, f"No statement mentions '{columns.concept(row).id}'. Use it in a chain, remove it, or retire it if it was published."
            ),
        )


def _misspelt(columns: Columns) -> frozenset[str]:
    """Concepts that an unknown reference of a statement is closest to."""
    from proda.knowledge.columns import among

    alone = [columns.concept(row).id for row in orphan_rows(columns)]
    found: set[str | None] = set()
    for field in ("subject", "object"):
        unknown = np.flatnonzero(~among(columns.statements[field], columns.concepts["id"]))[:MAX_PER_FILE]
        found.update(closest(getattr(columns.statement(int(row)), field), alone) for row in unknown)
    return frozenset(name for name in found if name)


RULE = Rule(name="orphans", description="Concepts are reached from a chain.", check_all=check, needs_all=True)
