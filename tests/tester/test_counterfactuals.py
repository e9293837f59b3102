"""Counterfactual items: the key loses a cause, and no distractor depends on what is missing."""

from __future__ import annotations

import pytest

from proda.graph import Knowledge
from proda.language.wording import bare_name
from proda.tester.counterfactuals import BRINGING, COUNTERFACTUAL
from proda.tester.drafts import Site
from tests.tester.world import WORLD, named, of_kind, reached, right, wrongs
from tests.toyworld import knowledge, with_statement

ITEMS = of_kind("counterfactual")
EVER = 12  # more statements than any path has


def test_the_key_hangs_on_what_is_missing_by_as_many_steps_as_the_stem_says() -> None:
    for item in ITEMS:
        path = [WORLD.statements[s] for s in item.statements]
        assert all(a.object == b.subject for a, b in zip(path, path[1:], strict=False))
        assert all(s.relation in BRINGING and "lower" not in f"{s.subject_as} {s.object_as}" for s in path)
        assert named(right(item).text) == path[-1].object
        assert bare_name(WORLD, path[0].subject) in item.stem and (len(path), "two other steps" in item.stem) in ((2, False), (3, True))
        assert len(path) == 3 or len({s.chain for s in path}) == 2


def test_no_distractor_depends_on_what_is_missing() -> None:
    for item in ITEMS:
        stopped = WORLD.statements[item.statements[0]].subject
        after = reached(WORLD, stopped, EVER)
        for option in wrongs(item):
            assert named(option.text) not in after | {stopped}, (item.id, option.text)


def test_a_half_right_distractor_lies_just_before_or_just_beside() -> None:
    seen = set()
    for item in ITEMS:
        first, last = WORLD.statements[item.statements[0]], WORLD.statements[item.statements[-1]]
        for option in wrongs(item):
            concept = named(option.text)
            before, beside = first.subject in reached(WORLD, concept, 1), last.object in reached(WORLD, concept, 1)
            if option.operator == "half":
                assert option.breaks in ((first.id,), (last.id,))
                assert before if option.breaks == (first.id,) else beside, (item.id, option.text)
                seen.add(option.breaks == (first.id,))
            else:
                assert option.breaks == item.statements
    assert seen == {True, False}


STORIES = [
    ("weft-binds", "how weft binds", ["loom-speed", "causes", "weft-pull", "causes", "edge-curl", "causes", "cloth-waste"]),
    ("sun-fades", "how sun fades cloth", ["sun-glare", "causes", "dye-fade", "decreases", "cloth-price", "precedes", "fair-day"]),
    ("damp-rots", "how damp rots thread", ["wall-damp", "causes", "thread-rot", "causes", "thread-break", "precedes", "loom-rest"]),
    ("pull-breaks", "", ["weft-pull", "causes", "thread-break"]),
    ("crew-speeds", "", ["crew-size", "increases", "loom-speed"]),
]
SITE = Site("weaving/weft-binds", ("weaving/weft-binds.s1", "weaving/pull-breaks.s1"))


def offered(*more: tuple[str, str, list[str]]) -> set[str]:
    """Every distractor that forty drafts of the item show."""
    world = knowledge({"weaving": [*STORIES, *more]})
    drafts = [COUNTERFACTUAL.write(world, SITE, "a", frozenset(), (n,)) for n in range(40)]
    return {o.text for draft in drafts if draft for o in draft.wrongs}


def test_what_comes_before_and_what_stands_beside_are_offered() -> None:
    assert {"crew size", "thread rot"} <= offered()


@pytest.mark.parametrize("through", [[], ["knot"], ["knot", "loop", "snarl"]])
@pytest.mark.parametrize("concept", ["thread-rot", "sun-glare"])
def test_what_depends_on_the_missing_concept_is_not_offered_however_far_it_is(concept: str, through: list[str]) -> None:
    course = ["loom-speed", *through, concept]
    links = [(f"on-{n}", "", [a, "precedes", b]) for n, (a, b) in enumerate(zip(course, course[1:], strict=False))]
    text = concept.replace("-", " ")
    assert text in offered() and text not in offered(*links) and offered(*links)


@pytest.mark.parametrize(("changes", "stays"), [
    ({}, True), ({"relation": "precedes"}, False), ({"relation": "prevents"}, False),
    ({"subject_as": "a lower weft pull"}, False), ({"object_as": "a higher thread break"}, True),
])  # fmt: skip
def test_only_statements_without_which_the_next_thing_lacks_a_cause_are_used(changes: dict[str, str], stays: bool) -> None:
    world: Knowledge = with_statement(knowledge({"weaving": STORIES}), "weaving/pull-breaks.s1", **changes)
    assert (SITE in list(COUNTERFACTUAL.sites(world))) is stays


def test_two_statements_of_one_chain_are_no_site_and_three_are() -> None:
    sites = {s.statements for s in COUNTERFACTUAL.sites(knowledge({"weaving": STORIES})) if s.owner == "weaving/weft-binds"}
    row = tuple(f"weaving/weft-binds.s{n}" for n in (1, 2, 3))
    assert row in sites and row[:2] not in sites and row[1:] not in sites
