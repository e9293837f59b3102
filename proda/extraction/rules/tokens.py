"""A sentence → tokens: words and marks, with their lower-case form and their place.

tokens("A heat pump's coil, warmed, leaks.")      # A · heat · pump's · coil · , · warmed · , · leaks · .
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(r"\b[A-Z]\.(?= [a-z])|[^\W_][\w'/+]*(?:[-–‐‑.][^\W_][\w'/+]*)*'?|[^\w\s]")


class Token(NamedTuple):
    """A word or a mark."""

    text: str
    lower: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Whether it is a word, not a mark."""
        return self.text[0].isalnum()


def tokens(text: str) -> list[Token]:
    """The tokens of a sentence, in order."""
    return [Token(m[0], m[0].lower(), m.start(), m.end()) for m in _TOKEN.finditer(text)]
