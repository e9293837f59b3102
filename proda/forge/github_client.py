"""The REST API of GitHub, through PyGithub."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import github
import requests
from github import Auth, Github, GithubException

from proda.forge.calls import Opened, TryAgainError, merged_text, repeated
from proda.forge.place import ForgeError, Place

T = TypeVar("T")


class GitHubClient:
    """See `proda.forge.client.Client`."""

    limit = 65_536

    def __init__(self, place: Place, token: str, *, wait_s: float, timeout_s: int) -> None:
        self._place = place
        self._wait_s = wait_s
        self._login: str | None = None  # of the token's owner, once asked; empty if the token may not ask
        # PyGithub's own repetition would send a POST twice, and so could write a comment twice.
        options = {"retry": None, "timeout": timeout_s, "seconds_between_requests": None, "seconds_between_writes": None}
        self._github = Github(auth=Auth.Token(token), base_url=place.api, **options)
        self._repository = self._github.get_repo(place.repository, lazy=True)

    def head(self, number: int) -> str:
        """Return the commit that a pull request would merge."""
        return self._call(lambda: str(self._repository.get_pull(number).head.sha), f"pull request {number}")

    def put_comment(self, number: int, marker: str, text: str) -> str:
        """Write the one comment that starts with `marker`, or replace its text; return its address."""

        def put() -> str:
            pull = self._repository.get_pull(number)
            # A person may have copied the marker into a comment, which must not be overwritten.
            found = next((c for c in pull.get_issue_comments() if c.body.startswith(marker) and self._ours(c.user)), None)
            if found is None:
                found = pull.create_issue_comment(text)
            elif found.body != text:
                found.edit(text)
            return str(found.html_url)

        return self._call(put, f"pull request {number}")

    def open_request(self, branch: str, base: str, title: str, text: str) -> Opened:
        """Open a pull request, or update the text of the open one."""
        owner = self._place.repository.partition("/")[0]

        def find() -> Any:
            return next(iter(self._repository.get_pulls(state="open", head=f"{owner}:{branch}", base=base)), None)

        def put() -> Opened:
            pull = find()
            if pull is None:
                try:
                    made = self._repository.create_pull(base, branch, title=title, body=text)
                    return Opened(made.number, made.html_url, True)
                except GithubException as error:
                    if error.status != 422 or (pull := find()) is None:
                        raise
            if (now := merged_text(pull.body or "", text)) != pull.body:
                pull.edit(body=now)
            return Opened(pull.number, pull.html_url, False)

        return self._call(put, f"a pull request for {branch}")

    def start(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow for a branch."""
        self._call(
            lambda: self._repository.get_workflow(workflow).create_dispatch(branch, dict(inputs), throw=True), f"workflow {workflow}"
        )

    def _ours(self, user: Any) -> bool:
        """Whether a comment's author is the owner of the token; the token of a workflow cannot ask who that is, but it is a bot."""
        if self._login is None:
            try:
                self._login = str(self._github.get_user().login)
            except GithubException as error:
                if error.status != 403:
                    raise
                self._login = ""
        return bool(user.login == self._login if self._login else user.type == "Bot")

    def _call(self, action: Callable[[], T], what: str) -> T:
        def once() -> T:
            try:
                return action()
            except GithubException as error:
                raise self._explained(error, what) from None
            except (requests.ConnectionError, requests.Timeout) as error:
                said = "No answer in time" if isinstance(error, requests.Timeout) else "The server cannot be reached"
                raise TryAgainError(said) from None

        return repeated(once, self._place, self._wait_s)

    def _explained(self, error: GithubException, what: str) -> Exception:
        place, token = f"{self._place.api}  {self._place.repository}", self._place.token
        if error.status >= 500:
            return TryAgainError(f"The server answered {error.status}")
        if error.status == 401:
            return ForgeError(f"{place}\n  The token in {token} is refused. It may have expired: create a new one, then run this again.")
        if isinstance(error, github.RateLimitExceededException) or error.status == 429:
            return ForgeError(f"{place}\n  Too many calls for now. Wait for an hour, then run this again.")
        if error.status == 403:
            return ForgeError(
                f"{place}\n  The token in {token} may not write {what}. Give it `Pull requests: write` and `Contents: write`"
                " (in a workflow: `permissions:`, and the repository's setting that allows workflows to create pull requests)."
            )
        if error.status == 404:
            return ForgeError(
                f"{place}\n  Not found: {what}. Either it does not exist, or the token in {token} has no access to the repository."
            )
        return ForgeError(f"{place}\n  {what}: refused with status {error.status}: {_said(error)}.")


def _said(error: GithubException) -> str:
    """The messages in an answer, on one line."""
    data = error.data if isinstance(error.data, dict) else {}
    inner = [str(e.get("message") or e.get("code") or "") for e in data.get("errors") or () if isinstance(e, dict)]
    parts = [p.strip().rstrip(".") for p in (str(data.get("message") or ""), *inner) if p.strip()]
    return " ".join("; ".join(parts).split())[:300] or "no message"
