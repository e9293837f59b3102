"""A word that is divided at the end of a line → the whole word.

    vocabulary = Vocabulary of the document's undivided words
    joined("regu-", "lation", vocabulary)        # "regulation", if the document has that word elsewhere
    joined("well-", "known", vocabulary)         # "well-known"

A division by a soft hyphen is always undone. Otherwise the hyphen goes if the joined word occurs elsewhere in the document, and stays if
the word with the hyphen does. If neither occurs, it goes if the first part is no word of the document: "regu" is none, "well" may be one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

SOFT_HYPHEN = "\u00ad"
HYPHENS = ("-", "\u2010", SOFT_HYPHEN, "\x02", "\ufffe")  # the last two: what PDFium gives for a hyphen at the end of a line
_EDGES = re.compile(r"^[^\w]+|[^\w]+$")
_LETTERS = re.compile(r"[^\W\d_]+")


def document_words(texts: Iterable[str]) -> Counter[str]:
    """The words of the lines of a document, in lower case, without those that a line's end divides, and the parts of compounds."""
    found: Counter[str] = Counter()
    for text in texts:
        words = text.split()
        if words and words[-1].endswith(HYPHENS):
            words = words[:-1]
        for word in words:
            bare = _EDGES.sub("", word).casefold().replace(SOFT_HYPHEN, "")
            found.update({bare, *_LETTERS.findall(bare)})
    return found


def ends_divided(text: str) -> bool:
    """Whether a line ends within a word."""
    return len(text) > 1 and text.endswith(HYPHENS) and text[-2].isalpha()


def joined(first: str, second: str, words: Counter[str]) -> str:
    """The two lines as one text, the word that the first line's hyphen divides joined where it should be."""
    if not ends_divided(first):
        return f"{first} {second}"
    start, last = _last_word(first)
    following, _, rest = second.partition(" ")
    rest = f" {rest}" if rest else ""
    part, hyphen = last[:-1], last[-1]
    if not following[:1].isalpha():
        return f"{first} {second}"
    if hyphen == SOFT_HYPHEN:
        return f"{start}{part}{following}{rest}"
    whole = _EDGES.sub("", part + following).casefold()
    compound = _EDGES.sub("", f"{part}-{following}").casefold()
    beginning = _LETTERS.findall(part)[-1].casefold() if _LETTERS.findall(part) else ""
    if words[whole] and words[whole] >= words[compound]:
        return f"{start}{part}{following}{rest}"
    keeps = words[compound] or words[beginning] or following[:1].isupper() or "-" in part
    return f"{start}{part}{'-' if keeps else ''}{following}{rest}"


def _last_word(text: str) -> tuple[str, str]:
    start, space, last = text.rpartition(" ")
    return start + space, last
