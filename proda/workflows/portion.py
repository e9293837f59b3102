"""Selects the knowledge, samples and items of some disciplines.

knowledge = portion(repo.knowledge, {"physics", "biology"})
samples, items = part(samples, items, {"physics", "biology"})
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from proda.graph import Knowledge
from proda.records import Item, Sample


def portion(knowledge: Knowledge, disciplines: Collection[str]) -> Knowledge:
    """Return the knowledge with the chains of these disciplines only. All concepts stay, since chains refer to those of others."""
    chains = [c for c in knowledge.chains.values() if c.discipline in disciplines]
    statements = [knowledge.statements[s] for c in chains for s in c.statements]
    return Knowledge(knowledge.relations.values(), knowledge.concepts.values(), statements, chains)


def part(samples: Sequence[Sample], items: Sequence[Item], chosen: Collection[str] | None) -> tuple[list[Sample], list[Item]]:
    """Return the samples and items of the chosen disciplines (None: all), in their order."""
    if chosen is None:
        return list(samples), list(items)
    return [s for s in samples if s.discipline in chosen], [i for i in items if i.discipline in chosen]


def described(chosen: Collection[str] | None, changes: Sequence[str]) -> dict[str, Any]:
    """Return the selection and the changed parameters as a file of results records them."""
    return {"disciplines": sorted(chosen) if chosen is not None else "all", "parameters": list(changes)}
