"""Does a failed item come out right once its facts are in the question? Each is asked again twice: with its own, and with another's.

    probes = context_probes(knowledge, items, failed)
    Probe(node="physics/bimetal-strip-bends:dev-path", kind="context", prompt="Question: It is known that the strip bends because …")
    found = supplied(answers_of)
    found.telling                    # False: 88 of 100 items are wrong with their facts, 90 of 100 with those of another chain

Who answers rightly with the facts at hand can reason about them, and lacked them: the item is not to be suspected. That says something
only of models that can use what a question tells them, so the same items with facts that have nothing to do with them are the measure: a
longer question alone, or a second try, mends as many of those. Pure; draws are by hash.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from proda.debugger.controls import LEVEL, LIFT
from proda.debugger.probes import Again, Answer, Probe
from proda.graph import Knowledge
from proda.language.wording import capital, clause
from proda.records import LETTERS, Item, Record, Statement, prompt_text
from proda.stable_hash import by_weight, fraction
from proda.statistics import at_least, most


class Supplied(Record, frozen=True):
    """How many failed items most models still fail with their own facts in the question, and with those of another chain."""

    items: int
    wrong_with_other_facts: int
    wrong_with_own_facts: int
    telling: bool  # whether these models use what a question tells them


def context_probes(knowledge: Knowledge, items: Iterable[Item], failed: Collection[str]) -> Iterator[Probe]:
    """For each failed item two probes: its stem after its own facts ("context"), and after as many of other chains ("elsewhere").

    The facts stand in drawn order, not in that of the path: the order is what is asked. Chains stand on a ring, by a hash of their ids,
    and an item takes the next ones that share no concept with its own: a new chain moves few items, and nothing is sorted for each.
    """
    ring = sorted((fraction("elsewhere", c), c) for c in {s.chain for s in knowledge.active_statements.values()})
    for item in (i for i in items if i.id in failed):
        own = [knowledge.statements[s] for s in item.statements if s in knowledge.statements]
        concepts = _concepts(own)
        at = bisect(ring, (fraction("elsewhere", item.id), ""))
        others = (knowledge.path(knowledge.chains[c]) for _, c in chain(islice(ring, at, None), islice(ring, at)) if c != item.chain)
        apart = (statement for path in others if not concepts & _concepts(path) for statement in path)
        other = list(islice(apart, len(own)))
        if own and len(other) == len(own):
            yield _after(knowledge, item, own, "context")
            yield _after(knowledge, item, other, "elsewhere")


def supplied(answered: Mapping[str, Sequence[Answer]]) -> Supplied:
    """What supplying the facts does, over the items that were asked again. `answered` holds each model's answers."""
    wrong = {kind: _wrong_for_most(answered, kind) for kind in ("elsewhere", "context")}
    count = len({a.probe.node for found in answered.values() for a in found if a.probe.kind == "context"})
    other, own = len(wrong["elsewhere"]), len(wrong["context"])
    mended, anyway = count - own, count - other
    telling = count > 0 and mended >= LIFT * anyway and at_least(mended, count, anyway, count) < LEVEL
    return Supplied(count, other, own, telling)


def _after(knowledge: Knowledge, item: Item, facts: Sequence[Statement], kind: Again) -> Probe:
    told = "; ".join(clause(knowledge, s.triple) for s in by_weight(facts, "told", item.id, name=lambda s: s.id))
    letters = (item.answer, *(x for x in LETTERS[: len(item.options)] if x != item.answer))
    texts = tuple(item.options[LETTERS.index(x)].text for x in letters)
    asked = prompt_text(f"{capital(told)}. {item.stem}")
    return Probe(item.id, kind, asked, texts, letters)


def _concepts(statements: Iterable[Statement]) -> set[str]:
    return {c for s in statements for c in (s.subject, s.object)}


def _wrong_for_most(answered: Mapping[str, Sequence[Answer]], kind: Again) -> set[str]:
    """Items that more than half of the models answer wrongly in this form."""
    wrong: dict[str, int] = {}
    for found in answered.values():
        for answer in (a for a in found if a.probe.kind == kind):
            wrong[answer.probe.node] = wrong.get(answer.probe.node, 0) + (not answer.right)
    return {item for item, models in wrong.items() if most(models, len(answered))}
