"""Every statement quotes its source, and the quote stands at its span, character for character.

Spans are half-open, in Unicode code points of the source's NFC text with line feeds for line ends. `--fix` fills in a missing span if the
quote occurs exactly once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from proda.knowledge.characters import is_invisible, name_of, odd_spaces
from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile, statements_in
from proda.knowledge.tree import source_path

_WORD = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?]) ")
_TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "‑": "-", "−": "-"})


def check(topic: TopicFile, context: Context) -> Iterator[Violation]:
    """Steps whose quote is not at its span or not in the source, and sources that cannot be read."""
    main = context.source(topic.source)
    if main is None:
        yield Violation(("source",), f"There is no {source_path(topic.source)}. Add the text, or fix the source.")
    elif main.text is None:
        yield Violation(("source",), f"{source_path(topic.source)} cannot be used: {main.refusal}")
    for place, step in topic.statements():
        evidence = step.evidence
        where = (*place, "evidence")
        found = context.source(evidence.source) if evidence.source else main
        if found is None or found.text is None:
            if evidence.source and evidence.source != topic.source:
                yield Violation((*where, "source"), f"{source_path(evidence.source)} is missing or cannot be read. Add or fix it.")
            continue
        quote, text = nfc(evidence.quote), found.text
        if evidence.span and text[slice(*evidence.span)] == quote:
            continue
        yield Violation(where, _explained(quote, text, evidence.span, source_path(evidence.source or topic.source)))


def _explained(quote: str, text: str, span: tuple[int, int] | None, file: str) -> str:
    first = text.find(quote)
    short = quote if len(quote) <= 60 else f"{quote[:57]}…"
    if first < 0 and (difference := _difference(quote, text)):
        return difference
    if first < 0:
        return f"{file} does not say “{short}”. {_nearest(quote, text)}Quote it verbatim, or choose another passage."
    if text.find(quote, first + 1) >= 0:
        return f"“{short}” occurs more than once in the source. Quote more of it, or give its span by hand."
    place = f"[{first}, {first + len(quote)}]"
    if span is None:
        return f"The span is missing; the quote stands at {place}. Run `proda check --fix`."
    return f"Got span [{span[0]}, {span[1]}], but the quote stands at {place}. Run `proda check --fix`."


def _nearest(quote: str, text: str) -> str:
    """The sentence of the source that shares most words with the quote, as a hint; empty if none shares half of them."""
    wanted = set(_WORD.findall(quote.casefold()))
    sentences = [
        (number, sentence)
        for number, line in enumerate(text.splitlines(), start=1)
        for sentence in _SENTENCE_END.split(line)
        if sentence.strip()
    ]
    shared = [len(wanted & set(_WORD.findall(sentence.casefold()))) for _, sentence in sentences]
    if not shared or 2 * max(shared) < len(wanted):
        return ""
    number, sentence = sentences[shared.index(max(shared))]
    return f"Line {number} says “{sentence if len(sentence) <= 200 else sentence[:199] + '…'}”. "


def _difference(quote: str, text: str) -> str:
    """What a quote and the passage of the source that it is nearly equal to differ in; empty if there is no such passage."""
    words = quote.split()
    passage = re.search(r"\s+".join(map(re.escape, words)), text) if words else None
    if passage is not None:
        there, here = passage[0], quote
        line = text.count("\n", 0, passage.start() + max(there.find("\n"), 0)) + 1
        if "\n" in there:
            return f"The quote differs from the source in white space: a line break after line {line} of the source. Join the lines."
        odd = odd_spaces(there) or odd_spaces(here)
        what = name_of(odd[0]) if odd else "the number of blanks"
        return f"The quote differs from the source in white space on line {line} of the source: {what}. Write plain single blanks in both."
    ways = (
        ("invisible characters", lambda s: "".join(c for c in s if not is_invisible(c)), "Remove them from both."),
        ("quotation marks or dashes", lambda s: s.translate(_TYPOGRAPHY), "Copy the quote from the source."),
        ("upper and lower case", str.casefold, "Copy the quote from the source."),
    )
    for what, same, advice in ways:
        quote, text = same(quote), same(text)
        if quote and quote in text:
            return f"The quote differs from the source in {what} only. {advice}"
    return ""


def fix(document: dict[str, Any], context: Context) -> None:
    """Fill in the span of every quote that occurs exactly once in its source and is not already right."""
    for statement in statements_in(document):
        evidence = statement["evidence"]
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
    """`text` in Unicode normalisation form C, in which quotes and sources are compared and spans counted."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


RULE = Rule(name="evidence", description="Quotes stand at their span in the source.", check_topic=check, fix_topic=fix)
