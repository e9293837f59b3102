"""Condition items: the key belongs to the explanation, and the others to explanations that share no concept with it."""

from __future__ import annotations

import pytest

from proda.graph import Knowledge
from proda.language.wording import name
from proda.records import Chain
from proda.tester.conditions import CONDITION, STEMS
from proda.tester.drafts import Site
from tests.tester.world import WORLD, of_kind, right, wrongs
from tests.toyworld import CONDITIONS, knowledge

ITEMS = of_kind("condition")


def concepts(world: Knowledge, chain: Chain) -> set[str]:
    return {c for s in world.path(chain) for c in (s.subject, s.object)}


def test_the_key_is_a_condition_of_the_chain_of_the_sort_that_is_asked_for() -> None:
    sorts = set()
    for item in ITEMS:
        chain = WORLD.chains[item.chain]
        assert item.statements == chain.statements
        (sort,) = (s for s in STEMS if right(item).text in getattr(chain, s))
        start, *_, end = (name(WORLD, c) for c in (WORLD.path(chain)[0].subject, WORLD.path(chain)[-1].object))
        between = [name(WORLD, s.object) for s in WORLD.path(chain)[:-1]]
        filled = {
            f.replace("{start}", start).replace("{through}", x).replace("{end}", end)
            for fs in STEMS[sort].values()
            for f in fs
            for x in between
        }
        assert item.stem in filled, item.id
        sorts.add(sort)
    assert sorts == set(STEMS)


def test_distractors_are_conditions_of_the_same_sort_of_chains_that_share_no_concept() -> None:
    for item in ITEMS:
        chain = WORLD.chains[item.chain]
        (sort,) = (s for s in STEMS if right(item).text in getattr(chain, s))
        for option in wrongs(item):
            (other,) = (c for c in WORLD.active_chains() if option.text in getattr(c, sort))
            assert other.discipline == chain.discipline and concepts(WORLD, other).isdisjoint(concepts(WORLD, chain)), (
                item.id,
                option.text,
            )
            assert option.breaks == chain.statements and other.explains in option.wrong_because


def test_the_stem_does_not_say_what_the_chain_explains() -> None:
    assert all(WORLD.chains[item.chain].explains not in item.stem for item in ITEMS)


SITES = [s for s in CONDITION.sites(knowledge(ovens=True)) if s.owner == "ovens/heat-sets-crumb"]


def shown(world: Knowledge) -> set[str]:
    """Every distractor that the drafts show."""
    drafts = [CONDITION.write(world, site, "a", frozenset(), (n,)) for site in SITES for n in range(20)]
    return {o.text for draft in drafts if draft for o in draft.wrongs}


@pytest.mark.parametrize(("subject", "obj"), [("oven-heat", "knot"), ("knot", "crust-depth")])
def test_the_condition_of_an_explanation_that_shares_a_concept_is_no_distractor(
    subject: str, obj: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"ovens": [("a-new-story", "how knots come about", [subject, "causes", obj, "precedes", "loop", "precedes", "snarl"])]}
    monkeypatch.setattr("tests.toyworld.CONDITIONS", {**CONDITIONS, "ovens/a-new-story": ("knots are wet", "knots of wire")})
    assert shown(knowledge(told, ovens=True)) and not {"knots are wet", "knots of wire"} & shown(knowledge(told, ovens=True))
    told["ovens"][0][2][:3] = ["yarn", "causes", "knot"]
    assert {"knots are wet", "knots of wire"} <= shown(knowledge(told, ovens=True))


def test_a_link_has_no_conditions_and_is_no_site() -> None:
    assert {s.owner for s in CONDITION.sites(knowledge(ovens=True))} == set(CONDITIONS)


def test_without_three_other_explanations_there_is_no_item() -> None:
    world = knowledge(ovens=True)
    kept = {c.id: c for c in world.chains.values() if c.discipline != "ovens" or c.is_link or "crumb" in c.id or "dough" in c.id}
    few = Knowledge(world.relations.values(), world.concepts.values(), world.statements.values(), kept.values())
    site = Site("ovens/heat-sets-crumb", world.chains["ovens/heat-sets-crumb"].statements, "preconditions-0-0")
    assert CONDITION.write(few, site, "a", frozenset({"the door stays ajar"}), (1,)) is not None
    fewer = Knowledge(
        world.relations.values(), world.concepts.values(), world.statements.values(), [c for c in kept.values() if "rye" not in c.id]
    )
    assert CONDITION.write(fewer, site, "a", frozenset(), (1,)) is None
