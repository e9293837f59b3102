"""The benchmark as a whole: four different options, each wrong one breaks a statement, splits that do not leak, nothing reshuffled."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.graph import Knowledge
from proda.records import ITEM_KINDS, Item
from proda.tester.items import QUOTAS, TURNS, practice_items, write_items
from proda.tester.splits import sealed_chains
from proda.tester.windows import shown_whole
from tests.tester.world import SEALED, WORLD, items, right, wrongs
from tests.toyitems import linked_knowledge
from tests.toyworld import ROOT, knowledge, with_statement

TOY = knowledge(ovens=True)
MOST = {kind.name: most for kind, most in QUOTAS}
replace = msgspec.structs.replace


def every() -> list[tuple[Knowledge, Item]]:
    """Items of all kinds, with their knowledge. The toy has the cases."""
    return [*((WORLD, item) for item in items()), *((TOY, item) for item in write_items(TOY, seed=0, sealed_share=0.0))]


def test_every_kind_occurs_in_every_split() -> None:
    found = Counter((i.kind, i.split) for i in items())
    assert all(found[kind, split] for kind in ITEM_KINDS if kind != "case" for split in ("dev", "twin", "sealed")), found
    assert {i.kind for _, i in every()} == set(ITEM_KINDS)


def test_ids_are_unique_and_the_items_sorted_by_them() -> None:
    ids = [i.id for i in items()]
    assert ids == sorted(set(ids))


def test_options_are_four_different_texts() -> None:
    for _, item in every():
        assert len({o.text.casefold() for o in item.options}) == 4, item.id


def test_every_distractor_breaks_statements_of_the_item_and_the_key_breaks_none() -> None:
    for _, item in every():
        assert right(item).operator is None and right(item).breaks == () and not right(item).wrong_because, item.id
        for option in wrongs(item):
            assert option.operator and option.breaks and set(option.breaks) <= set(item.statements), (item.id, option.text)
            assert len(set(option.breaks)) == len(option.breaks) and option.wrong_because.endswith("."), (item.id, option.text)


def test_items_carry_the_ids_of_what_they_rest_on_and_name() -> None:
    for world, item in every():
        said = [world.statements[s] for s in item.statements]
        assert {*item.statements, *(s.chain for s in said)} <= set(item.nodes) and list(item.nodes) == sorted(set(item.nodes))
        assert all(node in world.statements or node in world.chains or node in world.concepts for node in item.nodes)
        chain = world.chains[item.chain]
        assert (item.discipline, item.topic) == (chain.discipline, chain.topic)
        assert item.kind == "case" or item.chain in {s.chain for s in said}


def test_an_item_is_sealed_if_and_only_if_it_rests_on_a_sealed_chain() -> None:
    sealed = sealed_chains(WORLD.chains, SEALED)
    assert sealed and not any(WORLD.chains[c].is_link for c in sealed)
    for item in items():
        chains = {WORLD.statements[s].chain for s in item.statements}
        assert (item.split == "sealed") is bool(chains & sealed), item.id


def test_at_most_one_sealed_item_of_each_kind_rests_on_a_chain() -> None:
    sealed = sealed_chains(WORLD.chains, SEALED)
    found = Counter((i.kind, c) for i in items() if i.split == "sealed" for c in {WORLD.statements[s].chain for s in i.statements} & sealed)
    assert len(found) > 30 and set(found.values()) == {1}


def test_an_owner_has_no_more_pairs_than_the_quota() -> None:
    found = Counter((i.chain, i.kind, i.split) for i in items() if i.split != "sealed")
    assert all(count <= MOST[kind] for (_, kind, _), count in found.items())
    assert max(count for (_, kind, _), count in found.items() if kind == "counterfactual") == MOST["counterfactual"] > 1


def pairs(found: list[Item]) -> list[tuple[Item, Item]]:
    """Each twin after its dev item."""
    by_id = {i.id: i for i in found}
    return [(by_id[i.id.replace(":twin-", ":dev-")], i) for i in found if i.split == "twin" and i.kind != "case"]


def test_a_twin_shares_a_statement_with_its_dev_item() -> None:
    assert len(pairs(items())) > 100
    for dev, twin in pairs(items()):
        assert set(dev.statements) & set(twin.statements), twin.id


def test_a_twin_has_another_stem_and_no_wrong_option_of_its_dev_item() -> None:
    for dev, twin in pairs(items()):
        assert dev.stem != twin.stem
        assert {o.text for o in wrongs(dev)}.isdisjoint(o.text for o in twin.options), twin.id


def test_pairs_of_an_owner_share_no_statement() -> None:
    used: dict[tuple[str, str], list[set[str]]] = defaultdict(list)
    numbers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for item in items():
        if item.split != "sealed":
            numbers[item.chain, item.kind, item.id.rpartition(item.kind)[2]].update(item.statements)
    for (chain, kind, _), statements in numbers.items():
        assert all(statements.isdisjoint(other) for other in used[chain, kind]), (chain, kind)
        used[chain, kind].append(statements)
    assert max(map(len, used.values())) > 1


def test_no_sample_of_the_builder_shows_an_item_whole() -> None:
    plans = plan_samples(WORLD, dict.fromkeys(WORLD.topics_of, 1500), seed=0, window=2)
    samples = [write_sample(WORLD, plan) for group in plans.values() for plan in group]
    assert shown_whole(items(), samples) == {}
    planted = samples[0].__class__("planted", "open", tuple(sorted(items()[0].statements)), "What?", "That.")
    assert shown_whole(items(), [*samples, planted])


def test_letters_are_balanced() -> None:
    counts = Counter(i.answer for i in items())
    assert set(counts) == set("ABCD") and max(counts.values()) < 0.32 * len(items())


def test_the_key_is_the_longest_option_no_more_often_than_others() -> None:
    longest = [max(i.options, key=lambda o: len(o.text)) is right(i) for i in items()]
    assert 0.15 < sum(longest) / len(longest) < 0.35


def test_same_seed_same_items_other_seed_others() -> None:
    assert write_items(WORLD, seed=0, sealed_share=SEALED) == items() != write_items(WORLD, seed=1, sealed_share=SEALED)


SCRIPT = """
import hashlib, msgspec
from proda.tester.items import write_items
from tests.toyworld import knowledge
print(hashlib.sha256(msgspec.json.encode(write_items(knowledge(ovens=True), seed=0, sealed_share=0.3))).hexdigest())
"""


def test_the_bytes_are_the_same_in_every_process() -> None:
    """Sets of strings have another order under each hash seed."""
    expected = hashlib.sha256(msgspec.json.encode(write_items(TOY, seed=0, sealed_share=0.3))).hexdigest()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-P", "-c", SCRIPT], env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


def test_the_order_of_the_records_makes_no_difference() -> None:
    concepts, statements, chains = WORLD.concepts.values(), WORLD.statements.values(), WORLD.chains.values()
    turned = Knowledge(WORLD.relations.values(), [*concepts][::-1], [*statements][::-1], [*chains][::-1])
    assert write_items(turned, seed=0, sealed_share=SEALED) == items()


def changed(edited: Knowledge) -> list[Item]:
    """The items, before or after, that the edit has rewritten."""
    before, after = {i.id: i for i in items()}, {i.id: i for i in write_items(edited, seed=0, sealed_share=SEALED)}
    found = [(before.get(i), after.get(i)) for i in sorted(before | after)]
    return [item for one, other in found if one != other for item in (one, other) if item is not None]


USED = next(i for i in items() if i.kind == "bridge" and i.split == "dev").statements[0]


@pytest.mark.parametrize("field", ["text", "quote"])
def test_another_sentence_of_a_statement_changes_no_item(field: str) -> None:
    assert changed(with_statement(WORLD, USED, **{field: "It is told in other words."})) == []


def test_a_condition_changes_only_items_that_name_both_concepts_of_the_statement() -> None:
    said = WORLD.statements[USED]
    found = changed(with_statement(WORLD, USED, when=("at full moon",)))
    assert any(USED in item.statements for item in found) and len(found) < 0.1 * len(items())
    assert all({said.subject, said.object} <= set(item.nodes) for item in found)


def test_another_object_changes_only_items_of_the_topic() -> None:
    """Items of other topics that are as they were include those of the same discipline."""
    said = WORLD.statements[USED]
    joined = {s.object for s in WORLD.by_subject[said.subject]}
    other = next(c for c in WORLD.concepts_of[said.discipline, said.topic] if c not in joined and c not in (said.subject, said.object))
    found = changed(with_statement(WORLD, USED, object=other, object_as=None))
    assert any(USED in item.statements for item in found)
    assert {item.topic for item in found} == {said.topic} and len({(i.discipline, i.topic) for i in items()}) > 5


def test_an_edited_definition_changes_no_item() -> None:
    concepts = [replace(c, definition="something else altogether") for c in WORLD.concepts.values()]
    assert changed(Knowledge(WORLD.relations.values(), concepts, WORLD.statements.values(), WORLD.chains.values())) == []


def test_another_discipline_leaves_every_item_as_it_was() -> None:
    def moved(node: str) -> str:
        return f"elsewhere/{node.partition('/')[2]}"

    first = min(WORLD.topics_of)
    concepts = [replace(c, id=moved(c.id), discipline="elsewhere") for c in WORLD.concepts.values() if c.discipline == first]
    statements = [
        replace(s, id=moved(s.id), chain=moved(s.chain), discipline="elsewhere", subject=moved(s.subject), object=moved(s.object))
        for s in WORLD.statements.values()
        if s.discipline == first
    ]
    chains = [
        replace(c, id=moved(c.id), discipline="elsewhere", statements=tuple(map(moved, c.statements)))
        for c in WORLD.chains.values()
        if c.discipline == first
    ]
    more = Knowledge(
        WORLD.relations.values(),
        [*WORLD.concepts.values(), *concepts],
        [*WORLD.statements.values(), *statements],
        [*WORLD.chains.values(), *chains],
    )
    found = changed(more)
    assert found and {item.discipline for item in found} == {"elsewhere"}


@pytest.mark.parametrize("is_retired", [lambda c: c.id == WORLD.statements[USED].chain, lambda c: c.is_link])
def test_no_item_rests_on_a_retired_chain_or_link(is_retired: Callable[[object], bool]) -> None:
    chains = [replace(c, status="retired") if is_retired(c) else c for c in WORLD.chains.values()]
    left = write_items(
        Knowledge(WORLD.relations.values(), WORLD.concepts.values(), WORLD.statements.values(), chains), seed=0, sealed_share=SEALED
    )
    gone = {c.id for c in chains if c.status == "retired"}
    assert gone and left
    assert all(gone.isdisjoint({i.chain, *(WORLD.statements[s].chain for s in i.statements)}) for i in left)


def test_practice_asks_again_about_a_site_where_sites_are_few() -> None:
    found = [i for i in practice_items(linked_knowledge(6), seed=0, most=400) if i.kind == "effect"]
    assert len({i.id for i in found}) == len(found)
    texts: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for item in found:
        texts[item.statements].append(f"{item.prompt} {item.options[item.key].text}")
    assert max(map(len, texts.values())) == TURNS and min(map(len, texts.values())) > 1
    assert sum(len(set(each)) for each in texts.values()) > 0.5 * len(found)  # in other words, or with another answer
    assert len({i.statements for i in found[: len(texts)]}) == len(texts)  # every site once, before one comes again


def test_practice_has_as_many_items_of_each_kind_as_asked_for_and_leaves_owners_and_splits_aside() -> None:
    found = practice_items(WORLD, seed=0, most=12)
    assert Counter(i.kind for i in found) == dict.fromkeys(MOST, 12)
    assert len({i.id for i in found}) == len(found) and found == practice_items(WORLD, seed=0, most=12)
    assert sealed_chains(WORLD.chains, SEALED) & {i.chain for i in found}
    assert [i for i in practice_items(WORLD, seed=0, most=5) if i.kind == "effect"] == [i for i in found if i.kind == "effect"][:5]


@pytest.mark.skipif(sys.platform != "linux", reason="copies of a process are made on Linux alone")
def test_items_and_their_files_are_the_same_for_any_number_of_processes(tmp_path: Path) -> None:
    """In a new Python, because a process with other threads is not copied."""
    code = """
import sys
from pathlib import Path
from proda.tester.items import write_item_files, write_items
from tests.tester.world import SEALED, WORLD
for jobs in (1, 3):
    print(write_item_files(Path(sys.argv[1]) / str(jobs), write_items(WORLD, seed=0, sealed_share=SEALED, jobs=jobs), jobs=jobs))
"""
    command = [sys.executable, "-P", "-c", code, str(tmp_path)]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True)
    one, three = ({p.relative_to(f).as_posix(): p.read_bytes() for p in f.rglob("*.yaml")} for f in (tmp_path / "1", tmp_path / "3"))
    assert one == three
    assert len(one) > 3
