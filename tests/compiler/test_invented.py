"""The invented world follows the rules of real knowledge, and its halves share no word and no fact."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from proda.compiler.invented import HALVES, Half, half_of, invented_world
from proda.graph import Knowledge
from proda.language.signs import VARIABLE
from proda.tester.items import practice_items
from tests.toyworld import knowledge

RELATIONS = list(knowledge().relations.values())
WORLD = invented_world(0, 60, RELATIONS)
WHOLE = Knowledge(RELATIONS, *WORLD)


def test_the_world_is_a_function_of_its_seed() -> None:
    assert invented_world(0, 60, RELATIONS) == WORLD != invented_world(1, 60, RELATIONS)


def test_steps_connect_and_no_concept_comes_twice_in_a_chain() -> None:
    chains = list(WHOLE.active_chains())
    assert len(chains) == 60 and len(WHOLE.concepts) == len(WORLD[0])
    for chain in chains:
        path = WHOLE.path(chain)
        assert 3 <= len(path) <= 5
        assert all(a.object == b.subject for a, b in zip(path, path[1:], strict=False))
        course = [path[0].subject, *(s.object for s in path)]
        assert len(set(course)) == len(course)
    mentioned = {c for s in WORLD[1] for c in (s.subject, s.object)}
    assert mentioned == set(WHOLE.concepts)


def test_links_join_concepts_of_chains_with_a_sign_and_most_start_where_another_statement_does() -> None:
    links = [WHOLE.path(c) for c in WHOLE.active_paths() if c.is_link]
    assert len(links) > 60 and all(len(path) == 1 for path in links)
    in_chains = {c for chain in WHOLE.active_chains() for s in WHOLE.path(chain) for c in (s.subject, s.object)}
    for (said,) in links:
        assert {said.subject, said.object} <= in_chains and WHOLE.relations[said.relation].sign
        assert {WHOLE.concepts[c].type for c in (said.subject, said.object)} <= VARIABLE
    shared = [len(WHOLE.by_subject[said.subject]) > 1 for (said,) in links]
    assert sum(shared) > len(links) / 2


def test_each_chain_has_conditions_that_no_other_chain_has() -> None:
    chains = list(WHOLE.active_chains())
    for sort in ("preconditions", "exclusions"):
        told = [getattr(c, sort) for c in chains]
        assert all(len(each) == 1 for each in told) and len(set(told)) == len(chains)
    assert all(not (c.preconditions or c.exclusions) for c in WHOLE.active_paths() if c.is_link)


def test_there_are_no_cycles() -> None:
    """Statements whose object is the subject of no other are removed until none is left."""
    left = {s.id: s for s in WORLD[1]}
    while ends := [s for s in left if left[s].object not in {x.subject for x in left.values()}]:
        for statement in ends:
            del left[statement]
    assert not left


def test_items_of_every_kind_can_be_practised_in_it() -> None:
    kinds = Counter(i.kind for i in practice_items(WHOLE, seed=0, most=20))
    assert kinds == dict.fromkeys(("bridge", "effect", "condition", "mechanism", "order", "counterfactual"), 20)


def test_a_question_has_one_answer_and_nothing_is_said_both_ways() -> None:
    _, statements, _ = WORLD
    assert max(Counter((s.subject, s.relation) for s in statements).values()) == 1
    assert max(Counter((s.object, s.relation) for s in statements).values()) == 1
    pairs = [frozenset((s.subject, s.object)) for s in statements]
    assert len(set(pairs)) == len(pairs)


def words_of(half: Half) -> set[str]:
    """Every invented word of a half: of terms, conditions, fields and topics."""
    told = [text for c in WORLD[0] if half_of(c) == half for text in (c.term, c.discipline.removesuffix("-science"))]
    told += [s.text for s in WORLD[1] if half_of(s) == half]
    told += [text for c in WORLD[2] if half_of(c) == half for text in (c.explains, *c.preconditions, *c.exclusions)]
    return {w for text in told for w in re.findall("[a-z]+", text.lower()) if re.search(CLUSTERS, w)}


CLUSTERS = "zv|vz|xr|kz|zg|kv|zd|zb|vg|vd|zr|pv|gv|vk|zk|zp"


def test_the_halves_share_no_word_and_no_word_is_english() -> None:
    replayed, suite = (words_of(half) for half in HALVES)
    assert len(replayed) > 100 and len(suite) > 100 and not replayed & suite
    assert all(re.search(CLUSTERS, word) for c in WORLD[0] for word in c.term.split())


def test_the_halves_share_no_concept_and_no_statement_joins_them() -> None:
    for statement in WORLD[1]:
        assert {half_of(WHOLE.concepts[c]) for c in (statement.subject, statement.object)} == {half_of(statement)}
        assert half_of(WHOLE.chains[statement.chain]) == half_of(statement)


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
