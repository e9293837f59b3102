"""What holds something back: "prevents", "blocks", "is prevented by", "limits", "restricts"."""

from __future__ import annotations

from proda.extraction.rules.patterns import Pattern, active, passive
from proda.extraction.rules.verbs import verb

PATTERNS: tuple[Pattern, ...] = (
    active("prevents", verb("prevent")),
    active("prevents", verb("block"), objects="process"),
    active("prevents", verb("stop", past="stopped"), objects="process"),
    active("prevents", verb("preclude")),
    passive("prevents", "prevented", "by", swap=True),
    passive("prevents", "blocked", "by", swap=True, objects="process"),
    active("limits", verb("limit")),
    active("limits", verb("restrict")),
    active("limits", verb("constrain")),
    passive("limits", "limited", "by", swap=True),
    passive("limits", "restricted", "by", swap=True),
    passive("limits", "constrained", "by", swap=True),
)
