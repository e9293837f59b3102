"""Causes: "leads to", "is caused by", "gives rise to", "results from", "is responsible for", "produces", "enables", "explains"."""

from __future__ import annotations

from proda.extraction.rules.patterns import Pattern, active, copula, passive
from proda.extraction.rules.verbs import verb

_GIVE = verb("give", past="gave", participle="given")
_BRING = verb("bring", past="brought")

PATTERNS: tuple[Pattern, ...] = (
    active("causes", verb("contribute"), "to", widens=True, worded=False, when=("in part",)),
    active("causes", verb("cause"), widens=True),
    active("causes", verb("lead", past="led"), "to", widens=True),
    active("causes", verb("result"), "in", widens=True),
    active("causes", _GIVE, "rise to", widens=True),
    active("causes", _BRING, "about", widens=True),
    active("causes", verb("induce"), widens=True, objects="process", worded=False),
    active("causes", verb("result"), "from", swap=True),
    active("causes", verb("stem", past="stemmed"), "from", swap=True, worded=False),
    passive("causes", "caused", "by", swap=True),
    passive("causes", "induced", "by", swap=True, worded=False),
    passive("causes", "brought", "about by", swap=True),
    copula("causes", "due", "to", swap=True, worded=False),
    active("triggers", verb("trigger"), widens=True),
    active("triggers", verb("initiate"), widens=True),
    active("triggers", verb("set", past="set"), "off", widens=True),
    active("triggers", verb("provoke"), widens=True),
    active("triggers", verb("stimulate"), objects="process", widens=True, worded=False),
    passive("triggers", "triggered", "by", swap=True),
    passive("triggers", "initiated", "by", swap=True),
    passive("triggers", "stimulated", "by", swap=True, objects="process", worded=False),
    active("produces", verb("produce"), widens=True, subjects="together"),
    active("produces", verb("generate"), widens=True, subjects="together"),
    active("produces", verb("yield"), widens=True, subjects="together"),
    active("produces", verb("create"), widens=True, subjects="together"),
    active("produces", verb("secrete"), widens=True, worded=False),
    active("produces", verb("synthesize"), widens=True, worded=False),
    passive("produces", "produced", "by", swap=True),
    passive("produces", "generated", "by", swap=True),
    passive("produces", "created", "by", swap=True),
    passive("produces", "secreted", "by", swap=True, worded=False),
    passive("produces", "synthesized", "by", swap=True, worded=False),
    active("enables", verb("enable")),
    active("enables", verb("permit", past="permitted")),
    active("enables", verb("facilitate"), worded=False),
    passive("enables", "enabled", "by", swap=True),
    passive("enables", "facilitated", "by", swap=True, worded=False),
    passive("enables", "made", "possible by", swap=True),
    active("explains", verb("explain")),
    passive("explains", "explained", "by", swap=True),
)
