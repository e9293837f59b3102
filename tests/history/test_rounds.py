"""Where a round of repair begins, also if an earlier round had the same number."""

from __future__ import annotations

from pathlib import Path

import pytest

from proda.errors import NotFoundError
from proda.gitrepo import open_git
from proda.history.rounds import before_round
from tests.cli.test_repair import git

PATCHES = "samples/patches"


def _commit(root: Path, subject: str, *, add: str = "", remove: str = "") -> str:
    if add:
        (root / PATCHES).mkdir(parents=True, exist_ok=True)
        (root / PATCHES / add).write_text(f"{add}\n", encoding="utf-8")
    if remove:
        (root / PATCHES / remove).unlink()
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", subject)
    return git(root, "rev-parse", "HEAD").strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "config", "user.email", "a@example.org")
    git(tmp_path, "config", "user.name", "A")
    _commit(tmp_path, "first")
    return tmp_path


def _before(root: Path, number: int) -> str:
    return str(open_git(root).commit(before_round(root, number)).hexsha)


def test_a_round_begins_before_its_first_patch(root: Path) -> None:
    start = _commit(root, "results")
    _commit(root, "one", add="2-a-00000000.yaml")
    _commit(root, "two", add="2-b-00000000.yaml")
    assert _before(root, 2) == start
    with pytest.raises(NotFoundError, match="round 3"):
        before_round(root, 3)


def test_a_patch_that_an_earlier_round_had_as_well_counts_where_it_was_added_last(root: Path) -> None:
    _commit(root, "one", add="2-a-00000000.yaml")
    _commit(root, "two", add="2-b-00000000.yaml")
    _commit(root, "taken out", remove="2-a-00000000.yaml")
    again = _commit(root, "other results", remove="2-b-00000000.yaml")
    _commit(root, "the same patch again", add="2-a-00000000.yaml")
    _commit(root, "another", add="2-c-00000000.yaml")
    assert _before(root, 2) == again


def test_patches_that_are_no_longer_there_had_a_round_of_their_own(root: Path) -> None:
    """A later round with the same number begins at its own patches. A round whose patches are all gone begins where they were added."""
    start = _commit(root, "results")
    _commit(root, "old", add="2-old-00000000.yaml")
    again = _commit(root, "another benchmark", remove="2-old-00000000.yaml")
    assert _before(root, 2) == start
    _commit(root, "new", add="2-new-00000000.yaml")
    assert _before(root, 2) == again


def test_samples_that_an_earlier_round_of_the_number_re_allocated_are_not_of_this_one(root: Path) -> None:
    start = _commit(root, "results")
    _commit(root, "share samples out\n\nReallocation: round 2")
    _commit(root, "old", add="2-old-00000000.yaml")
    assert _before(root, 2) == start
    again = _commit(root, "another benchmark", remove="2-old-00000000.yaml")
    _commit(root, "new", add="2-new-00000000.yaml")
    assert _before(root, 2) == again
