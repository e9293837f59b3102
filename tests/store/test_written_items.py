"""benchmarks/written: entries read back as written, by plan; broken ones are named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.errors import InputError
from proda.store.written_items import WRITTEN_ITEMS, WrittenItem, load_written_items, written_items_file, written_items_text

ONE = WrittenItem(
    "milling/wind:dev-bridge", "What: then?", ("flour", "no", "1.5", "dust: fine"), "3f0c9a1e0b2d4c55", "org/model:7b", "item@1"
)
TWO = msgspec.structs.replace(ONE, id="milling/wind:dev-order", plan="0" * 16)
FILE = written_items_file("dev", "milling", "mill")


def put(root: Path, text: str, name: str = FILE) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


def test_entries_read_back_as_written_and_equal_entries_give_equal_bytes(tmp_path: Path) -> None:
    assert load_written_items(tmp_path) == {} and FILE == "benchmarks/written/dev/milling/mill.yaml"
    text = written_items_text([TWO, ONE])
    put(tmp_path, text)
    assert load_written_items(tmp_path) == {ONE.plan: ONE, TWO.plan: TWO} and written_items_text([ONE, TWO]) == text
    put(tmp_path, "Not an item.\n", f"{WRITTEN_ITEMS}/README.md")
    put(tmp_path, written_items_text([msgspec.structs.replace(ONE, plan="1" * 16)]), written_items_file("sealed", "milling", "mill"))
    assert set(load_written_items(tmp_path)) == {ONE.plan, TWO.plan, "1" * 16}


def test_a_plan_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    put(tmp_path, written_items_text([ONE]))
    put(tmp_path, written_items_text([ONE]), written_items_file("twin", "milling", "mill"))
    with pytest.raises(InputError, match="in another entry as well"):
        load_written_items(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("      B: 'no'\n", "", "expected A, B, C and D"),
        ("      B: 'no'", "      B: flour", "two options are the same"),
        ("    stem: 'What: then?'", "    stem: ''", "empty"),
        ("    stem: 'What: then?'\n", "", "stem"),
        ("    model:", "    colour: red\n    model:", "colour"),
        ("    options:", "    choices:", "options"),
    ],
)
def test_a_broken_entry_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = written_items_text([ONE])
    assert old in text
    put(tmp_path, text.replace(old, new))
    with pytest.raises(InputError, match=f"(?s){FILE}  {ONE.id}.*{says}"):
        load_written_items(tmp_path)
