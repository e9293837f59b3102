"""Outcomes and diagnoses → what the report says of failures: the worst items in full, and every diagnosis in one line.

The worst failures are items that every seed answers wrong, those with the clearest preference for a wrong option first. Only dev and
twin items are ever listed: a list of sealed items would invite work on them.
"""

from __future__ import annotations

import msgspec

from proda.history.lineage import Lineage
from proda.history.repairs import confidence_text, evidence_text
from proda.records import LETTERS, Diagnosis, Item, Outcome


class Choice(msgspec.Struct, frozen=True):
    """An option as the report shows it: which models chose it, and why it is wrong."""

    letter: str
    text: str
    right: bool
    operators: str
    why: str
    models: tuple[str, ...]


class Repair(msgspec.Struct, frozen=True):
    """A patch as the report links to it."""

    id: str
    round: int
    category: str
    verdict: str


class ItemStep(msgspec.Struct, frozen=True):
    """A statement that the item rests on: what it says, where that is from, how many samples teach it, and what probing found there."""

    id: str
    text: str
    quote: str
    where: str
    samples: int
    blamed: bool
    found: tuple[str, ...]
    patches: tuple[Repair, ...]


class Told(msgspec.Struct, frozen=True):
    """A diagnosis in words. `blamed` are (id, text) of the nodes; `older` says that the item has been reworded since."""

    item: str
    discipline: str
    category: str
    confidence: str
    reason: str
    blamed: tuple[tuple[str, str], ...]
    patches: tuple[Repair, ...]
    older: bool


class Failure(msgspec.Struct, frozen=True):
    """An item that every seed answers wrong. `margin`: mean over seeds of right minus best wrong option."""

    item: Item
    margin: float | None
    choices: tuple[Choice, ...]
    steps: tuple[ItemStep, ...]
    diagnosis: Told | None
    related: tuple[str, ...]  # of a twin item: diagnosed dev items of the same chain


def failed_by_all(lineage: Lineage, splits: frozenset[str]) -> list[tuple[float, Item, list[Outcome]]]:
    """(mean margin, item, the seeds' outcomes) for items of `splits` that every tuned model answers wrong, the worst first."""
    found = []
    for item in lineage.items.values():
        tuned = [o for o in lineage.outcomes_of.get(item.id, ()) if o.model != "base" and lineage.fresh(o)]
        if item.split in splits and tuned and all(o.correct is False for o in tuned):
            margins = [o.margin for o in tuned if o.margin is not None]
            found.append((sum(margins) / len(margins) if margins else 0.0, item, tuned))
    return sorted(found, key=lambda entry: (entry[0], entry[1].id))


def worst_failures(lineage: Lineage, count: int) -> list[Failure]:
    """The `count` worst failures on dev and twin."""
    return [_failure(lineage, item, margin) for margin, item, _ in failed_by_all(lineage, frozenset({"dev", "twin"}))[:count]]


def _failure(lineage: Lineage, item: Item, margin: float) -> Failure:
    chosen: dict[str | None, list[str]] = {}
    for outcome in lineage.outcomes_of[item.id]:
        if lineage.fresh(outcome):
            chosen.setdefault(outcome.chosen, []).append(outcome.model)
    choices = tuple(
        Choice(
            letter,
            option.text,
            letter == item.answer,
            " and ".join(x for x in (option.operator, option.also) if x),
            option.wrong_because,
            tuple(chosen.get(letter, ())),
        )
        for letter, option in zip(LETTERS, item.options, strict=False)
    )
    diagnosis = lineage.repairs.diagnosis_of.get(item.id)
    blamed = diagnosis.nodes if diagnosis else ()
    same_chain = [d.item for _, d in sorted(lineage.repairs.diagnosis_of.items()) if d.chain == item.chain and d.item != item.id]
    return Failure(
        item,
        margin,
        choices,
        tuple(_step(lineage, s.id, blamed, diagnosis) for s in lineage.path(item)),
        told(lineage, diagnosis) if diagnosis else None,
        () if diagnosis else tuple(same_chain),
    )


def told(lineage: Lineage, diagnosis: Diagnosis) -> Told:
    """A diagnosis in words, with the patches that were written for its item or that target what it blames."""
    know, item = lineage.knowledge, lineage.items.get(diagnosis.item)
    nodes = {n: know.statements[n].text if n in know.statements else know.concepts[n].term for n in diagnosis.nodes if _known(lineage, n)}
    return Told(
        diagnosis.item,
        item.discipline if item else "",
        diagnosis.category,
        confidence_text(diagnosis),
        diagnosis.reason,
        tuple(nodes.items()),
        patches_on(lineage, diagnosis.nodes, diagnosis.item),
        item is not None and item.content_hash != diagnosis.hash,
    )


def patches_on(lineage: Lineage, nodes: tuple[str, ...], item: str = "") -> tuple[Repair, ...]:
    """The patches that target one of the nodes, or that were written because the item failed; by round and id."""
    repairs = lineage.repairs
    ids = {p.id for n in nodes for p in repairs.patches_on.get(n, ())} | {p.id for p in repairs.patches_for.get(item, ())}
    return tuple(Repair(p.id, p.round, p.category, repairs.says(p.id)) for p in repairs.patches.values() if p.id in ids)


def _known(lineage: Lineage, node: str) -> bool:
    return node in lineage.knowledge.statements or node in lineage.knowledge.concepts


def _step(lineage: Lineage, node: str, blamed: tuple[str, ...], diagnosis: Diagnosis | None) -> ItemStep:
    know, statement = lineage.knowledge, lineage.knowledge.statements[node]
    evidence = [e for e in (diagnosis.evidence if diagnosis else ()) if e.node == node]
    evidence += lineage.repairs.noticed_at.get(node, ())
    words = dict.fromkeys(evidence_text(know, e) for e in evidence)
    where = f"{statement.span.source}[{statement.span.start}:{statement.span.end}]"
    samples = len(lineage.samples_of.get(node, ()))
    return ItemStep(node, statement.text, statement.quote, where, samples, node in blamed, tuple(words), patches_on(lineage, (node,)))
