"""An id names one concept or one chain in the whole base."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from proda.knowledge.rules.rule import Fault, Rule

if TYPE_CHECKING:
    from proda.knowledge.base import Base


def check(base: Base) -> Iterator[tuple[str, Fault]]:
    """Every definition of an id after its first one, files in order of their paths, concepts before chains."""
    from proda.knowledge.base import repeated

    concepts = len(base.concepts["id"])
    for rows in repeated(np.concatenate([base.concepts["id"], base.chains["id"]])):
        places = [base.place_of_concept(r) if r < concepts else base.place_of_chain(r - concepts) for r in rows]
        ids = [base.concept(r).id if r < concepts else base.chain(r - concepts).id for r in rows]
        for (file, path), node_id in zip(places[1:], ids[1:], strict=True):
            first = f"{places[0][0]} ({places[0][1][0]})"
            yield file, Fault(path, f"'{node_id}' is also defined in {first}. Rename this one, or refer to that one.")


RULE = Rule(name="unique-ids", description="An id names one node.", check_base=check)
