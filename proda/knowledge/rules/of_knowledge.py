"""The rules that look at all topics together. They need numpy, which takes a tenth of a second to import, so `of_topic` is separate."""

from proda.knowledge.rules import (
    both_ways,
    contradictions,
    links,
    near_terms,
    orphans,
    references,
    shared_pairs,
    sources,
    unique_ids,
)
from proda.knowledge.rules.rule import Rule

KNOWLEDGE_RULES: tuple[Rule, ...] = (
    unique_ids.RULE,
    references.RULE,
    orphans.RULE,
    both_ways.RULE,
    contradictions.RULE,
    links.RULE,
    near_terms.RULE,
    shared_pairs.RULE,
    sources.RULE,
)
