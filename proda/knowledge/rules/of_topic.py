"""The rules that look at one topic file and its sources, in the order in which a file is judged."""

from proda.knowledge.rules import definitions, drafts, evidence, ids, relations, steps
from proda.knowledge.rules.rule import Rule

TOPIC_RULES: tuple[Rule, ...] = (ids.RULE, relations.RULE, steps.RULE, evidence.RULE, definitions.RULE, drafts.RULE)
