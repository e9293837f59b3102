"""`proda check` outside the knowledge: references to nodes that do not exist."""

from __future__ import annotations

from pathlib import Path

from proda.history.repository import Repository
from proda.records import Sample
from proda.store.committed import Committed, read_committed
from proda.store.dangling import dangling
from proda.store.exceptions import Exemption
from tests.toyresults import make_items_and_samples
from tests.toyworld import make_repository


def nodes_of(root: Path) -> frozenset[str]:
    """Every id of the knowledge."""
    known = Repository.open(root).knowledge
    return frozenset({*known.concepts, *known.statements, *known.chains})


def test_what_is_derived_from_the_knowledge_refers_to_it(tmp_path: Path) -> None:
    root = make_items_and_samples(make_repository(tmp_path, git=False))
    found = read_committed(root)
    assert found.items and found.corpus
    assert found.findings == []
    assert dangling(found, nodes_of(root), {}) == []


def test_missing_nodes_are_errors_in_what_people_commit_and_warnings_in_what_is_derived(tmp_path: Path) -> None:
    root = make_items_and_samples(make_repository(tmp_path, git=False))
    nodes = nodes_of(root)
    found = read_committed(root)
    gone = found.corpus[min(found.corpus)][0].nodes[0]
    retired = Exemption(item="milling/gone:dev-path", hash="abc", action="retire", reason="r")
    whole = Committed([], found.corpus, {}, found.items, (retired,))
    findings = dangling(whole, nodes - {gone}, {})
    assert {(f.file.split("/")[1], f.severity) for f in findings} >= {("exceptions.yaml", "error"), ("corpus", "warning")}
    assert all(gone in f.message for f in findings if f.file.startswith("samples/"))
    assert len({(f.file, f.message) for f in findings}) == len(findings)  # one for each file and node, however many entries name it


def test_a_sample_is_decoded_as_a_record() -> None:
    sample = Sample("a", "open", ("milling/rye",), "Q?", "A")
    findings = dangling(Committed([], {"samples/corpus/milling/a.yaml": [sample]}), frozenset(), {})
    assert [f.message.split("'")[1] for f in findings] == ["milling/rye"]
