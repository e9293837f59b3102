"""Every relation used is defined in knowledge/relations.yaml."""

from __future__ import annotations

from collections.abc import Iterator

from proda.errors import closest
from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile


def check(topic: TopicFile, context: Context) -> Iterator[Violation]:
    """Steps whose relation is not defined, with the closest one that is."""
    for where, step in topic.statements():
        if step.relation not in context.relations:
            close = closest(step.relation, context.relations)
            hint = f"Closest: '{close}'." if close else f"Known: {', '.join(sorted(context.relations))}."
            yield Violation(
                (*where, "relation"),
                f"'{step.relation}' is not a relation. {hint} Use one of knowledge/relations.yaml.",
            )


RULE = Rule(name="relations", description="Relations are defined in relations.yaml.", check_topic=check)
