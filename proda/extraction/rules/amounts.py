"""Amounts inside phrases: "causes an increase in X" says that X increases; "a decrease in X" is no X.

turned("causes", ts, phrase)        # of "an increase in heart rate": ("increases", the phrase "heart rate")
"""

from __future__ import annotations

from collections.abc import Sequence

from proda.extraction.rules.phrases import Phrase, phrase_at
from proda.extraction.rules.tokens import Token
from proda.extraction.wordsets import word_set

MORE = word_set("increase increases rise growth gain elevation")
LESS = word_set("decrease decreases reduction drop decline fall loss lowering")
_MORE_WORDS = word_set("increased increasing higher greater elevated more faster larger")
_LESS_WORDS = word_set("decreased decreasing lower reduced lowered less fewer slower smaller diminished")
_BRINGING = frozenset(("causes", "produces", "triggers"))


def turned(relation: str, ts: Sequence[Token], phrase: Phrase) -> tuple[str, Phrase] | None:
    """What a cause brings about, as more or less of something; None if the phrase speaks of an amount in a way that cannot be turned."""
    if relation not in _BRINGING:
        return relation, phrase
    head = ts[phrase.head].lower
    if (head in MORE or head in LESS) and phrase.attached and ts[phrase.attached[0][0]].lower in ("in", "of"):
        if head in ("loss", "growth", "gain", "fall", "drop", "rise") and ts[phrase.attached[0][0]].lower == "of":
            return relation, phrase
        start = phrase.attached[0][0] + 1
        inner = phrase_at(ts, start, phrase.end)
        if inner is None or inner.end != phrase.end:
            return None
        return ("increases" if head in MORE else "decreases"), inner
    word = ts[phrase.core].lower
    if word in _MORE_WORDS or word in _LESS_WORDS:
        if phrase.core == phrase.head:
            return None
        inner = phrase_at(ts, phrase.core + 1, phrase.end)
        if inner is None or inner.end != phrase.end:
            return None
        return ("increases" if word in _MORE_WORDS else "decreases"), inner
    return relation, phrase


def lessens(ts: Sequence[Token], phrase: Phrase) -> bool:
    """Whether a subject is less of something: "a decrease in X". Its effects are not those of X."""
    return ts[phrase.head].lower in LESS or any(ts[place].lower in _LESS_WORDS for place in range(phrase.core, phrase.head))
