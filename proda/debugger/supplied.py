"""Asks failed items again with their facts in the question, and as a control with the facts of other chains.

    probes = context_probes(knowledge, items, failed)
    Probe(node="physics/bimetal-strip-bends:dev-bridge", kind="context", prompt="Question: It is known that the strip bends because …")
    found = supplied(answers_of)
    found.telling                    # False: 88 of 100 items are wrong with their facts, 90 of 100 with other facts

A model that answers correctly with the facts can reason about them and lacked them, so the item is not suspect. This is informative only
for models that use facts in a question. The control shows how many answers become correct just because the
question is longer or asked again. An item that asks for the conditions of an explanation is not asked again: no statement holds its answer.
Pure; draws are by hash.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from proda.debugger.controls import LEVEL, LIFT
from proda.debugger.probes import Again, Answer, Probe
from proda.graph import Knowledge
from proda.language.wording import capital, sentence
from proda.records import LETTERS, Item, Record, Statement, prompt_text
from proda.stable_hash import by_weight, fraction
from proda.statistics import at_least, most


class Supplied(Record, frozen=True):
    """How many failed items most models still fail with the item's facts in the question, and with those of other chains."""

    items: int
    wrong_with_other_facts: int
    wrong_with_own_facts: int
    telling: bool  # whether these models use facts in a question


def context_probes(knowledge: Knowledge, items: Iterable[Item], failed: Collection[str]) -> Iterator[Probe]:
    """Yield two probes for each failed item: its stem after its facts ("context"), and after as many facts of other chains ("elsewhere").

    The facts are in random order, since items may ask for the order of the path. Other chains and links are taken from a ring sorted by
    hash, starting at the item's hash and skipping those that share a concept with it, so that a new chain changes few probes.
    """
    ring = sorted((fraction("elsewhere", c), c) for c in {s.chain for s in knowledge.active_statements.values()})
    for item in (i for i in items if i.id in failed and i.kind != "condition"):
        own = [knowledge.statements[s] for s in item.statements if s in knowledge.statements]
        concepts = _concepts(own)
        at = bisect(ring, (fraction("elsewhere", item.id), ""))
        others = (knowledge.path(knowledge.chains[c]) for _, c in chain(islice(ring, at, None), islice(ring, at)))
        apart = (statement for path in others if not concepts & _concepts(path) for statement in path)
        other = list(islice(apart, len(own)))
        if own and len(other) == len(own):
            yield _after(knowledge, item, own, "context")
            yield _after(knowledge, item, other, "elsewhere")


def supplied(answered: Mapping[str, Sequence[Answer]]) -> Supplied:
    """Summarise the effect of the facts over the items that were asked again. `answered` holds each model's answers."""
    wrong = {kind: _wrong_for_most(answered, kind) for kind in ("elsewhere", "context")}
    count = len({a.probe.node for found in answered.values() for a in found if a.probe.kind == "context"})
    other, own = len(wrong["elsewhere"]), len(wrong["context"])
    with_own, with_other = count - own, count - other  # items that most models answer correctly
    telling = count > 0 and with_own >= LIFT * with_other and at_least(with_own, count, with_other, count) < LEVEL
    return Supplied(count, other, own, telling)


def _after(knowledge: Knowledge, item: Item, facts: Sequence[Statement], kind: Again) -> Probe:
    told = "; ".join(sentence(knowledge, s) for s in by_weight(facts, "told", item.id, name=lambda s: s.id))
    letters = (item.answer, *(x for x in LETTERS[: len(item.options)] if x != item.answer))
    texts = tuple(item.options[LETTERS.index(x)].text for x in letters)
    asked = prompt_text(f"{capital(told)}. {item.stem}")
    return Probe(item.id, kind, asked, texts, letters)


def _concepts(statements: Iterable[Statement]) -> set[str]:
    return {c for s in statements for c in (s.subject, s.object)}


def _wrong_for_most(answered: Mapping[str, Sequence[Answer]], kind: Again) -> set[str]:
    """Return the items that more than half of the models answer wrongly in this form."""
    wrong: dict[str, int] = {}
    for found in answered.values():
        for answer in (a for a in found if a.probe.kind == kind and a.scored):
            wrong[answer.probe.node] = wrong.get(answer.probe.node, 0) + (not answer.right)
    return {item for item, models in wrong.items() if most(models, len(answered))}
