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
branch already holds is left alone, so that a run that was killed can simply be run again.
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


class GitError(ProdaError):
    """The repository is in no state to take commits."""


def ready(root: Path) -> Any:
    """The git repository at `root`, fit for commits. Raises GitError saying what to do; changes nothing."""
    import git

    try:
        repo = git.Repo(root, search_parent_directories=False)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        raise GitError(f"{root}\n  Not a git repository: a repair is a commit. Run `git init`, and commit what is there.") from None
    if not repo.head.is_valid():
        raise GitError(f"{root}\n  No commit yet. Commit the repository as it is, then repair.")
    if repo.head.is_detached:
        raise GitError("HEAD is detached: the commits would belong to no branch. Run `git switch <branch>` (or `git switch -c <name>`).")
    for state, what in (
        ("MERGE_HEAD", "merge"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("rebase-merge", "rebase"),
    ):
        if (Path(repo.git_dir) / state).exists():
            raise GitError(f"A {what} is under way. Finish it, or `git {what} --abort`, then repair.")
    changed = repo.git.status("--porcelain", "--untracked-files=no").splitlines()
    dirty = [
        line for line in changed if not line.startswith(f"A  {PATCHES.as_posix()}/")
    ]  # a repair that was killed may leave its patch staged
    if dirty:
        shown = "\n".join(dirty[:SHOWN] + ([f"… and {len(dirty) - SHOWN} more"] if len(dirty) > SHOWN else []))
        raise GitError(f"The work tree has changes that are not committed:\n{shown}\n  Commit them or `git stash`, then repair.")
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
    import git

    repo = ready(root)
    try:
        if repo.active_branch.name != branch:
            repo.git.switch(branch) if branch in {h.name for h in repo.heads} else repo.git.switch("-c", branch)
    except git.GitCommandError as error:
        raise GitError(f"Cannot switch to {branch}: {error.stderr.strip()}\n  Nothing was changed.") from None
    made: list[Patch] = []
    for patch in patches:
        name = f"{PATCHES.as_posix()}/{patch.id}.yaml"
        if _in_head(repo, name):
            done(patch, False)
            continue
        path = root / name
        write_file(path, patch_text(patch))
        try:
            repo.git.add("--", name)
            repo.git.commit("-q", "-m", message(patch, run), "--", name)
        except git.GitCommandError as error:
            repo.git.rm("-q", "--cached", "--ignore-unmatch", "-f", "--", name)
            path.unlink(missing_ok=True)
            said = (error.stderr or error.stdout or "").strip()
            raise GitError(
                f"{name}\n  git refused the commit: {said}\n  {len(made)} patches before it are committed on {branch}."
            ) from None
        made.append(patch)
        done(patch, True)
    return made


def message(patch: Patch, run: str) -> str:
    """The commit message: what, why, and trailers for `git log --format='%(trailers)'`."""
    trailers = [f"Patch: {patch.id}", f"Diagnosis: {patch.category}", *(f"Item: {item}" for item in patch.items)]
    if run:
        trailers.append(f"Run: {run}")
    return f"Repair {', '.join(patch.targets)}: {patch.category}\n\n{patch.reason}\n\n" + "\n".join(trailers) + "\n"


def _in_head(repo: Any, name: str) -> bool:
    try:
        repo.head.commit.tree / name
    except KeyError:
        return False
    return True
