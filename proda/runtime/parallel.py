"""Run the same function for several seeds or models: on the chosen engine, in parallel if memory holds all of them.

    for seed, run in spread(train_one, [0, 1, 2], parameters=1_472_000, what="train seed"):       # in the order in which they finish
        …

A tiny model cannot use two cores, but three of them can. If one task fails, the others are ended and one error names the seed or model
that failed. If the command dies, also by kill -9, its processes end too; the next run continues from their checkpoints.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

from proda.runtime.engine import Engine, K, T, core_count, engine_name, thread_count
from proda.runtime.processes import divided, process_count, started_by_torchrun

BYTES_A_PARAMETER = 24  # weight, gradient, two moments, a copy, and room for activations


def spread(
    work: Callable[[K], T],
    keys: Sequence[K],
    *,
    parameters: int,
    what: str,
    together: int = 0,
    divisible: bool = False,
    apart: bool = False,
) -> Iterator[tuple[K, T]]:
    """Yield (key, result of `work(key)`) for every key.

    With local processes (see proda/runtime/engine.py) the keys run in parallel processes on a CPU if memory holds all models, and are
    yielded in the order in which they finish. Otherwise they run one after the other in this process. On Ray every key is a task.
    The number of threads of a task is the same on both, because results can depend on it: it is that of `together` keys that share this
    machine (0: all). `parameters` is the number of parameters of one model; `what` names the work in errors, for example "train seed".
    If `apart` is true, a single key also runs in a child process (CPU only). This avoids importing torch in the parent.
    A `divisible` task divides its work itself if it runs in several processes: with PRODA_PROCESSES or torchrun, the keys run one after the
    other, each in all processes (see proda/runtime/processes.py).
    `work`, keys and results must be picklable. Raises ShareError for the first task that fails, after ending the others.
    """
    if divisible and (process_count() > 1 or started_by_torchrun()):
        yield from divided(work, keys, what=what)
        return
    if not keys:
        return
    from proda.runtime.device import device
    from proda.runtime.local_processes import side_by_side, start_method

    count, threads = processes(together or len(keys), parameters, cores=core_count(), memory=memory_bytes())
    parallel = count > 1 and device() == "cpu"
    if engine_name() == "ray":
        # By name, so that it is no dependency of a stage or a cached value: a change of this engine must not rebuild results.
        on_ray: Engine = import_module("proda.ray_engine").on_ray
        needed = parameters * BYTES_A_PARAMETER
        yield from on_ray(work, keys, threads=threads if parallel else thread_count(), memory_bytes=needed, what=what)
    elif parallel:
        yield from side_by_side(work, keys, threads=threads, what=what)
    elif apart and len(keys) == 1 and start_method() == "forkserver" and device() == "cpu":
        yield from side_by_side(work, keys, threads=0, what=what)
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
