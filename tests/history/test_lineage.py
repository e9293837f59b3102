"""Lineage on the toy world: both directions agree, and no step between a passage and an answer is missing."""

from __future__ import annotations

from typing import get_args, get_type_hints

import msgspec
import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.errors import counted
from proda.history.lineage import Lineage, model_order
from proda.history.names import Name, closest, find
from proda.history.repairs import Repairs, evidence_text
from proda.history.trace import Kind, Trace, trace
from proda.records import Diagnosis, Dropped, Edit, Evidence, Patch, Sample
from proda.tester.items import write_items
from tests.toyresults import MODELS, outcome
from tests.toyworld import knowledge


@pytest.fixture(scope="module")
def lineage() -> Lineage:
    know = knowledge()
    plans = plan_samples(know, dict.fromkeys(know.topics_of, 40), seed=0, window=2)
    samples = [write_sample(know, plan) for group in plans.values() for plan in group]
    items = write_items(know, seed=0, sealed_share=0.33)
    outcomes = [outcome(item, model, model == "seed-0") for item in items for model in MODELS]
    return Lineage(know, samples, items, outcomes, {samples[0].id: "samples/patches/r1-x-00.yaml"})


def traced(lineage: Lineage, thing: str) -> Trace:
    know = lineage.knowledge
    tables = {
        "concept": know.concepts,
        "statement": know.statements,
        "chain": know.chains,
        "sample": lineage.samples,
        "item": lineage.items,
    }
    kind: Kind = next(k for k, table in tables.items() if thing in table)
    return trace(lineage, kind, thing)


def ids(trace: Trace, direction: str, name: str) -> list[str]:
    return [link.id for group in getattr(trace, direction) if group.name == name for link in group.links]


def test_a_concept_leads_to_its_statements_chains_samples_and_items(lineage: Lineage) -> None:
    found = traced(lineage, "milling/flour")
    assert found.kind == "concept"
    assert ids(found, "leads_to", "statements") == ["milling/dust-needs-care.s1", "milling/wind-grinds-grain.s4"]
    assert ids(found, "leads_to", "chains") == ["milling/dust-needs-care", "milling/wind-grinds-grain"]
    assert len(ids(found, "comes_from", "passages")) > 0
    expected = [i.id for i in lineage.items.values() if i.chain in ids(found, "leads_to", "chains")]
    assert ids(found, "leads_to", "items") == sorted(expected) != []


def test_an_item_comes_from_its_chain_in_order_and_from_every_sample_that_teaches_a_statement_of_it(lineage: Lineage) -> None:
    item = next(i for i in lineage.items.values() if i.chain == "milling/wind-grinds-grain")
    found = traced(lineage, item.id)
    assert ids(found, "comes_from", "statements") == list(item.statements)
    teaching = {s.id for s in lineage.samples.values() if set(s.nodes) & set(item.statements)}
    assert set(ids(found, "comes_from", "samples")) == teaching != set()
    link = next(link for g in found.comes_from if g.name == "samples" for link in g.links)
    assert set(link.via) == set(lineage.samples[link.id].nodes) & set(item.statements)


def test_what_a_sample_leads_to_comes_from_that_sample(lineage: Lineage) -> None:
    for sample in lineage.samples.values():
        if any(n in lineage.knowledge.statements for n in sample.nodes):
            for item in ids(traced(lineage, sample.id), "leads_to", "items"):
                assert sample.id in ids(traced(lineage, item), "comes_from", "samples")


def test_a_concept_that_only_a_distractor_names_is_listed_apart(lineage: Lineage) -> None:
    item, concept = next(
        (i, n)
        for i in lineage.items.values()
        for n in i.nodes
        if n in lineage.knowledge.concepts and n not in lineage.path_concepts(i) and i.split == "dev"
    )
    found = traced(lineage, concept)
    assert item.id in ids(found, "leads_to", "distractors")
    assert item.id not in ids(found, "leads_to", "items")


def test_answers_are_counted_by_model_and_stale_ones_apart(lineage: Lineage) -> None:
    items = [i for i in lineage.items.values() if i.chain == "milling/wind-grinds-grain"]
    tallies = {t.model: t for t in lineage.tallies(items)}
    assert list(tallies) == ["base", "seed-0", "seed-1"]
    assert (tallies["base"].right, tallies["seed-0"].right) == (0, len(items))
    old = [msgspec.structs.replace(o, hash="0" * 16) for o in lineage.outcomes]
    stale = Lineage(lineage.knowledge, (), list(lineage.items.values()), old).tallies(items)
    assert all(t.stale == len(items) and t.right + t.wrong == 0 for t in stale)


