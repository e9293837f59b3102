"""Every chain and every link names a published work in which it can be checked. A warning: a draft may not have one yet."""

from __future__ import annotations

from collections.abc import Iterator

from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile


def check(topic: TopicFile, _context: Context) -> Iterator[Violation]:
    """Chains and links in use that name no reference."""
    for kind, entries in (("chains", topic.chains), ("links", topic.links)):
        for name, entry in entries.items():
            if entry.reference is None and entry.status == "active":
                message = "No reference is given. Name a textbook, handbook or paper: `reference: {author: …, title: …, year: …}`."
                yield Violation((kind, name), message)


RULE = Rule(name="referenced", description="Chains and links name a reference.", severity="warning", check_topic=check)
