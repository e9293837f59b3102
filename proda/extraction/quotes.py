"""Where a quote stands in a source: exactly, or nowhere, with the reason.

    locate("heats the rail", text)                       # Located(start=812, end=826)
    locate("heats  the rail", text)                      # Refused("differs from the source in white space", nearest="heats the rail")
    locate("the rail was warmed", text, (700, 1400))     # Refused(reason="is not in the source", nearest="The sun heats the rail.")

Nothing is repaired: a quote that differs by one character is refused, and the reason says in what it differs, so that whoever gave it can
give it again. Places are code points of the source's NFC text, half-open.
"""

from __future__ import annotations

import re
import unicodedata

from proda.records import Record

SHORTEST, LONGEST = 30, 300  # characters of a quote
_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?]) |\n")
_TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "‑": "-", "−": "-", "…": "."})
_EMPHASIS = re.compile(r"[*_`]+")
_NEAR = 0.5  # share of the quote's words that the nearest sentence must have


class Located(Record, frozen=True):
    """The place of a quote."""

    start: int
    end: int


class Refused(Record, frozen=True):
    """Why a quote cannot be used, and the passage that it may have meant."""

    reason: str  # completes "The quote …"
    nearest: str = ""


def locate(quote: str, text: str, within: tuple[int, int] | None = None) -> Located | Refused:
    """The place of `quote` in the NFC text of a source; Refused if it is not there character for character.

    `within` is the passage to look in, such as a chunk. A quote that stands there several times is located where it stands first.
    """
    low, high = within or (0, len(text))
    quote = quote if quote.isascii() else unicodedata.normalize("NFC", quote)
    if not SHORTEST <= len(quote) <= LONGEST:
        return Refused(f"has {len(quote)} characters, expected {SHORTEST} to {LONGEST}")
    if "\n" in quote:
        return Refused("contains a line break; quote from one line")
    at = text.find(quote, low, high)
    if at >= 0:
        return Located(at, at + len(quote))
    return near_miss(quote, text, (low, high))


def near_miss(quote: str, text: str, within: tuple[int, int]) -> Refused:
    """What a quote that is not in a passage differs from, and in what."""
    passage = text[within[0] : within[1]]
    if text.find(quote) >= 0:
        return Refused("is in the source, but not in this passage", "")
    words = quote.split()
    spaced = re.search(r"\s+".join(map(re.escape, words)), passage) if words else None
    if spaced is not None:
        return Refused("differs from the source in white space", " ".join(spaced[0].split("\n")))
    if marked := _without_emphasis(quote, passage):
        return Refused("leaves out or adds emphasis marks of the source", marked)
    plain, wanted = passage.translate(_TYPOGRAPHY), quote.translate(_TYPOGRAPHY)
    at = plain.find(wanted)
    if at >= 0:
        return Refused("differs from the source in quotation marks or dashes", passage[at : at + len(quote)])
    at = plain.lower().find(wanted.lower())  # keeps the length of nearly every text
    if at >= 0:
        return Refused("differs from the source in upper and lower case", passage[at : at + len(quote)])
    return Refused("is not in the source", _nearest(quote, passage))


def _without_emphasis(quote: str, passage: str) -> str:
    """The passage that equals the quote but for Markdown's emphasis marks; empty if there is none."""
    plain = _EMPHASIS.sub("", quote)
    for line in passage.split("\n"):
        kept = [i for i, c in enumerate(line) if c not in "*_`"]
        at = "".join(line[i] for i in kept).find(plain)
        if at >= 0 and plain:
            return line[kept[at] : kept[at + len(plain) - 1] + 1]
    return ""


def _nearest(quote: str, passage: str) -> str:
    wanted = set(_WORD.findall(quote.casefold()))
    best, shared = "", 0
    for sentence in _SENTENCE.split(passage):
        count = len(wanted & set(_WORD.findall(sentence.casefold())))
        if count > shared:
            best, shared = sentence.strip(), count
    return best if wanted and shared >= _NEAR * len(wanted) else ""
