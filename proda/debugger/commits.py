"""Patches → git: one branch a round, one file and one commit a patch, with trailers that can be asked for later.

    made = commit_patches(root, patches, branch="repair/round-1", run="3f0c…")

    $ git log -1 --format=%B
    Repair physics/bimetal-strip-bends.s1: concept gap

    Asked for “heating causes thermal expansion”: 9 of 12 answers are wrong, most often thermal contraction.

    Patch: 1-bimetal-strip-bends-s1-3f0c9a1e
    Diagnosis: concept gap
    Item: physics/bimetal-strip-bends:dev-path
    Run: dd6d5935…

Everything is looked at before anything is touched: a dirty tree, a detached head, a missing identity is one message. A patch that the
branch already holds is left alone, so that a run that was killed can simply be run again. A file that is rewritten and not added, as
samples/allocation.yaml is, is committed by `commit_file` on the same terms.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from proda.corpus import PATCHES
from proda.errors import ProdaError
from proda.files import write_file
from proda.patches import patch_text
from proda.records import Patch

SHOWN = 10
SUBJECT = 2  # targets that a commit's subject names


class GitError(ProdaError):
    """The repository is in no state to take commits."""


def staged_patch(line: str) -> bool:
    """Whether a line of `git status --porcelain` is a patch that a killed repair left staged."""
    return line.startswith(f"A  {PATCHES.as_posix()}/")


def ready(root: Path, left: Callable[[str], bool] = staged_patch) -> Any:
    """The git repository at `root`, fit for commits. Raises GitError saying what to do; changes nothing.

    `left` says of a line of `git status --porcelain` that it is what a killed run of ours left, and may stay.
    """
    import git

    try:
        repo = git.Repo(root, search_parent_directories=False)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        raise GitError(f"{root}\n  Not a git repository: a repair is a commit. Run `git init`, and commit what is there.") from None
    if not repo.head.is_valid():
        raise GitError(f"{root}\n  No commit yet. Commit the repository as it is, then run this again.")
    if repo.head.is_detached:
        raise GitError("HEAD is detached: the commits would belong to no branch. Run `git switch <branch>` (or `git switch -c <name>`).")
    for state, what in (
        ("MERGE_HEAD", "merge"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("rebase-merge", "rebase"),
    ):
        if (Path(repo.git_dir) / state).exists():
            raise GitError(f"A {what} is under way. Finish it, or `git {what} --abort`, then run this again.")
    changed = repo.git.status("--porcelain", "--untracked-files=no").splitlines()
    dirty = [line for line in changed if not left(line)]
    if dirty:
        shown = "\n".join(dirty[:SHOWN] + ([f"… and {len(dirty) - SHOWN} more"] if len(dirty) > SHOWN else []))
        raise GitError(f"The work tree has changes that are not committed:\n{shown}\n  Commit them or `git stash`, then run this again.")
    with repo.config_reader() as config:
        missing = [key for key in ("name", "email") if not config.get_value("user", key, "")]
    missing = [key for key in missing if not os.environ.get(f"GIT_AUTHOR_{key.upper()}")]
    if missing:
        named = " and ".join(f"user.{key}" for key in missing)
        raise GitError(f'No identity for commits: {named} not set. Run `git config user.name "…"` and `git config user.email "…"`.')
    return repo


def commit_patches(
    root: Path, patches: Sequence[Patch], *, branch: str, run: str = "", done: Callable[[Patch, bool], None] = lambda *_: None
) -> list[Patch]:
    """Commit each patch on `branch`, made from HEAD if it is not there, and stay on it; returns those that were new, in order.

    `done` hears of each patch and whether it is new. A commit that fails (a hook refuses) leaves the tree as it was before that patch,
    the earlier ones committed. Raises GitError.
    """
    repo = ready(root)
    switch(repo, branch)
    made: list[Patch] = []
    for patch in patches:
        name = f"{PATCHES.as_posix()}/{patch.id}.yaml"
        new = _text(repo.head.commit, name) is None
        if new:
            commit_text(
                repo, root, name, patch_text(patch), message(patch, run), f"{len(made)} patches before it are committed on {branch}."
            )
            made.append(patch)
        done(patch, new)
    return made


def commit_file(root: Path, name: str, text: str, *, branch: str, message: str) -> bool:
    """Commit the file `name` with new `text` on `branch`, made from HEAD if it is not there, and stay on it.

    False, and nothing is touched, where HEAD or the branch holds that text already. A commit that fails leaves the file as it was. Raises
    GitError, also where the branch holds the file otherwise than HEAD does.
    """

    def left(line: str) -> bool:
        return line[3:] == name and (root / name).read_bytes() == text.encode()

    repo = ready(root, left)
    now = _text(repo.head.commit, name)
    there = next((_text(h.commit, name) for h in repo.heads if h.name == branch), now)
    if text in (now, there):
        return False
    if there != now:
        raise GitError(
            f"{name}\n  On {branch} it reads otherwise than here, so this was not worked out from it."
            f" Run `git switch {branch}`, then run this again."
        )
    switch(repo, branch)
    commit_text(repo, root, name, text, message, f"{branch} is as it was.")
    return True


def message(patch: Patch, run: str) -> str:
    """The commit message: what, why, and trailers for `git log --format='%(trailers)'`."""
    trailers = [f"Patch: {patch.id}", f"Diagnosis: {patch.category}", *(f"Item: {item}" for item in patch.items)]
    if run:
        trailers.append(f"Run: {run}")
    what = ", ".join(patch.targets[:SUBJECT]) + (f" and {more} more" if (more := len(patch.targets) - SUBJECT) > 0 else "")
    return f"Repair {what}: {patch.category}\n\n{patch.reason}\n\n" + "\n".join(trailers) + "\n"


def switch(repo: Any, branch: str) -> None:
    """Go to a branch, made from HEAD if it is not there. Raises GitError."""
    import git

    try:
        if repo.active_branch.name != branch:
            repo.git.switch(branch) if branch in {h.name for h in repo.heads} else repo.git.switch("-c", branch)
    except git.GitCommandError as error:
        raise GitError(f"Cannot switch to {branch}: {error.stderr.strip()}\n  Nothing was changed.") from None


def commit_text(repo: Any, root: Path, name: str, text: str, message: str, so_far: str) -> None:
    """Write one file and commit it alone; if git refuses, it is as HEAD has it, and the error ends with `so_far`."""
    import git

    write_file(root / name, text)
    try:
        repo.git.add("--", name)
        repo.git.commit("-q", "-m", message, "--", name)
    except git.GitCommandError as error:
        if _text(repo.head.commit, name) is None:
            repo.git.rm("-q", "--cached", "--ignore-unmatch", "-f", "--", name)
            (root / name).unlink(missing_ok=True)
        else:
            repo.git.restore("--staged", "--worktree", "--", name)
        said = (error.stderr or error.stdout or "").strip()
        raise GitError(f"{name}\n  git refused the commit: {said}\n  {so_far}") from None


def _text(commit: Any, name: str) -> str | None:
    """What a file holds in a commit; None where it is not there."""
    try:
        blob = commit.tree / name
    except KeyError:
        return None
    return str(blob.data_stream.read().decode())
