"""Concepts are probed in two parts; the second is skipped if the first does not distinguish the groups."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from pipelines.diagnose import lacking_line
from proda.debugger.diagnose import FIRST, failures, probes_of
from proda.debugger.probes import Answer, Probe
from proda.records import LETTERS, Item, Outcome
from proda.workflows.prober import Prober
from tests.toyitems import linked_knowledge, toy_items

WORLD = linked_knowledge(140)
ITEMS = toy_items(WORLD, ["dev"])


def outcome(item: Item, right: bool) -> Outcome:
    chosen = item.answer if right else next(x for x in LETTERS if x != item.answer)
    split, chain = item.split, item.chain
    return Outcome(item.id, item.content_hash, "seed-0", split, item.discipline, chain, item.kind, item.answer, chosen, right, None)


HALF = sorted({i.chain for i in ITEMS})[::2]
OUTCOMES = [outcome(i, i.chain in HALF) for i in ITEMS]


@cache
def suspected() -> set[str]:
    """The concepts that a diagnosis of these outcomes asks about."""
    return {p.node for p in probes_of(WORLD, ITEMS, failures(ITEMS, OUTCOMES)) if p.kind == "concept"}


class Recorded(Prober):
    """Answers by rule instead of by model, and keeps what it was asked."""

    def __init__(self, concepts_tell: bool) -> None:
        super().__init__(Path(), {"seed-0": Path()}, batch_tokens=1, cache=Path())
        self.asked: list[list[Probe]] = []
        of_failed = {c for i in ITEMS if i.chain not in HALF for s in i.statements for c in WORLD.statements[s].triple[::2]}
        self.wrong = of_failed if concepts_tell else set(WORLD.concepts)

    def answers(self, probes: Sequence[Probe]) -> dict[str, list[Answer]]:
        self.asked.append(list(probes))
        return {"seed-0": [Answer(p, -0.1 if p.kind == "concept" and p.node in self.wrong else 0.1, p.means[1]) for p in probes]}


@pytest.mark.parametrize("tell", [True, False])
def test_all_concepts_are_asked_about_only_where_the_first_of_them_tell(tell: bool) -> None:
    prober = Recorded(tell)
    found = prober.examined(WORLD, ITEMS, OUTCOMES, [])
    assert {p.kind for p in prober.asked[0]} == {"statement"}  # apart, as the stage `evaluate` asked them
    first = {p.node for p in prober.asked[1] if p.kind == "concept"}
    assert FIRST <= len(first) <= 2 * FIRST < len(suspected())
    assert found.probes["concept"].telling is tell
    assert {p.kind for more in prober.asked[2:] for p in more} == ({"concept"} if tell else set())
    assert {p.node for asked in prober.asked for p in asked if p.kind == "concept"} == (suspected() if tell else first)
    asked = [p for asked in prober.asked for p in asked]
    assert len(asked) == len(set(asked))


def test_the_line_about_the_knowledge_counts_statements_and_no_concepts() -> None:
    statements, concepts = sorted(WORLD.active_statements), sorted(WORLD.concepts)
    said = lacking_line([*statements, *statements[:1], *concepts], WORLD)
    assert said == f"{len(statements)} of {len(statements)} statements are unknown, unused or contradicted"
    assert lacking_line([statements[0], *concepts], WORLD).startswith("1 of ")
    assert " is unknown, unused or contradicted" in lacking_line([statements[0]], WORLD)
