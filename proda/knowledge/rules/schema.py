"""Every key is known, every value has its type. The comparison itself is `proda.yamlio.schema`, which other files use too."""

from __future__ import annotations

from proda.knowledge.rules.rule import Rule

RULE = Rule(name="schema", description="Keys are known, no key is missing, values have their type.")
