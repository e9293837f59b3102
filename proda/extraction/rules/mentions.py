"""A noun phrase → the concept that it names, without what only this sentence says about it.

mention(ts, phrase, casing)        # of "a high dislocation density": Mention("dislocation density", "a high dislocation density", "a")
"""

from __future__ import annotations

from collections.abc import Sequence

from proda.extraction.found import Mention
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.nouns import (
    ANAPHORIC,
    DEGREE,
    DIRECTED,
    GENERIC,
    QUANTITY_NOUNS,
    is_relational,
)
from proda.extraction.rules.phrases import Phrase, is_plural, phrase_at
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.words import (
    ARTICLES,
    QUANTIFIERS,
    is_adverb,
)
from proda.extraction.wordsets import word_set

MAX_TERM = 5  # words of a term at most
MAX_WORDING = 14  # words of a noun phrase at most
# "a variety of cells": the concept is the cell.
COLLECTING = word_set(
    "strains strain species variety series group range lot lots set pair number collection host wide-range majority array mixture"
)


def mention(ts: Sequence[Token], phrase: Phrase, casing: Casing) -> Mention | None:
    """The concept that a phrase names; None if it is too general, too long, or holds no concept."""
    if phrase.end - phrase.start > MAX_WORDING:
        return None
    wording = casing.text(ts, phrase.start, phrase.end)
    head = ts[phrase.head].lower
    if head in COLLECTING and phrase.attached and ts[phrase.attached[0][0]].lower == "of" and (phrase.article == "a" or phrase.quantified):
        inner = phrase_at(ts, phrase.attached[0][0] + 1, phrase.attached[0][1], attach=False)
        found = mention(ts, inner, casing) if inner else None
        return Mention(found.term, wording, "", found.plural) if found else None
    first = phrase.core
    while first < phrase.head and (
        (ts[first].lower in DEGREE and _lowered(ts, first) and not _measured(ts, first, phrase.head)) or is_adverb(ts[first].lower)
    ):
        closely = is_adverb(ts[first].lower) and first + 1 < phrase.head and ts[first + 1].lower.endswith("ed")  # "closely spaced lines"
        first += 2 if closely else 1
    last = phrase.head + 1
    if phrase.attached:
        preposition = ts[phrase.attached[0][0]].lower
        if head in DIRECTED.get(preposition, ()) or (preposition == "of" and (is_relational(head) or head in GENERIC)):
            last = phrase.attached[0][1]
    words = [t.lower for t in ts[first:last]]
    if last == phrase.head + 1 and len(words) == 1 and (head in GENERIC or len(head) < 3):
        return None
    if head in _NO_CONCEPT or (head in GENERIC and last > phrase.head + 1 and not is_relational(head) and not _directed(head)):
        return None
    if last > phrase.head + 1 and words[-1] in GENERIC and words[-2] == "of":  # "level of activity": of what?
        return None
    if not 1 <= sum(w not in ARTICLES for w in words) <= MAX_TERM or any(w in ANAPHORIC and w not in _IN_NAMES for w in words[:1]):
        return None
    if len(words) == 1 and (words[0] in DEGREE or words[0] in QUANTIFIERS):
        return None
    return Mention(casing.text(ts, first, last), wording, phrase.article, is_plural(ts, phrase))


def _directed(head: str) -> bool:
    return any(head in heads for heads in DIRECTED.values())


def _measured(ts: Sequence[Token], at: int, head: int) -> bool:
    """Whether a word of degree belongs to a quantity that is itself a modifier: "high energy radiation"."""
    return at + 1 < head and ts[at + 1].lower in QUANTITY_NOUNS


def _lowered(ts: Sequence[Token], at: int) -> bool:
    """Whether a word has no capital but that of a sentence's start: "great" is dropped from a term, "Great" of a name is not."""
    named = at + 1 < len(ts) and ts[at + 1].text[0].isupper() and ts[at].start == 0
    return (ts[at].text.islower() or ts[at].start == 0) and not named


_IN_NAMES = word_set("first second third right new main total average combined")
_NO_CONCEPT = word_set(
    "percent percentage millions thousands hundreds billions majority half quarter portion rest remainder dozens way ways thing"
    " things reason reasons example examples case cases fact lot kind kinds type types sort sorts"
)
