"""Functions that tests run as tasks of the engines; Ray's workers import this module by its name."""

from __future__ import annotations

import os
import signal
import struct
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from proda.errors import InputError
from proda.progress import Progress


def square(n: int) -> tuple[int, int]:
    return n * n, os.getpid()


def place(n: int) -> tuple[str, int, str]:
    """The working directory, torch's threads, and the engine that a task inside this task would have."""
    import torch

    return os.getcwd(), torch.get_num_threads(), os.environ["PRODA_ENGINE"]


def priority(n: int) -> int:
    """The nice value, from 0 (normal) to 19 (runs when nothing else does)."""
    return os.nice(0)


def variable_and_imports(n: int) -> tuple[str | None, bool]:
    """A variable of the environment, and whether torch and peft were imported before the task began."""
    return os.environ.get("PRODA_TEST"), {"torch", "peft"} <= sys.modules.keys()


def fails_at_two(n: int) -> int:
    if n == 2:
        raise InputError("two is no good")
    time.sleep(60)
    return n


def divides(n: int) -> float:
    return 1 / n


def dies(n: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return n


def dies_while_it_answers(out: Connection) -> None:
    """Is killed when half of an answer has been sent."""
    os.write(out.fileno(), struct.pack("!i", 1000) + bytes(500))  # as Connection.send does
    os.kill(os.getpid(), signal.SIGKILL)


def dies_once(folder: Path, n: int) -> int:
    """Is killed at its first attempt, if `n` is 1."""
    begun = folder / f"begun-{n}"
    if n == 1 and not begun.exists():
        begun.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return n * n


def waits(folder: Path, n: int) -> int:
    """Writes its process id, then waits."""
    (folder / f"{n}.new").write_text(str(os.getpid()))
    (folder / f"{n}.new").rename(folder / f"{n}.pid")
    time.sleep(300)
    return n


def reports(n: int) -> int:
    with Progress(f"count {n}", 2, "steps") as progress:
        progress._last -= 60  # as if a minute had passed
        progress.advance()
    print(f"done {n}", file=sys.stderr)
    return n


def sums_ranks(n: int) -> tuple[int, int, str]:
    """n + 1 from each process of the group, added up; the rank; and the processes that a task inside this task would have."""
    import torch
    import torch.distributed as dist

    total = torch.tensor(n + 1)
    dist.all_reduce(total)
    return int(total), dist.get_rank(), os.environ["PRODA_PROCESSES"]


def fails_at_rank_one(n: int) -> int:
    """Raises in one process while the other waits for it."""
    import torch.distributed as dist

    if dist.get_rank() == 1:
        raise InputError("rank one is no good")
    dist.barrier()
    return n


def stops_at_rank_one(n: int) -> int:
    """One process stops answering without ending, and the other waits for it."""
    import torch.distributed as dist

    if dist.get_rank() == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    dist.barrier()
    return n


def waits_at_every_rank(folder: Path, n: int) -> int:
    """Each process writes its process id, then waits."""
    import torch.distributed as dist

    return waits(folder, dist.get_rank())
