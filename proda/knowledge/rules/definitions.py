"""A definition is a noun phrase without a full stop that does not use its own term. A warning: there are good exceptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile

_SENTENCE = re.compile(r"(?i:it|they|this|that|these|when|where|if|is|are|means|refers)\b")


def check(topic: TopicFile, _context: Context) -> Iterator[Violation]:
    """Definitions that end in a full stop, start like a sentence, or repeat the term."""
    for name, concept in topic.concepts.items():
        where = ("concepts", name, "definition")
        text = concept.definition
        if text.endswith("."):
            yield Violation(where, "A definition has no full stop at its end. Remove it, or run `proda check --fix`.")
        if _SENTENCE.match(text):
            yield Violation(where, f"Starts with '{text.split()[0]}', expected a noun phrase. '… is ⟨definition⟩' must be a sentence.")
        if concept.term.casefold() in text.casefold() and re.search(rf"(?<!\w){re.escape(concept.term.casefold())}(?!\w)", text.casefold()):
            yield Violation(where, f"Uses its own term, '{concept.term}'. Define it in other words.")


def fix(document: dict[str, Any], _context: Context) -> None:
    """Remove the full stop that ends a definition."""
    for concept in (document.get("concepts") or {}).values():
        text = concept["definition"]
        if text.endswith(".") and not text.endswith(".."):
            concept["definition"] = type(text)(text[:-1])


RULE = Rule(
    name="definitions",
    description="Definitions are noun phrases that do not use their term.",
    severity="warning",
    check_topic=check,
    fix_topic=fix,
)
