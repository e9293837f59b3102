"""Processes that do one task together, each a part of it: on one machine, or on several with torchrun.

    PRODA_PROCESSES=2 dvc repro                                            # each training is divided among two processes
    torchrun --nnodes 2 --nproc-per-node 8 … -m pipelines.train            # the stage `train` alone, on two machines

    run = run_together(train_one, 0, 2, what="train seed")                 # the result of the process of rank 0

The number is an environment variable, as PRODA_ENGINE is, because it changes what is trained only by rounding. There is one process for
each GPU, with NCCL, or any number of processes on a CPU, with Gloo. If one process fails, the others are ended and one error says why. If
the command dies, also by kill -9, its processes end too.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

from proda.errors import UsageError
from proda.runtime.engine import PROCESSES, K, ShareError, T, attempt, core_count, engine_name
from proda.runtime.local_processes import begin, start_method

V = TypeVar("V")

TIMEOUT_S = 1800.0  # how long a process waits for the others: longer than writing a checkpoint of a large model takes
GRACE_S = 2.0  # how long the other processes may take to end after one of them has failed, before they are killed
RESULT, FAILURE = "result", "failure"
WAITED = "has waited for the others"  # of the message about a time-out


class Rank(NamedTuple):
    """Which of the processes this is, counted from 0, and how many there are. The first one writes files."""

    number: int = 0
    of: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes what all of them made."""
        return self.number == 0


class _Shared(NamedTuple):
    """A task that several processes run together. What they tell one another at the start and at the end is in `folder`."""

    work: Callable[[Any], object]
    key: Any
    processes: int
    folder: Path
    timeout_s: float


def process_count() -> int:
    """Return the number in PRODA_PROCESSES, 1 if it is not set.

    Raises UsageError for anything but a whole number from 1, and together with PRODA_ENGINE=ray or torchrun.
    """
    raw = os.environ.get(PROCESSES, "").strip() or "1"
    if not raw.isdecimal() or int(raw) < 1:
        raise UsageError(f"{PROCESSES}={raw}\n  Expected the number of processes of one training, such as 2. Unset it to use one.")
    count = int(raw)
    if count > 1 and engine_name() == "ray":
        raise UsageError(f"{PROCESSES}={raw}\n  A task of Ray has one process. Unset {PROCESSES}, or unset PRODA_ENGINE.")
    if count > 1 and started_by_torchrun():
        raise UsageError(f"{PROCESSES}={raw}\n  torchrun has started the processes already. Unset {PROCESSES}.")
    return count


def started_by_torchrun() -> bool:
    """Return whether torchrun (or accelerate, which uses it) has started this process as one of several."""
    return "TORCHELASTIC_RUN_ID" in os.environ and int(os.environ.get("WORLD_SIZE", "1")) > 1


def rank_in_environment() -> Rank:
    """Return the rank that torchrun gave this process; rank 0 of 1 without torchrun."""
    return Rank(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])) if started_by_torchrun() else Rank()


def this_rank() -> Rank:
    """Return the rank of this process in its group; rank 0 of 1 if it belongs to none."""
    import torch.distributed as dist

    return Rank(dist.get_rank(), dist.get_world_size()) if dist.is_available() and dist.is_initialized() else Rank()


def from_first(value: V) -> V:
    """Return the value that the process of rank 0 has. Every process of the group must call it; the value must be picklable."""
    if this_rank().of == 1:
        return value
    import torch.distributed as dist

    values: list[Any] = [value]
    dist.broadcast_object_list(values)
    found: V = values[0]
    return found


def divided(work: Callable[[K], T], keys: Sequence[K], *, what: str) -> Iterator[tuple[K, T]]:
    """Yield (key, result of `work(key)`) for each key in turn, where several processes do each `work` together.

    They are those that torchrun started, each of which calls this function and yields its own results, or PRODA_PROCESSES processes that
    are started for each key. With torchrun, the keys are those of rank 0.
    """
    if not started_by_torchrun():
        for key in keys:
            yield key, run_together(work, key, process_count(), what=what)
        return
    with _joined(rank_in_environment(), int(os.environ.get("LOCAL_RANK", "0")), None, TIMEOUT_S):
        for key in from_first(list(keys)):
            yield key, work(key)


