"""Commits on another branch that either all succeed or leave branch and work tree as they were.

    repo = ready(root)                                       # raises GitError: one message for each state in which git takes no commit
    with or_back(repo):                                      # an error inside returns to the branch of before
        switch(repo, "repair/round-1")                       # made from HEAD if it does not exist
        commit_texts(repo, root, {name: text}, message)      # these files and no others; a refused commit leaves no trace

Hooks of the user run as for any commit. A hook that reformats and adds a file is accepted as long as the file holds the same data; one
that refuses, or that leaves changes uncommitted, makes the commit fail.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from proda.errors import InputError
from proda.gitrepo import GitError, file_text, missing_identity, open_git, under_way
from proda.store.files import write_file
from proda.yamlio import load_yaml_text

SHOWN = 10
NO_HOOKS = "core.hooksPath=/dev/null"  # for going back: what a hook says does not matter then


def ready(root: Path, left: Callable[[str], bool] = lambda _: False) -> Any:
    """Return the git repository at `root` if it can take commits; change nothing. Raises GitError with what to do.

    `left` tells whether a line of `git status --porcelain` is a change that a killed run of this program left, which is no obstacle.
    """
    import git

    repo = open_git(root)
    folder = Path(repo.git_dir)
    if (folder / "index.lock").exists():
        raise GitError(
            f"{folder / 'index.lock'}\n  Another git process is at work here, or one was killed and left this file."
            " Wait for it, or delete the file if no git process is running; then run this again."
        )
    if not repo.head.is_valid():
        raise GitError(f"{root}\n  The repository has no commit yet. Commit its files, then run this again.")
    if what := under_way(repo):
        raise GitError(f"A git {what} is in progress. Finish it, or run `git {what} --abort`; then run this again.")
    if repo.head.is_detached:
        raise GitError("HEAD is detached, so commits would belong to no branch. Run `git switch <branch>` (or `git switch -c <name>`).")
    try:
        dirty = [line for line in changes(repo) if not left(line)]
    except git.GitCommandError as error:
        raise GitError(f"{root}\n  `git status` failed: {said(error)}") from None
    if dirty:
        shown = "\n".join(dirty[:SHOWN] + ([f"… and {len(dirty) - SHOWN} more"] if len(dirty) > SHOWN else []))
        raise GitError(f"The work tree has changes that are not committed:\n{shown}\n  Commit or stash them, then run this again.")
    if missing_identity(root) or _empty_identity(repo):
        raise GitError('Git has no author for commits. Run `git config user.name "…"` and `git config user.email "…"`.')
    return repo


def changes(repo: Any) -> list[str]:
    """Return the changed tracked files as `git status --porcelain` prints them, two letters, a blank and a path, never quoted."""
    return [line for line in repo.git.status("--porcelain", "-z", "--no-renames", "--untracked-files=no").split("\0") if line]


@contextmanager
def or_back(repo: Any) -> Iterator[None]:
    """Run the block; on an error, return to the branch of before, and delete the branch made since if nothing was committed on it."""
    import git

    start, commit, heads = repo.active_branch.name, repo.head.commit, {h.name for h in repo.heads}
    try:
        yield
    except Exception as error:
        now = repo.active_branch.name
        if now == start:
            raise
        with suppress(git.GitCommandError):
            repo.git(c=NO_HOOKS).switch("-q", start)
        if repo.active_branch.name != start:
            raise GitError(f"{error}\n  The branch {now} is checked out. Run `git switch {start}` to go back.") from None
        if now not in heads and repo.heads[now].commit == commit:
            with suppress(git.GitCommandError):
                repo.git(c=NO_HOOKS).branch("-q", "-D", now)
        raise


def switch(repo: Any, branch: str) -> None:
    """Switch to a branch, made from HEAD if it does not exist. Raises GitError."""
    import git

    try:
        if repo.active_branch.name != branch:
            repo.git.switch("-q", branch) if branch in {h.name for h in repo.heads} else repo.git.switch("-q", "-c", branch)
    except git.GitCommandError as error:
        raise GitError(f"Cannot switch to the branch {branch}: {said(error)}") from None


def commit_texts(repo: Any, root: Path, files: Mapping[str, str], message: str, so_far: str) -> None:
    """Write files, in their order, and commit them and nothing else.

    Raises GitError, which ends with `so_far`, if git or a hook refuses, or a hook changes what the files say; OSError if a file cannot be
    written. In both cases branch, index and files are as they were before.
    """
    import git

    start, before = repo.head.commit, {name: _bytes(root / name) for name in files}
    try:
        repo.git.reset("-q")  # what a killed run staged belongs to a later commit
        dirty = set(changes(repo))
        for name, text in files.items():
            write_file(root / name, text)
        repo.git.add("--", *files)
        repo.git.commit("-q", "--cleanup=whitespace", "-m", message)
        left = {line[3:] for line in changes(repo) if line not in dirty}
        if own := left & files.keys():  # a hook rewrote them and did not add them: what is committed counts
            repo.git.restore("--staged", "--worktree", "--", *own)
        problem = _changed_by_hook(repo.head.commit, files, left - files.keys())
    except git.GitCommandError as error:
        problem, left = f"git refused the commit: {said(error)}", set()
    except OSError:
        _undo(repo, root, start, before, ())
        raise
    if problem:
        _undo(repo, root, start, before, left - files.keys())
        raise GitError(f"{next(iter(files))}\n  {problem}\n  {so_far}")


def text_in(commit: Any, name: str) -> str | None:
    """Return what a file holds in a commit, or None if it is not there. Raises InputError if it is not UTF-8."""
    try:
        return file_text(commit, name)
    except UnicodeDecodeError as error:
        message = f"{name}\n  Not UTF-8 at byte {error.start} in {commit.hexsha[:9]}. Save the file as UTF-8, and commit it."
        raise InputError(message) from None


def earlier(made: int, one: str, many: str) -> str:
    """Say how many commits were made before the one that failed: "2 patches before it are", "1 patch before it is"."""
    return f"{made} {one} before it is" if made == 1 else f"{made} {many} before it are"


def said(error: Any) -> str:
    """Return what a failed git command printed, without the frame that GitPython puts around it."""
    text = (error.stderr or error.stdout or "").strip()
    framed = re.fullmatch(r"std(?:err|out): '(.*)'", text, re.DOTALL)
    text = framed[1].strip() if framed else text
    return text or f"exit status {error.status} and no message. A hook (pre-commit, commit-msg) may have refused."


def _changed_by_hook(commit: Any, files: Mapping[str, str], others: set[str]) -> str:
    """Describe what a hook did that a commit of ours must not hold or leave; empty if there is nothing."""
    for name, text in files.items():
        now = text_in(commit, name)
        if now != text and (now is None or not _same_data(now, text)):
            return f"A git hook changed what {name} says while it was committed. Exclude the file from the hook, then run this again."
    if others:
        names = ", ".join(sorted(others)[:SHOWN])
        return f"A git hook changed files and left them uncommitted: {names}. Correct the hook, then run this again."
    return ""


def _same_data(one: str, other: str) -> bool:
    try:
        return bool(load_yaml_text(one, numbers=True) == load_yaml_text(other, numbers=True))
    except InputError:
        return False


def _undo(repo: Any, root: Path, start: Any, before: Mapping[str, bytes | None], others: set[str] | tuple[()]) -> None:
    """Put back the branch, the index and the files; `others` are files that were as committed. What git cannot do now is left undone."""
    import git

    with suppress(git.GitCommandError):
        if repo.head.commit != start:
            repo.git(c=NO_HOOKS).reset("-q", "--soft", start.hexsha)
        repo.git(c=NO_HOOKS).reset("-q")
        if others:
            repo.git(c=NO_HOOKS).restore("--worktree", "--", *others)
    for name, data in before.items():
        if data is None:
            (root / name).unlink(missing_ok=True)
        else:
            write_file(root / name, data)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _empty_identity(repo: Any) -> bool:
    """Whether user.name or user.email is set to nothing, for which git would commit with a guess."""
    with repo.config_reader() as config:
        return any(
            config.has_option("user", key) and not config.get_value("user", key) and not os.environ.get(f"GIT_AUTHOR_{key.upper()}")
            for key in ("name", "email")
        )
