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


def _two_branches(root: Path) -> tuple[str, str]:
    """main with results of its own, and the branch r1 with a round that began before them; (where r1 began, the tip of main)."""
    start = _commit(root, "results")
    git(root, "switch", "-q", "-c", "r1")
    _commit(root, "one", add="1-a-00000000.yaml")
    _commit(root, "two", add="1-b-00000000.yaml")
    git(root, "switch", "-q", "main")
    (root / "definition").write_text("other\n", encoding="utf-8")
    return start, _commit(root, "main moves on")


def _merge(root: Path, branch: str) -> None:
    git(root, "merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch)


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_round_that_is_merged_begins_with_what_the_branch_held_before(root: Path, how: str) -> None:
    _, main = _two_branches(root)
    if how == "merge":
        _merge(root, "r1")
    elif how == "squash":
        git(root, "merge", "-q", "--squash", "r1")
        git(root, "commit", "-q", "-m", "Round 1")
    else:
        git(root, "rebase", "-q", "main", "r1")
    _commit(root, "rebuilt")
    assert _before(root, 1) == main


def test_a_re_allocation_that_is_merged_begins_with_what_the_branch_held_before(root: Path) -> None:
    _commit(root, "results")
    git(root, "switch", "-q", "-c", "r1")
    _commit(root, "share samples out\n\nReallocation: round 1")
    git(root, "switch", "-q", "main")
    main = _commit(root, "main moves on")
    _merge(root, "r1")
    _commit(root, "rebuilt")
    assert _before(root, 1) == main


def test_a_round_into_which_main_is_merged_begins_with_what_main_holds(root: Path) -> None:
    _, main = _two_branches(root)
    git(root, "switch", "-q", "r1")
    _merge(root, "main")
    _commit(root, "rebuilt")
    assert _before(root, 1) == main


def test_a_merge_of_another_part_of_the_round_or_of_an_old_branch_changes_nothing(root: Path) -> None:
    _commit(root, "first results")
    git(root, "branch", "old")
    start = _commit(root, "results")
    git(root, "branch", "r1b")
    _commit(root, "one", add="1-a-00000000.yaml")
    git(root, "switch", "-q", "r1b")
    _commit(root, "two", add="1-b-00000000.yaml")
    git(root, "switch", "-q", "old")
    (root / "definition").write_text("other\n", encoding="utf-8")
    _commit(root, "of long ago")
    git(root, "switch", "-q", "main")
    _merge(root, "r1b")
    _merge(root, "old")
    assert _before(root, 1) == start
