"""The invented world follows the rules of real knowledge, and its halves share no word and no fact."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from proda.compiler.invented import HALVES, half_of, invented_world
from proda.graph import Knowledge
from tests.toyworld import knowledge

RELATIONS = list(knowledge().relations.values())
WORLD = invented_world(0, 60, RELATIONS)


def test_the_world_is_a_function_of_its_seed() -> None:
    assert invented_world(0, 60, RELATIONS) == WORLD != invented_world(1, 60, RELATIONS)


def test_steps_connect_and_no_concept_comes_twice_in_a_chain() -> None:
    concepts, statements, chains = WORLD
    world = Knowledge(RELATIONS, concepts, statements, chains)
    assert len(chains) == 60 and len({c.id for c in concepts}) == len(concepts)
    for chain in chains:
        path = world.path(chain)
        assert 3 <= len(path) <= 5
        assert all(a.object == b.subject for a, b in zip(path, path[1:], strict=False))
        course = [path[0].subject, *(s.object for s in path)]
        assert len(set(course)) == len(course)
    mentioned = {c for s in statements for c in (s.subject, s.object)}
    assert mentioned == {c.id for c in concepts}


def test_a_question_has_one_answer_and_nothing_is_said_both_ways() -> None:
    _, statements, _ = WORLD
    assert max(Counter((s.subject, s.relation) for s in statements).values()) == 1
    assert max(Counter((s.object, s.relation) for s in statements).values()) == 1
    pairs = [frozenset((s.subject, s.object)) for s in statements]
    assert len(set(pairs)) == len(pairs)


def test_the_halves_share_no_word_and_no_word_is_english() -> None:
    words = {half: {w for c in WORLD[0] if half_of(c) == half for w in c.term.split()} for half in HALVES}
    assert words["replayed"] and words["suite"] and not words["replayed"] & words["suite"]
    clusters = "zv|vz|xr|kz|zg|kv|zd|zb|vg|vd|zr|pv|gv|vk|zk|zp"
    assert all(re.search(clusters, word) for word in words["replayed"] | words["suite"])


def test_statements_name_both_concepts() -> None:
    concepts = {c.id: c for c in WORLD[0]}
    for statement in WORLD[1]:
        text = statement.text.lower()
        assert concepts[statement.subject].term in text and concepts[statement.object].term in text


def test_more_chains_keep_the_topics_that_were_whole() -> None:
    more = invented_world(0, 120, RELATIONS)
    assert set(WORLD[1]) <= set(more[1])


def test_a_world_needs_relations() -> None:
    with pytest.raises(ValueError, match="at least one"):
        invented_world(0, 3, [])
