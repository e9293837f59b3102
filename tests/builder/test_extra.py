"""Samples beyond a node's allocation: what a repair adds, on the shipped knowledge base."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.builder.extra import extra_samples
from proda.graph import Knowledge
from proda.knowledge.compile import compile_knowledge
from proda.params import Params
from proda.seeds import by_weight

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    out = tmp_path_factory.mktemp("extra")
    compile_knowledge(ROOT, out / "knowledge", cache=out / "check.sqlite").raise_errors()
    return Knowledge.load(out / "knowledge")


def test_a_contrast_never_brings_the_concepts_of_another_chain_together(shipped: Knowledge) -> None:
    short = [c for c in shipped.active_chains() if len(c.statements) == 3]
    contrasted = 0
    for node in by_weight(shipped.active_statements, "contrast")[:60]:
        statement = shipped.statements[node]
        others = [c for c in short if c.discipline == statement.discipline and c.id != statement.chain]
        for other in by_weight(others, "contrast", node, name=lambda c: c.id)[:3]:
            course = {c for s in shipped.path(other) for c in (s.subject, s.object)}
            for sample in extra_samples(shipped, node, 10, start=1000, params=Params(), contrast=sorted(course)):
                if sample.format == "choice":
                    shown = {c for c in course if shipped.concepts[c].text in (*sample.options, sample.answer)}
                    contrasted += bool(shown)
                    assert len(course - shown - {statement.subject, statement.object}) > 1, (sample.id, other.id)
    assert contrasted > 50
