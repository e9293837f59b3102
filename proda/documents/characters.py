"""The characters of a document → those that a source may hold.

    clean("ef\\ufb01ciency\\u00a0\\u2013 \\u202ea\\u0000")     # "efficiency – a"

Composed accents (NFC), plain blanks for every other space, ligatures and mathematical letters as plain letters. Control, bidirectional,
invisible, private-use and unassigned characters are removed.
"""

from __future__ import annotations

import re
import unicodedata

# Default-ignorable code points that are not of the category Cf.
_IGNORABLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"
_REMOVED = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x9f{_IGNORABLE}\ufffd]")
_SPACE = re.compile(r"[^\S \n]|[\u2028\u2029]")
_PLAIN = re.compile("[\ufb00-\ufb06\U0001d400-\U0001d7ff]")  # ligatures; mathematical italic, bold and so on
_HYPHENS = str.maketrans({"\u2010": "-", "\u2011": "-"})
_UNWANTED = ("Cc", "Cf", "Co", "Cs", "Cn")
_SUPERSCRIPT = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_RAISED = re.compile(r"[0-9+\-−=()n]+")


def clean(text: str, keep: str = "") -> str:
    """`text` with the characters that a source may hold. Line feeds stay, and so do the characters in `keep`."""
    if text.isascii():
        return _SPACE.sub(" ", _REMOVED.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u0085", "\n")
    text = _PLAIN.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = _SPACE.sub(" ", _REMOVED.sub("", text)).translate(_HYPHENS)
    text = "".join(c for c in text if c.isascii() or c in keep or unicodedata.category(c) not in _UNWANTED)
    return unicodedata.normalize("NFC", text)


def one_line(text: str, keep: str = "") -> str:
    """`text` cleaned, on one line, with single blanks between words."""
    return " ".join(clean(text, keep).split())


def raised(text: str) -> str:
    """A superscript as text: `-19` as `⁻¹⁹`, so that a power is not read as a number; other than digits and signs as `^text`."""
    text = text.strip()
    if not text:
        return ""
    return text.translate(_SUPERSCRIPT) if _RAISED.fullmatch(text) else f"^{text}" if text.isalnum() else text
