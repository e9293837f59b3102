"""Which words of a source are names, so that a sentence's first word gets its lower case back.

casing = Casing.of("Heat moves. We say that heat moves, as Fourier showed.")
casing.text(tokens("Heat moves."), 0, 1)          # "heat"
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from proda.extraction.rules.tokens import Token
from proda.records import Record

_LOWER = re.compile(r"(?<![\w'])[a-z][\w'-]+")
_INNER_CAPITAL = re.compile(r"(?<=[a-z,;] )[A-Z][\w'-]+")


class Casing(Record, frozen=True):
    """The words that a source writes in lower case, and those that it writes with a capital inside sentences."""

    lower: frozenset[str]
    names: frozenset[str]  # in lower case

    @classmethod
    def of(cls, text: str) -> Casing:
        """The casing of a source's text, or of a part of it."""
        return cls(frozenset(_LOWER.findall(text)), frozenset(w.lower() for w in _INNER_CAPITAL.findall(text)))

    def first_word(self, word: str) -> str:
        """The first word of a sentence as it is written inside one."""
        if len(word) > 1 and any(c.isupper() or c.isdigit() for c in word[1:]):
            return word  # DNA, pH, B12
        if word.endswith("'s") and word[:-2].lower() not in self.lower:
            return word  # Young's
        if word.lower() in self.names and word.lower() not in self.lower:
            return word
        return word[:1].lower() + word[1:]

    def inner(self, word: str) -> str:
        """A word of a term in title case as it is written inside a sentence."""
        return word.lower() if word[1:].islower() and word.lower() in self.lower and word.lower() not in self.names else word

    def text(self, ts: Sequence[Token], start: int, end: int, *, initial: bool = False) -> str:
        """The words from `start` to `end`, spaced as in the sentence; the sentence's first word as it is written inside one.

        `initial` keeps the capital.
        """
        parts = []
        for place in range(start, end):
            token = ts[place]
            gap = " " if place > start and token.start > ts[place - 1].end else ""
            word = token.text
            opens = token.start == 0 or (place > 0 and ts[place - 1].text == ":")
            if place == start and opens and not initial:
                named = place + 1 < end and ts[place + 1].text[:1].isupper() and ts[place + 1].text[1:].islower()
                titled = named and ts[place + 1].lower in self.lower  # "Compressed Air Energy Storage"
                word = token.text if titled or (named and token.lower not in self.lower) else self.first_word(token.text)
            parts.append(gap + word)
        return "".join(parts)
