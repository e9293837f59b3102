"""Wordings that give a definition, and the words of a sentence that are one.

definition_at(tokens("Heat is energy in transit, and work is not."), 2)       # "energy in transit"
"""

from __future__ import annotations

from collections.abc import Sequence

from proda.extraction.found import Mention
from proda.extraction.rules.phrases import phrase_at
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.verbs import FINITE
from proda.extraction.rules.words import ARTICLES, DEMONSTRATIVES, OFTEN, PERSONAL, POINTING, POSSESSIVES, PRONOUNS, is_adverb
from proda.extraction.wordsets import word_set

SHORTEST, LONGEST = 3, 30  # words of a definition
CUTS = word_set("but while whereas because although so thus therefore")
LAWS = word_set("law principle theorem theory hypothesis rule postulate effect model axiom doctrine paradox corollary")
_REFERS = (("refers", "to"), ("refer", "to"), ("means",), ("denotes",), ("is", "defined", "as"), ("are", "defined", "as"),
           ("is", "defined", "to", "be"), ("describes",), ("is", "the", "term", "for"), ("is", "the", "name", "for"))  # fmt: skip
_NAMED = word_set("called termed named")
_BAD = PERSONAL | (DEMONSTRATIVES - {"that", "such"}) | (POINTING - {"such", "another", "other", "others", "same"}) | {"he", "she", "here"}
_MARKS = frozenset('$="“”?{}\\|^@')


def named_by(ts: Sequence[Token], place: int) -> int | None:
    """Where the name begins that "called", "known as" or "referred to as" at token `place` introduces; None if it introduces none."""
    word = ts[place].lower
    following = [t.lower for t in ts[place + 1 : place + 3]]
    if word in _NAMED:
        return place + 1
    if word == "known" and following[:1] == ["as"]:
        return place + 2
    return place + 3 if word == "referred" and following == ["to", "as"] else None


def past_aliases(ts: Sequence[Token], end: int) -> tuple[int, tuple[str, ...]]:
    """The place after ", also called Z," and the aliases; `end` is where the name ends."""
    if (
        end + 2 >= len(ts)
        or ts[end].text != ","
        or ts[end + 1].lower not in {*OFTEN, "also", "or", "known", "called", "formerly", "otherwise"}
    ):
        return end, ()
    close = next((i for i in range(end + 1, min(len(ts), end + 12)) if ts[i].text == ","), None)
    if close is None:
        return end, ()
    at = end + 1
    while at < close and (is_adverb(ts[at].lower) or ts[at].lower in ("also", "or", "known", "called", "as", "termed", "referred", "to")):
        at += 1
    other = phrase_at(ts, at, close, attach=False)
    named = other is not None and other.end == close
    return close + 1, (words(ts, other.core, close),) if other is not None and named else ()


def referring(ts: Sequence[Token], at: int, name: Mention) -> str | None:
    """The definition in "X refers to …", "X is defined as …", "the law of X states that …"."""
    while at < len(ts) and is_adverb(ts[at].lower):
        at += 1
    for said in _REFERS:
        end = at + len(said)
        if tuple(t.lower for t in ts[at:end]) == said and end < len(ts):
            if phrase_at(ts, end, len(ts)) is not None:
                return definition_at(ts, end)
            rest = definition_at(ts, end, begun=True) if ts[end].lower in ("how", "what", "that", "whether") else None
            return None if rest is None else rest if ts[end].lower == "what" else f"the fact {rest}" if ts[end].lower == "that" else None
    named = name.term.casefold().split()
    law = named[-1] if named[-1] in LAWS else named[0] if named[0] in LAWS else ""
    if law and at + 2 < len(ts) and ts[at].lower in ("states", "says", "holds", "asserts") and ts[at + 1].lower == "that":
        rest = definition_at(ts, at + 2, begun=True)
        return None if rest is None else f"the {law} that {rest}"
    return None


def definition_at(ts: Sequence[Token], at: int, *, begun: bool = False) -> str | None:
    """The words from token `at` to the end of the sentence or of its first clause; None if they point outside the sentence.

    With `begun`, they continue a definition, so they need not start like one.
    """
    end = at
    while end < len(ts) and ts[end].text not in ".;:—":
        following = ts[end + 1].lower if end + 1 < len(ts) else ""
        if ts[end].lower == "and" and end > at + 3 and _is_clause(ts, end + 1):
            break
        if ts[end].text == "," and (following in CUTS or (following in ("and", "or") and _is_clause(ts, end + 2))):
            break
        end += 1
    if sum(t.is_word for t in ts[at:end]) > LONGEST:
        end = max((i for i in range(at, end) if ts[i].text == "," and i - at <= LONGEST), default=0)
        if end - at < 6:
            return None
    count = sum(t.is_word for t in ts[at:end])
    if count < (2 if begun else SHORTEST) or any(t.lower in _BAD or t.text in _MARKS for t in ts[at:end]):
        return None
    if not begun and (ts[at].lower in PRONOUNS or ts[at].lower in POSSESSIVES):
        return None
    text = words(ts, at, end).strip(" ,")
    lowers = ts[at].start == 0 or ts[at].lower in ARTICLES
    if (lowers and text[1:2].islower()) or text.startswith("A "):
        text = f"{text[:1].lower()}{text[1:]}"
    return (
        f"an{text[7:]}" if text.startswith("another ") and text[8:9] in "aeiou" else f"a{text[7:]}" if text.startswith("another ") else text
    )


def words(ts: Sequence[Token], start: int, end: int) -> str:
    """The tokens from `start` to `end` as the sentence spaces them."""
    return "".join((" " if i > start and ts[i].start > ts[i - 1].end else "") + ts[i].text for i in range(start, end))


def _is_clause(ts: Sequence[Token], at: int) -> bool:
    """Whether a clause of its own begins at token `at`."""
    if at >= len(ts):
        return False
    phrase = phrase_at(ts, at, len(ts))
    if phrase is not None and phrase.end < len(ts) and ts[phrase.end].lower in FINITE:
        return True
    return ts[at].lower in PRONOUNS or ts[at].lower in FINITE
