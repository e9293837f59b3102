"""Numbers with their nouns, for printed lines.

counted(1, "item")          # "1 item"
counted(1200, "item")       # "1,200 items"
"""

from __future__ import annotations


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun; the plural is the noun with an s unless it is given."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
