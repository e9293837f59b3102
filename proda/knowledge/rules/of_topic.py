"""The rules that look at one topic file and its sources, in the order in which they are run."""

from proda.knowledge.rules import (
    cases,
    characters,
    definitions,
    drafts,
    evidence,
    ids,
    qualifiers,
    referenced,
    relations,
    steps,
    text_length,
    text_negation,
    text_relation,
    text_terms,
    trivial,
)
from proda.knowledge.rules.rule import Rule

TOPIC_RULES: tuple[Rule, ...] = (
    ids.RULE,
    characters.RULE,
    relations.RULE,
    steps.RULE,
    qualifiers.RULE,
    cases.RULE,
    evidence.RULE,
    definitions.RULE,
    text_terms.RULE,
    text_relation.RULE,
    text_negation.RULE,
    text_length.RULE,
    trivial.RULE,
    referenced.RULE,
    drafts.RULE,
)
