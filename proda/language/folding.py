"""Text → the text that a reader sees, so that two texts which look the same compare as equal.

    folded("Ther\\u00admal EXPANSІON")      "thermal expansion": a soft hyphen removed, a Cyrillic letter replaced, lower case
    views("visible" + hidden)              what is visible, and the same with invisible tag characters made visible

Folding is compatibility decomposition (NFKD), case folding, removal of what is invisible or drawn onto another character
(default-ignorable characters, format characters, combining marks), and replacement of letters that look like Latin ones. It loses
information (accents, scripts), so it is for comparing texts and not for showing them.
"""

from __future__ import annotations

import re
import unicodedata

TAGS = {code: code - 0xE0000 for code in range(0xE0020, 0xE007F)}  # invisible copies of the printable ASCII characters
NO_TAGS = dict.fromkeys(range(0xE0000, 0xE0080))
# Default-ignorable characters (Unicode, DerivedCoreProperties) of other categories than Cf and Mn.
IGNORABLE = frozenset({0x115F, 0x1160, 0x2065, 0x3164, 0xFFA0, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)})
INVISIBLE = frozenset({"Cf", "Mn", "Me"})
# Letters of other scripts that look like Latin ones (Unicode, confusables.txt). Accents and fonts need no entry: NFKD removes them.
LOOKALIKES = {
    "ΑАᎪ": "a", "ΒВᏴ": "b", "СϹᏟ": "c", "Ꭰ": "d", "ΕЕᎬ": "e", "Ϝ": "f", "Ꮐ": "g", "ΗНᎻ": "h", "ΙІӀ": "i", "ЈᎫ": "j", "ΚКᏦ": "k",
    "Ꮮ": "l", "ΜМᎷ": "m", "Ν": "n", "ΟОՕ": "o", "ΡРᏢ": "p", "Ԛ": "q", "Ꮢ": "r", "ЅᏚՏ": "s", "ΤТᎢ": "t", "Ս": "u", "Ꮩ": "v", "ԜᎳ": "w",
    "ΧХ": "x", "ΥУҮ": "y", "ΖᏃ": "z",
    "αа": "a", "вьβ": "b", "сϲ": "c", "ԁ": "d", "еεҽ": "e", "ցԍ": "g", "һհн": "h", "іι": "i", "јϳ": "j", "кκ": "k", "ӏ": "l", "м": "m",
    "ηпո": "n", "оοօσ": "o", "рρ": "p", "ԛզ": "q", "гґ": "r", "ѕ": "s", "тτ": "t", "υսμи": "u", "νѵ": "v", "ωԝѡ": "w", "хχ": "x",
    "уγү": "y",
    "ıɩ": "i", "ȷ": "j", "ɑ": "a", "ɡ": "g", "ſ": "s",
}  # fmt: skip
WORD = re.compile(r"[^\W_]+")
LATIN = re.compile(r".*\bLATIN (?:.*\b)?(?:LETTER|LETTER SMALL CAPITAL) ([A-Z])(?: WITH .*)?")
SYMBOL = re.compile(r"REGIONAL INDICATOR SYMBOL LETTER ([A-Z])")


class _Table(dict[int, str]):
    """Code point → its folded form, computed when it is first met."""

    def __missing__(self, code: int) -> str:
        found = self[code] = _fold(chr(code))
        return found


def folded(text: str) -> str:
    """Return the text folded: see the module docstring. Tag characters are removed; see `views` for reading them. Idempotent."""
    return text.lower() if text.isascii() else text.translate(_TABLE)


def views(text: str) -> tuple[str, ...]:
    """Return the folded text, and if it holds tag characters also the folded text with these read as the ASCII characters they encode."""
    if text.isascii() or text.translate(NO_TAGS) == text:
        return (folded(text),)
    return folded(text), folded(text.translate(TAGS))


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order, without punctuation."""
    return WORD.findall(folded(text))


def _fold(character: str) -> str:
    if ord(character) in IGNORABLE or unicodedata.category(character) in INVISIBLE:
        return ""
    plain = unicodedata.normalize("NFKD", character)
    if plain != character:
        return "".join(_TABLE[ord(c)] for c in plain)
    if found := _LATIN.get(character):
        return found
    name = unicodedata.name(character, "")
    if letter := LATIN.fullmatch(name) or SYMBOL.fullmatch(name):
        return letter[1].lower()
    lower = character.casefold()
    return lower if lower == character else "".join(_TABLE[ord(c)] for c in lower)


_LATIN = {character: letter for characters, letter in LOOKALIKES.items() for character in characters}
_TABLE = _Table()
