"""Where a repository lives: the address of its remote and the environment → which forge, which API, which token.

    place = find_place(root, os.environ)
    place                       # Place(kind="github", api="https://api.github.com", repository="team/data", host="github.com", token="…")

Tokens are read from the environment only, and never printed. A workflow of GitHub or GitLab names its own repository and API in the
environment; elsewhere the address of the remote does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from proda.errors import ProdaError
from proda.gitrepo import GitError, run_git

Kind = Literal["github", "gitlab"]
TOKENS: Mapping[Kind, tuple[str, ...]] = {"github": ("GITHUB_TOKEN", "GH_TOKEN"), "gitlab": ("GITLAB_TOKEN",)}
CALLED: Mapping[Kind, str] = {"github": "pull request", "gitlab": "merge request"}
_SHORT = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]+):(?!//)(?P<path>.+)")  # git@github.com:team/data.git


class ForgeError(ProdaError):
    """The forge cannot be used, or refuses what it was asked for."""


class Place(NamedTuple):
    """One repository on a forge."""

    kind: Kind
    api: str  # "https://api.github.com"; for GitLab the address of the server
    repository: str  # "team/data"
    host: str
    token: str = ""  # name of the variable that holds the token; empty if none is set

    @property
    def called(self) -> str:
        """What the forge calls a request to merge a branch."""
        return CALLED[self.kind]


def remote_address(root: Path, remote: str) -> str:
    """Return the address of a remote as the repository's configuration has it. Raises ForgeError if there is no such remote."""
    try:
        found = run_git(root, "config", "--get", f"remote.{remote}.url").strip()
    except GitError:
        found = ""
    if not found:
        raise ForgeError(
            f"{root}\n  There is no remote '{remote}', so there is nowhere to push to. Run `git remote add {remote} ADDRESS`,"
            " then run this again. Commits that were made stay."
        )
    return found


def find_place(root: Path, environ: Mapping[str, str], remote: str = "origin") -> Place:
    """Return where the repository lives. Raises ForgeError if neither the environment nor the remote names a forge that is known."""
    in_github = bool(environ.get("GITHUB_REPOSITORY"))
    in_gitlab = bool(environ.get("CI_PROJECT_PATH") and environ.get("CI_SERVER_URL"))
    if in_github or in_gitlab:
        host, path = "", environ["GITHUB_REPOSITORY" if in_github else "CI_PROJECT_PATH"]
    else:
        host, path = split_address(remote_address(root, remote))
    kind = "github" if in_github else "gitlab" if in_gitlab else _kind(host, environ)
    if kind is None or "/" not in path:
        raise ForgeError(
            f"remote {remote}\n  Expected an address on GitHub or GitLab, such as https://github.com/OWNER/NAME, got one {_on(host)}."
            " For a server of your own set GITHUB_API_URL (such as https://HOST/api/v3) or GITLAB_URL (https://HOST)."
            " For another forge, push with git, and use the text of `proda pr --markdown`."
        )
    token = next((name for name in TOKENS[kind] if environ.get(name)), "")
    if kind == "github":
        host = urlsplit(environ.get("GITHUB_SERVER_URL", "")).hostname or host or "github.com"
        default = "https://api.github.com" if host == "github.com" else f"https://{host}/api/v3"
        return Place(kind, environ.get("GITHUB_API_URL") or default, path, host, token)
    server = environ.get("GITLAB_URL") or environ.get("CI_SERVER_URL") or f"https://{host}"
    return Place(kind, server, path, host or urlsplit(server).hostname or "", token)


def require_token(place: Place) -> str:
    """Return the name of the variable that holds the token. Raises ForgeError if none is set."""
    if not place.token:
        names = " or ".join(TOKENS[place.kind])
        needs = "`Contents` and `Pull requests`: read and write" if place.kind == "github" else "the scope `api`"
        raise ForgeError(
            f"No token for {place.host}: the environment variable {names} is not set. Create a token for {place.repository} with {needs},"
            " export it, then run this again. Commits that were made stay."
        )
    return place.token


def split_address(address: str) -> tuple[str, str]:
    """Return (host, path) of the address of a remote, without user, port and `.git`; the host is empty for a folder."""
    if "://" in address:
        parts = urlsplit(address)
        host, path = (parts.hostname or "", parts.path) if parts.scheme != "file" else ("", "")
    elif match := _SHORT.fullmatch(address):
        host, path = match["host"], match["path"]
    else:
        host, path = "", ""
    return host, path.strip("/").removesuffix(".git")


def _kind(host: str, environ: Mapping[str, str]) -> Kind | None:
    if not host:
        return None
    if host == "github.com" or host == _host(environ, "GITHUB_SERVER_URL") or environ.get("GITHUB_API_URL"):
        return "github"
    return "gitlab" if "gitlab" in host or environ.get("GITLAB_URL") else None


def _host(environ: Mapping[str, str], name: str) -> str | None:
    return urlsplit(environ.get(name, "")).hostname


def _on(host: str) -> str:
    return f"on {host}" if host else "of a folder"
