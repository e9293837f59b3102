"""General suites on disk: read in order, by the names of evaluate.general; damaged lines and missing suites are named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.errors import InputError, NotFoundError
from proda.store.suite import SUITE, load_suite, load_suites
from tests.tester.models import items


def test_items_are_read_in_order_and_a_damaged_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="dvc repro curriculum"):
        load_suite(tmp_path)
    path = tmp_path / SUITE
    path.parent.mkdir(parents=True)
    lines = [msgspec.json.encode(item) for item in items(3)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert load_suite(tmp_path) == items(3)
    for damage in (b"{", b"[]", b"<<<<<<< HEAD", b"\xff", b'{"id": 3}'):
        path.write_bytes(b"\n".join([lines[0], damage, lines[2]]))
        with pytest.raises(InputError, match=r"suite\.jsonl:2\n"):
            load_suite(tmp_path)


def test_suites_are_read_by_name_and_share_no_item(tmp_path: Path) -> None:
    lines = [msgspec.json.encode(item) for item in items(4)]
    folder = (tmp_path / SUITE).parent
    folder.mkdir(parents=True)
    (tmp_path / SUITE).write_bytes(b"\n".join(lines[:2]) + b"\n")
    (folder / "winds.jsonl").write_bytes(b"\n".join(lines[2:]) + b"\n")
    found = load_suites(tmp_path, ("winds", "suite"))
    assert list(found) == ["winds", "suite"] and found == {"winds": items(4)[2:], "suite": items(4)[:2]}
    with pytest.raises(NotFoundError, match=r"names 'tides'\. Suites there are: suite, winds\. Import the suite again"):
        load_suites(tmp_path, ("suite", "tides"))
    (folder / "winds.jsonl").write_bytes(b"\n".join(lines[1:]) + b"\n")
    with pytest.raises(InputError, match="is in the suite 'suite' too"):
        load_suites(tmp_path, ("suite", "winds"))
