"""Bridge items: one concept completes both statements; a half-right distractor completes only one of them, and other distractors none."""

from __future__ import annotations

import pytest

from proda.graph import Knowledge
from proda.language.wording import bare_name
from proda.records import Item
from proda.tester.bridges import BRIDGE
from proda.tester.drafts import REACH, Draft, Site
from tests.tester.world import WORLD, named, of_kind, reached, right, wrongs
from tests.toyworld import knowledge

ITEMS = of_kind("bridge")


def ends(item: Item) -> tuple[str, str, str]:
    first, second = (WORLD.statements[s] for s in item.statements)
    assert first.object == second.subject
    return first.subject, first.object, second.object


def test_the_key_joins_two_statements_of_different_chains() -> None:
    for item in ITEMS:
        first, second = (WORLD.statements[s] for s in item.statements)
        assert first.chain != second.chain and named(right(item).text) == first.object == second.subject
        assert right(item).triples == (first.triple, second.triple)


def test_the_stem_shows_both_statements_with_a_gap_and_not_the_key() -> None:
    for item in ITEMS:
        start, here, end = ends(item)
        assert item.stem.count("…") == 2
        assert all(bare_name(WORLD, c).casefold() in item.stem.casefold() for c in (start, end))
        assert bare_name(WORLD, here).casefold() not in item.stem.casefold(), item.id


def test_what_a_distractor_breaks_is_wrong_and_what_it_does_not_break_is_right() -> None:
    halves = {1: 0, 2: 0}
    for item in ITEMS:
        start, _, end = ends(item)
        for option in wrongs(item):
            concept = named(option.text)
            follows, leads = concept in reached(WORLD, start, 1), end in reached(WORLD, concept, 1)
            if option.operator == "half":
                assert len(option.breaks) == 1
                kept = 1 if option.breaks == item.statements[1:] else 2
                halves[kept] += 1
                assert (follows, leads) == ((True, False) if kept == 1 else (False, True)), (item.id, option.text)
            else:
                assert option.breaks == item.statements and not follows and not leads, (item.id, option.text)
    assert min(halves.values()) > 5


def test_no_distractor_lies_between_the_two_ends_even_by_way_of_others() -> None:
    for item in ITEMS:
        start, _, end = ends(item)
        onward = reached(WORLD, start, REACH)
        for option in wrongs(item):
            concept = named(option.text)
            assert not (concept in onward and end in reached(WORLD, concept, REACH)), (item.id, option.text)


def test_all_options_have_the_grammatical_number_of_the_key() -> None:
    for item in ITEMS:
        assert len({WORLD.concepts[named(o.text)].plural for o in item.options}) == 1


PAIR = [
    ("weft-binds", "how weft binds", ["loom-speed", "causes", "weft-pull", "causes", "edge-curl", "causes", "cloth-waste"]),
    ("fluff-flies", "how fluff flies", ["room-damp", "causes", "fibre-cling", "decreases", "fluff-flight", "causes", "weaver-cough"]),
    ("pull-stirs-fluff", "", ["weft-pull", "causes", "fluff-flight"]),
]


def drafted(world: Knowledge, *key: object) -> Draft | None:
    site = Site("weaving/weft-binds", ("weaving/weft-binds.s1", "weaving/pull-stirs-fluff.s1"))
    assert site in list(BRIDGE.sites(world))
    return BRIDGE.write(world, site, "a", frozenset(), ("key", *key))


def test_there_is_no_item_where_another_concept_would_be_right_too() -> None:
    assert drafted(knowledge({"weaving": PAIR})) is not None
    rival = [
        *PAIR,
        ("speed-shakes", "", ["loom-speed", "increases", "beam-shake"]),
        ("shake-stirs", "", ["beam-shake", "causes", "fluff-flight"]),
    ]
    assert drafted(knowledge({"weaving": rival})) is None


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_what_follows_from_the_first_is_no_distractor_if_it_leads_to_the_end(steps: int) -> None:
    """ "Beam shake" follows from loom speed. It is half right, unless it leads to the end in a few steps."""
    aside = ("speed-shakes", "", ["loom-speed", "increases", "beam-shake"])
    found = drafted(knowledge({"weaving": [*PAIR, aside]}))
    assert found is not None
    (half,) = (o for o in found.wrongs if o.operator == "half" and o.breaks == ("weaving/pull-stirs-fluff.s1",))
    assert half.text == "beam shake"
    through = ["beam-shake", *(f"knot-{n}" for n in range(1, steps)), "fluff-flight"]
    links = [(f"on-{n}", "", [one, "precedes", two]) for n, (one, two) in enumerate(zip(through, through[1:], strict=False))]
    found = drafted(knowledge({"weaving": [*PAIR, aside, *links]}))
    assert found is None or "beam shake" not in {o.text for o in found.wrongs}


def test_two_statements_of_one_chain_are_no_site() -> None:
    for site in BRIDGE.sites(WORLD):
        assert len({WORLD.statements[s].chain for s in site.statements}) == 2
