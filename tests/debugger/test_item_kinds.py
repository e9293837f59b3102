"""Kinds of items that models fail even if they know the statements blame no statement; other kinds do."""

from __future__ import annotations

import msgspec
import pytest

from proda.debugger.controls import LIFT, Discrimination
from proda.debugger.diagnose import examine, probes_of
from proda.debugger.item_kinds import FEWEST, item_kinds, shown_by_items
from proda.debugger.probes import Answer
from proda.records import Item, ItemKind
from tests.toyitems import linked_knowledge, toy_items

WORLD = linked_knowledge(30)
SEEDS = ("seed-0", "seed-1", "seed-2")
ITEMS = [i for i in toy_items(WORLD) if i.kind == "bridge"][:60]


def mixed(share_failed: tuple[float, float], kind: ItemKind = "effect") -> tuple[list[Item], set[str], set[str]]:
    """Items of one kind, half of them with an unknown statement. The shares are those that fail in either half, the unknown half first."""
    items = [msgspec.structs.replace(item, kind=kind, statements=(f"s{n}",)) for n, item in enumerate(ITEMS[:60])]
    half = len(items) // 2
    failed = {i.id for n, i in enumerate(items[:half]) if n < share_failed[0] * half}
    failed |= {i.id for n, i in enumerate(items[half:]) if n < share_failed[1] * half}
    return items, failed, {i.id for i in items[:half]}


@pytest.mark.parametrize(("shares", "telling"), [((0.8, 0.75), False), ((0.9, 0.4), True), ((0.3, 0.1), True), ((0.5, 0.6), False)])
def test_a_kind_tells_if_it_is_failed_more_often_where_a_statement_is_unknown(shares: tuple[float, float], telling: bool) -> None:
    items, failed, lacking = mixed(shares)
    found = item_kinds(items, failed, lacking)["effect"]
    assert found.telling is telling and found.suspected == found.controls == len(items) // 2


def test_with_few_items_whose_statements_are_known_a_kind_is_taken_as_telling() -> None:
    items, failed, lacking = mixed((1.0, 1.0))
    half = len(items) // 2
    assert item_kinds(items[: half + FEWEST - 1], failed, lacking)["effect"].telling
    assert not item_kinds(items[: half + FEWEST], failed, lacking)["effect"].telling


def test_after_a_repair_the_kinds_are_those_that_the_patches_were_written_for() -> None:
    effects, failed, lacking = mixed((0.8, 0.75))
    bridges = [msgspec.structs.replace(i, id=f"{i.id}-b", kind="bridge") for i in effects]
    found = item_kinds([*effects, *bridges], failed, lacking, {bridges[0].id})
    assert found["bridge"].telling and not found["effect"].telling
    assert item_kinds(effects, failed, lacking, {"physics/gone:dev-bridge"}) == item_kinds(effects, failed, lacking)


def test_failed_items_of_a_kind_that_says_nothing_blame_no_statement() -> None:
    lacking = {s for item in ITEMS[:20] for s in item.statements}
    free = [i for i in ITEMS if lacking.isdisjoint(i.statements)]
    assert FEWEST <= len(free) <= len(ITEMS) - FEWEST

    def diagnosed(failing: list[Item]) -> tuple[set[str], list[str]]:
        failed = {i.id: dict.fromkeys(SEEDS, next(x for x in "ABCD" if x != i.answer)) for i in failing}
        probes = probes_of(WORLD, ITEMS, failed)
        answers = [Answer(p, -0.1 if p.kind == "statement" and p.node in lacking else 0.1, p.means[1]) for p in probes]
        found = examine(WORLD, ITEMS, failed, dict.fromkeys(SEEDS, answers))
        return {d.category for d in found.diagnoses}, [d.reason for d in found.diagnoses]

    categories, reasons = diagnosed(ITEMS)
    assert categories == {"unexplained"} and all("says nothing about its statements" in reason for reason in reasons)
    categories, _ = diagnosed([i for i in ITEMS if i not in free])
    assert "concept gap" in categories


@pytest.mark.parametrize(
    ("kind", "counts", "shown"),
    [
        ("bridge", (169, 77, 67, 14), True),
        ("condition", (169, 77, 67, 14), False),  # conditions have probes of their own
        ("effect", (48, 35, 11, 8), False),
        ("mechanism", (115, 71, 28, 12), False),  # more often, but not significantly so
        ("order", (10, 0, 10, 0), False),
    ],
)
def test_items_show_that_probes_of_statements_are_reliable(kind: str, counts: tuple[int, int, int, int], shown: bool) -> None:
    assert shown_by_items({kind: Discrimination(*counts, telling=True)}) is shown


def test_unknown_statements_are_blamed_if_items_hang_on_them_though_as_many_controls_are_unknown() -> None:
    """The chosen options break statements that are known, and items that are right by luck rest on unknown ones."""
    failing, lucky = ITEMS[:30], ITEMS[30:45]
    letters = {i.id: next(x for x in "ABCD" if x != i.answer) for i in failing}
    lacking = {s for i in failing for s in i.statements if s not in i.options["ABCD".index(letters[i.id])].breaks}
    lacking |= {s for i in lucky for s in i.statements}
    failed = {i.id: dict.fromkeys(SEEDS, letters[i.id]) for i in failing}
    probes = probes_of(WORLD, ITEMS, failed)
    answers = [Answer(p, -0.1 if p.kind == "statement" and p.node in lacking else 0.1, p.means[1]) for p in probes]
    found = examine(WORLD, ITEMS, failed, dict.fromkeys(SEEDS, answers))
    told = found.probes["statement"]
    assert isinstance(told, Discrimination) and told.unknown * told.controls < LIFT * told.controls_unknown * told.suspected
    assert told.telling and "concept gap" in {d.category for d in found.diagnoses}
