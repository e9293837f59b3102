"""Run the same function for several seeds or models, in parallel processes if memory holds all of them.

    for seed, run in spread(train_one, [0, 1, 2], parameters=1_472_000, what="train seed"):       # in the order in which they finish
        …

A tiny model cannot use two cores, but three of them can. If one process fails, the others are ended and one error names the seed or model
that failed. If the parent dies, also by kill -9, its processes end too; the next run continues from their checkpoints.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from proda.errors import ProdaError

K = TypeVar("K", int, str)
T = TypeVar("T")

BYTES_A_PARAMETER = 24  # weight, gradient, two moments, a copy, and room for activations


class ShareError(ProdaError):
    """One of several parallel processes failed."""


def spread(work: Callable[[K], T], keys: Sequence[K], *, parameters: int, what: str) -> Iterator[tuple[K, T]]:
    """Yield (key, result of `work(key)`) for every key.

    On a CPU the keys run in parallel processes if memory holds all models, and are yielded in the order in which they finish. Otherwise
    they run one after the other in this process. `parameters` is the number of parameters of one model; `what` names the work in errors,
    for example "train seed". `work`, keys and results must be picklable. Raises ShareError for the first process that fails, after ending
    the others.
    """
    from proda.runtime.device import device

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count, threads = processes(len(keys), parameters, cores=cores, memory=memory_bytes())
    if count > 1 and device() == "cpu":
        yield from side_by_side(work, keys, threads=threads, what=what)
    else:
        for key in keys:
            yield key, work(key)


def processes(keys: int, parameters: int, *, cores: int, memory: int) -> tuple[int, int]:
    """Return (number of processes, threads per process): one process per key if all models fit into half of the memory, else one.

    With at least as many processes as cores, each has one thread, and results do not depend on the number of cores.
    """
    if keys < 2 or keys * parameters * BYTES_A_PARAMETER > memory // 2:
        return 1, cores
    return keys, max(1, cores // keys)


def memory_bytes() -> int:
    """Return the size of main memory, or 8 GiB if the system does not report it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 << 30


def side_by_side(work: Callable[[K], T], keys: Sequence[K], *, threads: int, what: str) -> Iterator[tuple[K, T]]:
    """Yield as `spread` does, always from parallel processes with `threads` threads each."""
    context = multiprocessing.get_context("spawn")
    running: dict[Connection, tuple[K, Any]] = {}
    try:
        for key in keys:
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(target=_child, args=(work, key, threads, os.getpid(), theirs), daemon=True, name=f"{what} {key}")
            child.start()
            theirs.close()
            running[ours] = (key, child)
        while running:
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)
                key, child = running.pop(connection)
                yield key, _result(child, connection)
    finally:
        for _, child in running.values():
            child.terminate()
        for _, child in running.values():
            child.join()


def _result(child: Any, connection: Connection) -> Any:
    try:
        good, value = connection.recv()
    except EOFError:
        child.join()
        code = child.exitcode or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
        hint = " The machine may be out of memory; fewer train.seeds need less." if code == -signal.SIGKILL else ""
        raise ShareError(f"{child.name}: its process {how}.{hint} Run the command again to continue from the last checkpoint.") from None
    finally:
        connection.close()
    child.join()
    if not good:
        raise ShareError(f"{child.name}: {value}")
    return value


def _child(work: Callable[[K], object], key: K, threads: int, parent: int, out: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent receives it too, and ends its children
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    os.environ["TERM"] = "dumb"  # progress in whole lines, since several processes cannot share one line of a terminal
    from proda.runtime.device import keep_freed_memory, use_threads

    use_threads(threads)
    keep_freed_memory()
    try:
        answer: tuple[bool, object] = (True, work(key))
    except ProdaError as error:
        answer = (False, str(error))
    except Exception:
        answer = (False, traceback.format_exc())
    with contextlib.suppress(BrokenPipeError):
        out.send(answer)
    out.close()


def _follow(parent: int) -> None:
    """End this process when its parent is gone, also when the parent was killed."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
