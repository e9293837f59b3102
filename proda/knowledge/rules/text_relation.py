"""A statement's text says the relation of its triple. A warning: a sentence may word the relation in a way that is not known here."""

from __future__ import annotations

from collections.abc import Iterator

from proda.knowledge.rules.mentions import folded, worded
from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile


def check(topic: TopicFile, context: Context) -> Iterator[Violation]:
    """Texts in which no word for the relation is found, with the relation that is found in its place, if there is one."""
    for where, step in topic.statements():
        relation = context.relations.get(step.relation)
        sentence = folded(step.text)
        if relation is None or worded(relation).search(sentence):
            continue
        others = [r for r in context.relations.values() if r.phrase in sentence or r.plural in sentence]
        instead = f" It says '{others[0].phrase}' ({others[0].id})." if others else ""
        message = f"The text does not say '{relation.phrase}'.{instead} Reword the text, or choose another relation."
        yield Violation((*where, "text"), message)


RULE = Rule(name="text-relation", description="A text says the relation of its triple.", severity="warning", check_topic=check)
