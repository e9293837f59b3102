"""The audit marks changes under an item as "could have", and as "proof" only what retraining showed."""

from __future__ import annotations

import msgspec

from proda.history.audit import Change, audit, by_patch, departures, rests_on, summary
from proda.history.flips import Flip, flips, tallies
from proda.records import LETTERS, Item, Outcome
from tests.toyitems import bridge, linked_knowledge, toy_items

WORLD = linked_knowledge(20)
ITEMS = toy_items(WORLD)
ITEM = ITEMS[0]
OTHER = next(i for i in ITEMS if not rests_on(WORLD, i) & rests_on(WORLD, ITEM))


def flipped(item: Item, *answers: tuple[bool, bool]) -> list[Flip]:
    """The flips of an item that each seed answers so before and after."""

    def side(when: int) -> list[Outcome]:
        brief = (item.split, item.discipline, item.chain, item.kind, item.answer, item.answer)
        return [Outcome(item.id, item.content_hash, f"seed-{n}", *brief, pair[when], 0.1) for n, pair in enumerate(answers)]

    return flips(tallies(side(0)), tallies(side(1)))


UP, DOWN, SAME = (False, True), (True, False), (True, True)
PATCH = Change("aaa", "Repair", (ITEM.statements[0],), "1-x-00000000", "unproven")
ELSEWHERE = Change("bbb", "Repair", (OTHER.statements[0],), "1-y-00000000")


def test_a_change_under_a_flipped_item_could_have_done_it_and_one_elsewhere_could_not() -> None:
    (line,) = audit(flipped(ITEM, UP, UP, SAME), ITEMS, WORLD, [PATCH, ELSEWHERE])
    assert (line.better, line.before, line.after, line.level, line.patch) == (True, "1 of 3", "3 of 3", "could have", PATCH.patch)
    assert line.through == (ITEM.statements[0],)


def level(change: Change, *answers: tuple[bool, bool]) -> tuple[str, str]:
    (line,) = audit(flipped(ITEM, *answers), ITEMS, WORLD, [change])
    return line.level, line.says


def test_only_what_retraining_showed_of_this_item_is_proof() -> None:
    for shown, fixed, broken in (
        ("necessary", "proof", "could have"),
        ("sufficient", "proof", "could have"),
        ("necessary and sufficient", "proof", "could have"),
        ("harmed", "could have", "proof"),
        ("redundant", "could have", "could have"),
    ):
        judged = msgspec.structs.replace(PATCH, says="necessary", shown={ITEM.content_hash: shown})
        assert level(judged, UP, UP, UP) == (fixed, shown)
        assert level(judged, DOWN, DOWN, DOWN) == (broken, shown)


def test_a_verdict_that_does_not_name_the_item_as_it_reads_now_proves_nothing_of_it() -> None:
    for shown in ({}, {OTHER.content_hash: "necessary"}):
        assert level(msgspec.structs.replace(PATCH, says="necessary", shown=shown), UP, UP, UP) == ("could have", "necessary")


def test_taking_a_patch_back_breaks_what_it_was_necessary_for_and_mends_what_it_harmed() -> None:
    def back(shown: str) -> Change:
        return msgspec.structs.replace(PATCH, reverted=True, shown={ITEM.content_hash: shown})

    assert level(back("necessary"), DOWN, DOWN)[0] == level(back("harmed"), UP, UP)[0] == "proof"
    assert level(back("necessary"), UP, UP)[0] == level(back("harmed"), DOWN, DOWN)[0] == "could have"


def test_a_verdict_on_the_patch_as_a_whole_counts_in_its_direction_only() -> None:
    for says, fixed, broken in (
        ("necessary", "proof", "could have"),
        ("sufficient", "proof", "could have"),
        ("harmful", "could have", "proof"),
        ("unproven", "could have", "could have"),
        ("redundant", "could have", "could have"),
    ):
        judged = msgspec.structs.replace(PATCH, says=says)
        assert level(judged, UP, UP, UP) == (fixed, says) and level(judged, DOWN) == (broken, says)


def test_what_is_proven_stands_first() -> None:
    judged = msgspec.structs.replace(PATCH, commit="zzz", shown={ITEM.content_hash: "necessary"})
    lines = audit(flipped(ITEM, UP, UP), ITEMS, WORLD, [PATCH, judged])
    assert [(line.commit, line.level) for line in lines] == [("zzz", "proof"), ("aaa", "could have")]


