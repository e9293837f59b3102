"""The same work for several seeds or models, in processes of their own where they fit: a tiny model cannot use two cores, three can.

    for seed, run in spread(train_one, [0, 1, 2], parameters=1_472_000, what="train seed"):       # as they finish
        …

A child that fails ends the others with one message that names its share; a parent that dies, however suddenly, takes its children along.
What they had put down in their checkpoints is where the next run goes on.
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
    """The work of one process failed."""


def spread(work: Callable[[K], T], keys: Sequence[K], *, parameters: int, what: str) -> Iterator[tuple[K, T]]:
    """(key, what `work` returned): on a processor side by side, as they finish, if memory holds them all; else in turn, in this process.

    `parameters` is the size of one model, `what` names the work in an error: "train seed". `work`, keys and results must be picklable.
    Raises ShareError with the first failure in a process, after ending the others.
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
    """(processes, threads each): one process a key where all models fit into half of the memory at once, else one for all.

    A process has one thread where there are at least as many as cores; the result then does not depend on their number.
    """
    if keys < 2 or keys * parameters * BYTES_A_PARAMETER > memory // 2:
        return 1, cores
    return keys, max(1, cores // keys)


def memory_bytes() -> int:
    """Main memory of this machine; 8 GiB where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 << 30


def side_by_side(work: Callable[[K], T], keys: Sequence[K], *, threads: int, what: str) -> Iterator[tuple[K, T]]:
    """As `spread`, always in processes, each with so many threads."""
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
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        hint = " The machine may be short of memory: fewer train.seeds at once need less." if code == -signal.SIGKILL else ""
        raise ShareError(f"{child.name}: its process {how}.{hint} Run the same command again: what is in a checkpoint is kept.") from None
    finally:
        connection.close()
    child.join()
    if not good:
        raise ShareError(f"{child.name}: {value}")
    return value


def _child(work: Callable[[K], object], key: K, threads: int, parent: int, out: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and ends us
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    os.environ["TERM"] = "dumb"  # progress in whole lines: several processes cannot share one line of a terminal
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
    """End with the parent, also when it is killed and can tell nobody."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
