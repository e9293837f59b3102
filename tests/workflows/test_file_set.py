"""Several files are written together: all or none, inside the repository, and never over uncommitted changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from proda.errors import InputError
from proda.workflows.file_set import require_committed, require_inside, write_together
from tests.toyworld import make_repository


def _files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_files_are_written_and_removed_together(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    write_together(tmp_path, {"new/deep/file": "new", "old": None})
    assert _files(tmp_path) == {"new/deep/file": b"new"}


def test_a_write_that_fails_restores_the_files_before_it(tmp_path: Path) -> None:
    (tmp_path / "changed").write_text("before")
    (tmp_path / "removed").write_text("before")
    (tmp_path / "a-file").write_text("no folder")
    before = _files(tmp_path)
    with pytest.raises(OSError):
        write_together(tmp_path, {"changed": "after", "made/deep/file": "new", "removed": None, "a-file/inside": "never"})
    assert _files(tmp_path) == before
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/../../outside", "link/file", "file-link"])
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    (root / "file-link").symlink_to(outside / "file")
    with pytest.raises(InputError, match="Nothing was written"):
        require_inside(root, [name])
    with pytest.raises(InputError):
        write_together(root, {"fine": "text", name: "text"})
    assert _files(outside) == {} and not (root / "fine").exists() and not (tmp_path / "outside").exists()


def test_changes_that_are_not_committed_are_named(tmp_path: Path) -> None:
    root = make_repository(tmp_path)
    names = ["knowledge/relations.yaml", "samples/patches/1-new-00000000.yaml"]
    require_committed(root, names)
    (root / "params.yaml").write_text("seed: 1\n")
    require_committed(root, names)
    (root / names[1]).write_text("id: x\n")
    with pytest.raises(InputError, match="1-new-00000000"):
        require_committed(root, names)
    (root / names[1]).unlink()
    (root / names[0]).write_text("relations: {}\n")
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    with pytest.raises(InputError, match="relations"):
        require_committed(root, names)


def test_without_git_there_is_nothing_to_be_committed(tmp_path: Path) -> None:
    root = make_repository(tmp_path, git=False)
    require_committed(root, ["knowledge/relations.yaml"])
