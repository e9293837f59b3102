"""The engine Ray: each task runs in a process of its own on any machine of the cluster that has cores, memory or a GPU free.

    for seed, run in on_ray(train_one, [0, 1, 2], threads=1, memory_bytes=35_000_000, what="train seed"):       # as they finish
        …

RAY_ADDRESS names a cluster that runs already: `host:port`, `ray://host:port`, or `auto` for the one of this machine. Without it, or with
`local`, a cluster of this machine alone is started on 127.0.0.1 by the first call, and ended with the process. If any machine has a GPU,
each task gets one GPU for itself.

What the machines must share: the folder in which the command was started, under the same path, with everything that tasks read and write
(build/, samples/, the caches); and the same code of ProDa and version of torch, which each task checks. Environment variables are those
with which Ray was started there.

A task whose process or machine is lost is started again, at most RETRIES times. A task that raises is not.
"""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
import platform
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import proda
from proda.errors import UsageError
from proda.runtime.engine import K, ShareError, T, attempt, core_count, prepare_process
from proda.runtime.local_processes import end_with_parent

RETRIES = 3
STORE_BYTES = 128 << 20  # of a cluster that is started here: arguments and results; what does not fit is kept on disk
END_S = 30.0  # how long to wait for the processes of cancelled tasks to end
PORT_S = 5.0  # how long to wait for a connection to the port of a cluster
CLUSTER_S = 20  # how long to wait for the cluster to answer
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Sender(NamedTuple):
    """The process that sends the tasks, as far as a task must agree with it."""

    folder: str  # working directory
    versions: dict[str, str]


def on_ray(work: Callable[[K], T], keys: Sequence[K], *, threads: int, memory_bytes: int, what: str) -> Iterator[tuple[K, T]]:
    """Run all tasks, as `proda.runtime.engine.Engine` says.

    No task asks for more cores or memory than the largest machine has, so that one that is too large for half of its memory still runs,
    alone. Raises UsageError if Ray is not installed or no cluster answers at RAY_ADDRESS, and ShareError if a task fails.
    """
    ray = _connected()
    task = ray.remote(**_resources(ray, threads, memory_bytes), max_retries=RETRIES, max_calls=1)(_task)  # max_calls: frees its memory
    sender = Sender(os.getcwd(), _versions())
    shared = ray.put(work)  # sent once, not for each key
    running = {task.options(name=f"{what} {key}").remote(shared, key, threads, sender): key for key in keys}
    try:
        while running:
            (done,), _ = ray.wait(list(running))
            key = running.pop(done)
            yield key, _result(ray, done, f"{what} {key}")
    finally:
        left = list(running)
        for ref in left:
            ray.cancel(ref, force=True)
        if left:
            ray.wait(left, num_returns=len(left), timeout=END_S)


def _connected() -> Any:
    """Return the module ray, connected to a cluster."""
    address = os.environ.get("RAY_ADDRESS", "").strip()
    here = address in ("", "local")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")  # progress lines differ in numbers only. Ray reads its variables when it is imported
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if here:
        os.environ.setdefault("RAY_worker_niceness", "0")  # as local processes; Ray's 15 lets any other program take the cores
    if here and "ray" not in sys.modules:  # set later, they would hold for the servers of the cluster and not for this process
        os.environ.setdefault("RAY_AUTH_MODE", "token")  # the default of ray.init since Ray 2.60, which warns of it
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # listen on 127.0.0.1, as Ray does there, not on all addresses
    try:
        import ray
    except ModuleNotFoundError:
        raise UsageError(
            "PRODA_ENGINE=ray\n  Ray is not installed here. Install it with `pip install 'ray>=2.52'`, or unset PRODA_ENGINE to use"
            " processes of this machine."
        ) from None
    if ray.is_initialized():
        return ray
    if not here and (fault := _fault(address, CLUSTER_S)):
        raise UsageError(
            f"RAY_ADDRESS={address}\n  No connection to a Ray cluster: {fault}. Expected the address that `ray start --head` printed, for"
            " example 10.0.0.5:6379. Unset RAY_ADDRESS to use this machine alone."
        )
    alone: dict[str, Any] = {
        "num_cpus": core_count(),
        "include_dashboard": False,
        "object_store_memory": STORE_BYTES,
    }
    try:
        ray.init("local" if here else address, logging_level=logging.ERROR, **(alone if here else {}))
    except Exception as error:  # Ray raises many kinds, also plain Exception
        raise ShareError(
            f"PRODA_ENGINE=ray\n  Ray did not start: {_first_line(error)}. Run the command again when the machine is less busy, or unset"
            " PRODA_ENGINE to use processes of this machine."
        ) from None
    return ray


