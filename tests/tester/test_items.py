"""Items from chains: enough of each kind, four different options, every distractor wrong, nothing reshuffled by an unrelated edit."""

from __future__ import annotations

from collections import Counter, defaultdict

import msgspec
import pytest

from proda.graph import Knowledge
from proda.records import Item
from proda.tester.items import write_items
from proda.tester.operators import concepts_along
from tests.toyworld import knowledge, wide_knowledge


@pytest.fixture(scope="module")
def world() -> Knowledge:
    return wide_knowledge()


@pytest.fixture(scope="module")
def items(world: Knowledge) -> list[Item]:
    return write_items(world, seed=0, sealed_share=0.2)


def test_every_open_chain_has_three_kinds_in_dev_and_in_twin(items: list[Item]) -> None:
    kinds: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in items:
        kinds[item.chain, item.split].add(item.kind)
    sealed = {chain for chain, split in kinds if split == "sealed"}
    for chain in {c for c, _ in kinds}:
        for split in ("sealed",) if chain in sealed else ("dev", "twin"):
            assert len(kinds[chain, split]) >= 3, (chain, split)


def test_no_chain_is_both_sealed_and_open(items: list[Item]) -> None:
    sealed = {i.chain for i in items if i.split == "sealed"}
    assert sealed
    assert sealed.isdisjoint(i.chain for i in items if i.split != "sealed")


def test_options_are_four_different_texts_and_only_the_key_has_no_operator(items: list[Item]) -> None:
    for item in items:
        assert len({o.text for o in item.options}) == 4, item.id
        assert [o.operator is None for o in item.options] == [n == item.key for n in range(4)], item.id
        assert all(o.wrong_because for o in item.options if o.operator), item.id


def test_all_four_operators_are_used(items: list[Item]) -> None:
    assert {o.operator for i in items for o in i.options} >= {"substitution", "inversion", "truncation", "detour"}


def test_a_twin_shares_neither_stem_nor_distractor_with_its_dev_item(items: list[Item]) -> None:
    dev = {(i.chain, i.kind): i for i in items if i.split == "dev"}
    compared = 0
    for twin in (i for i in items if i.split == "twin"):
        other = dev.get((twin.chain, twin.kind))
        if other is None:
            continue
        compared += 1
        assert twin.stem != other.stem
        wrong = {o.text for o in other.options if o.operator}
        assert wrong.isdisjoint(o.text for o in twin.options if o.operator), twin.id
    assert compared > 50


def test_no_distractor_of_a_missing_link_makes_the_path_hold(world: Knowledge, items: list[Item]) -> None:
    ids = {c.text: c.id for c in world.concepts.values()}
    checked = 0
    for item in (i for i in items if i.kind == "missing-link"):
        path = [s.triple for s in world.path(world.chains[item.chain])]
        concepts, relations = concepts_along(path), [t[1] for t in path]
        gap = concepts.index(ids[item.options[item.key].text])
        for option in item.options:
            if option.operator:
                changed = [*concepts[:gap], ids[option.text], *concepts[gap + 1 :]]
                triples = zip(changed, relations, changed[1:], strict=False)
                assert not all(world.holds(*t) for t in triples), (item.id, option.text)
                checked += 1
    assert checked > 100


def test_a_substitute_that_happens_to_be_true_is_never_a_distractor() -> None:
    # "shaft torque" has a true rival: wind's sails also turn a pump. Were it offered, two answers would be right.
    rival = (
        "sails-turn-pump",
        "how sails turn a pump",
        ["sail-rotation", "produces", "pump-stroke", "produces", "millstone-motion", "enables", "bran"],
    )
    world = knowledge({"milling": [rival]})
    for item in write_items(world, seed=0, sealed_share=0.0):
        if item.kind == "missing-link" and item.options[item.key].text == "shaft torque":
            assert "pump stroke" not in {o.text for o in item.options}


def test_right_option_is_neither_longest_nor_most_typical_by_habit(items: list[Item]) -> None:
    longest = [max(i.options, key=lambda o: len(o.text)) is i.options[i.key] for i in items]
    assert 0.15 < sum(longest) / len(longest) < 0.35


def test_letters_are_balanced(items: list[Item]) -> None:
    counts = Counter(i.answer for i in items)
    assert set(counts) == set("ABCD")
    assert max(counts.values()) < 0.35 * len(items)


def test_same_seed_same_items_other_seed_others(world: Knowledge, items: list[Item]) -> None:
    assert write_items(world, seed=0, sealed_share=0.2) == items
    assert write_items(world, seed=1, sealed_share=0.2) != items


def test_a_chain_in_another_discipline_leaves_every_item_as_it_was(world: Knowledge, items: list[Item]) -> None:
    more = Knowledge(
        world.relations.values(),
        [*world.concepts.values(), *_moved(world, "baking").concepts.values()],
        [*world.statements.values(), *_moved(world, "baking").statements.values()],
        [*world.chains.values(), *_moved(world, "baking").chains.values()],
    )
    after = {i.id: i for i in write_items(more, seed=0, sealed_share=0.2)}
    assert all(after[i.id] == i for i in items if i.discipline == "weaving")


def test_an_edited_definition_changes_no_item(world: Knowledge, items: list[Item]) -> None:
    concepts = [msgspec.structs.replace(c, definition="something else altogether") for c in world.concepts.values()]
    edited = Knowledge(world.relations.values(), concepts, world.statements.values(), world.chains.values())
    assert write_items(edited, seed=0, sealed_share=0.2) == items


def test_a_retired_chain_has_no_items(world: Knowledge) -> None:
    chains = [msgspec.structs.replace(c, status="retired") if c.id == "weaving/story-3" else c for c in world.chains.values()]
    left = write_items(
        Knowledge(world.relations.values(), world.concepts.values(), world.statements.values(), chains), seed=0, sealed_share=0.2
    )
    assert "weaving/story-3" not in {i.chain for i in left}
    assert left


def test_items_carry_the_ids_of_their_statements_and_concepts(world: Knowledge, items: list[Item]) -> None:
    for item in items:
        assert item.statements == world.chains[item.chain].statements
        ends = {c for s in item.statements for c in (world.statements[s].subject, world.statements[s].object)}
        assert {item.chain, *item.statements, *ends} <= set(item.nodes)


def _moved(world: Knowledge, discipline: str) -> Knowledge:
    def at(text: str) -> str:
        return text.replace("weaving/", f"{discipline}/")

    replace = msgspec.structs.replace
    return Knowledge(
        world.relations.values(),
        [replace(c, id=at(c.id), discipline=discipline) for c in world.concepts.values() if c.discipline == "weaving"],
        [
            replace(s, id=at(s.id), chain=at(s.chain), discipline=discipline, subject=at(s.subject), object=at(s.object))
            for s in world.statements.values()
            if s.discipline == "weaving"
        ],
        [
            replace(c, id=at(c.id), discipline=discipline, statements=tuple(at(s) for s in c.statements))
            for c in world.chains.values()
            if c.discipline == "weaving"
        ],
    )
