"""Opens the git repository of a ProDa repository, in one place, and turns every reason why it cannot be used into one message.

    repo = open_git(Path("."))                      # git.Repo, whose commands ignore settings that change git's output
    commit = find_commit(repo, "main~3")            # git.Commit; NotFoundError if there is none
    run_git(Path("."), "rev-parse", "HEAD")         # git's output; needs no GitPython, so it starts at once

Git runs without the variables that it hands to its hooks (GIT_DIR, GIT_INDEX_FILE, …): a command in a hook works on the repository it
is given, not on the one whose hook calls it.
"""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from proda.errors import NotFoundError, ProdaError

# What `git rev-parse --local-env-vars` lists, but for GIT_CONFIG_PARAMETERS and GIT_CONFIG_COUNT, which hold the user's `git -c` settings.
LOCAL_VARIABLES = (
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE"),
    *("GIT_GRAFT_FILE", "GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_SHALLOW_FILE"),
    *("GIT_COMMON_DIR", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE"),
)
# Git's output is parsed, so a user's settings must not change it.
SETTINGS = (
    *("log.showSignature=false", "log.showRoot=true", "log.follow=false", "color.ui=false", "core.quotePath=false"),
    *("diff.renames=false", "status.renames=false", "merge.renames=true", "diff.relative=false", "status.relativePaths=false"),
    *("i18n.logOutputEncoding=UTF-8", "i18n.commitEncoding=UTF-8", "commit.cleanup=whitespace", "trailer.separators=:"),
)
DEEPEN = "Run `git fetch --unshallow` (in GitHub Actions: actions/checkout with `fetch-depth: 0`), then run this again."
# A file in git's own folder → the operation under way.
UNDER_WAY = (
    *(("rebase-merge", "rebase"), ("rebase-apply/applying", "am"), ("rebase-apply", "rebase"), ("MERGE_HEAD", "merge")),
    *(("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert")),
)


class GitError(ProdaError):
    """Git cannot be used here, or the repository is in no state to take commits."""


class NoRepositoryError(GitError):
    """The folder is not in a git repository."""


class ShallowError(GitError):
    """The clone holds only a part of the history."""


def run_git(root: Path, *arguments: str) -> str:
    """Run git in `root` and return its output, decoded as UTF-8. Raises GitError with the remedy if git fails."""
    command = ["git", *(part for setting in SETTINGS for part in ("-c", setting)), *arguments]
    environment = {key: value for key, value in os.environ.items() if key not in LOCAL_VARIABLES} | {"LC_ALL": "C", "LANGUAGE": "C"}
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)
    except FileNotFoundError:
        raise GitError("The program `git` is not on PATH. Install git, then run this again.") from None
    except PermissionError as error:
        raise GitError(f"{root}\n  Cannot start git here: {error.strerror}.") from None
    if done.returncode:
        raise git_failed(root, done.stderr.decode(errors="replace"))
    return done.stdout.decode(errors="surrogateescape")


def git_failed(root: Path, said: str) -> GitError:
    """The error to raise for what git printed on standard error; it names the remedy where there is a known one."""
    lines = [line.strip() for line in said.strip().splitlines()]
    first = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[0] if lines else "no message")
    if "dubious ownership" in said:
        return GitError(
            f"{root}\n  {first}\n  The checkout belongs to another user. If you trust it, run"
            f" `git config --global --add safe.directory {root}`, then run this again."
        )
    if "not a git repository" in said:
        return NoRepositoryError(f"{root}\n  Not a git repository, so there is no history to read. Clone the project with git.")
    if ".lock" in said and "File exists" in said:
        return GitError(f"{root}\n  {first}\n  Wait for the other git process, or remove the lock file if none is running.")
    return GitError(f"{root}\n  git failed: {first}")


def open_git(root: Path) -> Any:
    """Return the git.Repo whose top folder is `root`.

    Raises GitError if there is no git program, if `root` belongs to another user or is a folder inside a larger git repository, and
    NoRepositoryError if it is in no git repository. Removes git's hook variables from this process's environment.
    """
    for name in LOCAL_VARIABLES:
        os.environ.pop(name, None)
    check_top(root.resolve())
    import git

    try:
        repo = git.Repo(root)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        raise git_failed(root, "not a git repository") from None
    repo.git.set_persistent_git_options(c=list(SETTINGS))
    return repo


@cache
def check_top(root: Path) -> None:
    """Raise GitError unless `root` is the top folder of a git repository that git agrees to read."""
    top = run_git(root, "rev-parse", "--show-toplevel").rstrip("\n")
    if not os.path.samefile(top, root):
        raise GitError(
            f"{root}\n  The project is a folder of the larger git repository {top}, but commands that read git history need it to be the"
            " root of its repository. Give it a repository of its own (`git subtree split`, or a submodule)."
        )


def find_commit(repo: Any, revision: str) -> Any:
    """Return the commit that `revision` names, in any of git's notations. Raises NotFoundError, or ShallowError in a shallow clone."""
    import git

    try:
        name = repo.git.rev_parse("--verify", "--quiet", "--end-of-options", revision)
        return repo.commit(repo.git.rev_parse("--verify", "--quiet", f"{name}^{{commit}}"))
    except (git.GitCommandError, git.BadName, ValueError):
        if cut_commits(repo):
            message = f"No revision '{revision}' here: this clone is shallow, so older commits are missing. {DEEPEN}"
            raise ShallowError(message) from None
        raise NotFoundError(f"No revision '{revision}'. `git log --oneline` lists commits, `git branch -a` branches.") from None


def cut_commits(repo: Any) -> frozenset[str]:
    """Hashes of the commits at which the history of a shallow clone ends; empty for a full clone."""
    path = Path(repo.common_dir) / "shallow"
    return frozenset(path.read_text(encoding="ascii").split()) if path.is_file() else frozenset()


def file_text(commit: Any, name: str) -> str | None:
    """Return what the file `name` holds in a commit, decoded as UTF-8; None if the commit has no such file."""
    if "\n" in name:  # git would take it for two requests
        return None
    try:
        data: bytes
        # One process of git answers all requests. GitPython's trees read every entry of every folder above the file.
        _, kind, _, data = commit.repo.git.get_object_data(f"{commit.hexsha}:{name}")
    except ValueError:
        return None
    return data.decode("utf-8") if kind == b"blob" else None


def under_way(repo: Any) -> str:
    """Name the operation that waits to be finished (merge, rebase, am, cherry-pick, revert); empty if there is none."""
    return next((what for state, what in UNDER_WAY if (Path(repo.git_dir) / state).exists()), "")


def missing_identity(root: Path) -> str:
    """Return what git says about a missing author or committer identity; empty if both are set, in any of the ways git accepts."""
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        try:
            # Without this setting git would guess an identity from the host name.
            identity = run_git(root, "-c", "user.useConfigOnly=true", "var", who)
        except GitError as error:
            return str(error).partition("\n")[2].strip() or str(error)
        if "<>" in identity:  # git accepts an empty address
            return "user.email is empty"
    return ""
