"""A frozen wording replaces the text of the item of its plan, and of no other; without any, the items are what the templates write."""

from __future__ import annotations

import msgspec

from proda.store.written_items import WrittenItem
from proda.tester.worded import item_plan, with_wordings
from tests.tester.solvers import items

ITEMS = sorted(items().values(), key=lambda item: item.id)
FIRST = ITEMS[0]
TEXT = WrittenItem(FIRST.id, "Which?", ("1", "2", "3", "4"), item_plan(FIRST), "toy", "item@1")


def test_without_a_wording_the_items_are_those_of_the_templates() -> None:
    assert with_wordings(ITEMS, {}) == ITEMS
    assert with_wordings(ITEMS, {"0" * 16: TEXT}) == ITEMS


def test_a_wording_changes_stem_and_options_and_nothing_else() -> None:
    first, *rest = with_wordings(ITEMS, {TEXT.plan: TEXT})
    assert rest == ITEMS[1:] and first.stem == "Which?" and [o.text for o in first.options] == ["1", "2", "3", "4"]
    assert msgspec.structs.replace(first, stem=FIRST.stem, options=FIRST.options) == FIRST
    plain = [msgspec.structs.replace(o, text="") for o in first.options]
    assert plain == [msgspec.structs.replace(o, text="") for o in FIRST.options]  # what they state and break stays
    assert first.content_hash != FIRST.content_hash


def test_a_plan_is_that_of_one_item_and_changes_with_what_the_templates_write() -> None:
    assert len({item_plan(item) for item in ITEMS}) == len(ITEMS)
    for change in (
        {"stem": f"{FIRST.stem} "},
        {"answer": "A" if FIRST.answer != "A" else "B"},
        {"options": FIRST.options[::-1]},
        {"options": (msgspec.structs.replace(FIRST.options[0], breaks=("x",)), *FIRST.options[1:])},
        {"statements": FIRST.statements[::-1]},
    ):
        assert item_plan(msgspec.structs.replace(FIRST, **change)) != item_plan(FIRST)
    assert item_plan(msgspec.structs.replace(FIRST, nodes=())) == item_plan(FIRST)
