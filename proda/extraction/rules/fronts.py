"""What stands before the main clause of a sentence: connectives, conditions, an attribution.

    front_of(tokens("However, at low pressure, water boils early."), casing)
    # Front(main=6, when=("at low pressure",)): the main clause begins at token 6

A sentence whose opening points to the sentence before it ("Then", "In this case", "As a result of this") is refused: None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from proda.extraction.rules.casing import Casing
from proda.extraction.rules.phrases import phrase_at, stands_alone
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.verbs import FINITE
from proda.extraction.rules.words import (
    CONJUNCTIONS,
    DEMONSTRATIVES,
    DENIERS,
    DOUBT,
    MODALS,
    OFTEN,
    PERSONAL,
    POINTING,
    POSSESSIVES,
    PRONOUNS,
)
from proda.extraction.wordsets import word_set
from proda.records import Record

MAX_CONDITION = 12  # words
_CONNECTIVES = tuple(
    tuple(text.split())
    for text in (
        "however", "thus", "therefore", "hence", "moreover", "furthermore", "additionally", "consequently", "accordingly", "also", "indeed",
        "nevertheless", "nonetheless", "conversely", "ultimately", "of course", "in addition", "in fact", "as a result", "as a consequence",
        "for example", "for instance", "in contrast", "by contrast", "on the other hand", "in other words", "in short", "in summary",
        "for this reason", "in particular", "specifically", "overall", "interestingly", "importantly", "notably", "clearly", "essentially",
        "fortunately", "unfortunately", "naturally", "obviously", "simply put", "put simply", "that is", "in essence", "by definition",
        "biologically", "chemically", "physically", "technically", "and", "but", "so", "yet", "first", "second", "third", "finally",
        "on average", "as a rule",
    )
)  # fmt: skip
_NEED_NO_COMMA = frozenset(("thus", "therefore", "hence", "and", "but", "so", "yet", "also"))
_NOTES = re.compile(
    r"(?:(?:note|recall|remember|notice|observe) that|it is (?:important|worth|useful) (?:to note|noting|to remember|to recognize) that"
    r"|this means that|it follows that|in general,? we say that|we know that|it turns out that) ",
    re.IGNORECASE,
)
_PLACES = word_set(
    "in at under during after before for among within on without with upon above below near outside inside over throughout around"
    " across beyond between since until following by through despite via"
)
_TIMES = word_set("when if once after before whenever where wherever")
_DROPPED = word_set("because since although though while whereas as given even despite by through via like compared")
_REFUSED = word_set(
    "then next instead similarly likewise otherwise meanwhile later now today here there recently currently again together perhaps"
    " maybe to using let suppose imagine consider assume given according what how why who which whether as"
)
_WHOLE_REFUSED = re.compile(
    r"(?:in|at|for|from|with|on|by|under|during|after|before|to) (?:this|these|that|those|such|each|both|our|other|another|his|her|its"
    r"|their|some cases|many cases|most cases|theory|practice|turn|general"
    r"|the same|the above|the following|the previous|the first|the second|the third"
    r"|the last|the next|the case|the example|the end|the past|recent|order)\b",
    re.IGNORECASE,
)
_GENERAL = {("in", "general"): "in general", ("in", "most", "cases"): "in most cases", ("in", "many", "cases"): "in many cases",
            ("in", "some", "cases"): "in some cases"}  # fmt: skip
_YEAR = re.compile(r"\b(?:1\d\d\d|20\d\d|\d{2,4} (?:BCE|CE|BC|AD))s?\b")


class Front(Record, frozen=True):
    """Where the main clause begins, and the conditions that stand before it."""

    main: int
    when: tuple[str, ...] = ()
    begin: int = 0  # after a connective, before the conditions
    dated: bool = False  # a condition is a year
    unlike: tuple[int, int] | None = None  # "Unlike X, …": the tokens of X
    according_to: str | None = None


def without_note(text: str) -> str:
    """The sentence without "Note that" and its like."""
    match = _NOTES.match(text)
    if match is None:
        return text
    rest = text[match.end() :]
    return rest[:1].upper() + rest[1:]


def front_of(ts: Sequence[Token], casing: Casing, openings: Sequence[tuple[str, ...]] = ()) -> Front | None:
    """The front of a sentence; None if the sentence depends on the one before it."""
    at = _after_connective(ts)
    front = _opened(ts, at, casing, openings)
    if front is None:
        return None
    if front.main < len(ts) and ts[front.main].lower in _REFUSED:
        return None
    return msgspec.structs.replace(front, begin=at)


def _after_connective(ts: Sequence[Token]) -> int:
    at = 0
    for _ in range(2):
        for words in _CONNECTIVES:
            end = at + len(words)
            if end < len(ts) and tuple(t.lower for t in ts[at:end]) == words:
                if ts[end].text == ",":
                    at = end + 1
                    break
                if words[0] in _NEED_NO_COMMA and len(words) == 1:
                    at = end
                    break
        else:
            break
    return at


def _opened(ts: Sequence[Token], at: int, casing: Casing, openings: Sequence[tuple[str, ...]]) -> Front | None:
    if at >= len(ts):
        return None
    first = ts[at].lower
    for words in openings:
        end = at + len(words)
        if tuple(t.lower for t in ts[at:end]) == words:
            comma = _comma(ts, end, MAX_CONDITION)
            return None if comma is None else Front(comma + 1, unlike=(end, comma))
    if first in OFTEN and at + 1 < len(ts) and ts[at + 1].text == ",":
        return Front(at + 2, (OFTEN[first],))
    for words, condition in _GENERAL.items():
        end = at + len(words)
        if tuple(t.lower for t in ts[at:end]) == words and end < len(ts) and ts[end].text == ",":
            return Front(end + 1, (condition,))
    if first == "according" and at + 1 < len(ts) and ts[at + 1].lower == "to":
        return _attributed(ts, at)
    if first not in _PLACES and first not in _TIMES and first not in _DROPPED:
        return Front(at)
    comma = _comma(ts, at, MAX_CONDITION + 8 if first in _DROPPED else MAX_CONDITION)
    if comma is None:
        return None
    return _conditioned(ts, at, comma, casing)


def _conditioned(ts: Sequence[Token], at: int, comma: int, casing: Casing) -> Front | None:
    first = ts[at].lower
    inside = ts[at:comma]
    words = {t.lower for t in inside}
    text = casing.text(ts, at, comma)
    text = text[:1].lower() + text[1:]
    if first in ("because", "although", "though", "while", "whereas", "despite", "like") or (first == "since" and not _YEAR.search(text)):
        return Front(comma + 1)
    if (
        first == "compared"
        and inside[1].lower in ("with", "to")
        and not words & (PERSONAL | DEMONSTRATIVES | POINTING | PRONOUNS | POSSESSIVES)
    ):
        return Front(comma + 1, (text,))
    if _WHOLE_REFUSED.match(text) or words & (PERSONAL | DEMONSTRATIVES | POINTING | DENIERS | DOUBT):
        return None
    if first in ("as", "given", "using", "even", "since", "compared"):
        return None
    if words & (POSSESSIVES | PRONOUNS):
        return None
    if first in ("by", "through", "via", "with") and any(t.lower.endswith("ing") for t in inside[:3]):
        return Front(comma + 1)
    if first in _TIMES and (words & (FINITE | MODALS) or any(t.lower.endswith(("s", "ed", "ing")) for t in inside[1:])):
        if words & MODALS or not _sound_clause(ts, at + 1, comma):
            return None
        return Front(comma + 1, (text,))
    if first in _PLACES:
        if words & ((FINITE | CONJUNCTIONS) - {"and", "or", "during", "after", "before", "where"}):
            return None
        phrase = phrase_at(ts, at + 1, comma)
        gerund = at + 1 < comma and ts[at + 1].lower.endswith("ing")
        if phrase is None or (phrase.end != comma and not gerund):
            return Front(comma + 1, (text,), dated=True) if _YEAR.search(text) and len(inside) <= 4 else None
        if not stands_alone(ts, phrase) and not _YEAR.search(text):
            return None
        return Front(comma + 1, (text,), dated=bool(_YEAR.search(text)))
    return None


def _sound_clause(ts: Sequence[Token], start: int, end: int) -> bool:
    """Whether a clause of time or condition begins with a phrase that stands alone, or has no subject ("when heated")."""
    if ts[start].lower.endswith(("ed", "ing", "en")):
        return True
    phrase = phrase_at(ts, start, end, attach=False)
    return phrase is not None and stands_alone(ts, phrase)


def _attributed(ts: Sequence[Token], at: int) -> Front | None:
    comma = _comma(ts, at, 8)
    if comma is None or not ts[at + 2].text[0].isupper():
        return None
    inside = ts[at + 2 : comma]
    if not all(t.text[0].isupper() or t.lower in ("and", "of", "the", "de", "von") for t in inside):
        return None
    return Front(comma + 1, according_to=" ".join(t.text for t in inside))


def _comma(ts: Sequence[Token], start: int, within: int) -> int | None:
    """The first comma after `start`, at most `within` tokens on; None if there is none, or if it is part of a list."""
    for place in range(start + 1, min(len(ts), start + within + 1)):
        if ts[place].text == ",":
            return place
        if ts[place].text in ";:":
            return None
    return None
