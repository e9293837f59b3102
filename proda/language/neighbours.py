"""Concepts that a learner may confuse. The distractors of items, samples and probes are chosen here.

near_concepts(knowledge, "physics/heating", "physics/thermal-expansion", "physics/strain", taken=frozenset(), …)
    → "physics/thermal-contraction", "physics/elastic-deformation", …

taken_for(knowledge, "physics/thermal-expansion")     → ["physics/thermal-contraction"], from `distinct_from`; used for samples only
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest

from proda.graph import Knowledge
from proda.records import Concept
from proda.stable_hash import by_weight, fraction


def near_concepts(
    knowledge: Knowledge, before: str | None, here: str, after: str | None, taken: frozenset[str], *key: object
) -> Iterator[str]:
    """Yield concepts that can replace `here` in a wrong answer, nearest first.

    Excluded are concepts that `before` leads to, that lead to `after`, or that are in `taken`. The tiers are: same topic and type, same
    topic, same discipline and type, same discipline, anywhere; within a tier, the order is a hash of `key`. All have the grammatical
    number of `here`, so that the sentence around it does not reveal the right one.

    Two cues that a solver without knowledge could use are balanced. If `here` shares a word with `taken` ("thermal stress" after
    "thermal expansion"), concepts that share a word come first, otherwise those that share none. And within a tier, concepts inside a
    chain alternate with concepts that only begin or end one; otherwise the right concept would be the one that is never right elsewhere.
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
            # Split before filtering, so that a concept that is excluded does not change the order of the others.
            fit = [c for c in ranked if (around.isdisjoint(knowledge.words(c)) is not echoes) is alike]
            turns = [filter(apart, [c for c in fit if (c in knowledge.inner) is inner]) for inner in (inner_first, not inner_first)]
            yield from (c for pair in zip_longest(*turns) for c in pair if c is not None)
    # Concepts of other disciplines, used only when this discipline has no more.
    elsewhere = [
        other
        for (discipline, _), pool in knowledge.concepts_of.items()
        if discipline != concept.discipline
        for other in pool
        if other not in taken and knowledge.concepts[other].plural == concept.plural
    ]
    yield from filter(apart, by_weight(elsewhere, *key))


def taken_for(knowledge: Knowledge, here: str) -> list[str]:
    """Return the concepts that are `distinct_from` `here`, on either side, and can replace it in a wrong answer; sorted.

    Excluded are concepts of another grammatical number, in no statement, or with a term or alias of `here`.
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
    """Return all names of a concept, case-folded. A concept that shares a name is not a wrong answer."""
    return frozenset(n.casefold() for n in (concept.term, concept.text, *concept.aliases))


def mentions(text: str, concept: Concept) -> bool:
    """Return whether the text names the concept, by its term or an alias, in the singular or with a plural ending."""
    return _named(concept).search(text) is not None


@lru_cache(8192)
def _named(concept: Concept) -> re.Pattern[str]:
    every = sorted({concept.term, *concept.aliases})
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, every))})(?:e?s)?(?!\w)", re.IGNORECASE)


def told_apart(knowledge: Knowledge, other: str, right: str, stem: str | None) -> bool:
    """Return whether `other` is a wrong answer where `right` is right and the question names `stem`, as far as can be told from both.

    It is none if a statement joins it with the concept of the stem, in either direction; if the definition of the right answer or of the
    stem's concept names it; if its own definition names the stem's concept; or if it shares a name with the right answer.
    """
    concepts = knowledge.concepts
    if names(concepts[other]) & names(concepts[right]) or mentions(concepts[right].definition, concepts[other]):
        return False
    if stem is None:
        return True
    if mentions(concepts[stem].definition, concepts[other]) or mentions(concepts[other].definition, concepts[stem]):
        return False
    return not (knowledge.leads(stem, other, 1) or knowledge.leads(other, stem, 1))
