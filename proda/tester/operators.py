"""Operators that turn a chain's path into a wrong one, each verified wrong for a stem that asks from its first to its last concept.

    path           heating causes expansion, which produces strain, which causes bending
    substitution   heating causes expansion, which produces *annealing*, which causes bending     (a near concept of the same type)
    inversion      heating causes *strain*, which produces *expansion*, which causes bending      (two concepts change places)
    truncation     heating causes expansion, which produces strain                                (stops short of what was asked)
    detour         heating causes expansion; *annealing lowers hardness*; strain causes bending   (true, but does not connect)

A substitution or inversion is used only if it contains a triple that is neither stated nor implied, and a detour only if all of its
triples are stated. Adversarial distractors: paper, §3.3. The detour and the verification are additions of this project.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from proda.graph import Knowledge
from proda.language.wording import Triple, clause, name
from proda.records import Operator, Statement
from proda.stable_hash import by_weight


class Wrong(msgspec.Struct, frozen=True):
    """A wrong path: its triples, the operator that made it, and why it is wrong."""

    triples: tuple[Triple, ...]
    operator: Operator
    because: str


def concepts_along(triples: Sequence[Triple]) -> list[str]:
    """Return the first subject and then every object: k + 1 concept ids for k triples."""
    return [triples[0][0], *(t[2] for t in triples)]


def along(concepts: Sequence[str], relations: Sequence[str]) -> tuple[Triple, ...]:
    """Return the k triples that join k + 1 `concepts` by k `relations`, in order."""
    return tuple(zip(concepts, relations, concepts[1:], strict=False))


def unsupported(knowledge: Knowledge, triples: Sequence[Triple], *, strict: bool = True) -> Triple | None:
    """Return the first triple that is neither stated nor implied, or None if all hold.

    With `strict`, a triple whose subject leads to its object by any path of statements does not count as wrong either: a step that
    skips what lies between may be true in the world.
    """
    return next((t for t in triples if not knowledge.holds(*t) and not (strict and knowledge.leads(t[0], t[2]))), None)


def substitution(knowledge: Knowledge, path: Sequence[Triple], place: int, other: str) -> Wrong | None:
    """Replace concept number `place` (1 … k - 1) of the path by `other`. None if the result is not verified wrong."""
    concepts = concepts_along(path)
    concepts[place] = other
    return _verified(knowledge, along(concepts, [t[1] for t in path]), "substitution")


def inversion(knowledge: Knowledge, path: Sequence[Triple], one: int, two: int) -> Wrong | None:
    """Exchange concepts number `one` and `two` of the path. None if the result is not verified wrong."""
    concepts = concepts_along(path)
    concepts[one], concepts[two] = concepts[two], concepts[one]
    return _verified(knowledge, along(concepts, [t[1] for t in path]), "inversion")


def truncation(knowledge: Knowledge, path: Sequence[Triple]) -> Wrong | None:
    """Remove the last triple. The rest may be true, but does not reach the concept that the stem asks for."""
    if len(path) < 2:
        return None
    end, goal = path[-2][2], path[-1][2]
    return Wrong(tuple(path[:-1]), "truncation", f"It stops at {name(knowledge, end)}, short of {name(knowledge, goal)}.")


def detour(knowledge: Knowledge, path: Sequence[Triple], place: int, aside: Sequence[Statement]) -> Wrong | None:
    """Replace triple number `place` by true statements that do not connect its two ends. None if they do connect them."""
    start, _, goal = path[place]
    if not aside or any(knowledge.leads(start, s.subject) or s.subject == start for s in aside[:1]) or aside[-1].object == goal:
        return None
    triples = (*path[:place], *(s.triple for s in aside), *path[place + 1 :])
    because = f"Its statements are true, but nothing in them connects {name(knowledge, start)} with {name(knowledge, goal)}."
    return Wrong(triples, "detour", because)


def asides(knowledge: Knowledge, statement: Statement, path: Sequence[Triple], *key: object) -> list[Statement]:
    """Return statements of the same topic that share no concept with the path, ranked by a hash of `key`."""
    taken = set(concepts_along(path))
    pool = [
        other
        for concept in knowledge.concepts_of.get((statement.discipline, statement.topic), ())
        for other in knowledge.by_subject.get(concept, ())
        if other.topic == statement.topic and not {other.subject, other.object} & taken
    ]
    return by_weight(pool, *key, name=lambda s: s.id)


def _verified(knowledge: Knowledge, triples: tuple[Triple, ...], operator: Operator) -> Wrong | None:
    false = unsupported(knowledge, triples)
    if false is None:
        return None
    return Wrong(triples, operator, f"“{clause(knowledge, false)}” is neither stated nor implied.")
