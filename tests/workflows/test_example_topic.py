"""The example is removed from all files that people write, but only if nothing refers to it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from proda.errors import InputError, NotFoundError
from proda.store.reading import load_reading
from proda.workflows.check_repository import check_repository
from proda.workflows.example_topic import TOPIC, plan_removal
from proda.workflows.file_set import write_together
from proda.workflows.init_repository import plan_repository
from tests.toyworld import topic_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    planned = plan_repository(tmp_path / "breads")
    write_together(planned.root, dict(planned.texts))
    return planned.root


def with_milling(root: Path) -> Path:
    """Add another topic beside the example."""
    written = topic_files()
    for name in ("milling/milling-basics.yaml", "sources/milling/milling-notes.md"):
        (root / "knowledge" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "knowledge" / name).write_text(written[name])
    path = root / "knowledge/sources/catalogue.yaml"
    catalogue = yaml.safe_load(path.read_text())
    ours = yaml.safe_load(written["sources/catalogue.yaml"])["sources"]
    catalogue["sources"] |= {name: entry for name, entry in ours.items() if name.startswith("milling")}
    path.write_text(yaml.safe_dump(catalogue, sort_keys=False))
    path = root / "samples/allocation.yaml"
    path.write_text(path.read_text() + "  milling: 40 # mine\n")
    return root


def test_beside_a_topic_of_ones_own_everything_of_the_example_goes_and_the_rest_stays(root: Path) -> None:
    before = {p: p.read_bytes() for p in with_milling(root).rglob("*") if p.is_file()}
    assert not [f for f in check_repository(root).findings if f.severity == "error"]
    planned = plan_removal(root)
    assert planned.topics == 1
    write_together(root, planned.texts)
    assert not [f for f in check_repository(root).findings if f.severity == "error"]
    assert (root / "samples/allocation.yaml").read_text().endswith("samples:\n  milling: 40 # mine\n")
    assert list(yaml.safe_load((root / "knowledge/sources/catalogue.yaml").read_text())["sources"]) == ["milling/milling-notes"]
    assert load_reading(root / "samples/base/reading.yaml") == ()
    owners = (root / ".github/CODEOWNERS").read_text()
    assert "baking" not in owners and "# /.github/ " in owners
    changed = {p.relative_to(root).as_posix() for p in before if not p.is_file() or p.read_bytes() != before[p]}
    assert changed == set(planned.texts)
    with pytest.raises(NotFoundError, match="Nothing was changed"):
        plan_removal(root)


def test_an_owner_who_was_filled_in_stays(root: Path) -> None:
    path = root / ".github/CODEOWNERS"
    path.write_text(path.read_text().replace("# /knowledge/baking/           @OWNER", "/knowledge/baking/  @ada"))
    assert "@ada" in path.read_text() and ".github/CODEOWNERS" not in plan_removal(with_milling(root)).texts


def test_alone_it_leaves_an_empty_knowledge_without_findings(root: Path) -> None:
    planned = plan_removal(root)
    write_together(root, planned.texts)
    assert planned.topics == 0 and check_repository(root).findings == ()


def test_another_topic_of_its_discipline_keeps_the_samples(root: Path) -> None:
    topic = (root / "knowledge/baking/bread-making.yaml").read_text()
    (root / "knowledge/baking/rolls.yaml").write_text("discipline: baking\ntopic: rolls\nsource: baking/rolls\nconcepts: {}\nchains: {}\n")
    assert not {"samples/allocation.yaml", ".github/CODEOWNERS"} & plan_removal(root).texts.keys()
    assert topic == (root / "knowledge/baking/bread-making.yaml").read_text()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("samples/patches/1-oven.yaml", "targets: [baking/dry-crust-browns.s2]\n"),
        ("knowledge/cooking/stews.yaml", "chains: {a: {steps: [{subject: baking/oven-heat}]}}\n"),
        ("benchmarks/exceptions.yaml", "exceptions:\n  - item: baking/dry-crust-browns:dev-bridge\n"),
    ],
)
def test_what_refers_to_it_is_named_and_stops_the_removal(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    with pytest.raises(InputError, match=f"refer to the example:\n  {name}"):
        plan_removal(root)


def test_an_entry_that_cannot_be_removed_without_a_comment_is_left_to_the_user(root: Path) -> None:
    path = root / "knowledge/sources/catalogue.yaml"
    path.write_text(path.read_text().replace("    licence:", "    # asked the author\n    licence:"))
    with pytest.raises(InputError, match=f"sources.{TOPIC}\n.*by hand"):
        plan_removal(root)
