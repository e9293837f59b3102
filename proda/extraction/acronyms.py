"""Which short forms a text gives for which names, after Schwartz and Hearst (2003).

    acronyms("Antidiuretic hormone (ADH) acts on the kidney.")       {"ADH": "Antidiuretic hormone"}

A short form stands in brackets after the long one. Its characters must occur in the long form in order, the first one at the start of a
word. The reverse, "ADH (antidiuretic hormone)", counts too.
"""

from __future__ import annotations

import re

from proda.extraction.wordsets import word_set

_BRACKETED = re.compile(r"\(([^()]{2,60})\)")
_MARKS = re.compile(r"[*_]+")
_SHORT = re.compile(r"[A-Za-z0-9][\w+\-./'’]{0,9}")
_STOPS = word_set("and or for with that which is are was were by from to in on at as the a an")
_BOUNDARY = re.compile(r"[.;:,()!?“”\"]")


def acronyms(text: str) -> dict[str, str]:
    """Short form → long form, as first given in a text. Emphasis marks are ignored."""
    plain = _MARKS.sub("", text)
    found: dict[str, str] = {}
    for match in _BRACKETED.finditer(plain):
        inside = match[1].split(",")[0].split(";")[0].strip()
        before = _BOUNDARY.split(plain[max(0, match.start() - 120) : match.start()].rpartition("\n")[2])[-1].strip()
        if _is_short(inside):
            long = long_form(inside, before)
            if long is not None:
                found.setdefault(inside, long)
        else:
            word = before.rpartition(" ")[2]
            if _is_short(word) and (long := long_form(word, inside)) is not None and long == inside:
                found.setdefault(word, long)
    return found


def _is_short(text: str) -> bool:
    capitals = sum(c.isupper() for c in text)
    return bool(_SHORT.fullmatch(text)) and 2 <= len(text) <= 10 and capitals >= 2 and 2 * capitals >= len(text.rstrip("s"))


def long_form(short: str, before: str) -> str | None:
    """The words at the end of `before` that `short` abbreviates; None if its characters do not occur in them in order."""
    letters = [c.lower() for c in short if c.isalnum()]
    if letters and letters[-1] == "s" and short.endswith("s") and len(letters) > 2:
        letters = letters[:-1]
    words = before.split()
    most = min(len(letters) + 5, 2 * len(letters))
    place = len(before)
    at = len(letters) - 1
    while at >= 0:
        place -= 1
        while place >= 0 and (before[place].lower() != letters[at] or (at == 0 and place > 0 and before[place - 1].isalnum())):
            place -= 1
        if place < 0:
            return None
        at -= 1
    start = before.rfind(" ", 0, place + 1) + 1
    found = before[start:].strip("-–— ")
    count = len(found.split())
    if not 1 <= count <= min(most, len(words)) or found.split()[0].lower() in _STOPS or len(found) <= len(short) or short in found.split():
        return None
    return found
