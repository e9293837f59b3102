"""A TCP proxy that cuts or holds every connection after a number of bytes, like a network that fails in the middle of a transfer.

with CuttingProxy(server.port) as proxy:
    proxy.cut_after(200_000)       # bytes from here on, both directions together
    ...                            # the client sees a reset connection, and refused ones from then on
    proxy.mend()
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType


class CuttingProxy:
    """Forwards connections on `port` to a port of this machine, until its budget of bytes is used up."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._left: float = float("inf")
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._holds = False
        self.cut = threading.Event()  # whether the number of bytes has been reached

    def __enter__(self) -> CuttingProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.close()
        self._reset_all()

    def cut_after(self, count: int) -> None:
        """Cut all connections once `count` further bytes have passed, and every later one at once."""
        self._limit(count, holds=False)

    def hold_after(self, count: int) -> None:
        """Forward nothing more once `count` further bytes have passed, and leave the connections open."""
        self._limit(count, holds=True)

    def mend(self) -> None:
        """Let everything pass again."""
        with self._lock:
            self._left = float("inf")

    def _limit(self, count: int, *, holds: bool) -> None:
        with self._lock:
            self._left, self._holds = count, holds
        self.cut.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._left <= 0:
                _reset(client)
                continue
            server = socket.create_connection(("127.0.0.1", self._target))
            with self._lock:
                self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(16_384):
                with self._lock:
                    self._left -= len(data)
                    over = self._left < 0
                if over:
                    self.cut.set()
                    if not self._holds:
                        self._reset_all()
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def _reset_all(self) -> None:
        with self._lock:
            connections, self._open = self._open, set()
        for connection in connections:
            _reset(connection)


def _reset(connection: socket.socket) -> None:
    """Close with a reset in place of an orderly end."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
