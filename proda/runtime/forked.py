"""Divide work among copies of this process, which have all its data in memory without loading it again.

    pages = forked(render, chapters, "writing")       # as [render(chapter) for chapter in chapters], on all cores

A copy shares the memory of its parent until one of them changes it, so that a knowledge base of a gigabyte is not needed twice. Copies are
made on Linux alone, and only where no other thread of Python runs, which might hold a lock. Elsewhere the work is done in this process.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from proda.runtime.engine import attempt
from proda.runtime.local_processes import end_with_parent, result_of
from proda.runtime.piped import worker_count

K = TypeVar("K")
V = TypeVar("V")


def forked(work: Callable[[K], V], tasks: Sequence[K], what: str, *, jobs: int | None = None) -> list[V]:
    """Return `work(task)` for every task, in order.

    `jobs` is the number of processes (default: the number of cores, at most eight). Each takes every `jobs`-th task, so tasks of very
    different length should alternate. `work` may be any function, also a closure. Only its results must be picklable. What it changes in
    memory is lost. `what` names the work in errors. Raises ShareError if a process is ended from outside or a task fails, with the message
    of the task; the other processes are ended.
    """
    count = min(jobs or worker_count(), len(tasks))
    if count < 2 or sys.platform != "linux" or threading.active_count() > 1:
        return [work(task) for task in tasks]
    context: Any = multiprocessing.get_context("fork")
    running: dict[Connection, tuple[int, Any]] = {}
    shares: dict[int, list[V]] = {}
    gc.freeze()  # or the collector of a copy would write to every object, and so copy all memory
    try:
        for number in range(count):
            ours, theirs = context.Pipe(duplex=False)
            name = f"{what}, process {number + 1}"
            child = context.Process(target=_child, args=(work, tasks[number::count], theirs), daemon=True, name=name)
            child.start()
            theirs.close()
            running[ours] = (number, child)
        while running:
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)
                number, child = running.pop(connection)
                shares[number] = result_of(child, connection, "one process needs less (taskset -c 0)")
    finally:
        gc.unfreeze()
        for _, child in running.values():
            child.kill()
        for _, child in running.values():
            child.join()
    return [shares[place % count][place // count] for place in range(len(tasks))]


def _child(work: Callable[[K], V], tasks: Sequence[K], out: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent receives it too, and ends its copies
    threading.Thread(target=end_with_parent, daemon=True).start()
    answer = attempt(lambda _: [work(task) for task in tasks], 0)
    with contextlib.suppress(BrokenPipeError):
        out.send(answer)
    out.close()
