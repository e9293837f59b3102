"""A statement's text has 6 to 25 words. A warning: a shorter one rarely names both concepts, a longer one rarely says one thing."""

from __future__ import annotations

from collections.abc import Iterator

from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile

LEAST, MOST = 6, 25


def check(topic: TopicFile, _context: Context) -> Iterator[Violation]:
    """Texts with fewer than LEAST or more than MOST words."""
    for where, step in topic.statements():
        count = len(step.text.split())
        if not LEAST <= count <= MOST:
            advice = "Add the condition or the mechanism." if count < LEAST else "Keep one idea, and leave out the rest."
            words = "word" if count == 1 else "words"
            message = f"The text has {count} {words}, expected {LEAST} to {MOST}. {advice}"
            yield Violation((*where, "text"), message)


RULE = Rule(name="text-length", description="A text has 6 to 25 words.", severity="warning", check_topic=check)
