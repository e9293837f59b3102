"""Read documents in a process of its own, so that one that makes a parser crash, hang or fill the memory is refused like any other.

with IsolatedReader() as reader:
    reader.read(Path("heat.pdf"))       # a ReadDocument, or UnreadableDocumentError with the reason
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from proda.documents.blocks import ReadDocument, UnreadableDocumentError
from proda.documents.read import file_bytes, read_document

TIMEOUT_S = 900.0
MEMORY_BYTES = 8 << 30  # address space of the process


class IsolatedReader:
    """A process that reads one document after another, and is replaced if it ends."""

    def __init__(self, timeout_s: float = TIMEOUT_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self.timeout_s, self.memory_bytes = timeout_s, memory_bytes
        self._process: Any = None
        self._pipe: Connection | None = None

    def read(self, path: Path) -> ReadDocument:
        """The document in a file. Raises UnreadableDocumentError, with the reason, if it cannot be used."""
        pipe = self._started()
        try:
            pipe.send(str(path))
            if not pipe.poll(self.timeout_s):
                self._end()
                raise UnreadableDocumentError(
                    f"Reading took more than {self.timeout_s:,.0f} s and was stopped. Split the file, or repair it."
                )
            result, reason, ends = pipe.recv()
        except (EOFError, OSError):
            code = self._end()
            name = signal.Signals(-code).name if code is not None and code < 0 else f"exit status {code}"
            raise UnreadableDocumentError(
                f"The parser ended on this file ({name}). The file is probably damaged; convert it first."
            ) from None
        if ends:
            self._end()
        if result is None:
            raise UnreadableDocumentError(reason)
        return msgspec.msgpack.decode(result, type=ReadDocument)

    def _started(self) -> Connection:
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self._end()
            ours, theirs = multiprocessing.Pipe()
            self._process = multiprocessing.Process(target=_serve, args=(theirs, ours, self.memory_bytes), daemon=True)
            self._process.start()
            theirs.close()
            self._pipe = ours
        return self._pipe

    def _end(self) -> int | None:
        """End the process, and return its exit status."""
        if self._pipe is not None:
            self._pipe.close()
        code: int | None = None
        if self._process is not None:
            self._process.join(timeout=1.0)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            code = self._process.exitcode
        self._pipe = self._process = None
        return code

    def __enter__(self) -> IsolatedReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()


def _serve(pipe: Connection, other_end: Connection, memory_bytes: int) -> None:
    """Answer each path with (document, "", False) or (None, reason, whether this process ends), until the other end is closed."""
    other_end.close()  # otherwise the end of the parent would not be noticed
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(memory_bytes)
    while True:
        try:
            path = pipe.recv()
        except (EOFError, OSError):
            os._exit(0)
        try:
            document = read_document(Path(path).name, file_bytes(Path(path)))
            answer: tuple[bytes | None, str, bool] = (msgspec.msgpack.encode(document), "", False)
        except UnreadableDocumentError as error:
            answer = (None, str(error), False)
        except MemoryError:
            answer = (None, f"The file needs more than {memory_bytes:,} bytes of memory. Split it.", True)
        except Exception as error:  # a parser's fault must not stop the other files
            what = f"{type(error).__name__}: {str(error)[:200]}"
            answer = (None, f"The parser failed on this file ({what}). Please report it; convert the file first.", False)
        pipe.send(answer)
        if answer[2]:  # what filled the memory may still be held
            os._exit(0)


def _limit_memory(memory_bytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
