"""A real MLflow server on this machine, and a gate before it that cuts connections where a test wants it.

with mlflow_server(folder) as url, Gate(url) as gate:
    gate.cut(after=3, when="answered")         # the fourth request is carried out, but its sender gets no answer
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

from proda.compiler.run_stores import create_tables

PATIENCE_S = 300


def free_port() -> int:
    """A port on which no server listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mlflow_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Yield the address of a server whose database is in `folder`."""
    port = port or free_port()
    command = [sys.executable, "-P", "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}", "--artifacts-destination", str(folder / "artifacts")]
    quiet = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    quiet |= {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    _prepare(folder / "server.db")
    with (folder / "server.log").open("wb") as log:
        child = subprocess.Popen(command, env=quiet, cwd=folder, stdout=log, stderr=log, start_new_session=True)
        try:
            deadline = time.monotonic() + PATIENCE_S
            while time.monotonic() < deadline and child.poll() is None and not _answers(port):
                time.sleep(0.2)
            assert _answers(port), f"the server did not start: {(folder / 'server.log').read_text()[-2000:]}"
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _prepare(database: Path) -> None:
    """Create the tables, which takes the server longer, but not the first experiment, whose artefacts are to be on the server."""
    create_tables(database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM experiments")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


class Gate:
    """Forwards requests to a server. After `cut`, it closes or holds the connections of later requests."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url).netloc
        self._lock = threading.Lock()
        self._left: int | None = None
        self._when: Literal["asked", "answered", "held"] = "asked"
        self._freed = threading.Event()
        self.requests = 0
        self.held = threading.Event()
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline(65537)
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                gate._serve(self, body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def cut(self, after: int | None, when: Literal["asked", "answered", "held"] = "asked") -> None:
        """Let `after` more requests pass; all of them for None.

        Later ones are closed before they reach the server, or after it has answered; or they get no answer while the gate is open.
        """
        with self._lock:
            self._left, self._when, self.requests = after, when, 0

    def _serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        with self._lock:
            self.requests += 1
            passes = self._left is None or self._left > 0
            if self._left is not None:
                self._left -= 1
            when = self._when
        if not passes and when == "held":
            self.held.set()
            self._freed.wait(PATIENCE_S)
        if not passes and when != "answered":
            handler.close_connection = True
            return
        connection = http.client.HTTPConnection(self._target, timeout=PATIENCE_S)
        headers = {key: value for key, value in handler.headers.items() if key.lower() not in ("host", "connection", "accept-encoding")}
        connection.request(handler.command, handler.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        handler.close_connection = True
        if passes:
            handler.send_response(answer.status)
            handler.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
            handler.send_header("Content-Length", str(len(content)))
            handler.send_header("Connection", "close")
            handler.end_headers()
            handler.wfile.write(content)

    def __enter__(self) -> Gate:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._freed.set()
        self._server.shutdown()
        self._server.server_close()
