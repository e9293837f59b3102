"""Concepts that a learner may confuse. The distractors of items, samples and probes are chosen here.

near_concepts(knowledge, "physics/heating", "physics/thermal-expansion", "physics/strain", taken=frozenset(), …)
    → "physics/thermal-contraction", "physics/elastic-deformation", …

taken_for(knowledge, "physics/thermal-expansion")     → ["physics/thermal-contraction"], from `distinct_from`; used for samples only
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import product, zip_longest
from typing import TYPE_CHECKING

from proda.language.near_topics import far_topics, near_topics
from proda.records import Concept
from proda.stable_hash import by_weight, fraction

if TYPE_CHECKING:
    from proda.graph import Knowledge


def near_concepts(
    knowledge: Knowledge, before: str | None, here: str, after: str | None, taken: frozenset[str], *key: object
) -> Iterator[str]:
    """Yield concepts that can replace `here` in a wrong answer, nearest first.

    Excluded are concepts that `before` leads to, that lead to `after`, or that are in `taken`. The tiers are: same topic and type, same
    topic, same discipline and type, same discipline, anywhere; within a tier, the order is a hash of `key`. The last three are drawn from
    a bounded number of topics (near_topics.py). All have the grammatical number of `here`, so that the sentence around it does not reveal
    the right one.

    Two cues that a solver without knowledge could use are balanced. If `here` shares a word with `taken` ("thermal stress" after
    "thermal expansion"), concepts that share a word come first, otherwise those that share none. And within a tier, concepts inside a
    chain alternate with concepts that only begin or end one; otherwise the right concept would be the one that is never right elsewhere.
    """
    concept = knowledge.concepts[here]
    yield from near_in_discipline(knowledge, before, here, after, taken, *key)
    # Concepts of other disciplines, used only when this discipline has no more.
    elsewhere = [
        other
        for place in far_topics(knowledge, concept.discipline, concept.topic)
        for other in knowledge.concepts_of.get(place, ())
        if other not in taken and knowledge.concepts[other].plural == concept.plural
    ]
    yield from (other for other in by_weight(elsewhere, *key) if _apart(knowledge, before, other, after))


def near_in_discipline(
    knowledge: Knowledge, before: str | None, here: str, after: str | None, taken: frozenset[str], *key: object
) -> Iterator[str]:
    """Yield the concepts of `near_concepts` that are of the discipline of `here`. Each tier is ranked when it is reached."""
    concept = knowledge.concepts[here]
    topics = near_topics(knowledge, concept.discipline, concept.topic)
    around = {w for c in taken - {here} for w in knowledge.words(c)}
    echoes = not around.isdisjoint(knowledge.words(here))
    inner_first = fraction("inner", *key) < 0.5

    @cache
    def ranked(own_topic: bool, same_type: bool) -> list[str]:
        pool = [
            other
            for topic in (topics[:1] if own_topic else topics[1:])
            for other in knowledge.concepts_of.get((concept.discipline, topic), ())
            if other != here
            and other not in taken
            and knowledge.concepts[other].plural == concept.plural
            and (knowledge.concepts[other].type == concept.type) is same_type
        ]
        return by_weight(pool, *key)

    for alike, own_topic, same_type in product((True, False), repeat=3):
        # Split before filtering, so that a concept that is excluded does not change the order of the others.
        fit = [c for c in ranked(own_topic, same_type) if (around.isdisjoint(knowledge.words(c)) is not echoes) is alike]
        turns = [[c for c in fit if (c in knowledge.inner) is inner] for inner in (inner_first, not inner_first)]
        lazy = [(c for c in turn if _apart(knowledge, before, c, after)) for turn in turns]
        yield from (c for pair in zip_longest(*lazy) for c in pair if c is not None)


def _apart(knowledge: Knowledge, before: str | None, other: str, after: str | None) -> bool:
    return not (before is not None and knowledge.leads(before, other)) and not (after is not None and knowledge.leads(other, after))


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
    every = (concept.term, *concept.aliases)
    if text.isascii() and all(map(str.isascii, every)):
        lower = text.lower()
        return any(_holds(lower, name.lower()) for name in every if name.lower() in lower)
    return _named(concept).search(text) is not None


def _holds(text: str, name: str) -> bool:
    """Whether an ASCII text in lower case holds the name as words, as `_named` would find it. To compile a pattern takes longer."""
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        if start == 0 or not _in_word(text[start - 1]):
            for ending in ("", "s", "es"):
                after = end + len(ending)
                if text.startswith(ending, end) and (after == len(text) or not _in_word(text[after])):
                    return True
        start = text.find(name, start + 1)
    return False


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


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
