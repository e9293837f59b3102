"""Comparisons: "differs from", "contrasts with", "is distinct from"; and "Unlike X, Y …" and "In contrast to X, Y …"."""

from __future__ import annotations

from proda.extraction.rules.patterns import Pattern, active, copula
from proda.extraction.rules.verbs import verb

PATTERNS: tuple[Pattern, ...] = (
    active("contrasts-with", verb("differ"), "from"),
    active("contrasts-with", verb("contrast"), "with"),
    copula("contrasts-with", "different", "from"),
    copula("contrasts-with", "distinct", "from"),
    copula("contrasts-with", "distinguished", "from"),
)
OPENINGS = (("unlike",), ("in", "contrast", "to"), ("in", "contrast", "with"), ("contrary", "to"), ("as", "opposed", "to"))
