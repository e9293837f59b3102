"""Run a module in several worker processes: each gets one order on its standard input, and answers with frames on its standard output.

    for frame in piped("proda.knowledge.fanout", [order, other_order], "the check"):      # bytes, in any order
        …

Plain pipes are used rather than a process pool, because they work from a notebook and from a script without a main guard, and because a
worker whose parent is killed ends at its next write. `-P` keeps the working directory, which may hold other people's data, off the
worker's path.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from proda.errors import ProdaError

_AHEAD = 64  # frames that may wait for the parent; bounds memory
MOST = 8  # workers


def worker_count() -> int:
    """Return how many workers are used where nobody says otherwise: one for each core that this process may use, at most MOST."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST)


def piped(module: str, orders: Sequence[bytes], what: str) -> Iterator[bytes]:
    """Start `python -P -m module` for each order, all at once, and yield the frames that they write, in any order.

    `what` names the work in errors: "the check". Raises ProdaError if a worker fails. Workers are ended with the iterator.
    """
    workers = [_start(module) for _ in orders]
    frames: queue.Queue[bytes] = queue.Queue(_AHEAD)
    threads = [
        threading.Thread(target=_serve, args=(worker, order, frames), daemon=True) for worker, order in zip(workers, orders, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        ended = 0
        while ended < len(workers):
            if frame := frames.get():
                yield frame
            else:
                ended += 1
        if any(worker.wait() for worker in workers):
            raise ProdaError(f"A worker process of {what} ended early, perhaps for lack of memory. Run again with fewer processes at once.")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def write_frame(out: BinaryIO, frame: bytes) -> None:
    """Write a frame, which is not empty, from a worker."""
    out.write(len(frame).to_bytes(4, "little") + frame)


def _start(module: str) -> subprocess.Popen[bytes]:
    home = str(Path(__file__).parents[2])
    # Relative entries, an empty one included, name the working directory or a folder below it.
    paths = [home, *filter(os.path.isabs, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen([sys.executable, "-P", "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)


def _serve(worker: subprocess.Popen[bytes], order: bytes, frames: queue.Queue[bytes]) -> None:
    """Send a worker its order and queue its whole frames; an empty frame means that the worker has ended."""
    assert worker.stdin is not None and worker.stdout is not None
    try:
        worker.stdin.write(order)
        worker.stdin.close()
        while len(header := worker.stdout.read(4)) == 4:
            size = int.from_bytes(header, "little")
            if len(frame := worker.stdout.read(size)) < size:
                break  # the worker was killed while it wrote
            frames.put(frame)
    except OSError:
        pass  # the exit status of the worker says so too
    finally:
        frames.put(b"")
