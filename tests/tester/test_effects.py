"""Effect items: the key has the signs that the statements give, in all combinations, and none where two routes disagree."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from proda.graph import Knowledge
from proda.records import Item, Statement
from proda.tester.drafts import REACH, Draft, Site
from proda.tester.effects import EFFECT
from tests.tester.world import WORLD, of_kind, right, wrongs
from tests.toyworld import knowledge, with_statement

ITEMS = of_kind("effect")
UP, DOWN = {"causes": 1, "increases": 1}, {"decreases": -1, "prevents": -1}


def moved(text: str) -> list[tuple[str, int]]:
    """(concept, +1 or −1) for each half of an option."""
    return [(half.rpartition(" ")[0], 1 if half.rpartition(" ")[2].startswith("increase") else -1) for half in text.split(", ")]


def direction(item_stem: str, cause: str) -> int:
    """Whether the stem says that the cause increases or decreases."""
    (said,) = re.findall(rf"(?i){re.escape(cause)} (increase|decrease)s?\b", item_stem)
    return 1 if said == "increase" else -1


def sign(world: Knowledge, said: Statement) -> int:
    """+1 if more of the subject gives more of the object; each end that is worded as lower turns it."""
    relation = {"+": 1, "-": -1}[world.relations[said.relation].sign]
    lower = ["lower" in (worded or "") for worded in (said.subject_as, said.object_as)]
    return int(relation * (-1) ** sum(lower))


def term(concept: str) -> str:
    return re.sub(r"^(an?|the) ", "", WORLD.concepts[concept].text)


def branches(item: Item) -> tuple[str, list[list[Statement]]]:
    """The concept that changes, and the two branches that start from it."""
    aside, *branch = (WORLD.statements[s] for s in item.statements)
    assert aside.subject == branch[0].subject and all(a.object == b.subject for a, b in zip(branch, branch[1:], strict=False))
    return aside.subject, [[aside], branch]


def test_the_key_is_what_the_signs_of_the_statements_give() -> None:
    seen: Counter[tuple[int, int, int]] = Counter()
    turned = 0
    for item in ITEMS:
        cause, both = branches(item)
        given = direction(item.stem, term(cause))
        expected = {}
        for path in both:
            total = given
            for said in path:
                total *= sign(WORLD, said)
                turned += "lower" in f"{said.subject_as} {said.object_as}"
            expected[term(path[-1].object)] = total
        found = {name.removeprefix("the "): goes for name, goes in moved(right(item).text)}
        assert found == expected, item.id
        first, second = moved(right(item).text)
        seen[given, first[1], second[1]] += 1
    assert turned > 20
    assert len(seen) == 8 and max(seen.values()) < 0.3 * len(ITEMS), seen  # either direction, and each of the four combinations


def test_the_options_are_the_four_combinations_and_each_wrong_one_breaks_the_branches_it_turns() -> None:
    for item in ITEMS:
        _, both = branches(item)
        assert len({tuple(goes for _, goes in moved(o.text)) for o in item.options}) == 4
        key = dict(moved(right(item).text))
        for option in wrongs(item):
            turned = {name.removeprefix("the ") for name, goes in moved(option.text) if key[name] != goes}
            broken = {s.id for path in both if term(path[-1].object) in turned for s in path}
            assert set(option.breaks) == broken and option.operator == "sign", (item.id, option.text)


def test_neither_effect_brings_about_the_other() -> None:
    signed = [s for s in WORLD.active_statements.values() if WORLD.relations[s.relation].sign]
    for item in ITEMS:
        one, other = (path[-1].object for path in branches(item)[1])
        for start, end in ((one, other), (other, one)):
            edge = {start}
            for _ in range(REACH):
                edge |= {s.object for s in signed if s.subject in edge}
            assert end not in edge, item.id


def test_the_statements_come_from_two_chains_at_least_and_their_conditions_are_given() -> None:
    given = 0
    for item in ITEMS:
        path = [WORLD.statements[s] for s in item.statements]
        assert len({s.chain for s in path}) > 1
        for said in path:
            given += bool(said.when)
            assert all(condition in item.stem for condition in said.when), item.id
    assert given > 10


# Loom speed changes fluff flight by one statement, and edge curl by two.
STORIES = [
    ("speed-curls-edges", "how speed curls edges", ["loom-speed", "{one}", "weft-pull", "{two}", "edge-curl", "precedes", "cloth-sale"]),
    ("fluff-hurts", "how fluff hurts", ["fluff-flight", "precedes", "weaver-cough", "precedes", "sick-leave", "precedes", "loom-rest"]),
    ("speed-stirs", "", ["loom-speed", "{aside}", "fluff-flight"]),
]
STATEMENTS = ("weaving/speed-stirs.s1", "weaving/speed-curls-edges.s1", "weaving/speed-curls-edges.s2")
SITE = Site("weaving/speed-curls-edges", STATEMENTS)


def made(one: str, two: str, aside: str, *more: tuple[str, str, list[str]]) -> Knowledge:
    told = [(name, why, [c.format(one=one, two=two, aside=aside) for c in course]) for name, why, course in STORIES]
    return knowledge({"weaving": [*told, *more]})


def drafts(world: Knowledge) -> list[Draft]:
    found = [EFFECT.write(world, SITE, "a", frozenset(), (n,)) for n in range(12)]
    return [draft for draft in found if draft is not None]


@pytest.mark.parametrize("one", UP | DOWN)
@pytest.mark.parametrize("two", ["increases", "decreases"])
@pytest.mark.parametrize("aside", ["causes", "prevents"])
@pytest.mark.parametrize("end", [None, "subject", "object"])
def test_signs_multiply_along_a_branch_and_turn_with_the_wording_and_with_the_direction(
    one: str, two: str, aside: str, end: str | None
) -> None:
    signs = UP | DOWN
    world, turn = made(one, two, aside), 1
    if end is not None:
        said = world.statements[STATEMENTS[1]]
        world, turn = with_statement(world, said.id, **{f"{end}_as": f"a lower {world.concepts[getattr(said, end)].term}"}), -1
    directions = set()
    for draft in drafts(world):
        given = direction(draft.stem, "loom speed")
        directions.add(given)
        assert dict(moved(draft.right.text)) == {"fluff flight": given * signs[aside], "edge curl": given * turn * signs[one] * signs[two]}
    assert directions == {1, -1}


@pytest.mark.parametrize(("worded", "known"), [("a higher weft pull", True), ("a sudden weft pull", False), (None, True)])
def test_a_wording_that_names_another_thing_has_no_known_effect(worded: str | None, known: bool) -> None:
    world = with_statement(made("causes", "causes", "causes"), STATEMENTS[1], object_as=worded)
    assert bool(drafts(world)) is known and (SITE in list(EFFECT.sites(world))) is known


ROUTES = {
    "one other statement of the other sign": ([("x", "", ["loom-speed", "decreases", "edge-curl"])], False),
    "one other statement of the same sign": ([("x", "", ["loom-speed", "increases", "edge-curl"])], True),
    "two statements of the other sign": (
        [("x", "", ["loom-speed", "increases", "knot"]), ("y", "", ["knot", "decreases", "edge-curl"])],
        False,
    ),
    "two statements of the same sign": (
        [("x", "", ["loom-speed", "decreases", "knot"]), ("y", "", ["knot", "decreases", "edge-curl"])],
        True,
    ),
    "two statements of no known sign": ([("x", "", ["loom-speed", "precedes", "knot"]), ("y", "", ["knot", "causes", "edge-curl"])], False),
    "another to the other effect": ([("x", "", ["loom-speed", "prevents", "fluff-flight"])], False),
}


@pytest.mark.parametrize("name", ROUTES)
def test_there_is_no_item_where_another_route_disagrees(name: str) -> None:
    more, agrees = ROUTES[name]
    assert bool(drafts(made("causes", "causes", "causes", *more))) is agrees


@pytest.mark.parametrize("steps", [["fluff-flight", "edge-curl"], ["edge-curl", "knot", "fluff-flight"]])
def test_there_is_no_site_where_one_effect_tells_the_other(steps: list[str]) -> None:
    links = [(f"on-{n}", "", [a, "increases", b]) for n, (a, b) in enumerate(zip(steps, steps[1:], strict=False))]
    assert SITE in list(EFFECT.sites(made("causes", "causes", "causes")))
    assert SITE not in list(EFFECT.sites(made("causes", "causes", "causes", *links)))


def test_a_proportionality_is_no_step_and_gives_no_effect() -> None:
    assert all(WORLD.relations[WORLD.statements[s].relation].step for item in ITEMS for s in item.statements)
    assert SITE not in list(EFFECT.sites(made("causes", "causes", "proportional-to"))) + list(
        EFFECT.sites(made("proportional-to", "causes", "causes"))
    )


def test_a_dated_event_has_no_effect_in_general() -> None:
    assert drafts(with_statement(made("causes", "causes", "causes"), STATEMENTS[0], tense="past")) == []