def _fault(address: str, seconds: int) -> str:
    """Why no cluster answers at the address within `seconds`; empty if one does.

    Another process tries it: Ray would try for ten minutes or more, and its C++ code can end the process.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address != "auto" and ("/" in host or not host or not port.isdecimal()):
        return "the address is not of the form host:port, ray://host:port or auto"
    at = (host.strip("[]"), int(port)) if host else None  # brackets: IPv6
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    child = spawn.Process(target=_try, args=(address, at, seconds, theirs), daemon=True)
    child.start()
    theirs.close()
    try:
        return str(ours.recv())
    except (EOFError, OSError):
        child.join()
        if child.exitcode != -signal.SIGALRM:
            return f"Ray's process ended with exit code {child.exitcode}"
        return (
            f"no cluster answered within {seconds} s. Perhaps another program listens there, this machine has not joined the cluster"
            " (`ray start --address=…`), or it has another token"
        )
    finally:
        child.kill()
        child.join()


def _try(address: str, at: tuple[str, int] | None, seconds: int, answer: Connection) -> None:
    """Send why no cluster answers, or an empty text. The process is ended after `seconds`, or if its parent was killed."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    with open(os.devnull, "w") as nowhere:  # what Ray's C++ code writes
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    import ray

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)
    try:
        if at:
            host, port = at
            if host in LOOPBACK and "://" not in address:  # Ray too puts the address of the machine here, at which its servers listen
                host = ray.util.get_node_ip_address()
            socket.create_connection((host, port), timeout=PORT_S).close()
        ray.init(address, logging_level=logging.ERROR, log_to_driver=False)
        ray.shutdown()
        answer.send("")
    except Exception as error:
        answer.send((isinstance(error, OSError) and error.strerror) or _first_line(error))


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")


def _resources(ray: Any, threads: int, memory_bytes: int) -> dict[str, float]:
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    most = {name: max((float(m.get(name, 0)) for m in machines), default=0.0) for name in ("CPU", "GPU", "memory")}
    cores = 1 if most["GPU"] else min(threads, most["CPU"]) or threads  # on a GPU, threads wait; without any core, machines are yet to come
    return {
        "num_cpus": cores,
        "num_gpus": min(1, most["GPU"]),
        "memory": int(min(memory_bytes, most["memory"]) or memory_bytes),
    }


def _task(work: Callable[[Any], object], key: Any, threads: int, sender: Sender) -> tuple[bool, object]:
    """Runs on a machine of the cluster."""
    if different := _difference(sender):
        return False, different
    os.chdir(sender.folder)
    prepare_process(threads)
    return attempt(work, key)


def _difference(sender: Sender) -> str:
    """What this machine lacks for giving the same result as the sender's; empty if nothing."""
    host = platform.node()
    if not Path(sender.folder).is_dir():
        return (
            f"the machine {host} has no folder {sender.folder}. All machines of the cluster must have the repository under the same path,"
            " on a shared file system (NFS, Lustre, EFS, …)."
        )
    mine = _versions()
    if other := [f"{name} {mine.get(name)}, expected {value}" for name, value in sender.versions.items() if mine.get(name) != value]:
        return (
            f"the machine {host} has {'; '.join(other)}. Install the same versions on all machines. If the code was edited while the"
            " command ran, run the command again."
        )
    return ""


@cache
def _versions() -> dict[str, str]:
    """The versions that results depend on; of this project the hash of its code."""
    folder = Path(proda.__file__).parent
    code = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        code.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return {"proda": code.hexdigest()[:12]} | {name: version(name) for name in ("torch", "transformers", "peft")}


def _result(ray: Any, done: Any, name: str) -> Any:
    errors = ray.exceptions
    try:
        good, value = ray.get(done)
    except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError, errors.ObjectLostError) as error:
        raise ShareError(
            f"{name}: its process was lost {RETRIES + 1} times, perhaps for lack of memory. Run the command again to continue from the last"
            f" checkpoint. Ray says: {_first_line(error)}"
        ) from None
    except errors.RayError as error:  # for example, the machine cannot import proda
        cause = getattr(error, "cause", None) or error
        raise ShareError(f"{name}: Ray could not run it. {type(cause).__name__}: {cause}") from None
    if not good:
        raise ShareError(f"{name}: {value}")
    return value
