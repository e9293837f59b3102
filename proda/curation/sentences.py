"""A paragraph → the places of its sentences, by rules for English.

    text = "Heat flows (see Fig. 3) at 1.5 W. Smith et al. measured it."
    [text[a:b] for a, b in sentence_spans(text)]      # ["Heat flows (see Fig. 3) at 1.5 W.", "Smith et al. measured it."]

A full stop ends a sentence if a capital, a digit, an opening quote or an equation follows, unless it belongs to an abbreviation, an
initial or an enumeration. Stops inside `$…$` and `code` never end one. Closing quotes and brackets stay with the sentence they close.
"""

from __future__ import annotations

import re

# Abbreviations that never end a sentence: something always follows them.
_BEFORE = frozenset(("e.g", "i.e", "cf", "viz", "vs", "v", "eg", "ie", "ca", "approx", "resp", "esp", "et"))
_TITLES = frozenset(("Mr", "Mrs", "Ms", "Dr", "Prof", "Rev", "Hon", "Gen", "Col", "Capt", "Lt", "Sgt", "Sen", "Rep", "Gov", "St", "Mt"))
_NUMBERED_WORDS = """
    fig figs eq eqs eqn eqns sec secs sect sects ch chap chaps vol vols no nos p pp para ref refs tab tbl ex thm def prop cor lem art
"""
_MAYBE_WORDS = """
    etc al inc co corp ltd bros jr sr ph.d m.d b.c a.d b.c.e c.e a.m p.m u.s u.s.a u.k u.n d.c e.u eds dept univ assoc
    jan feb apr aug sep sept oct nov dec sp spp var subsp ft incl excl
"""
_OPENING_WORDS = """
    A An The This That These Those It Its He She They We You I There Here In On At By For From To With As If When While Although Because
    Since After Before However Therefore Thus Hence Moreover Furthermore Such Some Many Most Each Every All Both Another Other One Two
    Not Now Then So But And Or Nor Yet What Which Who Why How Where Our Their His Her Your My Under Over During Unlike Like Instead
    Finally Also Even Only Once Until Through Throughout Similarly Consequently Additionally Indeed Otherwise Usually Often
"""
# Before a number or a letter: "Fig. 3", "Eq. (2)", "Sec. A". Before anything else, the stop ends the sentence.
_NUMBERED = frozenset(_NUMBERED_WORDS.split())
# These end a sentence if the next word is one that often begins a sentence.
_MAYBE = frozenset(_MAYBE_WORDS.split())
_OPENERS = frozenset(_OPENING_WORDS.split())
# An opening dollar stands before, a closing one after something visible, and no digit follows: "$5 and $6" is money.
_MATH = re.compile(
    r"(?<!\\)\$\$.+?\$\$|(?<!\\)\$(?=[^\s$])(?:[^$\\]|\\.)*?(?<=[^\s\\])\$(?!\d)|``[^`]+``|`[^`\n]+`",
    re.DOTALL,
)
# A terminator, closing quotes and brackets or a note mark, white space; then what can open a sentence.
# Possessive, so that a line of leader dots is read once.
_END = re.compile(r"(?<![.!?…])[.!?…]++(?:[\"'”’)\]}*_»]|\[\d{1,3}\])*(\s+)(?=[\"'“‘(\[{*_«¿¡]*(?:[^\W_]|[$`\\§]))")
_LAST_WORD = re.compile(r"(?:.*[\s(\[{\"'“‘—–/*_])?(.*)", re.DOTALL)
_LONGEST = 24  # characters; no abbreviation is longer
_NEXT_WORD = re.compile(r"[\"'“‘(\[{*_«¿¡]*([^\W_]+|[$`\\§])")
_INITIAL = re.compile(r"(?:[A-Z]\.-?)*[A-Z]")


def mask(text: str) -> str:
    """Return `text` with every character of inline equations and code replaced by `x`; the length stays the same."""
    if "$" not in text and "`" not in text:
        return text
    return _MATH.sub(lambda found: "x" * len(found[0]) if found[0][0] == "`" else "$" + "x" * (len(found[0]) - 1), text)


def without_math(text: str) -> str:
    """Return `text` with each inline equation and code span replaced by one space."""
    return _MATH.sub(" ", text) if "$" in text or "`" in text else text


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the half-open ranges of the sentences of one paragraph, in order, without the white space between them.

    Every character that is not white space at an edge lies in exactly one range. The text is never changed.
    """
    spans: list[tuple[int, int]] = []
    masked = mask(text)
    start = len(text) - len(text.lstrip())
    for found in _END.finditer(masked):
        if found.start() >= start and _ends(masked, found, start):
            spans.append((start, found.start(1)))
            start = found.end(1)
    end = len(text.rstrip())
    if start < end:
        spans.append((start, end))
    return spans


def _ends(text: str, found: re.Match[str], start: int) -> bool:
    """Whether the terminator that was found ends the sentence that begins at `start`."""
    following = _NEXT_WORD.match(text, found.end())
    first = following[1] if following else ""
    if first[:1].islower():  # covers `"Why?" she asked`
        return False
    if text[found.start()] != "." or text[found.start() : found.start() + 2] == "..":
        return True
    end = found.start()
    last = _LAST_WORD.match(text, max(start, end - _LONGEST), end)
    word = last[1] if last else ""
    begin = end - len(word)
    lower = word.casefold()
    if (lower in _BEFORE and not word.isupper()) or word in _TITLES:
        return False
    if lower in _NUMBERED:
        return len(first) > 1 and not first.isdigit()
    if lower in _MAYBE:
        return first in _OPENERS
    if _INITIAL.fullmatch(word):  # "J. Smith", but "at 300 K. Metals" and "blood type O. ABO types"
        return first in _OPENERS or text[max(start, begin - 2) : begin].strip().isdigit() or (len(first) > 1 and first.isupper())
    # "1. Mix the acid": the number is a mark of the item, not a sentence.
    return not (word.isdigit() and len(word) <= 3 and begin == start)
