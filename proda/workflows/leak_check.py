"""Items × training texts → leaks: the overlap gate with its inputs prepared from the knowledge, for the stage `guard` and the experiments.

found = leak_check(knowledge, items, training_texts(Path(".")), params.guard)
found.leaks         # empty, or training must not start
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proda.graph import Knowledge
from proda.params import GuardParams
from proda.records import Item
from proda.store.training_texts import Text
from proda.tester.overlap import Overlap, overlap


def leak_check(knowledge: Knowledge, items: Sequence[Item], texts: Iterable[Text], params: GuardParams) -> Overlap:
    """Compare every item with every text. Raises EmptyBenchmarkError without items."""
    paths = {
        item.id: frozenset(c for s in item.statements for c in (knowledge.statements[s].subject, knowledge.statements[s].object))
        for item in items
    }
    names = {concept.id: (concept.term, *concept.aliases) for concept in knowledge.concepts.values()}
    return overlap(items, texts, paths, names, params)
