"""The stage `benchmark` writes the items, without those that leak or are disputed, and the audit with the reasons."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from pipelines.benchmark import main
from proda.errors import EmptyBenchmarkError, GateError
from proda.graph import Knowledge
from proda.knowledge.compile import compile_knowledge
from proda.params import load_params
from proda.records import LETTERS, Item
from proda.store.items import load_items
from proda.store.validation import ItemReading, Letter, Validation, write_validation
from proda.yamlio import dump_yaml, load_yaml
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
    owners = {item.chain for item in items}
    links = {owner for owner in owners if Knowledge.load(root / "build/knowledge").chains[owner].is_link}
    on = f"{len(owners - links)} chains and {len(links)} link{'s' * (len(links) > 1)}"
    assert links and line.startswith(f"benchmark: {len(items)} items on {on}, ") and "best solver without knowledge: " in line
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


def keep_chains(root: Path, kept: dict[str, tuple[str, ...]]) -> None:
    """Leave only these chains of each discipline, without links and cases, and compile."""
    for file in sorted((root / "knowledge").glob("*/*.yaml")):
        if file.parent.name in ("sources",):
            continue
        document = load_yaml(file)
        names = kept.get(file.parent.name, ())
        if not names:
            file.unlink()
            continue
        chains = {name: chain for name, chain in document["chains"].items() if name in names}
        ends = {step[end] for chain in chains.values() for step in chain["steps"] for end in ("subject", "object")}
        concepts = {name: concept for name, concept in document["concepts"].items() if name in ends}
        rest = {key: value for key, value in document.items() if key not in ("links", "cases")}
        file.write_text(dump_yaml({**rest, "concepts": concepts, "chains": chains}))
    assert compile_knowledge(root, root / "build/knowledge").ok


@pytest.mark.parametrize(("names", "says"), [((), "has no chain,"), (("wind-grinds-grain",), "has 1 chain,")])
def test_a_knowledge_too_small_for_an_item_says_how_many_chains_it_has(root: Path, names: tuple[str, ...], says: str) -> None:
    keep_chains(root, {"milling": names})
    with pytest.raises(EmptyBenchmarkError, match=says):
        benchmark(root)


def test_the_audit_that_a_message_refers_to_is_there_when_the_stage_fails(root: Path) -> None:
    path = root / "params.yaml"
    path.write_text(re.sub(r"max_shortcut: [\d.]+", "max_shortcut: 0.05", path.read_text()))
    assert load_params(path).items.max_shortcut == 0.05
    with pytest.raises(GateError, match=r"benchmarks/results/shortcuts\.json") as caught:
        benchmark(root)
    assert re.search(r"\n  longest 0\.\d+: picks the longest option\n", str(caught.value)) and "items.max_shortcut" in str(caught.value)
    assert json.loads((root / "benchmarks/results/shortcuts.json").read_text()).keys() >= {"solvers", "by_kind"}
    assert not (root / "benchmarks/items").exists() or load_items(root) == []


def test_the_line_says_the_limit_that_holds_for_so_few_items(root: Path) -> None:
    line = benchmark(root)
    written = json.loads((root / "benchmarks/results/shortcuts.json").read_text())
    limit = written["limit"] + 1.65 * (0.1875 / written["n"]) ** 0.5
    assert line.endswith(f"(chance .25, limit {limit:.3f})")