def test_a_flip_that_nothing_lies_under_is_said_to_have_nothing() -> None:
    (line,) = audit(flipped(ITEM, DOWN, DOWN, SAME), ITEMS, WORLD, [ELSEWHERE])
    assert (line.better, line.level, line.commit) == (False, "nothing", "")


def test_an_item_whose_majority_stays_is_not_listed_even_if_single_seeds_change() -> None:
    for answers in ((UP, DOWN, SAME), (SAME, SAME, UP), (DOWN, SAME, SAME), (UP, (False, False), (False, False))):
        assert audit(flipped(ITEM, *answers), ITEMS, WORLD, [PATCH]) == []


def test_patches_are_listed_by_items_fixed_less_items_broken() -> None:
    other = msgspec.structs.replace(PATCH, nodes=(OTHER.statements[0],), patch="1-z-00000000", says="harmful")
    lines = audit([*flipped(ITEM, UP, UP), *flipped(OTHER, DOWN, DOWN)], ITEMS, WORLD, [other, PATCH, PATCH])
    assert [(e.patch, e.says, e.fixed, e.broken) for e in by_patch(lines, [other, PATCH])] == [
        ("1-x-00000000", "unproven", 1, 0),
        ("1-z-00000000", "harmful", 0, 1),
    ]


def test_a_patch_that_is_removed_is_not_blamed_for_what_its_removal_broke() -> None:
    removed = msgspec.structs.replace(PATCH, commit="ddd", reverted=True)
    for changes in ([removed], [PATCH, removed]):
        lines = audit(flipped(ITEM, DOWN, DOWN), ITEMS, WORLD, changes)
        assert [x.commit for x in lines if x.reverted] == ["ddd"]
        (effect,) = by_patch(lines, changes)
        assert (effect.patch, effect.removed, effect.fixed, effect.broken) == (PATCH.patch, "ddd", 0, 1)
    lines = audit(flipped(ITEM, DOWN, DOWN), ITEMS, WORLD, [removed, PATCH])
    assert [e.removed for e in by_patch(lines, [removed, PATCH])] == [""], "it was added again"


def test_what_only_a_distractor_names_is_not_under_the_item() -> None:
    under = rests_on(WORLD, ITEM)
    assert set(ITEM.statements) <= under and ITEM.chain in under
    named = set(ITEM.nodes) - under
    assert named, "the item's distractors name concepts of other chains"
    assert [x.level for x in audit(flipped(ITEM, UP), ITEMS, WORLD, [Change("c", "Edit", tuple(named))])] == ["nothing"]


def test_the_summary_counts_items_not_lines() -> None:
    both = [*flipped(ITEM, UP, UP), *flipped(OTHER, DOWN, DOWN)]
    counts = summary(audit(both, ITEMS, WORLD, [PATCH, PATCH]))
    assert counts == {"broken": 1, "broken, nothing": 1, "fixed": 1, "fixed, could have": 1}


def test_a_change_to_what_the_wrong_answer_had_wrong_probably_did_it() -> None:
    item = bridge(WORLD, 6)
    wrong = [letter for letter in LETTERS if letter != item.answer]
    answers = [
        Outcome(item.id, item.content_hash, f"seed-{n}", item.split, "weaving", item.chain, item.kind, item.answer, letter, False, -0.1)
        for n, letter in enumerate(wrong)
    ]
    departed = departures(ITEMS, answers[:1])
    touched = departed[item.id]
    assert touched == set(item.options[LETTERS.index(wrong[0])].breaks) and departures(ITEMS, answers)[item.id] >= touched

    def found(statement: str, *answers: tuple[bool, bool]) -> str:
        change = Change("aaa", "Repair", (statement,), "1-x-00000000", "unproven")
        (line,) = audit(flipped(item, *answers), ITEMS, WORLD, [change], {(item.id, True): touched})
        return line.level

    for statement in item.statements:
        assert found(statement, UP, UP) == ("probably" if statement in touched else "could have")
        assert found(statement, DOWN, DOWN) == "could have"  # the errors of the earlier answer do not explain the change
    reworded = [msgspec.structs.replace(a, hash="0" * 16) for a in answers]
    assert departures(ITEMS, reworded) == {}
