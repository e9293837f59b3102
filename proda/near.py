"""Concepts that a learner may take for one another. Distractors of items and of samples, and contrasts, come from here.

    near_concepts(knowledge, "physics/heating", "physics/thermal-expansion", "physics/strain", taken=frozenset(), …)
        → "physics/thermal-contraction", "physics/elastic-deformation", …
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from proda.graph import Knowledge
from proda.seeds import by_weight, fraction


def near_concepts(
    knowledge: Knowledge, before: str | None, here: str, after: str | None, taken: frozenset[str], *key: object
) -> Iterator[str]:
    """Concepts that may stand for `here` in a wrong answer, nearest first: none to which `before` leads, none that leads to `after`.

    Nearest is: same topic and type, same discipline and type, same topic, same discipline; ties by highest random weight under
    `key`. Never one of `taken`. Always the same grammatical number, so that the sentence around it does not give it away.

    Two things that an examinee without knowledge could go by are evened out. A concept that shares a word with `taken` ("thermal
    stress" after "thermal expansion") is replaced by one that shares a word too, where there is one, and one that shares none by
    one that shares none. And within a tier, concepts that stand inside some chain and concepts that only begin or end one take
    turns; else the right concept would be the one that is never right elsewhere.
    """
    concept = knowledge.concepts[here]
    topics = [concept.topic, *(t for t in knowledge.topics_of.get(concept.discipline, ()) if t != concept.topic)]
    around = {w for c in taken - {here} for w in knowledge.words(c)}
    echoes = not around.isdisjoint(knowledge.words(here))
    inner_first = fraction("inner", *key) < 0.5
    tiers = []
    for same_type in (True, False):
        for tier in (topics[:1], topics[1:]):
            pool = [
                other
                for topic in tier
                for other in knowledge.concepts_of.get((concept.discipline, topic), ())
                if other != here
                and other not in taken
                and knowledge.concepts[other].plural == concept.plural
                and (knowledge.concepts[other].type == concept.type) is same_type
            ]
            tiers.append(list(_alternate(by_weight(pool, *key), knowledge.inner, inner_first)))
    for alike in (True, False):
        for tier_pool in tiers:
            for other in tier_pool:
                if (around.isdisjoint(knowledge.words(other)) is not echoes) is not alike:
                    continue
                if before is not None and knowledge.leads(before, other):
                    continue
                if after is not None and knowledge.leads(other, after):
                    continue
                yield other


def _alternate(ranked: Sequence[str], inner: frozenset[str], inner_first: bool) -> Iterator[str]:
    """The ranking with its inner and its other concepts taking turns for as long as both last."""
    queues = [[c for c in ranked if c in inner], [c for c in ranked if c not in inner]]
    if not inner_first:
        queues.reverse()
    for pair in zip_longest(*queues):
        yield from (c for c in pair if c is not None)
