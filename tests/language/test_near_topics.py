"""Wrong options come from a bounded number of topics, so that a question costs the same in a discipline of any size."""

from __future__ import annotations

import pytest

from proda.builder.plan import plan_samples
from proda.graph import Knowledge
from proda.language.near_topics import BESIDE, ELSEWHERE, far_topics, near_topics
from proda.language.neighbours import near_concepts, near_in_discipline
from proda.records import Chain, Concept, Span, Statement
from proda.tester.items import write_items
from tests.toyworld import knowledge

STEPS = 4


def wide(topics: int, discipline: str = "weaving", chains: int = 2) -> Knowledge:
    """A discipline of topics with `chains` chains each, which share no concept and have a condition each."""
    concepts, statements, courses = [], [], []
    for topic in (f"t{number}" for number in range(topics)):
        for chain in (f"{discipline}/{topic}c{number}" for number in range(chains)):
            here = [f"{chain}x{place}" for place in range(STEPS + 1)]
            concepts += [Concept(c, discipline, topic, f"{c.partition('/')[2]} thread", "process", f"a sort of {c}") for c in here]
            told = [
                Statement(f"{chain}.s{n}", chain, discipline, topic, one, "causes", other, f"{one} {other}.", "", Span("s", 0, 1))
                for n, (one, other) in enumerate(zip(here, here[1:], strict=False), start=1)
            ]
            statements += told
            courses.append(Chain(chain, discipline, topic, f"how {chain} ends", tuple(s.id for s in told), (f"{chain} is warm",)))
    return Knowledge(knowledge().relations.values(), concepts, statements, courses)


WIDE = wide(40)


def test_in_a_discipline_of_few_topics_all_of_them_are_near() -> None:
    small = wide(BESIDE + 1)
    assert {*near_topics(small, "weaving", "t3")} == {*small.topics_of["weaving"]}


def test_in_a_larger_one_the_own_topic_comes_first_and_a_bounded_number_of_others_follow() -> None:
    for topic in WIDE.topics_of["weaving"]:
        near = near_topics(WIDE, "weaving", topic)
        assert near[0] == topic and len(near) == len({*near}) == BESIDE + 1


def test_a_new_topic_changes_what_is_near_for_a_bounded_number_of_topics() -> None:
    larger = wide(41)
    changed = [t for t in WIDE.topics_of["weaving"] if near_topics(WIDE, "weaving", t) != near_topics(larger, "weaving", t)]
    assert 0 < len(changed) <= BESIDE


def test_a_topic_without_statements_has_topics_near_it_too() -> None:
    assert near_topics(WIDE, "weaving", "unknown")[0] == "unknown"
    assert near_topics(WIDE, "dyeing", "vats") == ["vats"]


def test_far_topics_are_of_other_disciplines_and_bounded() -> None:
    assert far_topics(WIDE, "weaving", "t1") == []
    assert {d for d, _ in far_topics(knowledge(), "milling", "mill")} == {"lighting"}
    many = wide(ELSEWHERE + 20)
    assert len(far_topics(many, "dyeing", "vats")) == ELSEWHERE


def test_near_concepts_of_a_large_discipline_are_of_near_topics() -> None:
    here = "weaving/t5c0x1"
    found = [*near_concepts(WIDE, None, here, None, frozenset({here}), "key")]
    assert {WIDE.concepts[c].topic for c in found} == {*near_topics(WIDE, "weaving", "t5")}
    assert found == [*near_in_discipline(WIDE, None, here, None, frozenset({here}), "key")]


@pytest.mark.parametrize("chains", [1, 2, 4])
def test_items_and_samples_take_their_wrong_options_from_near_topics(chains: int) -> None:
    world = wide(40, chains=chains)
    items = write_items(world, seed=0, sealed_share=0.2)
    assert {item.kind for item in items} >= {"mechanism", "condition"}
    for item in items:
        named = {world.node(node).topic for node in item.nodes}
        assert named <= {*near_topics(world, "weaving", item.topic)}
    plans = plan_samples(world, {"weaving": 30 * len(world.chains)}, seed=0, window=2)
    seen = set()
    for (discipline, topic), group in plans.items():
        named = {world.node(node).topic for plan in group for node in plan.distractors}
        assert named <= {*near_topics(world, discipline, topic)}
        seen |= named - {topic}
    assert seen  # conditions come from other topics
