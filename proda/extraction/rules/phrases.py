"""Noun phrases: where one begins and ends, whether it stands without its context, and the concept that it names.

    phrase_at(tokens("the rate of reaction in a cell rises"), 0, 9)
    # the whole phrase is "the rate of reaction in a cell"; the term is "rate of reaction"

A phrase is an article, modifiers and a head, then phrases with a preposition. There is no tagger behind it: a phrase ends at the first word
of a closed class, and whatever does not look like a noun phrase from end to end is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from proda.extraction.found import Mention
from proda.extraction.rules.casing import Casing
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.words import (
    ANAPHORIC,
    ARTICLES,
    AUXILIARIES,
    CONJUNCTIONS,
    DEGREE,
    DEMONSTRATIVES,
    DENIERS,
    FINITE,
    GENERIC,
    INFINITIVES,
    OFTEN,
    PERSONAL,
    PLAIN_ADVERBS,
    PLAIN_VERBS,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    QUANTIFIERS,
    QUANTITY_NOUNS,
    RELATIVES,
    UNIQUE,
    cannot_be_head,
    is_adverb,
    is_plural_noun,
    is_relational,
)
from proda.extraction.wordsets import word_set
from proda.records import Record

MAX_TERM = 5  # words of a term at most
MAX_WORDING = 14  # words of a noun phrase at most
_NEVER_INSIDE = (
    PREPOSITIONS | CONJUNCTIONS | RELATIVES | AUXILIARIES | PRONOUNS | ARTICLES | DEMONSTRATIVES | POSSESSIVES | DENIERS | PERSONAL | FINITE
)
_NEVER_FIRST = DEMONSTRATIVES | POSSESSIVES | PRONOUNS | DENIERS | PERSONAL
ATTACHING = word_set("of in for on to from between within with among across against into")
# A participle after a noun begins what is said about the noun: "a hormone called insulin".
_FIXED = word_set("order turn addition general part contrast fact example instance average particular case place which all short")
_NO_START = word_set("even also only just then thus not so too still almost nearly about roughly approximately at")
POSTNOMINAL = word_set(
    "called termed named known used made found located produced caused based involved associated related formed composed designed"
    " needed required given derived obtained contained released secreted seen carried carrying containing consisting using involving"
    " causing leading resulting producing including regarding making having being created generated covered surrounded bounded lined"
    " followed defined described stored held taken exerted applied experienced acting moving occurring living working characterized"
    " induced affected coupled connected linked attached dissolved embedded originating arising extending passing entering coming"
    " ranging flowing supplying leaving traveling surrounding remaining affecting relating pertaining expressed measured paid sold"
    " bought owned run"
)
# "a variety of cells": the concept is the cell.
COLLECTING = word_set("species variety series group range lot lots set pair number collection host wide-range majority array mixture")
_ROMAN_OR_NUMBER = word_set("i ii iii iv v vi vii viii ix x 1 2 3 4 5 6 7 8 9")


class Phrase(Record, frozen=True):
    """A noun phrase, as places in the tokens of its sentence (half-open)."""

    start: int
    end: int
    core: int  # the first word after article and quantifier
    head: int
    article: Literal["", "a", "the"]
    quantified: bool
    attached: tuple[tuple[int, int], ...] = ()  # (place of the preposition, end of its phrase)


def phrase_at(ts: Sequence[Token], at: int, limit: int, *, attach: bool = True) -> Phrase | None:
    """The longest noun phrase that begins at token `at` and ends before `limit`; None if there is none."""
    start = at
    quantified = False
    if at < limit and ts[at].lower in QUANTIFIERS:
        quantified = True
        at += 1
    article: Literal["", "a", "the"] = ""
    if at < limit and ts[at].lower in ARTICLES:
        article = "the" if ts[at].lower == "the" else "a"
        at += 1
    if at >= limit or ts[at].lower in _NEVER_FIRST:
        return None
    core = at
    first = ts[at].lower
    if first in _NO_START or first in PLAIN_VERBS or first in PLAIN_ADVERBS or first in OFTEN:
        return None
    while at < limit and _may_stand_inside(ts, at, core, limit):
        at += 1
    while at > core and cannot_be_head(ts[at - 1].lower):  # "institutions established to judge" ends at the noun
        at -= 1
    if at == core or not _sound(ts, core, at):
        return None
    head = at - 1
    attached: list[tuple[int, int]] = []
    while attach and at < limit and ts[at].lower in ATTACHING:
        following = ts[at + 1].lower if at + 1 < limit else ""
        if (ts[at].lower == "to" and following in INFINITIVES) or following in _FIXED:
            break
        inner = phrase_at(ts, at + 1, limit, attach=False)
        if inner is None:
            break
        attached.append((at, inner.end))
        at = inner.end
    return Phrase(start, at, core, head, article, quantified, tuple(attached))


def _may_stand_inside(ts: Sequence[Token], at: int, core: int, limit: int) -> bool:
    token = ts[at]
    word = token.lower
    if not token.is_word or (word in _NEVER_INSIDE and token.text != token.text.upper()) or (at > core and word in QUANTIFIERS):
        return False
    if at > core and (word in POSTNOMINAL or word in PLAIN_VERBS):
        return False
    if at > core and word.endswith("ing") and is_plural_noun(ts[at - 1].lower):  # "patients seeing double images"
        return False
    if is_adverb(word):  # "highly reactive metals"
        following = ts[at + 1] if at + 1 < limit else None
        return following is not None and following.is_word and following.lower not in _NEVER_INSIDE and not is_adverb(following.lower)
    return True


def _sound(ts: Sequence[Token], core: int, end: int) -> bool:
    """Whether the words can be a noun phrase: no bare numbers but at the end of a name, no symbols."""
    for place in range(core, end):
        text = ts[place].text
        if (
            text[0].isdigit()
            and not (place == end - 1 and place > core and text in _ROMAN_OR_NUMBER)
            and not any(c.isalpha() for c in text)
        ):
            return False
        if len(text) == 1 and text.isalpha() and not text.isupper() and text != "a":
            return False
        if len(text) == 1 and text.isupper() and place == core and end - core == 1:
            return False
    return True


def stands_alone(ts: Sequence[Token], phrase: Phrase) -> bool:
    """Whether a reader knows what the phrase names without the sentences before: "the rate of reaction", and not "the reaction"."""
    if not _known(ts, phrase.article, phrase.core, phrase.head, bool(phrase.attached)):
        return False
    for preposition, end in phrase.attached:
        inner = phrase_at(ts, preposition + 1, end, attach=False)
        if inner is None:
            return False
        plural = inner.article == "the" and is_plural(ts, inner) and ts[inner.head].lower not in GENERIC  # "the walls of the arteries"
        if not plural and not _known(ts, inner.article, inner.core, inner.head, attached=False):
            return False
    return True


def _known(ts: Sequence[Token], article: str, core: int, head: int, attached: bool) -> bool:
    words = [t.lower for t in ts[core : head + 1]]
    if any(w in _POINTING_MODIFIERS for w in words):
        return False
    if article != "the":
        return True
    if words[0] in ANAPHORIC:
        return False
    if attached or ts[head].text[0].isupper() or words[-1] in UNIQUE:
        return True
    return words[0] not in DEGREE if len(words) > 1 else words[0] in QUANTITY_NOUNS


_POINTING_MODIFIERS = word_set("similar such same other another former latter following above previous aforementioned resulting said given")


def is_plural(ts: Sequence[Token], phrase: Phrase) -> bool:
    """Whether the head is plural in form."""
    head = ts[phrase.head]
    return is_plural_noun(head.lower) and not (head.text.isupper() and len(head.text) <= 5)  # PNS is no plural


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
    while first < phrase.head and ((ts[first].lower in DEGREE and _lowered(ts, first)) or is_adverb(ts[first].lower)):
        first += 1
    last = phrase.head + 1
    if phrase.attached and ts[phrase.attached[0][0]].lower == "of" and (is_relational(head) or head in GENERIC):
        last = phrase.attached[0][1]
    words = [t.lower for t in ts[first:last]]
    if last == phrase.head + 1 and len(words) == 1 and (head in GENERIC or len(head) < 3):
        return None
    if head in _NO_CONCEPT or (head in GENERIC and last > phrase.head + 1 and not is_relational(head)):
        return None
    if not 1 <= len(words) <= MAX_TERM or any(w in ANAPHORIC and w not in _IN_NAMES for w in words[:1]):
        return None
    if len(words) == 1 and (words[0] in DEGREE or words[0] in QUANTIFIERS):
        return None
    return Mention(casing.text(ts, first, last), wording, phrase.article, is_plural(ts, phrase))


def _lowered(ts: Sequence[Token], at: int) -> bool:
    """Whether a word has no capital but that of a sentence's start: "great" is dropped from a term, "Great" of a name is not."""
    named = at + 1 < len(ts) and ts[at + 1].text[0].isupper() and ts[at].start == 0
    return (ts[at].text.islower() or ts[at].start == 0) and not named


_IN_NAMES = word_set("first second third right new main total average combined")
_NO_CONCEPT = word_set("way ways thing things reason reasons example examples case cases fact lot kind kinds type types sort sorts")
