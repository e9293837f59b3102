"""An id names one concept or one chain, in all topics together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Rule, Violation

if TYPE_CHECKING:
    from proda.knowledge.columns import Columns


def check(columns: Columns) -> Iterator[tuple[str, Violation]]:
    """Every definition of an id after its first one, files in order of their paths, concepts before chains."""
    from proda.knowledge.columns import repeated

    concepts = len(columns.concepts["id"])
    for rows in repeated(np.concatenate([columns.concepts["id"], columns.chains["id"]])):
        places = [columns.place_of_concept(r) if r < concepts else columns.place_of_chain(r - concepts) for r in rows]
        ids = [columns.concept(r).id if r < concepts else columns.chain(r - concepts).id for r in rows]
        for (file, path), node_id in zip(places[1:], ids[1:], strict=True):
            first = f"{places[0][0]} ({places[0][1][0]})"
            yield file, Violation(path, f"'{node_id}' is also defined in {first}. Rename this one, or refer to that one.")


RULE = Rule(name="unique-ids", description="An id names one node.", check_all=check)
