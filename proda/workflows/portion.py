"""Selects the knowledge, samples and items of some disciplines.

knowledge = portion(repo.knowledge, {"physics", "biology"})
samples, items = part(samples, items, {"physics", "biology"}, repo.knowledge)
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
    cases = [c for c in knowledge.cases if c.discipline in disciplines]
    return Knowledge(knowledge.relations.values(), knowledge.concepts.values(), statements, chains, cases)


def part(
    samples: Sequence[Sample], items: Sequence[Item], chosen: Collection[str] | None, knowledge: Knowledge
) -> tuple[list[Sample], list[Item]]:
    """Return the samples of the chosen disciplines (None: all), and the items that rest on their statements alone; in their order."""
    if chosen is None:
        return list(samples), list(items)

    def inside(item: Item) -> bool:
        rests_on = (knowledge.statements[s] for s in item.statements if s in knowledge.statements)
        return item.discipline in chosen and all(s.discipline in chosen for s in rests_on)

    return [s for s in samples if s.discipline in chosen], [i for i in items if inside(i)]


def described(chosen: Collection[str] | None, changes: Sequence[str]) -> dict[str, Any]:
    """Return the selection and the changed parameters as a file of results records them."""
    return {"disciplines": sorted(chosen) if chosen is not None else "all", "parameters": list(changes)}
