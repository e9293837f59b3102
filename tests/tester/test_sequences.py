"""Mechanism and order items: every option is a true sequence, and only the right one starts (and ends) where the stem says."""

from __future__ import annotations

from itertools import combinations

import pytest

from proda.records import Item, ItemKind, Option
from proda.tester.drafts import REACH, Site
from proda.tester.sequences import ARROW, MECHANISM, ORDER
from tests.tester.world import WORLD, named, of_kind, reached, right, wrongs
from tests.toyworld import knowledge

KINDS: tuple[ItemKind, ...] = ("mechanism", "order")
JOINED = {(s.subject, s.object) for s in WORLD.active_statements.values()}


def row(option: Option) -> list[str]:
    return [named(text) for text in option.text.split(ARROW)]


def ends(item: Item) -> tuple[str, str]:
    path = [WORLD.statements[s] for s in item.statements]
    assert len(path) == 3 and all(a.object == b.subject for a, b in zip(path, path[1:], strict=False))
    return path[0].subject, path[-1].object


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_is_a_sequence_of_true_statements(kind: ItemKind) -> None:
    for item in of_kind(kind):
        for option in item.options:
            steps = row(option)
            assert len(steps) == (2 if kind == "mechanism" else 3)
            assert all(pair in JOINED for pair in zip(steps, steps[1:], strict=False)), (item.id, option.text)


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_options_share_a_concept(kind: ItemKind) -> None:
    for item in of_kind(kind):
        for one, other in combinations(item.options, 2):
            assert set(row(one)).isdisjoint(row(other)), item.id


@pytest.mark.parametrize("kind", KINDS)
def test_the_key_is_what_the_three_statements_say(kind: ItemKind) -> None:
    for item in of_kind(kind):
        steps = [WORLD.statements[s].object for s in item.statements]
        assert row(right(item)) == (steps[:2] if kind == "mechanism" else steps)


def test_a_wrong_mechanism_lacks_the_start_the_end_or_both_as_recorded() -> None:
    seen = set()
    for item in of_kind("mechanism"):
        start, end = ends(item)
        for option in wrongs(item):
            one, two = row(option)
            follows, leads = one in reached(WORLD, start, 1), end in reached(WORLD, two, 1)
            assert not (follows and leads)
            broken = [s for s, holds in ((item.statements[0], follows), (item.statements[2], leads)) if not holds]
            assert list(option.breaks) == broken and (option.operator == "half") is (len(broken) == 1), (item.id, option.text)
            assert follows or one not in reached(WORLD, start, REACH), (item.id, option.text)
            assert leads or end not in reached(WORLD, two, REACH), (item.id, option.text)
            seen.add(tuple(item.statements.index(s) for s in option.breaks))
    assert seen == {(0,), (2,), (0, 2)}


def test_no_wrong_order_follows_from_the_start() -> None:
    for item in of_kind("order"):
        start, _ = ends(item)
        for option in wrongs(item):
            assert row(option)[0] not in reached(WORLD, start, REACH), (item.id, option.text)
            assert option.breaks == item.statements[:1]


def test_what_follows_step_by_step_are_consequences_and_what_lies_between_may_be_anything() -> None:
    def steps(kind: ItemKind) -> set[bool]:
        return {WORLD.relations[WORLD.statements[s].relation].step for item in of_kind(kind) for s in item.statements}

    assert steps("order") == {True} and steps("mechanism") == {True, False}


STORIES = [
    (
        f"story-{n}",
        f"how thing {n} comes about",
        [f"thing-{n}-0", "causes", f"thing-{n}-1", "causes", f"thing-{n}-2", "causes", f"thing-{n}-3"],
    )
    for n in range(6)
]
SITE = Site("weaving/story-0", tuple(f"weaving/story-0.s{n}" for n in (1, 2, 3)))


def test_there_is_no_mechanism_where_two_other_steps_lead_there_as_well() -> None:
    world = knowledge({"weaving": STORIES})
    assert MECHANISM.write(world, SITE, "a", frozenset(), ("key",)) is not None
    second = [
        ("a", "", ["thing-0-0", "increases", "knot"]),
        ("b", "", ["knot", "causes", "loop"]),
        ("c", "", ["loop", "causes", "thing-0-3"]),
    ]
    assert MECHANISM.write(knowledge({"weaving": [*STORIES, *second]}), SITE, "a", frozenset(), ("key",)) is None


def test_a_sequence_that_the_start_leads_to_is_never_a_distractor() -> None:
    """Two links lead from the start into story 1, and so none of its sequences is wrong."""
    into = [("a", "", ["thing-0-0", "increases", "knot"]), ("b", "", ["knot", "causes", "thing-1-0"])]
    world = knowledge({"weaving": [*STORIES, *into]})
    drafts = [ORDER.write(world, SITE, "a", frozenset(), (n,)) for n in range(40)]
    shown = {o.text for d in drafts if d for o in d.wrongs}
    assert shown and not any("thing 1 0" in text for text in shown)
    free = knowledge({"weaving": STORIES})
    assert any("thing 1 0" in o.text for n in range(40) if (d := ORDER.write(free, SITE, "a", frozenset(), (n,))) for o in d.wrongs)


def test_a_site_has_four_concepts_and_at_most_two_statements_in_a_row_outside_its_chain() -> None:
    for site in ORDER.sites(WORLD):
        path = site.path(WORLD)
        assert len({path[0].subject, *(s.object for s in path)}) == 4
        assert sum(s.chain == site.owner for s in path) >= 2
