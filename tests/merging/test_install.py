"""`proda merge --install`: what it writes, that it can be repeated, and that repository and template give git the same attributes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from proda.merging.install import is_installed, missing_attributes, settings
from tests.merging.gitworld import ROOT, git, world
from tests.toyresults import commit

COMMAND = [sys.executable, "-P", "-m", "proda.cli.main"]


def proda(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, "merge", *arguments], cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return world(tmp_path, installed=False)


def test_a_second_installation_writes_nothing(root: Path) -> None:
    assert "proda merge --install" in proda(root).stderr
    dry = proda(root, "--install", "--dry-run")
    assert dry.stdout.split() == list(settings()) and not is_installed(root)
    first = proda(root, "--install")
    assert first.returncode == 0 and first.stdout == dry.stdout and "in this clone" in first.stderr and is_installed(root)
    config = (root / ".git/config").read_bytes()
    again = proda(root, "--install")
    assert (again.returncode, again.stdout) == (0, "") and "Installed already" in again.stderr
    assert (root / ".git/config").read_bytes() == config


def test_an_older_driver_is_replaced(root: Path) -> None:
    git(root, "config", "--add", "merge.proda.driver", "false %A")
    git(root, "config", "--add", "merge.proda.driver", "older %A")
    assert proda(root, "--install").returncode == 0 and is_installed(root)
    assert len(git(root, "config", "--get-all", "merge.proda.driver").stdout.splitlines()) == 1


def test_a_repository_without_the_attributes_is_named(root: Path) -> None:
    assert missing_attributes(root) == ()
    (root / ".gitattributes").unlink()
    commit(root, "None")
    assert "knowledge/sources/catalogue.yaml" in proda(root, "--install").stderr
    assert len(missing_attributes(root)) == 17


def test_the_template_gives_the_attributes_of_the_project() -> None:
    def rules(path: Path) -> list[str]:
        return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]

    assert rules(ROOT / "proda/templates/repository/dot-gitattributes") == rules(ROOT / ".gitattributes")


def test_a_clone_has_the_bytes_of_git_where_git_is_set_to_write_crlf(root: Path, tmp_path: Path) -> None:
    (root / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\r\n")
    (root / "paper.pdf").write_bytes(b"%PDF-1.4\r\nall of it could be text\n")
    commit(root, "Files that are no text")
    names = git(root, "ls-files").stdout.splitlines()
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", str(root), "clone")
    assert "params.yaml" in names
    for name in names:
        assert (tmp_path / "clone" / name).read_bytes() == (root / name).read_bytes(), name


def test_it_needs_a_git_repository(tmp_path: Path) -> None:
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge/relations.yaml").write_text("relations: {}\n")
    done = proda(tmp_path, "--install")
    assert done.returncode == 1 and "Traceback" not in done.stderr


def test_a_path_with_a_blank_and_an_interpreter_with_a_quote_are_passed_on_whole(root: Path) -> None:
    said = settings("/home/o'neil/bin/python")["merge.proda.driver"]
    done = subprocess.run(["sh", "-n", "-c", said], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
