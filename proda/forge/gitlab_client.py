"""The REST API of GitLab, through python-gitlab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import gitlab
import requests
from gitlab.exceptions import GitlabError, GitlabHttpError

from proda.forge.calls import Opened, TryAgainError, merged_text, repeated
from proda.forge.place import ForgeError, Place

T = TypeVar("T")


class GitLabClient:
    """See `proda.forge.client.Client`."""

    limit = 1_000_000

    def __init__(self, place: Place, token: str, *, wait_s: float, timeout_s: int) -> None:
        self._place = place
        self._wait_s = wait_s
        self._gitlab = gitlab.Gitlab(place.api, private_token=token, timeout=timeout_s)
        self._project = self._gitlab.projects.get(place.repository, lazy=True)

    def head(self, number: int) -> str:
        """Return the commit that a merge request would merge."""
        return self._call(lambda: str(self._project.mergerequests.get(number).sha), f"merge request {number}")

    def put_comment(self, number: int, marker: str, text: str) -> str:
        """Write the one comment that starts with `marker`, or replace its text; return its address."""

        def put() -> str:
            request = self._project.mergerequests.get(number)
            marked = [note for note in request.notes.list(iterator=True) if note.body.startswith(marker)]
            if marked:
                self._gitlab.auth()
            # A person may have copied the marker into a comment, which must not be overwritten.
            found: Any = next((note for note in marked if note.author["username"] == self._gitlab.user.username), None)
            if found is None:
                found = request.notes.create({"body": text})
            elif found.body != text:
                found.body = text
                found.save()
            return f"{request.web_url}#note_{found.id}"

        return self._call(put, f"merge request {number}")

    def open_request(self, branch: str, base: str, title: str, text: str) -> Opened:
        """Open a merge request, or update the text of the open one."""

        def find() -> Any:
            found = self._project.mergerequests.list(state="opened", source_branch=branch, target_branch=base, get_all=False)
            return next(iter(found), None)

        def put() -> Opened:
            request = find()
            if request is None:
                try:
                    fields = {"source_branch": branch, "target_branch": base, "title": title, "description": text}
                    made = self._project.mergerequests.create(fields)
                    return Opened(made.iid, made.web_url, True)
                except GitlabError as error:
                    if error.response_code != 409 or (request := find()) is None:
                        raise
            if (now := merged_text(request.description or "", text)) != request.description:
                request.description = now
                request.save()
            return Opened(request.iid, request.web_url, False)

        return self._call(put, f"a merge request for {branch}")

    def start(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:  # noqa: ARG002
        """Raise ForgeError: on GitLab a push by a job with a token of its own starts the next pipeline."""
        raise ForgeError(f"--start {workflow}: GitLab starts a pipeline for the push itself. Leave --start out.")

    def _call(self, action: Callable[[], T], what: str) -> T:
        def once() -> T:
            try:
                return action()
            except GitlabError as error:
                raise self._explained(error, what) from None
            except (requests.ConnectionError, requests.Timeout) as error:
                said = "No answer in time" if isinstance(error, requests.Timeout) else "The server cannot be reached"
                raise TryAgainError(said) from None

        return repeated(once, self._place, self._wait_s)

    def _explained(self, error: GitlabError, what: str) -> Exception:
        status = error.response_code or 0
        place, token = f"{self._place.api}  {self._place.repository}", self._place.token
        if status >= 500 or (isinstance(error, GitlabHttpError) and not status):
            return TryAgainError(f"The server answered {status}")
        if status == 401:
            return ForgeError(f"{place}\n  The token in {token} is refused. It may have expired: create a new one, then run this again.")
        if status == 403:
            return ForgeError(f"{place}\n  The token in {token} may not write {what}. It needs the scope `api` and the role Developer.")
        if status == 404:
            return ForgeError(f"{place}\n  Not found: {what}. Either it does not exist, or the token in {token} has no access to it.")
        said = " ".join(str(error.error_message).split())[:300]
        return ForgeError(f"{place}\n  {what}: refused with status {status}: {said or 'no message'}.")