def test_a_sample_whose_node_is_gone_says_so(lineage: Lineage) -> None:
    orphan = Sample("x/y:open-1", "open", ("milling/flour", "milling/no-more"), "Q?", "A")
    found = traced(Lineage(lineage.knowledge, [orphan]), "x/y:open-1")
    assert ids(found, "comes_from", "missing") == ["milling/no-more"]


def test_the_file_of_a_patch_is_named(lineage: Lineage) -> None:
    sample, file = next(iter(lineage.files.items()))
    node = lineage.samples[sample].nodes[0]
    notes = [link.note for g in traced(lineage, node).leads_to for link in g.links if link.id == sample]
    assert notes and file in notes[0]


def test_closest_finds_a_transposition_among_many() -> None:
    many = [f"a/thing-{n}" for n in range(500)] + ["b/photosynthesis"]
    assert closest("b/photosynthseis", many)[0] == "b/photosynthesis"
    assert closest("anything", []) == []


def test_models_are_ordered_by_number() -> None:
    assert sorted(["seed-10", "seed-2", "other", "base"], key=model_order) == ["base", "seed-2", "seed-10", "other"]


def test_which_concepts_only_a_distractor_of_a_sealed_item_names_is_not_told(lineage: Lineage) -> None:
    sealed = next(i for i in lineage.items.values() if i.split == "sealed")
    aside = [n for n in sealed.nodes if n in lineage.knowledge.concepts and n not in lineage.path_concepts(sealed)]
    opened = Lineage(lineage.knowledge, (), list(lineage.items.values()), sealed=True)
    assert aside and not ids(traced(lineage, sealed.id), "comes_from", "distractors")
    assert ids(traced(opened, sealed.id), "comes_from", "distractors") == aside
    for concept in aside:
        assert sealed.id not in ids(traced(lineage, concept), "leads_to", "distractors")
        assert sealed.id in ids(traced(opened, concept), "leads_to", "distractors")


@pytest.fixture(scope="module")
def repaired(lineage: Lineage) -> Lineage:
    item = next(i for i in lineage.items.values() if i.split == "dev")
    node, other = item.statements[:2]
    evidence = Evidence(node, "statement", 10, 8, -0.1, "milling/flour")
    diagnosis = Diagnosis(
        item.id, item.content_hash, item.chain, "concept gap", (node,), ("seed-0", "seed-1"), ("A", "A"), 0.5, (evidence,)
    )
    sample = Sample("milling/added:open-1001", "open", (node,), "Q?", "A.")
    gone = next(s for s in lineage.samples.values() if other in s.nodes)
    patch = Patch(
        "1-a-00000000", 1, (node,), (item.id,), "concept gap", "Not known.", {}, samples=(sample,), remove=(Dropped(gone.id, "0"),),
        edits=(Edit("knowledge/milling/milling-basics.yaml", "milling/flour", "milling/frost"),),
    )  # fmt: skip
    repairs = Repairs([diagnosis], [Evidence(other, "link", 4, 3, -0.2)], [patch], {patch.id: {"says": "unproven"}})
    samples = [s for s in (*lineage.samples.values(), sample) if s.id != gone.id]
    return Lineage(lineage.knowledge, samples, list(lineage.items.values()), lineage.outcomes, repairs=repairs, dropped=[gone])


def test_a_diagnosis_shows_at_its_item_and_at_the_statement_it_blames_and_the_patch_at_both(repaired: Lineage) -> None:
    (diagnosis,) = repaired.repairs.diagnosis_of.values()
    (node,) = diagnosis.nodes
    for thing in (diagnosis.item, node, diagnosis.chain):
        found = traced(repaired, thing)
        assert found.diagnoses == (diagnosis,) and ids(found, "leads_to", "patches") == ["1-a-00000000"], thing
        assert any("verdict: unproven" in link.note for g in found.leads_to if g.name == "patches" for link in g.links)
    assert [e.probe for e in traced(repaired, diagnosis.item).noticed] == ["link"]


