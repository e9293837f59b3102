"""Every statement quotes its source: the quote stands at its span, character for character.

Spans are half-open, in Unicode code points of the source's NFC text. A missing span is filled in by `--fix` where the quote
occurs exactly once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile
from proda.knowledge.tree import source_path


def check(topic: TopicFile, context: Context) -> Iterator[Violation]:
    """Steps whose quote is not where the span says, or nowhere, and sources that cannot be read."""
    main = context.source(topic.source)
    if main is None:
        yield Violation(("source",), f"There is no {source_path(topic.source)}. Add the text, or mend the source.")
    elif main.text is None:
        yield Violation(("source",), f"{source_path(topic.source)} cannot be used: {main.refusal}")
    for name, chain in topic.chains.items():
        for index, step in enumerate(chain.steps):
            evidence = step.evidence
            where = ("chains", name, "steps", index, "evidence")
            found = context.source(evidence.source) if evidence.source else main
            if found is None or found.text is None:
                if evidence.source and evidence.source != topic.source:
                    yield Violation((*where, "source"), f"{source_path(evidence.source)} is missing or cannot be read. Mend it.")
                continue
            quote, text = nfc(evidence.quote), found.text
            if evidence.span and text[slice(*evidence.span)] == quote:
                continue
            yield Violation(where, _explained(quote, text, evidence.span))


def _explained(quote: str, text: str, span: tuple[int, int] | None) -> str:
    first = text.find(quote)
    short = quote if len(quote) <= 60 else f"{quote[:57]}…"
    if first < 0:
        return f"The source does not say “{short}”. Quote it verbatim, or choose another passage."
    if text.find(quote, first + 1) >= 0:
        return f"“{short}” occurs more than once in the source. Quote more of it, or give its span by hand."
    place = f"[{first}, {first + len(quote)}]"
    if span is None:
        return f"The span is missing; the quote stands at {place}. Run `proda check --fix`."
    return f"Got span [{span[0]}, {span[1]}], but the quote stands at {place}. Run `proda check --fix`."


def fix(document: dict[str, Any], context: Context) -> None:
    """Fill in the span of every quote that occurs exactly once in its source and is not already right."""
    for chain in (document.get("chains") or {}).values():
        for step in chain["steps"]:
            evidence = step["evidence"]
            found = context.source(evidence.get("source") or document["source"])
            quote = nfc(evidence["quote"])
            if found is None or found.text is None:
                continue
            span = evidence.get("span")
            first = found.text.find(quote)
            once = first >= 0 and found.text.find(quote, first + 1) < 0
            if once and (span is None or [int(n) for n in span] != [first, first + len(quote)]):
                evidence["span"] = [first, first + len(quote)]


def nfc(text: str) -> str:
    """`text` in Unicode normalisation form C, in which quotes and sources are compared and spans are counted."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


RULE = Rule(name="evidence", description="Quotes stand at their span in the source.", check_topic=check, fix_topic=fix)
