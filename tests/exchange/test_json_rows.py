"""JSON Lines and arrays of any size are read row by row; only damaged rows are lost."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proda.errors import UsageError
from proda.exchange.faults import Faults
from proda.exchange.json_rows import json_rows

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)
ROWS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, min_size=1, max_size=3), max_size=5)


def read(path: Path, text: str | bytes, encoding: str = "") -> tuple[list[tuple[int, dict[str, Any]]], list[tuple[int, str]]]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    faults = Faults()
    rows = list(json_rows(path, encoding, faults))
    assert {f.kind for f in faults.kept} <= {"malformed"}
    return rows, [(f.line, f.kind) for f in faults.kept]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=ROWS, indent=st.sampled_from([None, 0, 2]), lines=st.booleans())
def test_rows_are_read_back_however_they_are_written(tmp_path: Path, rows: list[dict[str, Any]], indent: int | None, lines: bool) -> None:
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows, indent=indent, ensure_ascii=False)
    found, faults = read(tmp_path / "rows.json", text)
    assert [row for _, row in found] == rows and not faults


def test_rows_have_the_line_on_which_they_begin(tmp_path: Path) -> None:
    assert [n for n, _ in read(tmp_path / "a", '[{"a": 1},\n {"b":\n 2},\n{"c": 3}\n]')[0]] == [1, 2, 4]
    assert [n for n, _ in read(tmp_path / "b", '\n{"a": 1}\n\n{"b": 2}\n')[0]] == [2, 4]


@pytest.mark.parametrize(
    ("text", "kept", "lines"),
    [
        ('{"a": 1}\nnope\n{"b": 2}\n[3]\n', ["a", "b"], [2, 4]),
        ('[{"a": 1}, 2, {"b": [1}, {"c": 3}]', ["a", "c"], [1, 1]),
        ('[{"a": "x},\n {"b": 2},\n {"c": 3}]', ["b", "c"], [1]),
        ('[{"a": 1}, {"b": 2}', ["a"], [1]),
        ('[{"a": 1}]\n{"b": 2}', ["a"], [2]),
        ("", [], []),
        ("[]", [], []),
    ],
)
def test_a_damaged_row_is_a_fault_and_the_others_are_read(tmp_path: Path, text: str, kept: list[str], lines: list[int]) -> None:
    rows, faults = read(tmp_path / "rows.json", text)
    assert [next(iter(row)) for _, row in rows] == kept
    assert faults == [(line, "malformed") for line in lines]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(tmp_path: Path, encoding: str) -> None:
    rows, faults = read(tmp_path / "rows.json", '{"a": "Wärme"}\n{"b": "→"}\n'.encode(encoding))
    assert rows == [(1, {"a": "Wärme"}), (2, {"b": "→"})] and not faults


def test_a_line_in_another_encoding_is_a_fault_unless_the_encoding_is_given(tmp_path: Path) -> None:
    data = '{"a": "x"}\n{"b": "Wärme"}\n'.encode("cp1252")
    assert read(tmp_path / "rows.json", data) == ([(1, {"a": "x"})], [(2, "malformed")])
    assert read(tmp_path / "rows.json", data, "cp1252")[0] == [(1, {"a": "x"}), (2, {"b": "Wärme"})]
    with pytest.raises(UsageError, match="--encoding"):
        read(tmp_path / "rows.json", data, "klingon")


@pytest.mark.parametrize("array", [False, True])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, array: bool) -> None:
    line = json.dumps({"question": "x" * 1000})
    path = tmp_path / "large.json"
    with path.open("w") as out:
        out.write("[\n" if array else "")
        for n in range(10_000):
            out.write(f"{line}{',' if array and n < 9_999 else ''}\n")
        out.write("]" if array else "")
    tracemalloc.start()
    count = sum(1 for _ in json_rows(path, "", Faults()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 10_000
    assert peak < 1_000_000 < path.stat().st_size / 10
