"""How the name of a discipline reads in a sentence: "in materials science"."""

from __future__ import annotations

# Names that do not read as English after "in". The others are their ids with blanks for hyphens.
DISCIPLINE_NAMES = {"environment": "environmental science", "materials": "materials science"}


def discipline_name(discipline: str) -> str:
    """Return the name of a discipline as it stands in a sentence, by its id: "computer science"."""
    return DISCIPLINE_NAMES.get(discipline, discipline.replace("-", " "))
