"""A statement's `subject_as` and `object_as` name their concept, and its conditions are phrases that can begin a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from proda.knowledge.rules.mentions import folded, names_in_other_forms, place_of
from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile

_CAPITALISED_STOP = (".", "!", "?", ";")


def check(topic: TopicFile, _context: Context) -> Iterator[Violation]:
    """Wordings that do not name their concept, and conditions that hold a whole sentence."""
    for where, statement in topic.statements():
        for field, reference, wording in (
            ("subject_as", statement.subject, statement.subject_as),
            ("object_as", statement.object, statement.object_as),
        ):
            concept = topic.concepts.get(reference)
            if wording is None or concept is None:
                continue
            names = (concept.term, *concept.aliases)
            if place_of(folded(wording), names) is None and not names_in_other_forms(folded(wording), names):
                message = f"'{wording}' does not name the concept, '{concept.term}'. Word it with the term or an alias."
                yield Violation((*where, field), message)
        for index, condition in enumerate(statement.when):
            if condition.endswith(_CAPITALISED_STOP):
                message = f"'{condition}' ends like a sentence. Write a phrase, such as 'at constant temperature'."
                yield Violation((*where, "when", index), message)


RULE = Rule(name="qualifiers", description="Qualified wordings name their concept.", check_topic=check)
