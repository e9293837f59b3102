"""What stands before a verb group: one noun phrase with what narrows it, or a list of them.

subjects_in(tokens("Drugs that block the receptor"), 0, 5)        # one phrase, with its clause
subjects_in(tokens("Lactic acid, alcohol, and heat"), 0, 7)       # three phrases
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from proda.extraction.rules.objects import UNCLEAR, listed
from proda.extraction.rules.phrases import POSTNOMINAL, Phrase, phrase_at
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.words import CONJUNCTIONS, is_adverb
from proda.extraction.wordsets import word_set

MAX_NARROWING = 9  # words of a clause that narrows the subject
_APPOSED = word_set("a an the which such like also or called including")


def subjects_in(ts: Sequence[Token], start: int, stop: int) -> tuple[Phrase, ...] | None:
    """The phrases that fill the tokens from `start` to `stop`; None if something else stands there."""
    phrase = phrase_at(ts, start, stop)
    if phrase is None:
        return None
    if phrase.end == stop:
        return (phrase,)
    if _apposition(ts, phrase.end, stop):
        return (phrase,)
    if _narrowing(ts, phrase.end, stop):
        return (msgspec.structs.replace(phrase, end=stop),)
    several = listed(ts, phrase, stop)
    if several is not None and several[1] == stop and len(several[0]) > 1:
        return several[0]
    return None


def _apposition(ts: Sequence[Token], at: int, stop: int) -> bool:
    """Whether the tokens are ", a hormone of the liver," and its like, which says more about the phrase before."""
    if ts[at].text != "," or ts[stop - 1].text != "," or stop - 1 <= at + 1:
        return False
    inside = ts[at + 1 : stop - 1]
    return (inside[0].lower in _APPOSED or inside[0].lower.endswith("ed")) and not any(t.text in ",;:" for t in inside)


def _narrowing(ts: Sequence[Token], at: int, stop: int) -> bool:
    """Whether the tokens are a short clause that narrows the phrase before: "that block the receptor", "stored in a metal"."""
    word = ts[at].lower
    if not (word in ("that", "which", "who") or word in POSTNOMINAL or word.endswith("ed")) or not 2 <= stop - at <= MAX_NARROWING:
        return False
    if is_adverb(ts[stop - 1].lower) or not ts[stop - 1].is_word:
        return False
    inside = {t.lower for t in ts[at + 1 : stop]}
    return not inside & (UNCLEAR | CONJUNCTIONS | {",", ";", ":", "—"})
