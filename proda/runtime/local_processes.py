"""The default engine: one process of this machine for each task, all at the same time.

    for seed, run in side_by_side(train_one, [0, 1, 2], threads=1, what="train seed"):       # in the order in which they finish
        …

If one process fails, the others are ended. If the parent dies, also by kill -9, its processes end too.

On Linux the processes are forked from a server that has imported torch, transformers and peft once: each process would otherwise spend four
seconds on that. The server is a fresh process without threads of torch, so that forking it is safe; it ends with its parent.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from proda.runtime.engine import K, ShareError, T, attempt, prepare_process

IMPORTED_ONCE = "proda.preloaded"


def side_by_side(
    work: Callable[[K], T],
    keys: Sequence[K],
    *,
    threads: int,
    memory_bytes: int = 0,  # noqa: ARG001  the caller compares it with the memory of this machine
    what: str,
) -> Iterator[tuple[K, T]]:
    """Run all tasks at once, as `proda.runtime.engine.Engine` says. A task that is killed is not started again."""
    context: Any = multiprocessing.get_context(start_method())
    running: dict[Connection, tuple[K, Any]] = {}
    try:
        for key in keys:
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(target=_child, args=(work, key, threads, dict(os.environ), theirs), daemon=True, name=f"{what} {key}")
            child.start()
            theirs.close()
            running[ours] = (key, child)
        while running:
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)
                key, child = running.pop(connection)
                yield key, result_of(child, connection, "fewer train.seeds need less", "to continue from the last checkpoint")
    finally:
        for _, child in running.values():
            child.terminate()
        for _, child in running.values():
            child.join()


def start_method() -> str:
    """How processes of tasks are started: forked from the server on Linux, anew elsewhere, where forking is not safe after imports."""
    if sys.platform != "linux":
        return "spawn"
    multiprocessing.get_context("forkserver").set_forkserver_preload([IMPORTED_ONCE])
    return "forkserver"


def result_of(child: Any, connection: Connection, less: str, again: str = "") -> Any:
    """Return what a process has sent, when it has ended.

    Raises ShareError if the process sent a failure or was ended from outside. `less` says what needs less memory, and `again` what running
    the command again does.
    """
    try:
        good, value = connection.recv()
    except (EOFError, OSError):  # OSError if the process ended in the middle of its answer
        child.join()
        code = child.exitcode or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
        hint = f" The machine may be out of memory; {less}." if code == -signal.SIGKILL else ""
        raise ShareError(f"{child.name}: its process {how}.{hint} Run the command again{again and f' {again}'}.") from None
    finally:
        connection.close()
    child.join()
    if not good:
        raise ShareError(f"{child.name}: {value}")
    return value


def begin(threads: int, environment: dict[str, str]) -> None:
    """Prepare a process of a task. `environment` is that of the parent now; the server has the one it was started with."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent receives it too, and ends its children
    threading.Thread(target=end_with_parent, daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    prepare_process(threads)


def _child(work: Callable[[K], object], key: K, threads: int, environment: dict[str, str], out: Connection) -> None:
    begin(threads, environment)
    answer = attempt(work, key)
    with contextlib.suppress(BrokenPipeError):
        out.send(answer)
    out.close()


def end_with_parent() -> None:
    """End this process when the process that asked for it is gone, also when that was killed. The server may stand in between."""
    asked = multiprocessing.parent_process()
    assert asked is not None
    wait([asked.sentinel])
    os._exit(1)
