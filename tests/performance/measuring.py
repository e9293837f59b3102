"""Runs the contenders of the benchmarks in new processes, and measures what they and all processes below them use.

    found = measure("bench_train", ["--child", "proda", …], limit_s=900)
    found.printed["seconds"], found.cpu_s, found.megabytes

A contender prints one line of JSON last. A peer is a tool that this project does not depend on. Whoever runs a benchmark installs it into a
folder and names the folder in an environment variable. The folder is added at the end of the import path, so that this environment's own
torch and transformers are used. A peer whose variable is not set is left out, and the benchmark says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parents[2]


class Measured(NamedTuple):
    """What a contender printed, and the resources of its processes together. `printed` is None if it took longer than it was allowed."""

    printed: dict[str, Any] | None
    seconds: float  # with the start of Python
    cpu_s: float
    megabytes: float


def peer_folder(variable: str) -> Path | None:
    """Returns the folder that the environment variable names; None if it names none."""
    folder = os.environ.get(variable, "")
    return Path(folder) if folder and Path(folder).is_dir() else None


def use_peer(variable: str) -> None:
    """Makes the peer importable, after everything that this environment has."""
    folder = peer_folder(variable)
    if folder is None:
        raise SystemExit(f"{variable} does not name a folder.")
    sys.path.append(str(folder))


def present(contenders: Mapping[str, str]) -> list[str]:
    """Returns the contenders that can take part, and prints why the others cannot. Maps each one to its variable, or to an empty text."""
    absent = {name: variable for name, variable in contenders.items() if variable and peer_folder(variable) is None}
    for name, variable in absent.items():
        print(f"{name} was left out: {variable} does not name a folder that holds it.")
    return [name for name in contenders if name not in absent]


def measure(module: str, arguments: Sequence[str], *, threads: int = 1, limit_s: float | None = None) -> Measured:
    """Runs a module of this folder in a new process with so many threads. Stops it after `limit_s` seconds."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "CUDA_VISIBLE_DEVICES": ""}
    environment = {**os.environ, **dict.fromkeys(names, str(threads)), **offline, "PYTHONPATH": str(HERE)}
    command = [sys.executable, "-P", "-m", f"tests.performance.{module}", *arguments]
    return watched(command, environment, HERE, limit_s=limit_s)


def watched(command: Sequence[str], environment: Mapping[str, str], folder: Path, *, limit_s: float | None = None) -> Measured:
    """Runs a command in a folder, and measures it and every process below it. Raises SystemExit with its messages if it fails.

    Sampled ten times a second, because the workers of some tools are no children that the system adds up.
    """
    import psutil

    cpu: dict[int, float] = {}
    peak = 0.0
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors, env=dict(environment), cwd=folder)
        parent = psutil.Process(process.pid)
        while process.poll() is None:
            memory = 0.0
            with contextlib.suppress(psutil.NoSuchProcess):
                for each in (parent, *parent.children(recursive=True)):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        times = each.cpu_times()
                        cpu[each.pid] = times.user + times.system
                        memory += each.memory_info().rss / 2**20
            peak = max(peak, memory)
            if limit_s is not None and time.perf_counter() - start > limit_s:
                _stop(parent)
                process.wait()
                return Measured(None, time.perf_counter() - start, sum(cpu.values()), peak)
            time.sleep(0.1)
        seconds = time.perf_counter() - start
        out.seek(0)
        errors.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.read()[-3000:]}")
        return Measured(json.loads(out.read().splitlines()[-1]), seconds, sum(cpu.values()), peak)


def _stop(parent: Any) -> None:
    """Ends a process and every process below it."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        for each in (*parent.children(recursive=True), parent):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()


def machine() -> str:
    """Returns the processor, the number of cores that may be used, and the memory."""
    import psutil

    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line for line in lines if line.startswith("model name")).partition(":")[2].strip()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores, {psutil.virtual_memory().total / 2**30:.0f} GB"