def run_together(work: Callable[[K], T], key: K, count: int, *, what: str, timeout_s: float = TIMEOUT_S) -> T:
    """Run `work(key)` in `count` new processes of one group, and return the result of rank 0.

    Inside, `this_rank()` says which part is whose. `work`, key and result must be picklable. `what` names the work in errors. Raises
    UsageError if there are fewer GPUs than processes, and ShareError if a process fails or waits longer than `timeout_s` for the others.
    """
    import torch
    from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException, start_processes

    if torch.cuda.is_available() and count > torch.cuda.device_count():
        here = torch.cuda.device_count()
        raise UsageError(f"{PROCESSES}={count}\n  This machine has {here} GPU{'s' * (here != 1)}, expected one for each process. Lower it.")
    logging.getLogger("torch.multiprocessing.spawn").setLevel(logging.ERROR)  # it announces each process that it ends
    with TemporaryDirectory(prefix="proda-processes-") as folder:
        threads = max(1, core_count() // count)
        arguments = (_Shared(work, key, count, Path(folder), timeout_s), threads, dict(os.environ))
        # A library imported by the server may have started CUDA, which a forked process cannot use then.
        method = "spawn" if torch.cuda.is_available() else start_method()
        context = start_processes(_process, arguments, count, join=False, start_method=method)  # type: ignore[no-untyped-call]
        try:
            while not context.join(grace_period=GRACE_S):
                pass
        except (ProcessExitedException, ProcessRaisedException) as error:
            raise ShareError(f"{what} {key}: {_reason(context, error, Path(folder))}") from None
        finally:
            for child in context.processes:
                if child.is_alive():
                    child.kill()
                child.join()
        result: T = pickle.loads((Path(folder) / RESULT).read_bytes())
        return result


def _process(number: int, task: _Shared, threads: int, environment: dict[str, str]) -> None:
    """One of the processes of `run_together`."""
    begin(threads, environment)
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # processes of one machine need no network
    good, value = attempt(lambda _: _in_group(task, Rank(number, task.processes)), task.key)
    if not good:
        _tell(task, number, str(value))
        os._exit(1)  # the usual way waits for a group that is no longer whole


def _in_group(task: _Shared, rank: Rank) -> None:
    import torch.distributed as dist

    store = dist.FileStore(str(task.folder / "store"), rank.of)  # type: ignore[attr-defined]
    with _joined(rank, rank.number, store, task.timeout_s):
        value = task.work(task.key)
    if rank.first:
        (task.folder / RESULT).write_bytes(pickle.dumps(value))


@contextmanager
def _joined(rank: Rank, device: int, store: Any, timeout_s: float) -> Iterator[None]:
    """Make this process a member of the group, which meets at `store`, or where torchrun says. `device` is the number of its GPU."""
    import torch
    import torch.distributed as dist

    cuda = torch.cuda.is_available()
    if cuda:
        torch.cuda.set_device(device)
    wait = timedelta(seconds=timeout_s)
    dist.init_process_group("nccl" if cuda else "gloo", store=store, rank=rank.number, world_size=rank.of, timeout=wait)
    yield  # after an error the group is not ended in order: the others no longer answer
    dist.destroy_process_group()


def _tell(task: _Shared, number: int, message: str) -> None:
    """Keep the message of the process that fails first; the others fail because they have lost it."""
    if "Timed out waiting" in message:  # of Gloo; after a time-out of NCCL the process is ended
        message = f"the process of rank {number} {WAITED} for more than {task.timeout_s:g} s. Run the command again."
    with suppress(FileExistsError), (task.folder / FAILURE).open("x", encoding="utf-8") as out:
        out.write(message)


def _reason(context: Any, error: Any, folder: Path) -> str:
    """Why the processes failed: a time-out, a signal that ended one of them, or the first message."""
    try:
        told = (folder / FAILURE).read_text(encoding="utf-8")
    except OSError:
        told = ""
    if WAITED in told:  # one that no longer answers is ended by SIGKILL afterwards
        return told
    codes = [child.exitcode or 0 for child in context.processes]
    first = error.error_index
    ended = [n for n in (first, *range(len(codes))) if codes[n] < 0]
    killed = [n for n in ended if n == first or codes[n] != -signal.SIGTERM]  # the others of these were ended from here
    if killed:
        how = signal.Signals(-codes[killed[0]]).name
        hint = " The machine may be out of memory." if how == "SIGKILL" else ""
        return (
            f"the process of rank {killed[0]} (of {len(codes)}, counted from 0) was ended by {how}, so the others were ended too.{hint}"
            " Run the command again to continue from the last checkpoint."
        )
    return told or f"the process of rank {error.error_index} ended: {error}"
