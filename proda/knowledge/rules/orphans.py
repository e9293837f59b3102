"""Every concept is reached from a chain: an orphan fails, it is never adopted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Rule, Violation

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def orphan_rows(base: Columns) -> list[int]:
    """Rows of concepts in use that no statement in use mentions."""
    from proda.knowledge.columns import among

    live = base.statements["active"] == 1
    reached = np.concatenate([base.statements["subject"][live], base.statements["object"][live]])
    alone = (base.concepts["active"] == 1) & ~among(base.concepts["id"], reached)
    return [int(row) for row in np.flatnonzero(alone)]


def check(base: Columns) -> Iterator[tuple[str, Violation]]:
    """Concepts that no chain leads to."""
    for row in orphan_rows(base):
        file, path = base.place_of_concept(row)
        yield (
            file,
            Violation(path, f"No statement mentions '{base.concept(row).id}'. Use it in a chain, remove it, or retire it if released."),
        )


RULE = Rule(name="orphans", description="Concepts are reached from a chain.", check_all=check, needs_all=True)
