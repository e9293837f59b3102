"""Nothing that `proda new` leaves for the author to write is still missing: the topic has entries, its source has text."""

from __future__ import annotations

from collections.abc import Iterator

from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile
from proda.knowledge.tree import source_path

PLACEHOLDER = "TODO:"  # starts a line of a source that is still to be written


def check(topic: TopicFile, context: Context) -> Iterator[Violation]:
    """Topics without any concept and chain, and placeholder lines in their source."""
    if not topic.concepts and not topic.chains:
        yield Violation(
            ("chains",),
            "The topic is empty, expected concepts and a chain of at least three statements. Write them as knowledge/GUIDE.md says,"
            " then run `proda check --fix`.",
        )
    source = context.source(topic.source)
    for number, line in enumerate((source.text or "").splitlines() if source else (), start=1):
        if line.startswith(PLACEHOLDER):
            message = f"This line is a placeholder ('{line[:60]}'). Write the text."
            yield Violation(("source",), message, source_path(topic.source), number)


RULE = Rule(name="drafts", description="Topics have entries, and sources hold no placeholder.", check_topic=check)
