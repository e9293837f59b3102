"""Seeds in processes of their own, all at once, one thread each: a tiny model cannot use two cores, three of them can.

    for seed, run in side_by_side(train_one, [0, 1, 2], threads=1):       # as they finish
        …

A child that fails ends the others with one message that names its seed; a parent that dies, however suddenly, takes its children along.
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

T = TypeVar("T")

BYTES_A_PARAMETER = 24  # weight, gradient, two moments, a copy, and room for activations


class SeedError(ProdaError):
    """The training of one seed failed."""


def processes(seeds: int, parameters: int, *, cores: int, memory: int) -> tuple[int, int]:
    """(processes, threads each): one process a seed where all models fit into half of the memory at once, else one for all.

    A process has one thread where there are at least as many seeds as cores; the result then does not depend on their number.
    """
    if seeds < 2 or seeds * parameters * BYTES_A_PARAMETER > memory // 2:
        return 1, cores
    return seeds, max(1, cores // seeds)


def memory_bytes() -> int:
    """Main memory of this machine; 8 GiB where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 << 30


def side_by_side(work: Callable[[int], T], seeds: Sequence[int], *, threads: int) -> Iterator[tuple[int, T]]:
    """(seed, what `work` returned) as each process finishes. `work` and its result must be picklable.

    Raises SeedError with the first failure, after ending the others.
    """
    context = multiprocessing.get_context("spawn")
    running: dict[Connection, tuple[int, Any]] = {}
    try:
        for seed in seeds:
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(target=_child, args=(work, seed, threads, os.getpid(), theirs), daemon=True, name=f"seed-{seed}")
            child.start()
            theirs.close()
            running[ours] = (seed, child)
        while running:
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)
                seed, child = running.pop(connection)
                yield seed, _result(seed, child, connection)
    finally:
        for _, child in running.values():
            child.terminate()
        for _, child in running.values():
            child.join()


def _result(seed: int, child: Any, connection: Connection) -> Any:
    try:
        good, value = connection.recv()
    except EOFError:
        child.join()
        code = child.exitcode or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        hint = " The machine may be short of memory: fewer train.seeds at once need less." if code == -signal.SIGKILL else ""
        raise SeedError(f"train seed {seed}: its process {how}.{hint} Run `dvc repro train` again to go on from its checkpoint.") from None
    finally:
        connection.close()
    child.join()
    if not good:
        raise SeedError(f"train seed {seed}: {value}")
    return value


def _child(work: Callable[[int], object], seed: int, threads: int, parent: int, out: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and ends us
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    os.environ["TERM"] = "dumb"  # progress in whole lines: several processes cannot share one line of a terminal
    import torch

    torch.set_num_threads(threads)
    try:
        answer: tuple[bool, object] = (True, work(seed))
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
