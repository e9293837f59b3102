"""Bridge items: which concept completes two statements of different chains?

    One concept completes both statements: “heating causes …” and “… increases the line resistance”. Which one?

Distractors are half right where the knowledge allows it: one follows from the first statement's subject and does not lead on, one leads
to the second statement's object and does not follow. The others are near concepts of the same type.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from proda.graph import Knowledge
from proda.language.neighbours import near_concepts
from proda.language.wording import bare_name, capital, gapped, sentence
from proda.records import Operator, Option, Statement
from proda.stable_hash import by_weight, seed_of
from proda.tester.drafts import REACH, Draft, Kind, Site, Variant, alike, apart, chosen, concept_option, fill, owner_of

NEAR = 12  # near concepts that are considered
STEMS: dict[Variant, tuple[str, ...]] = {
    "a": (
        "One concept completes both statements: “{First}” and “{Second}”. Which one?",
        "The same concept is missing twice: “{First}”, and “{Second}”. Which concept is it?",
    ),
    "b": (
        "Two statements meet in one concept. The first: “{First}”. The second: “{Second}”. Name the concept.",
        "Fill both gaps with one concept: “{First}”; “{Second}”.",
    ),
}


def _sites(knowledge: Knowledge) -> Iterator[Site]:
    for first in knowledge.active_statements.values():
        for second in knowledge.by_subject.get(first.object, ()):
            if apart([first, second]) and second.object not in (first.subject, first.object):
                yield Site(owner_of(knowledge, [first, second]), (first.id, second.id))


def _write(knowledge: Knowledge, site: Site, variant: Variant, barred: frozenset[str], key: tuple[object, ...]) -> Draft | None:
    first, second = site.path(knowledge)
    start, here, end = first.subject, first.object, second.object
    if _others(knowledge, start, here, end):
        return None
    said = (gapped(knowledge, first, "object"), gapped(knowledge, second, "subject"))
    right = concept_option(knowledge, here, None, "", (), (first.triple, second.triple))
    wrongs = chosen(_distractors(knowledge, first, second, said, key), right, barred)
    if wrongs is None:
        return None
    stems = STEMS[variant]
    stem = fill(stems[seed_of("stem", *key) % len(stems)], First=capital(said[0]), Second=capital(said[1]))
    mentioned = {start, here, end, *(t[2] for o in wrongs for t in o.triples[:1])}
    return Draft(stem, right, wrongs, frozenset(mentioned))


def _others(knowledge: Knowledge, start: str, here: str, end: str) -> bool:
    """Whether another concept follows from the start and leads to the end, each by one statement: a second right answer."""
    after = {s.object for s in knowledge.by_subject.get(start, ())} - {here}
    before = {s.subject for s in knowledge.by_object.get(end, ())} - {here}
    return not after.isdisjoint(before)


def _distractors(
    knowledge: Knowledge, first: Statement, second: Statement, said: tuple[str, str], key: tuple[object, ...]
) -> Iterator[Option]:
    """Yield distractors: one of each half, then near concepts, then the other halves."""
    start, here, end = first.subject, first.object, second.object
    number = knowledge.concepts[here].plural

    def fits(concept: str) -> bool:
        return concept not in (start, here, end) and knowledge.concepts[concept].plural == number

    def option(concept: str, because: str, *breaks: Statement) -> Option:
        triples = ((start, first.relation, concept), (concept, second.relation, end))
        operator: Operator = "half" if len(breaks) == 1 else "near"
        return concept_option(knowledge, concept, operator, because, [s.id for s in breaks], triples)

    term = bare_name(knowledge, here)
    onward = [s for s in knowledge.by_subject.get(start, ()) if fits(s.object) and not knowledge.leads(s.object, end, REACH)]
    inward = [s for s in knowledge.by_object.get(end, ()) if fits(s.subject) and not knowledge.leads(start, s.subject, REACH)]
    halves = [
        [option(s.object, f"{capital(sentence(knowledge, s))}. But “{said[1]}” is completed by {term}.", second) for s in onward],
        [option(s.subject, f"{capital(sentence(knowledge, s))}. But “{said[0]}” is completed by {term}.", first) for s in inward],
    ]
    halves = [by_weight(half, "half", *key, name=lambda o: o.text) for half in halves]
    near = list(islice(near_concepts(knowledge, start, here, end, frozenset({start, end}), *key), NEAR))
    near = alike(near, lambda c: bare_name(knowledge, c), term, " ".join(said))
    rest = (option(c, f"Both gaps are filled by {term}.", first, second) for c in near)
    yield from (half[0] for half in halves if half)
    yield from rest


BRIDGE = Kind("bridge", _sites, _write, same_key=True)
