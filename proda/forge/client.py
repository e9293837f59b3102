"""What is asked of a forge: the head of a pull request, one comment, one request for a branch, the start of a workflow.

    client = connect(find_place(root, os.environ), os.environ)
    client.put_comment(12, MARKER, text)        # "https://github.com/team/data/pull/12#issuecomment-7"
    client.open_request("repair/round-3", "main", "Repair round 3", body)

A call that fails because the server or the network does is repeated. Each repetition looks first whether the one before it arrived, so no
comment and no request is made twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from proda.errors import UsageError
from proda.forge.calls import Opened
from proda.forge.place import Place, require_token

WAIT_S = 2.0  # before the second try; twice that before the third
TIMEOUT_S = 20


class Client(Protocol):
    """A forge, seen from one repository. Every method raises ForgeError with what to do."""

    limit: int  # characters that a comment or the text of a request may have

    def head(self, number: int) -> str:
        """Return the commit that a pull request would merge."""

    def put_comment(self, number: int, marker: str, text: str) -> str:
        """Write the one comment that starts with `marker`, or replace its text; return its address."""

    def open_request(self, branch: str, base: str, title: str, text: str) -> Opened:
        """Open a request to merge `branch` into `base`. One that is open already gets the text in place of what an earlier call wrote."""

    def start(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow for a branch."""


def connect(place: Place, environ: Mapping[str, str], *, wait_s: float = WAIT_S, timeout_s: int = TIMEOUT_S) -> Client:
    """Return the client for a forge; nothing is sent yet. Raises ForgeError without a token, UsageError without the library."""
    token = environ[require_token(place)]
    try:
        if place.kind == "github":
            from proda.forge.github_client import GitHubClient

            return GitHubClient(place, token, wait_s=wait_s, timeout_s=timeout_s)
        from proda.forge.gitlab_client import GitLabClient

        return GitLabClient(place, token, wait_s=wait_s, timeout_s=timeout_s)
    except ModuleNotFoundError as error:
        raise UsageError(f"The library {error.name} is not installed. Run `pip install 'proda[forge]'`, then run this again.") from None
