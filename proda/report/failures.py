"""Outcomes → the worst failures: items that every seed gets wrong, those with the clearest preference for a wrong option first.

Only dev and twin items are ever listed. Sealed ones appear as a total, or they would not stay sealed for long.
"""

from __future__ import annotations

import msgspec

from proda.history.lineage import Lineage
from proda.records import LETTERS, Item, Outcome


class Choice(msgspec.Struct, frozen=True):
    """An option as the report shows it: who chose it, and why it is wrong."""

    letter: str
    text: str
    right: bool
    operators: str
    why: str
    models: tuple[str, ...]


class Step(msgspec.Struct, frozen=True):
    """A statement that the item rests on: what it says, where that is from, and how many samples teach it."""

    id: str
    text: str
    quote: str
    where: str
    samples: int


class Failure(msgspec.Struct, frozen=True):
    """An item that every seed gets wrong. `margin`: mean over seeds of right minus best wrong option."""

    item: Item
    margin: float | None
    choices: tuple[Choice, ...]
    steps: tuple[Step, ...]


def failed_by_all(lineage: Lineage, splits: frozenset[str]) -> list[tuple[float, Item, list[Outcome]]]:
    """(mean margin, item, the seeds' outcomes) for items of `splits` that every tuned model answered wrong, the worst first."""
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
    statements = [lineage.knowledge.statements[s] for s in item.statements if s in lineage.knowledge.statements]
    steps = tuple(
        Step(s.id, s.text, s.quote, f"{s.span.source}, {s.span.start}–{s.span.end}", len(lineage.samples_of.get(s.id, ())))
        for s in statements
    )
    return Failure(item, margin, choices, steps)
