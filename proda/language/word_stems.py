"""Words → stems, so that two forms of a word compare as equal: "heating" and "heats" both give "heat". English only.

    stem("heating")                             "heat"
    stems("balanced binary search trees")       {"balanc", "binary", "search", "tree"}

A light stemmer: it cuts one ending and leaves at least four letters. It joins forms that a reader sees as one word, and sometimes more.
"""

from __future__ import annotations

import re
from functools import lru_cache

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
MINOR = frozenset(["a", "an", "and", "at", "by", "for", "from", "in", "into", "is", "of", "on", "or", "the", "to", "with"])
_ENDINGS = (
    "ations", "ation", "ings", "ing", "ies", "ions", "ion", "ed", "es", "ally", "al", "ance", "ant", "ence", "ent", "ity", "y", "s", "e",
)  # fmt: skip
_APOSTROPHE = str.maketrans("’‘", "''")


@lru_cache(65536)
def stems(text: str) -> frozenset[str]:
    """Return the stems of the words of `text`, without articles and prepositions."""
    return frozenset(stem(word) for word in WORD.findall(text.lower().translate(_APOSTROPHE)) if word not in MINOR)


@lru_cache(16384)
def stem(word: str) -> str:
    """Return a lower-case word without its ending."""
    if not word.endswith(_ENDINGS):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