def test_a_patch_shows_its_targets_items_samples_removals_and_edits(repaired: Lineage) -> None:
    found = trace(repaired, "patch", "1-a-00000000")
    (diagnosis,), (gone,) = repaired.repairs.diagnosis_of.values(), repaired.dropped
    assert ids(found, "comes_from", "statements") == list(diagnosis.nodes) and ids(found, "comes_from", "items") == [diagnosis.item]
    assert ids(found, "leads_to", "adds") == ["milling/added:open-1001"] and ids(found, "leads_to", "removes") == [gone]
    assert ids(found, "leads_to", "edits") == ["milling/flour"]
    removed = trace(repaired, "sample", gone)
    assert ids(removed, "comes_from", "patches") == ["1-a-00000000"]
    assert ids(traced(repaired, "milling/frost"), "leads_to", "patches") == ["1-a-00000000"]


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (
            Evidence("s", "statement", 15, 12, -0.3, "milling/flour"),
            "Asked for this statement: 12 of 15 answers are wrong, most often “flour”.",
        ),
        (Evidence("s", "concept", 4, 3, -0.3), "Asked for the definition: 3 of 4 answers are wrong."),
        (
            Evidence("s", "step", 4, 4, -0.3, "early"),
            "Asked for this step of the chain: 4 of 4 answers are wrong, most often “the step after it”.",
        ),
        (
            Evidence("milling/wind-grinds-grain", "condition", 9, 9, -0.3, "milling/frost-halts-mill"),
            "Asked what this explanation presupposes, or does not cover: 9 of 9 answers are wrong, most often"
            " “a condition of the explanation of why frost halts a mill”.",
        ),
        (Evidence("s", "data", 1, 1, 0.0, "x:open-1"), "1 training sample contradicts this statement, for example x:open-1."),
        (Evidence("s", "data", 2, 2, 0.0, "x:open-1"), "2 training samples contradict this statement, for example x:open-1."),
    ],
)
def test_evidence_in_words(lineage: Lineage, evidence: Evidence, words: str) -> None:
    assert evidence_text(lineage.knowledge, evidence) == words


def test_evidence_of_every_kind_of_probe_has_words(lineage: Lineage) -> None:
    for kind in get_args(get_type_hints(Evidence)["probe"]):
        assert "3 of 4" in (said := evidence_text(lineage.knowledge, Evidence("s", kind, 4, 3, -0.3))) or kind == "data", said


NAMES: dict[Kind, list[str]] = {
    "concept": ["a/heat", "b/heat", "a/heat-pump"],
    "statement": ["a/pump-warms.s1", "a/pump-warms.s2", "b/ice-melts.s1"],
    "chain": ["a/pump-warms", "b/ice-melts"],
    "item": ["a/pump-warms:dev-path", "a/pump-warms:twin-path"],
    "patch": ["1-pump-warms-s1-0f3a5c77", "2-pump-warms-s1-1f3a5c77"],
    "topic": ["a/heat"],
    "round": ["round-1", "round-2"],
}


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ("a/heat", ["concept a/heat", "topic a/heat"]),
        ("topic:a/heat", ["topic a/heat"]),
        ("heat", ["concept a/heat", "concept b/heat", "topic a/heat"]),
        ("pump-warms.s1", ["statement a/pump-warms.s1"]),
        ("pump-warms:dev-path", ["item a/pump-warms:dev-path"]),
        ("dev-path", ["item a/pump-warms:dev-path"]),
        ("s2", ["statement a/pump-warms.s2"]),
        ("s1", ["statement a/pump-warms.s1", "statement b/ice-melts.s1"]),
        ("pump.s1", ["statement a/pump-warms.s1"]),
        ("ice", ["chain b/ice-melts"]),
        ("2-pump", ["patch 2-pump-warms-s1-1f3a5c77"]),
        ("0f3a5c77", ["patch 1-pump-warms-s1-0f3a5c77"]),
        ("round", ["round round-1", "round round-2"]),
        ("a/hea", ["concept a/heat", "concept a/heat-pump", "topic a/heat"]),
        ("he", []),
        ("chain:a/heat", []),
        ("concept:", []),
        ("", []),
    ],
)
def test_a_short_form_finds_what_it_fits(wanted: str, ids: list[str]) -> None:
    assert [f"{name.kind} {name.id}" for name in find(wanted, NAMES)] == ids


def test_an_exact_id_wins_over_longer_ones() -> None:
    assert find("a/pump-warms", NAMES) == [Name("chain", "a/pump-warms")]


def test_counts_have_their_plural() -> None:
    assert [counted(n, noun) for n, noun in ((1, "patch"), (2, "patch"), (0, "sample"), (1200, "entry"))] == [
        "1 patch",
        "2 patches",
        "0 samples",
        "1,200 entries",
    ]
