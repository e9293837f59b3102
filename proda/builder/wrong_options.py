"""Concepts, conditions and exceptions for wrong options: near the right one, never right themselves, and never a whole other chain.

picked(knowledge, rivals(knowledge, ask, key), ask, 3)      the three nearest concepts that are wrong answers
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from proda.graph import Knowledge
from proda.language.near_topics import near_topics
from proda.language.neighbours import mentions, near_in_discipline, taken_for, told_apart
from proda.language.wording import name, sentence
from proda.records import Chain, Statement
from proda.stable_hash import by_weight


class Asked(NamedTuple):
    """What a question asks for: the concept `here`, which `before` leads to and which leads to `after`, as far as the question says."""

    before: str | None
    here: str
    after: str | None
    own: frozenset[str]  # the concepts that the sample names anyway
    course: frozenset[str]  # all concepts of the unit's own chain or link
    said: str = ""  # the statements that the sample words; a concept that they name is no wrong option


def asked_of(knowledge: Knowledge, path: list[Statement], before: str | None, here: str, after: str | None) -> Asked:
    """Return what a question about consecutive statements of a chain or link asks for."""
    course = knowledge.course(knowledge.chains[path[0].chain])
    own = frozenset(c for s in path for c in (s.subject, s.object))
    return Asked(before, here, after, own, course, " ".join(sentence(knowledge, s) for s in path))


def is_wrong(knowledge: Knowledge, asked: Asked, other: str) -> bool:
    """Return whether a concept is a wrong answer: nothing that is stated or defined makes it a right one."""
    if other in asked.course or other in beside(knowledge, asked.own) or mentions(asked.said, knowledge.concepts[other]):
        return False
    if asked.before is not None and knowledge.leads(asked.before, other):
        return False
    if asked.after is not None and knowledge.leads(other, asked.after):
        return False
    return all(told_apart(knowledge, other, asked.here, stem) for stem in (asked.before, asked.after))


def beside(knowledge: Knowledge, named: Iterable[str]) -> set[str]:
    """Return the concepts that an active statement joins with one of these, in either direction.

    A sample about A and B that also names a concept C beside B would show all three concepts of a bridge from A over B to C.
    """
    ends = {s.object for c in named for s in knowledge.by_subject.get(c, ())}
    return ends | {s.subject for c in named for s in knowledge.by_object.get(c, ())}


def adds_bridge(knowledge: Knowledge, text: str, named: Collection[str], course: Collection[str]) -> bool:
    """Return whether a text beside a sample that names these concepts would name a bridge, or the rest of the sample's own chain."""
    if any(mentions(text, knowledge.concepts[c]) for c in beside(knowledge, named) - {*named, *course}):
        return True
    return bool(course) and all(c in named or mentions(text, knowledge.concepts[c]) for c in course)


def rivals(knowledge: Knowledge, asked: Asked, *key: object) -> Iterator[str]:
    """Yield the wrong answers: first those that `distinct_from` names, in drawn order, then near concepts, nearest first.

    `distinct_from` changes only samples that ask for one of the two concepts. Items and probes use `near_concepts` alone, so that recording
    a confusion leaves the benchmark as it is.
    """
    first = by_weight(taken_for(knowledge, asked.here), "set apart", *key)
    # A concept of another discipline is no temptation; without it there are fewer options.
    near = near_in_discipline(knowledge, asked.before, asked.here, asked.after, asked.course, *key)
    near = (other for other in near if other not in first)
    return (other for other in chain(first, near) if is_wrong(knowledge, asked, other))


def picked(knowledge: Knowledge, asked: Asked, count: int, *key: object) -> tuple[str, ...]:
    """Return the first `count` wrong answers with which the sample leaves out at least two concepts of every other chain.

    A sample that names all concepts of a chain would give its items away; the explanation may add one more, hence two. No two of them
    have the same name or are joined by a statement.
    """
    found: list[str] = []
    for other in rivals(knowledge, asked, *key):
        different = name(knowledge, other) not in {name(knowledge, c) for c in found} and other not in beside(knowledge, found)
        if different and apart(knowledge, {*asked.own, *found, other}, asked.course):
            found.append(other)
        if len(found) == count:
            break
    return tuple(found)


def apart(knowledge: Knowledge, named: set[str], chain: frozenset[str]) -> bool:
    """Whether a sample that names these concepts leaves out at least two concepts of every chain other than `chain`, the unit's own."""
    courses = (c for concept in named for c in knowledge.courses.get(concept, ()))
    return all(course == chain or len(course - named) > 1 for course in courses)


def other_conditions(knowledge: Knowledge, statement: Statement, count: int, *key: object) -> tuple[str, ...]:
    """Return statements of other topics near by (near_topics.py) whose conditions differ from each other and from the statement's own.

    Conditions of the same topic may hold too. Statements that share a concept with this one are left out: no sample refers to both. So are
    conditions that name a concept which a statement joins to an end of this one.
    """
    ends = {statement.subject, statement.object}
    joined = beside(knowledge, ends) - ends
    found: dict[str, str] = {}
    _, *topics = near_topics(knowledge, statement.discipline, statement.topic)
    pool = [s for t in topics for s in knowledge.statements_of.get((statement.discipline, t), ()) if s.when]
    for other in by_weight(pool, *key, name=lambda s: s.id):
        words = condition_text(other)
        apart_from = ends.isdisjoint((other.subject, other.object))
        if apart_from and words != condition_text(statement) and not any(mentions(words, knowledge.concepts[c]) for c in joined):
            found.setdefault(words, other.id)
        if len(found) == count:
            break
    return tuple(found.values())


def condition_text(statement: Statement) -> str:
    """Return the conditions of a statement without the attribution: "in large populations"."""
    return " and ".join(statement.when)


def other_chains(knowledge: Knowledge, chain: Chain, side: str, count: int, *key: object) -> tuple[str, ...]:
    """Return chains of other topics near by that have preconditions, or exclusions, and share no concept with the chain."""
    course = knowledge.course(chain)
    _, *topics = near_topics(knowledge, chain.discipline, chain.topic)
    every = (c for t in topics for c in knowledge.chains_of.get((chain.discipline, t), ()) if getattr(c, side))
    fit = [c.id for c in every if course.isdisjoint(knowledge.course(c))]
    return tuple(by_weight(fit, *key)[:count])
