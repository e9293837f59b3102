"""Sets of words, written as text.

word_set("a an the")        # frozenset({"a", "an", "the"})
"""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a text, which blanks separate."""
    return frozenset(text.split())
