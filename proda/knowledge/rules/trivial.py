"""A statement says more than the definition of its object. A warning: such a statement can still be worth testing."""

from __future__ import annotations

from collections.abc import Iterator

from proda.knowledge.rules.mentions import folded, place_of
from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile


def check(topic: TopicFile, _context: Context) -> Iterator[Violation]:
    """Statements whose object is defined in the same topic, in words that hold the subject's term or an alias."""
    defined = {name: folded(concept.definition) for name, concept in topic.concepts.items()}
    for where, step in topic.statements():
        subject, target = topic.concepts.get(step.subject), topic.concepts.get(step.object)
        if subject is None or target is None:
            continue
        if place_of(defined[step.object], (subject.term, *subject.aliases)) is not None:
            message = (
                f"The definition of the object, '{target.term}', names the subject, '{subject.term}': the statement may follow from the"
                " definition alone. Define the object in other words, or choose a statement that says more."
            )
            yield Violation(where, message)


RULE = Rule(name="trivial", description="A statement says more than the definition of its object.", severity="warning", check_topic=check)
