"""On the shipped knowledge base: an edit of one entry rewrites what rests on it, and nothing else."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec
import pytest

from proda.builder.build import build_corpus
from proda.graph import Knowledge
from proda.knowledge.compile import compile_knowledge
from proda.params import load_params
from proda.records import Concept
from proda.stable_hash import by_weight
from proda.store.allocation import load_allocation
from proda.tester.items import write_items

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    folder = tmp_path_factory.mktemp("shipped")
    assert compile_knowledge(ROOT, folder / "knowledge", cache=folder / "check.sqlite").ok
    return Knowledge.load(folder / "knowledge")


def _with(knowledge: Knowledge, concept: Concept) -> Knowledge:
    concepts = {**knowledge.concepts, concept.id: concept}
    return Knowledge(
        knowledge.relations.values(), concepts.values(), knowledge.statements.values(), knowledge.chains.values(), knowledge.cases
    )


def test_a_changed_definition_rewrites_only_samples_that_reference_the_concept_and_no_item(shipped: Knowledge) -> None:
    params, allocation = load_params(ROOT / "params.yaml"), load_allocation(ROOT)
    before = build_corpus(shipped, allocation, params)
    items = write_items(shipped, seed=params.seed, sealed_share=params.items.sealed_share)
    texts = [f"{s.question}{s.options}{s.answer}{s.explanation}" for group in before.values() for s in group]
    quoted = (c for c in by_weight(shipped.concepts.values(), "locality", name=lambda c: c.id) if any(c.definition in t for t in texts))
    for concept in islice(quoted, 2):
        world = _with(shipped, msgspec.structs.replace(concept, definition=f"{concept.definition}, told in other words"))
        after = build_corpus(world, allocation, params)
        changed = [new for key, group in after.items() for old, new in zip(before[key], group, strict=True) if old != new]
        assert changed and all(concept.id in sample.nodes for sample in changed)
        assert write_items(world, seed=params.seed, sealed_share=params.items.sealed_share) == items
