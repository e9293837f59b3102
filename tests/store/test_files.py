"""Atomic writes and trees that hold exactly what they should."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proda.store.files import write_file, write_tree


def test_unchanged_bytes_leave_the_file_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.txt"
    assert write_file(path, "one")
    before = path.stat().st_mtime_ns, path.stat().st_ino
    assert not write_file(path, b"one")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
    assert write_file(path, "two")
    assert path.read_text() == "two"


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.txt"
    write_file(path, "old")

    def full_disk(source: str, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]


def test_a_tree_holds_exactly_its_files(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "gone.yaml").write_text("x")
    (tmp_path / "README.md").write_text("kept")
    (tmp_path / ".half.yaml.123.tmp").write_text("left by a kill")
    assert write_tree(tmp_path, {"new/a.yaml": "a", "b.yaml": "b"}, ".yaml") == 4
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == [
        "README.md",
        "b.yaml",
        "new/a.yaml",
    ]
    assert not (tmp_path / "old").exists()
    assert write_tree(tmp_path, {"new/a.yaml": "a", "b.yaml": "b"}, ".yaml") == 0
