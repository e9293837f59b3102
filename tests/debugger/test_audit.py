"""The audit says "could have" of what lies under an item, "proof" only of what a retrain showed, and nothing of what it cannot know."""

from __future__ import annotations

from proda.debugger.audit import Change, audit, rests_on, summary
from proda.debugger.paired import Pair
from proda.tester.items import write_items
from tests.toyworld import wide_knowledge

WORLD = wide_knowledge(20)
ITEMS = [i for i in write_items(WORLD, seed=0, sealed_share=0.0) if i.discipline == "weaving"]
ITEM = ITEMS[0]
OTHER = next(i for i in ITEMS if not rests_on(WORLD, i) & rests_on(WORLD, ITEM))


def pairs(item: str, chain: str, *flips: tuple[bool, bool]) -> list[Pair]:
    return [Pair(item, chain, "weaving", f"seed-{n}", before, after) for n, (before, after) in enumerate(flips)]


UP, DOWN, SAME = (False, True), (True, False), (True, True)
PATCH = Change("aaa", "Repair", (ITEM.statements[0],), "1-x-00000000", "unproven")
ELSEWHERE = Change("bbb", "Repair", (OTHER.statements[0],), "1-y-00000000")


def test_a_change_under_a_flipped_item_could_have_done_it_and_one_elsewhere_could_not() -> None:
    (line,) = audit(pairs(ITEM.id, ITEM.chain, UP, UP, SAME), ITEMS, WORLD, [PATCH, ELSEWHERE])
    assert (line.fixed, line.broken, line.seeds, line.level, line.patch) == (2, 0, 3, "could have", PATCH.patch)
    assert line.through == (ITEM.statements[0],)


def test_only_a_verdict_from_retraining_is_proof_and_stands_first() -> None:
    import msgspec

    for says, level in (
        ("necessary", "proof"),
        ("sufficient", "proof"),
        ("harmful", "proof"),
        ("unproven", "could have"),
        ("redundant", "could have"),
    ):
        judged = msgspec.structs.replace(PATCH, commit="zzz", says=says)
        plain = msgspec.structs.replace(PATCH, commit="aab")
        lines = audit(pairs(ITEM.id, ITEM.chain, UP, UP, UP), ITEMS, WORLD, [plain, judged])
        assert {line.commit: line.level for line in lines} == {"aab": "could have", "zzz": level}
        assert lines[0].level == ("proof" if level == "proof" else "could have")


def test_a_flip_that_nothing_lies_under_is_said_to_have_nothing() -> None:
    (line,) = audit(pairs(ITEM.id, ITEM.chain, DOWN, DOWN, SAME), ITEMS, WORLD, [ELSEWHERE])
    assert (line.broken, line.level, line.commit) == (2, "nothing", "")


def test_seeds_that_flip_both_ways_alike_are_no_change() -> None:
    assert audit(pairs(ITEM.id, ITEM.chain, UP, DOWN, SAME), ITEMS, WORLD, [PATCH]) == []


def test_what_only_a_distractor_names_is_not_under_the_item() -> None:
    under = rests_on(WORLD, ITEM)
    assert set(ITEM.statements) <= under and ITEM.chain in under
    named = set(ITEM.nodes) - under
    assert named, "the item's distractors name concepts of other chains"
    assert [x.level for x in audit(pairs(ITEM.id, ITEM.chain, UP), ITEMS, WORLD, [Change("c", "Edit", tuple(named))])] == ["nothing"]


def test_the_summary_counts_items_not_lines() -> None:
    both = [*pairs(ITEM.id, ITEM.chain, UP, UP), *pairs(OTHER.id, OTHER.chain, DOWN, DOWN)]
    counts = summary(audit(both, ITEMS, WORLD, [PATCH, PATCH]))
    assert counts == {"broken": 1, "broken, nothing": 1, "fixed": 1, "fixed, could have": 1}
