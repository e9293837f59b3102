"""Hooks, locks, settings or files that prevent the commits of a round: one message and no change, or all is committed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from proda.debugger.branch import ready
from proda.debugger.commits import commit_file, commit_patches
from proda.debugger.retire import PATH, commit_retirements
from proda.errors import InputError
from proda.gitrepo import GitError
from proda.records import Diagnosis
from proda.store.patches import load_patches
from tests.debugger.test_commits import PATCHES, git, root, state
from tests.debugger.test_commits_edits import BRANCH, EDITED, TOPIC, edit, repo

__all__ = ["repo", "root"]  # fixtures: a repository with one commit, and one with a topic file

STAGED = "for f in $(git diff --cached --name-only); do"


def hook(root: Path, name: str, script: str) -> None:
    path = root / ".git/hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def files(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file() and ".git" not in p.parts}


def refused(root: Path, match: str, action: Callable[[], object], error: type[Exception] = GitError) -> str:
    """The action raises; branch, index, files and the list of branches are as before. Returns the message."""
    before, held, branch = state(root), files(root), git(root, "branch", "--show-current")
    with pytest.raises(error, match=match) as found:
        action()
    assert (state(root), files(root), git(root, "branch", "--show-current")) == (before, held, branch)
    return str(found.value)


@pytest.mark.parametrize("add", ["git add $f", ":"])
def test_a_hook_that_reformats_files_is_accepted_whether_or_not_it_adds_them(repo: Path, add: str) -> None:
    hook(repo, "pre-commit", f'{STAGED} echo "# checked" >> $f; {add}; done')
    assert commit_patches(repo, EDITED, branch=BRANCH, edit=edit) == EDITED
    assert git(repo, "status", "--porcelain") == "" and load_patches(repo) == sorted(EDITED, key=lambda p: p.id)
    assert git(repo, "rev-list", "--count", f"main..{BRANCH}") == "3"
    assert commit_patches(repo, EDITED, branch=BRANCH, edit=edit) == []
    for n in (0, 2, 4):
        git(repo, "revert", "--no-edit", f"HEAD~{n}")
    assert git(repo, "rev-parse", "HEAD^{tree}") == git(repo, "rev-parse", "main^{tree}")


@pytest.mark.parametrize(
    ("script", "match"),
    [
        ("exit 1", "status 1 and no message. A hook"),
        ("echo 'not on a Friday' >&2; exit 1", "git refused the commit: not on a Friday"),
        (f"{STAGED} sed -i s/Reason/Excuse/ $f; git add $f; done", "hook changed what samples/patches/.* says"),
        (f"{STAGED} echo ': [' >> $f; git add $f; done", "hook changed what samples/patches/.* says"),
        ("echo changed > notes.txt", r"hook changed files and left them uncommitted: notes\.txt"),
    ],
)
def test_a_hook_that_refuses_or_changes_other_things_leaves_all_as_it_was(repo: Path, script: str, match: str) -> None:
    hook(repo, "pre-commit", script)
    assert "No patch was committed." in refused(repo, match, lambda: commit_patches(repo, EDITED, branch=BRANCH, edit=edit))
    for name in ("pre-commit",):
        (repo / ".git/hooks" / name).unlink()
    assert commit_patches(repo, EDITED, branch=BRANCH, edit=edit) == EDITED


def test_commits_before_a_refused_one_stay_on_the_branch_and_the_next_run_goes_on(repo: Path) -> None:
    hook(repo, "pre-commit", f"case $(git rev-parse --abbrev-ref HEAD) in {BRANCH}) test $(git rev-list --count main..HEAD) -lt 2;; esac")
    held = files(repo)
    with pytest.raises(GitError, match=f"2 patches before it are committed on {BRANCH}"):
        commit_patches(repo, EDITED, branch=BRANCH, edit=edit)
    assert git(repo, "branch", "--show-current") == "main" and git(repo, "status", "--porcelain") == "" and files(repo) == held
    (repo / ".git/hooks/pre-commit").unlink()
    assert commit_patches(repo, EDITED, branch=BRANCH, edit=edit) == EDITED[2:]
    assert git(repo, "rev-list", "--count", f"main..{BRANCH}") == "3" and git(repo, "status", "--porcelain") == ""


def test_a_hook_that_fails_after_a_switch_leads_back(repo: Path) -> None:
    hook(repo, "post-checkout", "echo 'no such branch please' >&2; exit 1")
    refused(
        repo,
        "Cannot switch to the branch repair/round-1: no such branch please",
        lambda: commit_patches(repo, EDITED, branch=BRANCH, edit=edit),
    )


def test_another_git_process_is_named(root: Path) -> None:
    lock = root / ".git/index.lock"
    lock.touch()
    with pytest.raises(GitError, match=r"index\.lock\n.*Another git process"):
        commit_patches(root, PATCHES, branch=BRANCH)
    lock.unlink()
    assert git(root, "branch", "--show-current") == "main" and not load_patches(root)


def test_a_lock_that_appears_in_the_middle_leaves_branch_and_files(root: Path) -> None:
    hook(root, "pre-commit", "touch .git/refs/heads/repair/round-1.lock")
    before, held = git(root, "rev-parse", "main"), files(root)
    with pytest.raises(GitError, match=r"round-1\.lock"):
        commit_patches(root, PATCHES, branch=BRANCH)
    (root / ".git/refs/heads/repair/round-1.lock").unlink(missing_ok=True)
    assert (git(root, "rev-parse", "HEAD"), files(root)) == (before, held) and git(root, "branch", "--show-current") == "main"
    assert git(root, "status", "--porcelain") == ""


def test_a_name_that_git_cannot_give_and_a_signature_that_it_cannot_make_are_one_message(root: Path) -> None:
    git(root, "branch", "repair")
    refused(root, "Cannot switch to the branch repair/round-1", lambda: commit_patches(root, PATCHES, branch=BRANCH))
    git(root, "branch", "-D", "repair")
    git(root, "config", "commit.gpgsign", "true")
    git(root, "config", "gpg.program", "/bin/false")
    refused(root, "git refused the commit: error: gpg failed", lambda: commit_patches(root, PATCHES, branch=BRANCH))


def test_a_file_that_cannot_be_written_leads_back(root: Path) -> None:
    (root / f"samples/patches/{PATCHES[1].id}.yaml").mkdir()
    held = files(root)
    with pytest.raises(OSError):
        commit_patches(root, PATCHES, branch=BRANCH)
    assert git(root, "branch", "--show-current") == "main" and files(root) == held and git(root, "status", "--porcelain") == ""


def test_a_topic_file_that_is_not_utf_8_is_named(repo: Path) -> None:
    (repo / TOPIC).write_bytes(b"# caf\xe9\n")
    git(repo, "commit", "-q", "-a", "-m", "Latin-1")
    refused(repo, rf"{TOPIC}\n  Not UTF-8 at byte 5", lambda: commit_patches(repo, EDITED, branch=BRANCH, edit=edit), InputError)
    (repo / TOPIC).write_bytes(b"# caf\xe8\n")
    refused(repo, "not committed", lambda: commit_patches(repo, EDITED, branch=BRANCH, edit=edit))


def test_an_allocation_and_a_retirement_that_are_refused_lead_back_too(root: Path) -> None:
    suspect = Diagnosis("d/c:dev-path", "12e45678" * 2, "d/c", "suspect item", (), ("seed-0",), ("B",), 1.0, (), "Chosen: B.")
    hook(root, "pre-commit", "exit 1")
    refused(root, "notes.txt\n", lambda: commit_file(root, "notes.txt", "other\n", branch=BRANCH, message="Other"))
    refused(root, PATH.as_posix(), lambda: commit_retirements(root, [suspect], branch=BRANCH))


@pytest.mark.parametrize(
    "text", ["- a\n", "exceptions: [a]\n", "exceptions: 5\n", "<<<<<<< HEAD\nexceptions: []\n", "exceptions:\n  - {ite"]
)
def test_exceptions_that_are_malformed_are_named(root: Path, text: str) -> None:
    suspect = Diagnosis("d/c:dev-path", "12e45678" * 2, "d/c", "suspect item", (), ("seed-0",), ("B",), 1.0, (), "Chosen: B.")
    (root / PATH).parent.mkdir()
    (root / PATH).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Exceptions")
    refused(root, PATH.as_posix(), lambda: commit_retirements(root, [suspect], branch=BRANCH), InputError)


@pytest.mark.parametrize("name", ["GIT_AUTHOR", "config"])
def test_an_identity_is_taken_from_wherever_git_takes_it(root: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    git(root, "config", "--unset", "user.name")
    git(root, "config", "--unset", "user.email")
    with pytest.raises(GitError, match=r"user\.email"):
        ready(root)
    if name == "config":
        for who in ("author", "committer"):
            git(root, "config", f"{who}.name", "Ada")
            git(root, "config", f"{who}.email", "ada@example.org")
    else:
        for key in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
            monkeypatch.setenv(f"GIT_{key}", "ada@example.org")
    assert commit_patches(root, PATCHES, branch=BRANCH) == PATCHES


def test_changed_files_are_named_as_they_are_written(root: Path) -> None:
    (root / "café zwölf.txt").write_text("one\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "A name")
    (root / "café zwölf.txt").write_text("two\n")
    with pytest.raises(GitError, match=r"M café zwölf\.txt"):
        ready(root)
