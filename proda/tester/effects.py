"""Effect items: if one thing increases, what happens to two others?

    Suppose that the budget deficit increases, and that nothing else changes from outside. What happens to saving and to the exchange rate?

The options are the four combinations of signs. Both effects start from the same concept and neither leads to the other, and whether it
increases or decreases is drawn, so that each combination is equally often right. The answer needs the signs of two or three statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product

from proda.graph import Knowledge
from proda.language.signs import Sign, composed, effect
from proda.language.wording import capital, name
from proda.records import Option, Statement
from proda.stable_hash import fraction, seed_of
from proda.tester.drafts import REACH, Draft, Kind, Site, Variant, fill, given, owner_of

STEMS: dict[Variant, tuple[str, ...]] = {
    "a": (
        "{given}Suppose that {cause} {changes}, and that nothing else changes from outside. What happens to {one} and to {other}?",
        "{given}{Cause} {changes} while all else stays the same. How do {one} and {other} respond?",
    ),
    "b": (
        "{given}What follows for {one} and for {other} if {cause} {changes} and nothing else interferes?",
        "{given}Only {cause} {changes}. In which direction do {one} and {other} move?",
    ),
}


def _sites(knowledge: Knowledge) -> Iterator[Site]:
    """Two branches from one concept, of at least two chains: one of one statement, the other of one or two."""
    signed = {
        s.id: s for s in knowledge.active_statements.values() if knowledge.relations[s.relation].step and effect(knowledge, s) is not None
    }
    for aside in signed.values():
        for first in knowledge.by_subject.get(aside.subject, ()):
            if first.id not in signed or first.object == aside.object:
                continue
            onward = [s for s in knowledge.by_subject.get(first.object, ()) if s.id in signed]
            for branch in ([first], *([first, second] for second in onward)):
                end = branch[-1].object
                concepts = {aside.subject, aside.object, first.object, end}
                if len(branch) == 1 and aside.id > first.id:
                    continue  # the same two branches the other way round
                if (
                    len(concepts) == 2 + len(branch)
                    and len({s.chain for s in (aside, *branch)}) > 1
                    and _apart(knowledge, aside, branch[-1])
                ):
                    yield Site(owner_of(knowledge, [*branch, aside]), (aside.id, *(s.id for s in branch)))


def _apart(knowledge: Knowledge, one: Statement, other: Statement) -> bool:
    """Whether neither effect brings about the other in a few steps, so that one does not tell the other."""
    return not _brings(knowledge, one.object, other.object) and not _brings(knowledge, other.object, one.object)


def _brings(knowledge: Knowledge, start: str, end: str) -> bool:
    frontier, seen = {start}, {start}
    for _ in range(REACH):
        steps = (s for concept in frontier for s in knowledge.by_subject.get(concept, ()) if knowledge.relations[s.relation].sign)
        frontier = {s.object for s in steps} - seen
        if end in frontier:
            return True
        seen |= frontier
    return False


def _write(knowledge: Knowledge, site: Site, variant: Variant, barred: frozenset[str], key: tuple[object, ...]) -> Draft | None:
    aside, *branch = site.path(knowledge)
    short, long = effect(knowledge, aside), composed(knowledge, branch)
    if short is None or long is None or not _agreed(knowledge, [aside], short) or not _agreed(knowledge, branch, long):
        return None
    direction: Sign = 1 if fraction("direction", *key) < 0.5 else -1
    branches = [(aside.object, direction * short, (aside,)), (branch[-1].object, direction * long, tuple(branch))]
    if fraction("turn", *key) < 0.5:
        branches.reverse()
    one, other = branches[0][0], branches[1][0]
    options = []
    for signs in product((1, -1), repeat=2):
        text = f"{_moves(knowledge, one, signs[0])}, {_moves(knowledge, other, signs[1])}"
        wrong = [b for b, sign in zip(branches, signs, strict=True) if b[1] != sign]
        because = " ".join(f"{capital(_moves(knowledge, concept, sign))}." for concept, sign, _ in wrong)
        breaks = [s.id for _, _, path in wrong for s in path]
        options.append(Option(text, "sign" if wrong else None, None, because, (), tuple(breaks)))
    right = next(o for o in options if o.operator is None)
    wrongs = tuple(o for o in options if o.operator is not None)
    if {right.text, *(o.text for o in wrongs)} & barred:
        return None
    stems = STEMS[variant]
    cause = _named(knowledge, aside.subject)
    places = {"given": given((aside, *branch)), "one": _named(knowledge, one), "other": _named(knowledge, other), "cause": cause}
    places |= {"Cause": capital(cause), "changes": _verb(knowledge, aside.subject, direction)}
    stem = fill(stems[seed_of("stem", *key) % len(stems)], **places)
    return Draft(capital(stem), right, wrongs, frozenset({aside.subject, *(s.object for s in branch), one, other}))


def _agreed(knowledge: Knowledge, branch: Sequence[Statement], wanted: Sign) -> bool:
    """Whether all statements that lead from the cause to the effect, in one or two steps, have the same sign as the branch."""
    end = branch[-1].object
    for step in knowledge.by_subject.get(branch[0].subject, ()):
        if step.object == end and knowledge.relations[step.relation].step and effect(knowledge, step) != wanted:
            return False
        for after in knowledge.by_subject.get(step.object, ()):
            both = knowledge.relations[step.relation].step and knowledge.relations[after.relation].step
            if after.object == end and both and composed(knowledge, [step, after]) != wanted:
                return False
    return True


def _named(knowledge: Knowledge, concept: str) -> str:
    """The concept with "the" in the place of "a": the item speaks of one case."""
    return re.sub(r"^an? ", "the ", name(knowledge, concept))


def _moves(knowledge: Knowledge, concept: str, sign: int) -> str:
    return f"{_named(knowledge, concept)} {_verb(knowledge, concept, sign)}"


def _verb(knowledge: Knowledge, concept: str, sign: int) -> str:
    word = "increase" if sign > 0 else "decrease"
    return word if knowledge.concepts[concept].plural else f"{word}s"


EFFECT = Kind("effect", _sites, _write, same_key=True)
