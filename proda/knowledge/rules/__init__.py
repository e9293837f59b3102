"""The rules of `proda check`, one a file. A new rule is a file here and a line below.

`schema` (and, before it, the YAML policy of `proda.yamlio`) decides whether a file can be read at all; the others look at what
it says.
"""

from proda.knowledge.rules import (
    both_ways,
    contradictions,
    definitions,
    evidence,
    ids,
    near_terms,
    orphans,
    references,
    relations,
    shared_pairs,
    sources,
    steps,
    unique_ids,
)
from proda.knowledge.rules.rule import Rule

TOPIC_RULES: tuple[Rule, ...] = (ids.RULE, relations.RULE, steps.RULE, evidence.RULE, definitions.RULE)
BASE_RULES: tuple[Rule, ...] = (
    unique_ids.RULE,
    references.RULE,
    orphans.RULE,
    both_ways.RULE,
    contradictions.RULE,
    near_terms.RULE,
    shared_pairs.RULE,
    sources.RULE,
)
