"""The stage `benchmark` writes the items, without those that leak or are disputed, and the audit with the reasons."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from pipelines.benchmark import main
from proda.knowledge.compile import compile_knowledge
from proda.params import load_params
from proda.records import LETTERS, Item
from proda.store.items import load_items
from proda.store.validation import ItemReading, Letter, Validation, write_validation
from tests.toyworld import make_repository


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_repository(tmp_path, git=False)
    assert compile_knowledge(made, made / "build/knowledge").ok
    monkeypatch.chdir(made)
    return made


def benchmark(root: Path) -> str:
    line: str = main.__wrapped__(load_params(root / "params.yaml"))  # type: ignore[attr-defined]  # the stage without its printing
    return line


def shortcuts(root: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.loads((root / "benchmarks/results/shortcuts.json").read_text())
    return found


def dispute(root: Path, item: Item) -> None:
    other = next(x for x in LETTERS if x != item.answer)
    reading = ItemReading(msgspec.convert(other, Letter), 0.25, key=msgspec.convert(item.answer, Letter))
    write_validation(root, Validation({item.content_hash: {"a": reading}}))


def test_items_and_audit_are_written_and_the_line_says_how_many(root: Path) -> None:
    line = benchmark(root)
    items = load_items(root)
    chains = {item.chain for item in items}
    assert line.startswith(f"benchmark: {len(items)} items on {len(chains)} chains, ") and "best solver without knowledge: " in line
    assert {i.kind for i in items} == {"bridge", "effect", "condition", "mechanism", "order", "counterfactual", "case"}
    assert shortcuts(root).keys() >= {"solvers", "by_kind", "quarantined", "retired", "n"}


def test_a_second_run_changes_no_file(root: Path) -> None:
    benchmark(root)
    before = {p: p.read_bytes() for p in sorted((root / "benchmarks").rglob("*")) if p.is_file()}
    assert ", 0 files changed;" in benchmark(root)
    assert {p: p.read_bytes() for p in sorted((root / "benchmarks").rglob("*")) if p.is_file()} == before


def test_a_disputed_item_leaves_the_benchmark_with_its_reason(root: Path) -> None:
    benchmark(root)
    before = load_items(root)
    dispute(root, before[0])
    assert ", 1 file changed;" in benchmark(root)
    assert load_items(root) == before[1:]
    assert [q["item"] for q in shortcuts(root)["quarantined"] if "reader a" in q["reason"]] == [before[0].id]
