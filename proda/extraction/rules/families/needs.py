"""Needs and dependence: "requires", "is necessary for", "depends on", "is determined by", "affects"."""

from __future__ import annotations

from proda.extraction.rules.patterns import Pattern, active, copula, passive
from proda.extraction.rules.verbs import verb

PATTERNS: tuple[Pattern, ...] = (
    active("requires", verb("require")),
    active("requires", verb("need")),
    passive("requires", "required", "for|by", swap=True),
    passive("requires", "needed", "for|by", swap=True),
    copula("requires", "necessary", "for", swap=True, worded=False),
    copula("requires", "essential", "for", swap=True, worded=False),
    active("depends-on", verb("depend"), "on|upon"),
    active("depends-on", verb("rely"), "on|upon"),
    copula("depends-on", "dependent", "on|upon"),
    passive("depends-on", "determined", "by", worded=False),
    passive("depends-on", "influenced", "by", worded=False),
    passive("depends-on", "affected", "by", worded=False),
    active("depends-on", verb("affect"), swap=True, objects="process", worded=False),
    active("depends-on", verb("influence"), swap=True, objects="process", worded=False),
    active("depends-on", verb("determine"), swap=True, objects="process", worded=False),
    active("depends-on", verb("control", past="controlled"), swap=True, objects="process", worded=False),
    active("depends-on", verb("regulate"), swap=True, objects="process", worded=False),
    passive("depends-on", "controlled", "by", worded=False),
    passive("depends-on", "regulated", "by", worded=False),
    passive("is-defined-by", "defined", "by"),
)
