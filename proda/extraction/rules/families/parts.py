"""Parts and wholes: "consists of", "is composed of", "contains", "is part of", "is a component of"."""

from __future__ import annotations

from proda.extraction.rules.patterns import Pattern, active, copula, passive
from proda.extraction.rules.verbs import verb

PATTERNS: tuple[Pattern, ...] = (
    active("consists-of", verb("consist"), "of", subjects="together"),
    active("consists-of", verb("comprise"), subjects="together"),
    passive("consists-of", "composed", "of"),
    passive("consists-of", "made", "up of"),
    passive("consists-of", "made", "of"),
    passive("consists-of", "comprised", "of"),
    active("is-part-of", verb("contain"), swap=True, widens=True, subjects="together"),
    passive("is-part-of", "contained", "in|within"),
    copula("is-part-of", "part", "of"),
    active("is-part-of", verb("belong"), "to"),
)
