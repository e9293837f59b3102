"""What is said if the first request for log-likelihoods fails: advice about log-probabilities only where they may be the cause."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep

import pytest

from proda.calls.ask import ask_all
from proda.calls.scoring_forms import NEEDS, PromptScores, TextToScore
from proda.calls.scoring_settings import ScoringSettings
from proda.calls.wire import EndpointError

PAGE = b"<!DOCTYPE html><title>Sign in</title>"
REPLIES: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "page": (200, PAGE, {}),
    "redirect": (302, b"", {"Location": "https://ada:SECRET@login.example.org/sign-in?token=SECRET"}),
    "key": (401, b'{"error": {"message": "bad key"}}', {}),
    "load": (429, b'{"error": {"message": "slow down"}}', {"Retry-After": "0.01"}),
    "broken": (500, b"internal error", {}),
    "path": (404, b'{"error": {"message": "not found"}}', {}),
    "field": (400, b'{"error": {"message": "echo is not supported"}}', {}),
    "empty": (200, b'{"choices": []}', {}),
    "plain": (200, b'{"choices": [{"text": "blue"}]}', {}),
}
SAID = {
    "page": "The address answered with a web page",
    "redirect": "302: The address redirects to https://login.example.org/sign-in, and redirects are not followed. Set evaluate",
    "key": "401: bad key",
    "load": "429: slow down",
    "broken": "500: internal error",
    "slow": "No complete reply within",
    "path": "404: not found",
    "field": "400: echo is not supported",
    "empty": "The list of choices is empty",
    "plain": "no-prompt-logprobs",
}
ADVISED = {"path", "field", "empty", "plain"}


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_POST(self) -> None:
        name = self.path.split("/")[1]
        self.rfile.read(int(self.headers["Content-Length"]))
        if name == "slow":
            sleep(1.5)
            return
        status, body, headers = REPLIES[name]
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("fault", SAID)
def test_the_cause_is_named_and_log_probabilities_only_where_they_may_be_the_cause(
    address: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    timeout_s = 0.5 if fault == "slow" else 30.0
    settings = ScoringSettings(endpoint=f"{address}/{fault}/v1", model="small", retries=1, timeout_s=timeout_s)
    with pytest.raises(EndpointError) as caught:
        ask_all([TextToScore("1", "The sky is blue")], settings, tmp_path, form=PromptScores(), attempts=1)
    said = str(caught.value)
    assert SAID[fault] in said and (NEEDS in said) is (fault in ADVISED)
    assert "SECRET" not in said and "byte 0" not in said
