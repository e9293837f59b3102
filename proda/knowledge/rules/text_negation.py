"""Text, triple and quote agree on whether the relation holds or does not. A warning: negation is found by simple patterns.

Only a negation of the relation itself counts ("does not cause", "no longer requires"), not one elsewhere in the sentence ("…, because it
cannot lengthen").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from proda.knowledge.rules.mentions import folded, place_of, worded
from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import TopicFile
from proda.records import Relation

_MARKS = ("n't", "not", "never", "no longer", "neither", "nor", "hardly")
# A negation may word these relations: what is not possible is prevented, what is not the same is contrasted.
_NEGATIVE = frozenset({"prevents", "contrasts-with", "decreases", "limits", "exceeds", "is-a", "precedes"})


def check(topic: TopicFile, context: Context) -> Iterator[Violation]:
    """Texts that deny the relation of the triple, and quotes that deny it while the text asserts it."""
    for where, step in topic.statements():
        relation = context.relations.get(step.relation)
        if relation is None or relation.id in _NEGATIVE:
            continue
        ends = _names(topic, step.subject), _names(topic, step.object)
        text_denies, quote_denies = (denies(said, relation, *ends) for said in (step.text, step.evidence.quote))
        if text_denies:
            message = f"The text denies that the subject {relation.phrase} the object; the triple asserts it. Fix one of them."
            yield Violation((*where, "text"), message)
        elif quote_denies:
            message = f"The quote denies that the subject {relation.phrase} the object; the text asserts it. Fix one of them."
            yield Violation((*where, "evidence"), message)


def denies(sentence: str, relation: Relation, subject: Sequence[str], target: Sequence[str]) -> bool:
    """Whether `sentence` words the relation between the two concepts, and negates it wherever it does.

    `subject` and `target` are the names of the concepts. A sentence that does not name both denies nothing.
    """
    sentence = folded(sentence)
    if not any(mark in sentence for mark in _MARKS):
        return False
    ends = place_of(sentence, subject), place_of(sentence, target)
    if ends[0] is None or ends[1] is None:
        return False
    (_, start), (end, _) = sorted((ends[0], ends[1]))
    places = len(worded(relation).findall(sentence, start, end))
    return places > 0 and len(_negated(relation).findall(sentence, start, end)) == places


def _names(topic: TopicFile, reference: str) -> tuple[str, ...]:
    concept = topic.concepts.get(reference)
    return (concept.term, *concept.aliases) if concept else (reference.rpartition("/")[2].replace("-", " "),)


@lru_cache(512)
def _negated(relation: Relation) -> re.Pattern[str]:
    negation = r"(?:\w+n't|\b(?:not|cannot|never|no longer|neither|nor|hardly))"
    return re.compile(rf"{negation} (?:(?:always|really|itself|necessarily|directly|be|by) )*(?:{worded(relation).pattern})")


RULE = Rule(name="text-negation", description="Text, triple and quote agree on negation.", severity="warning", check_topic=check)
