"""Diagnoses become patches that teach the blamed node and nothing about the failed question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec
import pytest

from proda.builder.extra import extra_samples, worded_again
from proda.builder.plan import Part, plan_one
from proda.builder.template_writer import write_sample
from proda.debugger.repair import ENOUGH, MAX_SAMPLES, plan_repairs, proposals
from proda.errors import InputError, NotFoundError
from proda.experiments.arms import taught
from proda.experiments.mutations import flip, flipped
from proda.language.read_samples import Reader, contradictions
from proda.params import Params
from proda.records import Category, Diagnosis, Evidence, Patch, Sample
from proda.store.patches import apply_patches, name_patch, sample_hash, stale
from tests.toyitems import bridge, linked_knowledge, toy_items

WORLD = linked_knowledge(20)
ITEM = bridge(WORLD, 6)
ITEMS = [ITEM, *(i for i in toy_items(WORLD, ["dev"]) if i.id != ITEM.id)]
NODE, LINK = ITEM.statements  # a statement of a chain, and a link
CHAIN = WORLD.chains[ITEM.chain]


def teach(node: str, count: int, contrast: Sequence[str], stepwise: bool, beside: Collection[str] = ()) -> list[Sample]:
    return extra_samples(WORLD, node, count, start=1000, params=Params(), contrast=contrast, stepwise=stepwise, beside=beside)


def a_diagnosis(item: int = 0, category: Category = "concept gap", nodes: tuple[str, ...] = (NODE,), preferred: str = "") -> Diagnosis:
    found = ITEMS[item]
    evidence = tuple(Evidence(n, "statement", 12, 9, -0.1, preferred) for n in nodes)
    return Diagnosis(found.id, found.content_hash, found.chain, category, nodes, ("seed-0",), ("A",), 1.0, evidence, "Nine of twelve.")


def planned(*diagnoses: Diagnosis, **more: object) -> list[Patch]:
    return plan_repairs(WORLD, ITEMS, diagnoses, number=1, per_error=20, teach=teach, **more)  # type: ignore[arg-type]


def test_a_patch_teaches_the_blamed_node_in_the_usual_proportion_of_formats() -> None:
    (patch,) = planned(a_diagnosis())
    assert patch.targets == (NODE,) and patch.items == (ITEM.id,) and set(patch.expect) == {NODE, ITEM.id}
    counts = Counter(s.format for s in patch.samples)
    assert counts["open"] > counts["choice"] > counts["true-false"] >= 1 and 15 <= counts.total() <= 20
    assert all(NODE in s.nodes for s in patch.samples) and len({s.id for s in patch.samples}) == len(patch.samples)
    assert stale(patch, WORLD, {ITEM.id: ITEM}) == []


def test_a_patch_never_shows_the_failed_question_or_an_option_of_it() -> None:
    (patch,) = planned(a_diagnosis())
    told = "\n".join(f"{s.prompt} {s.completion}" for s in patch.samples)
    assert ITEM.stem not in told and not any(o.text in told for o in ITEM.options if len(o.text.split()) > 6)


def test_what_was_taken_for_the_right_answer_is_contrasted_with_it() -> None:
    wrong = next(c for c in WORLD.concepts_of["weaving", "weaving-basics"] if c.endswith("19-4"))
    (plain,), (contrasted,) = planned(a_diagnosis()), planned(a_diagnosis(preferred=wrong))
    name = WORLD.concepts[wrong].text

    def named(patch: Patch) -> int:
        return sum(name in s.options for s in patch.samples)

    assert contrasted.confusions == {NODE: wrong} and named(contrasted) > named(plain)
    assert plain.id != contrasted.id


def test_failures_that_share_a_node_share_a_patch_and_its_size_is_bounded() -> None:
    patches = planned(*(a_diagnosis(n, nodes=(NODE,)) for n in range(6)), a_diagnosis(7, nodes=(ITEMS[7].statements[0],)))
    assert [len(p.items) for p in patches] == [6, 1]  # what explains most failures comes first
    assert all(len(p.samples) <= MAX_SAMPLES for p in patches) and sum(len(p.samples) for p in patches) <= 7 * 20


def test_what_is_left_goes_to_what_else_is_unknown_one_patch_for_each_chain() -> None:
    """First the blamed node gets enough, then other unknown nodes, also those that no item asks for; what is left is shared equally."""
    chain, other = (next(c for c in WORLD.active_chains() if c.id.endswith(f"story-{n}")) for n in (7, 8))
    lacking = [Evidence(s, "statement", 10, 6, -0.1, "") for s in chain.statements[:2]]
    unused = Evidence(other.statements[1], "step", 9, 7, -0.1, "")
    first, *beyond = planned(a_diagnosis(), noticed=[*lacking, unused, Evidence(NODE, "statement", 10, 9, -0.3, "")])
    assert first.targets == (NODE,) and set(taught(first).values()) == {20 // 4}
    assert [(p.targets, p.items) for p in beyond] == [(chain.statements[:2], ()), ((other.statements[1],), ())]
    assert [p.category for p in beyond] == ["concept gap", "reasoning deficit"]
    assert all(p.reason.startswith("Noticed by probing or by comparing samples; ") and set(p.expect) == set(p.targets) for p in beyond)
    assert sum(taught(p)[t] for p in (first, *beyond) for t in p.targets) == sum(len(p.samples) for p in (first, *beyond)) <= 20
    assert all(len(set(other.statements) & set(s.nodes)) > 1 for s in beyond[1].samples)  # a step is taught in a row
    few = planned(*(a_diagnosis(n) for n in range(3)), noticed=lacking, most=ENOUGH + 4)
    assert [len(p.samples) for p in few] == [ENOUGH, 4]


def test_links_that_are_noticed_share_a_patch_and_are_taught_alone() -> None:
    """Otherwise each of hundreds of links would be a patch, and so a commit, for one fact."""
    links = [f"weaving/join-{n}.s1" for n in (3, 9)]
    noticed = [Evidence(s, "statement", 10, 6, -0.1, "") for s in (*links, CHAIN.statements[3])]
    first, *beyond = planned(a_diagnosis(), noticed=noticed)
    assert first.targets == (NODE,) and [p.targets for p in beyond] == [tuple(links), (CHAIN.statements[3],)]
    statements = set(WORLD.statements)
    assert beyond[0].samples and all(len(statements & set(s.nodes) & {*links, *CHAIN.statements}) == 1 for s in beyond[0].samples)


def test_a_link_that_is_blamed_is_taught_without_the_statement_that_it_is_joined_to() -> None:
    """Otherwise the samples of either would show both statements of a bridge."""
    for category in ("concept gap", "reasoning deficit"):
        patches = planned(a_diagnosis(category=category, nodes=(NODE, LINK)))
        assert {t for p in patches for t in p.targets} == {NODE, LINK} and all(p.samples for p in patches)
        assert not any({NODE, LINK} <= set(s.nodes) for p in patches for s in p.samples)


def test_contradicting_samples_are_taken_out_though_no_item_fails() -> None:
    bad = Sample("x:open-1", "open", (NODE,), "Q", "A")
    noticed = [Evidence(NODE, "data", 1, 1, 0.0, bad.id), Evidence(NODE, "statement", 9, 9, -0.3, "")]
    (patch,) = planned(noticed=noticed, conflicting={NODE: [bad]})
    assert (patch.category, patch.targets, patch.items, patch.samples) == ("data conflict", (NODE,), (), ())
    assert [d.sample for d in patch.remove] == [bad.id] and "1 training sample contradicts" in patch.reason


def test_contradicting_samples_are_taken_out_of_a_node_that_is_blamed_for_something_else() -> None:
    bad = Sample("x:open-1", "open", (NODE,), "Q", "A")
    (patch,) = planned(a_diagnosis(), noticed=[Evidence(NODE, "data", 2, 2, 0.0, bad.id)], conflicting={NODE: [bad]})
    assert (patch.category, patch.items) == ("data conflict", (ITEM.id,)) and patch.samples
    assert [d.sample for d in patch.remove] == [bad.id] and "2 training samples contradict" in patch.reason


@pytest.mark.parametrize("lacking", [False, True])
def test_neighbours_of_one_chain_never_write_the_same_sample(lacking: bool) -> None:
    path = next(c for c in WORLD.active_chains() if len(c.statements) > 3).statements
    written = [s.id for node in path for s in teach(node, 60, (), False, path if lacking else ())]
    assert len(written) == len(set(written)) > 100


def test_what_is_lacking_side_by_side_is_taught_in_a_row() -> None:
    """Blamed together, or one blamed and the other noticed: few samples show both. Alone, a statement is also shown alone."""
    path = CHAIN.statements
    one, other = path[1], path[2]
    (alone,) = planned(a_diagnosis(nodes=(one,)), most=2)
    together = planned(a_diagnosis(nodes=(one, other)), most=4)
    noticed = planned(a_diagnosis(nodes=(one,)), noticed=[Evidence(other, "statement", 12, 9, -0.1, "")], most=2)
    assert not any(other in s.nodes for s in alone.samples)
    for patch in (*together, noticed[0]):
        assert len(patch.samples) == 2 and all({one, other} <= set(s.nodes) for s in patch.samples)


def test_what_is_unknown_beside_the_blamed_node_shares_its_samples_and_says_what_was_found_of_it() -> None:
    beside = LINK
    diagnosis = a_diagnosis()
    extra = Evidence(beside, "statement", 10, 7, -0.2, "inversion")
    patches = planned(msgspec.structs.replace(diagnosis, evidence=(*diagnosis.evidence, extra)))
    by_node = {p.targets[0]: p for p in patches}
    assert by_node.keys() == {NODE, beside} and all(p.items == (ITEM.id,) and len(p.samples) <= 10 for p in patches)
    assert by_node[NODE].reason == "Nine of twelve." and "7 of 10 probe answers" in by_node[beside].reason
    (bare,) = planned(msgspec.structs.replace(diagnosis, evidence=()))
    assert bare.targets == (NODE,) and bare.reason == "Nine of twelve."
    unexplained = msgspec.structs.replace(diagnosis, category="unexplained", nodes=(), evidence=(extra,))
    assert planned(unexplained) == []


def test_a_reasoning_deficit_is_taught_step_by_step_over_part_of_the_chain() -> None:
    (patch,) = planned(a_diagnosis(category="reasoning deficit"))
    chain = set(CHAIN.statements)
    for sample in patch.samples:
        mine = chain & set(sample.nodes)
        assert NODE in mine and 2 <= len(mine) < len(chain)


def test_a_data_conflict_takes_the_contradicting_samples_out() -> None:
    bad = Sample("x:open-1", "open", (NODE,), "Q", "A")
    (patch,) = planned(a_diagnosis(category="data conflict"), conflicting={NODE: [bad]})
    assert [(d.sample, d.hash) for d in patch.remove] == [("x:open-1", sample_hash(bad))] and patch.samples


def right(node: str) -> Sample:
    """A sample of the corpus that states the statement as the knowledge does."""
    return write_sample(WORLD, plan_one(WORLD, Part("statement", node, (node,)), 0, "open", 0))


def spoilt(sample: Sample, node: str) -> Sample:
    """The same sample with the statement reversed."""
    statement = WORLD.statements[node]
    return flip(WORLD, sample, statement, flipped(WORLD, statement, "turned round"))


ASYMMETRIC = next(s for s in CHAIN.statements if WORLD.relations[WORLD.statements[s].relation].asymmetric)


def test_a_contradicting_sample_that_can_be_worded_again_is_overridden_and_any_other_removed() -> None:
    good = right(ASYMMETRIC)
    bad, odd = spoilt(good, ASYMMETRIC), Sample("by-hand:open-1", "open", (ASYMMETRIC,), "Q", "A")
    assert list(contradictions(Reader(WORLD), [bad], ASYMMETRIC)) and bad.id == good.id
    conflict = a_diagnosis(category="data conflict", nodes=(ASYMMETRIC,))

    def again(sample: Sample) -> Sample | None:
        return worded_again(WORLD, sample, Params())

    (patch,) = planned(conflict, conflicting={ASYMMETRIC: [bad, odd]}, reword=again)
    assert [(o.sample, o.hash) for o in patch.override] == [(bad.id, sample_hash(bad))] and [d.sample for d in patch.remove] == [odd.id]
    assert apply_patches([bad, odd], [patch])[0] == good and patch.id == name_patch(patch)
    (plain,) = planned(conflict, conflicting={ASYMMETRIC: [bad, odd]})
    assert [d.sample for d in plain.remove] == [bad.id, odd.id] and not plain.override and plain.id != patch.id


def test_words_that_contradict_as_well_or_speak_of_other_nodes_override_nothing() -> None:
    good = right(ASYMMETRIC)
    bad = spoilt(good, ASYMMETRIC)
    for made in (bad, msgspec.structs.replace(good, nodes=(*good.nodes, NODE)), msgspec.structs.replace(good, id="x:open-1"), None):
        (patch,) = planned(
            a_diagnosis(category="data conflict", nodes=(ASYMMETRIC,)), conflicting={ASYMMETRIC: [bad]}, reword=lambda _, made=made: made
        )
        assert [d.sample for d in patch.remove] == [bad.id] and not patch.override


def test_a_sample_that_contradicts_two_nodes_is_overridden_by_the_first_patch_alone() -> None:
    bad = spoilt(right(ASYMMETRIC), ASYMMETRIC)
    other = next(s for s in CHAIN.statements if s != ASYMMETRIC)
    noticed = [Evidence(n, "data", 1, 1, 0.0, bad.id) for n in (ASYMMETRIC, other)]
    diagnosis = a_diagnosis(category="data conflict", nodes=(ASYMMETRIC, other))
    conflicting = {ASYMMETRIC: [bad], other: [bad]}
    for found in (planned(diagnosis, conflicting=conflicting, reword=lambda _: right(ASYMMETRIC)),
                  planned(noticed=noticed, conflicting=conflicting, reword=lambda _: right(ASYMMETRIC))):  # fmt: skip
        assert sum(len(p.override) for p in found) == 1 and not any(p.remove for p in found)
        assert apply_patches([bad], found)[0] == right(ASYMMETRIC)
    assert all(p.samples or p.remove or p.override for p in found)


def test_suspect_and_unexplained_items_get_no_samples() -> None:
    doubtful = [a_diagnosis(category="suspect item", nodes=()), a_diagnosis(1, "unexplained", ())]
    assert planned(*doubtful) == [] and proposals(doubtful) == doubtful[:1]


def test_a_diagnosis_of_another_text_or_of_a_node_that_is_gone_is_refused() -> None:
    with pytest.raises(InputError, match="has another text now"):
        planned(msgspec.structs.replace(a_diagnosis(), hash="0" * 16))
    with pytest.raises(InputError, match="stale"):
        planned(a_diagnosis(nodes=("weaving/no-such.s1",)))


def test_the_same_diagnoses_give_the_same_patches_in_any_order() -> None:
    some = [a_diagnosis(n, nodes=(ITEMS[n].statements[0],)) for n in range(4)]
    assert planned(*some) == planned(*reversed(some))


def test_extra_samples_go_on_where_the_corpus_ended_and_refuse_what_cannot_be_taught() -> None:
    ids = {s.id for s in teach(NODE, 10, (), False)}
    assert all(int(i.rpartition("-")[2]) > 1000 for i in ids)
    with pytest.raises(NotFoundError, match=r"no concept or statement .* and no chain with conditions"):
        teach("weaving/nothing", 5, (), False)


def test_what_explains_most_failures_comes_first_and_then_what_is_least_known() -> None:
    def one(item: int, failed: int, node: str = "") -> Diagnosis:
        found = ITEMS[item]
        node = node or found.statements[0]
        evidence = (Evidence(node, "statement", 12, failed, -0.1, ""),)
        return Diagnosis(found.id, found.content_hash, found.chain, "concept gap", (node,), ("seed-0",), ("A",), 1.0, evidence, "So many.")

    first, second, third, another = [n for n, i in enumerate(ITEMS) if i.kind == "bridge"][:4]
    shared = one(another, 6, ITEMS[first].statements[0])
    ordered = [p.targets[0] for p in planned(one(third, 11), one(second, 7), one(first, 6), shared)]
    assert ordered == [ITEMS[n].statements[0] for n in (first, third, second)]
