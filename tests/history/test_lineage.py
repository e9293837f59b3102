"""Lineage on the toy world: both directions agree, and nothing is lost on the way from a passage to an answer."""

from __future__ import annotations

import msgspec
import pytest

from proda.builder.plan import plan_samples
from proda.builder.template_writer import write_sample
from proda.errors import NotFoundError
from proda.history.lineage import Lineage, Trace, closest, model_order
from proda.records import Sample
from proda.tester.items import write_items
from tests.toyresults import MODELS, outcome
from tests.toyworld import knowledge


@pytest.fixture(scope="module")
def lineage() -> Lineage:
    know = knowledge()
    plans = plan_samples(know, dict.fromkeys(know.topics_of, 40), seed=0, window=2)
    samples = [write_sample(know, plan) for group in plans.values() for plan in group]
    items = write_items(know, seed=0, sealed_share=0.2)
    outcomes = [outcome(item, model, model == "seed-0") for item in items for model in MODELS]
    return Lineage(know, samples, items, outcomes, {samples[0].id: "samples/patches/r1-x-00.yaml"})


def ids(trace: Trace, direction: str, name: str) -> list[str]:
    return [link.id for group in getattr(trace, direction) if group.name == name for link in group.links]


def test_a_concept_leads_to_its_statements_chains_samples_and_items(lineage: Lineage) -> None:
    trace = lineage.trace("milling/flour")
    assert trace.kind == "concept"
    assert ids(trace, "leads_to", "statements") == ["milling/dust-needs-care.s1", "milling/wind-grinds-grain.s4"]
    assert ids(trace, "leads_to", "chains") == ["milling/dust-needs-care", "milling/wind-grinds-grain"]
    assert len(ids(trace, "comes_from", "passages")) > 0
    expected = [i.id for i in lineage.items.values() if i.chain in ids(trace, "leads_to", "chains")]
    assert ids(trace, "leads_to", "items") == sorted(expected) != []


def test_an_item_comes_from_its_chain_in_order_and_from_every_sample_that_teaches_a_statement_of_it(lineage: Lineage) -> None:
    item = next(i for i in lineage.items.values() if i.chain == "milling/wind-grinds-grain")
    trace = lineage.trace(item.id)
    assert ids(trace, "comes_from", "statements") == [f"milling/wind-grinds-grain.s{n}" for n in (1, 2, 3, 4)]
    teaching = {s.id for s in lineage.samples.values() if set(s.nodes) & set(item.statements)}
    assert set(ids(trace, "comes_from", "samples")) == teaching != set()
    link = next(link for g in trace.comes_from if g.name == "samples" for link in g.links)
    assert set(link.via) == set(lineage.samples[link.id].nodes) & set(item.statements)


def test_what_a_sample_leads_to_comes_from_that_sample(lineage: Lineage) -> None:
    for sample in lineage.samples.values():
        if any(n in lineage.knowledge.statements for n in sample.nodes):
            for item in ids(lineage.trace(sample.id), "leads_to", "items"):
                assert sample.id in ids(lineage.trace(item), "comes_from", "samples")


def test_a_concept_that_only_a_distractor_names_is_listed_apart(lineage: Lineage) -> None:
    item, concept = next(
        (i, n) for i in lineage.items.values() for n in i.nodes if n in lineage.knowledge.concepts and n not in lineage.path_concepts(i)
    )
    trace = lineage.trace(concept)
    assert item.id in ids(trace, "leads_to", "distractors")
    assert item.id not in ids(trace, "leads_to", "items")


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
    trace = Lineage(lineage.knowledge, [orphan]).trace("x/y:open-1")
    assert ids(trace, "comes_from", "gone") == ["milling/no-more"]


def test_the_file_of_a_patch_is_named(lineage: Lineage) -> None:
    sample, file = next(iter(lineage.files.items()))
    node = lineage.samples[sample].nodes[0]
    notes = [link.note for g in lineage.trace(node).leads_to for link in g.links if link.id == sample]
    assert notes and file in notes[0]


def test_an_unknown_id_names_the_three_closest(lineage: Lineage) -> None:
    with pytest.raises(NotFoundError, match=r"Closest: milling/flour, .*, "):
        lineage.trace("milling/fluor")


def test_closest_finds_a_transposition_among_many() -> None:
    many = [f"a/thing-{n}" for n in range(500)] + ["b/photosynthesis"]
    assert closest("b/photosynthseis", many)[0] == "b/photosynthesis"
    assert closest("anything", []) == []


def test_models_are_ordered_by_number() -> None:
    assert sorted(["seed-10", "seed-2", "other", "base"], key=model_order) == ["base", "seed-2", "seed-10", "other"]
