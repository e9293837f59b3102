"""The text of a sample → the triples that it asserts, and those that contradict the knowledge.

    asserted(reader, sample)        {("physics/heating", "causes", "physics/thermal-expansion")}
    contradictions(reader, samples, "physics/bimetal-strip-bends.s1")       samples that contradict the statement, and how

The nodes of a sample say what it was made for, but an error in the data is in its text. Concepts are found by their names and relations
by their phrases, in questions with their answers, in sentences with a gap, in claims and in explanations. What a statement adds to a
concept ("a high …") is read over where it stands as in the statement. A triple in other words is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from proda.language.wording import GAP, Triple
from proda.records import Concept, Relation, Sample, Statement

if TYPE_CHECKING:
    from proda.graph import Knowledge

MARK = r"⟦([^⟧]*)⟧"


class Reader:
    """Knowledge prepared for reading texts: names by discipline, and relations as patterns over marked text."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._names: dict[str, tuple[re.Pattern[str], dict[str, str]]] = {}

    @cached_property
    def patterns(self) -> dict[str, tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]]:
        """Relation → patterns of the phrase, the inverse phrase, the question for the object, and the question for the subject."""
        return {r.id: _patterns(r) for r in self.knowledge.relations.values()}

    def marked(self, text: str, discipline: str) -> str:
        """Replace each name of a concept of the discipline, longest first, by its id in brackets."""
        pattern, ids = self._discipline(discipline)
        found = pattern.sub(lambda m: f"⟦{ids[m[0].lower()]}⟧", text)
        return re.sub(MARK + r", which ", r"⟦\1⟧; ⟦\1⟧ ", found)

    def _discipline(self, discipline: str) -> tuple[re.Pattern[str], dict[str, str]]:
        if discipline not in self._names:
            ids: dict[str, str] = {}
            mentioned = {c for s in self.knowledge.active_statements.values() if s.discipline == discipline for c in (s.subject, s.object)}
            for concept in sorted(mentioned | {c.id for c in self.knowledge.concepts.values() if c.discipline == discipline}):
                for name in _names(self.knowledge.concepts[concept]):
                    ids.setdefault(name.lower(), concept)
            names = "|".join(re.escape(name) for name in sorted(ids, key=lambda n: (-len(n), n)))
            self._names[discipline] = re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE), ids
        return self._names[discipline]

    def bare(self, text: str, statement: Statement) -> str:
        """Return a marked text without what the statement adds to its concepts, whichever concept stands there: "a high ⟦…⟧" → "⟦…⟧"."""
        for concept, worded in ((statement.subject, statement.subject_as), (statement.object, statement.object_as)):
            before, mark, after = self.marked(worded or "", statement.discipline).partition(f"⟦{concept}⟧")
            if mark:
                pattern = rf"(?<!\w){re.escape(before)}{MARK}{re.escape(after)}(?!\w)"
                text = re.sub(pattern, r"⟦\1⟧", text, flags=re.IGNORECASE)
        return text

    def aside(self, statement: Statement) -> set[str]:
        """Return the concepts that the wordings of a statement name beside its own: "⟦light scattering⟧ in thin ⟦silicon⟧"."""
        worded = " ".join(filter(None, (statement.subject_as, statement.object_as)))
        return {*re.findall(MARK, self.marked(worded, statement.discipline))} - {statement.subject, statement.object}


