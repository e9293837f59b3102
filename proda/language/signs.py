"""Which way a concept changes when another one increases: the signs of relations, composed with how statements word their ends.

    polarity(knowledge, "materials/grain-size", "a smaller grain size")     -1
    effect(knowledge, statement)                                            -1: if its subject increases, its object decreases
    composed(knowledge, path)                                               +1: two decreases in a row

"A smaller grain size increases the yield strength" says that a larger grain size decreases it: the sign of the relation is turned once
for each end that is worded as little, small or falling. A wording that adds anything else ("the rapid spread of plague") names another
thing than the bare concept, so no sign is known for the concept itself.

A sign holds under the conditions of its statement. Whoever words an effect states them too (`wording.under`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from proda.language.wording import name_pattern
from proda.records import Concept, Statement

if TYPE_CHECKING:
    from proda.graph import Knowledge

Sign = Literal[1, -1]

NEUTRAL = frozenset({"a", "an", "the", "very", "much"})
MORE = frozenset({
    "higher", "larger", "greater", "more", "faster", "stronger", "longer", "wider", "broader", "deeper", "thicker", "heavier",
    "bigger", "steeper", "denser", "brighter", "high", "large", "great", "fast", "strong", "long", "wide", "broad", "deep",
    "thick", "heavy", "steep", "abundant", "ample", "intense", "severe", "rising", "growing", "increasing", "increased", "raised",
})  # fmt: skip
LESS = frozenset({
    "lower", "smaller", "less", "fewer", "weaker", "slower", "shorter", "narrower", "shallower", "thinner", "lighter", "low",
    "small", "little", "few", "weak", "slow", "short", "narrow", "shallow", "thin", "scarce", "reduced", "falling", "shrinking",
    "decreasing", "decreased", "lowered",
})  # fmt: skip
# Types of concepts of which there can be more or less. An event, an organism, a law or an institution does not increase.
VARIABLE = frozenset({"quantity", "property", "process", "phenomenon", "state", "substance"})
DIRECTIONS = MORE | LESS


def polarity(knowledge: Knowledge, concept: str, worded: str | None) -> Sign | None:
    """Return +1 if a statement's wording of a concept means the concept or more of it, -1 if it means less of it.

    `worded` is `subject_as` or `object_as`; None stands for the concept's own phrase. Returns None if the wording adds anything but an
    article and words such as "higher" or "lower", or adds words of both directions.
    """
    if worded is None:
        return 1
    found = name_pattern(knowledge.concepts[concept]).search(worded)
    if found is None:
        return None
    added = set(_words(worded[: found.start()]) + _words(worded[found.end() :])) - NEUTRAL
    if not added <= DIRECTIONS or (added & MORE and added & LESS):
        return None
    return -1 if added & LESS else 1


def can_increase(concept: Concept) -> bool:
    """Return whether there can be more or less of the concept, so that "if it increases" has a meaning.

    Depends on its type. A thing that is counted ("a shock wave") or whose term states a direction ("low demand") does not increase, unless
    it is a quantity.
    """
    if concept.type not in VARIABLE or DIRECTIONS.intersection(_words(concept.text)):
        return False
    return concept.type in ("quantity", "property") or not re.match(r"an? ", concept.text)


def effect(knowledge: Knowledge, statement: Statement) -> Sign | None:
    """Return which way the object of a statement changes if its subject increases: +1 or -1, both taken without what it adds to them.

    Returns None if the relation carries no sign, if an end is worded as another thing, if an end is of a kind that cannot increase, or if
    the statement is of a dated event.
    """
    sign = knowledge.relations[statement.relation].sign
    ends = (
        polarity(knowledge, statement.subject, statement.subject_as),
        polarity(knowledge, statement.object, statement.object_as),
    )
    variable = can_increase(knowledge.concepts[statement.subject]) and can_increase(knowledge.concepts[statement.object])
    if not sign or None in ends or not variable or statement.tense == "past":
        return None
    return 1 if (sign == "-") is (ends[0] != ends[1]) else -1


def composed(knowledge: Knowledge, path: Sequence[Statement]) -> Sign | None:
    """Return which way the last object changes if the first subject increases.

    Returns None if the statements are not connected, end to end, or if one of them has no known effect.
    """
    if not path or any(before.object != step.subject for before, step in zip(path, path[1:], strict=False)):
        return None
    total: Sign = 1
    for statement in path:
        sign = effect(knowledge, statement)
        if sign is None:
            return None
        total = 1 if total == sign else -1
    return total


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:[-’'][^\W_]+)*", text.lower())
