"""Order and change: "precedes", "is followed by", "becomes", "is converted into", "develops into", "is replaced by"."""

from __future__ import annotations

from proda.extraction.rules.patterns import Pattern, active, passive
from proda.extraction.rules.verbs import verb

_BECOME = verb("become", past="became", participle="become")
_BREAK = verb("break", past="broke", participle="broken")

PATTERNS: tuple[Pattern, ...] = (
    active("precedes", verb("precede")),
    active("precedes", verb("come", past="came"), "before"),
    passive("precedes", "followed", "by"),
    passive("precedes", "preceded", "by", swap=True),
    active("becomes", _BECOME),
    active("becomes", verb("turn"), "into"),
    active("becomes", verb("develop"), "into"),
    active("becomes", verb("evolve"), "into", worded=False),
    active("becomes", verb("transform"), "into", worded=False),
    active("becomes", verb("differentiate"), "into", worded=False),
    active("becomes", verb("mature"), "into", worded=False),
    active("becomes", verb("decay"), "into|to", worded=False),
    active("becomes", verb("decompose"), "into|to", worded=False),
    active("becomes", _BREAK, "down into", worded=False),
    active("becomes", verb("develop"), "from", swap=True),
    passive("becomes", "converted", "into|to", worded=False),
    passive("becomes", "transformed", "into", worded=False),
    passive("becomes", "turned", "into"),
    passive("becomes", "changed", "into"),
    passive("becomes", "broken", "down into", worded=False),
    passive("becomes", "oxidized", "to", worded=False),
    passive("becomes", "reduced", "to", worded=False),
    active("gives-way-to", verb("give", past="gave", participle="given"), "way to"),
    passive("gives-way-to", "replaced", "by"),
    active("gives-way-to", verb("replace"), swap=True),
)
