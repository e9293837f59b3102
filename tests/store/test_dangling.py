"""`proda check` beyond the knowledge base: what refers to nodes that are gone."""

from __future__ import annotations

import json
from pathlib import Path

from proda.history.repository import Repository
from proda.store.dangling import dangling
from tests.toyworld import make_repository


def test_exceptions_patches_items_and_samples_are_looked_through(tmp_path: Path) -> None:
    root = make_repository(tmp_path, git=False)
    known = Repository.open(root).knowledge
    nodes = frozenset({*known.concepts, *known.statements, *known.chains})
    assert dangling(root, nodes) == []
    (root / "benchmarks/exceptions.yaml").write_text(
        "exceptions:\n  - {item: 'milling/gone:dev-path', hash: abc, action: retire, reason: r}\n"
    )
    (root / "samples/patches/1-a.yaml").write_text(json.dumps({"samples": [{"nodes": ["milling/flour", "milling/bran"]}]}))
    (root / "samples/corpus/milling").mkdir(parents=True)
    (root / "samples/corpus/milling/a.yaml").write_text(json.dumps({"samples": [{"nodes": ["milling/rye"]}]}))
    (root / "benchmarks/items/dev/milling").mkdir(parents=True)
    (root / "benchmarks/items/dev/milling/a.yaml").write_text(json.dumps({"items": [{"nodes": ["milling/oats"]}]}))
    found = {(f.file.split("/")[1], f.severity, f.message.split("'")[1]) for f in dangling(root, nodes)}
    assert found == {
        ("exceptions.yaml", "error", "milling/gone"),
        ("patches", "error", "milling/bran"),
        ("corpus", "warning", "milling/rye"),
        ("items", "warning", "milling/oats"),
    }
