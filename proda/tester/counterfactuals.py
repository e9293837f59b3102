"""Counterfactual items: what would lose a cause if something did not come about?

    Suppose that there were no mismatch strain. Which of these would lack one of its causes, by way of another step?

The answer follows from two statements of different chains, or from three of one chain, along relations without which the next thing does
not come about by this route. Distractors do not depend on the missing concept; half-right ones lie upstream of it, or beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proda.graph import Knowledge
from proda.language.neighbours import near_concepts
from proda.language.signs import polarity
from proda.language.wording import bare_name, capital, name, sentence
from proda.records import Operator, Option, Statement
from proda.stable_hash import by_weight, seed_of
from proda.tester.drafts import Draft, Kind, Site, Variant, apart, chosen, concept_option, fill, owner_of

STEMS: dict[Variant, tuple[str, ...]] = {
    "a": (
        "Suppose that there were no {stopped}. Which of these would lack one of its causes, by way of {steps}?",
        "Leave {stopped} out of the picture and everything else as it is. Which of these loses a cause, by way of {steps}?",
    ),
    "b": (
        "In a case without {stopped}, which of these has one cause fewer, by way of {steps}?",
        "Imagine that {stopped} could be ruled out. For which of these would a cause be ruled out, by way of {steps}?",
    ),
}
STEPS = {2: "another step", 3: "two other steps"}
BRINGING = frozenset({"causes", "enables", "produces", "triggers", "increases", "becomes"})


def _sites(knowledge: Knowledge) -> Iterator[Site]:
    for first in knowledge.active_statements.values():
        if not _brings(knowledge, first):
            continue
        for second in knowledge.by_subject.get(first.object, ()):
            if _brings(knowledge, second) and apart([first, second]) and second.object not in (first.subject, first.object):
                yield Site(owner_of(knowledge, [first, second]), (first.id, second.id))
    for chain in knowledge.active_chains():
        path = knowledge.path(chain)
        for row in zip(path, path[1:], path[2:], strict=False):
            if all(_brings(knowledge, s) for s in row):
                yield Site(chain.id, tuple(s.id for s in row))


def _brings(knowledge: Knowledge, statement: Statement) -> bool:
    """Whether the subject is a cause of the object, of the bare concept and not of less of it or of something else about it."""
    ends = ((statement.subject, statement.subject_as), (statement.object, statement.object_as))
    return statement.relation in BRINGING and all(polarity(knowledge, c, worded) == 1 for c, worded in ends)


def _write(knowledge: Knowledge, site: Site, variant: Variant, barred: frozenset[str], key: tuple[object, ...]) -> Draft | None:
    path = site.path(knowledge)
    stopped, gone = path[0].subject, path[-1].object
    right = concept_option(knowledge, gone, None, "", (), [s.triple for s in path])
    wrongs = chosen(_distractors(knowledge, path, key), right, barred)
    if wrongs is None:
        return None
    stems = STEMS[variant]
    stem = fill(stems[seed_of("stem", *key) % len(stems)], stopped=bare_name(knowledge, stopped), steps=STEPS[len(path)])
    mentioned = {stopped, gone, *(s.object for s in path), *(t[0] for o in wrongs for t in o.triples)}
    return Draft(stem, right, wrongs, frozenset(mentioned))


def _distractors(knowledge: Knowledge, path: Sequence[Statement], key: tuple[object, ...]) -> Iterator[Option]:
    """Yield one concept upstream of what is missing, one beside it, then near concepts of what is lost; none depends on what is missing."""
    first, last = path[0], path[-1]
    stopped, gone = first.subject, last.object
    course = {stopped, gone, *(s.object for s in path)}
    number = knowledge.concepts[gone].plural

    def fits(concept: str) -> bool:
        return concept not in course and knowledge.concepts[concept].plural == number and not knowledge.leads(stopped, concept)

    def option(concept: str, operator: Operator, because: str, breaks: Sequence[Statement]) -> Option:
        triples = ((concept, last.relation, gone),)  # names the concept; the option states no path
        return concept_option(knowledge, concept, operator, because, [s.id for s in breaks], triples)

    before, without = f"it comes before {name(knowledge, stopped)}", f"without {name(knowledge, stopped)}"
    upstream = [
        option(s.subject, "half", f"{capital(sentence(knowledge, s))}: {before}.", [first])
        for s in knowledge.by_object.get(stopped, ())
        if fits(s.subject)
    ]
    beside = [
        option(s.subject, "half", f"{capital(sentence(knowledge, s))}, {without}.", [last])
        for s in knowledge.by_object.get(gone, ())
        if fits(s.subject)
    ]
    for half in (upstream, beside):
        yield from by_weight(half, "half", *key, name=lambda o: o.text)[:1]
    near = near_concepts(knowledge, stopped, gone, None, frozenset(course - {gone}), *key)
    yield from (option(c, "near", f"It does not depend on {name(knowledge, stopped)}.", path) for c in near)


COUNTERFACTUAL = Kind("counterfactual", _sites, _write, same_key=True)