def asserted(reader: Reader, sample: Sample) -> set[Triple]:
    """Return the triples that the sample states as true, with the relations of the statements it was made for, or opposite ones."""
    knowledge = reader.knowledge
    made_for = [knowledge.statements[n] for n in sample.nodes if n in knowledge.statements]
    if not made_for:
        return set()
    relations = {s.relation for s in made_for}
    relations |= {opposite for r in relations if (opposite := knowledge.relations[r].opposite) in knowledge.relations}
    discipline = made_for[0].discipline
    told = reader.marked(sample.explanation, discipline)
    asked = reader.marked(sample.question, discipline)
    answer = re.fullmatch(MARK, reader.marked(sample.answer, discipline))  # None if the answer is not a single concept
    if answer is not None and GAP in asked:
        told = f"{asked.replace(GAP, answer[0])} {told}"
    if sample.format == "true-false" and sample.answer.lower().startswith("true"):
        told = f"{asked} {told}"
    for statement in made_for:
        told, asked = reader.bare(told, statement), reader.bare(asked, statement)
    found: set[Triple] = set()
    for relation in relations:
        forwards, backwards, for_object, for_subject = reader.patterns[relation]
        found |= {(s, relation, o) for s, o in forwards.findall(told)}
        found |= {(s, relation, o) for o, s in backwards.findall(told)}
        if answer is not None and sample.format != "true-false":
            found |= {(s, relation, answer[1]) for s in for_object.findall(asked)}
            found |= {(answer[1], relation, o) for o in for_subject.findall(asked)}
    return found


def contradictions(reader: Reader, samples: Iterable[Sample], statement: str) -> Iterator[tuple[Sample, Triple]]:
    """Yield samples made for a statement that contradict it, with the contradicting triple.

    A triple contradicts the statement if it has the same relation and one of its ends with another concept at the other end, or is its
    inversion, or has the opposite relation between the same ends; and if the knowledge neither states nor implies the triple. A triple
    about both ends of another statement that the sample was made for counts against that statement only. A concept that the statement's
    own wording names besides is no end of it.
    """
    truth = reader.knowledge.statements[statement]
    opposite, ends = reader.knowledge.relations[truth.relation].opposite, {truth.subject, truth.object}
    aside = reader.aside(truth)
    for sample in samples:
        if statement not in sample.nodes:
            continue
        made_for = (reader.knowledge.statements[n] for n in sample.nodes if n in reader.knowledge.statements)
        of_others = [pair for s in made_for if (pair := {s.subject, s.object}) != ends]
        for triple in sorted(asserted(reader, sample)):
            elsewhere = {triple[0], triple[2]} in of_others or not aside.isdisjoint((triple[0], triple[2]))
            if not elsewhere and _against(triple, truth, opposite) and not reader.knowledge.holds(*triple):
                yield sample, triple
                break


def _against(triple: Triple, truth: Statement, opposite: str | None) -> bool:
    subject, relation, obj = triple
    if relation == opposite and relation != truth.relation:
        return (subject, obj) == (truth.subject, truth.object)
    turned = (subject, obj) == (truth.object, truth.subject)
    return relation == truth.relation and (subject == truth.subject or obj == truth.object or turned)


def _names(concept: Concept) -> set[str]:
    return {concept.text, concept.term, *concept.aliases}


def _patterns(relation: Relation) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    article = r"(?:an? |the )?"
    said = _any_of(relation.phrase, relation.plural, relation.past, relation.past_plural)
    back = _any_of(relation.inverse, relation.inverse_plural, relation.inverse_past, relation.inverse_past_plural)
    return (
        re.compile(rf"{MARK} (?:{said}) {article}{MARK}"),
        re.compile(rf"{MARK} (?:{back}) {article}{MARK}"),
        _asking(relation.ask_object, "s"),
        _asking(relation.ask_subject, "o"),
    )


def _any_of(*phrases: str) -> str:
    return "|".join(re.escape(p) for p in sorted({p for p in phrases if p}))


def _asking(form: str, place: str) -> re.Pattern[str]:
    """The question of a relation as a pattern with a group for the concept that it names. Case-insensitive."""
    text = re.escape(form)
    for hole, pattern in (("{does}", "(?:does|do|did)"), ("{is}", "(?:is|are|was|were)"), (f"{{{place}}}", MARK)):
        text = text.replace(re.escape(hole), pattern)
    return re.compile(text, re.IGNORECASE)
