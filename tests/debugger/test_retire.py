"""Suspect items become entries of exceptions.yaml, one commit each; what people wrote there stays the same, byte for byte."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from proda.debugger.retire import PATH, commit_retirements, retired
from proda.gitrepo import GitError
from proda.records import Diagnosis
from proda.store.exceptions import load_exceptions

WRITTEN = """# Items retired or amended by people.
exceptions:
  - item: d/c:dev-path   # read twice
    hash: 0f3a5c0000000000
    action: amend
    reason: 'two readings: both true'
    stem: A better stem?
"""


def suspect(item: str) -> Diagnosis:
    return Diagnosis(
        item, "12e45678" * 2, item.partition(":")[0], "suspect item", (), ("seed-0",), ("B",), 1.0, (), "3 models chose B: why?"
    )


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / PATH).parent.mkdir()
    (tmp_path / PATH).write_text(WRITTEN)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.name", "Ada")
    git(tmp_path, "config", "user.email", "ada@example.org")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "Start")
    return tmp_path


def test_each_suspect_is_one_commit_that_the_build_can_read_and_people_can_drop(root: Path) -> None:
    suspects = [suspect("d/c:dev-order"), suspect("d/e:dev-path"), suspect("d/c:dev-path")]
    made = commit_retirements(root, suspects, branch="repair/round-2", run="abc")
    assert made == suspects[:2]  # the third has an entry already
    assert git(root, "rev-list", "--count", "main..repair/round-2") == "2"
    assert git(root, "log", "-1", "--format=%(trailers:key=Item,valueonly)").strip() == "d/e:dev-path"
    assert (root / PATH).read_text().startswith(WRITTEN)
    found = load_exceptions(root)
    assert [(e.item, e.action, e.hash) for e in found[1:]] == [(s.item, "retire", s.hash) for s in made]
    git(root, "revert", "--no-edit", "HEAD")
    git(root, "revert", "--no-edit", "HEAD~2")
    assert (root / PATH).read_text() == WRITTEN


def test_a_second_run_adds_nothing(root: Path) -> None:
    commit_retirements(root, [suspect("d/c:dev-order")], branch="repair/round-2")
    head = git(root, "rev-parse", "HEAD")
    assert commit_retirements(root, [suspect("d/c:dev-order")], branch="repair/round-2") == []
    assert git(root, "rev-parse", "HEAD") == head and git(root, "status", "--porcelain") == ""


@pytest.mark.parametrize("text", ["", "# none yet\nexceptions: []\n", "exceptions:\n", "# a remark alone\n", WRITTEN.rstrip("\n")])
def test_a_file_without_entries_or_line_break_is_added_to(text: str) -> None:
    after = retired(text, suspect("d/c:dev-order"))
    assert after.count("exceptions:") == 1 and after.endswith("\n")
    assert all(line in after for line in text.splitlines() if line.startswith("#"))


def test_a_list_that_does_not_stand_last_is_refused_with_nothing_written(root: Path) -> None:
    text = WRITTEN + "remarks: none\n"
    with pytest.raises(GitError, match="Put the list `exceptions:` last"):
        retired(text, suspect("d/c:dev-order"))
