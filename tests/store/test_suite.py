"""The general suite on disk: read in order, and damaged lines are named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from proda.errors import InputError, NotFoundError
from proda.store.suite import SUITE, load_suite
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
