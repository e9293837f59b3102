"""Patches as commits, and harmful ones reverted, in real repositories: nothing else is touched, and a killed run can be run again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from proda.debugger.commits import commit_file, commit_patches
from proda.debugger.reverts import harmful, revert_patches
from proda.gitrepo import GitError
from proda.records import Patch, Sample
from proda.store.corpus import recovered
from proda.store.patches import load_patches, named, patch_text

PATCHES = [
    named(
        Patch(
            "",
            1,
            (f"d/c.s{n}",),
            (f"d/c:dev-{n}",),
            "concept gap",
            f"Reason {n}.",
            {},
            samples=(recovered(Sample(f"d/c.s{n}:open-1", "open", (), "Q", "A")),),
        )
    )
    for n in (1, 2, 3)
]


def git(root: Path, *arguments: str, ok: bool = True) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is ok, done.stderr
    return done.stdout.strip()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))  # no identity but the one set here
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    root = tmp_path / "repo"
    (root / "samples/patches").mkdir(parents=True)
    (root / "notes.txt").write_text("as committed\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Start")
    return root


def state(root: Path) -> tuple[str, str, str]:
    return git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain"), git(root, "branch", "--all")


def test_one_file_and_one_commit_a_patch_on_a_branch_of_its_own_with_trailers(root: Path) -> None:
    main = git(root, "rev-parse", "main")
    assert commit_patches(root, PATCHES, branch="repair/round-1", run="abc") == PATCHES
    assert git(root, "branch", "--show-current") == "repair/round-1" and git(root, "rev-parse", "main") == main
    log = git(
        root, "log", "--format=%s|%(trailers:key=Patch,valueonly,separator=%x2c)|%(trailers:key=Item,valueonly,separator=%x2c)", "main.."
    )
    assert log.splitlines()[-1] == f"Repair d/c.s1: concept gap|{PATCHES[0].id}|d/c:dev-1"
    for commit in git(root, "rev-list", "main..").splitlines():
        assert len(git(root, "show", "--name-only", "--format=", commit).splitlines()) == 1
    assert load_patches(root) == sorted(PATCHES, key=lambda p: p.id)
    assert git(root, "status", "--porcelain") == ""


def test_run_twice_nothing_doubles(root: Path) -> None:
    commit_patches(root, PATCHES, branch="repair/round-1")
    before = state(root)
    assert commit_patches(root, PATCHES, branch="repair/round-1") == []
    assert state(root) == before


@pytest.mark.parametrize("staged", [False, True])
def test_a_run_killed_between_writing_and_committing_is_finished_by_the_next(root: Path, staged: bool) -> None:
    commit_patches(root, PATCHES[:1], branch="repair/round-1")
    left = root / f"samples/patches/{PATCHES[1].id}.yaml"
    left.write_text("half of it")
    if staged:
        git(root, "add", str(left))
    assert commit_patches(root, PATCHES, branch="repair/round-1") == PATCHES[1:]
    assert load_patches(root) == sorted(PATCHES, key=lambda p: p.id) and git(root, "status", "--porcelain") == ""


def test_reverting_the_commit_restores_the_tree_byte_for_byte(root: Path) -> None:
    commit_patches(root, PATCHES, branch="repair/round-1")
    git(root, "revert", "--no-edit", "HEAD~1")
    assert [p.id for p in load_patches(root)] == sorted(p.id for p in (PATCHES[0], PATCHES[2]))
    git(root, "revert", "--no-edit", "HEAD~1")
    git(root, "revert", "--no-edit", "HEAD~4")
    assert git(root, "rev-parse", "HEAD^{tree}") == git(root, "rev-parse", "main^{tree}")


def test_a_dirty_tree_a_detached_head_a_merge_and_no_identity_are_refused_with_nothing_touched(root: Path) -> None:
    def refused(match: str) -> None:
        before = state(root)
        with pytest.raises(GitError, match=match):
            commit_patches(root, PATCHES, branch="repair/round-1")
        assert state(root) == before and not list((root / "samples/patches").iterdir())

    (root / "notes.txt").write_text("edited\n")
    refused("not committed")
    git(root, "checkout", "-q", "notes.txt")
    git(root, "checkout", "-q", "--detach")
    refused("detached")
    git(root, "switch", "-q", "main")
    (root / ".git/MERGE_HEAD").write_text(git(root, "rev-parse", "HEAD") + "\n")
    refused("merge")
    (root / ".git/MERGE_HEAD").unlink()
    git(root, "config", "--unset", "user.email")
    refused(r"user\.email")


def test_a_hook_that_refuses_leaves_the_tree_as_it_was(root: Path) -> None:
    hook = root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not on a Friday' >&2\nexit 1\n")
    os.chmod(hook, 0o755)
    with pytest.raises(GitError, match="not on a Friday"):
        commit_patches(root, PATCHES, branch="repair/round-1")
    assert git(root, "status", "--porcelain") == "" and not list((root / "samples/patches").iterdir())


def test_a_folder_that_is_no_repository_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="Not a git repository"):
        commit_patches(tmp_path, PATCHES, branch="x")


def test_a_file_that_reads_otherwise_on_the_branch_is_not_overwritten(root: Path) -> None:
    git(root, "switch", "-q", "-c", "repair/round-1")
    (root / "notes.txt").write_text("by another\n")
    git(root, "commit", "-q", "-a", "-m", "Another's")
    git(root, "switch", "-q", "main")
    before = state(root)
    with pytest.raises(GitError, match="holds another version"):
        commit_file(root, "notes.txt", "mine\n", branch="repair/round-1", message="Mine")
    assert state(root) == before and (root / "notes.txt").read_text() == "as committed\n"


def judged(root: Path, *patches: Patch, says: str = "harmful") -> None:
    """Verdict files, committed."""
    for patch in patches:
        path = root / f"benchmarks/verdicts/{patch.id}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"patch: {patch.id}\nround: 1\nsays: {says}\nwhy: retrained\n")
    git(root, "add", "benchmarks")
    git(root, "commit", "-q", "-m", "Verdicts")


def test_only_harmful_patches_that_are_still_here_are_found_the_last_committed_first(root: Path) -> None:
    commit_patches(root, PATCHES, branch="repair/round-1")
    assert harmful(root) == []
    judged(root, PATCHES[1], says="necessary")
    judged(root, PATCHES[0], PATCHES[2])
    (root / "benchmarks/verdicts/round-1.yaml").write_text("round: 1\nsays: harmful\n")
    found = harmful(root)
    assert [h.patch for h in found] == [PATCHES[2].id, PATCHES[0].id] and harmful(root, 2) == []
    assert git(root, "log", "--format=%s", "-1", found[0].commit) == "Repair d/c.s3: concept gap"
    assert found[0].advice == f"harmful: {PATCHES[2].id}; git revert {found[0].commit[:9]}, or proda verify --revert"
    git(root, "rm", "-q", f"samples/patches/{PATCHES[2].id}.yaml")
    assert [h.patch for h in harmful(root)] == [PATCHES[0].id]


def test_a_patch_that_came_with_other_work_is_never_reverted_by_its_commit(root: Path) -> None:
    commit_patches(root, PATCHES[:2], branch="repair/round-1")
    git(root, "switch", "-q", "main")
    git(root, "merge", "-q", "--squash", "repair/round-1")
    git(root, "commit", "-q", "-m", "Round 1, squashed")
    judged(root, PATCHES[0])
    (found,) = harmful(root)
    assert not found.commit and "delete samples/patches" in found.advice
    before = state(root)
    with pytest.raises(GitError, match="Delete the file"):
        revert_patches(root, [found])
    assert state(root) == before


def test_a_revert_that_conflicts_is_taken_back_and_those_before_it_stay(root: Path) -> None:
    (root / "knowledge").mkdir()
    (root / "knowledge/a.yaml").write_text("one: 1\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Knowledge")
    (root / "knowledge/a.yaml").write_text("one: 2\n")  # a repair that corrects an entry along with its patch
    commit_patches_with_edit(root, PATCHES[0])
    commit_patches(root, PATCHES[1:2], branch="main")
    (root / "knowledge/a.yaml").write_text("one: 3\n")
    git(root, "commit", "-q", "-a", "-m", "Edited since")
    judged(root, *PATCHES[:2])
    heard: list[str] = []
    with pytest.raises(GitError, match=r"conflicts with later changes of knowledge/a\.yaml\n.*1 patch before it is reverted"):
        revert_patches(root, harmful(root), lambda h, _: heard.append(h.patch))
    assert heard == [PATCHES[1].id] and git(root, "status", "--porcelain") == ""
    assert (root / "knowledge/a.yaml").read_text() == "one: 3\n" and [p.id for p in load_patches(root)] == [PATCHES[0].id]
    assert not (root / ".git/REVERT_HEAD").exists() and git(root, "log", "-1", "--format=%s").startswith("Revert")


def commit_patches_with_edit(root: Path, patch: Patch) -> None:
    (root / f"samples/patches/{patch.id}.yaml").write_text(patch_text(patch))
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", f"Repair {patch.targets[0]}")


def test_a_revert_that_a_hook_refuses_is_taken_back(root: Path) -> None:
    commit_patches(root, PATCHES, branch="repair/round-1")
    judged(root, PATCHES[0])
    hook = root / ".git/hooks/prepare-commit-msg"  # the only hook that git revert runs
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not on a Friday' >&2\nexit 1\n")
    os.chmod(hook, 0o755)
    before = state(root)
    with pytest.raises(GitError, match="not on a Friday"):
        revert_patches(root, harmful(root))
    assert state(root) == before and len(load_patches(root)) == 3 and not (root / ".git/REVERT_HEAD").exists()
