"""Every concept is reached from a chain: an orphan fails, it is never adopted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Fault, Rule

if TYPE_CHECKING:
    from proda.knowledge.base import Base


def orphan_rows(base: Base) -> list[int]:
    """Rows of concepts in use that no statement in use mentions."""
    from proda.knowledge.base import among

    live = base.statements["active"] == 1
    reached = np.concatenate([base.statements["subject"][live], base.statements["object"][live]])
    alone = (base.concepts["active"] == 1) & ~among(base.concepts["id"], reached)
    return [int(row) for row in np.flatnonzero(alone)]


def check(base: Base) -> Iterator[tuple[str, Fault]]:
    """Concepts that no chain leads to."""
    for row in orphan_rows(base):
        file, path = base.place_of_concept(row)
        yield (
            file,
            Fault(path, f"No statement mentions '{base.concept(row).id}'. Use it in a chain, remove it, or retire it if released."),
        )


RULE = Rule(name="orphans", description="Concepts are reached from a chain.", check_base=check, needs_all=True)
