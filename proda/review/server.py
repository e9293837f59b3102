"""Serves the review page to this machine: 127.0.0.1 only, behind a random token, with nothing else to be had.

    with ReviewServer(root, ("physics/heat-pumps",), port=0) as server:
        server.url                     # "http://127.0.0.1:40123/vB3…/", the token in it
        server.serve_forever()

Each request must carry the token in its path and name this server as its host. A decision must come from the page itself (Origin) as
JSON of at most MAX_BODY bytes. Answers to decisions: 200 with what changed, 409 if the files have changed since the page read them, 422
with remarks if the decision is refused.
"""

from __future__ import annotations

import hmac
import secrets
import sys
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from proda.errors import ProdaError, system_message
from proda.review.actions import Action, carry_out
from proda.review.view import changed, concepts_of, document_of, view_of
from proda.workflows.concept_names import ConceptNames
from proda.workflows.decisions import RefusedDecisionError
from proda.workflows.review import Review
from proda.workflows.review_files import ChangedOnDiskError
from proda.workflows.review_state import ReviewState, version_of

MAX_BODY = 256 * 1024
TIMEOUT_S = 30  # for a client that sends nothing
SCRIPTS = (
    "page", "session", "deciding", "drawing", "cards", "forms", "join", "add", "combobox", "source", "search", "messages", "dom",
)  # fmt: skip
FILES = {
    "": "text/html",
    "page.css": "text/css",
    **{f"{name}.js": "text/javascript" for name in SCRIPTS},
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class ReviewServer(ThreadingHTTPServer):
    """A server for the review of some sources. `url` opens it."""

    daemon_threads = True

    def __init__(self, root: Path, sources: Sequence[str], port: int = 0) -> None:
        self.lock = threading.Lock()  # first, because a port that is taken ends in server_close
        super().__init__(("127.0.0.1", port), _Handler)
        self.root = root
        self.sources = tuple(sources)
        self.token = secrets.token_urlsafe(24)
        self.hosts = tuple(f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost"))
        self._reviews: dict[str, Review] = {}
        self._names: dict[str, tuple[ReviewState, ConceptNames]] = {}
        self._views: dict[str, tuple[tuple[ReviewState, str] | None, dict[str, Any]]] = {}

    @property
    def url(self) -> str:
        """The address of the page, with the token."""
        return f"http://{self.hosts[0]}/{self.token}/"

    def server_close(self) -> None:
        """Stop listening and wait up to TIMEOUT_S for the running request. Requests that arrive later are not answered."""
        super().server_close()
        self.lock.acquire(timeout=TIMEOUT_S)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that has gone away; anything else is a fault of this program."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def review(self, source: str) -> Review:
        """The review of one of the sources, as its files are now. Raises RefusedDecisionError for another source."""
        if source not in self.sources:
            raise RefusedDecisionError(f"There are no proposals for '{source}' here.")
        if source not in self._reviews:
            self._reviews[source] = Review(self.root, source)
        elif version_of(self.root, source) != self._reviews[source].state.version:
            self._reviews[source].reload()
        return self._reviews[source]

    def view(self, review: Review) -> dict[str, Any]:
        """What the page shows of a review; made again only after a decision or a change on disk."""
        now = (review.state, review.undoable)
        made, view = self._views.get(review.source, (None, {}))
        if made is None or made[0] is not now[0] or made[1] != now[1]:
            view = view_of(review)
            self._views[review.source] = (now, view)
        return view

    def names(self, source: str) -> ConceptNames:
        """The concepts that a statement of a source can name; looked up anew only after a decision or a change on disk."""
        state = self.kept(source).state
        if source not in self._names or self._names[source][0] is not state:
            self._names[source] = (state, ConceptNames(state))
        return self._names[source][1]

    def kept(self, source: str) -> Review:
        """The review of a source as it was last read, for a decision that was made on that."""
        return self._reviews.get(source) or self.review(source)


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT_S
    server_version = "ProDa"
    sys_version = ""

    def do_GET(self) -> None:
        name = self._allowed(posts=False)
        if name is None:
            return
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        source = query.get("source", "")
        if name in FILES:
            data = files("proda.review").joinpath(name or "page.html").read_bytes()
            self._send(HTTPStatus.OK, data, f"{FILES[name]}; charset=utf-8")
        elif name == "sources":
            self._json(HTTPStatus.OK, list(self.server.sources))
        elif name == "state":
            self._answered(lambda: self._state(source))
        elif name == "concepts":
            self._answered(lambda: concepts_of(self.server.names(source), query.get("words", "")))
        elif name == "hints":
            self._answered(lambda: {"remarks": self.server.kept(source).hints(query.get("key", ""))})
        else:
            self._json(HTTPStatus.NOT_FOUND, {"message": "Not found."})

    def do_POST(self) -> None:
        name = self._allowed(posts=True)
        if name is None:
            return
        body = self._body()
        if body is None:
            return
        if name != "decide":
            self._json(HTTPStatus.NOT_FOUND, {"message": "Not found."})
            return
        try:
            action = msgspec.json.decode(body, type=Action)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._json(HTTPStatus.BAD_REQUEST, {"message": f"Not a decision: {error}"})
            return
        self._answered(lambda: self._decided(action))

    def _state(self, source: str) -> dict[str, Any]:
        review = self.server.review(source)
        return {**document_of(review), **self.server.view(review)}

    def _decided(self, action: Any) -> dict[str, Any]:
        review = self.server.kept(action.source)
        before = self.server.view(review)
        try:
            note = carry_out(self.server.root, review, action)
        except RefusedDecisionError as error:
            after = changed(before, self.server.view(review))
            raise _Refused({"message": error.message, "remarks": error.remarks, "changed": after}) from None
        return {"note": note, "changed": changed(before, self.server.view(review))}

    def _answered(self, answer: Callable[[], dict[str, Any]]) -> None:
        """Send what `answer` returns, or why it cannot be had. One request at a time touches the files."""
        status, found = HTTPStatus.OK, dict[str, Any]()
        try:
            with self.server.lock:
                found = answer()
        except _Refused as refused:
            status, found = HTTPStatus.UNPROCESSABLE_ENTITY, refused.document
        except ChangedOnDiskError as error:
            status, found = HTTPStatus.CONFLICT, {"message": str(error)}
        except ProdaError as error:
            status, found = HTTPStatus.UNPROCESSABLE_ENTITY, {"message": str(error), "remarks": []}
        except OSError as error:
            status, found = HTTPStatus.INTERNAL_SERVER_ERROR, {"message": system_message(error), "remarks": []}
        self._json(status, found)

    def _allowed(self, posts: bool) -> str | None:
        """What is asked for below the token; None, and an answer, if the request does not come from the page."""
        headers = self.headers
        origins = {f"http://{host}" for host in self.server.hosts}
        token, slash, name = urlsplit(self.path).path.removeprefix("/").partition("/")
        if headers.get_all("Host") is None or headers.get_all("Host") not in [[host] for host in self.server.hosts]:
            problem = (HTTPStatus.MISDIRECTED_REQUEST, "Unknown host.")
        elif not hmac.compare_digest(token.encode("utf-8", "replace"), self.server.token.encode()) or not slash:
            problem = (HTTPStatus.FORBIDDEN, "Open the address that `proda review` printed.")
        elif headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            problem = (HTTPStatus.FORBIDDEN, "Not from another site.")
        elif headers.get("Origin") not in (origins if posts else {*origins, None}):
            problem = (HTTPStatus.FORBIDDEN, "Not from another origin.")
        elif posts and headers.get_content_type() != "application/json":
            problem = (HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Expected JSON.")
        else:
            return name
        self.close_connection = True  # the body, if any, is not read
        self._json(*problem)
        return None

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or self.headers.get("Transfer-Encoding"):
            problem = (HTTPStatus.LENGTH_REQUIRED, "Expected a Content-Length.")
        elif len(length) > 9 or int(length) > MAX_BODY:
            problem = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"More than {MAX_BODY:,} bytes.")
        else:
            return self.rfile.read(int(length))
        self.close_connection = True
        self._json(*problem)
        return None

    def _json(self, status: HTTPStatus, document: Any) -> None:
        document = {"message": document} if isinstance(document, str) else document
        self._send(status, msgspec.json.encode(document), "application/json")

    def _send(self, status: HTTPStatus, data: bytes, kind: str) -> None:
        self.send_response(status)
        for header, value in HEADERS.items():
            self.send_header(header, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def send_error(self, code: int, *_: Any) -> None:
        """Answer a request that is not HTTP, or of another method, without repeating any of it."""
        self.close_connection = True
        self._json(HTTPStatus(code if code != HTTPStatus.NOT_IMPLEMENTED else HTTPStatus.METHOD_NOT_ALLOWED), "Not understood.")

    def log_message(self, *_: Any) -> None:
        """Print nothing: the token is in every path."""


class _Refused(Exception):  # noqa: N818
    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__()
        self.document = document
