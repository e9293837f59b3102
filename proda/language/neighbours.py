"""Concepts that a learner may take for one another. Distractors of items and of samples, and contrasts, come from here.

near_concepts(knowledge, "physics/heating", "physics/thermal-expansion", "physics/strain", taken=frozenset(), …)
    → "physics/thermal-contraction", "physics/elastic-deformation", …

taken_for(knowledge, "physics/thermal-expansion")     → ["physics/thermal-contraction"]: what `distinct_from` says; for samples alone
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from proda.graph import Knowledge
from proda.records import Concept
from proda.stable_hash import by_weight, fraction


def near_concepts(
    knowledge: Knowledge, before: str | None, here: str, after: str | None, taken: frozenset[str], *key: object
) -> Iterator[str]:
    """Concepts that may stand for `here` in a wrong answer, nearest first: none to which `before` leads, none that leads to `after`.

    Nearest is: same topic and type, same topic, same discipline and type, same discipline, anywhere; ties by highest random weight under
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
    for tier in (topics[:1], topics[1:]):
        for same_type in (True, False):
            pool = [
                other
                for topic in tier
                for other in knowledge.concepts_of.get((concept.discipline, topic), ())
                if other != here
                and other not in taken
                and knowledge.concepts[other].plural == concept.plural
                and (knowledge.concepts[other].type == concept.type) is same_type
            ]
            tiers.append(by_weight(pool, *key))

    def apart(other: str) -> bool:
        return not (before is not None and knowledge.leads(before, other)) and not (after is not None and knowledge.leads(other, after))

    for alike in (True, False):
        for ranked in tiers:
            # Judged before they take turns: one that is passed over must not change whose turn it is.
            fit = [c for c in ranked if (around.isdisjoint(knowledge.words(c)) is not echoes) is alike]
            turns = [filter(apart, [c for c in fit if (c in knowledge.inner) is inner]) for inner in (inner_first, not inner_first)]
            yield from (c for pair in zip_longest(*turns) for c in pair if c is not None)
    # A discipline of few concepts borrows; reached only when its own are used up.
    elsewhere = [
        other
        for (discipline, _), pool in knowledge.concepts_of.items()
        if discipline != concept.discipline
        for other in pool
        if other not in taken and knowledge.concepts[other].plural == concept.plural
    ]
    yield from filter(apart, by_weight(elsewhere, *key))


def taken_for(knowledge: Knowledge, here: str) -> list[str]:
    """Concepts that `distinct_from` sets apart from `here`, on either side, and that can stand for it in a wrong answer; sorted.

    Those of another grammatical number, in no statement, or sharing a term or alias with it cannot.
    """
    concept = knowledge.concepts[here]
    return [
        other.id
        for other in (knowledge.concepts[c] for c in knowledge.set_apart.get(here, ()) if c in knowledge.concepts)
        if other.plural == concept.plural
        and other.id in knowledge.concepts_of.get((other.discipline, other.topic), ())
        and names(other).isdisjoint(names(concept))
    ]


def names(concept: Concept) -> frozenset[str]:
    """Everything that a concept is called, in one case: who shares one of these is no wrong answer."""
    return frozenset(n.casefold() for n in (concept.term, concept.text, *concept.aliases))
