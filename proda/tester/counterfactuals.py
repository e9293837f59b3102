"""Counterfactual items: what would lose a cause if something did not happen?

    Suppose that there were no mismatch strain. Which of these would then lack one of its causes, by way of one other step?

The answer follows from two statements of different chains along relations without which the second thing does not come about by this
route. Distractors do not depend on the missing concept; the half-right one lies upstream of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from proda.graph import Knowledge
from proda.language.neighbours import near_concepts
from proda.language.signs import polarity
from proda.language.wording import bare_name, capital, name, sentence
from proda.records import Operator, Option, Statement
from proda.stable_hash import by_weight, seed_of
from proda.tester.drafts import Draft, Kind, Site, Variant, apart, chosen, concept_option, fill, owner_of

STEMS: dict[Variant, tuple[str, ...]] = {
    "a": (
        "Suppose that there were no {stopped}. Which of these would lack one of its causes, by way of one other step?",
        "Take away {stopped} and leave the rest as it is. Which of these loses a cause, two steps on?",
    ),
    "b": (
        "In a case without {stopped}, which of these has one cause fewer, because the step between them is missing too?",
        "Imagine that {stopped} could be ruled out. For which of these would a cause be ruled out, by way of one other step?",
    ),
}


def _sites(knowledge: Knowledge) -> Iterator[Site]:
    for first in knowledge.active_statements.values():
        if not _brings(knowledge, first):
            continue
        for second in knowledge.by_subject.get(first.object, ()):
            if _brings(knowledge, second) and apart([first, second]) and second.object not in (first.subject, first.object):
                yield Site(owner_of(knowledge, [first, second]), (first.id, second.id))


def _brings(knowledge: Knowledge, statement: Statement) -> bool:
    """Whether the object does not come about by this route without the subject."""
    ends = ((statement.subject, statement.subject_as), (statement.object, statement.object_as))
    return knowledge.relations[statement.relation].generative and all(polarity(knowledge, c, worded) == 1 for c, worded in ends)


def _write(knowledge: Knowledge, site: Site, variant: Variant, barred: frozenset[str], key: tuple[object, ...]) -> Draft | None:
    first, second = site.path(knowledge)
    stopped, between, gone = first.subject, first.object, second.object
    right = concept_option(knowledge, gone, None, "", (), (first.triple, second.triple))
    wrongs = chosen(_distractors(knowledge, first, second, key), right, barred)
    if wrongs is None:
        return None
    stems = STEMS[variant]
    stem = fill(stems[seed_of("stem", *key) % len(stems)], stopped=bare_name(knowledge, stopped))
    return Draft(stem, right, wrongs, frozenset({stopped, between, gone, *(t[0] for o in wrongs for t in o.triples)}))


def _distractors(knowledge: Knowledge, first: Statement, second: Statement, key: tuple[object, ...]) -> Iterator[Option]:
    """Yield one concept upstream of what is missing, then near concepts of what is lost; none depends on what is missing."""
    stopped, between, gone = first.subject, first.object, second.object
    number = knowledge.concepts[gone].plural

    def option(concept: str, operator: Operator, because: str, *breaks: Statement) -> Option:
        # The triple says what the option claims: that the missing concept is behind it.
        return concept_option(knowledge, concept, operator, because, [s.id for s in breaks], ((concept, second.relation, gone),))

    upstream = [
        option(s.subject, "half", f"{capital(sentence(knowledge, s))}: it comes before {name(knowledge, stopped)}.", first)
        for s in knowledge.by_object.get(stopped, ())
        if s.subject not in (between, gone) and knowledge.concepts[s.subject].plural == number and not knowledge.leads(stopped, s.subject)
    ]
    beside = [
        option(s.subject, "half", f"{capital(sentence(knowledge, s))}, without {name(knowledge, stopped)}.", first)
        for s in knowledge.by_object.get(gone, ())
        if s.subject not in (stopped, between) and knowledge.concepts[s.subject].plural == number and not knowledge.leads(stopped, s.subject)
    ]
    for half in (upstream, beside):
        yield from by_weight(half, "half", *key, name=lambda o: o.text)[:1]
    near = near_concepts(knowledge, stopped, gone, None, frozenset({stopped, between}), *key)
    yield from (option(c, "near", f"It does not depend on {name(knowledge, stopped)}.", first, second) for c in near)


COUNTERFACTUAL = Kind("counterfactual", _sites, _write)
