"""The sentence of a statement: the source's own where it can stand alone, else the part of it that states the triple.

own_text(ts, 0, 8)                                 "During cold working, a high dislocation density causes dislocation tangles."
composed("heating", "causes", "expansion", ())     "Heating causes expansion."
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from proda.extraction.rules.phrases import phrase_at, stands_alone
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.words import DEMONSTRATIVES, PERSONAL, POINTING, POSSESSIVES, PRONOUNS
from proda.extraction.wordsets import word_set

_NAMING = word_set("called known termed named referred")
_ALSO = re.compile(r" also (?!called|known|termed|named|referred)")
LEAST, MOST = 6, 25  # words of a text
_FREE_LATER = word_set("it its they them their itself themselves that here one ones what who whom whose which such other others another so")


def own_text(ts: Sequence[Token], begin: int, known_until: int) -> str | None:
    """The sentence from token `begin` on as a text; None if it has fewer than LEAST or more than MOST words, or points outside itself.

    After token `known_until`, where subject and object have been named, pronouns may stand for them.
    """
    end = len(ts)
    if end and ts[end - 1].text in ".!":
        end -= 1
    if end <= begin:
        return None
    for place in range(begin, end):
        word = ts[place].lower
        if word in PERSONAL or ts[place].text in '?:;$="“”—':
            return None
        if word in POINTING or word in DEMONSTRATIVES or word in PRONOUNS or word in POSSESSIVES:
            if place < known_until and word not in ("that", "who", "which", "whose", "what"):
                return None
            if place >= known_until and word not in _FREE_LATER:
                return None
        if word == "the" and place < known_until and not _definite(ts, place, end):
            return None
    return finished(_joined(ts, begin, end))


def _definite(ts: Sequence[Token], at: int, end: int) -> bool:
    phrase = phrase_at(ts, at, end)
    return phrase is None or stands_alone(ts, phrase)


def composed(subject: str, verb: str, target: str, when: Sequence[str]) -> str | None:
    """A text made of a triple's words, after its conditions; None if it has too few or too many words."""
    return finished(", ".join([*when, f"{subject} {verb} {target}"]))


def finished(text: str) -> str | None:
    """A text with a capital and a full stop; None if it has too few or too many words."""
    text = _ALSO.sub(" ", text.strip(" ,"))
    if not LEAST <= len(text.split()) <= MOST:
        return None
    first = text if text[1:2].isupper() else text[:1].upper() + text[1:]
    return f"{first}."


def _joined(ts: Sequence[Token], begin: int, end: int) -> str:
    parts = []
    for place in range(begin, end):
        if ts[place].lower == "also" and ts[place + 1].lower not in _NAMING:
            continue
        gap = " " if place > begin and ts[place].start > ts[place - 1].end else ""
        parts.append(gap + ts[place].text)
    return "".join(parts)
