"""More or less of something: "increases", "lowers", "is reduced by", "is proportional to", "exceeds", "is a measure of"."""

from __future__ import annotations

from proda.extraction.rules.patterns import Pattern, active, copula, passive
from proda.extraction.rules.verbs import verb

PATTERNS: tuple[Pattern, ...] = (
    active("increases", verb("improve"), objects="process", worded=False),
    active("decreases", verb("impair"), objects="process", worded=False),
    active("increases", verb("increase")),
    active("increases", verb("raise")),
    active("increases", verb("enhance"), worded=False),
    active("increases", verb("boost")),
    active("increases", verb("elevate"), worded=False),
    active("increases", verb("strengthen")),
    active("increases", verb("accelerate"), worded=False),
    active("increases", verb("intensify"), worded=False),
    active("increases", verb("speed", past="sped"), "up"),
    passive("increases", "increased", "by", swap=True),
    passive("increases", "raised", "by", swap=True),
    passive("increases", "enhanced", "by", swap=True, worded=False),
    active("decreases", verb("decrease")),
    active("decreases", verb("reduce")),
    active("decreases", verb("lower")),
    active("decreases", verb("diminish")),
    active("decreases", verb("lessen")),
    active("decreases", verb("weaken")),
    active("decreases", verb("slow")),
    active("decreases", verb("suppress"), objects="process", worded=False),
    active("decreases", verb("inhibit"), objects="process", worded=False),
    passive("decreases", "decreased", "by", swap=True),
    passive("decreases", "reduced", "by", swap=True),
    passive("decreases", "lowered", "by", swap=True),
    passive("decreases", "inhibited", "by", swap=True, objects="process", worded=False),
    active("increases", verb("promote"), objects="process", worded=False),
    active("increases", verb("increase"), "with", swap=True, worded=False),
    active("decreases", verb("decrease"), "with", swap=True, worded=False),
    copula("proportional-to", "proportional", "to"),
    copula("inversely-proportional-to", "proportional", "to"),
    active("exceeds", verb("exceed")),
    copula("exceeds", "greater", "than"),
    copula("exceeds", "larger", "than"),
    copula("exceeds", "higher", "than"),
    active("measures", verb("measure")),
    passive("measures", "measured", "by", swap=True),
    passive("measures", "used", "to measure"),
)
