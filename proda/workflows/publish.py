"""Pushes a branch and opens or updates its pull request.

place = require_forge(root, os.environ)                                   # before anything is committed: remote, forge, token
opened = open_branch(root, place, "repair/round-3", "main", title, body, os.environ)
opened.url                                                                # "https://github.com/team/data/pull/12"
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from proda.errors import ProdaError, UsageError
from proda.forge.calls import Opened
from proda.forge.client import connect
from proda.forge.place import ForgeError, Place, find_place, remote_address, require_token
from proda.forge.push import push
from proda.gitrepo import GitError, run_git

REMOTE = "origin"
DEFAULT = "main"


def require_forge(root: Path, environ: Mapping[str, str]) -> Place:
    """Return where to push and to open a request. Raises ForgeError if there is no remote, no known forge, no token or no client for it."""
    remote_address(root, REMOTE)
    place = find_place(root, environ, REMOTE)
    require_token(place)
    connect(place, environ)  # the library is there
    return place


def push_place(root: Path, environ: Mapping[str, str]) -> Place | None:
    """Return where to push; None for a remote that is on no known forge. Raises ForgeError if there is no remote."""
    remote_address(root, REMOTE)
    try:
        return find_place(root, environ, REMOTE)
    except ForgeError:
        return None


def push_branch(root: Path, place: Place | None, branch: str, environ: Mapping[str, str]) -> None:
    """Push a branch to the remote. Raises ForgeError; the branch stays as it is."""
    push(root, branch, place, environ, REMOTE)


def on_remote(root: Path, branch: str) -> bool:
    """Return whether the remote has a branch of this name. Raises GitError if the remote cannot be asked."""
    return bool(run_git(root, "ls-remote", REMOTE, f"refs/heads/{branch}").strip())


def is_ahead(root: Path, branch: str) -> bool:
    """Return whether HEAD, on `branch`, has a commit that the remote's branch lacks, as after a push that was refused. Raises GitError."""
    there = run_git(root, "ls-remote", REMOTE, f"refs/heads/{branch}").split()
    if not there:
        return True
    try:
        return bool(run_git(root, "rev-list", "-1", "HEAD", f"^{there[0]}").strip())
    except GitError:  # the remote has commits that are not here
        return bool(run_git(root, "rev-list", "-1", "HEAD", "--not", f"--remotes={REMOTE}").strip())


def open_branch(
    root: Path, place: Place, branch: str, base: str, title: str, body: str, environ: Mapping[str, str], *, wait_s: float | None = None
) -> Opened:
    """Push a branch and open a request to merge it into `base`; a request that is open already gets the new text.

    Raises ForgeError; what is committed and pushed stays, and the message says how to go on.
    """
    if branch == base:
        raise UsageError(f"The branch {branch} cannot be merged into itself. Run `git switch -c NAME`, or name another BASE.")
    push_branch(root, place, branch, environ)
    try:
        client = connect(place, environ) if wait_s is None else connect(place, environ, wait_s=wait_s)
        return client.open_request(branch, base, title, body)
    except ForgeError as error:
        raise ForgeError(f"{error}\n  The branch {branch} is pushed. To open its request, run `proda pr {base} --open` on it.") from None


def current_branch(root: Path) -> str:
    """Return the checked-out branch. Raises GitError if HEAD is detached."""
    name = run_git(root, "branch", "--show-current").strip()
    if not name:
        raise GitError("HEAD is detached, so there is no branch to push. Run `git switch BRANCH` (or `git switch -c NAME`).")
    return name


def default_base(root: Path, *, local: bool = False) -> str:
    """Return the branch that requests are merged into: the remote's default branch, as far as this clone knows it, else main.

    `origin/NAME` unless `local` is set, or the remote has no such branch here.
    """
    try:
        name = run_git(root, "symbolic-ref", "--short", f"refs/remotes/{REMOTE}/HEAD").strip().removeprefix(f"{REMOTE}/")
    except ProdaError:
        name = DEFAULT
    if local:
        return name
    try:
        run_git(root, "rev-parse", "--verify", "--quiet", f"refs/remotes/{REMOTE}/{name}")
        return f"{REMOTE}/{name}"
    except GitError:
        return name
