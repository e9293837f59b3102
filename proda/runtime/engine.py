"""What runs independent tasks: processes of this machine, or Ray on this and other machines. The results are the same.

    PRODA_ENGINE=ray dvc repro                                # one task for each training seed and each scored model
    PRODA_ENGINE=ray RAY_ADDRESS=10.0.0.5:6379 proda study    # on a cluster that runs already

The engine is chosen by an environment variable and not by params.yaml or an option, because it does not change any result: a setting in
params.yaml would make DVC rebuild what another engine built, and an option would not reach the stages that `dvc repro` starts.

An engine is a function with the signature of `Engine`. A task is a function of a module with one key, both picklable (also
`functools.partial` of such a function). It returns its result or raises; it may write files, and if it is started again after its process
was killed, it continues from them or overwrites them.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from proda.errors import ProdaError, UsageError

K = TypeVar("K", int, str)
T = TypeVar("T")

VARIABLE = "PRODA_ENGINE"
PROCESSES = "PRODA_PROCESSES"  # the number of processes of one training: proda/runtime/processes.py


class ShareError(ProdaError):
    """One of several parallel tasks failed."""


class Engine(Protocol):
    """Runs `work(key)` for every key and yields (key, result) in the order in which the tasks finish.

    Each task has a process with `threads` threads of torch, and needs about `memory_bytes` of memory. `what` names the work in errors, for
    example "train seed". Raises ShareError for the first task that fails, after ending the others.
    """

    def __call__(
        self, work: Callable[[K], T], keys: Sequence[K], *, threads: int, memory_bytes: int, what: str
    ) -> Iterator[tuple[K, T]]: ...


def engine_name() -> str:
    """Return `local` or `ray`, as PRODA_ENGINE says; `local` if it is not set. Raises UsageError for another name."""
    wanted = os.environ.get(VARIABLE, "").strip() or "local"
    if wanted not in ("local", "ray"):
        raise UsageError(
            f"{VARIABLE}={wanted}\n  There is no engine of this name, expected local or ray. Unset the variable to use local processes."
        )
    return wanted


def core_count() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_count() -> int:
    """Return the number of threads that torch uses in this process."""
    import torch

    return torch.get_num_threads()


def attempt(work: Callable[[K], object], key: K) -> tuple[bool, object]:
    """Return (True, result), or (False, message): the message of a ProdaError, or the traceback of any other exception."""
    try:
        return True, work(key)
    except ProdaError as error:
        return False, str(error)
    except Exception:
        return False, traceback.format_exc()


def prepare_process(threads: int) -> None:
    """Set threads and memory of a process that runs tasks. What a task starts itself runs in its process.

    `threads` is the number of threads of torch; 0 leaves it as it is.
    """
    from proda.runtime.device import keep_freed_memory, use_threads

    os.environ[VARIABLE] = "local"
    os.environ[PROCESSES] = "1"
    os.environ["TERM"] = "dumb"  # progress in whole lines, since several processes cannot share one line of a terminal
    if threads:
        use_threads(threads)
    keep_freed_memory()
