"""A kind of probe that fails about as often on control nodes is ignored; one that distinguishes the groups is used."""

from __future__ import annotations

import pytest

from proda.debugger.controls import FEWEST, Discrimination, controls, discrimination
from proda.debugger.diagnose import examine, probes_of
from proda.debugger.probes import Answer, Probe
from tests.toyitems import linked_knowledge, toy_items, wrong_letter

WORLD = linked_knowledge(40)
ITEMS = toy_items(WORLD, ["dev"])
SEEDS = ("seed-0", "seed-1", "seed-2")
BAD = [i for i in ITEMS if i.kind == "bridge"][:12]
FAILED = {i.id: dict.fromkeys(SEEDS, wrong_letter(i)) for i in BAD}


def nodes(count: int, prefix: str) -> set[str]:
    return {f"{prefix}{n}" for n in range(count)}


@pytest.mark.parametrize(
    ("suspects", "unknown", "others", "also_unknown", "telling"),
    [
        (50, 45, 100, 5, True),  # rare on control nodes: every failure is evidence
        (50, 2, 100, 3, True),
        (50, 42, 100, 82, False),  # not more often than on control nodes
        (400, 350, 400, 320, False),  # significantly more often, but by too little to blame a node
        (50, 40, 100, 30, True),
        (4, 3, 100, 50, False),  # one and a half times as often, which may be chance
        (50, 42, FEWEST - 1, FEWEST - 1, True),  # too few control nodes to decide
    ],
)
def test_what_fails_as_often_elsewhere_is_not_telling(suspects: int, unknown: int, others: int, also_unknown: int, telling: bool) -> None:
    lacking = nodes(unknown, "s") | nodes(also_unknown, "c")
    found = discrimination(nodes(suspects, "s"), nodes(others, "c"), lacking)
    assert (found.suspected, found.unknown, found.controls, found.controls_unknown) == (suspects, unknown, others, also_unknown)
    assert found.telling is telling


def test_controls_are_statements_of_items_that_were_answered_and_of_none_that_failed() -> None:
    drawn = controls(WORLD, ITEMS, FAILED, count=30)
    bad = {s for i in BAD for s in i.statements}
    good = {s for i in ITEMS if i not in BAD for s in i.statements}
    assert len(drawn) == 30 and {s.id for s in drawn} <= good - bad
    assert bad & good, "an effect rests on a statement that a failed bridge rests on too"
    assert {WORLD.chains[s.chain].is_link for s in controls(WORLD, ITEMS, FAILED, count=1000)} == {True, False}
    assert drawn == controls(WORLD, ITEMS[::-1], FAILED, count=30) and [s.id for s in drawn] == sorted(s.id for s in drawn)
    assert controls(WORLD, BAD, FAILED, count=30) == []


def answered(fails: frozenset[str]) -> dict[str, list[Answer]]:
    """Answers of models that fail every probe of the kinds `fails`, and the probes of both statements of the first failed item."""
    probes = probes_of(WORLD, ITEMS, FAILED)

    def right(probe: Probe) -> bool:
        return probe.kind not in fails and not (probe.kind == "statement" and probe.node in BAD[0].statements)

    return {m: [Answer(p, 0.1 if right(p) else -0.1, p.means[1]) for p in probes] for m in SEEDS}


def test_definitions_that_no_model_knows_blame_no_concept() -> None:
    diagnoses, found, noticed, _ = examine(WORLD, ITEMS, FAILED, answered(frozenset({"concept"})))
    assert not found["concept"].telling and found["statement"].telling and found["step"].telling
    concepts = found["concept"]
    assert isinstance(concepts, Discrimination) and concepts.controls_unknown == concepts.controls >= FEWEST
    assert {(e.probe, e.node) for e in noticed} == {("statement", s) for s in BAD[0].statements}
    first = next(d for d in diagnoses if d.item == BAD[0].id)
    assert first.category == "concept gap" and set(first.nodes) <= set(BAD[0].statements)
    assert all(not set(d.nodes) & set(WORLD.concepts) for d in diagnoses)


def test_where_statements_tell_nothing_no_item_is_suspected_of_being_known() -> None:
    """All seeds agree and no reliable probe fails, but a statement without a reliable probe does not count as known."""
    diagnoses, found, noticed, _ = examine(WORLD, ITEMS, FAILED, answered(frozenset({"statement"})))
    assert not found["statement"].telling and noticed == []  # a kind of probe that fails everywhere is not evidence
    assert {d.category for d in diagnoses} == {"unexplained"}


def test_what_else_of_the_item_is_unknown_stands_behind_what_is_blamed() -> None:
    diagnoses = examine(WORLD, ITEMS, FAILED, answered(frozenset())).diagnoses
    first = next(d for d in diagnoses if d.item == BAD[0].id)
    told = [e.node for e in first.evidence]
    assert tuple(told[: len(first.nodes)]) == first.nodes and set(told) == set(BAD[0].statements) and len(told) > len(first.nodes)


def test_all_statements_of_correctly_answered_items_are_controls_however_few_are_suspected() -> None:
    """These statements are probed anyway, so the control group need not be as small as the group of suspects."""
    one = {BAD[0].id: FAILED[BAD[0].id]}
    found = examine(WORLD, ITEMS, one, answered(frozenset())).probes["statement"]
    others = {s for i in ITEMS if i != BAD[0] for s in i.statements} - set(BAD[0].statements)
    assert isinstance(found, Discrimination)
    assert found.suspected <= len(BAD[0].statements) < found.controls == len(others)


def test_steps_of_failed_items_are_held_against_steps_between_controls() -> None:
    found = examine(WORLD, ITEMS, FAILED, answered(frozenset({"step", "between"}))).probes
    for kind in ("step", "between"):
        worth = found[kind]
        assert isinstance(worth, Discrimination)
        assert worth.suspected == worth.unknown == len(BAD) and not worth.telling  # one step per item, and all probes fail everywhere
        assert worth.controls == worth.controls_unknown >= FEWEST
