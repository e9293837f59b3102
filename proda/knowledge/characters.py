"""Characters that a reader cannot see or cannot tell apart, and the form in which names are compared.

invisible("Poin\\u00adcaré")      # ["\\u00ad"]
lookalikes("Сopper")            # ["С"], a Cyrillic letter among Latin ones
skeleton("Сopper")              # "copper", for comparison only
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Letters of other scripts that look like Latin ones in most fonts (a part of Unicode's confusables.txt).
_LATIN_FOR = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХЗаеѕіјорсухһԁԛԝҮүΑΒΕΖΗΙΚΜΝΟΡΤΥΧοՕօѴѵⅠⅤⅩⅼⅽⅾⅿ",
        "ABESIJKMHOPCTYX3aesijopcyxhdqwYyABEZHIKMNOPTYXoOoVvIVXlcdm",
        strict=True,
    )
)
_FOLD = str.maketrans(_LATIN_FOR)
# Default-ignorable code points that are not of the category Cf, as ranges.
_IGNORABLE = ((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0))
_IGNORABLE_PLANE = (0xE0000, 0xE0FFF)


@lru_cache(4096)
def is_invisible(character: str) -> bool:
    """Whether a character is drawn as nothing: soft hyphen, zero-width space or joiner, variation selector, tag."""
    code = ord(character)
    if unicodedata.category(character) == "Cf" or _IGNORABLE_PLANE[0] <= code <= _IGNORABLE_PLANE[1]:
        return True
    return any(first <= code <= last for first, last in _IGNORABLE)


def invisible(text: str) -> list[str]:
    """The invisible characters of `text`, each once, in order."""
    return [] if text.isascii() else list(dict.fromkeys(c for c in text if is_invisible(c)))


def odd_spaces(text: str) -> list[str]:
    """The white space of `text` other than the plain blank, each once, in order: no-break space, thin space, tab."""
    return list(dict.fromkeys(c for c in text if c.isspace() and c != " "))


def lookalikes(text: str) -> list[str]:
    """Letters of another script in a text with Latin letters that look like Latin letters, each once, in order."""
    if text.isascii() or not any("a" <= c <= "z" for c in text.lower()):
        return []
    return list(dict.fromkeys(c for c in text if c in _LATIN_FOR))


def skeleton(text: str) -> str:
    """`text` after compatibility normalisation, without invisible characters, in lower case, lookalikes as Latin letters."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKC", "".join(c for c in text if not is_invisible(c)))
    return unicodedata.normalize("NFKC", plain.translate(_FOLD).casefold())


def name_of(character: str) -> str:
    """A character as messages name it: `U+00AD (soft hyphen)`."""
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'unnamed').lower()})"
