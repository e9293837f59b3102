"""A chain is 3 to 6 connected statements, s1, s2, …, and passes through no concept twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proda.knowledge.rules.rule import Context, Rule, Violation
from proda.knowledge.schema import ChainEntry, TopicFile, full_id

MIN_STEPS, MAX_STEPS = 3, 6
_STEP_ID = re.compile(r"s[1-9][0-9]?")


def check(topic: TopicFile, context: Context) -> Iterator[Violation]:
    """Chains of the wrong length, steps that are not connected, concepts that occur again, step ids that are repeated or malformed."""
    for name, chain in topic.chains.items():
        if chain.status == "active" and not MIN_STEPS <= len(chain.steps) <= MAX_STEPS:
            yield Violation(
                ("chains", name, "steps"),
                f"Got {len(chain.steps)} statements, expected {MIN_STEPS} to {MAX_STEPS}. Split the chain, or complete it.",
            )
        yield from _ids(name, chain)
        yield from _path(name, chain, context.discipline)


def _ids(name: str, chain: ChainEntry) -> Iterator[Violation]:
    seen: set[str] = set()
    for index, step in enumerate(chain.steps):
        where = ("chains", name, "steps", index, "id")
        if not _STEP_ID.fullmatch(step.id):
            yield Violation(where, f"'{step.id}' is not a statement id. Use s1, s2, … in order of writing.")
        elif step.id in seen:
            yield Violation(where, f"'{step.id}' is used twice in this chain. Give the new one the next free number.")
        seen.add(step.id)


def _path(name: str, chain: ChainEntry, discipline: str) -> Iterator[Violation]:
    met: dict[str, str] = {}
    previous = ""
    for index, step in enumerate(chain.steps):
        subject, target = full_id(discipline, step.subject), full_id(discipline, step.object)
        where = ("chains", name, "steps", index)
        if index and subject != previous:
            yield Violation((*where, "subject"), f"Got '{subject}', but the step before ends at '{previous}'. Connect them.")
        if not index:
            met[subject] = f"the subject of {step.id}"
        if target in met:
            yield Violation(
                (*where, "object"), f"'{target}' was already {met[target]}; a chain passes through no concept twice. Shorten it."
            )
        met[target] = f"the object of {step.id}"
        previous = target


RULE = Rule(name="steps", description="Chains are 3–6 connected statements without a loop.", check_topic=check)
