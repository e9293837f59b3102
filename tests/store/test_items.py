"""Items on disk: round trip, separate splits, and detection of edits by hand."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from proda.errors import InputError, SealedError
from proda.language.wording import GAP
from proda.records import Option
from proda.store.items import load_items, write_items_tree
from proda.tester.items import write_items
from proda.yamlio import dump_yaml
from tests.toyworld import wide_knowledge

ITEMS = write_items(wide_knowledge(), seed=0, sealed_share=0.2)


def test_round_trip(tmp_path: Path) -> None:
    write_items_tree(tmp_path, ITEMS)
    assert load_items(tmp_path) == ITEMS
    assert write_items_tree(tmp_path, ITEMS) == 0


def test_each_split_has_a_tree_of_its_own(tmp_path: Path) -> None:
    write_items_tree(tmp_path, ITEMS)
    assert {i.split for i in load_items(tmp_path, ("dev",))} == {"dev"}
    assert sorted(p.name for p in (tmp_path / "benchmarks/items").iterdir()) == ["dev", "sealed", "twin"]


def test_a_reader_of_dev_cannot_be_talked_into_more(tmp_path: Path) -> None:
    # The folder does not exist: access is refused before any file is opened.
    for split in ("twin", "sealed"):
        with pytest.raises(SealedError, match=split):
            load_items(tmp_path, ("dev", split), only=frozenset({"dev"}))  # type: ignore[arg-type]


def test_an_item_edited_by_hand_is_found_out(tmp_path: Path) -> None:
    write_items_tree(tmp_path, ITEMS)
    path = next((tmp_path / "benchmarks/items/dev").rglob("*.yaml"))
    path.write_text(path.read_text().replace("answer: A", "answer: B", 1).replace("answer: C", "answer: B", 1))
    with pytest.raises(InputError, match=r"edited by hand.*exceptions\.yaml"):
        load_items(tmp_path, ("dev",))


@pytest.mark.parametrize("count", [3, 5])
def test_an_item_of_the_benchmark_has_four_options(tmp_path: Path, count: int) -> None:
    """Also if its hash fits: questions of a general suite may have another number."""
    write_items_tree(tmp_path, ITEMS)
    item = ITEMS[0]
    options = (*item.options, Option("another"))[:count]
    changed = msgspec.structs.replace(item, options=options, answer="A")
    raw = {
        **{"id": item.id, "kind": item.kind, "chain": item.chain, "stem": item.stem, "statements": [], "nodes": [], "answer": "A"},
        "options": {letter: {"text": o.text} for letter, o in zip("ABCDE", options, strict=False)},
        "hash": changed.content_hash,
    }
    path = next((tmp_path / "benchmarks/items/dev").rglob("*.yaml"))
    path.write_text(dump_yaml({"items": [raw]}))
    with pytest.raises(InputError, match=rf"{re.escape(item.id)}\n  Not an item: got the options A, B, C.*, expected A, B, C and D"):
        load_items(tmp_path, ("dev",))


def test_a_gap_stands_behind_whole_words_in_every_item_of_the_benchmark() -> None:
    """An earlier version removed letters of the verb with an object that has no article ("is a kind of …")."""
    root = Path(__file__).resolve().parents[2]
    stems = [i.stem for i in load_items(root) if i.kind == "bridge"]
    assert len(stems) > 400
    for stem in stems:
        assert stem.count(GAP) == 2, stem
        assert not re.search(rf"\w{GAP}|{GAP}\w", stem), stem
