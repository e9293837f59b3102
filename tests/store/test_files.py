"""Atomic writes and trees that hold exactly what they should."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from proda.errors import InputError
from proda.store.files import data_files, write_file, write_tree

ROOT = Path(__file__).resolve().parents[2]


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
    names = (".half.yaml.ab_12xyz.tmp", ".half.yaml.ab_34xyz.tmp", "notes.tmp", ".of.another.program.tmp")
    left, in_use, *others = (tmp_path / name for name in names)
    for path in (left, in_use, *others):
        path.write_text("a part")
    for path in (left, *others):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    assert write_tree(tmp_path, {"new/a.yaml": "a", "b.yaml": "b"}, ".yaml") == 4
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == [
        *sorted([in_use.name, *(path.name for path in others), "README.md", "b.yaml", "new/a.yaml"])
    ]
    assert not (tmp_path / "old").exists()
    assert write_tree(tmp_path, {"new/a.yaml": "a", "b.yaml": "b"}, ".yaml") == 0


def test_a_file_that_a_killed_write_left_is_removed_once_it_is_old(tmp_path: Path) -> None:
    code = "import os; os.replace = lambda *_: os._exit(9)\nfrom pathlib import Path\nfrom proda.store.files import write_file\n"
    code += f"write_file(Path({str(tmp_path)!r}) / 'a.yaml', 'a')"
    assert subprocess.run([sys.executable, "-P", "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False).returncode == 9
    [left] = tmp_path.iterdir()
    assert write_tree(tmp_path, {}, ".yaml") == 0 and left.exists()
    os.utime(left, (time.time() - 7200, time.time() - 7200))
    assert write_tree(tmp_path, {}, ".yaml") == 1 and not left.exists()


def tree_of(folder: Path) -> dict[str, str]:
    """Every file below a folder and what it holds."""
    return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the repository with files that must stay."""
    folder = tmp_path / "outside"
    (folder / "physics").mkdir(parents=True)
    for name in ("mine.yaml", "physics/a.yaml", "physics/left.tmp", "notes.txt"):
        (folder / name).write_text("keep")
    return folder


@pytest.mark.parametrize("linked", ["samples", "samples/corpus", "samples/corpus/physics"])
@pytest.mark.parametrize("marker", [".git", "knowledge/relations.yaml"])
@pytest.mark.parametrize("inner", [None, ".git", "physics/.git"])
def test_nothing_is_written_or_deleted_through_a_link_that_leads_out(
    tmp_path: Path, outside: Path, linked: str, marker: str, inner: str | None
) -> None:
    root = tmp_path / "repository"
    (root / marker).parent.mkdir(parents=True)
    (root / marker).touch()
    if inner is not None:  # the folder outside may be a repository too
        (outside / inner).mkdir(parents=True)
    link = root / linked
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    before = tree_of(outside)
    with pytest.raises(InputError, match="leads out of the repository"):
        write_tree(root / "samples/corpus", {"physics/a.yaml": "new", "physics/b.yaml": "new"}, ".yaml")
    with pytest.raises(InputError, match="leads out of the repository"):
        write_file(root / "samples/corpus/physics/c.yaml", "new")
    assert tree_of(outside) == before


def test_a_link_in_place_of_a_file_is_replaced_and_what_it_leads_to_stays(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "repository/.git").mkdir(parents=True)
    path = tmp_path / "repository/a.yaml"
    path.symlink_to(outside / "mine.yaml")
    assert write_file(path, "keep")  # the same bytes, but outside
    assert not path.is_symlink() and (outside / "mine.yaml").read_text() == "keep"


def test_links_in_a_tree_go_and_what_they_lead_to_stays(tmp_path: Path, outside: Path) -> None:
    root = tmp_path / "repository/corpus"
    (tmp_path / "repository/.git").mkdir(parents=True)
    write_tree(root, {"a.yaml": "a"}, ".yaml")
    (root / "old").symlink_to(outside)
    (root / "b.yaml").symlink_to(outside / "mine.yaml")
    before = tree_of(outside)
    assert write_tree(root, {"a.yaml": "a"}, ".yaml") == 2
    assert [p.name for p in root.iterdir()] == ["a.yaml"]
    assert tree_of(outside) == before


def test_a_link_inside_the_repository_is_followed(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "build").symlink_to(tmp_path / "data")
    assert write_file(tmp_path / "build/a.txt", "a")
    assert (tmp_path / "data/a.txt").read_text() == "a"


def test_hidden_files_are_not_data(tmp_path: Path) -> None:
    for name in ("physics/a.yaml", "physics/._a.yaml", ".b.yaml", ".hidden/c.yaml", "physics/.#a.yaml.swp", "c.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "physics/.#a.yaml").symlink_to("user@host.1234")
    assert [p.name for p in data_files(tmp_path, "*/*.yaml")] == ["a.yaml"]
    assert [p.name for p in data_files(tmp_path, "*.yaml")] == ["c.yaml"]
    assert data_files(tmp_path / "absent", "*.yaml") == []
