"""A relation word with what belongs to its verb: auxiliaries, adverbs, "not", and what they say about number, time and certainty.

group_at(ts, 3, pattern, 0)        # of "Insulin does not usually lower …": None, because it denies
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from proda.extraction.rules.patterns import Pattern
from proda.extraction.rules.tokens import Token
from proda.extraction.rules.words import (
    ARTICLES,
    AUXILIARIES,
    BE_PAST,
    BE_PRESENT,
    CHANGING_ADVERBS,
    DENIERS,
    DOUBT,
    OFTEN,
    POSSIBLE,
    is_adverb,
)
from proda.extraction.wordsets import word_set
from proda.records import Record

Number = Literal["singular", "plural", "any"]
_HELPING = word_set("helps help acts act serves serve functions function works work")


class VerbGroup(Record, frozen=True):
    """A verb with what belongs to it: its places, and what it says about number, time and certainty."""

    start: int
    end: int  # after the pattern's last word
    number: Number
    past: bool = False
    when: tuple[str, ...] = ()
    inverse: bool = False  # "inversely proportional"


def group_at(ts: Sequence[Token], key: int, pattern: Pattern, floor: int) -> VerbGroup | None:
    end = key + 1
    for slot in pattern.after:
        while end < len(ts) and ts[end].lower in _INNER_ADVERBS and ts[end].lower not in slot:
            end += 1
        if end >= len(ts) or ts[end].lower not in slot:
            return None
        end += 1
    word = ts[key].lower
    start, when, inverse = key, [], False
    if start - 2 > floor and ts[start - 1].lower == "turn" and ts[start - 2].lower == "in":
        start -= 2
    while start - 1 >= floor and is_adverb(ts[start - 1].lower):
        adverb = ts[start - 1].lower
        if adverb in CHANGING_ADVERBS or adverb in DOUBT or adverb in DENIERS:
            return None
        if adverb == "inversely":
            inverse = True
        if adverb in OFTEN:
            when.append(OFTEN[adverb])
        start -= 1
    if start <= floor:
        return None
    before = ts[start - 1].lower
    if pattern.voice == "passive":
        return _passive(ts, start, end, before, when, inverse, floor)
    return _active(ts, word, pattern, start, end, before, when, floor)


_INNER_ADVERBS = word_set("directly primarily mainly largely chiefly mostly partly entirely solely")


def _passive(ts: Sequence[Token], start: int, end: int, before: str, when: list[str], inverse: bool, floor: int) -> VerbGroup | None:
    if before in BE_PRESENT or before in BE_PAST:
        more = _adverbs_before(ts, start - 1, floor)
        if more is None:
            return None
        number: Number = "singular" if before in ("is", "was") else "plural"
        return VerbGroup(more[0], end, number, before in BE_PAST, (*more[1], *when), inverse)
    if before == "be" and start - 2 > floor and ts[start - 2].lower in POSSIBLE:
        return VerbGroup(start - 2, end, "any", when=("in some cases", *when), inverse=inverse)
    return None


def _active(
    ts: Sequence[Token], word: str, pattern: Pattern, start: int, end: int, before: str, when: list[str], floor: int
) -> VerbGroup | None:
    if before == "to" and start - 2 > floor and ts[start - 2].lower in _HELPING and word == pattern.base and word != "determine":
        verb = ts[start - 2].lower
        return VerbGroup(start - 2, end, "singular" if verb.endswith("s") else "plural", when=tuple(when))
    if word == pattern.base and before in ("helps", "help") and start - 1 > floor:
        return VerbGroup(start - 1, end, "singular" if before == "helps" else "plural", when=tuple(when))
    if word == pattern.base and before in ("can", "will"):
        more = _adverbs_before(ts, start - 1, floor)
        if more is None:
            return None
        return VerbGroup(more[0], end, "any", when=(*(["in some cases"] if before == "can" else []), *more[1], *when))
    if before in AUXILIARIES or before == "to" or before in ARTICLES:
        return None
    if word == pattern.third and word != pattern.base:
        return VerbGroup(start, end, "singular", when=tuple(when))
    if word == pattern.base and word == pattern.past:  # "set", "put"
        return None
    if word == pattern.base:
        return VerbGroup(start, end, "plural", when=tuple(when))
    return VerbGroup(start, end, "any", past=True, when=tuple(when)) if word == pattern.past else None


def _adverbs_before(ts: Sequence[Token], start: int, floor: int) -> tuple[int, tuple[str, ...]] | None:
    """The start of the group with the adverbs before it, and the conditions that they are; None if one denies or doubts."""
    when = []
    while start - 1 > floor and is_adverb(ts[start - 1].lower):
        adverb = ts[start - 1].lower
        if adverb in CHANGING_ADVERBS or adverb in DOUBT or adverb in DENIERS:
            return None
        if adverb in OFTEN:
            when.append(OFTEN[adverb])
        start -= 1
    return start, tuple(when)
