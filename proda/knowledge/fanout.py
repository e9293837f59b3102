"""Make the entries of many topic files, on several cores for many files. The result does not depend on the number of processes.

A worker is this module, run with `python -P -m`: it reads the paths from its standard input, reads files and sources, and writes packed
entries to its standard output. Plain pipes are used rather than a process pool, because they work from a notebook and from a script
without a main guard, and because a worker whose parent is killed ends at its next write. `-P` keeps the working directory, which may
hold other people's data, off the worker's path.
"""

from __future__ import annotations

import gc
import hashlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import msgspec

from proda.errors import InputError, ProdaError
from proda.findings import Finding
from proda.knowledge.entry import Entry
from proda.knowledge.read_topic import make_entry, read_source
from proda.knowledge.rules.ids import SOURCE
from proda.knowledge.rules.rule import SourceText
from proda.knowledge.tree import source_path
from proda.records import Relation
from proda.yamlio import read_bytes

POOL_FROM = 200  # files; below this number, starting processes takes longer than they save
_AHEAD = 64  # entries that may wait for the parent; bounds memory


class Job(msgspec.Struct, frozen=True):
    """A topic file to read. `known` is the hash of the content whose entry is still valid; empty if there is none."""

    file: str
    known: bytes = b""


class _Order(msgspec.Struct, frozen=True):
    """The input of a worker."""

    root: str
    relations: dict[str, Relation]
    jobs: list[Job]


def make_entries(root: Path, jobs: Sequence[Job], relations: dict[str, Relation], processes: int | None) -> Iterator[Entry]:
    """Yield the entry of each job, in any order; a file whose content is the known one has none.

    `processes` defaults to the number of cores, at most 8. Raises ProdaError if a worker process fails.
    """
    count = processes if processes is not None else min(os.cpu_count() or 1, 8)
    if count < 2 or len(jobs) <= POOL_FROM:
        yield from _made(_Order(str(root), relations, list(jobs)))
        return
    workers = [_start() for _ in range(count)]
    frames: queue.Queue[bytes] = queue.Queue(_AHEAD)
    orders = [_Order(str(root.resolve()), relations, list(jobs[i::count])) for i in range(count)]
    threads = [
        threading.Thread(target=_serve, args=(worker, msgspec.msgpack.encode(order), frames), daemon=True)
        for worker, order in zip(workers, orders, strict=True)
    ]
    for thread in threads:
        thread.start()
    decoder = msgspec.msgpack.Decoder(Entry)
    try:
        ended = 0
        while ended < count:
            if frame := frames.get():
                yield decoder.decode(frame)
            else:
                ended += 1
        if any(worker.wait() for worker in workers):
            raise ProdaError(
                "A worker process of the check ended early, perhaps for lack of memory. Run again with fewer processes at once."
            )
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def _start() -> subprocess.Popen[bytes]:
    home = str(Path(__file__).parents[2])
    # Relative entries, an empty one included, name the working directory or a folder below it.
    paths = [home, *filter(os.path.isabs, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-P", "-m", "proda.knowledge.fanout"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _serve(worker: subprocess.Popen[bytes], order: bytes, frames: queue.Queue[bytes]) -> None:
    """Send a worker its order and queue its frames; an empty frame means that the worker has ended."""
    assert worker.stdin is not None and worker.stdout is not None
    try:
        worker.stdin.write(order)
        worker.stdin.close()
        while size := worker.stdout.read(4):
            frames.put(worker.stdout.read(int.from_bytes(size, "little")))
    except OSError:
        pass  # the exit status of the worker says so too
    finally:
        frames.put(b"")


def _work(orders: BinaryIO, frames: BinaryIO) -> None:
    """Run a worker. Documents hold no reference cycles, so garbage collection would only take time."""
    gc.disable()
    for entry in _made(msgspec.msgpack.decode(orders.read(), type=_Order)):
        frame = msgspec.msgpack.encode(entry)
        frames.write(len(frame).to_bytes(4, "little") + frame)


def _made(order: _Order) -> Iterator[Entry]:
    root = Path(order.root)

    @lru_cache(64)
    def source(name: str) -> SourceText | None:
        return read_source(root / source_path(name), root) if SOURCE.fullmatch(name) else None

    for job in order.jobs:
        try:
            data = read_bytes(root / job.file, root)
        except InputError as error:
            found = [f for f in error.findings if isinstance(f, Finding)]
            yield Entry(job.file, b"", False, tuple(msgspec.structs.replace(f, file=job.file) for f in found))
            continue
        if not job.known or hashlib.sha256(data).digest() != job.known:
            yield make_entry(job.file, data, order.relations, source)


if __name__ == "__main__":
    _work(sys.stdin.buffer, sys.stdout.buffer)
