"""A loopback server that speaks the endpoints of GitHub and GitLab that ProDa uses, with planned faults; and a bare repository to push to.

with serving(Forge()) as forge:
    forge.fail("POST", "/pulls", 500, 422)     # the next two answers to such calls, in order
    forge.address                              # "http://127.0.0.1:40213"
    forge.comments[12]                         # what was written
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "team/data"
TOKEN = "a-token-of-the-test"
BOT = {"login": "github-actions[bot]", "id": 1, "type": "Bot"}
PERSON = {"login": "ada", "id": 2, "type": "User"}
SLOW = -1  # a fault: no answer in time


@dataclass
class Forge:
    """What the server holds, and what it was asked."""

    user: dict[str, Any] = field(default_factory=lambda: dict(BOT))
    heads: dict[int, str] = field(default_factory=lambda: {12: "a" * 40})
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    started: list[tuple[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, str, int, bool, Any]] = field(default_factory=list)
    address: str = ""
    slow_s: float = 3.0
    more: int = 0  # the next page of the list that is being answered

    def fail(self, method: str, path_ends: str, *statuses: int, done: bool = False, data: Any = None) -> None:
        """Answer the next calls with these and `data`; with `done`, the call takes effect all the same, as if the answer had been lost."""
        self.faults += [(method, path_ends, status, done, {"message": "planned"} if data is None else data) for status in statuses]

    def comment(self, number: int, body: str, user: dict[str, Any]) -> dict[str, Any]:
        rows = self.comments.setdefault(number, [])
        row = {"id": 100 + sum(map(len, self.comments.values())), "body": body, "user": user, "author": {"username": user["login"]}}
        row["url"] = f"{self.address}/repos/{REPOSITORY}/issues/comments/{row['id']}"
        row["html_url"] = f"https://github.com/{REPOSITORY}/pull/{number}#issuecomment-{row['id']}"
        rows.append(row)
        return row

    def pull(self, number: int) -> dict[str, Any] | None:
        found = next((row for row in self.pulls if row["number"] == number), None)
        if found or number not in self.heads:
            return found
        return self._pull(number, "edit", "main", "", "")

    def _pull(self, number: int, head: str, base: str, title: str, body: str) -> dict[str, Any]:
        api = f"{self.address}/repos/{REPOSITORY}"
        return {
            "number": number, "iid": number, "title": title, "body": body, "description": body, "state": "open",
            "head": {"ref": head, "sha": self.heads.get(number, "")}, "base": {"ref": base}, "sha": self.heads.get(number, ""),
            "url": f"{api}/pulls/{number}", "issue_url": f"{api}/issues/{number}",
            "html_url": f"https://github.com/{REPOSITORY}/pull/{number}", "web_url": f"https://gitlab.com/{REPOSITORY}/-/merge_requests/{number}",
        }  # fmt: skip

    def answer(self, method: str, path: str, query: dict[str, list[str]], sent: Any, token: str) -> tuple[int, Any]:
        if token != TOKEN:
            return 401, {"message": "Bad credentials"}
        if path.endswith("/user"):
            return (403, {"message": "Resource not accessible by integration"}) if self.user["type"] == "Bot" else (200, _person(self.user))
        rest = re.sub(r"^(/api/v4/projects/team%2Fdata|/repos/team/data)", "", path, count=1)
        if rest == path:
            return 404, {"message": "Not Found"}
        return self._answer(method, rest, query, sent)

    def _answer(self, method: str, rest: str, query: dict[str, list[str]], sent: Any) -> tuple[int, Any]:
        if match := re.fullmatch(r"/(?:issues|merge_requests)/(\d+)/(?:comments|notes)", rest):
            number = int(match[1])
            if method == "POST":
                return 201, self.comment(number, sent["body"], self.user)
            page, size = int(query.get("page", ["1"])[0]), int(query.get("per_page", ["30"])[0])
            rows = self.comments.get(number, [])
            self.more = page + 1 if len(rows) > page * size else 0
            return 200, rows[(page - 1) * size : page * size]
        if match := re.fullmatch(r"/(?:issues/comments|merge_requests/\d+/notes)/(\d+)", rest):
            row = next(r for rows in self.comments.values() for r in rows if r["id"] == int(match[1]))
            row["body"] = sent["body"]
            return 200, row
        if match := re.fullmatch(r"/(?:pulls|merge_requests)/(\d+)", rest):
            pull = self.pull(int(match[1]))
            if pull is None:
                return 404, {"message": "Not Found"}
            if method != "GET":
                pull["body"] = pull["description"] = sent.get("body", sent.get("description"))
            return 200, pull
        if rest in ("/pulls", "/merge_requests"):
            return self._pulls(method, query, sent)
        if match := re.fullmatch(r"/actions/workflows/([^/]+)(/dispatches)?", rest):
            if match[2]:
                self.started.append((match[1], sent))
                return 204, None
            return 200, {"id": 7, "name": match[1], "url": f"{self.address}/repos/{REPOSITORY}/actions/workflows/{match[1]}"}
        return 404, {"message": "Not Found"}

    def _pulls(self, method: str, query: dict[str, list[str]], sent: Any) -> tuple[int, Any]:
        if method == "GET":
            head = query.get("head", query.get("source_branch", [""]))[0].rpartition(":")[2]
            return 200, [row for row in self.pulls if row["head"]["ref"] == head]
        head = sent.get("head") or sent["source_branch"]
        if any(row["head"]["ref"] == head for row in self.pulls):
            errors = [{"message": f"A pull request already exists for team:{head}."}]
            return (409 if "source_branch" in sent else 422), {"message": "Validation Failed", "errors": errors}
        number = 21 + len(self.pulls)
        text = sent.get("body", sent.get("description"))
        self.pulls.append(self._pull(number, head, sent.get("base") or sent["target_branch"], sent["title"], text))
        return 201, self.pulls[-1]


def _person(user: dict[str, Any]) -> dict[str, Any]:
    return {**user, "username": user["login"]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    forge: Forge

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size)
        sent = json.loads(raw) if raw else {}
        token = self.headers.get("PRIVATE-TOKEN") or self.headers.get("Authorization", "").rpartition(" ")[2]
        self.forge.calls.append((self.command, parts.path))
        for number, (method, ends, status, done, data) in enumerate(self.forge.faults):
            if method == self.command and parts.path.endswith(ends):
                del self.forge.faults[number]
                if done:
                    self.forge.answer(self.command, parts.path, parse_qs(parts.query), sent, token)
                if status == SLOW:
                    time.sleep(self.forge.slow_s)
                self._send(504 if status == SLOW else status, data)
                return
        self._send(*self.forge.answer(self.command, parts.path, parse_qs(parts.query), sent, token))

    def _send(self, status: int, data: Any) -> None:
        body = b"" if data is None else json.dumps(data).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if self.forge.more:
                where = urlsplit(self.path)
                rest = "&".join(part for part in where.query.split("&") if part and not part.startswith("page="))
                self.send_header("Link", f'<{self.forge.address}{where.path}?{rest}&page={self.forge.more}>; rel="next"')
                self.forge.more = 0
            self.end_headers()
            self.wfile.write(body)
        except OSError:  # the client has given up on a slow answer
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_PUT = _serve

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(forge: Forge) -> Iterator[Forge]:
    """Serve `forge` on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"forge": forge}))
    server.daemon_threads = True
    forge.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def git(root: Path, *arguments: str) -> str:
    """Run git, which must succeed, and return what it prints."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}\n{done.stderr}"
    return done.stdout.strip()


def with_remote(root: Path, bare: Path, address: str = f"https://github.com/{REPOSITORY}.git") -> Path:
    """Make `bare` a bare copy of a repository, which the repository pushes to under the address of a forge. Return `bare`."""
    git(root, "clone", "-q", "--bare", str(root), str(bare))
    git(root, "remote", "add", "origin", address)
    git(root, "config", f"url.{bare}.insteadOf", address)
    git(root, "fetch", "-q", "origin")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    return bare


def environment(forge: Forge, **more: str) -> dict[str, str]:
    """The variables that lead ProDa to the server."""
    return {"GITHUB_API_URL": forge.address, "GITHUB_TOKEN": TOKEN, **more}
